"""Hands off: a bead that a person has taken over is theirs until they give it back.

- It is taken by `/bead take`, by a commit of a person's on its branch, or by a person who closes its pull
  request. Whose a commit is says who committed it, or who wrote it where GitHub committed; ours and other
  bots' are nobody's. Those are only names: what a person commits under a bot's is reviewed like ours. A
  person who lets GitHub update the branch, or takes a suggestion there, commits as well.
- While it is taken nothing of ours touches it: no claim, no update, no review, no merge. A run under way is
  asked to end, publishes nothing (`jobs/publish.py` looks), and is no failed attempt.
- A person may merge it. That closes the bead, without a review of ours.
- `/bead give` gives it back as it is: a commit of theirs is where we go on from, and is reviewed, because a
  verdict is bound to a head. A pull request that was closed is opened again, or another is opened, as long as
  the branch is there; without it the bead begins anew.

Accepted: a run that has just begun, and a person who pushes before it reads the branch, while no look of ours
falls between the two: the run goes on from their commit, and the bead is not taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.coordinator.actions import Reopen
from bot.coordinator.claims import Answer
from bot.coordinator.cleanup import close_merged
from bot.coordinator.decision import Draft, State
from bot.coordinator.history import Word
from bot.coordinator.leading import leader
from bot.coordinator.pulls import latest_pulls, was_dropped
from bot.coordinator.said import Said
from bot.coordinator.snapshot import Issue, PullRequest, Snapshot

GIVE = "`/bead give` gives it back"


def notice(snapshot: Snapshot, issues: Mapping[int, Issue], now: datetime, draft: Draft) -> None:
    """Remember who has taken an open bead over by what they did to its branch or its pull request."""
    pulls = latest_pulls(snapshot.pulls, draft.claims)
    heads = dict(snapshot.branches)
    for name, login in snapshot.pushers.items():
        number = int(name.removeprefix("bead/"))
        mine = heads.get(name) in _ours(number, draft) or _proposes(number, draft)
        if number in issues and not mine and not _was_proposed(snapshot, name, heads.get(name), draft):
            _take(number, Word(by=login, at=now, head=heads.get(name), reason="by a commit"), draft)
    for number, pull in pulls.items():
        if number not in issues or _proposes(number, draft):
            continue
        if pull.state == "closed" and pull.closed_by is not None:
            reason = f"by closing #{pull.number}"
            _take(number, Word(by=pull.closed_by, at=now, head=pull.head, reason=reason), draft)
        elif pull.state == "open" and pull.number in (past := draft.claims.of(number).past):
            rest = tuple(one for one in past if one != pull.number)
            draft.claims = draft.claims.remember(number, past=rest)


def _ours(bead: int, draft: Draft) -> set[str | None]:
    """The heads that are ours whoever committed them: on a person's machine our work is committed there."""
    claim = draft.claims.live.get(bead)
    return {draft.claims.of(bead).head, claim.head if claim is not None else None}


def _proposes(bead: int, draft: Draft) -> bool:
    """Whether its pull request is for people alone, also while the run that opened it is not counted yet."""
    claim = draft.claims.live.get(bead)
    opened = claim is not None and (claim.role, claim.stage) == ("direction", "published")
    return opened or draft.claims.of(bead).proposes


def _was_proposed(snapshot: Snapshot, branch: str, head: str | None, draft: Draft) -> bool:
    """Whether a branch is that of a proposal which was closed, and is there again."""
    dropped = draft.claims.of(int(branch.removeprefix("bead/"))).dropped
    there = [one for one in snapshot.pulls if one.head_ref == branch and one.state == "open"]
    return any(was_dropped(pull, head, dropped) for pull in (None, *(one.number for one in there)))


def _take(bead: int, word: Word, draft: Draft) -> None:
    if draft.claims.of(bead).taken is None:
        draft.claims = draft.claims.remember(bead, taken=word)


def keeps_off(
    snapshot: Snapshot, issue: Issue, pull: PullRequest | None, now: datetime, draft: Draft
) -> bool:
    """Whether a person has this bead; then its verdict says so. Their own merge closes it."""
    taken = draft.claims.of(issue.number).taken
    if taken is None:
        return False
    if pull is not None and pull.state == "merged":
        close_merged(snapshot, issue, pull, now, draft)
        return True
    how = f" ({taken.reason})" if taken.reason else ""
    draft.say(issue.number, State.HELD, f"{taken.who} has taken it over{how}; {GIVE}")
    return True


# -- the commands -----------------------------------------------------------------------------------------
def take(said: Said, draft: Draft) -> Answer:
    """`/bead take`: whoever says so has the bead."""
    bead = said.bead.number
    taken = draft.claims.of(bead).taken
    if taken is not None:
        return Answer(done=False, reply=f"{taken.quiet_who} has taken it over already; {GIVE}.")
    if said.bead.children and draft.claims.of(bead).lead is None:
        return Answer(done=False, reply="It is an epic: nobody works on it. Take the beads below it.")
    if (epic := leader(said, draft)) is not None:
        return Answer(
            done=False, reply=f"The lead of #{epic} does it: take that, or say `/bead unlead` there."
        )
    draft.claims = draft.claims.remember(bead, taken=said.word())
    ends = " Its run is asked to end, and is no failed attempt." if bead in draft.claims.live else ""
    return Answer(done=True, reply=f"It is yours: nothing of ours touches it.{ends} {GIVE}.")


def give(said: Said, draft: Draft) -> Answer:
    """`/bead give`: it goes on from how it is now, and counting starts again."""
    bead, pull = said.bead, said.pull
    closed = pull is not None and pull.state == "closed"
    known = draft.claims.of(bead.number)
    if known.taken is None and not closed:
        return Answer(done=False, reply="Nobody has taken it over: `/bead why` says what it waits for.")
    if bead.number in draft.claims.live:
        return Answer(done=False, reply="Its run has not ended yet; give it back when it has.")
    head = dict(said.snapshot.branches).get(f"bead/{bead.number}")
    draft.claims = draft.claims.remember(
        bead.number, taken=None, head=head, stopped=None, failures=0, rounds=0, updated=False
    )
    if pull is None or not closed:
        return Answer(done=True)
    draft.claims = draft.claims.remember(bead.number, past=(*known.past, pull.number))
    if head is None:
        return Answer(done=True, reply=f"The branch of #{pull.number} is gone, so it begins anew.")
    # Where GitHub does not open it again, the next look finds a branch without a pull request.
    draft.after.append(Reopen(pull.number, pull.id, pull=True))
    draft.rewired.add(bead.number)
    draft.say(bead.number, State.IN_REVIEW, f"#{pull.number} is opened again")
    return Answer(done=True)
