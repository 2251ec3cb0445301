"""One run of whichever engine the policy names: the same outcome, whatever happened.

`claude` and `codex` are run behind the wall with the proxy's address and a dummy key. What they leave is
judged by the answer alone; what the proxy saw says whether a run without one was the provider's doing. A run
that the provider served and that told no cost counts as all that was reserved for it: nobody knows better.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bot.beads.policy import Engine
from bot.beads.report import ProviderFault
from bot.engines.answer_schema import answer_schema, strict
from bot.engines.claude import ClaudeReader, claude_arguments, claude_environment
from bot.engines.codex import CodexReader, codex_arguments, codex_environment
from bot.engines.command import run_command
from bot.engines.credential import NoCredential, find_source
from bot.engines.outcome import Enclosure, Ended, Outcome, Task
from bot.engines.prices import DEFAULT_MODEL, Meter, price_of
from bot.engines.provider import provider_fault
from bot.engines.told import Reader

if TYPE_CHECKING:
    from bot.engines.proxy import Proxy

SECONDS_PER_MINUTE = 60.0


def run_engine(
    engine: Engine, task: Task, enclosure: Enclosure, *, program: Path | None, env: Mapping[str, str]
) -> Outcome:
    """Run an engine on a task.

    Args:
        engine: what the policy says.
        task: role, prompt, clock and budget.
        enclosure: where it runs.
        program: the CLI's executable; None for `command`, which names its own.
        env: the step's environment, for the one variable in it that the policy names.
    """
    if engine.name == "command" or program is None:
        return run_command(engine.command, task, enclosure)
    try:
        source = find_source(engine, env)
        source.read()
    except NoCredential as error:
        return _without_credential(str(error))
    from bot.engines.proxy import Proxy  # an HTTP client and a server, that `command` starts without

    meter = _meter(engine, task)
    with Proxy(source, engine.url, meter) as proxy:
        reader, arguments, variables = _call(engine, task, enclosure, proxy)
        ended = enclosure.run(
            [str(program), *arguments],
            env=variables,
            seconds=task.minutes * SECONDS_PER_MINUTE,
            stdin=task.prompt,
            writable=task.role == "worker",
            take=reader.take,
        )
        exchanges = list(proxy.exchanges)
    told = reader.told()
    answer = told.answer if ended.ending == "exited" else None
    provider = provider_fault(exchanges) if answer is None else None
    cost = told.cost
    if cost is None and meter is not None:
        cost = meter.cost
    if cost is None:
        cost = task.budget if any(exchange.served for exchange in exchanges) else 0
    errors = f"\n\n{ended.output.strip()}" if ended.output.strip() else ""
    return Outcome(
        ended=ended,
        answer=answer,
        cost=cost,
        fault=_sentence(told.fault, ended, provider),
        provider=provider,
        transcript=f"{reader.transcript()}{errors}",
    )


def _meter(engine: Engine, task: Task) -> Meter | None:
    """What counts for a CLI without a budget of its own; None for the others, and where no price is known."""
    if engine.name != "codex":
        return None
    price = price_of(engine.model or DEFAULT_MODEL, engine.prices)
    return None if price is None else Meter(price, task.budget)


def _call(
    engine: Engine, task: Task, enclosure: Enclosure, proxy: Proxy
) -> tuple[Reader, list[str], dict[str, str]]:
    if engine.name == "claude":
        variables = claude_environment(proxy.source.form, proxy.address, proxy.dummy)
        return ClaudeReader(), claude_arguments(engine, task), variables
    schema = enclosure.desk / "answer.schema.json"
    schema.write_text(json.dumps(strict(answer_schema(task.role))), encoding="utf-8")
    arguments = codex_arguments(engine, task, schema, proxy.address, walled=enclosure.walled)
    return CodexReader(task, engine), arguments, codex_environment(proxy.dummy)


def _sentence(fault: str | None, ended: Ended, provider: ProviderFault | None) -> str | None:
    """Why there is no answer; None when there is one, or when the clock says it all."""
    if provider is not None:
        return provider.detail
    if ended.ending == "timeout" or fault is None:
        return None
    said = ended.output.strip()[-500:]
    return f"{fault} (exit status {ended.status}{f': {said}' if said else ''})"


def _without_credential(why: str) -> Outcome:
    ended = Ended("exited", None, "", 0.0)
    fault = ProviderFault(kind="key", detail=why[:250])
    return Outcome(ended, None, fault=why, provider=fault, transcript=why)
