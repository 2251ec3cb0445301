"""What a bead must say before it is worked on, and what happens where it does not: warn, wait, or draft it.

`/bead shape` has a job read the repository and draft what the text lacks. The draft is put to whoever asked
for it, as a question; a yes by somebody who may release the bead puts it below the text that it was drafted
upon, just as it was shown. Nothing else ever changes a text of people.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from bot.beads.body import BeadBody, missing, parse_body, with_sections
from bot.beads.digest import digest
from bot.beads.policy import Policy
from bot.beads.report import ShaperAnswer
from bot.coordinator.actions import SetBody, SetLabels
from bot.coordinator.admission import Admission
from bot.coordinator.claims import Answer, Claim
from bot.coordinator.decision import Draft, State
from bot.coordinator.history import Drafted, History, Option, Question
from bot.coordinator.quoting import BODY, TAKEN, quoted, quoted_line
from bot.coordinator.said import Said
from bot.coordinator.snapshot import Issue, Snapshot

SHAPE = "write them into its text, or have them drafted by `/bead shape`"


def gate(policy: Policy, beads: Sequence[Issue]) -> str | None:
    """Why beads that one worker does wait to be shaped, or None."""
    for bead in beads if policy.gate == "enforce" else ():
        if lacking := lacks(bead):
            which = "it" if len(beads) == 1 else f"#{bead.number}"
            return f"{which} lacks {', '.join(lacking)}: {SHAPE}"
    return None


def warn(policy: Policy, issues: dict[int, Issue], draft: Draft) -> None:
    """Say of each bead that was let through what it lacks; its worker is told to write down what it assumed.

    Only those that have been worked on are read: the others are not let through yet.
    """
    for number, known in draft.claims.history.items():
        if policy.gate == "warn" and known.begun and number in issues and number in draft.verdicts:
            lacking = lacks(issues[number])
            if lacking:
                draft.note(number, f"it lacks {', '.join(lacking)}; what is assumed instead is written down")


def lacks(issue: Issue) -> tuple[str, ...]:
    """The headings of the needed sections that say nothing."""
    return _lacking(issue.body)


@lru_cache(maxsize=4096)
def _lacking(body: str) -> tuple[str, ...]:
    """Read once for as long as it stays as it is: that takes a millisecond or two."""
    return missing(parse_body(body))


def shape(said: Said, draft: Draft) -> Answer:
    """`/bead shape`: what its text lacks is drafted; what is no bead yet becomes one, not released."""
    issue, bead = said.issue, said.comment.number
    if issue is None:
        draft.before.append(SetLabels(bead, said.comment.subject, add=(said.spelling.bead,)))
    else:
        bead = issue.number
        known = draft.claims.of(bead)
        if bead in draft.claims.live or said.pull is not None:
            return Answer(done=False, reply="It is worked on already, upon the text that it has.")
        if known.question is not None and known.question.draft is None:
            return Answer(done=False, reply="It waits for an answer first: `/bead why` says to what.")
        if known.planning is not None and known.planning.stage in ("shown", "approved"):
            return Answer(
                done=False,
                reply="What is proposed for it rests on the text that it has: `/bead approve` or"
                " `/bead revise` that first.",
            )
        if not lacks(issue):
            return Answer(done=False, reply="Its text says all that it has to.")
    draft.claims = draft.claims.remember(bead, shape=said.word(), question=None, stopped=None, failures=0)
    return Answer(done=True)


def start(issue: Issue, admission: Admission, draft: Draft) -> bool:
    """Have a draft made, where somebody asked for one and it is still needed; whether that is so."""
    known = draft.claims.of(issue.number)
    if known.shape is None:
        return False
    if not lacks(issue):
        draft.claims = draft.claims.remember(issue.number, shape=None)
        return False
    if known.stopped is not None:
        again = "`/bead shape` drafts anew, `/bead retry` does without"
        draft.say(issue.number, State.NEEDS_HUMAN, f"{known.stopped}; {again}")
        return True
    refused = admission.claim(issue, "shaper", draft)
    if refused is None:
        draft.say(issue.number, State.RUNNING, "what its text lacks is being drafted")
    else:
        draft.say(
            issue.number, State.PLANNED, f"what its text lacks is drafted as soon as it can be: {refused}"
        )
    return True


def offer(
    snapshot: Snapshot, issue: Issue, claim: Claim, run_id: int, answer: ShaperAnswer, known: History
) -> History:
    """The history with a draft waiting for a yes."""
    word = known.shape
    drafted = Drafted(
        run_id=run_id,
        digest=claim.digest or digest(issue.title, issue.body),
        asked_by=word.by if word is not None else "",
    )
    body = with_sections("", _harmless(snapshot, answer)).strip()
    if len(body) > BODY:
        why = (
            f"what was drafted has {len(body):,} characters, and no more than {BODY:,} can be shown for a yes"
        )
        return known.model_copy(update={"stopped": why})
    question = Question(
        text=f"Is this draft to be added to its text?\n\n{body}",
        options=(Option(key="yes", text="Add it."), Option(key="no", text="Leave the text as it is.")),
        recommended="yes",
        default="no",
        draft=drafted,
    )
    return known.model_copy(update={"shape": None, "failures": 0, "question": question})


def use(said: Said, drafted: Drafted, draft: Draft) -> str | None:
    """Add a draft to the text that it was made for; gives why not, or None."""
    issue = said.bead
    if not lacks(issue):
        return None  # this very command did it, and its answer got lost; or a person wrote it all
    if digest(issue.title, issue.body) != drafted.digest:
        return "Its text was edited after this was drafted; `/bead shape` drafts anew."
    report = said.snapshot.reports.get(drafted.run_id)
    if report is None or report.shaper is None:
        return "The draft is not kept any more; `/bead shape` drafts anew."
    body = with_sections(issue.body, _harmless(said.snapshot, report.shaper))
    if len(body) > TAKEN:
        return f"With it the text would have {len(body):,} characters, and GitHub takes {TAKEN:,}."
    draft.before.append(SetBody(issue.number, issue.id, drafted.digest, body))
    draft.rewired.add(issue.number)
    draft.say(issue.number, State.PLANNED, "its text is being completed")
    return None


def _harmless(snapshot: Snapshot, answer: ShaperAnswer) -> BeadBody:
    """The draft as it is shown and used."""
    return BeadBody(
        outcome=quoted(snapshot, answer.outcome).strip(),
        acceptance=tuple(quoted_line(snapshot, one) for one in answer.acceptance),
        scope=quoted(snapshot, answer.scope).strip(),
        verification=quoted(snapshot, answer.verification).strip(),
    )
