"""The claims document: what may change it, and what it remembers."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot.coordinator.claims import (
    Claim,
    Claims,
    ClaimsError,
    read_claims,
    read_run_name,
    run_name,
    write_claims,
)
from bot.coordinator.history import History, Verdict

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SHA = "a" * 40
TOKEN = "b" * 32


def claim(token: str = TOKEN, attempt: int = 1) -> Claim:
    return Claim(role="worker", attempt=attempt, token=token, base=SHA, since=NOW, reserved=500_000)


def test_a_document_is_read_as_it_was_written() -> None:
    history = History(attempts=2, rounds=1, verdict=Verdict(head=SHA, approve=True, run_id=7))
    claims = Claims().claim(3, claim()).settle(9, history, day=date(2026, 11, 24), cost=12)
    again = read_claims(write_claims(claims, "n1"))
    assert again == claims.model_copy(update={"nonce": "n1"})


def test_two_documents_that_say_the_same_differ_by_their_nonce() -> None:
    assert write_claims(Claims(), "n1") != write_claims(Claims(), "n2")


def test_a_bead_is_claimed_once_at_a_time() -> None:
    with pytest.raises(ValueError, match="#3 is already claimed"):
        Claims().claim(3, claim()).claim(3, claim("c" * 32, 2))


def test_only_the_live_token_advances_a_claim() -> None:
    claims = Claims().claim(3, claim())
    with pytest.raises(ValueError, match="no longer"):
        claims.advance(3, "c" * 32, outcome="pr", head=SHA, run_id=1)
    advanced = claims.advance(3, TOKEN, outcome="pr", head=SHA, run_id=1).live[3]
    assert (advanced.stage, advanced.outcome, advanced.head, advanced.run_id) == ("published", "pr", SHA, 1)


def test_settling_frees_the_place_and_books_the_cost_on_its_day() -> None:
    claims = Claims().claim(3, claim())
    assert claims.reserved() == 500_000
    settled = claims.settle(3, claims.of(3), day=NOW.date(), cost=120_000)
    assert (settled.reserved(), settled.spent, settled.of(3).attempts) == (0, {NOW.date(): 120_000}, 1)


@pytest.mark.parametrize(
    "message", ["", "no json", "[]", '{"version": 2}', '{"live": {"3": {"role": "boss"}}}']
)
def test_a_damaged_document_is_refused_with_its_place(message: str) -> None:
    with pytest.raises(ClaimsError, match="damaged at"):
        read_claims(message)


def test_no_ref_yet_is_an_empty_document() -> None:
    assert read_claims(None) == Claims()


def test_a_run_is_known_by_its_name() -> None:
    assert read_run_name(run_name(12, "reviewer", 3, TOKEN)) == (12, "reviewer", 3, TOKEN)
    for title in (
        "CI",
        "bead x worker 1 t",
        "bead 1 boss 1 t",
        "bead 1 worker 1 t more",
        "bead 1 worker x t",
    ):
        assert read_run_name(title) is None
