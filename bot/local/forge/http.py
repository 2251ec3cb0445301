"""Calls, answers and refusals of the forge's REST half, and the table of its operations.

A handler is a plain function from a `Call` to an `Answer`; it reads and writes `call.state` and raises
`Refused` with GitHub's own status and message. Before it runs, `need` has been checked against the token's
permissions (Apps, jobs) or the person's role: a handler never checks authority again unless the need
depends on the body.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.local.forge.addresses import api_url
from bot.local.forge.records import Account, App, Issue, Repository, Role, Token
from bot.local.forge.state import State

B = TypeVar("B", bound="Body")

ROLES: tuple[Role, ...] = ("none", "read", "triage", "write", "maintain", "admin")


class Refused(Exception):
    """An answer that is an error, as GitHub words it."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: Sequence[object] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = list(errors)
        self.headers = dict(headers or {})


class Body(BaseModel):
    """What a request's body may hold. A field that is not named is not implemented."""

    model_config = ConfigDict(extra="forbid", strict=True)


def not_found() -> Refused:
    """404, which is also GitHub's answer to who may not see a thing."""
    return Refused(404, "Not Found")


def invalid(message: str = "Validation Failed", *errors: object) -> Refused:
    """422 with GitHub's `errors` list (objects with `resource`, `field`, `code`, or sentences)."""
    return Refused(422, message, errors=errors)


def not_implemented(what: str) -> Refused:
    """501: GitHub has it, this forge does not, and it would have changed the answer."""
    return Refused(501, f"{what} is not implemented by this forge")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: nobody, a person, an installation, a job, or an App by its JWT (`token` None, `app` set)."""

    account: Account | None = None
    token: Token | None = None
    app: App | None = None

    @property
    def label(self) -> str:
        """For the exchange log: `anonymous`, `app`, `installation`, `job` or `user:LOGIN`."""
        if self.token is not None:
            return (
                f"user:{self.account.login}"
                if self.token.kind == "user" and self.account
                else self.token.kind
            )
        return "app" if self.app is not None else "anonymous"


@dataclass(frozen=True, slots=True)
class Need:
    """What a call needs.

    `permission` and `access` are a token's ("issues", "write"); several permissions mean that any one of
    them is enough. `role` is the least role of a person (None: the usual one for the access, read → read,
    write → write). `app` means: by the App's own JWT.
    """

    permission: tuple[str, ...] = ()
    access: str = "read"
    role: Role | None = None
    app: bool = False
    user: bool = False  # any signed-in account, no repository

    @property
    def least_role(self) -> Role:
        """The least role of a person who may do this."""
        if self.role is not None:
            return self.role
        return {"read": "read", "write": "write", "admin": "admin"}[self.access]  # type: ignore[return-value]


def reads(*permission: str) -> Need:
    """Read access by one of these permissions."""
    return Need(permission)


def writes(*permission: str, role: Role | None = None) -> Need:
    """Write access by one of these permissions; people need `role`."""
    return Need(permission, "write", role)


@dataclass(slots=True)
class Call:
    """One request, authenticated and with its repository found."""

    state: State
    base_url: str  # http://127.0.0.1:PORT
    method: str
    path: str  # below the API root: /repos/o/r/…
    params: dict[str, str]
    query: dict[str, str]
    body: Any
    headers: Mapping[str, str]
    caller: Caller
    repository: Repository | None = None
    raw: bytes = b""
    rate: Mapping[str, int] = field(default_factory=dict)  # limit, remaining, used, reset

    @property
    def api_url(self) -> str:
        """The root of REST."""
        return api_url(self.base_url)

    @property
    def repo(self) -> Repository:
        """The repository in the path."""
        if self.repository is None:
            raise not_found()
        return self.repository

    @property
    def me(self) -> Account:
        """The account that acts. Raises Refused(401) for nobody."""
        if self.caller.account is None:
            raise Refused(401, "Requires authentication")
        return self.caller.account

    def number(self, name: str) -> int:
        """A path parameter that is a number. Raises Refused(404)."""
        text = self.params[name]
        if not text.isdigit():
            raise not_found()
        return int(text)

    def issue(self, *, pulls: bool = True) -> Issue:
        """The issue (or PR, unless `pulls` is false) that `{issue_number}` or `{pull_number}` names."""
        key = "issue_number" if "issue_number" in self.params else "pull_number"
        found = self.state.one(Issue, repo_id=self.repo.id, number=self.number(key))
        if found is None or (found.pull_id is not None and not pulls):
            raise not_found()
        return found

    def read(self, model: type[B]) -> B:
        """The body, checked. Raises Refused: 400 for no object, 501 for a field that this forge does not
        implement, 422 for a value that is wrong."""
        if isinstance(self.body, bytes):
            raise Refused(400, "Problems parsing JSON")
        if not isinstance(self.body, dict):
            raise Refused(400, "Body should be a JSON object")
        try:
            return model.model_validate(self.body)
        except ValidationError as wrong:
            raise _body_refusal(wrong) from None

    def only(self, *known: str) -> None:
        """Raises Refused(501) for a query parameter that is none of these and no page's."""
        for name in self.query:
            if name not in (*known, "per_page", "page"):
                raise not_implemented(f"query parameter {name}")

    def may(self, need: Need) -> bool:
        """Whether the caller may do this in the call's repository (for needs that depend on the body)."""
        return allowed(self.state, self.caller, self.repo, need)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler gives back. A `body` of bytes is sent as `content_type`, else as JSON."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the table: `name` is GitHub's operation id (``issues/create``)."""

    name: str
    method: str
    template: str
    pattern: re.Pattern[str]
    need: Need
    handler: Handler


OPERATIONS: list[Operation] = []


def operation(
    name: str, method: str, template: str, need: Need | None = None
) -> Callable[[Handler], Handler]:
    """Register a handler for an operation of GitHub's REST description.

    `{param}` takes one path segment, `{param:path}` the rest, slashes included.
    """
    expression = re.sub(r"\{(\w+):path\}", r"(?P<\1>.+)", template)
    expression = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", expression)

    def register(handler: Handler) -> Handler:
        row = Operation(name, method, template, re.compile(expression + r"\Z"), need or Need(), handler)
        OPERATIONS.append(row)
        return handler

    return register


def role_of(_state: State, account: Account | None, repository: Repository) -> Role:
    """A person's role: owners are admins; everybody reads what is public."""
    if account is not None:
        if account.id == repository.owner_id:
            return "admin"
        if account.id in repository.collaborators:
            return repository.collaborators[account.id]
    return "none" if repository.private else "read"


def allowed(state: State, caller: Caller, repository: Repository, need: Need) -> bool:
    """Whether this caller may do what `need` says in this repository."""
    token = caller.token
    if token is None or token.permissions is None:
        return ROLES.index(role_of(state, caller.account, repository)) >= ROLES.index(need.least_role)
    if not need.permission or (
        need.access == "read" and not repository.private and need.permission != ("administration",)
    ):
        inside = token.repository_ids is None or repository.id in token.repository_ids
        return inside or not repository.private
    if token.repository_ids is not None and repository.id not in token.repository_ids:
        return False
    ranks = ("", "read", "write", "admin")
    return any(
        ranks.index(token.permissions.get(name, "")) >= ranks.index(need.access) for name in need.permission
    )


def page(call: Call, items: Sequence[Any], *, wrap: str | None = None) -> Answer:
    """One page of a list, with GitHub's `Link` header; `wrap` puts it into ``{"total_count", wrap}``."""
    per_page = min(100, max(1, _count(call.query.get("per_page"), 30)))
    number = max(1, _count(call.query.get("page"), 1))
    last = max(1, -(-len(items) // per_page))
    chunk = list(items[(number - 1) * per_page : number * per_page])
    links: list[str] = []

    def link(target: int, relation: str) -> None:
        query = urlencode({**call.query, "per_page": per_page, "page": target})
        links.append(f'<{call.api_url}{call.path}?{query}>; rel="{relation}"')

    if number > 1:
        link(number - 1, "prev")
        link(1, "first")
    if number < last:
        link(number + 1, "next")
        link(last, "last")
    headers = {"Link": ", ".join(links)} if links else {}
    body: Any = {"total_count": len(items), wrap: chunk} if wrap else chunk
    return Answer(200, body, headers)


def _count(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdigit() else default


def _body_refusal(wrong: ValidationError) -> Refused:
    errors: list[object] = []
    for error in wrong.errors():
        name = ".".join(str(step) for step in error["loc"] if isinstance(step, str))
        if error["type"] == "extra_forbidden":
            return not_implemented(f"field {name}")
        code = "missing_field" if error["type"] == "missing" else "invalid"
        errors.append({"resource": "Request", "field": name, "code": code, "message": error["msg"]})
    return invalid("Validation Failed", *errors)
