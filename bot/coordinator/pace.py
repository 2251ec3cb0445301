"""How fast the whole repository goes, and what stops it: by people's word, by its policy, by what fails.

- A standstill stops everything that we begin: claims of workers and reviewers, updates, merges. What runs
  goes on to its end and is settled; what is in GitHub's merge queue is GitHub's. It is somebody's
  `/bead pause`, our own after failed attempts in a row, a workflow that is disabled, or a policy that cannot
  be read: nobody knows then what it would allow.
- Quiet hours, the day's number of beads and `/bead run N` keep new beads from beginning, no more: what has
  begun is retried, reviewed, corrected and merged. A bead begins when its first attempt is claimed.
- Planning is none of that: a run that plans begins no bead, fails for itself alone and waits for no branch to
  be green. A standstill stops it as well.
- A red base branch stops all of it but for the bead that mends it: one of type `bug` and priority `P0`, which
  somebody with authority has released like any other.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from bot.beads.labels import Labels
from bot.beads.model import BeadType, Priority
from bot.beads.policy import MINUTES_OF_A_DAY
from bot.beads.policy import Pace as PacePolicy
from bot.coordinator.claims import Answer, Claims, Going
from bot.coordinator.decision import BeadVerdict, Draft, State
from bot.coordinator.history import Word
from bot.coordinator.said import Said
from bot.coordinator.snapshot import Issue, Snapshot

MINUTE = timedelta(minutes=1)
RESUME = "`/bead resume` lets it go on"


# -- what stops everything --------------------------------------------------------------------------------
def standstill(snapshot: Snapshot, going: Going) -> tuple[str, ...]:
    """Why nothing may begin or be merged in the repository: every reason, none when it may."""
    reasons = []
    if snapshot.policy_fault is not None:
        reasons.append(snapshot.policy_fault)
    if not snapshot.workflow_enabled:
        reasons.append("the workflow is disabled in this repository; enabling it on its page is how to go on")
    if going.paused is not None:
        reasons.append(_paused(going.paused))
    return tuple(reasons)


def _paused(word: Word) -> str:
    why = f" ({word.reason})" if word.reason else ""
    return f"the repository is paused{f' by @{word.by}' if word.by else ''}{why}; {RESUME}"


def mends(labels: Labels) -> bool:
    """Whether a bead may go on while the base branch is red."""
    return labels.type is BeadType.BUG and labels.priority is Priority.P0


def red_base(snapshot: Snapshot, labels: Labels) -> str | None:
    """Why a red base branch stops this bead, or None."""
    if snapshot.base_state != "red" or mends(labels):
        return None
    return f"{snapshot.default_branch} is red: until it is green only a bead labelled `bug` and `P0` goes on"


# -- what keeps beads from beginning ----------------------------------------------------------------------
def not_yet(policy: PacePolicy, draft: Draft, now: datetime) -> tuple[str, ...]:
    """Why no new bead may begin now; when time alone changes that is a look of the draft."""
    going, here = draft.claims.going, now.astimezone(policy.zone)
    reasons = []
    if going.left == 0:
        reasons.append("as many beads have begun as `/bead run` let; `/bead run 3` lets more, " + RESUME)
    if policy.beads_per_day is not None and going.begun.get(here.date(), 0) >= policy.beads_per_day:
        midnight = datetime.combine(here.date() + timedelta(days=1), time(), here.tzinfo)
        draft.looks.append(midnight.astimezone(UTC))
        count = policy.beads_per_day
        reasons.append(f"{count} beads have begun today, as many as may; the next begins tomorrow")
    if policy.is_quiet(here.time()):
        until = _quiet_until(policy, now)
        draft.looks.append(until)
        reasons.append(f"no bead begins in the quiet hours, until {_moment(until, policy, now)}")
    return tuple(reasons)


def begin(policy: PacePolicy, claims: Claims, now: datetime) -> Claims:
    """With one more bead begun; only today and the day before are remembered."""
    going, today = claims.going, now.astimezone(policy.zone).date()
    begun = {day: count for day, count in going.begun.items() if _is_near(day, today)}
    begun[today] = begun.get(today, 0) + 1
    left = None if going.left is None else max(0, going.left - 1)
    return _with(claims, begun=begun, left=left)


def _is_near(day: date, today: date) -> bool:
    return today - timedelta(days=1) <= day <= today


def _quiet_until(policy: PacePolicy, now: datetime) -> datetime:
    """The next minute whose time on the wall is not quiet, whether clocks are put forward or back."""
    until = now.astimezone(UTC).replace(second=0, microsecond=0)
    for _ in range(2 * MINUTES_OF_A_DAY):
        until += MINUTE
        if not policy.is_quiet(until.astimezone(policy.zone).time()):
            break
    return until


def _moment(moment: datetime, policy: PacePolicy, now: datetime) -> str:
    here = moment.astimezone(policy.zone)
    day = "" if here.date() == now.astimezone(policy.zone).date() else f"{here:%Y-%m-%d} "
    return f"{day}{here:%H:%M} ({policy.time_zone})"


# -- attempts that fail -----------------------------------------------------------------------------------
def count_failure(policy: PacePolicy, claims: Claims, bead: int, now: datetime) -> Claims:
    """With one more failed attempt in a row, over all beads; as many as the policy takes pause it all."""
    going = claims.going
    failures = going.failures + 1
    if going.paused is not None or failures < policy.failures:
        return _with(claims, failures=failures)
    word = Word(by="", at=now, reason=f"{failures} attempts in a row failed, the last one of #{bead}")
    return _with(claims, failures=failures, paused=word, bead=bead)


def count_success(claims: Claims) -> Claims:
    """With an attempt that came to something: failures are counted anew."""
    return _with(claims, failures=0) if claims.going.failures else claims


def tell(issues: dict[int, Issue], draft: Draft) -> None:
    """A pause of our own is told as what it is, once: on the bead whose failure led to it, or when that is
    not open any more on the first that waits for it."""
    going = draft.claims.going
    if going.paused is None or going.paused.by:
        return
    bead = going.bead
    if bead not in issues:
        waiting = sorted(number for number, verdict in draft.verdicts.items() if verdict.state is State.READY)
        bead = waiting[0] if waiting else None
        if bead != going.bead:
            draft.claims = _with(draft.claims, bead=bead)
    if bead is None:
        return
    known = draft.verdicts.get(bead, BeadVerdict(State.NEEDS_HUMAN))
    said = _paused(going.paused)
    reasons = [reason for reason in known.reasons if reason != said]
    draft.say_all(bead, State.NEEDS_HUMAN, [said, *reasons])


# -- the commands -----------------------------------------------------------------------------------------
def pause(said: Said, draft: Draft) -> Answer:
    """`/bead pause [reason]`: nothing begins and nothing is merged until somebody resumes."""
    draft.claims = _with(draft.claims, paused=said.word(), bead=None)
    over = {run.token for run in said.snapshot.runs if run.done}
    running = sum(claim.token not in over for claim in draft.claims.live.values())
    ends = f" {running} under way {'ends' if running == 1 else 'end'} as usual." if running else ""
    return Answer(done=True, reply=f"Nothing begins and nothing is merged now.{ends} {RESUME}.")


def resume(said: Said, draft: Draft) -> Answer:
    """`/bead resume`: as if nobody had paused, no attempt had failed, and `run N` had not been said."""
    draft.claims = _with(draft.claims, paused=None, left=None, failures=0, bead=None)
    rest = standstill(said.snapshot, draft.claims.going)
    if rest:
        return Answer(done=True, reply="It is not paused any more, but still stands: " + "; ".join(rest))
    return Answer(done=True)


def run(said: Said, draft: Draft) -> Answer:
    """`/bead run N`: this many more beads begin, then no other; a pause is over."""
    (count,) = said.command.numbers
    draft.claims = _with(draft.claims, paused=None, left=count, failures=0, bead=None)
    more = "1 more bead begins" if count == 1 else f"{count} more beads begin"
    return Answer(done=True, reply=f"{more}, then no other until `/bead run N` or `/bead resume`.")


def _with(claims: Claims, **changes: object) -> Claims:
    return claims.model_copy(update={"going": claims.going.model_copy(update=changes)})
