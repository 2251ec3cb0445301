"""One request for a page, and the table of pages.

`{param}` in an address takes one segment, `{param:path}` the rest; they are percent-decoded after the match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from bot.local.forge import graphql, operations
from bot.local.forge.graphql.ask import Ask
from bot.local.forge.http import Answer, Call, Caller, Refused, not_found
from bot.local.forge.pages.rendering import render
from bot.local.forge.pages.session import Session
from bot.local.forge.records import Account, Issue, Pull, Repository
from bot.local.forge.state import State

MUTATION = "mutation($input: {kind}!) {{ {name}(input: $input) {{ clientMutationId }} }}"


@dataclass(slots=True)
class Visit:
    """A request whose form, if it has one, is ours."""

    state: State
    base_url: str
    address: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    session: Session
    params: dict[str, str] = field(default_factory=dict)
    found: Repository | None = None

    # -- who and where ------------------------------------------------------------------------------------
    @property
    def viewer(self) -> Account | None:
        """Who is signed in."""
        return self.state.get(Account, self.session.account_id) if self.session.account_id else None

    @property
    def caller(self) -> Caller:
        """The viewer, as REST and GraphQL know people."""
        return Caller(self.viewer)

    @property
    def ask(self) -> Ask | None:
        """The viewer, as GraphQL's functions are asked for their rights; None for nobody."""
        viewer = self.viewer
        return Ask(self.state, self.base_url, self.caller, viewer) if viewer is not None else None

    @property
    def repository(self) -> Repository:
        """The repository in the address."""
        if self.found is None:
            raise not_found()
        return self.found

    @property
    def owner(self) -> str:
        """Whose it is."""
        return self.state.get(Account, self.repository.owner_id).login

    @property
    def home(self) -> str:
        """The repository's address."""
        return f"/{quote(self.owner)}/{quote(self.repository.name)}"

    def count_open(self, *, pulls: bool) -> int:
        """How many open issues, or pull requests, the repository has."""
        found = self.state.find(Issue, repo_id=self.repository.id)
        return sum(one.state == "open" and (one.pull_id is not None) == pulls for one in found)

    def number(self, name: str) -> int:
        """A number in the address. Raises Refused(404)."""
        text = self.params[name]
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            raise not_found()
        return int(text)

    def issue(self) -> Issue:
        """The issue or pull request that `{number}` names. Raises Refused(404)."""
        issue = self.state.one(Issue, repo_id=self.repository.id, number=self.number("number"))
        if issue is None:
            raise not_found()
        return issue

    def pull(self) -> Pull:
        """The pull request that `{number}` names. Raises Refused(404)."""
        issue = self.issue()
        if issue.pull_id is None:
            raise not_found()
        return self.state.get(Pull, issue.pull_id)

    def address_of(self, issue: Issue) -> str:
        """Where an issue's or pull request's page is, in whichever repository."""
        home = self.state.get(Repository, issue.repo_id)
        owner = self.state.get(Account, home.owner_id).login
        kind = "issues" if issue.pull_id is None else "pull"
        return f"/{quote(owner)}/{quote(home.name)}/{kind}/{issue.number}"

    @property
    def now(self) -> datetime:
        """The present by the forge's clock."""
        return self.state.now()

    @property
    def seal(self) -> Markup:
        """What every form must hold to be taken."""
        return Markup('<input type="hidden" name="token" value="{}">').format(self.session.token)

    def text(self, name: str) -> str:
        """A field of the form, as the browser sent it; empty when it is absent."""
        return self.form.get(name, "")

    # -- doing --------------------------------------------------------------------------------------------
    def may(self, operation: str) -> bool:
        """Whether the viewer may perform an operation of REST here, as far as its need says."""
        return operations.admits(self.state, self.caller, self.repository, operation)

    def perform(self, operation: str, body: Mapping[str, Any] | None = None, **params: object) -> Answer:
        """Perform an operation of REST as the viewer. Raises Refused as REST refuses."""
        row = operations.named(operation)
        named = {"owner": self.owner, "repo": self.repository.name}
        named |= {key: str(value) for key, value in params.items()}
        call = Call(
            self.state,
            self.base_url,
            row.method,
            row.template,
            named,
            {},
            dict(body or {}),
            {},
            self.caller,
        )
        answer = operations.perform(row, call)
        if answer.status >= 400:
            raise Refused(answer.status, answer.body["message"])
        return answer

    def mutate(self, name: str, **given: object) -> None:
        """Perform a mutation of GraphQL that REST has no twin of. Raises Refused."""
        kind = f"{name[0].upper()}{name[1:]}Input"
        query = MUTATION.format(kind=kind, name=name)
        body = {"query": query, "variables": {"input": given}}
        status, answer = graphql.execute(self.state, self.base_url, self.caller, body)
        if status != 200:
            raise Refused(status, answer["message"])
        for error in answer.get("errors", ()):
            raise Refused({"FORBIDDEN": 403, "NOT_FOUND": 404}.get(error.get("type"), 422), error["message"])

    # -- answering ----------------------------------------------------------------------------------------
    def show(self, template: str, *, status: int = 200, **values: object) -> Response:
        """A page."""
        return Response(render(template, visit=self, **values), status, media_type="text/html; charset=utf-8")

    def go(self, address: str) -> Response:
        """On to a page of ours, by GET."""
        return RedirectResponse(address, 303)


Handler = Callable[[Visit], Response]


@dataclass(frozen=True, slots=True)
class Page:
    """One row of the table."""

    method: str
    template: str
    pattern: re.Pattern[str]
    handler: Handler


PAGES: list[Page] = []


def page(template: str, method: str = "GET") -> Callable[[Handler], Handler]:
    """Register what answers at an address; with `owner` and `repo` in it the repository is found first."""
    expression = re.sub(r"\{(\w+):path\}", r"(?P<\1>.+)", template)
    expression = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", expression)

    def register(handler: Handler) -> Handler:
        PAGES.append(Page(method, template, re.compile(expression + r"/?\Z"), handler))
        return handler

    return register


def find_pages(address: str) -> list[tuple[Page, dict[str, str]]]:
    """The rows that fit an address, whatever their method: those with the fewest parameters."""
    found = [(row, match) for row in PAGES if (match := row.pattern.match(address))]
    least = min((row.template.count("{") for row, _ in found), default=0)
    return [
        (row, {key: unquote(value) for key, value in match.groupdict().items()})
        for row, match in found
        if row.template.count("{") == least
    ]
