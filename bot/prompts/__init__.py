"""The prompts: one Jinja template per job, beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def _templates() -> Environment:
    # Most steps of a job render nothing, so that Jinja is imported by the first prompt.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        autoescape=False,  # Markdown for a model, not a page
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render_prompt(job: str, values: Mapping[str, object]) -> str:
    """The prompt of a job, named by its role. Raises jinja2.UndefinedError when a value is missing."""
    return _templates().get_template(f"{job}.md.j2").render(dict(values))
