"""The way to GitHub: tokens, retries, limits, and what an unsure answer means."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.coordinator.actions import (
    Action,
    Annotation,
    Close,
    CreateBead,
    DeleteRef,
    Dispatch,
    Merge,
    PostCheck,
    Say,
    SetLabels,
    UpdateBranch,
)
from bot.coordinator.claims import Claims, read_claims
from bot.coordinator.ports import ClaimsMoved, Unsure
from bot.github.claims_ref import ClaimsRef
from bot.github.client import App
from bot.github.effects import Effects
from bot.github.errors import GitHubError, Limited
from bot.github.installation import Installation, Pace
from bot.github.known import Known, OwnComment
from tests.unit.test_broker import PEM

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HEAD, BEFORE = "a" * 40, "b" * 40
Handler = Callable[[httpx.Request], httpx.Response]


class Server:
    """Answers by method and path; what was asked is kept. A handler may raise to lose the answer."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, object]] = []
        self.now = NOW
        self._routes: dict[str, list[Handler]] = {}

    def on(self, what: str, *answers: httpx.Response | Exception) -> Server:
        """Answer so, one after the other; the last one stays."""
        self._routes[what] = [_answering(answer) for answer in answers]
        return self

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/access_tokens"):
            self.asked.append(("TOKEN", path, None))
            ends = (self.now + timedelta(hours=1)).isoformat()
            return httpx.Response(201, json={"token": f"ghs_{len(self.asked)}", "expires_at": ends})
        body = json.loads(request.content) if request.content else None
        self.asked.append((request.method, path, body))
        answers = self._routes.get(f"{request.method} {path}")
        if answers is None:
            return httpx.Response(404, json={"message": "Not Found"})
        return (answers.pop(0) if len(answers) > 1 else answers[0])(request)

    def count(self, method: str) -> int:
        return sum(one[0] == method for one in self.asked)

    def app(self) -> App:
        return App(
            7, PEM, "https://ghe.test/api/v3", clock=lambda: self.now, transport=httpx.MockTransport(self)
        )

    def installation(self) -> Installation:
        return Installation(self.app(), 3)


def _answering(answer: httpx.Response | Exception) -> Handler:
    def handler(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handler


def ok(body: object, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=body)


def refused(status: int, message: str, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={"message": message}, headers=named)


def go(work: Awaitable[object]) -> object:
    async def run() -> object:
        return await work

    return asyncio.run(run())


GET = "GET /api/v3/repos/o/r"
PUT = "PUT /api/v3/repos/o/r/pulls/9/merge"
GRAPHQL = "POST /api/graphql"


def test_an_app_signs_with_its_own_key_whatever_another_of_that_id_has_signed() -> None:
    keys = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]
    signed: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        signed.append(request.headers["authorization"].removeprefix("Bearer "))
        return ok({"id": 3})

    for key in keys:
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        go(App(7, pem, transport=httpx.MockTransport(server)).installation_of("o/r"))
    for key, token in zip(keys, signed, strict=True):
        assert jwt.decode(token, key.public_key(), algorithms=["RS256"])["iss"] == "7"


def test_many_who_ask_at_once_share_one_token_until_shortly_before_its_end() -> None:
    server = Server().on(GET, ok({}))
    installation = server.installation()

    async def storm() -> None:
        await asyncio.gather(*(installation.get("/repos/o/r") for _ in range(8)))
        assert server.count("TOKEN") == 1
        server.now = NOW + timedelta(minutes=54)
        await installation.get("/repos/o/r")
        assert server.count("TOKEN") == 1
        server.now = NOW + timedelta(minutes=56)
        await installation.get("/repos/o/r")
        assert server.count("TOKEN") == 2

    asyncio.run(storm())


def test_a_token_that_was_revoked_is_replaced_once() -> None:
    server = Server().on(GET, refused(401, "Bad credentials"), ok({}))
    assert go(server.installation().get("/repos/o/r"))
    assert (server.count("TOKEN"), server.count("GET")) == (2, 2)


def test_a_read_is_tried_again_and_a_write_never() -> None:
    server = Server().on(GET, refused(502, "x"), httpx.ReadError("gone"), ok({})).on(PUT, refused(502, "x"))
    installation = server.installation()
    assert go(installation.get("/repos/o/r"))
    assert server.count("GET") == 3
    with pytest.raises(GitHubError) as caught:
        go(server.installation().write("PUT", "/repos/o/r/pulls/9/merge", {}))
    assert caught.value.unsure
    assert server.count("PUT") == 1


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (refused(403, "secondary", retry_after="30"), 30),
        (refused(429, "slow", retry_after="5"), 5),
        (refused(403, "You have exceeded a secondary rate limit."), 60),
    ],
)
def test_a_limit_says_until_when_and_nobody_asks_before(answer: httpx.Response, wait: int) -> None:
    server = Server().on(GET, answer, ok({}))
    installation = server.installation()

    async def ask() -> None:
        for _ in range(2):
            with pytest.raises(Limited) as caught:
                await installation.get("/repos/o/r")
            assert caught.value.until == NOW + timedelta(seconds=wait)
        assert server.count("GET") == 1
        server.now = NOW + timedelta(seconds=wait)
        assert (await installation.get("/repos/o/r")).ok

    asyncio.run(ask())


def test_graphql_can_say_limit_with_status_200() -> None:
    server = Server().on(GRAPHQL, ok({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit"}]}))
    with pytest.raises(Limited):
        go(server.installation().query("query { x }", dict[str, object], {}))


def test_an_ordinary_refusal_is_no_limit() -> None:
    server = Server().on(GET, refused(403, "Resource not accessible by integration"))
    answer = asyncio.run(server.installation().get("/repos/o/r"))
    assert (answer.status, answer.message) == (403, "Resource not accessible by integration")


COMMITS = "POST /api/v3/repos/o/r/git/commits"
REF = "/api/v3/repos/o/r/git/refs/beadwright/claims"
READ_REF = "GET /api/v3/repos/o/r/git/ref/beadwright/claims"
MADE = {"sha": "c" * 40}


def at(sha: str) -> httpx.Response:
    return ok({"object": {"sha": sha}})


def claims_server() -> Server:
    return Server().on(COMMITS, ok(MADE, 201)).on(f"PATCH {REF}", ok({}))


def move(server: Server, before: str | None = BEFORE) -> object:
    return go(ClaimsRef(server.installation(), "o/r").move(before, Claims()))


def test_claims_move_as_a_child_of_what_was_read_without_force() -> None:
    server = claims_server()
    assert move(server) == MADE["sha"]
    (_, _, commit), (_, _, patch) = [one for one in server.asked if one[0] in ("POST", "PATCH")]
    assert isinstance(commit, dict)
    assert commit["parents"] == [BEFORE]
    assert read_claims(commit["message"]).nonce != ""
    assert patch == {"sha": MADE["sha"], "force": False}


def test_who_moves_the_claims_second_is_told_to_read_again() -> None:
    server = claims_server().on(f"PATCH {REF}", refused(422, "not a fast forward")).on(READ_REF, at(HEAD))
    with pytest.raises(ClaimsMoved):
        move(server)
    first = claims_server().on("POST /api/v3/repos/o/r/git/refs", refused(422, "Reference already exists"))
    with pytest.raises(ClaimsMoved):
        move(first.on(READ_REF, at(HEAD)), before=None)


def test_a_move_that_is_refused_for_another_reason_is_no_race() -> None:
    server = claims_server().on(f"PATCH {REF}", refused(403, "Resource not accessible by integration"))
    with pytest.raises(GitHubError, match="cannot be moved"):
        move(server)
    server = claims_server().on(f"PATCH {REF}", refused(422, "ruleset")).on(READ_REF, at(BEFORE))
    with pytest.raises(GitHubError, match="ruleset"):
        move(server)


def test_after_a_lost_answer_the_ref_tells_whether_the_claims_moved() -> None:
    server = claims_server().on(f"PATCH {REF}", httpx.ReadTimeout("lost")).on(READ_REF, at(MADE["sha"]))
    assert move(server) == MADE["sha"]
    server = claims_server().on(f"PATCH {REF}", refused(500, "x")).on(READ_REF, at(BEFORE))
    with pytest.raises(ClaimsMoved):
        move(server)
    assert server.count("PATCH") == 1


def test_without_an_empty_tree_another_one_carries_the_claims() -> None:
    server = claims_server().on(COMMITS, refused(422, "Tree SHA does not exist"), ok(MADE, 201))
    server.on("POST /api/v3/repos/o/r/git/trees", ok({"sha": "d" * 40}, 201))
    assert move(server) == MADE["sha"]
    trees = [
        one[2]["tree"] for one in server.asked if one[1].endswith("/commits") and isinstance(one[2], dict)
    ]
    assert trees[1] == "d" * 40


def known() -> Known:
    return Known(default_branch="main", repository_id="R", label_ids={"bead": "L1", "ready": "L2"})


def effects(server: Server, remembered: Known | None = None) -> Effects:
    return Effects(server.installation(), "o/r", remembered or known())


def in_turn(chosen: Effects, *actions: Action) -> list[str | None]:
    """The answers to actions that are applied one after the other."""

    async def run() -> list[str | None]:
        return [answer for action in actions for answer in await chosen.apply((action,))]

    return asyncio.run(run())


def sent(server: Server) -> dict[str, object]:
    (body,) = [
        one[2]
        for one in server.asked
        if one[1] == "/api/graphql" and isinstance(one[2], dict) and one[2]["query"].startswith("mutation")
    ]
    variables = body["variables"]
    assert isinstance(variables, dict)
    return variables


def test_cheap_writes_that_follow_each_other_are_one_request() -> None:
    server = Server().on(GRAPHQL, ok({"data": {}}))
    actions = (
        SetLabels(5, "I5", add=("bead",), remove=("Ready", "never seen")),
        Close(5, "I5"),
        DeleteRef("refs/heads/bead/5", HEAD),
    )
    assert go(effects(server).apply(actions)) == (None, None, None)
    assert server.count("POST") == 1
    assert list(sent(server).values()) == [
        {"labelableId": "I5", "labelIds": ["L1"]},
        {"labelableId": "I5", "labelIds": ["L2"]},
        {"issueId": "I5", "stateReason": "COMPLETED"},
        {
            "repositoryId": "R",
            "refUpdates": [{"name": "refs/heads/bead/5", "beforeOid": HEAD, "afterOid": "0" * 40}],
        },
    ]


@pytest.mark.parametrize(("comments", "waits"), [(0, False), (1, False), (2, True)])
def test_a_request_takes_its_turn_once_and_once_more_for_every_further_comment(
    comments: int, waits: bool
) -> None:
    none = {"comments": {"nodes": [], "pageInfo": {"hasPreviousPage": False}}}
    looked = ok({"data": {f"s{index}": none for index in range(comments)}})
    server = Server().on(GRAPHQL, *([looked] if comments else []), ok({"data": {}}))
    installation = Installation(server.app(), 3, Pace(burst=1, per_second=1e-6))
    many = [Say(number, f"I{number}", "audit", "new") for number in range(comments)]
    work = Effects(installation, "o/r", known()).apply((SetLabels(5, "I5", add=("bead",)), *many))

    async def in_time() -> None:
        await asyncio.wait_for(work, timeout=0.5)

    if waits:
        with pytest.raises(TimeoutError):
            go(in_time())
    else:
        go(in_time())
    assert server.count("POST") == (1 if comments else 0) + (not waits)


def test_one_write_that_fails_is_told_from_the_others_of_its_request() -> None:
    fault = {"message": "No such issue", "type": "NOT_FOUND", "path": ["w1"]}
    server = Server().on(GRAPHQL, ok({"data": {"w1": None}, "errors": [fault]}))
    actions = (Close(5, "I5"), Close(6, "I6"), Close(7, "I7"))
    assert go(effects(server).apply(actions)) == (None, "No such issue", None)


def test_a_label_that_the_repository_lacks_is_made_with_its_colour_first() -> None:
    made = {"data": {"l0": {"label": {"id": "L9", "name": "hold"}}}}
    server = Server().on(GRAPHQL, ok(made), ok({"data": {}}))
    assert go(effects(server).apply((SetLabels(5, "I5", add=("hold",)),))) == (None,)
    first, second = [one[2] for one in server.asked if one[1] == "/api/graphql"]
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert first["variables"]["l0"]["color"] == "b60205"
    assert second["variables"]["w0"]["labelIds"] == ["L9"]


def said(*comments: tuple[str, str, bool]) -> httpx.Response:
    nodes = [{"id": key, "body": body, "viewerDidAuthor": ours} for key, body, ours in comments]
    return ok({"data": {"s0": {"comments": {"nodes": nodes, "pageInfo": {"hasPreviousPage": False}}}}})


def added(*comments: tuple[str, str, bool]) -> httpx.Response:
    """The answer to a new comment, the last of these."""
    nodes = [{"id": key, "body": body, "viewerDidAuthor": ours} for key, body, ours in comments]
    made = {"commentEdge": {"node": {"id": nodes[-1]["id"]}}, "subject": {"comments": {"nodes": nodes}}}
    return ok({"data": {"w0": made}})


MARK = "<!-- beadwright:comment=audit -->"


def test_a_comment_with_its_marker_is_edited_not_repeated_and_its_twin_goes() -> None:
    found = said(("C1", f"old\n\n{MARK}", True), ("C2", MARK, False), ("C3", f"new\n\n{MARK}", True))
    server = Server().on(GRAPHQL, found, ok({"data": {}}))
    assert go(effects(server).apply((Say(5, "I5", "audit", "new"),))) == (None,)
    assert list(sent(server).values()) == [{"id": "C3"}, {"id": "C1", "body": f"new\n\n{MARK}"}]


def test_a_comment_that_was_there_all_the_same_goes_at_once() -> None:
    both = added(("C1", f"other\n\n{MARK}", True), ("C3", f"new\n\n{MARK}", True))
    server = Server().on(GRAPHQL, said(), both, ok({"data": {}}))
    assert go(effects(server).apply((Say(5, "I5", "audit", "new"),))) == (None,)
    last = server.asked[-1][2]
    assert isinstance(last, dict)
    assert last["variables"] == {"w0": {"id": "C3"}, "w1": {"id": "C1", "body": f"new\n\n{MARK}"}}


def test_a_comment_that_is_known_is_edited_without_a_look_and_not_at_all_when_nothing_is_new() -> None:
    server = Server().on(GRAPHQL, said(), added(("C1", f"new\n\n{MARK}", True)), ok({"data": {}}))
    says = [Say(5, "I5", "audit", body) for body in ("new", "newer", "newer")]
    assert in_turn(effects(server), *says) == [None] * 3
    assert server.count("POST") == 3
    last = server.asked[-1][2]
    assert isinstance(last, dict)
    assert last["variables"] == {"w0": {"id": "C1", "body": f"newer\n\n{MARK}"}}


def test_a_known_comment_that_is_gone_is_made_again_by_the_next_say() -> None:
    gone = {"message": "Could not resolve to a node", "type": "NOT_FOUND", "path": ["w0"]}
    server = Server().on(
        GRAPHQL, ok({"data": {"w0": None}, "errors": [gone]}), said(), added(("C2", "", True))
    )
    remembered = known()
    remembered.comments["comment:5:audit"] = OwnComment("C1", NOW)
    say = Say(5, "I5", "audit", "new")
    assert in_turn(effects(server, remembered), say, say) == ["Could not resolve to a node", None]
    assert server.count("POST") == 3


def test_several_issues_are_looked_at_in_one_request() -> None:
    there = {"comments": {"nodes": [{"id": "C1", "body": f"new\n\n{MARK}", "viewerDidAuthor": True}]}}
    server = Server().on(GRAPHQL, ok({"data": {"s0": there, "s1": None}}))
    says = (Say(5, "I5", "audit", "new"), Say(6, "I6", "audit", "new"))
    assert go(effects(server).apply(says)) == (None, "404: there is nothing to comment on")
    assert server.count("POST") == 1


def test_a_comment_that_says_it_already_costs_no_write() -> None:
    server = Server().on(GRAPHQL, said(("C1", f"new\n\n{MARK}", True)))
    assert go(effects(server).apply((Say(5, "I5", "audit", "new"),))) == (None,)
    assert server.count("POST") == 1


DISPATCHES = "POST /api/v3/repos/o/r/actions/workflows/beadwright.yml/dispatches"
DISPATCH = Dispatch(5, "worker", 2, "f" * 32, NOW + timedelta(minutes=1))


def test_a_dispatch_is_sent_once_whatever_becomes_of_its_answer() -> None:
    server = Server().on(DISPATCHES, httpx.ReadTimeout("lost"))
    (answer,) = asyncio.run(effects(server).apply((DISPATCH,)))
    assert "no answer" in str(answer)
    assert server.count("POST") == 1


def test_a_claim_that_others_may_have_given_up_is_not_dispatched() -> None:
    server = Server().on(DISPATCHES, httpx.Response(204))
    server.now = DISPATCH.until
    why = "attempt 2 of #5 was claimed too long ago to be dispatched"
    assert go(effects(server).apply((DISPATCH,))) == (why,)
    assert server.count("POST") == 0


def test_a_server_that_does_not_know_the_flag_is_asked_without_it() -> None:
    unknown = refused(422, 'Invalid request. "return_run_details" is not a permitted key.')
    server = Server().on(DISPATCHES, unknown, httpx.Response(204))
    assert go(effects(server).apply((DISPATCH,))) == (None,)
    _, body = [one[2] for one in server.asked if one[0] == "POST"]
    inputs = {"bead": "5", "role": "worker", "attempt": "2", "token": "f" * 32}
    assert body == {"ref": "main", "inputs": inputs}


def test_a_refused_dispatch_makes_the_next_look_see_whether_the_workflow_is_on() -> None:
    remembered = known()
    server = Server().on(DISPATCHES, refused(422, "Workflow is disabled"))
    assert go(effects(server, remembered).apply((DISPATCH,))) == ("Workflow is disabled",)
    assert remembered.workflow_enabled is False


MERGE = Merge(9, HEAD, "squash", "Title (#9)")
PULL = "GET /api/v3/repos/o/r/pulls/9"


def test_a_merge_pins_the_head() -> None:
    server = Server().on(PUT, ok({"merged": True}))
    assert go(effects(server).apply((MERGE,))) == (None,)
    (body,) = [one[2] for one in server.asked if one[0] == "PUT"]
    assert body == {"sha": HEAD, "merge_method": "squash", "commit_title": "Title (#9)"}


def test_a_merge_commit_says_what_it_is_given_to_say() -> None:
    server = Server().on(PUT, ok({"merged": True}))
    assert go(effects(server).apply((Merge(9, HEAD, "merge", "Title (#9)", "Bead: #4"),))) == (None,)
    (body,) = [one[2] for one in server.asked if one[0] == "PUT"]
    assert isinstance(body, dict)
    assert body["commit_message"] == "Bead: #4"


def test_a_refused_merge_is_its_reason() -> None:
    server = Server().on(PUT, refused(409, "Head branch was modified"))
    assert go(effects(server).apply((MERGE,))) == ("Head branch was modified",)
    assert server.count("POST") == 0


def test_a_merge_that_answered_500_and_had_happened_is_a_merge() -> None:
    server = Server().on(PUT, refused(500, "x")).on(PULL, ok({"merged": True}))
    assert go(effects(server).apply((MERGE,))) == (None,)
    server = Server().on(PUT, refused(500, "x")).on(PULL, ok({"merged": False}))
    (answer,) = asyncio.run(effects(server).apply((MERGE,)))
    assert "500" in str(answer)
    assert server.count("PUT") == 1


def test_a_branch_is_updated_from_the_head_that_was_seen() -> None:
    path = "PUT /api/v3/repos/o/r/pulls/9/update-branch"
    server = Server().on(path, ok({}, 202))
    assert go(effects(server).apply((UpdateBranch(9, HEAD),))) == (None,)
    assert server.asked[-1][2] == {"expected_head_sha": HEAD}


NOTE = Annotation("a.py", 3, "Thread", "Answer it")
THERE = {"path": "a.py", "start_line": 3, "title": "Thread", "message": "Answer it"}
MADE_CHECK = {"data": {"w0": {"checkRun": {"id": "K4", "databaseId": 44}}}}


def test_our_check_is_updated_while_it_is_in_progress_and_then_followed_by_another() -> None:
    wait = PostCheck(9, HEAD, None, "Waits", "table", annotations=(NOTE,))
    more = replace(wait, annotations=(NOTE, replace(NOTE, line=5)))
    passes = PostCheck(9, HEAD, "success", "Every guard passes", "table")
    remembered = known()
    remembered.heads = frozenset({HEAD})
    server = Server().on(GRAPHQL, ok(MADE_CHECK), ok({"data": {}}))
    server.on("GET /api/v3/repos/o/r/check-runs/44/annotations", ok([THERE]))
    assert in_turn(effects(server, remembered), wait, more, passes, wait) == [None] * 4
    sent = [body for _, path, body in server.asked if path == "/api/graphql" and isinstance(body, dict)]
    kinds = [re.findall("createCheckRun|updateCheckRun", body["query"])[0] for body in sent]
    assert kinds == ["createCheckRun", "updateCheckRun", "updateCheckRun", "createCheckRun"]
    lines = [
        [note["location"]["startLine"] for note in body["variables"]["w0"]["output"]["annotations"]]
        for body in sent
    ]
    assert lines == [[3], [5], [], [3]]


def test_a_found_bead_is_made_once_and_blocks_what_it_blocks() -> None:
    create = CreateBead(5, "5-abc-b0", "Missing part", "Body", ("bead",), blocks=5)
    none = ok({"data": {"repository": {"issues": {"nodes": []}}}})
    label = ok({"data": {"l0": {"label": {"id": "L9", "name": "blocked-by:#12"}}}})
    server = Server().on(GRAPHQL, none, label)
    server.on("POST /api/v3/repos/o/r/issues", ok({"number": 12, "id": 1012}, 201))
    server.on("POST /api/v3/repos/o/r/issues/5/labels", ok([]))
    assert go(effects(server).apply((create,))) == (None,)
    assert server.asked[-1][2] == {"labels": ["blocked-by:#12"]}
    issue = next(one[2] for one in server.asked if one[1].endswith("/issues"))
    assert isinstance(issue, dict)

    node = {"number": 12, "fullDatabaseId": "1012", "body": issue["body"], "viewerDidAuthor": True}
    again = Server().on(GRAPHQL, ok({"data": {"repository": {"issues": {"nodes": [node]}}}}), label)
    again.on("POST /api/v3/repos/o/r/issues/5/labels", ok([]))
    assert go(effects(again).apply((create,))) == (None,)
    assert not any(one[1].endswith("/issues") for one in again.asked)


def test_nothing_merges_when_what_its_guards_say_could_not_be_posted() -> None:
    check = PostCheck(9, HEAD, "success", "Every guard passes", "table")
    server = Server().on(GRAPHQL, refused(502, "Bad Gateway"))
    remembered = known()
    remembered.heads = frozenset({HEAD})
    posted, merge = asyncio.run(effects(server, remembered).apply((check, MERGE)))
    assert isinstance(posted, Unsure)
    assert merge == "what its guards say could not be posted"
    assert server.count("PUT") == 0
