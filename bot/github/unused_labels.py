"""Labels `blocked-by` of closed issues that nothing open has.

One request an hour, and none while each is on an open bead. A label of an open issue stays: somebody may be
putting it on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.beads.labels import parse_labels
from bot.coordinator.snapshot import Snapshot
from bot.github import documents
from bot.github.aliased import repository_fields
from bot.github.answers import LabelUse, Standing
from bot.github.installation import Installation

TIDY = timedelta(hours=1)
"""How long labels are let be before it is looked which of them nobody needs."""
TIDIED_AT_ONCE = 20


class UnusedLabels:
    """Looks for them in one repository; `where` are its owner and name as the documents' variables."""

    def __init__(self, installation: Installation, where: Mapping[str, object]) -> None:
        self._github = installation
        self._where = where
        self._tidied: datetime | None = None

    async def of(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Those of the snapshot's labels, at most `TIDIED_AT_ONCE`; none before `TIDY` is over. Raises
        GitHubError, Limited."""
        now = self._github.app.clock()
        if self._tidied is not None and now - self._tidied < TIDY:
            return ()
        self._tidied = now
        spelling = snapshot.policy.spelling
        used = {label.lower() for issue in snapshot.issues for label in issue.labels}
        numbers = {
            label: number
            for label in sorted(snapshot.labels)
            if label.lower() not in used
            for number in parse_labels((label,), spelling).blocked_by
        }
        asked = dict(list(numbers.items())[:TIDIED_AT_ONCE])
        if not asked:
            return ()
        document, variables = documents.labels_document(asked)
        data = await self._github.query(
            document, dict[str, object], {**self._where, **variables}, may_miss=True
        )
        found = repository_fields(data)
        return tuple(
            label
            for index, label in enumerate(asked)
            if (use := found.get(f"l{index}")) and LabelUse.model_validate(use).unused
            if (of := found.get(f"n{index}")) and Standing.model_validate(of).closed
        )
