"""What the comment says that shows a proposal of beads, and what it says once they are made.

It is rendered from the report, the claims and the policy alone, so that two coordinators that show one report
write the same: what is approved is the comment with the digest that the claims remember.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bot.beads.body import BeadBody, not_in, parse_body, render_body, with_planned
from bot.beads.model import Role
from bot.beads.plan import PlanAnswer, PlannedBead
from bot.beads.plan_fault import PlanFault
from bot.beads.plan_shape import coupling, is_coupled, longest_chain, waves
from bot.beads.planned_body import body_of
from bot.beads.policy import DOLLAR
from bot.beads.report import Report
from bot.beads.tables import table_row
from bot.coordinator.claims import Claims
from bot.coordinator.comment_parts import bullets, dollars, folded, run_page
from bot.coordinator.epic_status import escaped
from bot.coordinator.making import Target, text_of
from bot.coordinator.quoting import harmless, listed_line, quotation, quoted_line, quoted_title
from bot.coordinator.snapshot import Issue, Snapshot
from bot.coordinator.status import AGAIN
from bot.guards.result import quoted as code

NONE: Mapping[Role, str] = {
    "writer": "No plan",
    "direction": "No proposal",
    "checkin": "No check-in",
    "reconciler": "Not reconciled",
}
"""How the comment begins where nothing came, by the role that was to make it."""
AGAIN_RECONCILED = "Reconcile the epic again"
PLAN = "plan"
"""Marks the comment."""
FILES = 4
"""How many files a row of the table names."""
KNOWN = 3
"""From how many beads on what they have cost tells what others will."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a run proposes, whichever its role.

    `plan` is what it answered; of gaps and findings only beads. Its `beads` are the same as they are made:
    what they cover counts `criteria`. `own` is what the text of the issue that it is proposed on is completed
    by, and `single` tells that this is all: the issue itself is the one bead.
    """

    plan: PlanAnswer
    beads: tuple[PlannedBead, ...]
    criteria: tuple[str, ...] = ()
    own: BeadBody | None = None
    single: bool = False


def proposal_of(snapshot: Snapshot, issue: Issue, report: Report) -> Proposal | None:
    """What a report proposes on an issue; None where it proposes no beads. What else it holds than the answer
    of its own role was checked by nobody."""
    if report.role == "writer" and report.writer is not None and report.writer.beads:
        plan = report.writer
        clean = partial(harmless, snapshot)
        single = len(plan.beads) == 1
        whole = PlannedBead(
            title=plan.beads[0].title,
            outcome=plan.outcome,
            acceptance=plan.acceptance,
            verification=plan.verification,
        )
        own = body_of(plan.beads[0] if single else whole, harmless=clean)
        # As the issue will number them: what people have asked for there comes first.
        asked = parse_body(with_planned(issue.body, own)).acceptance
        places = {
            number: asked.index(one) + 1 for number, one in enumerate(own.acceptance, 1) if one in asked
        }
        return Proposal(plan, _serving(plan.beads, places), asked, own, single)
    if report.role == "reconciler" and report.reconciler is not None and report.reconciler.gaps:
        plan = PlanAnswer(summary=report.reconciler.summary, beads=report.reconciler.gaps)
        matrix = tuple(f"{row.source}: {row.text}" for row in report.reconciler.matrix)
        after = tuple(range(1, len(plan.beads) + 1))
        again = PlannedBead(title=AGAIN_RECONCILED, type="reconcile", after=after)
        plan = plan.model_copy(update={"beads": (*plan.beads, again)})
        return Proposal(plan, plan.beads, matrix)
    if report.role == "checkin" and report.checkin is not None and report.checkin.findings:
        plan = PlanAnswer(summary=report.checkin.summary, beads=report.checkin.findings)
        return Proposal(plan, plan.beads)
    return None


def _serving(beads: Sequence[PlannedBead], places: Mapping[int, int]) -> tuple[PlannedBead, ...]:
    """The beads with what they cover as numbered elsewhere."""
    return tuple(
        bead.model_copy(update={"covers": tuple(places[one] for one in bead.covers if one in places)})
        for bead in beads
    )


def proposal_text(
    snapshot: Snapshot, issue: Issue, proposal: Proposal, target: Target, claims: Claims
) -> str:
    """The comment that shows a proposal, of any length."""
    beads = proposal.beads
    count = "One bead is" if len(beads) == 1 else f"{len(beads)} beads are"
    some = "" if len(beads) == 1 else ", `/bead approve 1 2` those two alone"
    makes = "makes it" if len(beads) == 1 else "makes all of them"
    makes = "completes the text of this issue with it" if proposal.single else makes
    how = (
        f"`/bead approve` {makes}{some}; `/bead revise TEXT` has it planned anew with that in mind. "
        "Until then nothing is made; what is approved is what this comment says now."
    )
    parts = [
        f"**{count} proposed** · [run]({run_page(snapshot, target.run_id)})",
        harmless(snapshot, proposal.plan.summary).strip(),
        how,
        _table(snapshot, beads, {}),
        _drawing(beads) if len(beads) > 1 else "",
        bullets(_figures(snapshot, proposal.plan, claims)),
        "\n".join(_texts(snapshot, issue, proposal, target)),
    ]
    return "\n\n".join(filter(None, parts))


def made_text(
    snapshot: Snapshot,
    proposal: Proposal,
    planned: Mapping[int, PlannedBead],
    numbers: Mapping[int, int],
    released: int | None = None,
) -> str:
    """The comment once all that was approved is there; `released` is their epic where that is released."""
    if proposal.single:
        return "**Approved** · this issue is the bead; what was proposed is in its text."
    left = len(proposal.beads) - len(planned)
    rest = f" {left} of the proposal {'was' if left == 1 else 'were'} left out." if left else ""
    count = "one bead is" if len(planned) == 1 else f"{len(planned)} beads are"
    ready = snapshot.policy.spelling.ready
    them = "it" if len(planned) == 1 else "them"
    begins = f"The label `{ready}` lets {them} be worked on."
    if proposal.own is not None:
        begins = f"The label `{ready}` on this issue lets all of them be worked on, on a bead that one."
    if released is not None:
        begins = f"#{released} is released, so they begin by themselves as soon as nothing holds them."
    return "\n\n".join(
        (
            f"**Approved** · {count} made.{rest} {begins}",
            _table(snapshot, proposal.beads, numbers),
        )
    )


def refused_text(snapshot: Snapshot, faults: Sequence[PlanFault], role: Role) -> str:
    """The comment when the plan that came may not be made: all that is wrong with it."""
    rows = "\n".join(f"- `{fault.code}`: {listed_line(snapshot, fault.text)}" for fault in faults)
    head = f"**{NONE[role]}** · what was planned may not be made, and nothing was:"
    return f"{head}\n\n{rows}\n\n{AGAIN[role]}"


def ended_text(snapshot: Snapshot, said: Sequence[str], role: Role) -> str:
    """The comment when no plan came: why, in the words of whoever could not."""
    rows = "\n".join(quotation(harmless(snapshot, one)) for one in said)
    return f"**{NONE[role]}** · nothing was made, and this is why:\n\n{rows}\n\n{AGAIN[role]}"


# -- the parts ----------------------------------------------------------------------------------------------
def _table(snapshot: Snapshot, beads: Sequence[PlannedBead], numbers: Mapping[int, int]) -> str:
    """All of the beads, or those that are made with their numbers."""
    head = "| | bead | type | priority | complexity | waits for | files |\n|---|---|---|---|---|---|---|"
    rows = [
        _row(snapshot, place, bead, numbers)
        for place, bead in enumerate(beads, start=1)
        if not numbers or place in numbers
    ]
    return "\n".join((head, *rows))


def _row(snapshot: Snapshot, place: int, bead: PlannedBead, numbers: Mapping[int, int]) -> str:
    after = [f"#{numbers[one]}" if one in numbers else str(one) for one in bead.after]
    if numbers:
        after = [one for one in after if one.startswith("#")]
    waits = ", ".join([*after, *(f"#{number}" for number in bead.blocked_by)])
    files = [*bead.files, *bead.creates]
    more = f" and {len(files) - FILES} more" if len(files) > FILES else ""
    cells = (
        f"#{numbers[place]}" if place in numbers else str(place),
        quoted_title(snapshot, bead.title),
        bead.type,
        bead.priority,
        bead.complexity,
        waits,
        quoted_line(snapshot, code(files[:FILES]) if files else "") + more,
    )
    return table_row(cells)


def _drawing(beads: Sequence[PlannedBead]) -> str:
    lines = ["flowchart LR"]
    lines += [
        f'  p{place}["{escaped(f"{place} {bead.title}")}"]' for place, bead in enumerate(beads, start=1)
    ]
    outside = sorted({number for bead in beads for number in bead.blocked_by})
    lines += [f'  b{number}(["{escaped(f"#{number}")}"])' for number in outside]
    for place, bead in enumerate(beads, start=1):
        lines += [f"  p{one} --> p{place}" for one in sorted(set(bead.after))]
        lines += [f"  b{number} --> p{place}" for number in sorted(set(bead.blocked_by))]
    return "```mermaid\n" + "\n".join(lines) + "\n```"


def _figures(snapshot: Snapshot, plan: PlanAnswer, claims: Claims) -> list[str]:
    """What goes when, how long that is at the least, how tightly it hangs together, what it will cost."""
    lines = []
    if len(plan.beads) > 1:
        at_once = [", ".join(map(str, wave)) for wave in waves(plan)]
        lines.append("waves, each of what can go at the same time: " + " → ".join(at_once))
        chain = longest_chain(plan)
        lines.append(f"longest chain: {len(chain)} ({' → '.join(map(str, chain))})")
    coupled = coupling(plan)
    lines += [f"{one.signal}: {listed_line(snapshot, one.text)}" for one in coupled]
    if is_coupled(plan):
        lines.append("that couples it tightly: once it is made, `/bead lead` gives all of it to one worker")
    lines.append(_cost(snapshot, sum(bead.works for bead in plan.beads), claims))
    return lines


def _cost(snapshot: Snapshot, count: int, claims: Claims) -> str:
    """What the beads will cost, by what others have cost here."""
    spent = [
        known.spent
        for known in claims.history.values()
        if known.spent and any(one.role == "worker" for one in known.tried)
    ]
    if len(spent) >= KNOWN:
        each = sum(spent) // len(spent)
        return (
            f"expected cost: about {dollars(each * count)}; the {len(spent)} beads that are under way here"
            f" have cost {dollars(each)} each so far"
        )
    each = int(snapshot.policy.budget.run * DOLLAR)
    return (
        f"expected cost: up to {dollars(2 * each * count)}; too few beads have been worked on here to know,"
        f" and the policy lets a run cost {dollars(each)}: one works, one reviews"
    )


def _texts(snapshot: Snapshot, issue: Issue, proposal: Proposal, target: Target) -> list[str]:
    """All texts, whole, as they will be."""
    texts = []
    own = render_body(not_in(issue.body, proposal.own)) if proposal.own is not None else ""
    if own:
        texts.append(folded("What is added to this issue", quotation(own)))
    if not proposal.single:
        texts += [
            folded(
                f"{place}. {quoted_title(snapshot, bead.title)}", quotation(text_of(bead, target, snapshot))
            )
            for place, bead in enumerate(proposal.beads, start=1)
        ]
    return texts
