"""What every report, and every answer of an engine, is made of: lines, texts, parts without unknown keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

Line = Annotated[str, StringConstraints(min_length=1, max_length=250, pattern=r"^[^\r\n]*$")]
Text = Annotated[str, StringConstraints(max_length=20_000)]
Sha = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]


class ReportError(ValueError):
    """A report or answer is wrong; the message names the place."""


class Part(BaseModel):
    """Common behaviour: frozen, unknown keys are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def faults(name: str, error: ValidationError) -> str:
    """Every faulty place in one line."""
    return "; ".join(
        f"{name}: {'.'.join(str(part) for part in fault['loc']) or 'the whole'}: {fault['msg']}"
        for fault in error.errors()
    )
