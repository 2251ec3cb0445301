"""Who is told, on the issue's own page, that a bead needs a person."""

from __future__ import annotations

from pathlib import Path

import httpx

from bot.local.forge import world
from tests.loop.drive import drive
from tests.loop.world import NAME, Loop, open_loop


def asking(loop: Loop, number: int) -> list[str]:
    """The comments that ask for a person, or did."""
    return [body for body in loop.comments(number) if "comment=person-" in body]


def test_each_need_is_one_new_comment_to_whoever_released_the_bead(tmp_path: Path) -> None:
    with open_loop(tmp_path, {"attempts": 1}) as loop:
        number = loop.bead("It (fails) for ever", "ready")
        drive(loop)
        (first,) = asking(loop, number)
        assert first.startswith("@octo: this bead needs a person:\n\n- 1 attempt failed (worker, attempt 1, ")
        found = loop.get(f"/issues/{number}")
        assert isinstance(found, dict)
        assert [one["login"] for one in found["assignees"]] == ["octo"]

        loop.label(number, "hold")
        drive(loop)
        assert asking(loop, number) == [
            "This bead needs nobody any more.\n\n<!-- beadwright:comment=person-1 -->"
        ]

        loop.people.delete(f"/repos/{NAME}/issues/{number}/labels/hold").raise_for_status()
        drive(loop)
        (second,) = asking(loop, number)
        assert "comment=person-2" in second
        assert "attempt 2" in second


def stranger(loop: Loop) -> httpx.Client:
    """Somebody who may read a public repository, as everybody may."""
    token = loop.forge.on(lambda state: world.create_user(state, "mallory")[1])
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    return httpx.Client(base_url=loop.forge.api_url, headers=headers, trust_env=False, timeout=60)


def body(loop: Loop, number: int) -> str:
    """The issue's text."""
    found = loop.get(f"/issues/{number}")
    assert isinstance(found, dict)
    return str(found["body"])


def test_a_question_is_answered_by_who_may_and_the_work_goes_on_from_there(
    tmp_path: Path, exchange_log: Path
) -> None:
    with open_loop(tmp_path, record=exchange_log) as loop, stranger(loop) as mallory:
        number = loop.bead("Format (asks)", "ready")
        drive(loop)
        (asked,) = asking(loop, number)
        assert asked.startswith("@octo: this bead waits for a decision:\n\n> Keep the old format?")
        by_a_stranger = loop.say(number, "/bead answer drop", mallory)
        drive(loop)
        assert loop.signs(by_a_stranger) == ["-1"]
        wrong = loop.say(number, "/bead answer maybe")
        drive(loop)
        assert loop.signs(wrong) == ["eyes", "-1"]
        assert any(
            "Say one of: `/bead answer keep`, `/bead answer drop`." in one for one in loop.comments(number)
        )
        assert len(loop.runs()) == 1
        right = loop.say(number, "/bead answer drop")
        drive(loop)
        assert loop.signs(right) == ["eyes", "rocket"]
        assert loop.git.text("show", f"main:work/{number}.txt") == "begun\ndrop: Drop it.\ncomplete"
        assert asking(loop, number)[0].startswith("This bead needs nobody any more.")
        assert [bead.state for bead in loop.beads()] == ["closed"]


def test_what_was_found_is_filed_on_a_word_also_when_its_bead_is_closed(
    tmp_path: Path, exchange_log: Path
) -> None:
    with open_loop(tmp_path, record=exchange_log) as loop:
        number = loop.bead("Look around (follow-up)", "ready")
        drive(loop)
        assert [(bead.number, bead.state) for bead in loop.beads()] == [(number, "closed")]
        said = loop.say(number, "/bead file")
        drive(loop)
        assert loop.signs(said) == ["eyes", "rocket"]
        (filed,) = (bead for bead in loop.beads() if bead.number != number)
        assert (filed.title, filed.labels) == ("Found beside the work", ("bead",))
        text = body(loop, filed.number)
        assert text.startswith("## Outcome\n\nIt is done as well.\n\n---\nFound while working on #")
        assert not loop.claims().history
        again = loop.say(number, "/bead file 1")
        drive(loop)
        assert loop.signs(again) == ["eyes", "-1"]
        assert len(loop.beads()) == 2


def test_a_draft_is_added_to_the_text_on_a_yes_and_the_gate_lets_the_bead_go(
    tmp_path: Path, exchange_log: Path
) -> None:
    with open_loop(tmp_path, {"gate": "enforce"}, record=exchange_log) as loop:
        number = loop.bead("Plain", "ready", body="Somebody said so.")
        drive(loop)
        assert loop.claims().of(number).attempts == 0
        loop.say(number, "/bead shape")
        drive(loop)
        (asked,) = asking(loop, number)
        assert asked.startswith("@octo: this bead waits for a decision:")
        assert "> ## Scope\n>\n> Only work/." in asked
        assert body(loop, number) == "Somebody said so."
        loop.say(number, "/bead answer yes")
        drive(loop)
        assert body(loop, number).startswith(
            "Somebody said so.\n\n## Outcome\n\nIt is there.\n\n## Acceptance"
        )
        assert [bead.state for bead in loop.beads()] == ["closed"]
        assert [title.split()[2] for title in loop.runs()] == ["shaper", "worker", "reviewer"]


def test_an_issue_that_is_shaped_becomes_a_bead_that_nobody_has_released(tmp_path: Path) -> None:
    with open_loop(tmp_path) as loop:
        made = loop.people.post(f"/repos/{NAME}/issues", json={"title": "An idea", "body": "Soon."})
        number = made.json()["number"]
        loop.say(number, "/bead shape")
        drive(loop)
        loop.people.patch(
            f"/repos/{NAME}/issues/{number}", json={"body": "Soon, or later."}
        ).raise_for_status()
        late = loop.say(number, "/bead answer yes")
        drive(loop)
        assert loop.signs(late) == ["eyes", "-1"]
        assert any("edited after this was drafted" in one for one in loop.comments(number))
        loop.say(number, "/bead answer no")
        drive(loop)
        assert body(loop, number) == "Soon, or later."
        (bead,) = loop.beads()
        assert (bead.released, bead.state) == (False, "open")
        assert len(loop.runs()) == 1
