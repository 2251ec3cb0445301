"""Merge queues: in, tested on what the base will be, merged or removed, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.local.forge import actions
from bot.local.forge.records import Account, Run
from bot.local.forge.state import State
from tests.contract.openapi import check_webhook
from tests.forge.branches import REPO, advance, branch, ok, pull, tip
from tests.forge.conftest import Receiver, World, point
from tests.forge.graphql_client import ask, errors, mutate, mutation, repository
from tests.forge.test_protection import checked, report, reviewed, rule

PARAMETERS: dict[str, Any] = {
    "check_response_timeout_minutes": 60,
    "grouping_strategy": "ALLGREEN",
    "max_entries_to_build": 5,
    "max_entries_to_merge": 5,
    "merge_method": "MERGE",
    "min_entries_to_merge": 1,
    "min_entries_to_merge_wait_minutes": 5,
}
CI = "on: {merge_group: {}}\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}}\n"
ENTRIES = """
mergeQueue(branch: "main") {
  configuration { mergeMethod mergingStrategy checkResponseTimeout }
  entries(first: 10) {
    nodes { position state headCommit { oid } baseCommit { oid } pullRequest { number } enqueuer { login } }
  }
}
"""


def queue(**parameters: Any) -> dict[str, Any]:
    """The rule."""
    return {"type": "merge_queue", "parameters": PARAMETERS | parameters}


@pytest.fixture
def owned(forge: World) -> World:
    """The world, its owner an organisation: only those have merge queues."""

    def change(state: State) -> None:
        octo = state.get(Account, forge.people["octo"].id)
        octo.type = "Organization"
        state.put(octo)

    forge.forge.on(change)
    return forge


def enqueue(forge: World, made: dict[str, Any], by: str = "will", **given: Any) -> None:
    """Put a pull request into the queue."""
    wanted = {"pullRequestId": made["node_id"], **given}
    mutate(forge.person(by), "enqueuePullRequest", wanted, "mergeQueueEntry { position state }")


def entries(forge: World) -> list[dict[str, Any]]:
    """What is in main's queue."""
    found: list[dict[str, Any]] = repository(forge.person("will"), ENTRIES)["mergeQueue"]["entries"]["nodes"]
    return found


def is_merged(forge: World, number: int) -> bool:
    return bool(ok(forge.person("will").get(f"{REPO}/pulls/{number}"))["merged"])


def removals(forge: World, number: int) -> list[dict[str, Any]]:
    """Why a pull request was removed from the queue, each time."""
    fields = f"""pullRequest(number: {number}) {{
      timelineItems(first: 50, itemTypes: [REMOVED_FROM_MERGE_QUEUE_EVENT]) {{
        nodes {{ ... on RemovedFromMergeQueueEvent {{ reason actor {{ login }} beforeCommit {{ oid }} }} }}
      }}
    }}"""
    found: list[dict[str, Any]] = repository(forge.person("will"), fields)["pullRequest"]["timelineItems"][
        "nodes"
    ]
    return found


def test_an_entry_merges_when_the_required_check_of_its_group_is_green(owned: World) -> None:
    made = pull(owned)
    rule(owned, queue(), checked({"context": "ci"}, strict=True))
    report(owned, "ci", "success", made["head"]["sha"])
    base = tip(owned)
    enqueue(owned, made, expectedHeadOid=made["head"]["sha"])
    [entry] = entries(owned)
    assert (entry["position"], entry["state"], entry["enqueuer"]["login"]) == (1, "AWAITING_CHECKS", "will")
    group = entry["headCommit"]["oid"]
    assert entry["baseCommit"]["oid"] == base
    assert tip(owned, f"gh-readonly-queue/main/pr-1-{base}") == group
    report(owned, "ci", "success", group)
    assert is_merged(owned, 1)
    assert tip(owned) == group
    assert entries(owned) == []
    found = ok(owned.person("will").get(f"{REPO}/pulls/1"))
    assert (found["merged_by"]["login"], found["merge_commit_sha"]) == ("github-merge-queue[bot]", group)
    assert [one["reason"] for one in removals(owned, 1)] == ["MERGE"]
    gone = owned.person("will").get(f"{REPO}/branches/gh-readonly-queue/main/pr-1-{base}")
    assert gone.status_code == 404


def test_a_pull_request_that_is_behind_is_clean_and_is_tested_with_the_newest_base(owned: World) -> None:
    made = pull(owned)
    advance(owned, "main", {"later.txt": "1\n"})
    rule(owned, queue(), checked({"context": "ci"}, strict=True))
    report(owned, "ci", "success", made["head"]["sha"])
    path = f"{REPO}/pulls/1"
    ok(owned.person("will").get(path))
    assert ok(owned.person("will").get(path))["mergeable_state"] == "clean"
    enqueue(owned, made)
    [entry] = entries(owned)
    report(owned, "ci", "success", entry["headCommit"]["oid"])
    assert is_merged(owned, 1)
    assert ok(owned.person("octo").get(f"{REPO}/contents/later.txt"))["type"] == "file"


def test_nothing_is_merged_past_the_queue(owned: World) -> None:
    made = pull(owned)
    rule(owned, queue())
    refused = owned.person("will").put(f"{REPO}/pulls/1/merge", json={})
    assert refused.status_code == 405
    assert "Changes must be made through the merge queue" in refused.json()["message"]
    moved = owned.person("will").patch(f"{REPO}/git/refs/heads/main", json={"sha": made["head"]["sha"]})
    assert (moved.status_code, "merge queue" in moved.json()["message"]) == (422, True)
    assert not is_merged(owned, 1)


def test_without_required_checks_an_entry_merges_at_once_by_the_rules_method(owned: World) -> None:
    made = pull(owned)
    rule(owned, queue(merge_method="SQUASH"))
    enqueue(owned, made)
    assert is_merged(owned, 1)
    parents = ok(owned.person("octo").get(f"{REPO}/git/commits/{tip(owned)}"))["parents"]
    assert len(parents) == 1


def test_a_failed_group_is_removed_and_the_next_is_built_anew_without_it(owned: World) -> None:
    first, second = pull(owned, "bead/1"), pull(owned, "bead/2")
    rule(owned, queue(), checked({"context": "ci"}))
    for made in (first, second):
        report(owned, "ci", "success", made["head"]["sha"])
        enqueue(owned, made)
    one, two = entries(owned)
    assert two["baseCommit"]["oid"] == one["headCommit"]["oid"]
    report(owned, "ci", "failure", one["headCommit"]["oid"])
    [left] = entries(owned)
    assert (left["pullRequest"]["number"], left["baseCommit"]["oid"]) == (2, tip(owned))
    [why] = removals(owned, 1)
    assert (why["reason"], why["beforeCommit"]) == ("CI_FAILURE", one["headCommit"])
    assert why["actor"] == {"login": "github-merge-queue"}
    report(owned, "ci", "success", left["headCommit"]["oid"])
    assert (is_merged(owned, 1), is_merged(owned, 2)) == (False, True)


def test_later_entries_wait_for_those_before_them(owned: World) -> None:
    first, second = pull(owned, "bead/1"), pull(owned, "bead/2")
    rule(owned, queue(), checked({"context": "ci"}))
    for made in (first, second):
        report(owned, "ci", "success", made["head"]["sha"])
        enqueue(owned, made)
    one, two = entries(owned)
    report(owned, "ci", "success", two["headCommit"]["oid"])
    assert not is_merged(owned, 2)
    report(owned, "ci", "success", one["headCommit"]["oid"])
    assert is_merged(owned, 1)
    assert is_merged(owned, 2)
    assert tip(owned) == two["headCommit"]["oid"]


def test_checks_that_do_not_answer_in_time_count_as_failed(owned: World) -> None:
    made = pull(owned)
    rule(owned, queue(check_response_timeout_minutes=10), checked({"context": "ci"}))
    report(owned, "ci", "success", made["head"]["sha"])
    enqueue(owned, made)
    later(owned, timedelta(minutes=9))
    assert len(entries(owned)) == 1
    later(owned, timedelta(minutes=11))
    assert entries(owned) == []
    assert [one["reason"] for one in removals(owned, 1)] == ["CI_TIMEOUT"]


def later(forge: World, time: timedelta) -> None:
    """Let the forge's clock be ahead by that."""
    clock = forge.state.clock
    original = getattr(clock, "__wrapped__", clock)

    def ahead() -> Any:
        return original() + time

    ahead.__wrapped__ = original  # type: ignore[attr-defined]
    forge.state.clock = ahead


def test_two_that_conflict_with_each_other_are_not_both_merged(owned: World) -> None:
    for name in ("bead/1", "bead/2"):
        branch(owned, name, {"README.md": f"# {name}\n"})
    wanted = [{"title": name, "head": name, "base": "main"} for name in ("bead/1", "bead/2")]
    made = [ok(owned.person("will").post(f"{REPO}/pulls", json=one)) for one in wanted]
    rule(owned, queue(), checked({"context": "ci"}))
    for one in made:
        report(owned, "ci", "success", one["head"]["sha"])
        enqueue(owned, one)
    assert [one["pullRequest"]["number"] for one in entries(owned)] == [1]
    assert [one["reason"] for one in removals(owned, 2)] == ["MERGE_CONFLICT"]


def test_a_push_or_a_hand_takes_an_entry_out(owned: World) -> None:
    made = pull(owned)
    rule(owned, queue(), checked({"context": "ci"}))
    report(owned, "ci", "success", made["head"]["sha"])
    enqueue(owned, made)
    mutate(owned.person("will"), "dequeuePullRequest", {"id": made["node_id"]})
    assert [one["reason"] for one in removals(owned, 1)] == ["MANUAL"]
    enqueue(owned, made)
    advance(owned, "bead/1", {"more.txt": "1\n"})
    assert entries(owned) == []
    [error] = errors(owned.person("will"), mutation("dequeuePullRequest"), i={"id": made["node_id"]})
    assert error["type"] == "UNPROCESSABLE"


def refusals(forge: World, made: dict[str, Any], **given: Any) -> Iterator[str]:
    wanted = {"pullRequestId": made["node_id"], **given}
    for error in errors(forge.person("will"), mutation("enqueuePullRequest"), i=wanted):
        yield str(error["message"])


def test_only_what_could_be_merged_goes_in_and_only_once(owned: World) -> None:
    made = pull(owned)
    assert list(refusals(owned, made)) == ["Merge queue is not enabled for this branch"]
    rule(owned, queue(), checked({"context": "ci"}), reviewed(required_approving_review_count=1))
    [said] = refusals(owned, made)
    assert 'Required status check "ci" is expected.' in said
    assert "At least 1 approving review" in said
    report(owned, "ci", "success", made["head"]["sha"])
    ok(owned.person("maya").post(f"{REPO}/pulls/1/reviews", json={"event": "APPROVE"}))
    [said] = refusals(owned, made, expectedHeadOid="1" * 40)
    assert "Head branch was modified" in said
    enqueue(owned, made)
    assert list(refusals(owned, made)) == ["Pull request is already in the merge queue"]
    fields = "pullRequest(number: 1) { isInMergeQueue isMergeQueueEnabled mergeQueueEntry { position } }"
    assert repository(owned.person("will"), fields)["pullRequest"] == {
        "isInMergeQueue": True,
        "isMergeQueueEnabled": True,
        "mergeQueueEntry": {"position": 1},
    }


def test_an_app_needs_the_permission_for_merge_queues(owned: World) -> None:
    made = pull(owned)
    rule(owned, queue())
    given = {"pullRequestId": made["node_id"]}
    few = owned.installed(contents="write", pull_requests="write")
    [error] = errors(few, mutation("enqueuePullRequest"), i=given)
    assert error["type"] == "FORBIDDEN"
    mutate(owned.installed(), "enqueuePullRequest", given)
    assert is_merged(owned, 1)


def test_a_group_is_told_with_its_branch_and_ends_with_a_reason(owned: World, receiver: Receiver) -> None:
    point(owned, receiver.url)
    made = pull(owned)
    rule(owned, queue(), checked({"context": "ci"}))
    report(owned, "ci", "success", made["head"]["sha"])
    base = tip(owned)
    owned.forge.settle()
    receiver.got.clear()
    enqueue(owned, made)
    [entry] = entries(owned)
    report(owned, "ci", "success", entry["headCommit"]["oid"])
    owned.forge.settle()
    told = dict(zip(receiver.names, receiver.payloads, strict=True))
    for event in ("merge_group", "pull_request", "push"):
        for name, payload in told.items():
            if name[0] == event:
                assert check_webhook(event, payload) == [], name
    group = told["merge_group", "checks_requested"]["merge_group"]
    assert group["head_ref"] == f"refs/heads/gh-readonly-queue/main/pr-1-{base}"
    assert (group["base_ref"], group["base_sha"]) == ("refs/heads/main", base)
    assert told["merge_group", "destroyed"]["reason"] == "merged"
    assert told["pull_request", "dequeued"]["reason"] == "MERGE"
    assert ("pull_request", "enqueued") in told


def test_a_group_starts_the_workflows_that_listen_for_it(owned: World) -> None:
    made = pull(owned)
    advance(owned, "main", {".github/workflows/queue.yml": CI})
    rule(owned, queue(), checked({"context": "test"}))
    report(owned, "test", "success", made["head"]["sha"])
    enqueue(owned, made)
    [entry] = entries(owned)

    def finish(state: State) -> tuple[str, str, str]:
        (run,) = (one for one in state.all(Run) if one.event == "merge_group")
        actions.begin_run(state, run)
        job = actions.open_job(state, run, "test", "test", {})
        actions.begin_job(state, job)
        actions.finish_job(state, job, "success")
        actions.finish_run(state, run, "success")
        return run.head_sha, str(run.head_branch), run.payload["action"]

    head, where, action = owned.forge.on(finish)
    assert (head, action) == (entry["headCommit"]["oid"], "checks_requested")
    assert where == f"gh-readonly-queue/main/pr-1-{entry['baseCommit']['oid']}"
    assert is_merged(owned, 1)


def test_nobody_pushes_to_a_group(owned: World) -> None:
    made = pull(owned)
    rule(owned, queue(), checked({"context": "ci"}))
    report(owned, "ci", "success", made["head"]["sha"])
    enqueue(owned, made)
    [entry] = entries(owned)
    name = f"heads/gh-readonly-queue/main/pr-1-{entry['baseCommit']['oid']}"
    sha = made["head"]["sha"]
    refused = owned.person("octo").patch(f"{REPO}/git/refs/{name}", json={"sha": sha, "force": True})
    assert (refused.status_code, refused.json()["message"]) == (422, "Cannot update this protected ref.")


def test_a_personal_account_has_no_merge_queue(forge: World) -> None:
    body = {
        "name": "main",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "rules": [queue()],
    }
    refused = forge.person("octo").post(f"{REPO}/rulesets", json=body)
    assert (refused.status_code, refused.json()["errors"]) == (422, ["Invalid rule 'merge_queue': "])
    found = ask(
        forge.person("octo"),
        "query($o: String!, $n: String!) { repository(owner: $o, name: $n) { mergeQueue { id } } }",
        o="octo",
        n="sample",
    )
    assert found == {"repository": {"mergeQueue": None}}
