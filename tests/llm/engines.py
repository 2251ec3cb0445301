"""The real CLIs against the scripted API: what a policy says of it, and what its answers cost."""

from __future__ import annotations

from typing import Any

from bot.jobs.engine_program import Name
from tests.llm.server import ScriptedApi

ENGINES: tuple[Name, ...] = ("claude", "codex")
"""The CLIs that ask a model."""

KEYS = {"claude": "ANTHROPIC_API_KEY", "codex": "OPENAI_API_KEY"}
"""The secret that the workflow passes on to the agent step."""
MODELS = {"claude": "claude-sonnet-4-6", "codex": "gpt-5.5"}
ANSWER = {"claude": 7_800, "codex": 13_500}
"""Millionths of a dollar for one answer (`USAGE`) at list price. A million tokens of input, of cached input
and of output cost 3, 0.30 and 15 dollars with claude's model, 5, 0.50 and 30 with codex'."""


def engine_policy(name: Name, api: ScriptedApi) -> dict[str, Any]:
    """The policy's `engine` for a CLI that asks the scripted API."""
    url = api.url if name == "claude" else f"{api.url}/v1"
    return {"name": name, "model": MODELS[name], "url": url, "minutes": 1}
