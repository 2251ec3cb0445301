"""The last bead of what was planned by a change of the specs: it archives the change.

It is made when nothing else of its epic is left, later generations too, so that it is the last of all. What
it says is ours, no model's; the epic's release counts for it as for any bead that we put there. Where one
bead built all of the change there is no epic: the bead that archives waits for a release of its own.

Nothing is closed before it is seen: it is asked for in every pass until then, and after `PATIENCE` a person
is told that GitHub makes none. They make it by hand, and it is known by its title, or let the epic end
without it (`/bead accept`), which is written down there.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.coordinator.actions import CreateBead, Say
from bot.coordinator.claims import Answer
from bot.coordinator.coverage_comment import ACCEPTED
from bot.coordinator.decision import Draft, State
from bot.coordinator.quoting import quoted_line
from bot.coordinator.said import Said
from bot.coordinator.snapshot import Issue, Snapshot

CLI = "npx --yes @fission-ai/openspec@1.13.2"
SOON = timedelta(seconds=5)
LATE = timedelta(minutes=10)
"""How soon it is asked for again, at the earliest and at the latest."""
PATIENCE = timedelta(hours=1)


def archives(issue: Issue, number: int, change: str) -> bool:
    """Whether a bead is the one that archives the change which issue `number` was planned by."""
    return f"bead={number}-archive" in issue.markers or _is_called(issue.title, change)


def archive(snapshot: Snapshot, issue: Issue, now: datetime, draft: Draft) -> bool:
    """Have the change archived that an epic, or a bead that built all of it, was planned by, now that all of
    it is done; whether it waits for that. An epic is done after the bead that archives."""
    number = issue.number
    known = draft.claims.of(number)
    change, since = known.change, known.archive or now
    if not change and snapshot.claims.of(number).change:
        draft.looks.append(now)  # accepted just now: it may still come to nothing
        draft.say(number, State.BLOCKED, "all is built, and its change is not archived")
        return True
    if not change or _is_there(snapshot, issue, change):
        return False
    draft.claims = draft.claims.remember(number, archive=since)
    draft.looks.append(now + max(SOON, min((now - since) / 2, LATE)))
    draft.before.append(_bead(snapshot, issue, change))
    if now - since < PATIENCE:
        draft.say(number, State.BLOCKED, f"all is built: a bead archives the change `{change}`")
        return True
    where = f"below #{number} " if issue.children else ""
    why = (
        f"all is built, and GitHub makes no bead that archives the change `{change}`: make one {where}with"
        f" the title `{_title(change)}`, or let this end without it by `/bead accept REASON`"
    )
    draft.say(number, State.NEEDS_HUMAN, why)
    return True


def accept(said: Said, draft: Draft) -> Answer | None:
    """`/bead accept [REASON]` where a bead that archives a change does not come to be: none does; None where
    none is waited for."""
    issue = said.bead
    known = draft.claims.of(issue.number)
    if known.archive is None or not known.change or _is_there(said.snapshot, issue, known.change):
        return None
    word = said.word()
    reason = f": {quoted_line(said.snapshot, word.reason)}" if word.reason else ""
    text = (
        f"**Accepted** · {word.quiet_who} lets this end as it is{reason}\n\n"
        f"Open: the change `{known.change}` is not archived."
    )
    draft.claims = draft.claims.remember(issue.number, change="", archive=None)
    draft.before.append(Say(issue.number, issue.id, ACCEPTED, text))
    return Answer(done=True)


def _is_there(snapshot: Snapshot, issue: Issue, change: str) -> bool:
    below = (snapshot.ended[child].title for child in issue.children if child in snapshot.ended)
    return any(_is_called(title, change) for title in below) or any(
        archives(one, issue.number, change)
        for one in snapshot.issues
        if one.parent == issue.number or not issue.children
    )


def _bead(snapshot: Snapshot, issue: Issue, change: str) -> CreateBead:
    return CreateBead(
        issue.number,
        f"{issue.number}-archive",
        _title(change),
        TEXT.format(change=change, number=issue.number, cli=CLI),
        (snapshot.policy.spelling.bead,),
        parent_id=issue.database_id if issue.children else None,
        parent=issue.number if issue.children else None,
    )


def _title(change: str) -> str:
    return f"Archive the change {change}"


def _is_called(title: str, change: str) -> bool:
    return bool(change) and title.strip().lower() == _title(change).lower()


TEXT = """\
## Outcome

The change `{change}` is archived: the specifications say what it made of them.

## Context

All of #{number}, which builds `openspec/changes/{change}`, is done. Archiving lays the change's deltas upon
`openspec/specs` and moves its folder to `openspec/changes/archive`. The CLI does both:

1. Tick off in `openspec/changes/{change}/tasks.md` what is built. What is not belongs into your summary.
2. `{cli} archive {change} --yes`, with `OPENSPEC_TELEMETRY=0` in the environment.

## Acceptance criteria

1. `openspec/changes/{change}` is gone, and a folder of `openspec/changes/archive` whose name ends in its name
   holds its files.
2. Each requirement that the change added or modified stands in `openspec/specs` as the change has it, and
   none that it removed.
3. Nothing outside `openspec/` is changed.

## Scope

`openspec/` alone. Where the CLI cannot be had, the same edits by hand.

## Verification

`{cli} validate --specs --strict` passes.
"""
