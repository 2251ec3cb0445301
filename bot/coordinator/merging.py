"""Approved pull requests on their way into the base branch: in turn, each tested on what will be there.

A head must hold the whole base when it is merged, so every merge leaves the others behind. Bringing all of
them up to date at once would start k-1 CI runs for each of k merges, and all but one of them for nothing. So
only one pull request at a time has the turn: it is brought up to date, its CI runs, it is merged. The verdict
is carried over such an update (`carry_over`), CI is not. (A merge queue does all that: `queueing`.)

- What can be merged at once goes first; then who has the turn, then the order of the lane.
- What waits for a person (a label, an approval, an objection) has no turn and holds nobody up. Neither has
  what nobody has said yes to where that is needed: the base branch has no required checks, or the policy says
  `never`. `/bead merge` is that yes: to the head of that moment, and to our own updates of it.
- A turn lasts an hour at most. After that the pull request goes behind all that had none, and people are told
  when GitHub is what holds it up; so one that GitHub refuses, or whose CI hangs, costs the others an hour,
  once. Of several such the hour on the clock picks one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.beads.trailers import bead_trailer
from bot.coordinator import direction
from bot.coordinator.actions import Merge, UpdateBranch
from bot.coordinator.admission import Admission
from bot.coordinator.claims import Answer
from bot.coordinator.decision import Draft, State
from bot.coordinator.edges import labels_of
from bot.coordinator.history import History, Verdict
from bot.coordinator.pace import mends
from bot.coordinator.quoting import quoted_title
from bot.coordinator.said import Said
from bot.coordinator.snapshot import Issue, PullRequest, Snapshot
from bot.guards import evaluate
from bot.guards.facts import CheckFact, CoolDown, PullFacts, Required
from bot.guards.result import GuardReport

CHECK = "beadwright"
TURN = timedelta(hours=1)
LOOK_AGAIN = timedelta(seconds=5)
LOOK_LATER = timedelta(seconds=30)
SETTLING = frozenset(
    {"base-current", "base-green", "cool-down", "merge-state", "minimum-checks", "required-checks"}
)
"""The guards that come to pass without a person, by an update, by CI or by time."""


@dataclass(frozen=True, slots=True)
class Approved:
    """An approved pull request and what its guards say; `wanted` tells that it may be merged when they all
    pass, `turn` is when it first had the turn."""

    issue: Issue
    pull: PullRequest
    report: GuardReport
    wanted: bool
    turn: datetime | None

    @property
    def settles(self) -> bool:
        """Whether it merges without anything that only a person can do."""
        return all(result.state == "pass" or result.name in SETTLING for result in self.report.results)

    @property
    def lacks_approval(self) -> bool:
        """Whether nothing but somebody's approval is missing, which their review tells us of."""
        return {one.name for one in self.report.results if one.state != "pass"} == {"approvals"}

    def is_late(self, now: datetime) -> bool:
        """Whether its turn is over."""
        return self.turn is not None and now - self.turn >= TURN


def carry_over(issue: Issue, pull: PullRequest, draft: Draft) -> None:
    """Move an approval, and a person's yes, to a head that is our own update of the one that they are about,
    with an identical patch."""
    known = draft.claims.of(issue.number)
    verdict, yes = known.verdict, known.merge
    if verdict is not None and verdict.approve and verdict.head == pull.same_patch_as:
        carried = Verdict(
            head=pull.head, approve=True, run_id=verdict.run_id, reviewed=verdict.reviewed or verdict.head
        )
        draft.claims = draft.claims.remember(issue.number, verdict=carried)
    if yes is not None and yes.head == pull.same_patch_as:
        draft.claims = draft.claims.remember(issue.number, merge=yes.model_copy(update={"head": pull.head}))


def merge(said: Said, draft: Draft) -> Answer:
    """`/bead merge`: a person's yes to the head as it is now; it is merged once every guard passes."""
    issue, pull = said.bead, said.pull
    known = draft.claims.of(issue.number)
    if pull is None or pull.state != "open":
        return Answer(done=False, reply="It has no open pull request that could be merged.")
    if known.proposes:
        return Answer(done=False, reply=f"#{pull.number} {direction.NOT_OURS}.")
    if known.taken is not None:
        return Answer(
            done=False, reply=f"{known.taken.quiet_who} has taken it over: merge #{pull.number} by hand."
        )
    if merges_by_itself(said.snapshot):
        once = "once every guard passes, without anybody's yes; `/bead why` says what is missing"
        return Answer(done=False, reply=f"#{pull.number} is merged by itself {once}.")
    draft.claims = draft.claims.remember(issue.number, merge=said.word(head=pull.head))
    mending = mends(labels_of(issue, said.snapshot.policy))
    report = guard_report(said.snapshot, pull, known, said.now, mends_base=mending)
    if report.merges:
        return Answer(done=True)
    missing = "\n".join(f"- {reason}" for reason in report.reasons)
    bound = f"It is merged at `{pull.head[:12]}`, or our own update of that, once every guard passes."
    return Answer(done=True, reply=f"{bound} What is missing now:\n\n{missing}")


def merges_by_itself(snapshot: Snapshot) -> bool:
    """Whether approved pull requests need no person's yes: where checks guard the base branch, unless the
    policy says otherwise."""
    guarded = snapshot.rules.protected and bool(snapshot.rules.checks)
    return guarded and snapshot.policy.merge.by_itself == "protected"


def merge_in_turn(
    snapshot: Snapshot,
    lane: Sequence[tuple[Issue, PullRequest]],
    now: datetime,
    admission: Admission,
    draft: Draft,
) -> None:
    """The next step of every approved pull request; `lane` holds them in their order."""
    approved = [judge(snapshot, issue, pull, now, admission, draft) for issue, pull in lane]
    stops = {one.issue.number: admission.stops(one.issue.number, draft) for one in approved}
    may = [one for one in approved if one.settles and (one.wanted or not one.report.merges)]
    first = _first([one for one in may if not stops[one.issue.number]], now)
    for one in approved:
        bead = one.issue.number
        if one is first:
            _go(snapshot, one, now, draft)
        elif stops[bead]:
            draft.say(bead, State.MERGING, *stops[bead], *one.report.reasons)
        elif one.report.merges and not one.wanted:
            draft.say(bead, State.NEEDS_HUMAN, would_merge(snapshot, one.pull))
        elif first is not None and one.settles:
            draft.say(bead, State.MERGING, f"#{first.pull.number} goes first", *one.report.reasons)
        else:
            wait(one, now, draft)


def wait(one: Approved, now: datetime, draft: Draft) -> None:
    """Say what is missing, and look again where nobody tells us when it is there."""
    if one.lacks_approval:
        draft.say_all(one.issue.number, State.NEEDS_HUMAN, one.report.reasons)
        return
    state = State.NEEDS_HUMAN if one.report.state == "block" else State.MERGING
    draft.say_all(one.issue.number, state, one.report.reasons)
    draft.looks.append(now + LOOK_LATER)


def guard_report(
    snapshot: Snapshot, pull: PullRequest, known: History, now: datetime, *, mends_base: bool = False
) -> GuardReport:
    """What every guard says of a pull request, by what is remembered of its bead."""
    verdict = known.verdict
    reviewed, approve = (verdict.head, verdict.approve) if verdict is not None else (None, False)
    return evaluate(pull_facts(snapshot, pull, reviewed, approve, now, mends_base=mends_base))


def pull_facts(
    snapshot: Snapshot,
    pull: PullRequest,
    reviewed: str | None,
    approve: bool,
    now: datetime,
    *,
    mends_base: bool = False,
) -> PullFacts:
    """The facts about one pull request that the guards look at."""
    merge = snapshot.policy.merge
    cool_down = tuple(
        CoolDown(
            login=login,
            policy="advisory",
            seconds_left=max(0, int(seconds - (now - pull.pushed_at).total_seconds()))
            if pull.pushed_at
            else seconds,
            spoken=login in pull.reviewed_by,
        )
        for login, seconds in sorted(merge.cool_down.items())
    )
    approvals = sum(review.state == "approved" and not review.ours for review in pull.reviews)
    return PullFacts(
        open=pull.state == "open",
        draft=pull.draft,
        head=pull.head,
        reviewed_head=reviewed,
        approved=approve,
        behind=pull.behind,
        unresolved_threads=sum(not thread.resolved for thread in pull.threads),
        required=tuple(Required(need.name, need.app_id) for need in snapshot.rules.checks),
        checks=tuple(
            CheckFact(check.name, check.state, check.app_id, check.ours, check.skipped_after_failure)
            for check in pull.checks
        ),
        min_checks=merge.min_checks,
        changes_requested_by=tuple(r.login for r in pull.reviews if r.state == "changes-requested"),
        approvals=approvals,
        required_approvals=max(snapshot.rules.approvals, approvals + pull.review_required),
        mergeable=pull.mergeable,
        blocking_labels=tuple(label for label in pull.labels if label in merge.blocking_labels),
        base_state=snapshot.base_state,
        cool_down=cool_down,
        twin_pulls=pull.twin_heads,
        rules_known=snapshot.rules.known,
        own_check=CHECK,
        mends_base=mends_base,
        merge_queue=snapshot.rules.merge_queue,
    )


def would_merge(snapshot: Snapshot, pull: PullRequest) -> str:
    """What is said of a pull request that waits for a person's yes."""
    guarded = snapshot.rules.protected and bool(snapshot.rules.checks)
    why = "the policy lets a person say so" if guarded else f"{pull.base_ref} has no required checks"
    return f"I would merge #{pull.number}: {why}, so it waits for `/bead merge`"


def judge(
    snapshot: Snapshot,
    issue: Issue,
    pull: PullRequest,
    now: datetime,
    admission: Admission,
    draft: Draft,
) -> Approved:
    """What the guards say of an approved pull request."""
    known = draft.claims.of(issue.number)
    report = guard_report(snapshot, pull, known, now, mends_base=admission.mends_base(issue.number))
    wanted = merges_by_itself(snapshot) or (known.merge is not None and known.merge.head == pull.head)
    return Approved(issue, pull, report, wanted, known.turn)


def _first(settling: Sequence[Approved], now: datetime) -> Approved | None:
    """Who has the turn; each group is in the order of the lane."""
    fresh = [one for one in settling if not one.is_late(now)]
    if fresh:
        return min(fresh, key=lambda one: (not one.report.merges, one.turn is None))
    hour = int(now.timestamp() // TURN.total_seconds())
    return settling[hour % len(settling)] if settling else None


def _go(snapshot: Snapshot, one: Approved, now: datetime, draft: Draft) -> None:
    issue, pull = one.issue, one.pull
    if one.turn is None:
        draft.claims = draft.claims.remember(issue.number, turn=now)
    if not one.is_late(now):
        draft.looks.append((one.turn or now) + TURN)
    if pull.behind:
        draft.after.append(UpdateBranch(pull.number, pull.head))
        step = f"#{pull.number} is being brought up to date with {pull.base_ref}"
    elif one.report.merges:
        _merge(snapshot, one, now, draft)
        step = "every guard passes"
    else:
        draft.say_all(issue.number, State.MERGING, one.report.reasons)
        draft.looks.append(now + (LOOK_AGAIN if one.report.state == "unknown" else LOOK_LATER))
        return
    if one.is_late(now):
        refused = f"{step}, and yet that has not come about for an hour: see what its page says"
        draft.say(issue.number, State.NEEDS_HUMAN, refused)
    else:
        draft.say(issue.number, State.MERGING, step)


def is_allowed(snapshot: Snapshot, pull: PullRequest) -> bool:
    """Whether our own check lets GitHub merge it. It may be required: then it is posted first (`showing.py`),
    and what is true afterwards is read again."""
    posted = any(check.ours and check.name == CHECK and check.state == "green" for check in pull.checks)
    return posted or all(need.name != CHECK for need in snapshot.rules.checks)


def _merge(snapshot: Snapshot, one: Approved, now: datetime, draft: Draft) -> None:
    pull = one.pull
    if is_allowed(snapshot, pull):
        # It becomes a commit message on the base branch, where closing words close.
        title = f"{quoted_title(snapshot, one.issue.title)} (#{pull.number})"
        method = snapshot.policy.merge.method
        # A squash has the messages of its commits, with their trailers and whoever else wrote them.
        message = bead_trailer(one.issue.number) if method == "merge" else ""
        draft.after.append(Merge(pull.number, pull.head, method, title, message))
        draft.focus.add(one.issue.number)
        draft.looks.append(now + LOOK_LATER)
    else:
        draft.looks.append(now)
