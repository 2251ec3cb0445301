"""A change of the specs over the real loop: asked for, proposed, merged by a person, planned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.loop.drive import drive
from tests.loop.world import NAME, Loop, open_loop
from tests.unit.changes import SPEC, change

PROPOSED = change()
PLANNER = f"""\
import json, os, re, sys
from pathlib import Path

prompt = Path(os.environ["BEADWRIGHT_PROMPT"]).read_text(encoding="utf-8")
CHANGE = json.loads({PROPOSED.model_dump_json()!r})
FOUND = {{"what": "A greeting", "judgement": "aligned", "reason": "It is.", "evidence": ["README.md:1"]}}
WHOLE = {{"really": "One line.", "next": "German.", "stop": "Nothing.", "judged": [FOUND], "change": CHANGE}}

def direction():
    part = re.search(r"^## Your part: (.+)$", prompt, re.M)[1]
    return WHOLE if part == "settle, and draft" else {{}}

def bead(place):
    assert "## openspec/changes/greet-in-german/tasks.md" in prompt
    return {{
        "title": f"Build part {{place}}", "complexity": "low", "outcome": f"Part {{place}} is there.",
        "context": f"Parts are files below `work`; this is part {{place}}.",
        "acceptance": [f"`work` has part {{place}}."], "scope": "Only work/.",
        "verification": "`ls work` lists it.", "creates": [f"work/{{place}}.txt"], "covers": [1],
        "after": [place - 1] if place > 1 else [],
    }}

def plan():
    return {{
        "summary": "By its tasks.", "outcome": "It greets in German.", "acceptance": ["It does."],
        "verification": "`true` passes.", "beads": [bead(1), bead(2)],
    }}

answer = direction() if os.environ["BEADWRIGHT_ROLE"] == "direction" else plan()
Path(os.environ["BEADWRIGHT_ANSWER"]).write_text(json.dumps(answer), encoding="utf-8")
"""
POLICY = {
    "planning": {
        "engine": {"name": "command", "command": ["python3", "tools/planner.py"], "minutes": 1},
        "passes": 1,
    }
}
FILES = {
    "tools/planner.py": PLANNER,
    "about/README.md": "It greets people.\n",
    "openspec/specs/greeting/spec.md": SPEC,
}
pytestmark = pytest.mark.usefixtures("engine_tools")


def asked(loop: Loop, text: str) -> int:
    wanted = {"title": "Greet people who speak German", "body": text}
    number = int(loop.people.post(f"/repos/{NAME}/issues", json=wanted).json()["number"])
    loop.say(number, "/bead direct the greeting")
    drive(loop)
    return number


def told(loop: Loop, number: int, words: str) -> bool:
    return any(words in comment for comment in loop.comments(number))


def test_a_change_goes_from_a_command_over_a_persons_merge_to_a_plan_by_it(tmp_path: Path) -> None:
    with open_loop(tmp_path, POLICY, files=FILES) as loop:
        number = asked(loop, "")
        (pull,) = json.loads(json.dumps(loop.get("/pulls?state=open")))
        assert (pull["head"]["ref"], pull["title"]) == (f"bead/{number}", "Propose: Greet in German")
        assert told(loop, number, "**Where the project stands** · 1 independent surveys")
        assert told(loop, number, f"#{pull['number']} proposes the change")
        loop.people.put(f"/repos/{NAME}/pulls/{pull['number']}/merge", json={}).raise_for_status()
        drive(loop)
        assert told(loop, number, "`/bead plan` has beads planned that build it")
        assert loop.git.text("for-each-ref", "refs/heads/bead/") == ""
        assert {bead.state for bead in loop.beads()} == {"open"}
        loop.say(number, "/bead plan")
        drive(loop)
        assert told(loop, number, "Build part 2")
