"""Short histories that together meet every action: a few beads each, and what people do meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.local.forge.records import Run
from tests.loop.faults import Effect, Fault
from tests.loop.runner import Waiting
from tests.loop.world import NAME, Loop


@dataclass(frozen=True)
class History:
    """`begin` is done once, `meanwhile` after every pass; `always` interrupts the undisturbed run as well. No
    machine takes the runs that it `leaves`."""

    name: str
    begin: Callable[[Loop], None]
    meanwhile: Callable[[Loop], None] = lambda _loop: None
    policy: Mapping[str, object] = field(default_factory=dict)
    always: Callable[[Effect], Fault | None] = lambda _effect: None
    leaves: Callable[[Waiting], bool] = lambda _run: False


def _beads(*titles: str) -> Callable[[Loop], None]:
    def begin(loop: Loop) -> None:
        for title in titles:
            loop.bead(title, "ready")

    return begin


def _epic(loop: Loop) -> None:
    """An epic that releases its one child."""
    epic = loop.bead("All of it", "epic", "ready")
    child = loop.bead("The only part")
    found = loop.get(f"/issues/{child}")
    assert isinstance(found, dict)
    answer = loop.people.post(f"/repos/{NAME}/issues/{epic}/sub_issues", json={"sub_issue_id": found["id"]})
    answer.raise_for_status()


def _release_the_groundwork(loop: Loop) -> None:
    for bead in loop.beads():
        if bead.title == "Lay the groundwork" and not bead.released:
            loop.label(bead.number, "ready")


STEERED, STOPPED = 1, 2


def _is_of_stopped(title: str) -> bool:
    return title.startswith(f"bead {STOPPED} ")


def _say(loop: Loop) -> None:
    """A command, and what is none."""
    assert loop.bead("Steered") == STEERED
    loop.say(STEERED, "/bead priority P1")
    loop.say(STEERED, "/bead priorty P2")


def _say_more(loop: Loop) -> None:
    """Change by hand what was ordered: doing it twice would show. Then stop the run of another bead."""
    steered, *others = loop.beads()
    if "P1" in steered.labels:
        loop.people.delete(f"/repos/{NAME}/issues/{STEERED}/labels/P1").raise_for_status()
        loop.label(STEERED, "P3")
    elif "P3" in steered.labels and not others:
        assert loop.bead("Stopped", "ready") == STOPPED
    begun = loop.forge.on(lambda state: any(_is_of_stopped(run.display_title) for run in state.all(Run)))
    if begun and not any("/bead stop" in text for text in loop.comments(STOPPED)):
        loop.say(STOPPED, "/bead stop")


def _no_pull(effect: Effect) -> Fault | None:
    return "before" if effect.what == "worker publish" and effect.how == "pull" else None


HISTORIES = {
    history.name: history
    for history in (
        History("plain", _beads("Plain")),
        History("correction", _beads("Once more (finding)")),
        History("two", _beads("One", "Two")),
        History("follow-up", _beads("Look around (follow-up)"), policy={"follow_ups": "file"}),
        History("blocked", _beads("Later (blocked)"), _release_the_groundwork),
        History("retry", _beads("Again (fails)")),
        History("hopeless", _beads("It (fails) for ever")),
        History("epic", _epic),
        History("commands", _say, _say_more, leaves=lambda run: _is_of_stopped(run.title)),
        History("no-pull", _beads("Orphan"), always=_no_pull),
    )
}
