"""What a reconciliation has proved all to be met of, and that it is proved no more once that is another.

It is about the text of its epic, and about each closed bead below: which one, its title, when its text was
edited last. The digest of these is kept in the claim of its run, and goes from there into what is remembered
of the epic; so an edit that the run may or may not have read is looked at once more, and none is missed. Once
it differs, or a bead below the epic is open, the proof is taken back: the bead that reconciles is opened
again and does so anew, for the same generation. Each change costs one run at most, because what that run is
about is the change as well.

Beads that end the epic are not among them: what reconciles or reports, and what archives its change. They are
closed after it was proved, when nobody sees any more what they were; so they are remembered while they are
open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.beads.digest import digest_all
from bot.beads.labels import Labels
from bot.coordinator.actions import Action, Reopen, Say
from bot.coordinator.archiving import archives
from bot.coordinator.claims import Claims
from bot.coordinator.coverage_comment import COVERAGE
from bot.coordinator.decision import Draft, State
from bot.coordinator.edges import ENDS
from bot.coordinator.history import Reconciliation
from bot.coordinator.snapshot import Issue, Snapshot

LENGTH = 16
LISTED = 10


def remember_ends(issues: Mapping[int, Issue], labels: Mapping[int, Labels], draft: Draft) -> None:
    """Remember of every epic that is reconciled which open beads below it only end it."""
    for number, known in draft.claims.history.items():
        found = known.reconciliation
        if found is None or number not in issues:
            continue
        ends = [
            child
            for child in issues[number].children
            if child in issues and child != found.bead
            if labels[child].type in ENDS or archives(issues[child], number, known.change)
        ]
        if not set(ends) <= set(found.ends):
            added = found.model_copy(update={"ends": tuple(sorted({*found.ends, *ends}))})
            draft.claims = draft.claims.remember(number, reconciliation=added)


def about(snapshot: Snapshot, bead: Issue, claims: Claims) -> str:
    """What a run of a bead that reconciles is about, as a short value; empty where it has no epic."""
    epic = next((one for one in snapshot.issues if one.number == bead.parent), None)
    if epic is None:
        return ""
    known = claims.of(epic.number).reconciliation
    return _about(snapshot, epic, {bead.number, *(known.ends if known is not None else ())})


def take_back(snapshot: Snapshot, issues: Mapping[int, Issue], draft: Draft) -> None:
    """Have every epic reconciled anew that was proved, and is another by now than it was then."""
    for number, known in draft.claims.history.items():
        found, epic = known.reconciliation, issues.get(number)
        if found is None or not found.proved or epic is None:
            continue
        recorded = snapshot.claims.of(number).reconciliation
        if recorded is None or recorded.run_id != found.run_id:
            continue  # found just now: it may still come to nothing
        why = _changed(snapshot, epic, found, issues)
        if why is None:
            continue
        again = Reconciliation(bead=found.bead, generation=found.generation, ends=found.ends)
        draft.claims = draft.claims.remember(number, reconciliation=again)
        text = (
            f"**Not proved any more** · {why}. #{found.bead} reconciles it anew as soon as nothing else of it"
            " is open."
        )
        draft.before += [*_opened(snapshot, epic, found.bead, issues, text, draft)]
        draft.before.append(Say(number, epic.id, COVERAGE, text))
        draft.rewired |= {number, *(end for end in found.ends if end in issues)}  # they wait for it again
        draft.say(number, State.BLOCKED, f"it is reconciled anew by #{found.bead}: {why}")


def _about(snapshot: Snapshot, epic: Issue, apart: set[int]) -> str:
    below = (
        (f"#{child} {ended.title}", ended.edited.isoformat() if ended.edited is not None else "")
        for child in sorted(epic.children)
        if child not in apart and (ended := snapshot.ended.get(child)) is not None
    )
    return digest_all([(epic.title, epic.body), *below])[:LENGTH]


def _changed(
    snapshot: Snapshot, epic: Issue, found: Reconciliation, issues: Mapping[int, Issue]
) -> str | None:
    apart = {found.bead, *found.ends}
    still = [child for child in epic.children if child in issues and child not in apart]
    if still:
        more = f" and {len(still) - LISTED} more" if len(still) > LISTED else ""
        are = "is" if len(still) == 1 else "are"
        return f"{', '.join(f'#{child}' for child in still[:LISTED])}{more} {are} open below it"
    if found.about and found.about != _about(snapshot, epic, apart):
        return "its text, that of a bead below it, or which beads these are has changed since"
    return None


def _opened(
    snapshot: Snapshot, epic: Issue, bead: int, issues: Mapping[int, Issue], text: str, draft: Draft
) -> Iterable[Action]:
    """The bead that reconciles, open and told why. One that was moved away is left where it is: then a person
    is asked (`reconciling.unproved`)."""
    if bead in issues:
        yield Say(bead, issues[bead].id, COVERAGE, text)
    elif bead in epic.children and bead in snapshot.ended:
        node = snapshot.ended[bead].id
        yield Reopen(bead, node)
        yield Say(bead, node, COVERAGE, text)
        draft.claims = draft.claims.remember(bead, shown=True)  # its comment says that it is done
