"""Check-ins as they are kept and drawn."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from bot.beads.checkin import CATEGORIES
from bot.beads.checkin_chart import DRAWN, draw
from bot.beads.checkin_record import average, changed, read_records, signed
from tests.unit.checkins import kept

SVG = "{http://www.w3.org/2000/svg}"
FIVE = [kept(*(week + 1 for _ in CATEGORIES), week=week) for week in range(5)]


def test_a_check_in_is_one_file_a_run_and_is_read_back_as_it_was() -> None:
    record = kept(1, 2, 3, imported_by="maya")
    assert record.name == "2026-07-06-100.json"
    assert read_records({record.name: record.text().encode()}) == [record]


def test_what_a_person_puts_beside_them_is_no_check_in() -> None:
    files = {one.name: one.text().encode() for one in reversed(FIVE)}
    others = {"README.md": b"# x\n", "2026-07-06-9.json": FIVE[0].text().encode(), "2026-07-07-1.json": b"{"}
    assert read_records({**others, **files}) == FIVE


def test_two_check_ins_compare_side_by_side() -> None:
    before, now = kept(5, 6, 7), kept(7, 6, 5, 9)
    assert changed(now.by_category, before.by_category) == {"doctrine": 2, "specs": 0, "architecture": -2}
    assert average(before.by_category) == 6
    assert average({}) is None
    assert [signed(2), signed(0), signed(-2), signed(-0.04, 1), signed(0.25, 1)] == [
        *("+2", "±0", "-2", "±0.0", "+0.2")
    ]


def test_every_side_is_drawn_with_its_newest_score_and_every_check_in_on_it() -> None:
    svg = ElementTree.fromstring(draw(FIVE))
    panels = svg.findall(f"{SVG}g")
    assert len(panels) == len(CATEGORIES)
    for category, panel in zip(CATEGORIES, panels, strict=True):
        texts = [text.text for text in panel.findall(f"{SVG}text")]
        assert texts[0] == category
        assert {"5", "+1", "2026-07-06", "2026-08-03"} <= set(texts)
        (line,) = panel.findall(f"{SVG}polyline")
        heights = [float(point.split(",")[1]) for point in line.attrib["points"].split()]
        assert heights == sorted(heights, reverse=True)
        assert len(panel.findall(f"{SVG}circle")) == 5


def test_who_sees_no_lines_is_told_the_numbers() -> None:
    svg = ElementTree.fromstring(draw([kept(3), kept(8, week=1, imported_by="maya")]))
    assert svg.attrib["role"] == "img"
    assert svg.attrib["aria-labelledby"].split() == ["title", "desc"]
    said = svg.findtext(f"{SVG}desc")
    assert said == "doctrine: 3 on 2026-07-06, 8 on 2026-07-13 (brought by maya)."


def test_a_review_made_elsewhere_is_marked_as_that() -> None:
    drawn = draw([kept(3), kept(8, week=1, imported_by="maya")])
    svg = ElementTree.fromstring(drawn)
    marks = [one.attrib["class"] for one in svg.findall(f"{SVG}g")[0].findall(f"{SVG}circle")]
    assert marks == ["own", "imported"]
    assert "brought by maya" in drawn
    assert "brought by" not in draw(FIVE)


def test_a_side_that_was_not_always_scored_has_a_line_through_what_there_is() -> None:
    svg = ElementTree.fromstring(draw([kept(3, 4), kept(5, week=1), kept(5, 6, week=2)]))
    doctrine, specs, architecture = svg.findall(f"{SVG}g")[:3]
    assert len(doctrine.findall(f"{SVG}circle")) == 3
    assert len(specs.findall(f"{SVG}circle")) == 2
    assert architecture.findall(f"{SVG}polyline") == []
    assert "not scored" in [text.text for text in architecture.findall(f"{SVG}text")]


@pytest.mark.parametrize("records", [[], FIVE[:1], FIVE[:1] * 2], ids=["none", "one", "two of one moment"])
def test_few_check_ins_are_a_picture_too(records: list[object]) -> None:
    svg = ElementTree.fromstring(draw(records))  # type: ignore[arg-type]
    assert len(svg.findall(f"{SVG}g")) == len(CATEGORIES)


def test_of_very_many_the_last_are_drawn() -> None:
    svg = ElementTree.fromstring(draw([kept(5, week=week) for week in range(DRAWN + 5)]))
    assert len(svg.findall(f"{SVG}g")[0].findall(f"{SVG}circle")) == DRAWN
