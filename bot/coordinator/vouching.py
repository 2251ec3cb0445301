"""Our check where there is no bead to judge: other people's pull requests, and what a merge queue tests.

A required check freezes everybody whose head does not get it. So every open pull request that is no bead's
gets it as success, a fork's too; but never a head that a bead's branch or open pull request is at, which
would borrow it (a check belongs to a commit). A merge group is vouched for as long as every bead in it is at
the head that was approved; one that is not fails at once, instead of holding the queue up until it times out.
"""

from __future__ import annotations

from bot.coordinator.actions import PostCheck
from bot.coordinator.decision import Draft
from bot.coordinator.snapshot import MergeGroup, Snapshot


def vouch(snapshot: Snapshot, draft: Draft) -> None:
    """Post our check wherever it is not there and no bead is judged."""
    heads = {head for _, head in snapshot.branches}
    heads |= {pull.head for pull in snapshot.pulls if pull.state == "open"}
    seen: set[str] = set()
    for one in snapshot.foreign:
        if not one.vouched and one.head not in heads | seen:
            title, summary = "Not a bead", "Beadwright judges its own pull requests alone."
            draft.after.append(PostCheck(one.pull, one.head, "success", title, summary))
            seen.add(one.head)
    sound = True
    for group in snapshot.groups:
        sound = sound and _is_sound(group, draft)
        if group.said != ("green" if sound else "red"):
            draft.after.append(_judged(group, sound))


def _is_sound(group: MergeGroup, draft: Draft) -> bool:
    if group.bead is None:
        return True
    known = draft.claims.of(group.bead)
    if known.proposes:
        return True
    verdict = known.verdict
    return verdict is not None and verdict.approve and verdict.head == group.head


def _judged(group: MergeGroup, sound: bool) -> PostCheck:
    if sound:
        title, summary = "Nothing to say against it", "Every bead in this group was approved at its head."
        return PostCheck(group.pull, group.commit, "success", title, summary)
    title = "A bead in it is not approved"
    summary = "This group holds a bead's pull request whose head no review has approved."
    return PostCheck(group.pull, group.commit, "failure", title, summary)
