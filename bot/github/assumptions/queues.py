"""Merge queues: how a pull request goes in, what is tested, and how it comes out."""

from __future__ import annotations

from bot.github.assumptions.caller import Json, Said
from bot.github.assumptions.merging import is_merged
from bot.github.assumptions.pulls import behind, seen
from bot.github.assumptions.registry import Need, assume, expect
from bot.github.assumptions.rules import blocked, protected, required
from bot.github.assumptions.scratch import Pull, Scratch
from bot.github.assumptions.webhooks import delivered

QUEUES = (
    "repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/"
    "managing-a-merge-queue"
)
BY = ("coordinator.queueing", "github.effects")
NEEDS = (Need.ADMIN, Need.APP, Need.ORGANISATION)
STUCK = "an approved pull request waits for ever"
ENQUEUE = (
    "mutation($it: EnqueuePullRequestInput!) "
    "{ enqueuePullRequest(input: $it) { mergeQueueEntry { position } } }"
)
DEQUEUE = "mutation($it: DequeuePullRequestInput!) { dequeuePullRequest(input: $it) { clientMutationId } }"
ENTRY = "mergeQueueEntry { state headCommit { oid } baseCommit { oid } }"
REMOVALS = (
    "timelineItems(last: 5, itemTypes: [REMOVED_FROM_MERGE_QUEUE_EVENT]) "
    "{ nodes { ... on RemovedFromMergeQueueEvent { createdAt reason "
    "actor { __typename login } beforeCommit { oid } } } }"
)


def queue(minutes: int = 60) -> Json:
    """The rule of a queue whose checks have so many minutes."""
    parameters = {
        "check_response_timeout_minutes": minutes,
        "grouping_strategy": "ALLGREEN",
        "max_entries_to_build": 5,
        "max_entries_to_merge": 5,
        "merge_method": "MERGE",
        "min_entries_to_merge": 1,
        "min_entries_to_merge_wait_minutes": 0,
    }
    return {"type": "merge_queue", "parameters": parameters}


def queued_up(world: Scratch, pull: Pull, head: str | None = None) -> Said:
    """Put it into the queue as the App."""
    given = {"pullRequestId": pull.node, "expectedHeadOid": head or pull.head.sha}
    return world.app.ask(ENQUEUE, it=given)


def with_group(world: Scratch) -> tuple[Pull, str, str]:
    """A queued pull request that waits for a check; with the check's name and the group's commit."""
    context = world.name("ci")
    pull = protected(world, queue(), required(context))
    world.check(pull.head.sha, context)
    world.mergeable(pull)
    queued_up(world, pull).must()

    def look() -> str | None:
        entry: Json = seen(world, pull, ENTRY)["mergeQueueEntry"]
        return str(entry["headCommit"]["oid"]) if entry and entry["headCommit"] else None

    return pull, context, world.until(look, 120, "no group is built for it")


@assume(
    source="https://github.com/rue-language/rue/pull/2053",
    by=BY,
    otherwise="the queue could be passed by",
    needs=NEEDS,
)
def direct_merge_is_refused_where_a_queue_is_required(world: Scratch) -> None:
    """With a merge queue a direct merge is refused with 405, although the pull request is CLEAN."""
    pull = protected(world, queue())
    world.mergeable(pull)
    found = seen(world, pull, "mergeStateStatus isMergeQueueEnabled")
    expect(found == {"mergeStateStatus": "CLEAN", "isMergeQueueEnabled": True}, f"it is {found}")
    blocked(world, pull)


@assume(source=QUEUES, by=("github.rules",), otherwise="a queue is not known of", needs=NEEDS)
def queue_is_a_rule_of_the_branch(world: Scratch) -> None:
    """`GET rules/branches/{branch}` shows the rule `merge_queue` to a token with metadata alone."""
    pull = protected(world, queue())
    found = world.grant(permissions={"metadata": "read"}).get(f"rules/branches/{pull.base.name}").must(200)
    expect([one["type"] for one in found] == ["merge_queue"], f"it shows {found}")


@assume(
    source="graphql/reference/pulls", by=BY, otherwise="what was not reviewed could be queued", needs=NEEDS
)
def queue_pins_the_head(world: Scratch) -> None:
    """`enqueuePullRequest` with another head than `expectedHeadOid` is refused."""
    pull = protected(world, queue(), required(world.name("ci")))
    refused = queued_up(world, pull, head="1" * 40)
    expect(bool(refused.errors), "it was queued")
    expect(seen(world, pull, "mergeQueueEntry { id }")["mergeQueueEntry"] is None, "it is queued")


@assume(
    source=QUEUES,
    by=("coordinator.vouching", "github.queues"),
    otherwise="our own check is posted on the wrong commit",
    needs=NEEDS,
)
def checks_of_the_group_decide(world: Scratch) -> None:
    """A queued pull request is merged when the required check is green on its group's commit, which the base
    then is at; that commit is new, and its branch begins with `gh-readonly-queue/`."""
    pull, context, group = with_group(world)
    expect(group not in (pull.head.sha, pull.base.sha), "the group is no commit of its own")
    prefix = f"refs/heads/gh-readonly-queue/{pull.base.name}/"
    branches = world.me.get(f"git/matching-refs/{prefix.removeprefix('refs/')}").must()
    expect(group in [one["object"]["sha"] for one in branches], f"the branches are {branches}")
    expect(not is_merged(world, pull), "it was merged without")
    world.check(group, context)
    world.until(lambda: True if is_merged(world, pull) else None, 120, "it is not merged")
    expect(world.at(pull.base.ref) == group, f"the base is at {world.at(pull.base.ref)}, not at {group}")


@assume(
    source="https://github.com/flowglad/onton/pull/379",
    by=("coordinator.queueing", "github.pulls"),
    otherwise="what was removed is not told, or queued for ever",
    needs=NEEDS,
)
def failed_group_takes_it_out_with_a_reason(world: Scratch) -> None:
    """A required check that fails on the group takes the pull request out of the queue; the timeline says so
    with a reason and the group's commit, and it stays open."""
    pull, context, group = with_group(world)
    world.check(group, context, "failure")
    told = world.until(lambda: _removal(world, pull), 120, "its timeline does not say that it was removed")
    expect(bool(told["reason"]) and told["beforeCommit"] == {"oid": group}, f"it says {told}")
    found = seen(world, pull, "state isInMergeQueue")
    expect(found == {"state": "OPEN", "isInMergeQueue": False}, f"it is {found}")


@assume(source=QUEUES, by=("coordinator.queueing",), otherwise=STUCK, needs=NEEDS)
def queue_takes_what_is_behind(world: Scratch) -> None:
    """A pull request that is behind its base can be queued, also where checks are strict."""
    context = world.name("ci")
    pull = behind(world)
    world.protect(pull.base, queue(), required(context, strict=True))
    world.check(pull.head.sha, context)
    world.mergeable(pull)
    queued_up(world, pull).must()


@assume(
    source="https://github.com/dcoapp/app/issues/303",
    by=("github.webhooks",),
    otherwise="our check is posted on groups by the regular look only, which may be too late",
    needs=NEEDS,
)
def group_is_told_with_its_commit(world: Scratch) -> None:
    """A group is told as `merge_group` `checks_requested` with its commit, to an App with the permission
    `merge_queues`."""
    pull, _, group = with_group(world)
    told = delivered(world, "merge_group", "checks_requested", group)["request"]["payload"]["merge_group"]
    expect((told["head_sha"], told["base_ref"]) == (group, pull.base.ref), f"it tells {told}")


@assume(
    source="webhooks/webhook-events-and-payloads#pull_request (its reasons of `dequeued`)",
    by=("coordinator.queueing", "github.pulls"),
    otherwise="what somebody took out of the queue is put in again",
    needs=NEEDS,
)
def taken_out_by_hand_says_manual_and_who(world: Scratch) -> None:
    """`dequeuePullRequest` takes a pull request out of the queue; its timeline says MANUAL and who did it,
    and the queue said who had put it in."""
    pull, _, _ = with_group(world)
    fields = "mergeQueueEntry { enqueuer { __typename login } }"
    entry: Json = seen(world, pull, fields)["mergeQueueEntry"]
    expect(entry["enqueuer"]["__typename"] == "Bot", f"it was put in by {entry}")
    world.app.ask(DEQUEUE, it={"id": pull.node}).must()
    told = world.until(lambda: _removal(world, pull), 120, "its timeline does not say that it was removed")
    found = (str(told["reason"]).upper(), told["actor"])
    expect(found == ("MANUAL", entry["enqueuer"]), f"it says {found}")
    expect(seen(world, pull, "isInMergeQueue") == {"isInMergeQueue": False}, "it is in the queue")


def _removal(world: Scratch, pull: Pull) -> Json | None:
    nodes: list[Json] = seen(world, pull, REMOVALS)["timelineItems"]["nodes"]  # type: ignore[index]
    return nodes[-1] if nodes else None
