"""What can go wrong between us and GitHub."""

from __future__ import annotations

from datetime import datetime

from bot.coordinator.ports import NotBefore


class GitHubError(Exception):
    """GitHub refused, failed, or could not be reached. `status` is 0 when no answer came.

    After a write with a status of 0 or 500 and more it is not known whether it took effect: read first.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message if status == 0 else f"{status}: {message}")
        self.status = status
        self.message = message

    @property
    def unsure(self) -> bool:
        """Whether a write that ended like this may have taken effect."""
        return self.status == 0 or self.status >= 500


class Limited(GitHubError, NotBefore):
    """A primary or secondary limit: nothing may be asked before `until`."""

    def __init__(self, until: datetime, message: str) -> None:
        super().__init__(429, f"{message} (until {until:%H:%M:%S} UTC)")
        self.until = until
