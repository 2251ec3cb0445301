"""Engine `claude`: Claude Code 2.1.330, asked once, its events read as they come.

Measured with that version; `docs/design/engines.md` has the table. What its result says is not always what it
is: an API error is `subtype: "success"` with `is_error`, denied tools and a schema that was never satisfied
end with status 0. So an answer is only what `structured_output` holds in a result without error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.beads.policy import DOLLAR, Engine
from bot.engines.answer_schema import answer_schema
from bot.engines.credential import OAUTH_VARIABLE, Form
from bot.engines.outcome import Task
from bot.engines.told import Told, Transcript

WORKER_TOOLS = "Bash,Edit,Glob,Grep,Read,Write"
REVIEWER_TOOLS = "Bash,Glob,Grep,Read"
RETRIES = 4  # of its own; about 15 seconds in all
QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_TELEMETRY": "1",
}
SUBTYPES = {
    "error_max_turns": "it used up its turns",
    "error_max_budget_usd": "it stopped at the run's budget",
    "error_max_structured_output_retries": "it never gave an answer that fits the schema",
    "error_during_execution": "it broke while it worked",
}


def claude_arguments(engine: Engine, task: Task) -> list[str]:
    """Everything after the program's name; the prompt goes to its standard input."""
    tools = WORKER_TOOLS if task.role == "worker" else REVIEWER_TOOLS
    schema = json.dumps(answer_schema(task.role), separators=(",", ":"))
    return [
        "--print",
        *("--output-format", "stream-json", "--verbose"),
        *("--json-schema", schema),
        *(("--model", engine.model) if engine.model else ()),
        *(("--max-budget-usd", f"{task.budget / DOLLAR:g}") if task.budget else ()),
        # Tools that are named are used without asking; nobody is there to ask. As root the switch that skips
        # all questions is refused.
        *("--tools", tools, "--allowedTools", tools, "--permission-mode", "acceptEdits"),
        # Hooks, servers and commands that the checkout brings are not run.
        *("--setting-sources", "user", "--strict-mcp-config", "--disable-slash-commands"),
        "--no-session-persistence",
    ]


def claude_environment(form: Form, address: str, dummy: str) -> dict[str, str]:
    """Its variables: where the proxy is, and the dummy in the form of the real credential."""
    variable = OAUTH_VARIABLE if form == "oauth" else "ANTHROPIC_API_KEY"
    return {
        **QUIET,
        "ANTHROPIC_BASE_URL": address,
        variable: dummy,
        "CLAUDE_CODE_MAX_RETRIES": str(RETRIES),
    }


class ClaudeReader:
    """Reads its events; see `Reader`."""

    def __init__(self) -> None:
        self._transcript = Transcript()
        self._result: Mapping[str, Any] | None = None

    def take(self, line: str) -> None:
        """One event a line; other lines are kept for people."""
        try:
            event = json.loads(line)
        except ValueError:
            self._transcript.say("|", line)
            return
        match event:
            case {"type": "result"}:
                self._result = event
            case {"type": "system", "subtype": "init"}:
                self._transcript.say("*", f"{event.get('model')}, tools {event.get('tools')}")
            case {"type": "system", "subtype": "api_retry"}:
                reason = event.get("error_status") or event.get("error")
                self._transcript.say("*", f"asks again after {reason} (try {event.get('attempt')})")
            case {"type": "assistant" | "user" as role, "message": {"content": list(blocks)}}:
                for block in blocks:
                    self._block(block, "<" if role == "assistant" else ">")

    def told(self) -> Told:
        """What its result says, and what that is worth."""
        result = self._result
        if result is None:
            return Told(fault="it ended without a result")
        cost = _cost(result)
        subtype = str(result.get("subtype"))
        if subtype != "success":
            errors = "; ".join(str(error) for error in result.get("errors") or [])
            said = SUBTYPES.get(subtype, f"it ended with {subtype}")
            return Told(fault=f"{said}: {errors}" if errors else said, cost=cost)
        if result.get("is_error"):
            return Told(fault=f"it ended with an error: {result.get('result')}"[:1_000], cost=cost)
        answer = result.get("structured_output")
        if answer is None:
            denied = [str(one.get("tool_name")) for one in result.get("permission_denials") or []]
            why = f" (it was denied {', '.join(sorted(set(denied)))})" if denied else ""
            return Told(fault=f"it never gave an answer that fits the schema{why}", cost=cost)
        return Told(answer=json.dumps(answer, ensure_ascii=False), cost=cost)

    def transcript(self) -> str:
        """What it said and did."""
        return self._transcript.text()

    def _block(self, block: object, speaker: str) -> None:
        match block:
            case {"type": "text", "text": str(text)}:
                self._transcript.say(speaker, text)
            case {"type": "tool_use", "name": str(name), "input": given}:
                self._transcript.say("$", f"{name} {_plain(given)}")
            case {"type": "tool_result", "content": content}:
                self._transcript.say("=", _result_text(content))


def _cost(result: Mapping[str, Any]) -> int | None:
    usage = result.get("modelUsage")
    if not isinstance(usage, dict):
        return None
    dollars = [one.get("costUSD") for one in usage.values() if isinstance(one, dict)]
    return round(DOLLAR * sum(cost for cost in dollars if isinstance(cost, (int, float)) and cost >= 0))


def _plain(given: object) -> str:
    """A tool's input: a command as it is, anything else as short JSON."""
    match given:
        case {"command": str(command)}:
            return command
    return json.dumps(given, ensure_ascii=False)


def _result_text(content: object) -> str:
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        return "\n".join(text for text in texts if isinstance(text, str))
    return str(content)
