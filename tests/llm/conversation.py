"""What a scripted model sees and what it may do, the same for every provider's protocol.

A scenario is a function from the conversation so far to the model's next move. It is asked anew for each
request, knows only what the request holds, and so behaves as a model does: it reads its prompt, calls the
tools that the CLI offers, sees what came of that, and answers. A failure of the provider is a move too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one tool call; `failed` is what the protocol says of it, where it says that at all."""

    tool: str
    text: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """One request, as a model sees it.

    `prompt` is the task, `results` what came of every tool call so far, in order. `said` counts the model's
    own words without a call. `schema` is that of the structured answer, None when none was asked for.
    `asked` tells how often this very point was reached before: a client that tries again raises it.
    `folder` is the working folder as the CLI tells it to its model.
    """

    prompt: str
    results: tuple[Result, ...]
    said: int
    tools: frozenset[str]
    schema: Mapping[str, Any] | None
    folder: PurePosixPath
    asked: int = 0


# -- what a model does ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Run:
    """Run a shell command with the CLI's own tool."""

    command: str


@dataclass(frozen=True, slots=True)
class Write:
    """Make a new file, its path relative to the working folder."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Read:
    """Look at a file; one CLI has a tool for it, the other prints it."""

    path: str


@dataclass(frozen=True, slots=True)
class Replace:
    """Put new lines in the place of old ones in a file that was read."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Misuse:
    """Call the shell tool with an input that its schema does not allow."""


@dataclass(frozen=True, slots=True)
class Say:
    """Words, and the end of the turn."""

    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The structured answer, and the end of the turn. It fits the schema unless it is `broken` on purpose."""

    value: Mapping[str, Any]
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Refuse:
    """The model declines, in the way that the provider says so."""

    text: str


# -- what a provider does ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limit:
    """The account is at a limit until `reset`: of the provider's rate, or of what a subscription allows."""

    reset: datetime
    kind: Literal["rate", "usage"] = "rate"


@dataclass(frozen=True, slots=True)
class Overloaded:
    """Too many others are served: 529 of one provider, 503 of the other."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The provider fails by itself: 500."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """The key is none any more: 401."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Begin to stream a move and let the connection fall after its first events, without an end."""

    move: Turn
    events: int = 4


@dataclass(frozen=True, slots=True)
class Slow:
    """Stream a move, but first let `seconds` pass with a sign of life now and then."""

    move: Turn
    seconds: float


Turn = Run | Write | Read | Replace | Misuse | Say | Answer | Refuse
Fault = Limit | Overloaded | Broken | Revoked
Move = Turn | Fault | Cut | Slow
Scenario = Callable[[Conversation], Move]


class Refused(Exception):
    """A request that the provider would refuse: the status, its name for the fault, and what it says."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that every answer is billed for; `cached` ones of the input came from a cache."""

    fresh: int = 2_000
    cached: int = 1_000
    output: int = 100


USAGE = Usage()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer over HTTP that is not a stream."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]


Event = Mapping[str, Any]
"""One server-sent event; its name is its `type`."""
