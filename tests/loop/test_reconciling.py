"""Epics over the real loop: a gap becomes the next generation; or is accepted when no generation is left."""

from __future__ import annotations

from pathlib import Path

from bot.beads.coverage import coverage_ref, load_kept_coverage
from tests.loop.drive import drive
from tests.loop.world import NAME, Loop, open_loop

ASKS = "## Outcome\n\nFiles are there.\n\n## Acceptance criteria\n\n1. There are 2 files below work.\n"


def epic(loop: Loop, *kinds: str) -> tuple[int, ...]:
    """An epic that asks for two files, with one bead that makes one, and beads of these types; released."""
    numbers = [
        loop.bead("Files", "epic", body=ASKS),
        loop.bead("Make one", body="## Outcome\n\nOne is there.\n"),
        *(loop.bead(f"The {kind}", kind, body="All of it.") for kind in kinds),
    ]
    for number in numbers[1:]:
        found = loop.get(f"/issues/{number}")
        assert isinstance(found, dict)
        path = f"/repos/{NAME}/issues/{numbers[0]}/sub_issues"
        loop.people.post(path, json={"sub_issue_id": found["id"]}).raise_for_status()
    loop.say(numbers[0], "/bead ready")
    return tuple(numbers)


def states(loop: Loop) -> dict[str, str]:
    return {bead.title: bead.state for bead in loop.beads()}


def matrix(loop: Loop, of: int) -> list[tuple[str, str]]:
    kept = load_kept_coverage(loop.git.text("log", "-1", "--format=%B", coverage_ref(of)))
    return [(row.source, row.status) for row in kept.matrix]


def test_a_gap_becomes_a_generation_an_edit_is_reconciled_anew_and_its_epic_ends_with_a_report(
    tmp_path: Path,
) -> None:
    with open_loop(tmp_path) as loop:
        whole, first, reconciles, reports = epic(loop, "reconcile", "report")
        loop.label(reports, "hold")
        drive(loop)
        assert states(loop)["Make one"] == "closed"
        assert states(loop)["The reconcile"] == "open"
        assert matrix(loop, whole) == [(f"#{whole}.1", "partly"), (f"#{first}", "met")]
        table, shown = (
            next(said for said in loop.comments(reconciles) if f"comment={marker}" in said)
            for marker in ("coverage", "plan")
        )
        assert "🟡 partly" in table
        assert "@octo" not in table
        assert "Build what is missing" in shown
        loop.say(reconciles, "/bead approve")
        drive(loop)
        gap, again = loop.beads()[4:6]
        assert (gap.title, again.title) == ("Build what is missing", "Reconcile the epic again")
        assert {"gen-2"} <= set(gap.labels) & set(again.labels)
        assert f"blocked-by:#{gap.number}" in again.labels
        assert [title for title, state in states(loop).items() if state == "open"] == ["Files", "The report"]
        assert matrix(loop, whole) == [
            (f"#{whole}.1", "met"),
            (f"#{first}", "met"),
            (f"#{gap.number}.1", "met"),
        ]
        assert [run.split()[2] for run in loop.runs()].count("reconciler") == 2
        text = {"body": "## Outcome\n\nOne is there.\n\n## Acceptance criteria\n\n1. It is a file.\n"}
        loop.people.patch(f"/repos/{NAME}/issues/{first}", json=text).raise_for_status()
        loop.say(reports, "/bead unhold")
        drive(loop)
        assert set(states(loop).values()) == {"closed"}
        assert matrix(loop, whole)[1] == (f"#{first}.1", "met")
        assert [run.split()[2] for run in loop.runs()].count("reconciler") == 3
        page = loop.git.text("show", f"main:docs/reports/EPIC-{whole}.md")
        assert f"| `#{gap.number}.1` | met |" in page


def test_what_is_open_after_the_last_generation_is_accepted_and_ends_the_epic(tmp_path: Path) -> None:
    with open_loop(tmp_path, {"planning": {"generations": 1}}) as loop:
        whole, _, reconciles = epic(loop, "reconcile")
        drive(loop)
        assert not any("comment=plan" in said for said in loop.comments(reconciles))
        assert any("no further generation is planned" in said for said in loop.comments(reconciles))
        loop.say(reconciles, "/bead accept One will do.")
        drive(loop)
        assert set(states(loop).values()) == {"closed"}
        (written,) = [said for said in loop.comments(whole) if "comment=accepted" in said]
        assert "`@octo` lets this epic end as it is: One will do." in written
