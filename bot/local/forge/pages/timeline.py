"""What happened to an issue or pull request, in the order of time: words, reviews, events, commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from markupsafe import Markup

from bot.local.forge import git, pulls, reviews
from bot.local.forge.graphql.review_fields import may_resolve
from bot.local.forge.pages import parts, words
from bot.local.forge.pages.rendering import visible
from bot.local.forge.pages.visit import Visit
from bot.local.forge.records import (
    Comment,
    Issue,
    Pull,
    Review,
    ReviewComment,
    Thread,
    TimelineEvent,
)

OPINIONS = {
    "APPROVED": "approved these changes",
    "CHANGES_REQUESTED": "requested changes",
    "COMMENTED": "reviewed",
    "DISMISSED": "reviewed (dismissed since)",
}
COLOR_OF_OPINION = {"APPROVED": "green", "CHANGES_REQUESTED": "red"}


@dataclass(frozen=True, slots=True)
class Conversation:
    """A review thread with its comments."""

    thread: Thread
    hunk: list[str]
    words: list[words.Words]
    may_reply: bool
    may_resolve: bool
    resolved_by: Markup | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `words` of a comment or of a review that says something; `line` of all that happened."""

    kind: Literal["words", "review", "event", "commit"]
    at: datetime
    line: Markup | None = None
    words: words.Words | None = None
    threads: tuple[Conversation, ...] = ()


def of_issue(visit: Visit, issue: Issue) -> list[Row]:
    """The rows of an issue or pull request, oldest first."""
    state = visit.state
    keyed: list[tuple[datetime, int, Row]] = []
    for comment in state.find(Comment, issue_id=issue.id):
        keyed.append(
            (
                comment.created_at,
                comment.id,
                Row("words", comment.created_at, words=words.of_comment(visit, comment)),
            )
        )
    for event in state.find(TimelineEvent, issue_id=issue.id):
        keyed.append((event.created_at, event.id, Row("event", event.created_at, _sentence(visit, event))))
    if issue.pull_id is not None:
        pull = state.get(Pull, issue.pull_id)
        for row_id, row in _review_rows(visit, pull):
            keyed.append((row.at, row_id, row))
        keyed += [(row.at, 0, row) for row in commit_rows(visit, pull)]
    return [row for _, _, row in sorted(keyed, key=lambda one: one[:2])]


# -- reviews ----------------------------------------------------------------------------------------------
def _review_rows(visit: Visit, pull: Pull) -> list[tuple[int, Row]]:
    found = []
    shown: set[int] = set()
    for review in visit.state.find(Review, pull_id=pull.id):
        if review.submitted_at is None:
            continue
        threads = tuple(one for one in _begun_by(visit, review) if one.thread.id not in shown)
        shown |= {one.thread.id for one in threads}
        if not threads and not review.body and review.state == "COMMENTED":
            continue  # it holds replies, which are in their threads
        said = Markup("{} {} at {}").format(
            parts.person_of(visit, review.user_id),
            parts.badge(OPINIONS[review.state], COLOR_OF_OPINION.get(review.state, "grey")),
            parts.short_commit(visit, review.commit_id),
        )
        found.append(
            (
                review.id,
                Row(
                    "review", review.submitted_at, said, words=words.of_review(visit, review), threads=threads
                ),
            )
        )
    return found


def _begun_by(visit: Visit, review: Review) -> list[Conversation]:
    comments = visit.state.find(ReviewComment, review_id=review.id)
    ids = dict.fromkeys(one.thread_id for one in comments if one.in_reply_to_id is None)
    return [conversation(visit, visit.state.get(Thread, one)) for one in ids]


def conversation(visit: Visit, thread: Thread) -> Conversation:
    """A thread as the viewer sees it."""
    state = visit.state
    comments = [
        one
        for one in state.find(ReviewComment, thread_id=thread.id)
        if reviews.visible(state, visit.viewer, one)
    ]
    hunk = comments[0].diff_hunk.split("\n")[-4:] if comments else []
    ask = visit.ask
    by = parts.person_of(visit, thread.resolved_by_id) if thread.resolved_by_id is not None else None
    return Conversation(
        thread,
        hunk,
        [words.of_line(visit, one) for one in comments],
        visit.may("pulls/create-reply-for-review-comment"),
        ask is not None and not visit.repository.archived and may_resolve(ask, thread),
        by,
    )


def conversations(visit: Visit, pull: Pull) -> list[Conversation]:
    """All threads of a pull request that the viewer sees something of."""
    found = [conversation(visit, thread) for thread in visit.state.find(Thread, pull_id=pull.id)]
    return [one for one in found if one.words]


# -- events and commits -----------------------------------------------------------------------------------
def commit_rows(visit: Visit, pull: Pull) -> list[Row]:
    """The commits that a pull request adds, oldest first."""
    repository = git.open_git(visit.state, visit.repository)
    found = []
    for oid in pulls.commits(visit.state, pull):
        commit = repository.commit(oid)
        account = git.account_of(visit.state, commit.author)
        who = parts.person(account) if account is not None else Markup("{}").format(commit.author.name)
        subject = commit.message.partition("\n")[0]
        line = Markup("{} committed {} {}").format(
            who, parts.short_commit(visit, oid), Markup("<span>{}</span>").format(visible(subject))
        )
        found.append(Row("commit", commit.committer.at, line))
    return found


def _sentence(visit: Visit, event: TimelineEvent) -> Markup:
    """An event in words."""
    data = event.data
    actor = parts.person_of(visit, event.actor_id)
    word = event.event
    said: Markup | str
    if word in ("labeled", "unlabeled"):
        verb = "added" if word == "labeled" else "removed"
        said = Markup("{} {}").format(verb, parts.label_chip(data["label"]["name"], data["label"]["color"]))
    elif word == "closed":
        reason = {"not_planned": " as not planned", "duplicate": " as a duplicate"}.get(
            data.get("state_reason") or "", ""
        )
        by = (
            Markup(" with {}").format(parts.short_commit(visit, data["commit_id"]))
            if data.get("commit_id")
            else ""
        )
        said = Markup("closed this{}{}").format(reason, by)
    elif word == "merged":
        said = Markup("merged this with {}").format(parts.short_commit(visit, data["commit_id"]))
    elif word == "renamed":
        said = Markup("changed the title from <del>{}</del> to <ins>{}</ins>").format(
            visible(data["rename"]["from"]), visible(data["rename"]["to"])
        )
    elif word in ("assigned", "unassigned"):
        said = Markup("{} {}").format(word, parts.person_of(visit, data["assignee_id"]))
    elif word in ("review_requested", "review_request_removed"):
        verb = "asked for a review by" if word == "review_requested" else "no longer asks for a review by"
        said = Markup("{} {}").format(verb, parts.person_of(visit, data["reviewer_id"]))
    elif word == "review_dismissed":
        said = Markup("dismissed a review: {}").format(
            visible(data["dismissed_review"]["dismissal_message"] or "")
        )
    else:
        said = _about_another(visit, event) or PLAIN.get(word, word.replace("_", " "))
    return Markup("{} {}").format(actor, said)


PLAIN = {
    "reopened": "reopened this",
    "convert_to_draft": "made this a draft",
    "ready_for_review": "marked this as ready for review",
    "added_to_merge_queue": "added this to the merge queue",
    "removed_from_merge_queue": "removed this from the merge queue",
    "head_ref_deleted": "deleted the branch",
    "head_ref_restored": "restored the branch",
    "head_ref_force_pushed": "force-pushed the branch",
    "base_ref_changed": "changed the base branch",
}
ABOUT = {
    "sub_issue_added": ("added the sub-issue", "sub_issue_id"),
    "sub_issue_removed": ("removed the sub-issue", "sub_issue_id"),
    "parent_issue_added": ("made this a sub-issue of", "parent_issue_id"),
    "parent_issue_removed": ("took this out of", "parent_issue_id"),
    "blocked_by_added": ("marked this as blocked by", "blocked_by_id"),
    "blocked_by_removed": ("marked this as no longer blocked by", "blocked_by_id"),
    "blocking_added": ("marked this as blocking", "blocking_id"),
    "blocking_removed": ("marked this as no longer blocking", "blocking_id"),
}


def _about_another(visit: Visit, event: TimelineEvent) -> Markup | None:
    if event.event not in ABOUT:
        return None
    verb, key = ABOUT[event.event]
    return Markup("{} {}").format(verb, parts.reference(visit, visit.state.get(Issue, event.data[key])))
