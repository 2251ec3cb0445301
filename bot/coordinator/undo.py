"""`/bead undo`: a merge is taken back, step by step until that is seen.

- A pull request of ours takes the merged one back; people merge it, or do not. It is asked for until it
  shows, `PATIENCE` long: GitHub makes none where that conflicts. Then people are told to do it by hand.
- The bead is opened again and is not released: somebody says when it is to be done again. That is a new
  attempt on a new branch; the merged pull request is past, and proves nothing of it.
- Beads that wait for it, by a label or a native dependency, are held: what they rest on goes away. An edge
  whose label was taken away since is not known any more.
- What came of it is told by one comment on the bead.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.beads.labels import Labels
from bot.coordinator.actions import DeleteRef, Reopen, Revert, Say, SetLabels
from bot.coordinator.claims import Answer
from bot.coordinator.decision import Draft
from bot.coordinator.history import Word
from bot.coordinator.pulls import latest_pulls
from bot.coordinator.said import Said
from bot.coordinator.snapshot import Issue, PullRequest, Snapshot

PATIENCE = timedelta(minutes=2)
SOON = timedelta(seconds=5)
TITLE = 200
"""How many characters of a bead's title stand in that of the pull request."""


def undo(said: Said, draft: Draft) -> Answer:
    """`/bead undo`: begin to take the bead's merge back."""
    bead = said.comment.bead
    assert bead is not None, "it works on beads alone"
    if bead not in said.snapshot.focus:
        draft.focus.add(bead)  # so this decision is dropped, and made again on what is read for it
        return Answer(done=True)
    if bead in draft.claims.live:
        return Answer(done=False, reply="It is being worked on right now; `/bead stop` ends that.")
    if draft.claims.of(bead).undo is not None:
        return Answer(done=False, reply="It is being undone already.")
    if said.pull is None or said.pull.state != "merged":
        return Answer(done=False, reply=f"Nothing of #{bead} is merged, so there is nothing to undo.")
    whole = next((one for one in (*said.snapshot.over, *said.snapshot.issues) if one.number == bead), None)
    if whole is not None and whole.children:
        by_hand = f"revert `{said.pull.merge_commit}` by hand, and reopen what is to be done again"
        return Answer(done=False, reply=f"#{said.pull.number} did all the beads of an epic: {by_hand}.")
    # Its time counts from now: the comment may have waited for us.
    word = said.word(head=said.pull.head).model_copy(update={"at": said.now})
    draft.claims = draft.claims.remember(bead, undo=word)
    return Answer(done=True)


def go_on(
    snapshot: Snapshot,
    issues: Mapping[int, Issue],
    labels: Mapping[int, Labels],
    now: datetime,
    draft: Draft,
) -> None:
    """The next step of every undoing."""
    undoing = {number: known.undo for number, known in draft.claims.history.items() if known.undo is not None}
    if not undoing:
        return
    pulls = latest_pulls(snapshot.pulls, draft.claims)
    known = {issue.number: issue for issue in (*snapshot.over, *snapshot.issues)}
    for number, word in undoing.items():
        issue, pull = known.get(number), pulls.get(number)
        # Nor is an epic judged whose bead is about to be opened again: it is not done.
        draft.rewired |= {number, *(epic for epic, one in issues.items() if number in one.children)}
        if number not in snapshot.focus:
            draft.focus.add(number)
        elif issue is None or pull is None or pull.state != "merged":
            draft.claims = draft.claims.remember(number, undo=None)
        elif pull.number not in snapshot.reverts and now - word.at < PATIENCE:
            draft.after.append(_revert(issue, pull, word))
            draft.looks.append(now + SOON)
        else:
            _reopen(snapshot, issue, pull, word, draft)
            _hold_dependents(issues, labels, number, snapshot.policy.spelling.hold, word, now, draft)


def _revert(issue: Issue, pull: PullRequest, word: Word) -> Revert:
    title = f'Revert "{issue.title[:TITLE]}"'
    body = f"Reverts #{pull.number}, as {word.quiet_who} asked for on bead #{issue.number}."
    return Revert(pull.number, pull.id, str(pull.number), title, body)


def _reopen(snapshot: Snapshot, issue: Issue, pull: PullRequest, word: Word, draft: Draft) -> None:
    past = (*draft.claims.of(issue.number).past, pull.number)
    if not issue.open:
        draft.before.append(Reopen(issue.number, issue.id))
    # An epic that is released would release it at once.
    below = issue.parent is not None and any(one.number == issue.parent for one in snapshot.issues)
    spelling = snapshot.policy.spelling
    shown = {name.lower() for name in (spelling.ready, *spelling.projected)}
    off = tuple(name for name in issue.labels if name.lower() in shown)
    hold = (spelling.hold,) if below else ()
    draft.before.append(SetLabels(issue.number, issue.id, add=hold, remove=off))
    if (pull.head_ref, pull.head) in snapshot.branches:
        draft.before.append(DeleteRef(f"refs/heads/{pull.head_ref}", pull.head))
    draft.before.append(
        Say(issue.number, issue.id, f"undo-{pull.number}", _told(snapshot, pull, word, below))
    )
    draft.claims = draft.claims.forget(issue.number).remember(issue.number, past=past)


def _told(snapshot: Snapshot, pull: PullRequest, word: Word, below: bool) -> str:
    revert = snapshot.reverts.get(pull.number)
    again = "`/bead unhold`" if below else f"the label `{snapshot.policy.spelling.ready}`"
    if revert is not None:
        taken_back = f"#{revert} takes #{pull.number} back; merge it to undo the change."
    else:
        taken_back = (
            f"GitHub made no pull request that takes #{pull.number} back, as a rule because later changes "
            f"conflict with that: revert `{pull.merge_commit}` by hand."
        )
    return (
        f"{word.quiet_who} asked to undo this. {taken_back}\n\n"
        f"The bead is open again and waits: {again} lets it be done anew. What waits for it is held."
    )


def _hold_dependents(
    issues: Mapping[int, Issue],
    labels: Mapping[int, Labels],
    undone: int,
    hold: str,
    word: Word,
    now: datetime,
    draft: Draft,
) -> None:
    reason = f"#{undone}, which it waited for, was undone"
    for number, issue in issues.items():
        native = any(edge.number == undone and edge.repository is None for edge in issue.native)
        if number == undone or labels[number].hold or not (native or undone in labels[number].blocked_by):
            continue
        draft.before.append(SetLabels(number, issue.id, add=(hold,)))
        draft.rewired.add(number)
        draft.claims = draft.claims.remember(number, hold=Word(by=word.by, at=now, reason=reason))
