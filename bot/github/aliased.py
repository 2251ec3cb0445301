"""What those fields of a look say whose names are made for it: `n12` for what #12 is, `l0` for a label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from bot.github.answers import BeadNode, Connection, NewestNode, PullNode, Standing


class _Answer(BaseModel):
    repository: dict[str, object] | None = None


def repository_fields(data: Mapping[str, object]) -> Mapping[str, object]:
    """The repository's fields in an answer's data, by their names there; none when it is not visible."""
    return _Answer.model_validate(data).repository or {}


@dataclass(frozen=True, slots=True)
class Aliased:
    """What the aliased fields say: `n12` an issue's or pull request's standing, `f12` a bead's pull requests,
    `i12` the bead itself, `newest` the pull requests that were opened last."""

    standings: list[Standing]
    pulls: list[PullNode]
    beads: list[BeadNode]
    newest: list[NewestNode]


def aliased(data: Mapping[str, object]) -> Aliased:
    """From the data of an answer. Raises ValidationError when a field has another shape."""
    fields = repository_fields(data)
    numbered = [(key[0], value) for key, value in fields.items() if key[1:].isdigit() and value]
    return Aliased(
        standings=[Standing.model_validate(value) for kind, value in numbered if kind == "n"],
        pulls=[
            pull
            for kind, value in numbered
            if kind == "f"
            for pull in Connection[PullNode].model_validate(value).nodes
        ],
        beads=[BeadNode.model_validate(value) for kind, value in numbered if kind == "i"],
        newest=Connection[NewestNode].model_validate(fields.get("newest") or {}).nodes,
    )
