"""The last bead of what was planned by a change of the specs: it archives the change.

It is made when nothing else of its epic is left, later generations too, so that it is the last of all. What
it says is ours, no model's; the epic's release counts for it as for any bead that we put there. Where one
bead built all of the change there is no epic: the bead that archives waits for a release of its own.
"""

from __future__ import annotations

from bot.coordinator.actions import CreateBead
from bot.coordinator.decision import Draft, State
from bot.coordinator.snapshot import Issue, Snapshot

CLI = "npx --yes @fission-ai/openspec@1.13.2"


def archives(issue: Issue, number: int) -> bool:
    """Whether a bead is the one that archives the change which issue `number` was planned by."""
    return f"bead={number}-archive" in issue.markers


def archive(snapshot: Snapshot, issue: Issue, draft: Draft) -> bool:
    """Have the change archived that an epic was planned by, now that all else of it is done; whether that was
    still to be asked for."""
    change = draft.claims.of(issue.number).change
    if not change:
        return False
    draft.before.append(_bead(snapshot, issue, change, epic=True))
    draft.claims = draft.claims.remember(issue.number, change="")
    draft.say(issue.number, State.BLOCKED, f"all is built: a bead archives the change `{change}`")
    return True


def archive_after(snapshot: Snapshot, issue: Issue, draft: Draft) -> None:
    """The same where one bead has built all of it, and is closed now."""
    change = draft.claims.of(issue.number).change
    if change:
        draft.before.append(_bead(snapshot, issue, change, epic=False))


def _bead(snapshot: Snapshot, issue: Issue, change: str, *, epic: bool) -> CreateBead:
    return CreateBead(
        issue.number,
        f"{issue.number}-archive",
        f"Archive the change {change}",
        TEXT.format(change=change, number=issue.number, cli=CLI),
        (snapshot.policy.spelling.bead,),
        parent_id=issue.database_id if epic else None,
        parent=issue.number if epic else None,
    )


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
