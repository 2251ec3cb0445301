"""How much we say where nobody asked: held against what people bear."""

from __future__ import annotations

from collections import defaultdict

from bot.beads.markers import read_marker
from bot.local.forge.records import App, Comment, Issue
from bot.local.forge.state import State

ON_ISSUE = 1
ON_PULL = 2


def unasked(state: State) -> dict[int, list[str]]:
    """The markers of our comments by issue and pull request, without answers to commands and threads."""
    bots = {app.bot_id for app in state.all(App)}
    found: dict[int, list[str]] = defaultdict(list)
    for comment in state.all(Comment):
        marker = read_marker(comment.body, "comment") or ""
        if comment.user_id in bots and not marker.startswith("answer-"):
            found[state.get(Issue, comment.issue_id).number].append(marker)
    return dict(found)


def too_much(state: State) -> list[str]:
    """Where we said more than once on an issue, or twice on a pull request."""
    most = {issue.number: ON_ISSUE if issue.pull_id is None else ON_PULL for issue in state.all(Issue)}
    return [
        f"#{number}: {', '.join(markers)}"
        for number, markers in unasked(state).items()
        if len(markers) > most[number]
    ]
