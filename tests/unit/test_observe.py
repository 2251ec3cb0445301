"""From GraphQL's answer to a snapshot: small answers written by hand, and the facts they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.coordinator.claims import Claims, ClaimsError
from bot.coordinator.history import History, Verdict, Word
from bot.coordinator.snapshot import Check, Ended, NativeEdge, Rules, Snapshot, Thread
from bot.github.answers import BeadNode, Connection, NewestNode, PullNode, RepositoryNode
from bot.github.configuration import Configuration, read_policy
from bot.github.errors import GitHubError
from bot.github.pulls import OwnCheck
from bot.github.snapshot_of import (
    Beside,
    moved_heads,
    named_elsewhere,
    snapshot_of,
    unproved_merges,
)

APP = 7
BASE, HEAD, OLD = "b" * 40, "a" * 40, "0" * 39 + "1"
Json = dict[str, Any]


def run(name: str, conclusion: str | None = "SUCCESS", **changed: Any) -> Json:
    suite = {"id": changed.pop("suite", "S1"), "app": {"databaseId": changed.pop("app", 15)}}
    suite["workflowRun"] = {
        "workflow": {"resourcePath": f"/o/r/actions/workflows/{changed.pop('file', 'ci.yml')}"}
    }
    status = "COMPLETED" if conclusion else "IN_PROGRESS"
    basis = {
        "__typename": "CheckRun",
        "databaseId": 1,
        "name": name,
        "status": status,
        "conclusion": conclusion,
    }
    return {**basis, "checkSuite": suite, **changed}


def commit(oid: str, *contexts: Json, **more: Any) -> Json:
    rollup = {"contexts": {"nodes": list(contexts)}} if contexts else None
    return {"oid": oid, "committedDate": "2026-11-24T10:00:00Z", "statusCheckRollup": rollup, **more}


def pull(number: int, **changed: Any) -> Json:
    return {
        "number": number,
        "id": f"PR{number}",
        "state": "OPEN",
        "createdAt": "2026-11-24T10:05:00Z",
        "isDraft": False,
        "isCrossRepository": False,
        "viewerDidAuthor": True,
        "mergeable": "MERGEABLE",
        "changedFiles": 2,
        "headRefName": "bead/5",
        "headRefOid": HEAD,
        "baseRefName": "main",
        "baseRefOid": BASE,
        "labels": {"nodes": [{"name": "bead"}]},
        "reviewThreads": {"nodes": []},
        "latestOpinionatedReviews": {"nodes": []},
        "reviews": {"nodes": []},
        **changed,
    }


def branch(
    name: str, oid: str, *pulls: Json, ahead: int = 0, contexts: tuple[Json, ...] = (), **more: Any
) -> Json:
    return {
        "prefix": "refs/heads/bead/",
        "name": name,
        "target": commit(oid, *contexts, **more),
        "compare": {"aheadBy": ahead},
        "associatedPullRequests": {"nodes": list(pulls)},
    }


def bead(number: int, *labels: str, **changed: Any) -> Json:
    return {
        "number": number,
        "id": f"I{number}",
        "fullDatabaseId": str(1000 + number),
        "title": f"Bead {number}",
        "body": "",
        "createdAt": "2026-11-20T10:00:00Z",
        "state": "OPEN",
        "viewerDidAuthor": False,
        "repository": {"id": "R"},
        "labels": {"nodes": [{"name": name} for name in ("bead", *labels)]},
        "parent": None,
        "subIssues": {"nodes": []},
        "timelineItems": {"nodes": []},
        **changed,
    }


def repository(**changed: Any) -> RepositoryNode:
    whole = {
        "id": "R",
        "databaseId": 11,
        "defaultBranchRef": {"name": "main", "target": commit(BASE, history={"nodes": [{"oid": BASE}]})},
        **changed,
    }
    return RepositoryNode.model_validate(whole)


def look(node: RepositoryNode, **beside: Any) -> Snapshot:
    policy, faults = read_policy(node.policy)
    beside = {"rules": Rules(), "configuration": Configuration(policy, faults), **beside}
    return snapshot_of("octo/sample", node, Beside(**beside), APP)


def with_pull(one: Json, **changed: Any) -> RepositoryNode:
    return repository(branches={"nodes": [branch("5", HEAD, one, **changed)]})


def test_a_repository_with_nothing_of_ours_is_an_empty_snapshot() -> None:
    found = look(repository())
    assert (found.default_branch, found.base, found.base_state) == ("main", BASE, "green")
    assert (found.issues, found.pulls, found.branches, found.claims.live) == ((), (), (), {})
    assert found.claims_commit is None
    assert found.policy_fault is None


def test_what_runs_keep_at_refs_is_named_whole_however_github_splits_the_name() -> None:
    staged = {"prefix": "refs/beadwright/", "name": "staging/t/0", "target": {"oid": HEAD}}
    partial = {"prefix": "refs/beadwright/partial/", "name": "5", "target": {"oid": OLD}}
    found = look(repository(staging={"nodes": [staged]}, partial={"nodes": [partial]}))
    assert found.kept == (("refs/beadwright/staging/t/0", HEAD), ("refs/beadwright/partial/5", OLD))


def test_a_repository_without_a_commit_is_said_so() -> None:
    with pytest.raises(GitHubError, match="no commit"):
        look(repository(defaultBranchRef=None))


def test_a_damaged_claims_document_stops_the_look() -> None:
    with pytest.raises(ClaimsError):
        look(repository(claims={"target": {"oid": OLD, "message": "{"}}))


def test_the_claims_document_comes_with_its_commit() -> None:
    found = look(repository(claims={"target": {"oid": OLD, "message": '{"nonce": "x"}'}}))
    assert (found.claims_commit, found.claims.nonce) == (OLD, "x")


def test_a_wrong_policy_leaves_the_defaults_in_force_and_says_what_is_wrong() -> None:
    found = look(repository(policy={"text": "workers: none", "isTruncated": False}))
    assert found.policy.workers == 3
    assert found.policy_fault is not None
    assert "workers" in found.policy_fault
    assert look(repository(policy={"text": None})).policy_fault is not None
    assert look(repository(policy={"text": "workers: 5"})).policy.workers == 5


def test_our_own_workflow_on_the_base_branch_says_nothing_about_its_health() -> None:
    contexts = (run("agent", None, file="beadwright.yml"), run("publish", "FAILURE", file="beadwright.yml"))
    head = {"name": "main", "target": commit(BASE, *contexts, run("tests"))}
    assert look(repository(defaultBranchRef=head)).base_state == "green"


@pytest.mark.parametrize(
    ("contexts", "state"),
    [
        ((run("tests", "FAILURE"), run("lint", None)), "red"),
        ((run("tests", "CANCELLED"),), "red"),
        ((run("tests"), run("lint", None)), "waiting"),
        ((run("tests", "NEUTRAL"), run("lint", "SKIPPED")), "green"),
        (({"__typename": "StatusContext", "context": "ci", "state": "ERROR"},), "red"),
        (({"__typename": "StatusContext", "context": "ci", "state": "EXPECTED"},), "waiting"),
        ((run("beadwright", "FAILURE", app=APP, file="x.yml"),), "green"),
    ],
)
def test_the_base_branch_is_as_healthy_as_its_worst_check(contexts: tuple[Json, ...], state: str) -> None:
    head = {"name": "main", "target": commit(BASE, *contexts)}
    assert look(repository(defaultBranchRef=head)).base_state == state


def test_an_open_pull_request_has_its_branchs_checks_and_distance() -> None:
    contexts = (run("tests"), run("beadwright", app=APP, suite="S2"))
    one = pull(9, reviewThreads={"nodes": [{"id": "T", "path": "a.py", "line": 3, "isResolved": False}]})
    (found,) = look(with_pull(one, contexts=contexts, ahead=2)).pulls
    assert (found.number, found.state, found.head, found.mergeable) == (9, "open", HEAD, "clean")
    assert found.behind is True
    assert found.checks == (Check("tests", "green", 15), Check("beadwright", "green", APP, ours=True))
    assert found.threads == (Thread("T", "a.py", 3, resolved=False),)
    assert found.voices == ()
    assert found.pushed_at is not None
    assert found.pushed_at.minute == 5


def test_whoever_reviewed_may_have_spoken_in_a_thread_until_it_is_asked_who_did() -> None:
    threads = [{"id": name, "path": "a.py", "line": 3, "isResolved": False} for name in ("T1", "T2")]
    authors = [{"author": {"__typename": "User", "login": "ann"}}]
    authors += [{"author": {"__typename": "Bot", "login": "linter"}}]
    one = pull(9, reviewThreads={"nodes": threads}, reviews={"nodes": authors})
    (found,) = look(with_pull(one), spoken={"T2": ("sam", "ann")}).pulls
    assert [(thread.login, thread.voices) for thread in found.threads] == [
        ("", ("ann", "linter[bot]")),
        ("sam", ("sam", "ann")),
    ]
    assert found.voices == ("ann", "linter[bot]", "sam")


def test_while_branch_and_pull_request_disagree_about_the_head_nothing_is_known() -> None:
    node = repository(branches={"nodes": [branch("5", OLD, pull(9), contexts=(run("tests"),))]})
    (found,) = look(node).pulls
    assert (found.head, found.behind, found.checks) == (HEAD, None, ())


def test_a_pull_request_onto_another_branch_is_not_known_to_be_current() -> None:
    (found,) = look(with_pull(pull(9, baseRefName="release"))).pulls
    assert found.behind is None


def test_a_forks_pull_request_is_none_of_ours() -> None:
    fork = pull(9, isCrossRepository=True)
    assert look(with_pull(fork)).pulls == ()
    assert look(repository(over={"nodes": [fork | {"state": "MERGED"}]})).pulls == ()


def test_a_job_skipped_beside_a_failed_one_is_told_apart_from_a_skipped_job() -> None:
    contexts = (run("build", "FAILURE"), run("tests", "SKIPPED"), run("docs", "SKIPPED", suite="S2"))
    (found,) = look(with_pull(pull(9), contexts=contexts)).pulls
    skipped = {check.name: check.skipped_after_failure for check in found.checks}
    assert skipped == {"build": False, "tests": True, "docs": False}


def test_of_a_check_that_ran_again_the_newest_run_counts() -> None:
    contexts = (run("tests", "SUCCESS", databaseId=8), run("tests", "FAILURE", databaseId=3))
    (found,) = look(with_pull(pull(9), contexts=contexts)).pulls
    assert [check.state for check in found.checks] == ["green"]


def test_a_twin_is_another_open_pull_request_with_the_very_same_head() -> None:
    twins = {
        "nodes": [
            {"number": 9, "state": "OPEN", "headRefOid": HEAD},
            {"number": 10, "state": "OPEN", "headRefOid": HEAD},
            {"number": 11, "state": "CLOSED", "headRefOid": HEAD},
            {"number": 12, "state": "OPEN", "headRefOid": OLD},
        ]
    }
    (found,) = look(with_pull(pull(9), associatedPullRequests=twins)).pulls
    assert found.twin_heads == (10,)


def test_reviews_that_say_yes_or_no_are_kept_with_their_head_and_who_spoke_about_this_one() -> None:
    bot = {"__typename": "Bot", "login": "lint"}
    ann = {"__typename": "User", "login": "ann"}
    opinions = [
        {"state": "APPROVED", "viewerDidAuthor": False, "author": ann, "commit": {"oid": HEAD}},
        {"state": "DISMISSED", "viewerDidAuthor": False, "author": ann, "commit": {"oid": HEAD}},
        {"state": "CHANGES_REQUESTED", "viewerDidAuthor": True, "author": None, "commit": None},
    ]
    spoken = [{"author": bot, "commit": {"oid": HEAD}}, {"author": ann, "commit": {"oid": OLD}}]
    one = pull(9, latestOpinionatedReviews={"nodes": opinions}, reviews={"nodes": spoken})
    (found,) = look(with_pull(one)).pulls
    assert [(review.login, review.state, review.ours) for review in found.reviews] == [
        ("ann", "approved", False),
        ("ghost", "changes-requested", True),
    ]
    assert found.reviewed_by == ("lint", "lint[bot]")


def test_a_merge_is_on_the_base_when_its_history_or_a_comparison_says_so() -> None:
    merged = {"state": "MERGED", "mergedBy": {"login": "ann"}}
    over = [
        pull(9, **merged, mergeCommit={"oid": BASE}),
        pull(8, **merged, mergeCommit={"oid": OLD}),
        pull(7, state="CLOSED"),
        pull(6, **merged, mergeCommit={"oid": OLD}, headRefName="feature"),
    ]
    node = repository(over={"nodes": over}, issues={"nodes": [bead(5)]})
    assert unproved_merges(node) == (OLD,)
    found = {one.number: (one.state, one.on_base) for one in look(node).pulls}
    assert found == {9: ("merged", True), 8: ("merged", None), 7: ("closed", None)}
    assert look(node, on_base={OLD: False}).pulls[1].on_base is False


def test_a_focused_bead_shows_its_old_pull_requests_once() -> None:
    old = PullNode.model_validate(pull(3, state="CLOSED"))
    node = repository(over={"nodes": [pull(3, state="CLOSED")]})
    assert [one.number for one in look(node, focused=(old,)).pulls] == [3]


def test_branches_that_only_look_like_beads_are_left_alone() -> None:
    names = [branch("5", HEAD), branch("05", HEAD), branch("x", HEAD), branch("5/y", HEAD)]
    assert look(repository(branches={"nodes": names})).branches == (("bead/5", HEAD),)


def test_relatives_of_this_repository_are_edges_and_closed_ones_are_known_closed() -> None:
    here, there = {"repository": {"id": "R"}}, {"repository": {"id": "OTHER"}}
    children = [
        {"number": 6, "id": "I_6", "state": "CLOSED", "title": "Six", "lastEditedAt": None, **here},
        {"number": 7, "state": "OPEN", **here},
        {"number": 8, "state": "CLOSED", **there},
    ]
    node = bead(5, subIssues={"nodes": children}, parent={"number": 2, "state": "OPEN", **there})
    found = look(repository(issues={"nodes": [node]}), closed=frozenset({40}))
    assert (found.issues[0].children, found.issues[0].parent) == ((6, 7), None)
    assert found.closed == {6, 40}
    assert found.ended == {6: Ended("I_6", "Six")}


def test_markers_count_only_in_what_we_wrote() -> None:
    body = "text\n\n<!-- beadwright:bead=5-abc-f0 -->"
    ours, theirs = bead(5, body=body, viewerDidAuthor=True), bead(6, body=body)
    first, second = look(repository(issues={"nodes": [ours, theirs]})).issues
    assert first.markers == ("bead=5-abc-f0",)
    assert second.markers == ()


def test_numbers_that_labels_name_beyond_the_open_beads_are_looked_up() -> None:
    nodes = Connection[BeadNode].model_validate(
        {"nodes": [bead(5, "blocked-by:#6", "blocked-by:#40"), bead(6, "blocked-by:#x")]}
    )
    assert named_elsewhere(nodes.nodes) == {40}


def approved(head: str, *, approve: bool = True) -> Claims:
    return Claims(history={5: History(verdict=Verdict(head=head, approve=approve, run_id=3))})


def test_a_head_that_moved_on_from_an_approved_one_is_looked_at() -> None:
    beads = {"issues": {"nodes": [bead(5)]}}
    open_one = repository(branches={"nodes": [branch("5", HEAD, pull(8))]}, **beads)
    assert moved_heads(open_one, approved(OLD)) == {HEAD: OLD}
    assert moved_heads(open_one, approved(HEAD)) == {}
    assert moved_heads(open_one, approved(OLD, approve=False)) == {}
    assert moved_heads(open_one, Claims()) == {}
    merged, closed = (
        repository(over={"nodes": [pull(8, state=one)]}, **beads) for one in ("MERGED", "CLOSED")
    )
    assert moved_heads(merged, approved(OLD)) == {HEAD: OLD}
    assert moved_heads(closed, approved(OLD)) == {}
    forked = repository(branches={"nodes": [branch("5", HEAD, pull(8, isCrossRepository=True))]}, **beads)
    assert moved_heads(forked, approved(OLD)) == {}
    (found,) = look(open_one, same_patch={HEAD: OLD}).pulls
    assert found.same_patch_as == OLD


def test_a_head_that_moved_on_from_the_one_that_somebody_said_yes_to_is_looked_at() -> None:
    said = Word(by="ann", at=datetime(2026, 11, 24, tzinfo=UTC), head=OLD)
    claims = Claims(history={5: History(merge=said)})
    node = repository(branches={"nodes": [branch("5", HEAD, pull(8))]}, issues={"nodes": [bead(5)]})
    assert moved_heads(node, claims) == {HEAD: OLD}


# -- what people do by hand ---------------------------------------------------------------------------------
ANN = {"email": "ann@example.com", "user": {"login": "ann"}}
UNKNOWN = {"email": "who@example.com", "user": None}
GITHUB = {"email": "noreply@github.com", "user": {"login": "web-flow"}}
OURS = {"email": "12+beadwright[bot]@users.noreply.github.com", "user": None}
ENTERPRISE_BOT = {"email": "12+tidy[bot]@users.noreply.ghe.example.com", "user": None}


@pytest.mark.parametrize(
    ("author", "committer", "pusher"),
    [
        (ANN, ANN, {"bead/5": "ann"}),
        (UNKNOWN, UNKNOWN, {"bead/5": ""}),
        (OURS, ANN, {"bead/5": "ann"}),  # amended
        (ANN, GITHUB, {"bead/5": "ann"}),  # on GitHub's pages
        (OURS, OURS, {}),
        (OURS, GITHUB, {}),  # our update
        (ENTERPRISE_BOT, ENTERPRISE_BOT, {}),
    ],
    ids=["person", "unknown", "amended", "web", "ours", "update", "another bot"],
)
def test_whose_commit_a_branch_is_at_says_who_committed_or_who_wrote_what_github_committed(
    author: Json, committer: Json, pusher: dict[str, str]
) -> None:
    node = repository(branches={"nodes": [branch("5", HEAD, author=author, committer=committer)]})
    assert look(node).pushers == pusher


@pytest.mark.parametrize(
    ("state", "actor", "by"),
    [
        ("CLOSED", {"__typename": "User", "login": "ann"}, "ann"),
        ("CLOSED", {"__typename": "Bot", "login": "stale"}, None),
        ("CLOSED", None, None),
        ("OPEN", {"__typename": "User", "login": "ann"}, None),
        ("MERGED", {"__typename": "User", "login": "ann"}, None),
    ],
)
def test_a_person_who_closed_a_pull_request_is_known(state: str, actor: Json | None, by: str | None) -> None:
    one = pull(8, state=state, closing={"nodes": [{"actor": actor}]})
    (found,) = look(repository(over={"nodes": [one]})).pulls
    assert found.closed_by == by


def test_closed_beads_that_were_asked_for_are_apart_from_the_open_ones() -> None:
    whole = [bead(5, state="CLOSED"), bead(6)]
    found = look(repository(), whole=[BeadNode.model_validate(one) for one in whole])
    assert [(one.number, one.open) for one in found.over] == [(5, False)]
    assert found.issues == ()


def test_a_pull_request_of_ours_that_takes_another_one_back_is_known_by_its_marker() -> None:
    def pulled(number: int, body: str, ours: bool = True) -> NewestNode:
        return NewestNode(number=number, body=body, viewer_did_author=ours)

    marked = "Reverts #8.\n\n<!-- beadwright:revert=8 -->"
    twins = (pulled(22, marked), pulled(21, marked), pulled(20, marked, ours=False))
    assert look(repository(), newest=twins).reverts == {8: 21}


def test_dependencies_of_githubs_own_come_with_their_state_and_their_repository() -> None:
    here = {"id": "R", "nameWithOwner": "octo/sample"}
    there = {"id": "OTHER", "nameWithOwner": "octo/library"}
    blockers = [
        {"number": 6, "fullDatabaseId": "1006", "state": "OPEN", "repository": here},
        {"number": 3, "fullDatabaseId": "2003", "state": "CLOSED", "repository": there},
        None,
    ]
    (found,) = look(repository(issues={"nodes": [bead(5, blockedBy={"nodes": blockers})]})).issues
    assert found.native == (
        NativeEdge(6, open=True, repository=None, id=1006),
        NativeEdge(3, open=False, repository="octo/library", id=2003),
        NativeEdge(0, open=True, repository=""),
    )


def test_a_look_from_before_our_last_write_does_not_undo_what_we_know_of_our_check() -> None:
    waits = OwnCheck("K1", 1, done=False, digest="waits")
    ended = OwnCheck("K1", 1, done=True, digest="ended")
    newer = OwnCheck("K2", 2, done=False, digest="newer")
    assert ended.follows(waits)
    assert newer.follows(ended)
    assert replace(waits, digest="other").follows(waits)
    assert not waits.follows(ended)
    assert not ended.follows(newer)
