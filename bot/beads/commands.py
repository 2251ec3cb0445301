"""The grammar of commands: what people write in comments on issues and pull requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Name(StrEnum):
    """What stands behind `/bead`."""

    READY = "ready"
    HOLD = "hold"
    UNHOLD = "unhold"
    RETRY = "retry"
    STOP = "stop"
    PRIORITY = "priority"
    COMPLEXITY = "complexity"
    BLOCKED_BY = "blocked-by"
    UNBLOCK = "unblock"
    DEFER = "defer"
    TYPE = "type"
    SHAPE = "shape"
    REVIEW = "review"
    MERGE = "merge"
    TAKE = "take"
    GIVE = "give"
    UNDO = "undo"
    ANSWER = "answer"
    FILE = "file"
    PAUSE = "pause"
    RESUME = "resume"
    RUN = "run"
    STATUS = "status"
    WHY = "why"
    COST = "cost"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `text` is a reason or a word (a priority's name, an option's key), `numbers` are issues, a
    count or places in a list, `day` is a date; what the command does not take is empty."""

    name: Name
    text: str = ""
    numbers: tuple[int, ...] = ()
    day: date | None = None
