"""A worker and reviewer whose every word is meant to make GitHub, a person or the next model do something.

The test fills in `WORDS`, the hostile texts by their place, and `PROMPTS`, a folder that gets what it was
asked.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

WORDS: dict[str, str] = {}
PROMPTS = ""
THREAD = re.compile(r"^#+ Thread `([A-Za-z0-9_=-]+)`", re.MULTILINE)


def main() -> None:
    """Work or review."""
    prompt = Path(os.environ["BEADWRIGHT_PROMPT"]).read_text(encoding="utf-8")
    kept = Path(PROMPTS)
    (kept / f"{len(list(kept.iterdir()))}.md").write_text(prompt, encoding="utf-8")
    answer = work(prompt) if os.environ["BEADWRIGHT_ROLE"] == "worker" else review(prompt)
    Path(os.environ["BEADWRIGHT_ANSWER"]).write_text(json.dumps(answer), encoding="utf-8")


def work(prompt: str) -> dict[str, Any]:
    """What the bead's title asks for."""
    heading = re.search(r"^# Bead #(\d+): (.+)$", prompt, re.MULTILINE)
    assert heading is not None
    title = heading[2]
    if "Blocked" in title:
        blocker = {"title": WORDS["blocker-title"], "body": WORDS["blocker-body"]}
        return {"status": "blocked", "blockers": [{**blocker, "unblocked_when": WORDS["unblocked-when"]}]}
    if "Asks" in title and "## What was decided" not in prompt:
        options = [{"key": "keep", "text": WORDS["option"]}, {"key": "drop", "text": "Drop it."}]
        asked = {"text": WORDS["question"], "options": options, "recommended": "drop", "default": "keep"}
        return {"status": "blocked", "question": {**asked, "gate": "money"}}
    if "Gives up" in title:
        return {"status": "invalid-context", "summary": WORDS["given-up"]}
    file = Path(f"work/{heading[1]}.txt")
    file.parent.mkdir(exist_ok=True)
    threads = THREAD.findall(prompt)
    file.write_text("complete\n" if threads else "unfinished\n", encoding="utf-8")
    return {
        "status": "pr",
        "summary": WORDS["summary"],
        "decisions": [WORDS["decision"]],
        "follow_ups": [{"title": WORDS["follow-up-title"], "body": WORDS["follow-up-body"]}],
        "threads": [{"thread": one, "kind": "corrected", "body": WORDS["reply"]} for one in threads],
    }


def review(prompt: str) -> dict[str, Any]:
    """What is unfinished is found, in hostile words."""
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
        found = [{"path": name, "line": 1, "body": WORDS["finding"]} for name in wrong]
        return {"verdict": "correct", "summary": WORDS["review"], "findings": found}
    threads = [
        {"thread": one, "kind": "corrected", "body": WORDS["settled"]} for one in THREAD.findall(prompt)
    ]
    return {"verdict": "approve", "summary": WORDS["approval"], "threads": threads}


main()
