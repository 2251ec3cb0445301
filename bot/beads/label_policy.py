"""How a repository spells the labels, as its policy says it."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from bot.beads.labels import DEFAULT, NAME_LIMIT, VALUE_LIMIT, LabelNames
from bot.beads.model import BeadType, Priority
from bot.beads.sections import Section

TRIMMED = r"^\S(?:.*\S)?$"
LabelName = Annotated[str, StringConstraints(min_length=1, max_length=NAME_LIMIT, pattern=TRIMMED)]
Prefix = Annotated[str, StringConstraints(min_length=1, max_length=NAME_LIMIT - VALUE_LIMIT)]
Level = Literal["P0", "P1", "P2", "P3", "P4"]


class LabelPolicy(Section):
    """What the labels are called that people and the bot put on issues, where a repository has its own.

    Upper and lower case are the same, as on GitHub. A label that exists is used as it is; one that does not
    is made when it is first needed. No two names may be mistaken for each other.
    """

    bead: LabelName = Field(
        default=DEFAULT.bead,
        description="Makes an issue a bead, and marks a bead's pull request.",
        examples=["agent-task"],
    )
    review: LabelName = Field(
        default=DEFAULT.review, description="Marks a bead's pull request.", examples=["agent-review"]
    )
    ready: LabelName = Field(
        default=DEFAULT.ready, description="Releases a bead.", examples=["status: ready"]
    )
    hold: LabelName = Field(
        default=DEFAULT.hold, description="Keeps a bead where it is.", examples=["status: on hold"]
    )
    blocked_by: Prefix = Field(
        default=DEFAULT.blocked_by,
        description="Stands before the number of an issue that the bead waits for.",
        examples=["waits-for:#"],
    )
    defer: Prefix = Field(
        default=DEFAULT.defer,
        description="Stands before the day (`2027-01-31`) until which the bead waits.",
        examples=["not-before:"],
    )
    complexity: Prefix = Field(
        default=DEFAULT.complexity,
        description="Stands before `low`, `medium`, `high` or `epic`.",
        examples=["size:"],
    )
    generation: Prefix = Field(
        default=DEFAULT.generation,
        description="Stands before the number of the generation of an epic's beads, from 2.",
        examples=["round-"],
    )
    types: dict[BeadType, LabelName] = Field(
        default_factory=dict,
        description="The label of a bead's type; one that is not named here is called as the type is.",
        examples=[{"bug": "kind/bug"}],
    )
    priorities: dict[Level, LabelName] = Field(
        default_factory=dict,
        description="The label of a priority; one that is not named here is called as the priority is.",
        examples=[{"P0": "priority/critical"}],
    )
    running: LabelName = Field(
        default=DEFAULT.running,
        description="Shown by the bot while a worker has the bead; never read.",
        examples=["agent: running"],
    )
    in_review: LabelName = Field(
        default=DEFAULT.in_review,
        description="Shown by the bot while the bead's pull request is on its way; never read.",
        examples=["agent: in review"],
    )
    needs_human: LabelName = Field(
        default=DEFAULT.needs_human,
        description="Shown by the bot while a person is needed; never read.",
        examples=["agent: help"],
    )

    @cached_property
    def spelling(self) -> LabelNames:
        """The same for the grammar of labels. Raises ValueError for names that could be mistaken."""
        return LabelNames(
            bead=self.bead,
            review=self.review,
            ready=self.ready,
            hold=self.hold,
            blocked_by=self.blocked_by,
            defer=self.defer,
            complexity=self.complexity,
            generation=self.generation,
            types=tuple((kind, self.types.get(kind, kind.value)) for kind in BeadType),
            priorities=tuple((level, self._priority(level)) for level in Priority),
            running=self.running,
            in_review=self.in_review,
            needs_human=self.needs_human,
        )

    def _priority(self, level: Priority) -> str:
        return next((name for key, name in self.priorities.items() if key == level.name), level.name)

    @model_validator(mode="after")
    def _told_apart(self) -> LabelPolicy:
        _ = self.spelling
        return self
