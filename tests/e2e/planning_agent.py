"""The program that plans, works, reviews and reconciles while a plan is seen through: two parts, each a
file below `work`. Who builds the second leaves it half done and says nothing, and the review does not see
it; who reconciles looks into the files.

What it writes and answers are functions of what it reads, so that a scripted model does the same with the
tools of its CLI (`planning_model.py`).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection
from pathlib import Path

GAP = "Complete part 2"
COMPLETE = "complete"
APPROVED: dict[str, object] = {"verdict": "approve"}


def main() -> None:
    """Answer as the role and the prompt say."""
    prompt = Path(os.environ["BEADWRIGHT_PROMPT"]).read_text(encoding="utf-8")
    match os.environ["BEADWRIGHT_ROLE"]:
        case "writer":
            answer = plan()
        case "reconciler":
            files = {str(path): path.read_text(encoding="utf-8") for path in Path("work").glob("*.txt")}
            complete = [path for path, text in files.items() if text.endswith(f"{COMPLETE}\n")]
            answer = reconcile(prompt, complete)
        case "reviewer":
            answer = APPROVED
        case _:
            path, text, answer = work(prompt)
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(text, encoding="utf-8")
    Path(os.environ["BEADWRIGHT_ANSWER"]).write_text(json.dumps(answer), encoding="utf-8")


def plan() -> dict[str, object]:
    """Two parts, what reconciles them, and a report."""
    reconciling = {"title": "Hold it against what was asked", "type": "reconcile", "after": [1, 2]}
    reporting = {"title": "Report on the parts", "type": "report", "after": [3]}
    return {
        "summary": "Part by part.",
        "outcome": "Both parts are complete.",
        "acceptance": [f"`work/part-{number}.txt` is complete." for number in (1, 2)],
        "verification": "`cat work/part-*.txt`",
        "beads": [part(1), part(2), reconciling, reporting],
    }


def part(number: int) -> dict[str, object]:
    """A bead of the plan."""
    return {
        **bead(f"Build part {number}", number),
        "creates": [f"work/part-{number}.txt"],
        "covers": [number],
    }


def bead(title: str, number: int) -> dict[str, object]:
    """What a bead on a part says."""
    return {
        "title": title,
        "complexity": "low",
        "outcome": f"Part {number} is complete.",
        "context": f"Parts are files below `work`; this one is `work/part-{number}.txt`.",
        "acceptance": [f"`work/part-{number}.txt` ends with the line `complete`."],
        "scope": f"`work/part-{number}.txt` alone.",
        "verification": f"`tail -n 1 work/part-{number}.txt` says `complete`.",
    }


def work(prompt: str) -> tuple[str, str, dict[str, object]]:
    """The file that a worker leaves, its text, and the answer: of a report its page, else the part that the
    title names, complete unless it is the second one, built for the first time."""
    if "## The report" in prompt:
        return report(prompt)
    heading = re.search(r"^# Bead #\d+: (.+ part (\d))$", prompt, re.MULTILINE)
    assert heading is not None, "a bead on a part"
    forgotten = heading[2] == "2" and heading[1] != GAP
    lines = [f"part {heading[2]}", *([] if forgotten else [COMPLETE])]
    return f"work/part-{heading[2]}.txt", "\n".join(lines) + "\n", {"status": "pr", "summary": heading[1]}


def reconcile(prompt: str, complete: Collection[str]) -> dict[str, object]:
    """One row for everything that is asked for, by which files are complete, and one bead for all that is
    open."""
    merged = dict(re.findall(r"^- merged: #(\d+) as [0-9a-f]+: .*(work/part-\d\.txt)", prompt, re.MULTILINE))
    rows = []
    for source, text in re.findall(r"^- `(#[^`]+)`: (.+)$", prompt, re.MULTILINE):
        named = re.search(r"work/part-\d\.txt", text)
        assert named is not None, f"{text} names a file"
        pulls = [int(pull) for pull, file in merged.items() if file == named[0]]
        met = named[0] in complete
        evidence = "It says so itself." if met else f"`{named[0]}` does not say `complete`."
        row = {"source": source, "status": "met" if met else "partly", "pulls": pulls, "files": [named[0]]}
        rows.append({**row, "evidence": evidence})
    open_rows = [number for number, row in enumerate(rows, start=1) if row["status"] != "met"]
    gaps = [{**bead(GAP, 2), "files": ["work/part-2.txt"], "covers": open_rows}] if open_rows else []
    return {"summary": "Looked into every file.", "matrix": rows, "gaps": gaps}


def report(prompt: str) -> tuple[str, str, dict[str, object]]:
    """The page that the prompt asks for: its path, its text, and the answer."""
    page = re.search(r"write `([^`]+)` for people", prompt)
    assert page is not None, "the page is named"
    rows = re.findall(r"^- `(#[^`]+)` (met|partly|missing): (.+)$", prompt, re.MULTILINE)
    matrix = "\n".join(f"| `{source}` | {status} | {text} |" for source, status, text in rows)
    text = f"""\
# Two parts

## What was built

Two files.

## Diagram

```mermaid
graph LR
  one --- two
```

## Compliance matrix

| source | status | asks |
|---|---|---|
{matrix}

## Tests

None: they are files.

## Risks

None.

## Follow-ups

None.
"""
    return page[1], text, {"status": "pr", "summary": "The report."}


if __name__ == "__main__":
    main()
