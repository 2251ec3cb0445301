"""Work that runs found beside their own: listed, filed on a word, and not lost when the bead is closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.beads.authority import Permission
from bot.beads.policy import Policy
from bot.beads.report import Report
from bot.coordinator.actions import CreateBead
from bot.coordinator.claims import Answer, Claims
from bot.coordinator.decision import Decision, Draft
from bot.coordinator.found import CLOSED, KEPT, file, listing
from bot.coordinator.history import Found, History
from bot.coordinator.snapshot import Issue, Snapshot
from bot.coordinator.wanted import runs_to_read
from tests.unit.snapshots import NOW, claimed, ended, issue, look, remembered, report, run_decide, saying

TITLES = ("Tidy the parser", "Fixes #3, says @maya", "Tidy  the PARSER.")


def found_work(*beside: Issue, **policy: object) -> Snapshot:
    """A worker's run is over, and its report tells of other work."""
    claims = claimed(1, stage="published", outcome="pr", head="b" * 40)
    runs = (ended(report=told()),)
    return look(issue(1), *beside, claims=claims, runs=runs, policy=Policy.model_validate(policy))


def told(*titles: str) -> Report:
    """A report with such follow-ups; each has a text."""
    worker = {
        "status": "pr",
        "follow_ups": [{"title": one, "body": f"About it: {one}"} for one in titles or TITLES],
    }
    return report(worker=worker)


def created(decision: Decision | Draft) -> list[CreateBead]:
    return [action for action in decision.before if isinstance(action, CreateBead)]


def after(decision: Decision) -> History:
    assert decision.claims is not None
    return decision.claims.of(1)


def test_found_work_is_listed_once_each_and_harmless() -> None:
    decision = run_decide(found_work())
    assert created(decision) == []
    assert [(one.run_id, one.index, one.filed) for one in after(decision).found] == [
        (5, 0, False),
        (5, 1, False),
    ]
    shown = listing(look(), 1, after(decision))
    assert shown.splitlines()[2:4] == ["1. Tidy the parser", "2. Fixes #\u200b3, says @\u200bmaya"]
    assert shown.endswith("`/bead file` makes beads of them, `/bead file 1` of that one alone.")


def test_what_an_open_bead_says_already_is_not_found_again() -> None:
    twin = replace(issue(9), title="tidy the parser")
    assert [one.index for one in after(run_decide(found_work(twin))).found] == [1]


def test_found_work_is_filed_at_once_where_the_policy_says_so() -> None:
    decision = run_decide(found_work(follow_ups="file"))
    assert [action.marker for action in created(decision)] == ["1-5-f0", "1-5-f1"]
    first = created(decision)[0]
    assert (first.title, first.labels) == ("Tidy the parser", ("bead", "blocked-by:#1"))
    assert first.body.startswith("About it: Tidy the parser\n\n---\nFound while working on #1 ([run](")
    assert [one.filed for one in after(decision).found] == [True, True]


def test_what_a_lost_answer_has_filed_already_is_not_filed_again() -> None:
    made = replace(issue(9), title="Tidy the parser", markers=("bead=1-5-f0",))
    decision = run_decide(found_work(made, follow_ups="file"))
    assert [action.marker for action in created(decision)] == ["1-5-f1"]
    assert [one.filed for one in after(decision).found] == [True, True]


def known(*titles: str, filed: bool = False) -> Claims:
    return remembered(
        1, found=[{"run_id": 5, "index": at, "title": one, "filed": filed} for at, one in enumerate(titles)]
    )


def test_what_is_filed_gets_its_text_from_the_report_of_its_run() -> None:
    draft = Draft(known("One", "Two"))
    assert file(saying("file", numbers=(2,), reports={5: told("One", "Two")}), draft) == Answer(done=True)
    (bead,) = created(draft)
    assert (bead.title, bead.marker, bead.labels) == ("Two", "1-5-f1", ("bead", "blocked-by:#1"))
    assert bead.body.startswith("About it: Two\n")
    assert [one.filed for one in draft.claims.of(1).found] == [False, True]


def test_without_places_all_of_it_is_filed() -> None:
    draft = Draft(known("One", "Two"))
    file(saying("file", reports={5: told("One", "Two")}), draft)
    assert [bead.title for bead in created(draft)] == ["One", "Two"]
    assert not draft.claims.of(1).unfiled


@pytest.mark.parametrize(
    "reports", [{}, {5: report(worker=None)}, {5: told("Another")}], ids=["none", "failed", "other"]
)
def test_a_report_that_is_gone_or_another_leaves_the_title(reports: Mapping[int, Report]) -> None:
    draft = Draft(known("One"))
    answer = file(saying("file", reports=reports), draft)
    assert "only the title is left" in answer.reply
    assert "Another" not in created(draft)[0].body


def test_what_is_a_bead_already_is_said_to_be() -> None:
    draft = Draft(known("One"))
    said = saying("file")
    snapshot = replace(said.snapshot, issues=(*said.snapshot.issues, replace(issue(9), title="one.")))
    assert file(replace(said, snapshot=snapshot), draft).reply == "1 is not filed: #9 is called the same."
    assert created(draft) == []
    assert not draft.claims.of(1).unfiled


@pytest.mark.parametrize(
    ("claims", "numbers", "reply"),
    [
        (Claims(), (), "Nothing that #1 found waits to be filed."),
        (known("One", filed=True), (1,), "Nothing that #1 found waits to be filed."),
        (known("One", "Two"), (1, 7), "Not filed yet are 1, 2 of its list; 7 is none of them."),
    ],
)
def test_a_place_that_is_not_there_files_nothing(
    claims: Claims, numbers: tuple[int, ...], reply: str
) -> None:
    draft = Draft(claims)
    assert file(saying("file", numbers=numbers), draft) == Answer(done=False, reply=reply)
    assert (draft.before, draft.claims) == ([], claims)


def test_the_list_tells_what_became_of_it() -> None:
    made = replace(issue(9), markers=("bead=1-5-f0",))
    assert listing(look(made), 1, known("One", "Two", filed=True).of(1)).splitlines()[2:] == [
        "1. One (filed: #9)",
        "2. Two (filed)",
    ]
    assert listing(look(), 1, History()) == ""


def test_a_closed_bead_is_forgotten_but_for_what_it_found() -> None:
    claims = known("One").remember(1, attempts=3, stopped="no")
    first = run_decide(look(claims=claims))
    assert after(first) == History(found=claims.of(1).found, closed=NOW)
    assert first.claims is not None
    assert run_decide(look(claims=first.claims), NOW + KEPT - timedelta(seconds=1)).claims is None
    assert run_decide(look(claims=first.claims), NOW + KEPT).claims == Claims()


def test_only_so_many_closed_beads_are_remembered_the_last_ones() -> None:
    finds = (Found(run_id=5, index=0, title="One"),)
    history = {
        bead: History(found=finds, closed=NOW - timedelta(hours=bead)) for bead in range(1, CLOSED + 6)
    }
    decision = run_decide(look(claims=Claims(history=history)))
    assert decision.claims is not None
    assert sorted(decision.claims.history) == list(range(1, CLOSED + 1))


def test_what_a_closed_bead_found_is_filed_and_waits_for_nothing() -> None:
    draft = Draft(known("One"))
    file(replace(saying("file"), issue=None), draft)
    assert created(draft)[0].labels == ("bead",)


def test_reports_are_read_only_for_who_may_file_and_only_once() -> None:
    waiting = saying("file").comment
    look_at = look(issue(1), claims=known("One"), comments=(waiting,))
    assert runs_to_read(look_at) == {5}
    stranger = replace(waiting, permission=Permission.READ)
    assert runs_to_read(replace(look_at, comments=(stranger,))) == set()
    assert runs_to_read(replace(look_at, comments=(replace(waiting, body="> /bead file"),))) == set()
    answered = look_at.claims.model_copy(update={"answers": {77: Answer(done=True)}})
    assert runs_to_read(replace(look_at, claims=answered)) == set()
