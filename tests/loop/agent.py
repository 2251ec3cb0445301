"""The program that works and reviews in loop tests: what it does is said in the bead's title.

`(finding)`: the first version is incomplete, the review says so, the correction completes it.
`(follow-up)`: reports one piece of work that it found.
`(blocked)`: cannot be done before a bead that does not exist yet; done once that is.
`(asks)`: leaves a decision to a person, and goes by it; what it had begun is there then.
`(nothing)`: says that nothing is to be done.
`(fails)`: leaves no answer, but edits; the next attempt completes what it left.
`(fails) for ever`: never leaves anything.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

FOUND = {"title": "Found beside the work", "body": "## Outcome\n\nIt is done as well.\n"}
ASKED = {
    "text": "Keep the old format?",
    "options": [{"key": "keep", "text": "Keep it."}, {"key": "drop", "text": "Drop it."}],
    "recommended": "drop",
    "default": "keep",
    "gate": "irreversible",
}
DRAFT = {
    "outcome": "It is there.",
    "acceptance": ["A test shows it."],
    "scope": "Only work/.",
    "verification": "`true` passes.",
}
SIDES = ("doctrine", "specs", "architecture", "code", "tests", "docs", "security", "operations", "delivery")
NEEDED = {"unblocked_when": "the groundwork is there", "title": "Lay the groundwork"}


def main() -> None:
    """Work, review or draft, as the environment says."""
    prompt = Path(os.environ["BEADWRIGHT_PROMPT"]).read_text(encoding="utf-8")
    match os.environ["BEADWRIGHT_ROLE"]:
        case "worker":
            answer = work(prompt)
        case "reviewer":
            answer = review(prompt)
        case "writer":
            answer = plan(prompt)
        case "checkin":
            answer = check_in(prompt)
        case "reconciler":
            answer = reconcile(prompt)
        case _:
            answer = dict(DRAFT)
    Path(os.environ["BEADWRIGHT_ANSWER"]).write_text(json.dumps(answer), encoding="utf-8")


def plan(prompt: str) -> dict[str, object]:
    """As many beads as the title says: from the third on each waits for the first; the last reconciles."""
    heading = re.search(r"^# Plan for #\d+: (.+)$", prompt, re.MULTILINE)
    assert heading is not None
    title = heading[1]
    if "(declined)" in title:
        return {"declined": "There is nothing to do."}
    if "(fails)" in title:
        sys.exit("it cannot be planned")
    asked = re.search(r"\((\d+) beads\)", title)
    count = int(asked[1]) if asked else 1
    return {
        "summary": "Step by step.",
        "outcome": "All of it is there.",
        "acceptance": ["Every part is there."],
        "verification": "`true` passes.",
        "beads": [planned(place, count) for place in range(1, count + 1)],
    }


def planned(place: int, count: int) -> dict[str, object]:
    """One bead of a plan."""
    reconciles = place == count and count >= 4
    return {
        "title": "Hold it against what was asked" if reconciles else f"Build part {place}",
        "type": "reconcile" if reconciles else "task",
        "complexity": "low",
        "outcome": f"Part {place} is there.",
        "context": f"Parts are files below `work`; this one is part {place}.",
        "acceptance": [f"`work/` has a file for part {place}."],
        "scope": "Only work/.",
        "verification": f"`ls work` lists part {place}.",
        "creates": [] if reconciles else [f"work/part-{place}.txt"],
        "covers": [1],
        "after": list(range(1, place)) if reconciles else [1] if place > 2 else [],
    }


def reconcile(prompt: str) -> dict[str, object]:
    """Whoever asks for `N files` gets them counted; all else is met by the first file."""
    pulls = [int(number) for number in re.findall(r"^- merged: #(\d+) as ", prompt, re.MULTILINE)]
    files = sorted(str(one) for one in Path("work").glob("*.txt"))
    matrix: list[dict[str, object]] = []
    gaps: list[dict[str, object]] = []
    for row, (source, text) in enumerate(re.findall(r"^- `(.+?)`: (.+)$", prompt, re.MULTILINE), start=1):
        asked = re.search(r"(\d+) files", text)
        found: dict[str, object] = {"source": source, "status": "met", "pulls": pulls[:1], "files": files[:1]}
        if asked is not None and int(asked[1]) > len(files):
            lacks = {"status": "partly", "evidence": f"There are {len(files)} files, says @octo."}
            found = {**found, **lacks}
            gaps.append({**planned(len(files) + 1, 1), "title": "Build what is missing", "covers": [row]})
        matrix.append(found)
    return {"summary": "Counted.", "matrix": matrix, "gaps": gaps}


def report(prompt: str, path: str) -> dict[str, object]:
    """The report of an epic, by what its prompt says."""
    rows = re.findall(r"^- `(.+?)` (met|partly|missing): (.*)$", prompt, re.MULTILINE)
    table = "\n".join(f"| `{source}` | {status} | {text} |" for source, status, text in rows)
    accepted = re.search(r"^What is open was accepted by .+$", prompt, re.MULTILINE)
    sections = {
        "What was built": "Files.",
        "Diagram": "```mermaid\nflowchart LR\n  a --> b\n```",
        "Compliance matrix": f"| source | status | what |\n|---|---|---|\n{table}",
        "Tests": "None.",
        "Risks": "None.",
        "Follow-ups": "None.",
        "Open gaps": accepted[0] if accepted else "None.",
    }
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    text = "\n\n".join(f"## {title}\n\n{content}" for title, content in sections.items())
    file.write_text(f"# Report\n\n{text}\n", encoding="utf-8")
    return {"status": "pr", "summary": "Written."}


def check_in(prompt: str) -> dict[str, object]:
    """Every side scored; what is found and is no bead yet is told."""
    missing = ("how to build it", "how to test it", "who it is for")
    found = [
        {"title": f"Tell {what}", "context": "README.md says nothing of it.", **DRAFT}
        for what in missing
        if f"Tell {what}" not in prompt
    ]
    scores = [
        {"category": side, "score": 6, "reason": "Seen.", "evidence": ["README.md:1"]} for side in SIDES
    ]
    return {"summary": "It says what it is, and no more.", "scores": scores, "findings": found}


def work(prompt: str) -> dict[str, object]:
    """One file per bead, complete or not; one for each bead of an epic that is led; of a report its page."""
    heading = re.search(r"^# Bead #(\d+): (.+)$", prompt, re.MULTILINE)
    assert heading is not None
    page = re.search(r"write `(docs/reports/\S+)` for people", prompt)
    if page is not None:
        return report(prompt, page[1])
    file = Path(f"work/{heading[1]}.txt")
    file.parent.mkdir(exist_ok=True)
    title = heading[2]
    threads = re.findall(r"^#+ Thread `([A-Za-z0-9_=-]+)`", prompt, re.MULTILINE)
    if "(nothing)" in title:
        return {"status": "nothing-to-do", "summary": "It is done already."}
    if "(blocked)" in title and not list(Path("work").glob("*.txt")):
        return {"status": "blocked", "blockers": [NEEDED]}
    if "(asks)" in title:
        decided = re.search(r"^@octo decided: (.+)$", prompt, re.MULTILINE)
        if decided is None:
            file.write_text("begun\n", encoding="utf-8")
            return {"status": "blocked", "question": ASKED}
        begun = file.read_text(encoding="utf-8")
        file.write_text(f"{begun}{decided[1]}\ncomplete\n", encoding="utf-8")
        return {"status": "pr", "summary": title}
    if "for ever" in title:
        sys.exit("it cannot be done")
    if "(fails)" in title and not file.exists():
        file.write_text(f"{title}\nunfinished\n", encoding="utf-8")
        sys.exit("it fell over")
    for part, name in re.findall(r"^### #(\d+): (.+)$", prompt, re.MULTILINE):
        file.with_name(f"{part}.txt").write_text(f"{name}\ncomplete\n", encoding="utf-8")
    incomplete = "(finding)" in title and not threads
    lines = [title, *([] if incomplete else ["complete"]), *(["as asked"] if threads else [])]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    replies = [{"thread": one, "kind": "corrected", "body": "Completed."} for one in threads]
    found = [FOUND] if "(follow-up)" in title else []
    return {"status": "pr", "summary": title, "threads": replies, "follow_ups": found}


def review(prompt: str) -> dict[str, object]:
    """Files that are not complete are found; threads are settled when nothing is."""
    base = re.search(r"^Base: ([0-9a-f]{40})", prompt, re.MULTILINE)
    assert base is not None
    listed = subprocess.run(
        ["git", "diff", "--name-only", f"{base[1]}...HEAD", "--", "work"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    wrong = [name for name in listed if "complete\n" not in Path(name).read_text(encoding="utf-8")]
    if wrong:
        found = [{"path": name, "line": 1, "body": "It is not complete."} for name in wrong]
        return {"verdict": "correct", "findings": found}
    threads = re.findall(r"^#+ Thread `([A-Za-z0-9_=-]+)`", prompt, re.MULTILINE)
    settled = [{"thread": one, "kind": "corrected", "body": "It is."} for one in threads]
    return {"verdict": "approve", "threads": settled}


main()
