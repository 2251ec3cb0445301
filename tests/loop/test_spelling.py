"""A repository that calls every label something else, and the day on which its policy breaks."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import yaml

from bot.beads.policy import POLICY_PATH
from bot.coordinator.configuration import NAME as CHECK
from bot.coordinator.decision import State
from tests.loop.drive import drive
from tests.loop.world import NAME, Coordinator, Loop, open_loop

SPELLING = {
    "bead": "agent task",
    "review": "agent review",
    "ready": "status: go",
    "hold": "status: wait",
    "blocked_by": "waits for #",
    "defer": "not before ",
    "complexity": "size/",
    "types": {kind: f"kind/{kind}" for kind in ("task", "bug", "feature", "chore", "epic", "report")},
    "priorities": {f"P{level}": f"prio/{level}" for level in range(5)},
    "running": "agent: runs",
    "in_review": "agent: in review",
    "needs_human": "agent: help",
}
OURS = {"bead", "review", "ready", "hold", "bead:running", "bead:in-review", "bead:needs-human"}


def open_bead(loop: Loop, title: str, *labels: str) -> int:
    wanted = {"title": title, "labels": ["agent task", *labels]}
    answer = loop.people.post(f"/repos/{NAME}/issues", json=wanted)
    answer.raise_for_status()
    return int(answer.json()["number"])


def state_of(loop: Loop, number: int) -> str:
    found = loop.get(f"/issues/{number}")
    assert isinstance(found, dict)
    return str(found["state"])


def labels_of(loop: Loop, number: int) -> set[str]:
    found = loop.get(f"/issues/{number}/labels")
    assert isinstance(found, list)
    return {label["name"] for label in found}


def write_policy(loop: Loop, text: str) -> str:
    """Put a policy on the default branch as a person; gives the commit."""
    found = loop.get(f"/contents/{POLICY_PATH}")
    assert isinstance(found, dict)
    change = {
        "message": "Change the policy",
        "content": base64.b64encode(text.encode()).decode(),
        "sha": found["sha"],
    }
    answer = loop.people.put(f"/repos/{NAME}/contents/{POLICY_PATH}", json=change)
    answer.raise_for_status()
    return str(answer.json()["commit"]["sha"])


def unprotect(loop: Loop) -> None:
    loop.people.delete(f"/repos/{NAME}/branches/main/protection").raise_for_status()


def protect(loop: Loop) -> None:
    wanted = {
        "required_status_checks": {"strict": True, "contexts": ["test"]},
        "enforce_admins": True,
        "required_pull_request_reviews": None,
        "restrictions": None,
    }
    loop.people.put(f"/repos/{NAME}/branches/main/protection", json=wanted).raise_for_status()


def checks_of(loop: Loop, commit: str) -> list[dict[str, object]]:
    found = loop.get(f"/commits/{commit}/check-runs?check_name={CHECK}")
    assert isinstance(found, dict)
    return list(found["check_runs"])


def test_beads_are_merged_where_every_label_is_called_something_else(
    tmp_path: Path, exchange_log: Path
) -> None:
    with open_loop(tmp_path, {"labels": SPELLING, "follow_ups": "file"}, record=exchange_log) as loop:
        first = open_bead(loop, "First (follow-up)", "status: go", "prio/1", "kind/bug")
        second = open_bead(loop, "Second (finding)", "status: go", f"waits for #{first}")
        held = open_bead(loop, "Held", "status: go", "status: wait")
        blocked = open_bead(loop, "Needs groundwork", "status: go", f"waits for #{second}")
        other = loop.bead("Not one of ours here", "ready")
        decision = drive(loop)
        assert [state_of(loop, number) for number in (first, second, blocked)] == ["closed"] * 3
        assert state_of(loop, other) == "open"
        assert decision.verdicts[held].reasons == ("the label `status: wait` is on it",)
        pulls = loop.get("/pulls?state=closed")
        assert isinstance(pulls, list)
        assert {frozenset(labels_of(loop, pull["number"])) for pull in pulls} == {
            frozenset({"agent task", "agent review"})
        }
        (found,) = (number for number in decision.verdicts if number not in (first, second, held, blocked))
        assert labels_of(loop, found) == {"agent task", f"waits for #{first}"}
        repository_labels = loop.get("/labels?per_page=100")
        assert isinstance(repository_labels, list)
        names = {label["name"] for label in repository_labels}
        assert "agent: runs" in names
        assert names & OURS == {"bead", "ready"}  # those that a person has just put on an issue


def test_a_policy_that_breaks_is_shown_once_where_it_broke_and_no_bead_is_lost(
    tmp_path: Path, exchange_log: Path
) -> None:
    policy = {"labels": SPELLING, "pace": {"failures": 50}}
    with open_loop(tmp_path, policy, record=exchange_log) as loop:
        found = loop.get(f"/contents/{POLICY_PATH}")
        assert isinstance(found, dict)
        good = base64.b64decode(str(found["content"])).decode()
        failing = open_bead(loop, "Fails (fails) for ever", "status: go", "prio/1")
        coordinator = Coordinator(loop)
        drive(loop, coordinator)
        stopped = loop.claims().of(failing)
        assert stopped.stopped

        unprotect(loop)
        text = yaml.safe_dump({**json.loads(good), "workers": "many", "workrs": 3})
        broke = write_policy(loop, text)
        protect(loop)
        waiting = open_bead(loop, "Waits for the mending", "status: go")
        decision = drive(loop, coordinator)
        (check,) = checks_of(loop, broke)
        assert (check["conclusion"], check["status"]) == ("failure", "completed")
        annotations = loop.get(f"/check-runs/{check['id']}/annotations")
        assert isinstance(annotations, list)
        lines = text.splitlines()
        assert {lines[note["start_line"] - 1].split(":")[0] for note in annotations} == {"workers", "workrs"}
        assert {note["annotation_level"] for note in annotations} == {"failure"}
        assert decision.verdicts[waiting].state is State.READY
        assert "workers" in decision.verdicts[waiting].reasons[0]
        assert loop.claims().of(failing) == stopped

        # Another process, that has never seen the good file, and a commit that does not touch it.
        unprotect(loop)
        answer = loop.people.put(
            f"/repos/{NAME}/contents/NOTES.md",
            json={"message": "Note", "content": base64.b64encode(b"x").decode()},
        )
        answer.raise_for_status()
        protect(loop)
        fresh = Coordinator(loop)
        decision = drive(loop, fresh)
        assert len(checks_of(loop, broke)) == 1
        assert checks_of(loop, answer.json()["commit"]["sha"]) == []
        assert decision.verdicts[failing].state is State.NEEDS_HUMAN
        assert loop.claims().of(failing) == stopped

        unprotect(loop)
        mended = write_policy(loop, good)
        protect(loop)
        drive(loop, fresh)
        (check,) = checks_of(loop, mended)
        assert check["conclusion"] == "success"
        assert loop.claims().misconfigured is None
        assert state_of(loop, waiting) == "closed"
        coordinator.close()
        fresh.close()
