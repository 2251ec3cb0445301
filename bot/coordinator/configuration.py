"""A policy that is at fault is shown where it was broken: once, by a check on that commit, at its lines.

The claims remember the commit, so that neither a restart nor another coordinator says it again, and that the
commit that mends the file gets the check that says so.
"""

from __future__ import annotations

from bot.beads.policy import POLICY_PATH
from bot.coordinator.actions import Annotation, PostCheck
from bot.coordinator.decision import Draft
from bot.coordinator.snapshot import Snapshot

NAME = "beadwright configuration"


def show_faults(snapshot: Snapshot, draft: Draft) -> None:
    """Say on the commit that changed the policy's file last that it is at fault, or no longer."""
    commit, shown = snapshot.policy_commit, draft.claims.misconfigured
    if commit is None:
        return
    if snapshot.policy_faults and commit != shown:
        draft.before.append(_broken(snapshot, commit))
        draft.claims = draft.claims.model_copy(update={"misconfigured": commit})
    elif not snapshot.policy_faults and shown is not None:
        draft.before.append(_mended(commit))
        draft.claims = draft.claims.model_copy(update={"misconfigured": None})


def _broken(snapshot: Snapshot, commit: str) -> PostCheck:
    faults = snapshot.policy_faults
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    lines = "\n".join(f"- {fault}" for fault in faults)
    return PostCheck(
        0,
        commit,
        "failure",
        f"{count} in {POLICY_PATH}",
        f"{lines}\n\nNothing new starts and nothing is merged until they are mended on"
        f" {snapshot.default_branch}.",
        tuple(Annotation(POLICY_PATH, one.line, "Configuration", one.message, "failure") for one in faults),
        name=NAME,
    )


def _mended(commit: str) -> PostCheck:
    return PostCheck(0, commit, "success", f"{POLICY_PATH} is valid", "What it says is in force.", name=NAME)
