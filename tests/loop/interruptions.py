"""Plays a history with one interruption and holds its end against the undisturbed one's.

Cases are generated: a history is played once undisturbed while every effect is noted; each effect that no
earlier history has met in the same circumstance is then interrupted in every way. A case's id says which
history, effect and fault it is, so `pytest -k` plays it again.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path

from bot.coordinator.actions import Action
from bot.coordinator.claims import read_run_name
from bot.coordinator.decision import Decision
from bot.coordinator.loop import NotKnown
from bot.github.errors import GitHubError
from bot.local.forge import records
from bot.local.forge.state import State
from tests.loop.ending import Ending, ending, twins
from tests.loop.faults import Case, Effect, Interrupter
from tests.loop.histories import History
from tests.loop.machine import Machine
from tests.loop.runner import Died, QuickRunner
from tests.loop.wire import Amid, WatchedPort, Wire
from tests.loop.world import Coordinator, Loop, open_loop, reopen_loop

PASSES = 100
IDLE = 6
"""After so many waits for the next look in a row, with nothing moving, it has ended."""
TWINS_LIVE = 2
"""How many passes a twin may live, by section 1.7 of the design."""


@dataclass(frozen=True)
class Played:
    """What a history came to.

    By bead and role: `worked` is how often a model ran, `runs` how many runs there were, `empty` how many of
    them left no artifact, `paid_for_nothing` in how many of these the model had worked. `effects` says which
    of the moments that were kept is the last before each was first met.
    """

    end: Ending
    effects: dict[Effect, int]
    actions: tuple[type[Action], ...]
    worked: Counter[tuple[str, str]]
    runs: Counter[tuple[str, str]]
    empty: Counter[tuple[str, str]]
    paid_for_nothing: Counter[tuple[str, str]]
    failures: int
    fired: bool


def play(history: History, folder: Path, *, keep: Path) -> Played:
    """Play a history undisturbed; every moment between two steps is kept in a numbered folder of `keep`."""
    with open_loop(folder, history.policy) as loop:
        history.begin(loop)
        return _Player(loop, history, Interrupter(None, history.always), keep=keep).to_the_end()


def play_on(history: History, moment: Path, folder: Path, case: Case) -> Played:
    """Go on from a moment that was kept, with a fault at the next effect like the case's."""
    shutil.copytree(moment, folder)
    with reopen_loop(folder) as loop:
        return _Player(loop, history, Interrupter(case, history.always), moment=folder).to_the_end()


def differences(undisturbed: Played, played: Played) -> list[str]:
    """What is not as in the undisturbed run, but for what a run without an artifact has to cost.

    A machine that died before it handed anything over is one more run and one failed attempt (C5), and the
    model is paid again if it had worked. Nothing else may differ: no other interruption costs an attempt, a
    run or a model.
    """
    found = [
        f"{name.name}:\n  undisturbed {before}\n  interrupted {after}"
        for name in fields(Ending)
        if (before := getattr(undisturbed.end, name.name)) != (after := getattr(played.end, name.name))
    ]
    empty = played.empty - undisturbed.empty
    expected = {
        "runs": (undisturbed.runs + empty, played.runs),
        "models": (
            undisturbed.worked + (played.paid_for_nothing - undisturbed.paid_for_nothing),
            played.worked,
        ),
        "failures": (undisturbed.failures + empty.total(), played.failures),
    }
    found += [
        f"{what}: {wanted} expected, {was} found" for what, (wanted, was) in expected.items() if wanted != was
    ]
    return found


def _runs(loop: Loop, worked: list[int]) -> dict[str, Counter[tuple[str, str]]]:
    def find(state: State) -> dict[str, Counter[tuple[str, str]]]:
        titles = {issue.number: issue.title for issue in state.all(records.Issue)}
        names = {run.id: read_run_name(run.display_title) for run in state.all(records.Run)}
        ours = {number: (titles[name[0]], name[1]) for number, name in names.items() if name is not None}
        empty = [number for number in ours if not state.find(records.Artifact, run_id=number)]
        return {
            "worked": Counter(ours[number] for number in worked),
            "runs": Counter(ours.values()),
            "empty": Counter(ours[number] for number in empty),
            "paid_for_nothing": Counter(ours[number] for number in empty if number in worked),
        }

    return loop.forge.on(find)


def _failures(loop: Loop) -> int:
    """How many failed attempts were charged, by the history of the claims."""
    charged = 0
    before: dict[int, int] = {}
    for claims in loop.claims_history():
        now = {
            bead: known.failures + (known.planning.failures if known.planning is not None else 0)
            for bead, known in claims.history.items()
        }
        charged += sum(max(0, count - before.get(bead, 0)) for bead, count in now.items())
        before = now
    return charged


class _Player:
    """Passes and runs in turn, from the start or from a moment that was kept, until nothing moves."""

    def __init__(
        self,
        loop: Loop,
        history: History,
        interrupter: Interrupter,
        *,
        keep: Path | None = None,
        moment: Path | None = None,
    ) -> None:
        self._loop = loop
        self._history = history
        self._interrupter = interrupter
        self._amid = Amid()
        self._applied: list[Action] = []
        self._coordinator = self._start()
        self._machine = Machine(interrupter, loop)
        self._runner = QuickRunner(
            loop,
            self._grant,
            reached=self._machine.reached,
            passed=self._machine.passed,
            transport=self._machine.transport,
            clone=self._machine.clone,
        )
        self._keep_in = keep
        self._kept: list[int] = []  # how many effects had been met, by moment
        self._runs_first = False
        if moment is not None:
            about = json.loads((moment / "moment.json").read_text(encoding="utf-8"))
            self._machine.worked += about["worked"]
            self._runs_first = about["runs"]

    def _start(self) -> Coordinator:
        """A coordinator process that remembers nothing."""
        coordinator = Coordinator(self._loop, lambda: Wire(self._interrupter, self._amid))
        coordinator.port = WatchedPort(coordinator.port, self._amid, self._applied)
        return coordinator

    def _grant(self, identity: str, token: str) -> str:
        with self._machine.during("grant"):
            return self._coordinator.grant(identity, token)

    def to_the_end(self) -> Played:
        """What it came to."""
        try:
            self._play()
        finally:
            self._coordinator.close()
        first: dict[Effect, int] = {}
        for index, effect in enumerate(self._interrupter.seen):
            first.setdefault(
                effect, max((at for at, met in enumerate(self._kept) if met <= index), default=0)
            )
        return Played(
            end=ending(self._loop),
            effects=first,
            actions=tuple(dict.fromkeys(type(action) for action in self._applied)),
            **_runs(self._loop, self._machine.worked),
            failures=_failures(self._loop),
            fired=self._interrupter.fired,
        )

    def _play(self) -> None:
        idle = twins_seen = 0
        for _ in range(PASSES):
            decision: Decision | None = None
            moved = self._runs_first
            if not self._runs_first:
                self._keep(runs=False)
                decision = self._pass()
                moved = decision is None or _does_something(decision)
                self._history.meanwhile(self._loop)
            self._runs_first = False
            while waiting := self._runner.waiting():
                self._keep(runs=True)
                self._runner.execute(waiting[0])
                moved = True
            twins_seen = twins_seen + 1 if twins(self._loop) else 0
            assert twins_seen <= TWINS_LIVE, twins(self._loop)
            if moved:
                idle = 0
            elif decision is not None and decision.next_look is not None and idle < IDLE:
                self._loop.clock.advance(max(decision.next_look - self._loop.clock(), timedelta()))
                idle += 1
            else:
                return
        raise AssertionError(f"it still moves after {PASSES} passes")

    def _pass(self) -> Decision | None:
        """One pass; None when it was interrupted."""
        try:
            return self._coordinator.look()[1]
        except Died:
            self._coordinator.close()
            self._coordinator = self._start()
        except (GitHubError, NotKnown):
            pass
        return None

    def _keep(self, *, runs: bool) -> None:
        """Keep this moment; `runs` tells that what is queued comes next, not a pass."""
        if self._keep_in is None:
            return
        folder = self._keep_in / str(len(self._kept))
        self._loop.keep(folder)
        about = {"runs": runs, "worked": self._machine.worked}
        (folder / "moment.json").write_text(json.dumps(about), encoding="utf-8")
        self._kept.append(len(self._interrupter.seen))


def _does_something(decision: Decision) -> bool:
    return bool(decision.before or decision.after or decision.claims is not None)
