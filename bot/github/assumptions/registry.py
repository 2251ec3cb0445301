"""What an assumption is, and the list of all of them.

An assumption is a function that tries one behaviour of GitHub in a scratch repository. Its name is the id,
its docstring the sentence; it returns when the behaviour is there, raises `Broken` when it is not, and
`Untold` when this access or this GitHub cannot show it. The same function runs against github.com and the
forge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.github.assumptions.scratch import Scratch

DOCS = "https://docs.github.com/en/"


class Need(StrEnum):
    """What an assumption needs beside a token that may write to the scratch repository."""

    ADMIN = "a token that administers the repository"
    APP = "a GitHub App's key"
    READER = "the token of a second person, who only reads"
    ACTIONS = "a runner for GitHub Actions"
    ORGANISATION = "a repository of an organisation"
    OWN = "a GitHub of one's own, which fails on demand and keeps nothing"


class Broken(Exception):
    """GitHub does not behave so; the message says what it did."""


class Untold(Exception):
    """It cannot be told here; the message says why."""


Check = Callable[["Scratch"], None]


@dataclass(frozen=True, slots=True)
class Assumption:
    """One behaviour of GitHub.

    `by` are the modules that rely on it; `otherwise` is what it means for Beadwright when it does not hold.
    """

    id: str
    area: str
    sentence: str
    source: str
    by: tuple[str, ...]
    otherwise: str
    needs: tuple[Need, ...]
    check: Check


ASSUMPTIONS: list[Assumption] = []


def assume(
    *, source: str, by: Iterable[str], otherwise: str, needs: Iterable[Need] = ()
) -> Callable[[Check], Check]:
    """Register a function as an assumption.

    Args:
        source: a page below `DOCS` (or an address) that says so, and what of it is said elsewhere.
        by: modules below ``bot`` that rely on it.
        otherwise: the consequence when it does not hold.
        needs: beside a token that may write.
    """

    def register(check: Check) -> Check:
        sentence = " ".join((check.__doc__ or "").split())
        area = check.__module__.rpartition(".")[2]
        page = source if source.startswith("https://") else DOCS + source
        modules = tuple(f"bot.{module}" for module in by)
        made = Assumption(
            check.__name__.replace("_", "-"), area, sentence, page, modules, otherwise, tuple(needs), check
        )
        ASSUMPTIONS.append(made)
        return check

    return register


def expect(holds: bool, otherwise: object) -> None:
    """Raise Broken unless it holds; `otherwise` is what was seen."""
    if not holds:
        raise Broken(str(otherwise))
