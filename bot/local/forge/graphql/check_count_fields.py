"""How many checks a commit has, and in which states."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from bot.local.forge.graphql.ask import Info
from bot.local.forge.graphql.check_fields import check_status, conclusion, status_state
from bot.local.forge.graphql.connections import Connection
from bot.local.forge.graphql.fields import field, plain
from bot.local.forge.records import CheckRun, CommitStatus


@field("StatusCheckRollupContextConnection.checkRunCount")
def check_run_count(page: Connection, _info: Info) -> int:
    """How many are check runs."""
    return sum(isinstance(one, CheckRun) for one in page.everything)


@field("StatusCheckRollupContextConnection.statusContextCount")
def status_context_count(page: Connection, _info: Info) -> int:
    """How many are statuses."""
    return sum(isinstance(one, CommitStatus) for one in page.everything)


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many are in a state."""

    state: str
    count: int


plain("CheckRunStateCount", state="state", count="count")
plain("StatusContextStateCount", state="state", count="count")


@field("StatusCheckRollupContextConnection.checkRunCountsByState")
def check_run_counts(page: Connection, info: Info) -> list[StateCount]:
    """The check runs by how they ended or, of those that have not, by where they are."""
    runs = [one for one in page.everything if isinstance(one, CheckRun)]
    states = Counter(conclusion(run, info) or check_status(run, info) for run in runs)
    return [StateCount(state, count) for state, count in sorted(states.items())]


@field("StatusCheckRollupContextConnection.statusContextCountsByState")
def status_counts(page: Connection, info: Info) -> list[StateCount]:
    """The statuses by their state."""
    statuses = [one for one in page.everything if isinstance(one, CommitStatus)]
    states = Counter(status_state(status, info) for status in statuses)
    return [StateCount(state, count) for state, count in sorted(states.items())]
