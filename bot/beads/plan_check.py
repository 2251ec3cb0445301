"""Whether a plan may be made: everything that is wrong with it, at once.

Nothing here knows who wrote the plan or what is done about it. The job that has it written checks it with the
files of the base commit; the coordinator, which knows only the graph, checks it again before it shows it and
before it makes anything. docs/design/planning.md says what is refused and why.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.beads.body import BeadBody, missing
from bot.beads.footprint import footprint_faults
from bot.beads.plan import PlanAnswer
from bot.beads.plan_edges import PlanEdges, edge_faults
from bot.beads.plan_facts import PlanFacts
from bot.beads.plan_fault import FaultCode, PlanFault, beads
from bot.beads.plan_twins import twin_faults
from bot.beads.plan_words import text_faults, word_faults

MOST = 7
"""How many beads that work a plan may have; what reconciles and reports them comes besides."""
READ = 50
"""A plan of more beads than this is refused unread: nobody would mend it bead by bead."""


def check_plan(plan: PlanAnswer, facts: PlanFacts) -> tuple[PlanFault, ...]:
    """All that is wrong with a plan; nothing where it may be made."""
    each = _beads(plan, facts, itself=len(plan.beads) == 1)
    return (*_whole(plan), *_covered(plan), *_ended(plan, facts), *each)


def check_beads(plan: PlanAnswer, facts: PlanFacts) -> tuple[PlanFault, ...]:
    """All that is wrong with the beads of a plan one by one and between each other, whatever plan they make:
    of gaps and findings, which are a list and no plan."""
    return _beads(plan, facts, itself=False)


def _beads(plan: PlanAnswer, facts: PlanFacts, *, itself: bool) -> tuple[PlanFault, ...]:
    if len(plan.beads) > READ:
        return ()
    edges = PlanEdges(plan.beads, facts, itself=itself)
    return (
        *word_faults(plan),
        *twin_faults(plan, facts),
        *edge_faults(edges),
        *footprint_faults(edges),
    )


def _whole(plan: PlanAnswer) -> Iterator[PlanFault]:
    if plan.declined and plan.beads:
        text = "The plan declines and has beads: leave out the beads, or the reason to decline."
        yield PlanFault(FaultCode.DECLINED, (), text)
    if not plan.declined and not any(bead.works for bead in plan.beads):
        text = "The plan has no bead that works: plan one at least, or say in `declined` why there is none."
        yield PlanFault(FaultCode.EMPTY, (), text)
    count = sum(bead.works for bead in plan.beads)
    if count > MOST:
        unread = " (so many are not looked at one by one)" if len(plan.beads) > READ else ""
        text = f"The plan has {count} beads that work, and may have {MOST}{unread}: plan less at first."
        yield PlanFault(FaultCode.TOO_MANY, (), text)
    if len(plan.beads) > 1:
        lacking = missing(
            BeadBody(
                outcome=plan.outcome,
                acceptance=plan.acceptance,
                scope="The beads.",
                verification=plan.verification,
            )
        )
        if lacking:
            text = f"The plan says nothing under {', '.join(lacking)}: say when all of it is done."
            yield PlanFault(FaultCode.UNSAID, (), text)
    texts = [("summary", plan.summary), ("outcome", plan.outcome), ("verification", plan.verification)]
    yield from text_faults([*texts, *(("acceptance", line) for line in plan.acceptance)])


def _covered(plan: PlanAnswer) -> Iterator[PlanFault]:
    """Criteria that no bead serves, and beads that serve what is none."""
    there = range(1, len(plan.acceptance) + 1)
    for place, bead in enumerate(plan.beads, start=1):
        for number in sorted(set(bead.covers).difference(there)):
            text = f"Bead {place} covers criterion {number}, which the plan has not: mend `covers`."
            yield PlanFault(FaultCode.COVERS, (place,), text)
    if len(plan.beads) > 1:
        covered = {number for bead in plan.beads if bead.works for number in bead.covers}
        for number in there:
            if number not in covered:
                said = plan.acceptance[number - 1]
                text = f"No bead that works covers criterion {number} (`{said}`): name it in `covers` of one."
                yield PlanFault(FaultCode.UNCOVERED, (), text)


def _ended(plan: PlanAnswer, facts: PlanFacts) -> Iterator[PlanFault]:
    """Whether a plan ends in what reconciles it, and then in its report."""
    places = dict(enumerate(plan.beads, start=1))
    if len(places) > READ:
        return
    reconciling = [place for place, bead in places.items() if bead.type == "reconcile"]
    count = sum(bead.works for bead in plan.beads)
    if not reconciling and count >= facts.reconcile_from:
        text = (
            f"A plan of {count} beads has to end in one that reconciles it: add one of type `reconcile` after"
        )
        yield PlanFault(FaultCode.NO_RECONCILIATION, (), f"{text} all others.")
    if len(reconciling) > 1:
        text = f"{beads(reconciling).capitalize()} all reconcile the plan: leave one."
        yield PlanFault(FaultCode.NOT_LAST, tuple(reconciling), text)
    before = PlanEdges(plan.beads, facts).before
    for place, bead in places.items():
        if bead.works:
            continue
        working = [other for other, one in places.items() if one.works]
        ends = reconciling or working if bead.type == "report" else working
        early = sorted(set(ends) - before[place])
        if early:
            text = f"Bead {place} (`{bead.type}`) does not wait for {beads(early)}: name them in its `after`."
            yield PlanFault(FaultCode.NOT_LAST, (place,), text)
