"""What GitHub's timeline and edits tell of a release, from small answers written by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.beads.labels import LabelNames
from bot.coordinator.claims import Claims
from bot.coordinator.history import History, Word
from bot.coordinator.snapshot import Edit
from bot.github.answers import BeadNode
from bot.github.release_facts import Done, edits_of, put_below, readied, resting_on
from tests.unit.test_observe import bead

Json = dict[str, Any]


def hour(number: int) -> datetime:
    return datetime(2026, 11, 20, number, tzinfo=UTC)


def actor(login: str | None, kind: str = "User") -> Json | None:
    return {"__typename": kind, "login": login} if login else None


def labeled(at: int, login: str | None, name: str = "ready", kind: str = "User") -> Json:
    known = {"__typename": "LabeledEvent", "createdAt": hour(at).isoformat(), "label": {"name": name}}
    return {**known, "actor": actor(login, kind)}


def renamed(at: int, login: str) -> Json:
    known = {"__typename": "RenamedTitleEvent", "createdAt": hour(at).isoformat()}
    return {**known, "actor": actor(login)}


def added(at: int, login: str, parent: int) -> Json:
    known = {"__typename": "ParentIssueAddedEvent", "createdAt": hour(at).isoformat()}
    return {**known, "actor": actor(login), "parent": relative(parent)}


def relative(number: int) -> Json:
    return {"number": number, "state": "OPEN", "repository": {"id": "R"}}


def edited(at: int, login: str | None, kind: str = "User") -> Json:
    return {"editedAt": hour(at).isoformat(), "editor": actor(login, kind)}


def node(number: int, *labels: str, events: list[Json] | None = None, **changed: Any) -> BeadNode:
    more = changed.pop("more", False)
    items = {"nodes": events or [], "pageInfo": {"hasPreviousPage": more}}
    return BeadNode.model_validate(bead(number, *labels, timelineItems=items, **changed))


def test_ready_is_by_who_put_it_on_last() -> None:
    events = [labeled(11, "eve"), labeled(12, "ann"), labeled(13, "eve", "bug")]
    assert readied(node(5, "Ready", events=events)) == Done("ann", hour(12))


def test_a_label_that_is_gone_is_nobodys() -> None:
    assert readied(node(5, events=[labeled(11, "ann")])) is None


def test_a_bot_is_named_as_one_and_who_is_gone_as_nobody_else() -> None:
    assert readied(node(5, "ready", events=[labeled(11, "helper", kind="Bot")])) == Done(
        "helper[bot]", hour(11)
    )
    # Not the person before: it is not their label any more.
    assert readied(node(5, "ready", events=[labeled(11, "ann"), labeled(12, None)])) == Done(
        "ghost", hour(12)
    )


def test_a_label_from_before_all_that_is_shown_is_known_to_be_older_than_that() -> None:
    found = readied(node(5, "ready", events=[labeled(14, "eve", "bug"), renamed(15, "eve")], more=True))
    assert found == Done(None, hour(14))


def test_edits_are_those_of_title_and_body_by_whomever() -> None:
    edits = {"nodes": [edited(14, "eve"), edited(12, "linter", "Bot"), edited(10, "sam")]}
    events = [labeled(11, "ann"), renamed(13, "eve")]
    found, since = edits_of(node(5, "ready", events=events, userContentEdits=edits))
    assert found == (
        Edit("sam", hour(10)),
        Edit("linter[bot]", hour(12)),
        Edit("eve", hour(13)),
        Edit("eve", hour(14)),
    )
    assert since is None


def test_where_not_all_edits_are_shown_it_is_known_since_when_they_are() -> None:
    edits = {"nodes": [edited(14, "eve"), edited(13, "eve")], "pageInfo": {"hasNextPage": True}}
    assert edits_of(node(5, userContentEdits=edits))[1] == hour(13)
    many = node(5, events=[labeled(15, "eve", "bug")], more=True, userContentEdits=edits)
    assert edits_of(many)[1] == hour(15)


def test_a_child_was_put_below_its_parent_by_who_did_so_last() -> None:
    events = [added(11, "eve", 1), added(12, "ann", 2), added(13, "ann", 1)]
    assert put_below(node(5, events=events, parent=relative(1))) == Done("ann", hour(13))
    assert put_below(node(5, events=events)) is None
    made_there = node(5, parent=relative(1), author=actor("sam"))
    assert put_below(made_there) == Done("sam", hour(10))
    assert put_below(node(5, events=[renamed(14, "eve")], more=True, parent=relative(1))) == Done(
        None, hour(14)
    )


def test_a_release_rests_on_who_gave_it_and_on_who_edited_since() -> None:
    edits = {"nodes": [edited(13, "eve"), edited(9, "old")]}
    released = node(5, "ready", events=[labeled(12, "ann")], userContentEdits=edits)
    assert resting_on([released], Claims()) == {"ann", "eve"}
    assert resting_on([node(5, userContentEdits=edits)], Claims()) == set()


def test_a_release_by_a_command_rests_on_who_gave_it() -> None:
    word = Word(by="maya", at=hour(8))
    claims = Claims(history={5: History(release=word)})
    edits = {"nodes": [edited(9, "eve")]}
    ours = node(5, "ready", events=[labeled(12, "beadwright", kind="Bot")], userContentEdits=edits)
    assert resting_on([ours], claims) == {"beadwright[bot]", "maya", "eve"}


def test_an_epics_release_rests_on_who_changed_its_children_since() -> None:
    epic = node(1, "ready", events=[labeled(12, "ann")])
    edits = {"nodes": [edited(13, "eve")]}
    child = node(5, events=[added(14, "tom", 1)], parent=relative(1), userContentEdits=edits)
    assert resting_on([epic, child], Claims()) == {"ann", "eve", "tom"}


def test_a_repository_that_calls_ready_something_else_is_released_by_that() -> None:
    node = BeadNode.model_validate(
        bead(5, "ready", "Go", timelineItems={"nodes": [labeled(1, "ann", "go"), labeled(2, "eve")]})
    )
    assert readied(node, LabelNames(ready="go")) == Done("ann", hour(1))
