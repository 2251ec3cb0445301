"""The demo with a model: what is agreed to, and when it stops waiting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NoReturn

import pytest
from rich.console import Console

from bot.beads.policy import Budget, Engine, Policy
from bot.beads.policy_file import load_policy
from bot.commands.demo_engine import agree, choose_engine
from bot.coordinator.claims import Breaker, Claim, Claims
from bot.local.demo.build import sample_files
from bot.local.demo.paid import Offer, dollars, standstill

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
END = NOW + timedelta(hours=1)
POLICY = Policy(engine=Engine(name="claude"), budget=Budget(day=2.0, run=0.25))


class Stopped(Exception):
    """What the command line would have said."""


def stop(message: str) -> NoReturn:
    raise Stopped(message)


def test_the_samples_policy_names_the_engine_and_holds_the_ceiling() -> None:
    engine = Engine(name="codex", model="gpt-5.5", url="http://127.0.0.1:9/v1", minutes=10)
    files = Offer(engine, 2.0, 6).files(sample_files("none"))
    policy = load_policy(files[".github/beadwright.yml"].decode())
    assert policy.engine == engine
    assert policy.budget == Budget(day=2.0, run=0.25)
    assert policy.wall == "none"
    assert policy.gates == load_policy(sample_files("none")[".github/beadwright.yml"].decode()).gates
    assert not [name for name in files if name.startswith("tools/")]
    assert "tally/lines.py" in files


def test_what_it_may_cost_is_said_in_numbers() -> None:
    text = Offer(Engine(name="claude", model="m"), 2.0, 6).text()
    for part in ("claude (m)", "6 beads", "$0.25 a run", "$3.00 at most", "the ceiling of $2.00 stops it"):
        assert part in text
    small = Offer(Engine(name="claude"), 2.0, 2).text()
    assert "$1.00 at most; that is within the ceiling of $2.00" in small


def test_nobody_pays_without_having_agreed(monkeypatch: pytest.MonkeyPatch) -> None:
    offer, console = Offer(Engine(name="claude"), 2.0, 6), Console(quiet=True)
    agree(offer, yes=True, console=console, stop=stop)
    monkeypatch.setattr("sys.stdin", open("/dev/null"))  # noqa: SIM115
    with pytest.raises(Stopped, match="say --yes"):
        agree(offer, yes=False, console=console, stop=stop)


def test_a_missing_key_is_said_before_anything_starts() -> None:
    with pytest.raises(Stopped, match=r"ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN is not set\. The demo"):
        choose_engine("claude", model=None, url=None, login=None, env={"OPENAI_API_KEY": "k"}, stop=stop)
    with pytest.raises(Stopped, match="--url: "):
        choose_engine("claude", model=None, url="ftp://x", login=None, env={}, stop=stop)


def test_a_ceiling_that_leaves_no_room_for_a_run_ends_the_wait() -> None:
    room = Claims(spent={NOW.date(): 1_700_000})
    assert standstill(room, POLICY, NOW, END) is None
    full = Claims(spent={NOW.date(): 1_800_000})
    reason = standstill(full, POLICY, NOW, END)
    assert str(reason).startswith("The ceiling of $2.00 is reached: $1.80 are spent")
    running = Claim(role="worker", attempt=1, token="1" * 32, base="a" * 40, since=NOW)
    assert standstill(full.claim(1, running), POLICY, NOW, END) is None
    assert dollars(full) == 1.8


@pytest.mark.parametrize(
    ("kind", "wait", "ends"),
    [
        ("key", timedelta(), True),
        ("limit", timedelta(hours=5), True),
        ("outage", timedelta(minutes=2), False),
    ],
)
def test_a_provider_that_will_not_serve_in_time_ends_the_wait(kind: str, wait: timedelta, ends: bool) -> None:
    fault = {"kind": kind, "detail": "It said no.", "until": NOW + wait, "bead": None}
    claims = Claims(breakers={"claude": Breaker.model_validate(fault)})
    reason = standstill(claims, POLICY, NOW, END)
    assert (reason is not None) is ends
    assert reason is None or reason.endswith("It said no.")
