"""Short histories that together meet every action: a few beads each, and what people do meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.loop.faults import Effect, Fault
from tests.loop.world import NAME, Loop


@dataclass(frozen=True)
class History:
    """`begin` is done once, `meanwhile` after every pass; `always` interrupts the undisturbed run as well. Of
    its effects `mine` says which it is there for; the others are let happen."""

    name: str
    begin: Callable[[Loop], None]
    meanwhile: Callable[[Loop], None] = lambda _loop: None
    policy: Mapping[str, object] = field(default_factory=dict)
    always: Callable[[Effect], Fault | None] = lambda _effect: None
    mine: Callable[[Effect], bool] = lambda _effect: True


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


def _say(loop: Loop) -> None:
    """A command, and what is none."""
    bead = loop.bead("Steered")
    loop.say(bead, "/bead priority P1")
    loop.say(bead, "/bead priorty P2")


def _think_again(loop: Loop) -> None:
    """By hand, once the command was done: doing it twice would show."""
    (bead,) = loop.beads()
    if "P1" in bead.labels:
        loop.people.delete(f"/repos/{NAME}/issues/{bead.number}/labels/P1").raise_for_status()
        loop.label(bead.number, "P3")


def _undo(loop: Loop) -> None:
    """Once the bead is merged, somebody wants that undone."""
    (bead,) = loop.beads()
    if bead.state == "closed" and not any("/bead undo" in said for said in loop.comments(bead.number)):
        loop.say(bead.number, "/bead undo")


def _plan(loop: Loop) -> None:
    """Somebody wants an issue planned: seven beads, the last of which reconciles the others."""
    wanted = {"title": "All parts (7 beads)", "body": "Parts are to be there, one file each."}
    answer = loop.people.post(f"/repos/{NAME}/issues", json=wanted)
    answer.raise_for_status()
    loop.say(int(answer.json()["number"]), "/bead plan")


def _approve(loop: Loop) -> None:
    """Once it is shown."""
    for bead in loop.beads()[:1]:
        said = loop.comments(bead.number)
        if any("7 beads are proposed" in one for one in said) and "/bead approve" not in said:
            loop.say(bead.number, "/bead approve")


def _of_a_plan(effect: Effect) -> bool:
    """What shows a plan, and what makes it: asking for it and the run are as with other commands and runs."""
    shows = effect.what in ("Say", "claims") and ("Say plan" in effect.amid or "settle writer" in effect.amid)
    return shows or "planned" in effect.amid


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
        History("commands", _say, _think_again),
        History("undo", _beads("Undone"), _undo),
        History("plan", _plan, _approve, mine=_of_a_plan),
        History("no-pull", _beads("Orphan"), always=_no_pull),
    )
}
