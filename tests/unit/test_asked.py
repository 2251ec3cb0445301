"""What `/bead status`, `/bead why` and `/bead cost` answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.coordinator.actions import Say
from bot.coordinator.claims import Claims, Going
from bot.coordinator.decision import Decision
from bot.coordinator.history import Word
from bot.coordinator.snapshot import Issue, Snapshot, Thread
from tests.unit.snapshots import (
    NOW,
    approved,
    claimed,
    comment,
    issue,
    look,
    pull,
    remembered,
    run_decide,
    statuses,
)

PLANNED = issue(1, "blocked-by:#9", released=False)


def ask(question: str, *issues: Issue, **changes: object) -> tuple[str, Decision]:
    """The reply to a command on bead #1, and the decision."""
    snapshot: Snapshot = look(*issues, comments=(comment(f"/bead {question}"),), **changes)
    decision = run_decide(snapshot)
    (reply,) = [one.body for one in decision.after if isinstance(one, Say) and one.marker == "answer-7"]
    return reply, decision


def test_status_makes_the_comment_appear_for_good_and_says_its_first_line() -> None:
    reply, decision = ask("status", PLANNED, issue(9, released=False))
    first, _, rest = reply.partition("\n\n")
    assert first == "**Planned** · somebody has to release it · $0.00 so far"
    assert rest == "The status comment says more, and is kept true."
    assert statuses(decision)[1].startswith(first)
    assert decision.claims is not None
    assert decision.claims.of(1).shown
    later = run_decide(look(PLANNED, issue(9, released=False), claims=decision.claims))
    assert set(statuses(later)) == {1}


def test_status_on_the_pull_request_names_the_bead() -> None:
    asked = replace(comment("/bead status"), number=8, on_pull=True, subject="PR_8")
    decision = run_decide(look(issue(1), pulls=(pull(8, 1),), claims=approved(1), comments=(asked,)))
    (reply,) = [one for one in decision.after if isinstance(one, Say) and one.marker == "answer-7"]
    assert (reply.number, reply.node_id) == (8, "PR_8")
    assert "The status comment on #1 says more" in reply.body


def test_why_says_every_reason_and_the_fact_behind_it() -> None:
    reply, _ = ask("why", PLANNED, issue(9, released=False))
    assert "- it is not released: label it `ready`" in reply
    assert "- blocked by #9" in reply
    for fact in (
        "release: it is not released: label it `ready`",
        "edge `blocked-by`: blocked by #9",
        "pace: nothing stops the repository",
        "base: main is green",
        "workers: 0 of 3 are busy",
        "budget: today $0.00 are spent and $0.00 reserved, of $20.00; a run reserves $1.00",
    ):
        assert f"- {fact}" in reply, reply


def test_why_names_what_stops_the_whole_repository() -> None:
    paused = Claims(going=Going(paused=Word(by="ann", at=NOW, reason="lunch")))
    reply, _ = ask("why", replace(issue(1), released_by="maya", ready_at=NOW), claims=paused)
    assert "pace: the repository is paused by @\u200bann (lunch)" in reply
    assert "release: `maya` released it at 2026-11-24 09:00 UTC" in reply
    assert "edges: no open blocker, child, date or hold holds it back" in reply


def test_why_of_a_bead_that_runs_says_what_runs_since_when() -> None:
    reply, _ = ask("why", issue(1), claims=claimed(1))
    assert "run: A worker has it, attempt 1, since 2026-11-24 08:59 UTC" in reply
    assert "attempts: 1 so far, 0 failed in a row (at 3 it stops), 0 of 2 rounds of corrections" in reply


def test_why_of_a_pull_request_names_the_guards_that_do_not_pass() -> None:
    threads = (Thread("T_1", "a.py", 3, resolved=False),)
    reply, _ = ask("why", issue(1), pulls=(pull(8, 1, threads=threads),), claims=approved(1))
    assert "Guards of #8:\n\n- ⛔ threads: 1 review thread is unresolved" in reply
    assert "<details><summary>Every guard</summary>" in reply


def test_why_of_an_epic_tells_of_each_child() -> None:
    epic, child = issue(1, "epic", children=(2, 3)), issue(2, "blocked-by:#9", parent=1)
    reply, _ = ask("why", epic, child, issue(9, released=False), closed=frozenset({3}))
    assert "Its children:\n\n- #2 blocked: blocked by #9" in reply
    assert "- #3 is closed" in reply


def test_why_and_status_of_an_epic_begin_as_its_comment_does() -> None:
    epic = issue(1, "epic", children=(2, 3), released=False)
    children = (issue(2, released=False, parent=1), issue(3, "blocked-by:#2", released=False, parent=1))
    begins = (
        "**0 of 2** done · somebody has to release it: the label `ready` on it lets all go · $0.00 so far"
    )
    assert ask("why", epic, *children)[0].startswith(begins)
    reply, decision = ask("status", epic, *children)
    assert reply.startswith(begins)
    assert statuses(decision)[1].startswith(begins)


def test_cost_says_what_was_spent_what_is_reserved_and_the_ceiling() -> None:
    epic = issue(5, "epic", children=(1,))
    claims = claimed(1).remember(1, spent=500_000).remember(5, spent=2_000_000)
    claims = claims.model_copy(update={"spent": {NOW.date(): 750_000, NOW.date() - timedelta(days=1): 9}})
    reply, _ = ask("cost", issue(1, parent=5), epic, claims=claims)
    assert reply == (
        "- #1: $0.50 so far, and $1.00 are reserved for its run\n"
        "- its epic #5: $2.00 so far\n"
        "- today $0.75 are spent and $1.00 reserved, of $20.00; a run reserves $1.00"
    )


def test_who_only_asks_moves_nothing_but_that_the_comment_is_there() -> None:
    _, decision = ask("why", PLANNED, issue(9, released=False))
    assert decision.claims is None
    _, decision = ask("cost", PLANNED, issue(9, released=False), claims=remembered(1, shown=True))
    assert decision.claims is None
