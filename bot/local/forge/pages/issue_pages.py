"""Issues: the lists of issues and of pull requests, a new issue, one issue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.responses import Response

from bot.local.forge import checks, issues, search
from bot.local.forge.access import can_see
from bot.local.forge.pages import parts, timeline, words
from bot.local.forge.pages.visit import Visit, page
from bot.local.forge.records import Account, Comment, Issue, Label, Pull, Repository, Review

WORDS = {"issues": "issue", "pulls": "pr"}
STATES = {(name, value) for name in ("is", "state") for value in ("open", "closed", "merged")}


@dataclass(frozen=True, slots=True)
class Line:
    """One issue or pull request in a list."""

    issue: Issue
    address: str
    state: Markup
    labels: Markup
    author: Markup
    assignees: list[Account]
    comments: int
    checks: Markup | None
    draft: bool


@page("/{owner}/{repo}/issues")
def list_issues(visit: Visit) -> Response:
    """The issues that fit a query, 25 a page."""
    return _list(visit, "issues")


@page("/{owner}/{repo}/pulls")
def list_pulls(visit: Visit) -> Response:
    """The pull requests that fit a query, 25 a page."""
    return _list(visit, "pulls")


@page("/{owner}/{repo}/issues/new")
def new_issue(visit: Visit) -> Response:
    """The form for a new issue; `title` and `body` in the query fill it in."""
    return visit.show("issue_new.html.j2", labels=_labels(visit), may_label=visit.may("issues/add-labels"))


@page("/{owner}/{repo}/issues/{number}")
def show_issue(visit: Visit) -> Response:
    """One issue; a pull request has its own page."""
    issue = visit.issue()
    if issue.pull_id is not None:
        return visit.go(visit.address_of(issue))
    state = visit.state
    return visit.show(
        "issue.html.j2",
        issue=issue,
        body=words.of_issue(visit, issue),
        rows=timeline.of_issue(visit, issue),
        children=_linked(visit, issue.sub_issue_ids),
        parent=state.get(Issue, issue.parent_id) if issue.parent_id is not None else None,
        blockers=_linked(visit, issue.blocked_by_ids),
        blocked=_linked(visit, issue.blocking_ids),
        **side(visit, issue),
    )


def side(visit: Visit, issue: Issue) -> dict[str, Any]:
    """What stands beside the conversation of an issue or pull request, and who may change it."""
    viewer = visit.viewer
    may_triage = visit.may("issues/add-labels")
    own = viewer is not None and viewer.id == issue.user_id and visit.may("issues/update")
    assigned = parts.people(visit, issue.assignee_ids)
    return {
        "badge": parts.state_of(visit, issue),
        "author": parts.person_of(visit, issue.user_id),
        "labels": issues.labels_of(visit.state, issue),
        "all_labels": _labels(visit),
        "assigned": assigned,
        "assignable": [
            one for one in issues.assignable(visit.state, visit.repository) if one not in assigned
        ],
        "may_comment": visit.may("issues/create-comment"),
        "may_triage": may_triage,
        "may_change": may_triage or own,
        "participants": _participants(visit, issue),
    }


def _list(visit: Visit, kind: str) -> Response:
    word = WORDS[kind]
    query = visit.query.get("q", f"is:{word} state:open").strip() or f"is:{word}"
    home = f"repo:{visit.owner}/{visit.repository.name}"
    terms = [one for one in search.parse(query) if one.name not in search.PLACES]
    rest = [_written(one) for one in terms if (one.name, one.value) not in STATES]
    found = search.find(
        visit.state, visit.caller, f"{' '.join(_written(one) for one in terms)} is:{word} {home}"
    )
    counts = {
        wanted: len(
            search.find(visit.state, visit.caller, " ".join([*rest, f"is:{word} state:{wanted} {home}"]))
        )
        for wanted in ("open", "closed")
    }
    chosen = {one.value for one in terms if (one.name, one.value) in STATES}
    part, number, last = parts.pages_of(len(found), visit.query.get("page"))
    here = f"{visit.home}/{kind}"

    def address(**query: object) -> str:
        return f"{here}?{urlencode(query)}"

    return visit.show(
        "issues.html.j2",
        kind=kind,
        query=query,
        lines=[_line(visit, one) for one in found[part]],
        total=len(found),
        counts=counts,
        chosen=chosen,
        tabs={wanted: address(q=" ".join([*rest, f"state:{wanted}"])) for wanted in ("open", "closed")},
        number=number,
        last=last,
        before=address(q=query, page=number - 1) if number > 1 else None,
        after=address(q=query, page=number + 1) if number < last else None,
        labels=_label_filters(visit, word, here),
    )


def _written(term: search.Term) -> str:
    value = f'"{term.value}"' if " " in term.value or not term.value else term.value
    return f"{'-' if term.negated else ''}{term.name}{':' if term.name else ''}{value}"


def _line(visit: Visit, issue: Issue) -> Line:
    state = visit.state
    pull = state.get(Pull, issue.pull_id) if issue.pull_id is not None else None
    return Line(
        issue,
        visit.address_of(issue),
        parts.state_badge(issue, pull),
        parts.labels_of(visit, issue),
        parts.person_of(visit, issue.user_id),
        parts.people(visit, issue.assignee_ids),
        len(state.find(Comment, issue_id=issue.id)),
        _checks(visit, pull) if pull is not None else None,
        pull is not None and pull.draft,
    )


def _checks(visit: Visit, pull: Pull) -> Markup | None:
    verdicts = checks.verdicts(visit.state, visit.repository, pull.head_sha)
    if not verdicts:
        return None
    worst = max(verdicts, key=checks.RANK.index)
    status = "in_progress" if worst == "pending" else "completed"
    return parts.verdict_mark(status, {"green": "success", "failing": "failure"}.get(worst))


def _label_filters(visit: Visit, word: str, here: str) -> list[Markup]:
    return [
        parts.label_chip(
            one.name,
            one.color,
            f"{here}?{urlencode({'q': f'is:{word} state:open label:{_quoted(one.name)}'})}",
        )
        for one in _labels(visit)
    ]


def _quoted(name: str) -> str:
    return f'"{name}"'


def _labels(visit: Visit) -> list[Label]:
    return sorted(visit.state.find(Label, repo_id=visit.repository.id), key=lambda label: label.key)


def _linked(visit: Visit, ids: list[int]) -> list[Issue]:
    found = [visit.state.get(Issue, one) for one in ids]
    return [
        one for one in found if can_see(visit.state, visit.caller, visit.state.get(Repository, one.repo_id))
    ]


def _participants(visit: Visit, issue: Issue) -> list[Markup]:
    ids = [issue.user_id, *(one.user_id for one in visit.state.find(Comment, issue_id=issue.id))]
    if issue.pull_id is not None:
        submitted = (one for one in visit.state.find(Review, pull_id=issue.pull_id) if one.submitted_at)
        ids += [one.user_id for one in submitted]
    return [parts.person_of(visit, one) for one in dict.fromkeys(ids)]
