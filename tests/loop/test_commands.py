"""People steer beads by comments, over the real loop: once, and only who may."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.loop.drive import drive
from tests.loop.pauses import Pausing
from tests.loop.world import NAME, Coordinator, Loop, open_loop


def labels(loop: Loop, number: int) -> set[str]:
    issue = loop.get(f"/issues/{number}")
    assert isinstance(issue, dict)
    return {label["name"] for label in issue["labels"]}


def test_a_person_with_the_authority_is_obeyed_on_bead_and_plain_issue(
    tmp_path: Path, exchange_log: Path
) -> None:
    with open_loop(tmp_path, record=exchange_log) as loop:
        held = loop.bead("Held")
        other = loop.bead("Other")
        plain = loop.people.post(f"/repos/{NAME}/issues", json={"title": "An idea"}).json()["number"]
        ordered = loop.say(held, f"Soon.\n\n/bead priority P0\n/bead blocked-by #{other}\n/bead hold the API")
        made = loop.say(plain, "/bead ready")
        asked = loop.say(held, "/bead help")
        coordinator = Coordinator(loop)
        coordinator.look()
        assert {"P0", f"blocked-by:#{other}", "hold"} <= labels(loop, held)
        assert {"bead", "ready"} <= labels(loop, plain)
        assert [loop.signs(one) for one in (ordered, made, asked)] == [["eyes", "rocket"]] * 3
        word = loop.claims().of(held).hold
        assert word is not None
        assert (word.by, word.comment, word.reason) == ("octo", ordered, "the API")
        (told,) = loop.comments(held)[2:]
        assert "| `/bead hold [REASON]` | triage |" in told
        loop.say(held, "/bead unhold")
        loop.say(held, f"/bead unblock {other}")
        coordinator.look()
        assert not {f"blocked-by:#{other}", "hold"} & labels(loop, held)
        coordinator.close()


def test_any_issue_becomes_a_bead_by_one_command_and_is_merged(tmp_path: Path) -> None:
    with open_loop(tmp_path) as loop:
        maintainer = loop.person("ada", "write")
        number = loop.people.post(f"/repos/{NAME}/issues", json={"title": "An idea"}).json()["number"]
        loop.say(number, "Good one.\n\n/bead ready", maintainer)
        drive(loop)
        (bead,) = loop.beads()
        assert (bead.number, bead.state) == (number, "closed")
        maintainer.close()


def test_on_a_pull_request_a_command_is_about_its_bead(tmp_path: Path) -> None:
    with open_loop(tmp_path, {"merge": {"by_itself": "never"}}) as loop:
        bead = loop.bead("Plain", "ready")
        loop.people.delete(f"/repos/{NAME}/branches/main/protection").raise_for_status()
        drive(loop)
        pulls = loop.get("/pulls?state=open")
        assert isinstance(pulls, list)
        pull = pulls[0]
        said = loop.say(pull["number"], "/bead hold\n/bead type bug")
        coordinator = Coordinator(loop)
        coordinator.look()
        assert loop.signs(said) == ["eyes", "rocket"]
        assert {"hold", "bug"} <= labels(loop, bead)
        coordinator.close()


def test_triage_may_hold_and_not_release_and_a_stranger_moves_nothing(tmp_path: Path) -> None:
    with open_loop(tmp_path) as loop:
        bead = loop.bead("Plain")
        helper, stranger = loop.person("helper", "triage"), loop.person("eve", "none")
        held = loop.say(bead, "/bead hold", helper)
        released = loop.say(bead, "/bead ready", helper)
        tried = [
            loop.say(bead, f"/bead {what}", stranger) for what in ("ready", "unhold", "priority P0", "pause")
        ]
        coordinator = Coordinator(loop)
        coordinator.look()
        assert loop.signs(held) == ["eyes", "rocket"]
        assert loop.signs(released) == ["-1"]
        assert [loop.signs(one) for one in tried] == [["-1"]] * 4
        assert labels(loop, bead) == {"bead", "hold"}
        assert set(loop.claims().answers) == {held}
        ours = loop.comments(bead)[6:]
        assert len(ours) == 2  # one to each of the two
        assert "`/bead ready` needs write permission" in ours[0]
        for client in (helper, stranger):
            client.close()
        coordinator.close()


def test_a_comment_that_a_stranger_has_edited_counts_for_no_more_than_they_may_do(tmp_path: Path) -> None:
    with open_loop(tmp_path) as loop:
        bead = loop.bead("Plain")
        said = loop.say(bead, "Thanks!")
        # Write permission lets edit others' comments; then it is taken away.
        other = loop.person("mallory", "write")
        path = f"/repos/{NAME}/issues/comments/{said}"
        other.patch(path, json={"body": "/bead ready"}).raise_for_status()
        loop.people.patch(path, json={"body": "/bead ready\n\nThanks!"}).raise_for_status()
        loop.people.delete(f"/repos/{NAME}/collaborators/mallory").raise_for_status()
        coordinator = Coordinator(loop)
        coordinator.look()
        assert loop.signs(said) == ["-1"]
        assert "ready" not in labels(loop, bead)
        other.close()
        coordinator.close()


def test_quotes_code_and_comments_nobody_sees_do_nothing(tmp_path: Path) -> None:
    with open_loop(tmp_path) as loop:
        bead = loop.bead("Plain")
        bodies = ("> /bead hold", "```\n/bead hold\n```", "<!--\n/bead hold\n-->", "Say /bead hold")
        said = [loop.say(bead, body) for body in bodies]
        coordinator = Coordinator(loop)
        coordinator.look()
        coordinator.close()
        assert labels(loop, bead) == {"bead"}
        assert [loop.signs(one) for one in said] == [[]] * 4
        assert len(loop.comments(bead)) == 4


def test_a_comment_made_while_nobody_was_there_is_found_and_answered_once(tmp_path: Path) -> None:
    with open_loop(tmp_path) as loop:
        bead = loop.bead("Plain")
        loop.say(bead, "/bead priority P1")
        first = Coordinator(loop)
        first.look()
        first.close()  # the outage
        said = loop.say(bead, "/bead hold")
        loop.clock.advance(timedelta(minutes=5))
        second, third = Coordinator(loop), Coordinator(loop)
        second.look()
        loop.people.delete(f"/repos/{NAME}/issues/{bead}/labels/hold").raise_for_status()
        for coordinator in (second, third, second, third):
            coordinator.look()
        assert loop.signs(said) == ["eyes", "rocket"]
        assert "hold" not in labels(loop, bead)  # the person's later hand stays
        second.close()
        third.close()


def test_stop_ends_a_run_and_charges_nobody(tmp_path: Path) -> None:
    with open_loop(tmp_path) as loop:
        bead = loop.bead("Plain", "ready")
        coordinator = Coordinator(loop)
        coordinator.look()
        assert len(loop.runs()) == 1
        said = loop.say(bead, "/bead stop\n/bead why")
        coordinator.look()
        runs = loop.get("/actions/runs")
        assert isinstance(runs, dict)
        assert [run["conclusion"] for run in runs["workflow_runs"]] == ["cancelled"]
        assert loop.signs(said) == ["eyes", "rocket"]
        loop.clock.advance(timedelta(minutes=1))
        coordinator.look()
        claims = loop.claims()
        assert not claims.live
        assert (claims.of(bead).failures, claims.of(bead).attempts) == (0, 1)
        assert "hold" in labels(loop, bead)
        coordinator.close()


def test_of_two_coordinators_at_once_one_does_it_and_both_may_answer(tmp_path: Path) -> None:
    with open_loop(tmp_path) as loop:
        bead = loop.bead("Plain")
        said = loop.say(bead, "/bead hold\n/bead help")
        other = Coordinator(loop)
        paused: list[str] = []

        def meanwhile(what: str) -> None:
            paused.append(what)
            if what == "POST commits" and paused.count(what) == 1:
                other.look()

        slow = Coordinator(loop, lambda: Pausing(meanwhile))
        slow.look()
        assert paused.count("POST commits") == 1  # and lost it
        history = [document for document in loop.claims_history() if document.answers]
        assert [set(document.answers) for document in history] == [{said}]
        assert loop.signs(said) == ["eyes", "rocket"]
        assert len(loop.comments(bead)) == 2
        slow.close()
        other.close()


@pytest.mark.parametrize("line", ["/bead redy", "/bead priority high", "/bead hold\n/bead nonsense"])
def test_what_is_no_command_is_refused_with_one_reply(tmp_path: Path, line: str) -> None:
    with open_loop(tmp_path) as loop:
        bead = loop.bead("Plain")
        said = loop.say(bead, line)
        coordinator = Coordinator(loop)
        for _ in range(3):
            coordinator.look()
        coordinator.close()
        assert loop.signs(said) == ["-1"]
        assert labels(loop, bead) == {"bead"}
        assert len(loop.comments(bead)) == 2
