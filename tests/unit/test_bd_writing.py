"""Reading and writing `bd`'s exports are each other's inverse, and what cannot be said is listed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.beads.bd.reading import PlannedIssue, read_export
from bot.beads.bd.text import Origin, Texts, read_texts, write_texts
from bot.beads.bd.writing import BeadIssue, Export, name_beads, write_export
from bot.beads.markers import without_markers
from tests.unit.strategies import foreign_names

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
pieces = st.sampled_from(
    [
        *("## Acceptance", "## Notes", "# Top", "## Design\n\nWhy", "```", "<!--", "-->", "1. It works"),
        *(
            "<!-- beadwright:",
            "bd=x -->",
            "<!-- beadwright:bd-text=notes -->",
            "\u2028",
            "a\x85b",
            "    code",
        ),
    ]
) | st.text(max_size=12)
texts = st.lists(pieces, max_size=5).map("\n".join)
times = st.none() | st.datetimes(
    datetime(2020, 1, 1),
    datetime(2030, 1, 1),
    timezones=st.just(UTC),
)
KEYS = [f"x-{number}.{number}" for number in range(5)]


@st.composite
def rows(draw: st.DrawFn) -> str:
    """An export of up to five issues with every kind of text, status, label and edge."""
    keys = KEYS[: draw(st.integers(1, 5))]
    lines = []
    for key in keys:
        status = draw(st.sampled_from(["open", "open", "closed", "deferred", "in_progress", "hooked"]))
        kinds = st.sampled_from(["blocks", "blocks", "parent-child", "related", "odd type"])
        edges = draw(st.lists(st.tuples(st.sampled_from([*keys, "ghost"]), kinds), max_size=3))
        row: dict[str, object] = {
            "id": key,
            "title": draw(st.text("ab é", min_size=1, max_size=9).filter(str.strip)),
            "status": status,
            "priority": draw(st.integers(-1, 5)),
            "issue_type": draw(st.sampled_from(["task", "bug", "epic", "convoy"])),
            "labels": draw(
                st.lists(
                    foreign_names | st.sampled_from(["ready", "hold", "P0", "reconcile", "complexity:low"]),
                    max_size=3,
                )
            ),
            "dependencies": [{"depends_on_id": to, "type": kind} for to, kind in edges],
        }
        for name in ("description", "design", "acceptance_criteria", "notes", "close_reason"):
            row[name] = draw(texts)
        for name in ("created_at", "defer_until", *(["closed_at"] if status == "closed" else [])):
            time = draw(times)
            row[name] = time.isoformat() if time else None
        lines.append(json.dumps({name: value for name, value in row.items() if value is not None}))
    return "\n".join(lines)


def on_github(issues: Sequence[PlannedIssue]) -> list[BeadIssue]:
    """What GitHub has after an import of these."""
    numbers = {issue.id: number for number, issue in enumerate(issues, start=1)}
    closed = {issue.id for issue in issues if issue.closed}
    return [
        BeadIssue(
            number=numbers[issue.id],
            title=issue.title,
            body=issue.body.replace("\n", "\r\n"),  # as it is once somebody edited it in a browser
            labels=(
                *issue.labels,
                *(f"blocked-by:#{numbers[key]}" for key in issue.blocked_by if key not in closed),
            ),
            created_at=NOW,
            updated_at=NOW,
            closed_at=NOW if issue.closed else None,
            reason="completed" if issue.closed else None,
            parent=numbers[issue.parent] if issue.parent else None,
            blockers=tuple(numbers[key] for key in issue.blocked_by if key in closed),
        )
        for issue in issues
    ]


def said_by(issues: Iterable[PlannedIssue]) -> dict[str, tuple[PlannedIssue, Texts]]:
    """What a plan says, without the order of the file and the times in the bodies."""
    return {
        issue.id: (
            replace(
                issue,
                line=0,
                body="",
                labels=tuple(sorted(issue.labels)),
                blocked_by=tuple(sorted(issue.blocked_by)),
            ),
            read_texts(issue.body)[0],
        )
        for issue in issues
    }


@given(rows())
def test_what_was_imported_is_exported_as_it_was(text: str) -> None:
    plan = read_export(text)
    first = write_export("octo/town", on_github(plan.issues))
    again = read_export(first.text)
    assert said_by(again.issues) == said_by(plan.issues)
    second = write_export("octo/other", on_github(again.issues))
    assert sorted(second.text.splitlines()) == sorted(first.text.splitlines())


def test_the_beginning_of_a_marker_in_two_texts_takes_nothing_else_away() -> None:
    begun = "<!-- beadwright:"
    row = {"id": "x-1", "title": "a", "notes": begun, "close_reason": begun, "status": "closed"}
    plan = read_export(json.dumps(row))
    again = read_export(write_export("octo/town", on_github(plan.issues)).text)
    assert said_by(again.issues) == said_by(plan.issues)
    assert "marker" in " ".join(loss.what for loss in plan.losses)


# A browser's line ends are none of a row's: GitHub may put them in, so reading takes them out.
section_texts = texts.map(lambda text: text.replace("<!-- beadwright:", "<!--").replace("\r", "").strip())


@given(st.builds(Texts, *[section_texts] * 6), st.builds(Origin, st.sampled_from(KEYS), times, times))
def test_a_body_gives_back_what_it_was_made_of(said: Texts, origin: Origin) -> None:
    assert read_texts(write_texts(said, origin)) == (said, origin)


@given(texts)
def test_only_headings_are_taken_out_of_a_body_that_was_never_imported(body: str) -> None:
    said, origin = read_texts(body)
    assume(origin is None)
    kept = Counter(lines_of(said.description, said.acceptance, said.design, said.notes))
    gone = Counter(lines_of(without_markers(body))) - kept
    assert kept <= Counter(lines_of(without_markers(body)))
    assert set(gone) <= {"## Acceptance", "## Design", "## Notes"}


def lines_of(*texts: str) -> list[str]:
    return [line.strip() for text in texts for line in text.split("\n") if line.strip()]


def issue(number: int = 12, body: str = "", *labels: str, **fields: object) -> BeadIssue:
    made = BeadIssue(number, "Do it", body, ("bead", *labels), NOW, NOW)
    return replace(made, **fields)  # type: ignore[arg-type]


def row(export: Export, line: int = 1) -> dict[str, object]:
    read = json.loads(export.text.splitlines()[line - 1])
    assert isinstance(read, dict)
    return read


def test_an_issue_of_github_is_a_row_as_bd_writes_it() -> None:
    body = (
        "## Outcome\n\nIt works.\n\n## Acceptance criteria\n\n1. It does\n\n## Scope\n\nAll\n\n## Notes\n\nNo"
    )
    export = write_export("Octo/my.town", [issue(12, body, "bug", "P0", "ui", "ready", "defer:2027-01-31")])
    assert export.losses == ()
    assert row(export) == {
        "_type": "issue",
        "id": "octo-my-town-12",
        "title": "Do it",
        "description": "## Outcome\n\nIt works.\n\n## Scope\n\nAll",
        "acceptance_criteria": "1. It does",
        "notes": "No",
        "status": "open",
        "priority": 0,
        "issue_type": "bug",
        "created_at": "2026-11-24T12:00:00Z",
        "updated_at": "2026-11-24T12:00:00Z",
        "defer_until": "2027-01-31T00:00:00Z",
        "labels": ["ui", "ready"],
    }


def test_edges_of_labels_and_of_github_are_one() -> None:
    export = write_export(
        "octo/town",
        [
            issue(1, "", "epic"),
            issue(2, closed_at=NOW),
            issue(3),
            issue(4, "", "blocked-by:#3", parent=1, blockers=(2, 3)),
        ],
    )
    assert export.losses == ()
    assert row(export, 4)["dependencies"] == [
        {"issue_id": "octo-town-4", "depends_on_id": f"octo-town-{to}", "type": kind}
        | {"created_at": "2026-11-24T12:00:00Z"}
        for to, kind in ((1, "parent-child"), (2, "blocks"), (3, "blocks"))
    ]


@pytest.mark.parametrize(
    ("labels", "fields", "status"),
    [
        (["hold"], {}, "deferred"),
        (["bead:running"], {}, "in_progress"),
        (["bead:in-review"], {}, "in_progress"),
        ([], {"closed_at": NOW}, "closed"),
        ([], {}, "open"),
    ],
)
def test_the_status_is_what_github_shows(labels: list[str], fields: dict[str, object], status: str) -> None:
    export = write_export("octo/town", [issue(12, "", *labels, **fields)])
    assert (row(export)["status"], export.losses) == (status, ())


@pytest.mark.parametrize(("reason", "said"), [("completed", "Closed"), ("not_planned", "Not planned")])
def test_a_closed_bead_says_why(reason: str, said: str) -> None:
    assert row(write_export("octo/town", [issue(closed_at=NOW, reason=reason)]))["close_reason"] == said


def test_what_was_opened_again_after_its_import_was_closed_when_github_says() -> None:
    body = write_texts(Texts(), Origin("x", closed_at=NOW - timedelta(days=90)))
    soon = issue(1, body, closed_at=NOW + timedelta(seconds=3))
    late = issue(1, body, closed_at=NOW + timedelta(days=2))
    assert row(write_export("octo/town", [soon]))["closed_at"] == "2026-08-26T12:00:00Z"
    assert row(write_export("octo/town", [late]))["closed_at"] == "2026-11-26T12:00:00Z"


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (issue(12, "", "blocked-by:#99"), "that it waits for #99, which is no other bead"),
        (issue(parent=99), "its parent #99 is no bead"),
        (issue(elsewhere=("https://github.com/o/r/issues/1",)), "https://github.com/o/r/issues/1 of another"),
        (issue(comments=3), "its comments (3) stay on GitHub"),
        (issue(12, "", "P7"), "label `P7` is left out"),
        (issue(12, "", "bead:needs-human"), "waits for a person"),
        (issue(12, "", "hold", closed_at=NOW), "`hold` is left out"),
        (issue(title="é" * 256), "more than 500 bytes"),
        (
            issue(12, write_texts(Texts(related="- related: gone"), Origin("x"))),
            "`- related: gone` is no edge to a bead",
        ),
    ],
)
def test_what_cannot_be_said_is_listed_with_its_issue(made: BeadIssue, said: str) -> None:
    (loss,) = write_export("octo/town", [made]).losses
    assert loss.line == 1
    assert loss.what.startswith("#12: ")
    assert said in loss.what


def test_each_bead_has_an_id_of_its_own_whatever_was_copied() -> None:
    marked = "<!-- beadwright:bd=octo-town-7 -->"
    assert name_beads("octo/town", {3: marked, 5: marked, 7: "", 9: "x"}) == {
        3: "octo-town-7",
        5: "octo-town-5",
        7: "octo-town-7.1",
        9: "octo-town-9",
    }
