"""What all pages of a pull request show above, and what it changes."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from bot.local.forge import checks, git, pulls
from bot.local.forge.git_objects import FileChange
from bot.local.forge.pages import parts
from bot.local.forge.pages.rendering import in_path, visible
from bot.local.forge.pages.visit import Visit
from bot.local.forge.records import Issue, Pull


def changes_of(visit: Visit, pull: Pull) -> list[FileChange]:
    """The files that a pull request changes."""
    repository = git.open_git(visit.state, visit.repository)
    return repository.changes(pulls.merge_base(repository, pull), pull.head_sha)


def frame(visit: Visit, pull: Pull, tab: str) -> dict[str, Any]:
    """What all pages of a pull request show above."""
    issue = visit.state.get(Issue, pull.issue_id)
    changes = changes_of(visit, pull)
    return {
        "pull": pull,
        "issue": issue,
        "tab": tab,
        "branch_words": Markup('<a href="{0}/tree/{1}"><code>{2}</code></a> into <code>{3}</code>').format(
            visit.home, in_path(pull.head_ref), visible(pull.head_ref), visible(pull.base_ref)
        ),
        "badge": parts.state_badge(issue, pull),
        "author": parts.person_of(visit, issue.user_id),
        "count_commits": len(pulls.commits(visit.state, pull)),
        "count_checks": len(checks.runs_of(visit.state, visit.repository, pull.head_sha))
        + len(checks.statuses_of(visit.state, visit.repository, pull.head_sha)),
        "changes": changes,
        "added": sum(one.additions for one in changes),
        "removed": sum(one.deletions for one in changes),
    }
