"""What carries a coordinator's requests, and can be cut at each of its effects."""

from __future__ import annotations

import json
import re

import httpx
from graphql import OperationDefinitionNode, VariableNode, Visitor, parse, print_ast, visit

from bot.coordinator.actions import (
    Action,
    Assign,
    CancelRun,
    Close,
    CreateBead,
    DeleteLabel,
    DeleteRef,
    Dispatch,
    Merge,
    OpenPull,
    PostCheck,
    PublishAgain,
    React,
    Reopen,
    Revert,
    Say,
    SetBody,
    SetLabels,
    ShowEdge,
    Unsay,
    UpdateBranch,
)
from bot.coordinator.claims import Claims
from bot.coordinator.ports import EVERYTHING, GitHub, Told
from bot.coordinator.snapshot import Snapshot
from tests.loop.faults import Effect, Interrupter, mutation_fields
from tests.loop.runner import Died

FIELDS = {
    "addLabelsToLabelable": SetLabels,
    "removeLabelsFromLabelable": SetLabels,
    "addComment": Say,
    "updateIssueComment": Say,
    "deleteIssueComment": Say,
    "closeIssue": Close,
    "updateRefs": DeleteRef,
    "createCheckRun": PostCheck,
    "updateCheckRun": PostCheck,
    "addReaction": React,
    "reopenIssue": Reopen,
    "revertPullRequest": Revert,
    "updateIssue": SetBody,
}
ROUTES: tuple[tuple[str, tuple[type[Action], ...], str], ...] = (
    (r"POST .*/dispatches", (Dispatch,), ""),
    (r"POST .*/actions/jobs/\d+/rerun", (PublishAgain,), ""),
    (r"POST .*/actions/runs/\d+/cancel", (CancelRun,), ""),
    (r"POST .*/issues", (CreateBead,), "issue"),
    (r"POST .*/issues/\d+/sub_issues", (CreateBead,), "parent"),
    (r"POST .*/issues/\d+/assignees", (Assign,), ""),
    (r"POST .*/issues/\d+/labels", (CreateBead, OpenPull), "labels"),
    (r"POST .*/issues/\d+/dependencies/blocked_by", (ShowEdge,), ""),
    (r"DELETE .*/issues/\d+/dependencies/blocked_by/\d+", (ShowEdge,), ""),
    (r"DELETE .*/labels/[^/]+", (DeleteLabel,), ""),
    (r"POST .*/pulls", (OpenPull,), "pull"),
    (r"PUT .*/pulls/\d+/update-branch", (UpdateBranch,), ""),
    (r"PUT .*/pulls/\d+/merge", (Merge,), ""),
)
"""Which action a write belongs to; one that is not here fails the test that meets it."""
NO_EFFECT = re.compile(r"POST .*/access_tokens")


class Amid:
    """What a coordinator is doing, for the wire to name its effects by. `shown` are the types of actions that
    only show people what is so: the next pass puts them right, whatever else was done meanwhile."""

    def __init__(self) -> None:
        self.types: tuple[type[Action], ...] = ()
        self.text = ""
        self.shown: frozenset[type[Action]] = frozenset()


class WatchedPort:
    """The coordinator's port, which notes what is being done."""

    def __init__(self, inner: GitHub, amid: Amid, applied: list[Action]) -> None:
        self._inner = inner
        self._amid = amid
        self._claims = Claims()
        self._applied = applied

    async def observe(self, focus: frozenset[int] = frozenset(), *, told: Told = EVERYTHING) -> Snapshot:
        """See `GitHub`."""
        snapshot = await self._inner.observe(focus, told=told)
        self._claims = snapshot.claims
        return snapshot

    async def move_claims(self, before: str | None, claims: Claims) -> str:
        """See `GitHub`."""
        self._amid.types, self._amid.text = (), _moved(self._claims, claims)
        return await self._inner.move_claims(before, claims)

    async def apply(self, actions: tuple[Action, ...]) -> tuple[str | None, ...]:
        """See `GitHub`."""
        self._applied += actions
        telling = [action for action in actions if not _only_shows(action)]
        self._amid.types = tuple(type(action) for action in actions)
        self._amid.text = "+".join(sorted({_named(action) for action in telling}))
        self._amid.shown = frozenset(self._amid.types) - {type(action) for action in telling}
        return await self._inner.apply(actions)


def _only_shows(action: Action) -> bool:
    """Whether it is a status comment, or a check that nothing is merged on."""
    if isinstance(action, PostCheck):
        return action.conclusion != "success"
    return isinstance(action, Say) and action.marker == "status"


def _named(action: Action) -> str:
    match action:
        case Dispatch():
            return f"Dispatch {action.role}"
        case Say() | Unsay():
            return f"{type(action).__name__} " + re.sub(r"answer-\d+", "answer", action.marker)
        case React():
            return f"React {action.sign}"
        case SetLabels():
            changed = [f"+{name}" for name in action.add] + [f"-{name}" for name in action.remove]
            return "SetLabels " + " ".join(re.sub(r"#\d+", "#N", name) for name in changed)
        case CreateBead():
            planned = " planned" if "-p" in action.marker else ""
            return "CreateBead blocking" if action.blocks else f"CreateBead{planned}"
        case _:
            return type(action).__name__


def _moved(before: Claims, after: Claims) -> str:
    """The move of the claims in words: who got one, what was settled, what else is remembered."""
    words: list[str] = []
    for bead in sorted({*before.live, *after.live}):
        was, now = before.live.get(bead), after.live.get(bead)
        if was is not None and was != now:
            words.append(f"settle {was.role} {was.outcome or was.stage}")
        if now is not None and now != was:
            words.append(f"claim {now.role}")
    gone = before.history.keys() - after.history.keys()
    words += ["forget"] * len(gone)
    if not words:
        words = ["remember"]
    return "+".join(sorted(set(words)))


class Wire(httpx.AsyncBaseTransport):
    """What carries a coordinator's requests."""

    def __init__(self, interrupter: Interrupter, amid: Amid) -> None:
        self._inner = httpx.AsyncHTTPTransport()
        self._interrupter = interrupter
        self._amid = amid
        self._looks: dict[bytes, tuple[int, bytes]] = {}
        self._stale = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, or part of it, or say that it was not answered."""
        body = await request.aread()
        effects = effects_of(request, body, self._amid)
        for index, effect in enumerate(effects):
            fault = self._interrupter.meet(effect)
            if fault is None:
                continue
            kept = index if fault in ("before", "refused") else index + 1
            if kept:
                await (await self._inner.handle_async_request(_cut(request, body, kept))).aread()
            if fault in ("before", "after"):
                raise Died(str(effect))
            if fault == "refused":
                return httpx.Response(502, json={"message": "Server Error"}, request=request)
            self._stale = fault == "twin"
            raise httpx.ReadError("the answer is lost", request=request)
        if effects or request.method != "POST":
            return await self._inner.handle_async_request(request)
        return await self._look(request, body)

    async def _look(self, request: httpx.Request, body: bytes) -> httpx.Response:
        """A GraphQL query; a stale one is answered as it was before."""
        if self._stale and body in self._looks and b"query Observe" not in body:
            self._stale = False
            status, content = self._looks[body]
            return httpx.Response(status, content=content, request=request)
        response = await self._inner.handle_async_request(request)
        content = await response.aread()
        self._looks[body] = (response.status_code, content)
        headers = [
            (name, value) for name, value in response.headers.raw if name.lower() != b"content-encoding"
        ]
        return httpx.Response(response.status_code, headers=headers, content=content, request=request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def effects_of(request: httpx.Request, body: bytes, amid: Amid) -> list[Effect]:
    """The changes that a request of the coordinator's asks for; none for a read."""
    path = request.url.path
    line = f"{request.method} {path}"
    if request.method == "GET" or NO_EFFECT.fullmatch(line):
        return []
    if path.endswith("/graphql"):
        fields = mutation_fields(json.loads(body)["query"])
        return [_field_effect(name, amid) for name in fields]
    if "/git/" in path:
        # A commit that no ref points at is the same to everybody.
        how = path.rpartition("/")[2]
        return [Effect("claims", "commit") if how == "commits" else Effect("claims", "ref", amid.text)]
    for pattern, types, how in ROUTES:
        if re.fullmatch(pattern, line):
            chosen = [one for one in types if len(types) == 1 or one in amid.types]
            return [Effect(chosen[0].__name__, how, amid.text)]
    raise AssertionError(f"no action is known to write {line}")


def _field_effect(name: str, amid: Amid) -> Effect:
    if name == "createLabel":
        return Effect("label", "")
    kind = FIELDS[name]
    return Effect(kind.__name__, name, "" if kind in amid.shown else amid.text)


def _cut(request: httpx.Request, body: bytes, kept: int) -> httpx.Request:
    """The request with only the first fields of its mutation."""
    if not request.url.path.endswith("/graphql"):
        return request
    wanted = json.loads(body)
    (operation,) = parse(wanted["query"]).definitions
    assert isinstance(operation, OperationDefinitionNode)
    fields = operation.selection_set.selections[:kept]
    used = _Variables()
    for one in fields:
        visit(one, used)
    declared = [one for one in operation.variable_definitions or () if one.variable.name.value in used.names]
    head = ", ".join(print_ast(one) for one in declared)
    query = f"mutation ({head}) {{ {' '.join(print_ast(one) for one in fields)} }}"
    variables = {name: value for name, value in wanted["variables"].items() if name in used.names}
    kept_headers = {
        name: value for name, value in request.headers.items() if name not in ("content-length", "host")
    }
    cut = {"query": query, "variables": variables}
    url = request.url
    return httpx.Request(request.method, url, headers=kept_headers, json=cut, extensions=request.extensions)


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.names.add(node.name.value)
