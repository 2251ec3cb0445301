"""Engine `codex`: Codex CLI 0.169.0, asked once, its events read as they come.

Measured with that version; `docs/design/engines.md` has the table. An `error` event may be a warning ("it
reconnects"), and an agent's message may be a remark on the way: the answer is the last message of a turn that
was completed, and `turn.failed` is the failure. It tells tokens, no dollars.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.beads.policy import Engine, Price
from bot.engines.answer_schema import answer_schema, fit
from bot.engines.outcome import Task
from bot.engines.prices import DEFAULT_MODEL, cost_of, price_of
from bot.engines.told import Told, Transcript

VARIABLE = "CODEX_API_KEY"
RETRIES = 4  # of a request and of a stream; about 20 seconds in all


def codex_arguments(engine: Engine, task: Task, schema: Path, address: str, *, walled: bool) -> list[str]:
    """Everything after the program's name; the prompt goes to its standard input.

    Behind the wall its own sandbox is off, because it cannot be built there and the wall is the stronger one;
    without the wall it is on. `schema` is a file with the answer's form, `address` the proxy's root.
    """
    provider = (
        f'{{name="proxy",base_url="{address}",env_key="{VARIABLE}",wire_api="responses",'
        f"supports_websockets=false,request_max_retries={RETRIES},stream_max_retries={RETRIES}}}"
    )
    sandbox = "danger-full-access" if walled else "workspace-write" if task.role == "worker" else "read-only"
    return [
        "exec",
        "--json",
        *("--model", engine.model or DEFAULT_MODEL),
        *("--output-schema", str(schema)),
        *("--config", "model_provider=proxy", "--config", f"model_providers.proxy={provider}"),
        *("--sandbox", sandbox, "--config", 'approval_policy="never"'),
        # The prompt holds the guidance of the base commit; what the checkout brings is neither read nor run.
        *("--config", "project_doc_max_bytes=0", "--ignore-user-config", "--ignore-rules"),
        *("--disable", "plugins", "--disable", "hooks", "--disable", "unbounded_connection_retries"),
        *("--config", "analytics.enabled=false", "--config", "check_for_update_on_startup=false"),
        *("--ephemeral", "--skip-git-repo-check", "--color", "never", "-"),
    ]


def codex_environment(dummy: str) -> dict[str, str]:
    """Its variables: the dummy key alone."""
    return {VARIABLE: dummy}


class CodexReader:
    """Reads its events; see `Reader`. `model` is what it was asked to use, `prices` override the table."""

    def __init__(self, task: Task, engine: Engine) -> None:
        self._schema = answer_schema(task.role)
        self._price: Price | None = price_of(engine.model or DEFAULT_MODEL, engine.prices)
        self._transcript = Transcript()
        self._message: str | None = None
        self._completed = False
        self._failure: str | None = None
        self._warning = ""
        self._cost: int | None = None

    def take(self, line: str) -> None:
        """One event a line; other lines are kept for people."""
        try:
            event = json.loads(line)
        except ValueError:
            self._transcript.say("|", line)
            return
        match event:
            case {"type": "item.completed", "item": {"type": str(kind)}}:
                self._item(kind, event["item"])
            case {"type": "turn.completed", "usage": {}}:
                self._completed = True
                self._cost = None if self._price is None else _cost(event["usage"], self._price)
            case {"type": "turn.failed"}:
                self._failure = _message(event.get("error")) or "it says no more"
            case {"type": "error"}:
                self._warning = _message(event)
                self._transcript.say("!", self._warning)

    def told(self) -> Told:
        """What its turn came to."""
        if self._failure is not None:
            return Told(fault=f"its turn failed: {self._failure}"[:1_000], cost=self._cost)
        if not self._completed:
            said = f": {self._warning}" if self._warning else ""
            return Told(fault=f"it ended before its turn was over{said}"[:1_000], cost=self._cost)
        if self._message is None:
            return Told(fault="it completed its turn without a word", cost=self._cost)
        return Told(answer=fit(self._message, self._schema), cost=self._cost)

    def transcript(self) -> str:
        """What it said and did."""
        return self._transcript.text()

    def _item(self, kind: str, item: Mapping[str, Any]) -> None:
        match kind, item:
            case "agent_message", {"text": str(text)}:
                self._message = text
                self._transcript.say("<", text)
            case "reasoning", {"text": str(text)}:
                self._transcript.say("~", text)
            case "command_execution", {"command": str(command)}:
                self._transcript.say("$", command)
                output = str(item.get("aggregated_output") or "").strip()
                self._transcript.say("=", f"{output}\n[exit status {item.get('exit_code')}]".strip())
            case "file_change", {"changes": list(changes)}:
                named = (f"{one.get('kind')} {one.get('path')}" for one in changes if isinstance(one, dict))
                self._transcript.say("$", f"apply_patch: {', '.join(named)} ({item.get('status')})")
            case "error", _:  # may be a warning
                self._transcript.say("!", _message(item))
            case _:
                self._transcript.say("*", f"{kind} {json.dumps(item, ensure_ascii=False)}")


def _cost(usage: Mapping[str, Any], price: Price) -> int:
    return cost_of(
        price,
        whole=usage.get("input_tokens"),
        cached=usage.get("cached_input_tokens"),
        output=usage.get("output_tokens"),
    )


def _message(value: object) -> str:
    match value:
        case {"message": str(message)}:
            return message
    return "" if value is None else json.dumps(value, ensure_ascii=False)
