"""Requests to GitHub per merged bead, from the exchange log of a whole demo; git transport is not counted.

python -m benchmarks.requests LOG MERGED counts a log that is there (`beadwright demo --keep FOLDER` leaves
one), where MERGED is how many beads were merged.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.table import Figure, print_table
from benchmarks.world import demo_parts, play
from bot.local.demo.plan import SAMPLE
from bot.local.demo.result import OURS, requests_per_bead

GROUPS = (
    (
        "coordinator: looks",
        r"installation POST query (Observe|Standings|DefaultBranch|Spoken|PolicyHistory|Labels|More\w+)",
    ),
    ("coordinator: what a look rests on", r"installation GET /(rules|branches|collaborators|compare)\b.*"),
    ("coordinator: the list of runs", r"installation GET /actions/workflows/.*/runs"),
    ("coordinator: reports", r"installation GET /actions/(runs/N/)?artifacts.*"),
    ("coordinator: claims", r"installation \w+ /git/(commits|refs?\b.*)"),
    ("coordinator: dispatch", r"installation POST /actions/.*/dispatches"),
    ("coordinator: merge, update, check", r"installation \w+ /(pulls/N/(merge|update-branch)|check-runs)"),
    (
        "coordinator: labels, comments, closing",
        r"installation POST (mutation Apply|query (Comments|NewestBeads))",
    ),
    (
        "coordinator: edges shown, labels deleted",
        r"installation (POST|DELETE) /(issues/N/dependencies|labels)/.*",
    ),
    (
        "broker",
        r"installation (POST query Claims|GET /(actions/runs|check-runs)/N)|app POST .*/access_tokens",
    ),
    ("agent", r"job .*"),
    ("publish", r"installation POST (query JobFacts|mutation (MoveRefs|AnswerThreads)|/pulls.*|/issues.*)"),
)
"""What each request is for, by who sends it and what it asks; the first that fits counts."""


def figures() -> Iterator[Figure]:
    """Of the demo's sample epic, which has a correction round and a follow-up in it."""
    with tempfile.TemporaryDirectory(prefix="beadwright-bench-") as name:
        result = play(Path(name), SAMPLE, demo_parts(), release_all=False)
        yield from count(Path(name) / "exchanges.jsonl", len(result.merges))


def count(log: Path, merged: int) -> Iterator[Figure]:
    """The figures of one log in which so many beads were merged."""
    kinds = requests_per_bead(log, merged)
    yield Figure("requests per merged bead", kinds["total"], "", 30)
    yield Figure("  reads", kinds["reads"], "")
    yield Figure("  writes", kinds["writes"], "")
    yield Figure("  of these, that create content", kinds["content"], "", 6)
    groups: Counter[str] = Counter()
    dispatches = 0
    with log.open(encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            if line["kind"] in ("rest", "graphql") and line["caller"] in OURS:
                asked = asks(line)
                groups[group(asked)] += 1
                dispatches += asked.endswith("/dispatches")
    yield Figure("runs dispatched per merged bead", dispatches / max(1, merged), "")
    for name in (*(name for name, _ in GROUPS), "other"):
        yield Figure(f"  {name}", groups[name] / max(1, merged), "")


def asks(line: dict[str, Any]) -> str:
    """Who asks what: the caller, the method and the path without numbers, or the operation's name."""
    if line["kind"] == "graphql":
        operation = re.match(r"\s*(query|mutation)\s+(\w+)", line["request"]["query"])
        return f"{line['caller']} POST {' '.join(operation.groups()) if operation else 'an operation'}"
    path = re.sub(r"^/repos/[^/]+/[^/]+", "", line["path"])
    return f"{line['caller']} {line['method']} {re.sub(r'/[0-9]+', '/N', path)}"


def group(asked: str) -> str:
    """What such a request is for."""
    return next((name for name, pattern in GROUPS if re.fullmatch(pattern, asked)), "other")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path)
    parser.add_argument("merged", type=int)
    given = parser.parse_args()
    print_table(count(given.log, given.merged))
