"""The quality gates of a repository: the policy's, else those that its own task runners name.

Discovery is simple and says what it did: one gate per runner of tests that is plainly there. What cannot be
run is reported as not run with the reason, never as passed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from bot.beads.policy import Gate
from bot.beads.report import GateResult
from bot.engines.outcome import Enclosure
from bot.jobs.git import Git

MAKE_TEST = re.compile(r"(?m)^test\s*:(?!=)")
PYTEST = re.compile(r"(?m)^\[tool\.pytest(?:\.|\])")
DETAIL = 1_500  # characters of output that a report keeps
NOT_FOUND = 127


def choose_gates(configured: Sequence[Gate], git: Git, base: str) -> tuple[Gate, ...]:
    """The policy's gates, or one discovered in the base commit, so that no branch chooses its own judge."""
    if configured:
        return tuple(configured)
    if MAKE_TEST.search(git.file(base, "Makefile") or ""):
        return (Gate(name="make test", run="make test"),)
    if _has_npm_test(git.file(base, "package.json") or ""):
        return (Gate(name="npm test", run="npm test"),)
    if PYTEST.search(git.file(base, "pyproject.toml") or ""):
        return (Gate(name="pytest", run="python3 -m pytest"),)
    return ()


def run_gates(gates: Sequence[Gate], enclosure: Enclosure, seconds: float) -> tuple[GateResult, ...]:
    """Run every gate behind the wall; together they have `seconds`."""
    if not gates:
        reason = "the policy names no gates, and no Makefile, package.json or pyproject.toml names tests"
        return (GateResult(name="quality gates", result="not-run", detail=reason),)
    results: list[GateResult] = []
    for gate in gates:
        if seconds <= 0:
            spent = "the gates before it used up the time"
            results.append(GateResult(name=gate.name, result="not-run", detail=spent))
            continue
        ended = enclosure.run(("/bin/sh", "-c", gate.run), env={"CI": "true"}, seconds=seconds)
        seconds -= ended.seconds
        said = ended.output.strip()[-DETAIL:]
        if ended.ending == "timeout":
            late = f"stopped after {ended.seconds:.0f} s; {said}"
            results.append(GateResult(name=gate.name, result="fail", detail=late))
        elif ended.status == NOT_FOUND:
            reason = f"its program is not installed here: {said}"
            results.append(GateResult(name=gate.name, result="not-run", detail=reason))
        else:
            passed = ended.status == 0
            results.append(GateResult(name=gate.name, result="pass" if passed else "fail", detail=said))
    return tuple(results)


def _has_npm_test(text: str) -> bool:
    try:
        data = json.loads(text) if text else {}
    except ValueError:
        return False
    scripts = data.get("scripts") if isinstance(data, dict) else None
    said = scripts.get("test") if isinstance(scripts, dict) else None
    return isinstance(said, str) and "no test specified" not in said
