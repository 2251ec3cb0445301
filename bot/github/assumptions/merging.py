"""The merge call and what it leaves: pinned, refused with reasons, and true for ever once it happened."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from bot.github.assumptions.caller import Reply
from bot.github.assumptions.pulls import conflicting, seen
from bot.github.assumptions.registry import Need, Untold, assume, expect
from bot.github.assumptions.scratch import FILE, Pull, Scratch

MERGE = "rest/pulls/pulls#merge-a-pull-request"
EFFECT = ("github.effects",)
PROOF = ("github.pulls", "github.snapshot_of", "coordinator.cleanup")
UNPROVED = "a bead could be closed that is not on the base branch, or never be closed"


def merge(world: Scratch, pull: Pull, **wanted: str) -> Reply:
    """Try to merge, once GitHub knows whether it can."""
    world.mergeable(pull)
    return world.me.put(f"pulls/{pull.number}/merge", {"sha": pull.head.sha, **wanted})


def is_merged(world: Scratch, pull: Pull) -> bool:
    """What the pull request says."""
    return bool(world.me.get(f"pulls/{pull.number}").must()["merged"])


@assume(source=MERGE, by=EFFECT, otherwise="a push between review and merge could be merged unreviewed")
def merge_pins_the_head(world: Scratch) -> None:
    """A merge with a `sha` that is not the head is refused with 409, and says that the head moved."""
    pull = world.pull()
    world.push(pull.head)
    refused = merge(world, pull)
    expect(not is_merged(world, pull), "it was merged")
    expect(refused.status == 409 and "Head branch was modified" in refused.message, f"answered {refused}")


@assume(source=MERGE, by=EFFECT, otherwise="another refusal is told on the bead")
def merge_of_a_conflict_is_405(world: Scratch) -> None:
    """A pull request that conflicts is refused with 405."""
    pull = conflicting(world)
    refused = merge(world, pull)
    expect(refused.status == 405 and not is_merged(world, pull), f"answered {refused}")


@assume(source=MERGE, by=(*EFFECT, "guards.draft"), otherwise="a draft could be merged")
def merge_of_a_draft_is_405(world: Scratch) -> None:
    """A draft is refused with 405."""
    pull = world.pull(draft=True)
    refused = merge(world, pull)
    expect(refused.status == 405 and not is_merged(world, pull), f"answered {refused}")


@assume(source=MERGE, by=EFFECT, otherwise="a pull request that a person closed could be merged")
def merge_of_a_closed_one_is_405(world: Scratch) -> None:
    """A closed pull request is refused with 405."""
    pull = world.pull()
    world.me.patch(f"pulls/{pull.number}", {"state": "closed"}).must()
    refused = world.me.put(f"pulls/{pull.number}/merge", {"sha": pull.head.sha})
    expect(refused.status == 405 and not is_merged(world, pull), f"answered {refused}")


@assume(source=MERGE, by=EFFECT, otherwise="a merge that is repeated could make a second commit")
def second_merge_is_refused(world: Scratch) -> None:
    """Merging again is refused with 405, and the base does not move."""
    pull = world.pull()
    merge(world, pull).must(200)
    base = world.at(pull.base.ref)
    again = world.me.put(f"pulls/{pull.number}/merge", {"sha": pull.head.sha})
    expect(again.status == 405 and world.at(pull.base.ref) == base, f"answered {again}")


@assume(source="rest/pulls/pulls#check-if-a-pull-request-has-been-merged", by=EFFECT, otherwise=UNPROVED)
def merged_stays_merged(world: Scratch) -> None:
    """A merged pull request says so for good, also when its branch is gone and its base has moved on."""
    pull = world.pull()
    merge(world, pull).must(200)
    world.me.delete(f"git/{pull.head.ref}")
    world.me.patch(f"pulls/{pull.number}", {"title": "Another"}).must()
    reopened = world.me.patch(f"pulls/{pull.number}", {"state": "open"})
    expect(is_merged(world, pull) and reopened.status == 422, f"reopening answered {reopened}")
    expect(world.me.get(f"pulls/{pull.number}/merge").status == 204, "GET …/merge does not say 204")


@assume(
    source="https://github.com/bobmatnyc/trusty-tools/issues/8013",
    by=EFFECT,
    otherwise="a merge that happened is tried again, or told as a failure",
    needs=(Need.OWN,),
)
def merge_may_happen_behind_a_5xx(world: Scratch) -> None:
    """A merge whose answer is 5xx may have happened: reading the pull request tells."""
    pull = world.pull()
    world.mergeable(pull)
    world.provoke.lose("PUT", f"/pulls/{pull.number}/merge", after=True)
    lost = world.me.call("PUT", f"pulls/{pull.number}/merge", {"sha": pull.head.sha}, raw=True)
    expect(
        lost.status >= 500 and is_merged(world, pull), f"answered {lost}, merged: {is_merged(world, pull)}"
    )


@assume(
    source="rest/using-the-rest-api/troubleshooting-the-rest-api#timeouts",
    by=EFFECT,
    otherwise="a merge that did not happen is taken for one",
    needs=(Need.OWN,),
)
def merge_may_not_have_happened_behind_a_lost_answer(world: Scratch) -> None:
    """A merge whose connection is cut may not have happened: the pull request is open, and can be merged."""
    pull = world.pull()
    world.mergeable(pull)
    world.provoke.lose("PUT", f"/pulls/{pull.number}/merge", after=False, cut=True)
    lost = world.me.call("PUT", f"pulls/{pull.number}/merge", {"sha": pull.head.sha}, raw=True)
    expect(lost.status == 599 and not is_merged(world, pull), f"answered {lost}")
    merge(world, pull).must(200)


@assume(
    source="https://github.com/NixOS/nixpkgs-merge-bot/issues/179",
    by=EFFECT,
    otherwise="a merge that only lost a race is told as a failure",
)
def merge_race_says_that_the_base_was_modified(world: Scratch) -> None:
    """Of two merges into one base at the same time, one may be refused with 405 "Base branch was
    modified"; again, it merges."""
    base = world.branch("base")
    pulls = [world.pull(base=base, files={f"{word}.txt": "1\n"}) for word in ("one", "two")]
    for pull in pulls:
        world.mergeable(pull)
    with ThreadPoolExecutor(2) as both:
        answers = list(
            both.map(lambda one: world.me.put(f"pulls/{one.number}/merge", {"sha": one.head.sha}), pulls)
        )
    refused = [(pull, answer) for pull, answer in zip(pulls, answers, strict=True) if answer.status != 200]
    if not refused:
        raise Untold("both were merged: this time they did not meet")
    for pull, answer in refused:
        expect(answer.status == 405 and "Base branch was modified" in answer.message, f"answered {answer}")
        merge(world, pull).must(200)


@assume(
    source=(
        "pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/"
        "about-pull-request-merges"
    ),
    by=PROOF,
    otherwise=UNPROVED,
)
def merge_commit_is_on_the_base(world: Scratch) -> None:
    """A merge makes a commit of base and head, in this order; it is the base's tip and the pull request
    names it."""
    pull = world.pull()
    sha = merge(world, pull, merge_method="merge", commit_title="Do it").must(200)["sha"]
    made = world.me.get(f"git/commits/{sha}").must()
    expect(
        [one["sha"] for one in made["parents"]] == [pull.base.sha, pull.head.sha],
        f"its parents: {made['parents']}",
    )
    expect(
        made["message"].startswith("Do it") and world.at(pull.base.ref) == sha, f"it says {made['message']!r}"
    )
    found = seen(world, pull, "state mergeCommit { oid } mergedBy { login } headRefOid")
    wanted = {"state": "MERGED", "mergeCommit": {"oid": sha}, "mergedBy": {"login": world.login}}
    expect(found == wanted | {"headRefOid": pull.head.sha}, f"the pull request tells {found}")


@assume(
    source=(
        "pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/"
        "about-pull-request-merges#squash-and-merge-your-commits"
    ),
    by=PROOF,
    otherwise=UNPROVED,
)
def squash_makes_one_commit_without_the_head(world: Scratch) -> None:
    """A squash makes one commit on the base, without the head in its history; the pull request names it."""
    pull = world.pull()
    sha = merge(world, pull, merge_method="squash").must(200)["sha"]
    parents = [one["sha"] for one in world.me.get(f"git/commits/{sha}").must()["parents"]]
    expect(parents == [pull.base.sha], f"its parents are {parents}")
    found = seen(world, pull, "mergeCommit { oid }")
    expect(found == {"mergeCommit": {"oid": sha}}, f"the pull request names {found}")


@assume(
    source=(
        "pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/"
        "about-pull-request-merges#indirect-merges"
    ),
    by=PROOF,
    otherwise="a person's own merge is not noticed",
)
def pushed_merge_marks_it_merged(world: Scratch) -> None:
    """When a head reaches its base by a push, the pull request is marked as merged."""
    pull = world.pull()
    sha = world.commit([pull.base.sha, pull.head.sha], {FILE: "by hand\n"}, "By hand")
    world.me.patch(f"git/{pull.base.ref}", {"sha": sha}).must()
    world.until(lambda: True if is_merged(world, pull) else None, 60, "it is not merged")


@assume(
    source=(
        "repositories/configuring-branches-and-merges-in-your-repository/"
        "configuring-pull-request-merges/managing-the-automatic-deletion-of-branches"
    ),
    by=("coordinator.cleanup",),
    otherwise="none: a branch that is gone is not deleted again",
)
def head_branch_stays_after_a_merge(world: Scratch) -> None:
    """The head branch is there after a merge, unless the repository deletes it."""
    pull = world.pull()
    merge(world, pull).must(200)
    if world.me.get("").must().get("delete_branch_on_merge"):
        raise Untold("this repository deletes head branches")
    expect(world.at(pull.head.ref) == pull.head.sha, "it is gone")


@assume(source=MERGE, by=EFFECT, otherwise="whoever reads could merge", needs=(Need.READER,))
def reader_cannot_merge(world: Scratch) -> None:
    """Who only reads is refused a merge, with 403 or 404."""
    pull = world.pull()
    refused = world.reader.put(f"pulls/{pull.number}/merge", {"sha": pull.head.sha})
    expect(refused.status in (403, 404) and not is_merged(world, pull), f"answered {refused}")
