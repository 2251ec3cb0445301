"""A person does by a real browser, on a forge with nothing else, all that a bead asks of people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.local.forge.serve import in_thread
from tests.browser.conftest import People
from tests.forge.branches import REPO, ok, pull
from tests.forge.conftest import World, build

NAME = "octo/sample"
PHONE = 390


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[World]:
    """octo/sample and its people."""
    with in_thread(tmp_path / "forge") as running:
        made = running.on(lambda state: build(running, state))
        yield made
        made.close()


def test_a_person_opens_an_issue_labels_and_comments_and_it_is_what_rest_shows(
    forge: World, people: People
) -> None:
    octo = people(forge.base_url, NAME, "octo")
    body = "## Outcome\n\nIt splits.\n\n```mermaid\ngraph TD\n  A --> B\n```\n\n<script>alert(1)</script>"
    epic = octo.open_issue("Tell people about a text", "## Outcome\n\nOne line.", ["bead", "epic"])
    number = octo.open_issue("Split a text into words", body, ["bead", "P1"])
    octo.label(number, "ready")
    octo.comment(number, "/bead status\n\nWhat is this waiting for?")
    octo.block(number, by=epic)
    octo.unlabel(number, "P1")
    octo.add_sub_issue(epic, number)
    text = octo.open(f"/issues/{number}")
    octo.picture("issue")
    assert "octo added ready" in text
    assert "<script>alert(1)</script>" in text
    shown = ok(forge.person("rita").get(f"{REPO}/issues/{number}"))
    assert [one["name"] for one in shown["labels"]] == ["bead", "ready"]
    comment = ok(forge.person("rita").get(f"{REPO}/issues/{number}/comments"))[0]["body"]
    assert comment.splitlines()[0] == "/bead status"
    blockers = ok(forge.person("rita").get(f"{REPO}/issues/{number}/dependencies/blocked_by"))
    assert [one["number"] for one in blockers] == [epic]
    octo.comment(number, "Never mind", then="Close as not planned")
    assert ok(forge.person("rita").get(f"{REPO}/issues/{number}"))["state_reason"] == "not_planned"
    assert octo.complaints == []


def test_two_people_review_answer_resolve_commit_and_merge(forge: World, people: People) -> None:
    number = pull(forge, body="Fixes #9")["number"]
    octo, will = (people(forge.base_url, NAME, login) for login in ("octo", "will"))
    octo.comment_on_line(number, "bead-1.txt", 2, "Why in words?")
    octo.picture("thread")
    octo.review(number, "Request changes", "In figures, please.")
    will.reply(number, "Why in words?", "Changed.")
    will.edit_file("bead/1", "bead-1.txt", "one\n2\nthree\n", "Say it in figures")
    will.new_file("bead/1", "docs/new.md", "# New\n", "Write it down")
    text = octo.open(f"/pull/{number}")
    assert "Outdated" in text
    assert text.index("Why in words?") < text.index("Changed.") < text.index("Say it in figures")
    octo.resolve(number, "Why in words?")
    assert octo.sees("bead-1.txt", "Resolved")
    octo.review(number, "Approve", "Now it is.")
    octo.picture("approved")
    text = octo.merge(number, "Squash and merge")
    octo.picture("merged")
    assert "octo merged this" in text
    merged = ok(forge.person("rita").get(f"{REPO}/pulls/{number}"))
    assert (merged["merged"], merged["merged_by"]["login"]) == (True, "octo")
    assert octo.complaints == will.complaints == []


def test_a_stranger_sees_it_all_and_has_no_button_for_it(forge: World, people: People) -> None:
    number = pull(forge)["number"]
    stranger = people(forge.base_url, NAME, "stan")
    stranger.open(f"/pull/{number}")
    stranger.picture("pull")
    assert [stranger.can(one) for one in ("Merge pull request", "Add", "Assign", "Close pull request")] == [
        False
    ] * 4
    assert stranger.can("Comment")
    nobody = people(forge.base_url, NAME)
    nobody.open(f"/pull/{number}")
    assert not nobody.can("Comment")
    assert nobody.sees("Sign in to comment")


def test_every_page_fits_a_phone(forge: World, people: People) -> None:
    number = pull(forge, body="A table\n\n| a | b | c |\n|--|--|--|\n" + "| long words here | x | y |\n" * 3)[
        "number"
    ]
    octo = people(forge.base_url, NAME, "octo", width=PHONE)
    issue = octo.open_issue("A" * 120, "`" + "x" * 200 + "`", ["bead", "blocked-by:#1"])
    octo.comment_on_line(number, "bead-1.txt", 2, "Why two?")
    for name, address in {
        "repository": "",
        "issues": "/issues",
        "issue": f"/issues/{issue}",
        "pull": f"/pull/{number}",
        "files": f"/pull/{number}/files",
        "checks": f"/pull/{number}/checks",
        "edit": "/edit/main/src/add.py",
        "actions": "/actions",
        "labels": "/labels",
    }.items():
        octo.open(address)
        octo.picture(name)
        assert octo.overflow() <= 0, name
    assert octo.complaints == []
