"""What the parts of the policy file have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the file: unknown keys are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid")
