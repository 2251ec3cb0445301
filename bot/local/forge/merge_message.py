"""What GitHub writes into the commit of a merge when nobody says otherwise.

https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/about-pull-request-merges
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from bot.local.forge.records import Account, Issue, Pull, Repository
from bot.local.forge.state import State

Method = Literal["merge", "squash", "rebase"]


def headline(state: State, pull: Pull, method: Method) -> str:
    """The first line; a rebase makes no commit of its own, so it has none."""
    if method == "merge":
        owner = state.get(Account, state.get(Repository, pull.repo_id).owner_id).login
        return f"Merge pull request #{pull.number} from {owner}/{pull.head_ref}"
    return f"{state.get(Issue, pull.issue_id).title} (#{pull.number})" if method == "squash" else ""


def body(state: State, pull: Pull, method: Method, messages: Callable[[], Sequence[str]]) -> str:
    """What follows the first line.

    Args:
        messages: gives those of the commits that it adds, oldest first; asked for a squash only.
    """
    if method == "merge":
        return state.get(Issue, pull.issue_id).title
    if method == "rebase":
        return ""
    texts = [message.strip() for message in messages()]
    if len(texts) == 1:
        return texts[0].partition("\n")[2].strip()
    return "\n\n".join(f"* {text}" for text in texts)
