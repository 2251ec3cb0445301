"""Searching issues and pull requests: the words of GitHub's search language that fit one forge.

A query is words, to be found in title, body or comments, and qualifiers (``label:bug``, ``-author:octo``);
all have to fit, but of several ``repo:``, ``user:`` or ``org:`` any one. A qualifier that is not in
`QUALIFIERS` answers 501 with its name.
https://docs.github.com/en/search-github/searching-on-github/searching-issues-and-pull-requests
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.local.forge import checks, protection
from bot.local.forge.access import can_see, find_account, find_repository
from bot.local.forge.date_range import within
from bot.local.forge.http import Caller, allowed, invalid, not_implemented, reads
from bot.local.forge.records import Account, Comment, Issue, Label, Pull, Reaction, Repository, Review
from bot.local.forge.state import State

TERM = re.compile(r'(?P<not>-)?(?:(?P<name>[A-Za-z][\w-]*):)?(?:"(?P<quoted>[^"]*)"|(?P<plain>\S+))')
PLACES = ("repo", "user", "org")
TEXTS = ("title", "body", "comments")
SORTS = ("created", "updated", "comments", "reactions", "interactions")


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a query; `name` is the qualifier, empty for a word of the text."""

    name: str
    value: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """An issue under consideration: with its repository and, of a pull request, the other half."""

    state: State
    home: Repository
    issue: Issue
    pull: Pull | None

    def login(self, account_id: int) -> str:
        """An account's name as queries write it: in lower case, an App's bot as ``app/SLUG``."""
        account = self.state.get(Account, account_id)
        login = account.login.lower()
        return f"app/{login.removesuffix('[bot]')}" if account.type == "Bot" else login

    @property
    def comments(self) -> list[Comment]:
        """Its conversation."""
        return self.state.find(Comment, issue_id=self.issue.id)

    @property
    def reviews(self) -> list[Review]:
        """What reviewers handed in."""
        found = self.state.find(Review, pull_id=self.pull.id) if self.pull else []
        return [one for one in found if one.state != "PENDING"]


def parse(query: str) -> list[Term]:
    """The words of a query, in their order. Raises Refused(501) for ``OR``.

    Parentheses, which `gh` puts round a person's words, change nothing where all words have to fit.
    """
    found: list[Term] = []
    if re.search(r"\bOR\b", query):
        raise not_implemented("OR in a search")
    query = re.sub(r"(?<!\S)\(|\)(?!\S)|\bAND\b", " ", query)
    for match in TERM.finditer(query):
        value = match["quoted"] if match["quoted"] is not None else match["plain"]
        found.append(Term((match["name"] or "").lower(), value, bool(match["not"])))
    return found


def find(
    state: State, caller: Caller, query: str, *, sort: str | None = None, descending: bool = True
) -> list[Issue]:
    """The issues and pull requests that the caller may see and that fit a query.

    Args:
        sort: `created`, `updated`, `comments`, `reactions` or `interactions`; a ``sort:`` in the query wins.
            Without either the newest come first, where github.com ranks by how well they fit.

    Raises:
        Refused: 422 for an empty query, a value that is none, or a repository that there is not; 501 for
            what is not implemented.
    """
    me = caller.account.login if caller.account else "@me"
    terms = [replace(term, value=me) if term.value == "@me" else term for term in parse(query)]
    if not terms:
        raise invalid("Validation Failed", {"resource": "Search", "field": "q", "code": "missing"})
    for term in terms:
        if term.name == "sort":
            sort, _, way = term.value.partition("-")
            descending = way != "asc"
    fitting = [term for term in terms if term.name not in (*PLACES, "sort", "in")]
    texts = [term.value for term in terms if term.name == "in"]
    wanted = [_test(term, texts) for term in fitting]
    found = [
        one
        for home in _places(state, caller, terms)
        for one in _candidates(state, caller, home)
        if all(test(one) for test in wanted)
    ]
    return [one.issue for one in sorted(found, key=_rank(sort), reverse=descending)]


# -- where ------------------------------------------------------------------------------------------------
def _places(state: State, caller: Caller, terms: list[Term]) -> list[Repository]:
    seen = [home for home in state.all(Repository) if can_see(state, caller, home)]
    chosen = [term for term in terms if term.name in PLACES and not term.negated]
    kept = [home for home in seen if not chosen or any(_is_in(state, home, term) for term in chosen)]
    for term in chosen:
        if not any(_is_in(state, home, term) for home in kept):
            message = (
                "The listed users and repositories cannot be searched either because the resources do not "
                "exist or you do not have permission to view them."
            )
            error = {"resource": "Search", "field": "q", "code": "invalid", "message": message}
            raise invalid("Validation Failed", error)
    left_out = [term for term in terms if term.name in PLACES and term.negated]
    return [home for home in kept if not any(_is_in(state, home, term) for term in left_out)]


def _is_in(state: State, home: Repository, term: Term) -> bool:
    owner, _, name = term.value.partition("/")
    account = find_account(state, owner)
    if account is None or account.id != home.owner_id:
        return False
    return term.name != "repo" or find_repository(state, account, name) == home


def _candidates(state: State, caller: Caller, home: Repository) -> list[Found]:
    found = [
        Found(state, home, one, None if one.pull_id is None else state.get(Pull, one.pull_id))
        for one in state.find(Issue, repo_id=home.id)
    ]
    issues = allowed(state, caller, home, reads("issues"))
    pulls = allowed(state, caller, home, reads("pull_requests"))
    return [one for one in found if (issues if one.pull is None else pulls)]


# -- in what order ----------------------------------------------------------------------------------------
def _rank(sort: str | None) -> Callable[[Found], tuple[float, int]]:
    if sort not in (None, *SORTS):
        raise not_implemented(f"sorting a search by {sort}")

    def rank(one: Found) -> tuple[float, int]:
        at = one.issue.updated_at if sort == "updated" else one.issue.created_at
        count = len(one.comments) if sort in ("comments", "interactions") else 0
        if sort in ("reactions", "interactions"):
            count += len(one.state.find(Reaction, on="Issue", on_id=one.issue.id))
        return (at.timestamp() if sort in (None, "created", "updated") else count), one.issue.id

    return rank


# -- what -------------------------------------------------------------------------------------------------
Test = Callable[[Found], bool]


def _test(term: Term, texts: list[str]) -> Test:
    if not term.name:
        return _text_test(term, texts)
    if term.name not in QUALIFIERS:
        raise not_implemented(f"the search qualifier {term.name}:")
    fits, value = QUALIFIERS[term.name], term.value.lower()
    return lambda one: fits(one, value) != term.negated


def _text_test(term: Term, texts: list[str]) -> Test:
    where = [name for given in texts for name in given.lower().split(",")] or list(TEXTS)
    if not set(where) <= set(TEXTS):
        raise invalid("Validation Failed", {"resource": "Search", "field": "in", "code": "invalid"})
    word = re.compile(rf"(?<!\w){re.escape(term.value)}(?!\w)", re.IGNORECASE)

    def fits(one: Found) -> bool:
        read = {
            "title": [one.issue.title],
            "body": [one.issue.body or ""],
            "comments": [comment.body for comment in one.comments] if "comments" in where else [],
        }
        return any(word.search(text) for name in where for text in read[name]) != term.negated

    return fits


def _is(one: Found, value: str) -> bool:
    pull = one.pull
    known: dict[str, bool] = {
        "issue": pull is None,
        "pr": pull is not None,
        "pull-request": pull is not None,
        "open": one.issue.state == "open",
        "closed": one.issue.state == "closed",
        "merged": pull is not None and pull.merged,
        "unmerged": pull is not None and not pull.merged and one.issue.state == "closed",
        "draft": pull is not None and pull.draft,
        "locked": one.issue.locked,
        "unlocked": not one.issue.locked,
        "public": not one.home.private,
        "private": one.home.private,
    }
    if value not in known:
        raise not_implemented(f"the search qualifier is:{value}")
    return known[value]


def _label(one: Found, value: str) -> bool:
    has = {one.state.get(Label, label).key for label in one.issue.label_ids}
    return any(name.strip('"') in has for name in value.split(","))


def mentions(state: State, issue: Issue, login: str) -> bool:
    """Whether the issue's text or a comment names somebody with an ``@``."""
    name = re.compile(rf"(?<![\w/@])@{re.escape(login)}(?![\w-])", re.IGNORECASE)
    texts = [issue.body or "", *(comment.body for comment in state.find(Comment, issue_id=issue.id))]
    return any(name.search(text) for text in texts)


def _commented(one: Found, value: str) -> bool:
    return value in {one.login(comment.user_id) for comment in one.comments}


def _assigned(one: Found, value: str) -> bool:
    assigned = {one.login(who) for who in one.issue.assignee_ids}
    return bool(assigned) if value == "*" else value in assigned


def _written(one: Found, value: str) -> bool:
    return one.login(one.issue.user_id) in (value, f"app/{value.removesuffix('[bot]')}")


def _involved(one: Found, value: str) -> bool:
    return (
        _written(one, value)
        or _assigned(one, value)
        or _commented(one, value)
        or mentions(one.state, one.issue, value)
    )


def _none(one: Found, value: str) -> bool:
    has = {"label": bool(one.issue.label_ids), "assignee": bool(one.issue.assignee_ids)}
    absent = ("milestone", "project")  # which no issue here has
    if value not in (*has, *absent):
        raise not_implemented(f"the search qualifier no:{value}")
    return not has.get(value, False)


def _review(one: Found, value: str) -> bool:
    if one.pull is None:
        return False
    standing = {
        review.state for review in protection.standing_reviews(one.state, one.home, one.pull).values()
    }
    wanted = protection.required_approvals(one.state, one.home, one.pull.base_ref)
    known = {
        "none": not one.reviews,
        "required": wanted is not None and not standing,
        "approved": "APPROVED" in standing and "CHANGES_REQUESTED" not in standing,
        "changes_requested": "CHANGES_REQUESTED" in standing,
    }
    if value not in known:
        raise invalid("Validation Failed", {"resource": "Search", "field": "review", "code": "invalid"})
    return known[value]


def _status(one: Found, value: str) -> bool:
    if one.pull is None:
        return False
    verdicts = checks.verdicts(one.state, one.home, one.pull.head_sha)
    word = "failure" if "failing" in verdicts else "pending" if "pending" in verdicts else "success"
    return bool(verdicts) and value == word


def _closed_at(one: Found, value: str) -> bool:
    return one.issue.closed_at is not None and within(value.upper(), one.issue.closed_at, "closed")


def _merged_at(one: Found, value: str) -> bool:
    at = one.pull.merged_at if one.pull else None
    return at is not None and within(value.upper(), at, "merged")


QUALIFIERS: dict[str, Callable[[Found, str], bool]] = {
    "is": _is,
    "state": _is,
    "type": _is,
    "label": _label,
    "author": _written,
    "assignee": _assigned,
    "mentions": lambda one, value: mentions(one.state, one.issue, value),
    "commenter": _commented,
    "involves": _involved,
    "no": _none,
    "head": lambda one, value: one.pull is not None and one.pull.head_ref.lower() == value,
    "base": lambda one, value: one.pull is not None and one.pull.base_ref.lower() == value,
    "draft": lambda one, value: one.pull is not None and one.pull.draft == (value == "true"),
    "archived": lambda one, value: one.home.archived == (value == "true"),
    "review": _review,
    "reviewed-by": lambda one, value: value in {one.login(review.user_id) for review in one.reviews},
    "review-requested": lambda one, value: (
        one.pull is not None and value in {one.login(who) for who in one.pull.requested_reviewer_ids}
    ),
    "status": _status,
    "created": lambda one, value: within(value.upper(), one.issue.created_at, "created"),
    "updated": lambda one, value: within(value.upper(), one.issue.updated_at, "updated"),
    "closed": _closed_at,
    "merged": _merged_at,
}
"""What each qualifier asks of an issue, its value in lower case."""
