"""The board: what every bead is doing, read from the forge, and how it looks in a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.table import Table

from bot.local.demo.result import BeadResult
from bot.local.forge.records import Issue, Label, Pull, Repository, Run
from bot.local.forge.render import at_or_none
from bot.local.forge.state import State

LOOKS = {
    "done": "green",
    "running": "yellow",
    "in-review": "cyan",
    "needs-human": "red",
    "waiting": "dim",
    "planned": "dim",
}


@dataclass(frozen=True, slots=True)
class Card:
    """One bead on the board."""

    number: int
    title: str
    state: str
    pull: int | None
    runs: int
    blocked_by: tuple[int, ...]
    is_epic: bool
    child: bool


def cards(state: State, repository: Repository) -> tuple[Card, ...]:
    """Every bead of a repository, by number."""
    return tuple(
        _card(state, issue)
        for issue in state.find(Issue, repo_id=repository.id)
        if issue.pull_id is None and "bead" in _names(state, issue)
    )


def _names(state: State, issue: Issue) -> set[str]:
    return {state.get(Label, label).name for label in issue.label_ids}


def _card(state: State, issue: Issue) -> Card:
    names = _names(state, issue)
    shown = [name.removeprefix("bead:") for name in names if name.startswith("bead:")]
    if issue.state == "closed":
        status = "done" if issue.state_reason == "completed" else "dropped"
    elif shown:
        status = shown[0]
    else:
        status = "waiting" if "ready" in names else "planned"
    pull = latest_pull(state, issue)
    return Card(
        number=issue.number,
        title=issue.title,
        state=status,
        pull=pull.number if pull else None,
        runs=len(runs_of(state, issue)),
        blocked_by=tuple(
            sorted(int(name.rpartition("#")[2]) for name in names if name.startswith("blocked-by:#"))
        ),
        is_epic="epic" in names,
        child=issue.parent_id is not None,
    )


def latest_pull(state: State, issue: Issue) -> Pull | None:
    """The newest pull request of a bead's branch."""
    pulls = state.find(Pull, repo_id=issue.repo_id, head_ref=f"bead/{issue.number}")
    return pulls[-1] if pulls else None


def runs_of(state: State, issue: Issue, role: str = "") -> list[Run]:
    """The runs that were dispatched for a bead (of one role)."""
    prefix = f"bead {issue.number} {role}"
    return [run for run in state.find(Run, repo_id=issue.repo_id) if run.display_title.startswith(prefix)]


def under_way(state: State, repository: Repository) -> bool:
    """Whether a run has not ended: the CI of the last merge, when all beads are done."""
    return any(run.status != "completed" for run in state.find(Run, repo_id=repository.id))


def results(state: State, repository: Repository) -> list[BeadResult]:
    """How every bead ended."""
    found: list[BeadResult] = []
    for card in cards(state, repository):
        issue = state.one(Issue, repo_id=repository.id, number=card.number)
        assert issue is not None
        pull = latest_pull(state, issue)
        merged = pull if pull is not None and pull.merged else None
        found.append(
            BeadResult(
                number=card.number,
                title=card.title,
                state=card.state,
                attempts=len(runs_of(state, issue, "worker ")),
                pr=pull.number if pull else None,
                reviewed_head=merged.head_sha if merged else None,
                merge_commit=merged.merge_commit_sha if merged else None,
                closed_at=at_or_none(issue.closed_at),
            )
        )
    return found


def merge_order(state: State, repository: Repository) -> list[int]:
    """Bead numbers in the order in which their pull requests were merged."""
    merged = [
        (pull.merged_at, pull.number, pull.head_ref)
        for pull in state.find(Pull, repo_id=repository.id)
        if pull.merged_at is not None and pull.head_ref.startswith("bead/")
    ]
    return [int(head_ref.removeprefix("bead/")) for _, _, head_ref in sorted(merged)]


def draw(beads: Iterable[Card], title: str) -> Table:
    """The board as a table."""
    table = Table(title=title, title_justify="left", expand=False)
    for column in ("bead", "title", "state", "PR", "runs", "waits for"):
        table.add_column(column)
    for card in beads:
        look = LOOKS.get(card.state, "white")
        waits = " ".join(f"#{number}" for number in card.blocked_by) if card.state != "done" else ""
        pull = f"#{card.pull}" if card.pull else ""
        runs = str(card.runs) if card.runs else ""
        table.add_row(f"#{card.number}", card.title, f"[{look}]{card.state}[/]", pull, runs, waits)
    return table
