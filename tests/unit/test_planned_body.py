"""What a bead of a plan says as an issue."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.beads.body import BeadBody, Section, missing, parse_body, paths, render_body
from bot.beads.plan import PlannedBead
from bot.beads.planned_body import body_of
from bot.beads.spec_sections import anchor, cited, headings
from bot.jobs.material import CITED


def test_a_planned_bead_becomes_the_sections_that_its_worker_reads() -> None:
    bead = PlannedBead(
        title="Export days",
        outcome=" Days are files. \r\n",
        acceptance=("1. It works", "- [ ] It is  tested"),
        files=("web/page.html",),
        creates=("tally/export.py",),
        interfaces=("`export(day)`",),
        specs=("docs/spec.md#What a day is",),
        covers=(2, 1, 9),
    )
    body = body_of(bead, ("Sums are right.", "A day is a file."), epic=12)
    assert body == BeadBody(
        outcome="Days are files.",
        acceptance=("It works", "It is tested"),
        files=("`web/page.html`", "`tally/export.py` (new)"),
        specs=("`docs/spec.md#what-a-day-is`",),
        other=(
            Section("Interfaces", "- `export(day)`"),
            Section("Serves", "- #12.1: Sums are right.\n- #12.2: A day is a file."),
        ),
    )
    assert parse_body(render_body(body)) == body
    assert paths(body) == ("web/page.html", "tally/export.py")
    assert CITED.findall(render_body(body)) == [("docs/spec.md", "what-a-day-is")]


def test_what_serves_criteria_of_more_than_one_issue_names_each_by_its_own() -> None:
    bead = PlannedBead.model_validate({"title": "Sum days", "covers": [2]})
    body = body_of(bead, ("#12.1: Sums are right.", "#13.1: A day is a file."))
    assert body.other == (Section("Serves", "- #13.1: A day is a file."),)


@pytest.mark.parametrize("kind", ["reconcile", "report"])
def test_what_ends_an_epic_says_what_it_has_to_where_the_plan_does_not(kind: str) -> None:
    body = body_of(PlannedBead.model_validate({"title": "End it", "type": kind, "outcome": "All is known."}))
    assert missing(body) == ()
    assert body.outcome == "All is known."
    assert parse_body(render_body(body)) == body


def test_what_is_posted_is_made_harmless_text_by_text() -> None:
    bead = PlannedBead(title="Add", outcome="Ping @ann", acceptance=("Ping @ann",), interfaces=("@ann",))
    body = body_of(bead, harmless=lambda text: text.replace("@", "(at)"))
    assert "@" not in render_body(body)
    assert render_body(body).count("(at)ann") == 3


def test_only_the_number_before_a_criterion_goes() -> None:
    bead = PlannedBead(
        title="Add", acceptance=("2. There are 3. [x] is kept, and so is part 4.", "- [ ] Done 5.")
    )
    assert body_of(bead).acceptance == ("There are 3. [x] is kept, and so is part 4.", "Done 5.")


def test_headings_are_those_that_are_shown_and_their_anchors_are_githubs() -> None:
    text = "# Days\n\n```\n# no heading\n```\n\nWhat a *day* is\n---\n"
    assert headings(text) == ("Days", "What a *day* is")
    assert [anchor(one) for one in headings(text)] == ["days", "what-a-day-is"]
    assert cited("`docs/spec.md#Errors: what is refused`") == ("docs/spec.md", "errors-what-is-refused")
    assert cited("docs/spec.md") == ("docs/spec.md", "")


@given(st.text(max_size=30))
def test_the_anchor_of_an_anchor_is_itself(heading: str) -> None:
    assert anchor(anchor(heading)) == anchor(heading)
