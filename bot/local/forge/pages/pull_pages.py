"""A pull request: its conversation with the box that merges it, and its commits."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import Response

from bot.local.forge import issues, merge_queue, protection, pulls
from bot.local.forge.http import not_found
from bot.local.forge.merge_message import Method
from bot.local.forge.pages import parts, timeline, words
from bot.local.forge.pages.check_pages import Check, checks_of
from bot.local.forge.pages.issue_pages import side
from bot.local.forge.pages.pull_frame import frame
from bot.local.forge.pages.visit import Visit, page
from bot.local.forge.records import Account, Issue, Pull, Review

METHODS: dict[Method, str] = {
    "merge": "Create a merge commit",
    "squash": "Squash and merge",
    "rebase": "Rebase and merge",
}
SAID = {
    "clean": ("green", "This branch has no conflicts with the base branch, and nothing stands in the way."),
    "unstable": ("amber", "This can be merged, although not every check is green."),
    "blocked": ("red", "Merging is blocked."),
    "behind": ("amber", "This branch is out of date with the base branch."),
    "dirty": ("red", "This branch has conflicts that must be resolved."),
    "draft": ("grey", "This pull request is still a draft."),
    "unknown": ("grey", "The base branch is gone."),
}


@dataclass(frozen=True, slots=True)
class MergeBox:
    """Whether it can be merged, why not, and by which button."""

    color: str
    sentence: str
    reasons: list[str]
    checks: list[Check]
    methods: dict[Method, str]
    may_merge: bool
    may_update: bool
    has_queue: bool
    queued: str | None
    """How its place in the merge queue stands, when it has one."""


@page("/{owner}/{repo}/pull/{number}")
def show_pull(visit: Visit) -> Response:
    """The conversation; an issue has its own page."""
    issue = visit.issue()
    if issue.pull_id is None:
        return visit.go(visit.address_of(issue))
    pull = visit.pull()
    viewer = visit.viewer
    is_open = issue.state == "open"
    shown = side(visit, issue) | frame(visit, pull, "conversation")
    open_threads = [one for one in timeline.conversations(visit, pull) if not one.thread.resolved]
    return visit.show(
        "pull.html.j2",
        body=words.of_issue(visit, issue),
        rows=timeline.of_issue(visit, issue),
        open_threads=open_threads,
        reviewers=_reviewers(visit, pull),
        box=_merge_box(visit, pull) if is_open else None,
        may_review=is_open and visit.may("pulls/create-review"),
        may_judge=viewer is not None and viewer.id != issue.user_id,
        may_ready=is_open
        and viewer is not None
        and issues.may_author(visit.state, viewer, issue)
        and not visit.repository.archived,
        may_revert=pull.merged and visit.may("pulls/merge"),
        merged_by=parts.person_of(visit, pull.merged_by_id) if pull.merged_by_id is not None else None,
        **shown,
    )


@page("/{owner}/{repo}/pull/{number}/commits")
def show_commits(visit: Visit) -> Response:
    """The commits that it adds, oldest first."""
    pull = visit.pull()
    rows = timeline.commit_rows(visit, pull)
    return visit.show("pull_commits.html.j2", rows=rows, **frame(visit, pull, "commits"))


@page("/{owner}/{repo}/pull/{number}/commits/{sha}")
def show_commit(visit: Visit) -> Response:
    """One of them has its page in the repository."""
    sha = visit.params["sha"]
    if sha not in pulls.commits(visit.state, visit.pull()):
        raise not_found()
    return visit.go(f"{visit.home}/commit/{sha}")


def _merge_box(visit: Visit, pull: Pull) -> MergeBox:
    state, home = visit.state, visit.repository
    merge_state = pulls.merge_state(state, pull, wait=True)
    color, sentence = SAID[merge_state.word]
    has_queue = protection.merge_queue(state, home, pull.base_ref) is not None
    entry = merge_queue.entry_of(state, pull)
    reasons = protection.merge_blocks(state, visit.viewer, pull, queued=has_queue)
    if merge_state.word == "blocked" and not reasons:
        color, sentence = "amber", "Rules block this merge, and you may pass them."
    can = merge_state.mergeable is True and not pull.draft and not reasons
    return MergeBox(
        color,
        sentence,
        reasons,
        checks_of(visit, pull),
        methods := _methods(visit, pull, reasons),
        may_merge=can and (has_queue or bool(methods)) and visit.may("pulls/merge"),
        may_update=merge_state.behind and merge_state.word != "dirty" and visit.may("pulls/update-branch"),
        has_queue=has_queue,
        queued=merge_queue.word_of(state, entry).replace("_", " ").lower() if entry is not None else None,
    )


def _methods(visit: Visit, pull: Pull, reasons: list[str]) -> dict[Method, str]:
    """The ways to merge that neither the repository's settings nor its rules forbid."""
    home = visit.repository
    allowed: dict[Method, bool] = {
        "merge": home.allow_merge_commit,
        "squash": home.allow_squash_merge,
        "rebase": home.allow_rebase_merge,
    }

    def is_free(method: Method) -> bool:
        found = protection.merge_blocks(visit.state, visit.viewer, pull, method=method)
        return allowed[method] and set(found) <= set(reasons)

    return {method: word for method, word in METHODS.items() if is_free(method)}


def _reviewers(visit: Visit, pull: Pull) -> list[tuple[Markup, str, str]]:
    """Who was asked or has reviewed, and how each stands: name, word, colour."""
    found: dict[int, tuple[str, str]] = {}
    for review in visit.state.find(Review, pull_id=pull.id):
        if review.state != "PENDING" and (review.state != "COMMENTED" or review.user_id not in found):
            word = review.state.replace("_", " ").lower()
            found[review.user_id] = word, timeline.COLOR_OF_OPINION.get(review.state, "grey")
    found |= dict.fromkeys(pull.requested_reviewer_ids, ("asked for a review", "amber"))
    author = visit.state.get(Issue, pull.issue_id).user_id
    found.pop(author, None)
    return [(parts.person(visit.state.get(Account, one)), *how) for one, how in found.items()]
