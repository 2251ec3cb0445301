"""OpenSpec's Markdown as we read it, and what is wrong with a change, each fault with its exact finding."""

from __future__ import annotations

import pytest

from bot.beads.change_check import check_change
from bot.beads.openspec import Delta, change_names, open_changes, read_delta, read_spec, specifications
from tests.unit.changes import ADDED, FAULTY, MODIFIED, OPEN, PLACE, REMOVED, RENAMED, SOUND, SPEC, TREE


def test_a_specification_is_its_requirements_and_their_scenarios() -> None:
    first, *others = read_spec(SPEC)
    assert (first.name, first.line) == ("Greets by name", 7)
    assert [one.name for one in others] == ["Ends well", "Greets twice"]
    (scenario,) = first.scenarios
    assert (scenario.name, sorted(scenario.steps)) == ("A name is given", ["THEN", "WHEN"])


def test_what_stands_outside_its_section_or_in_a_fence_is_no_requirement() -> None:
    fenced = "## Requirements\n~~~\n### Requirement: Shown\n~~~\n### Requirement: Meant ##\n"
    assert [one.name for one in read_spec(fenced)] == ["Meant"]
    assert read_spec("### Requirement: Early\n## Notes\n### Requirement: Late\n") == ()


def test_a_requirement_ends_where_its_section_does() -> None:
    text = "## Requirements\n### Requirement: One\n## Notes\n#### Scenario: None of it\n"
    assert [one.scenarios for one in read_spec(text)] == [()]


def test_a_delta_says_what_it_adds_modifies_removes_and_renames() -> None:
    text = ADDED + MODIFIED + REMOVED.format("Ends well") + RENAMED.format("Old", "New")
    delta = read_delta(text.replace("\n", "\r\n"))
    assert [one.name for one in delta.added] == ["Greets in German"]
    assert [one.name for one in delta.modified] == ["Greets by name"]
    assert (delta.removed, delta.renamed) == (("Ends well",), (("Old", "New"),))
    assert delta.touched == ("Greets by name", "Ends well", "Old")


def test_sections_that_stand_twice_and_bullets_of_removals_count() -> None:
    text = "## REMOVED Requirements\n- `### Requirement: A`\n## removed requirements\n### Requirement: B\n"
    assert read_delta(text) == Delta(removed=("A", "B"))


def test_a_repository_is_its_specs_its_open_changes_and_every_name_there_was() -> None:
    assert set(specifications(OPEN)) == {"greeting"}
    assert {name: set(specs) for name, specs in open_changes(OPEN).items()} == {"be-polite": {"greeting"}}
    assert change_names(OPEN) == {"be-polite", "greet-at-all"}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_change_has_no_finding(name: str) -> None:
    assert check_change(SOUND[name], TREE) == ()


@pytest.mark.parametrize("name", [name for name, one in FAULTY.items() if one.ours is not None])
def test_a_faulty_change_has_exactly_its_finding(name: str) -> None:
    assert check_change(FAULTY[name].change, FAULTY[name].tree) == (FAULTY[name].ours,)


def test_every_faulty_change_is_refused_by_somebody() -> None:
    assert all(one.ours or one.validate or one.archive for one in FAULTY.values())
    assert len(FAULTY) >= 12
    assert PLACE in "".join(one.ours or "" for one in FAULTY.values())
