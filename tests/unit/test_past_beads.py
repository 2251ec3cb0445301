"""What is remembered of the closed beads of open epics."""

from __future__ import annotations

from typing import Any

from bot.coordinator.snapshot import Snapshot
from bot.github.past_beads import AT_ONCE, PastBeads
from tests.unit.snapshots import issue, look, pull
from tests.unit.test_observe import bead, repository

SERVES = "## Serves\n\n- #1.2: It counts\n"
FILES = [
    {"path": "tests/test_a.py", "changeType": "ADDED"},
    {"path": "tests/test_b.py", "changeType": "DELETED"},
    {"path": "a.py", "changeType": "MODIFIED"},
]


def epic(*children: int, state: str = "CLOSED", place: str = "R") -> Any:
    nodes = [{"number": one, "state": state, "repository": {"id": place}} for one in children]
    return repository(issues={"nodes": [bead(1, "epic", subIssues={"nodes": nodes})]})


def said(number: int, *, closed: bool = True, merged: bool = True) -> dict[str, object]:
    done = {"number": 9, "title": "Do it", "mergeCommit": {"oid": "d" * 40}, "files": {"nodes": FILES}}
    return {
        f"c{number}": {"number": number, "title": "Count", "body": SERVES, "closed": closed},
        f"g{number}": {"nodes": [done] if merged else []},
        "claims": None,
    }


def ending() -> Snapshot:
    return look(issue(1, "epic", children=(2, 3)), issue(2, parent=1), pulls=(pull(9, 2, state="merged"),))


def test_a_closed_bead_is_asked_for_once_and_known_with_its_merge_and_its_tests() -> None:
    past = PastBeads()
    assert past.unknown(epic(2)) == (2,)
    past.take(said(2))
    assert past.unknown(epic(2)) == ()
    (known,) = past.of(look()).values()
    assert known.bead.serves == ((1, 2),)
    assert known.pull is not None
    assert (known.pull.number, known.pull.commit, known.pull.files) == (9, "d" * 40, ("tests/test_a.py",))


def test_one_that_was_closed_without_a_merge_is_known_too() -> None:
    past = PastBeads()
    past.take(said(2, merged=False))
    (known,) = past.of(look()).values()
    assert known.pull is None


def test_one_whose_merge_was_seen_is_asked_for_with_everything_else_and_kept_when_it_is_closed() -> None:
    past = PastBeads()
    past.of(ending())
    assert past.foreseen == {2}
    past.take(said(2, closed=False))
    assert past.unknown(epic(2)) == (2,)
    past.take(said(2))
    assert past.unknown(epic(2)) == ()
    past.of(look())
    assert past.foreseen == frozenset()


def test_what_is_open_again_or_belongs_to_no_open_epic_is_forgotten() -> None:
    past = PastBeads()
    past.take(said(2))
    assert past.unknown(epic(2, state="OPEN")) == ()
    assert past.of(look()) == {}


def test_other_repositories_beads_are_not_asked_for() -> None:
    assert PastBeads().unknown(epic(2, place="elsewhere")) == ()


def test_of_very_many_some_are_asked_for_at_once_and_the_rest_later() -> None:
    past, whole = PastBeads(), epic(*range(2, AT_ONCE + 5))
    first = past.unknown(whole)
    assert len(first) == AT_ONCE
    for number in first:
        past.take(said(number))
    assert past.unknown(whole) == (AT_ONCE + 2, AT_ONCE + 3, AT_ONCE + 4)
