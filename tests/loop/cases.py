"""Every case of the interruption harness, generated from undisturbed plays of the histories.

`python -m tests.loop.cases` lists them and how many there are. Plays are made once per state of the sources
and kept in pytest's cache, so that several test processes, and the next run, share them.
"""

from __future__ import annotations

import fcntl
import hashlib
import multiprocessing
import os
import pickle
import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tests.crypto import one_tls_context
from tests.loop.faults import Case, Effect, Fault
from tests.loop.histories import HISTORIES
from tests.loop.interruptions import Played, differences, play, play_on
from tests.loop.world import ROOT

CREATES = {("CreateBead", "issue"), ("Say", "addComment"), ("OpenPull", "pull")}
"""What GitHub gives no idempotency key for."""


REPEATED = {"SetLabels", "React", "PostCheck", "Say", "push", "labels", "pull", "review"}
"""What is done again in every pass, or in every publish job, until the world shows it."""


@dataclass(frozen=True)
class Record:
    """Undisturbed plays, by history, and where their moments are kept."""

    folder: Path
    played: dict[str, Played]

    def moment(self, history: str, effect: Effect) -> Path:
        """The last moment before a history meets an effect."""
        return self.folder / history / str(self.played[history].effects[effect])

    def cases(self) -> dict[str, list[Case]]:
        """By history, the faults at every effect that no earlier history has met."""
        known: set[Effect] = set()
        kinds: set[tuple[str, ...]] = set()
        found: dict[str, list[Case]] = {history: [] for history in self.played}
        for history, played in self.played.items():
            for effect in filter(HISTORIES[history].mine, played.effects):
                if effect not in known:
                    again = effect.kind in kinds
                    found[history] += [Case(effect, fault) for fault in faults_at(effect, again=again)]
                    known.add(effect)
                    kinds.add(effect.kind)
        return found


def faults_at(effect: Effect, *, again: bool = False) -> tuple[Fault, ...]:
    """How an effect can be interrupted.

    A job ends at any fault of a request, so that one kind of error is enough for it; a coordinator lives on,
    and must not take a refusal for a lost answer. With `again`, one of a kind that is met in another
    circumstance already, only by a death after it, and only where it cannot simply be done once more: just
    before it the world is as just after the one before, and what an answer that is lost comes to does not
    depend on the circumstance.
    """
    if again:
        return () if effect.what in REPEATED or effect.how in REPEATED else ("after",)
    if effect.of_a_job:
        return ("before", "after", "lost")
    twins: tuple[Fault, ...] = ("twin",) if (effect.what, effect.how) in CREATES else ()
    return ("before", "after", "lost", "refused", *twins)


def assert_ends_alike(history: str, case: Case, undisturbed: Record, folder: Path) -> None:
    """Play a case in a new folder and hold its end against the undisturbed one's."""
    played = play_on(HISTORIES[history], undisturbed.moment(history, case.effect), folder, case)
    assert played.fired, f"{case.effect} was not met"
    wrong = differences(undisturbed.played[history], played)
    assert not wrong, "\n".join(wrong)


@lru_cache(maxsize=1)
def record(cache: Path) -> Record:
    """The plays of the sources as they are, made now where `cache` does not hold them yet."""
    folder = cache / _digest()
    with _locked(cache):
        if not (folder / "played").exists():
            for old in cache.iterdir():
                if old.is_dir():
                    shutil.rmtree(old)
            folder.mkdir()
            with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
                played = list(pool.map(_play, HISTORIES, [folder] * len(HISTORIES)))
            (folder / "played").write_bytes(pickle.dumps(dict(zip(HISTORIES, played, strict=True))))
    return Record(folder, pickle.loads((folder / "played").read_bytes()))


def _play(history: str, folder: Path) -> Played:
    kept = folder / history
    kept.mkdir()
    with tempfile.TemporaryDirectory() as scratch, one_tls_context():
        played = play(HISTORIES[history], Path(scratch) / "loop", keep=kept)
    used = {str(moment) for moment in played.effects.values()}
    for moment in kept.iterdir():
        if moment.name not in used:
            shutil.rmtree(moment)
    return played


def _digest() -> str:
    """Of everything that a play depends on."""
    sources = [*(ROOT / "bot").rglob("*"), *(ROOT / "tests" / "loop").glob("*.py")]
    sources += [ROOT / "app-manifest.json", ROOT / ".github" / "workflows" / "beadwright.yml"]
    total = hashlib.sha256(sys.version.encode())
    for path in sorted(sources):
        if path.is_file() and path.suffix != ".pyc":
            total.update(str(path.relative_to(ROOT)).encode())
            total.update(path.read_bytes())
    return total.hexdigest()[:24]


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> None:
    """List every case."""
    cases = record(ROOT / ".pytest_cache" / "d" / "loop").cases()
    for history, found in cases.items():
        for case in found:
            print(f"{history}/{case}")
    print(f"{sum(map(len, cases.values()))} cases in {len(cases)} histories")


if __name__ == "__main__":
    main()
