"""Who speaks in a pull request, and what it costs to know."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from bot.beads.authority import Permission
from bot.beads.policy import Policy
from bot.coordinator.claims import Claims
from bot.github.permissions import Permissions
from bot.github.speakers import Heard, Speakers, Threads
from tests.unit.test_github_calls import Server
from tests.unit.test_observe import pull, with_pull
from tests.unit.test_permissions import OWN, permission

Json = dict[str, Any]
GRAPHQL = "POST /api/graphql"


def author(login: str, kind: str = "User") -> Json:
    return {"author": {"__typename": kind, "login": login}}


def told(**voices: list[str]) -> Json:
    nodes = [
        {"id": thread, "comments": {"nodes": [author(login) for login in logins]}}
        for thread, logins in voices.items()
    ]
    return {"threads": nodes}


def people() -> Server:
    server = Server()
    permission(server, "maya", "write", "write")
    permission(server, "sam", "read", "read")
    return server


def speakers(server: Server) -> Speakers:
    installation = server.installation()
    return Speakers(installation, Permissions(installation, "octo/sample", {}))


async def hear(found: Speakers, reviews: list[Json], known: Json | None = None, more: bool = False) -> Heard:
    threads = [{"id": name, "path": "a.py", "line": 1, "isResolved": name == "T9"} for name in ("T1", "T9")]
    said = {"nodes": reviews, "pageInfo": {"hasPreviousPage": more}}
    one = pull(9, reviewThreads={"nodes": threads}, reviews=said)
    return await found.hear(with_pull(one), OWN, Threads.model_validate(known or {}), Claims(), Policy())


def test_where_everybody_who_speaks_counts_nothing_more_is_asked() -> None:
    server = people()
    heard = asyncio.run(hear(speakers(server), [author("maya"), author("beadwright", "Bot")]))
    assert heard.spoken == {}
    assert heard.authority == {"maya": Permission.WRITE, OWN: Permission.NONE}
    assert [path for _, path, _ in server.asked if "permission" in path] == [
        "/api/v3/repos/octo/sample/collaborators/maya/permission"
    ]
    assert server.count("POST") == 0


def test_who_spoke_in_an_unresolved_thread_is_asked_once_where_somebody_may_not_release() -> None:
    server = people()
    answer = told(T1=["sam", "maya"])
    server.on(GRAPHQL, httpx.Response(200, json={"data": answer}))

    async def twice() -> tuple[Heard, Heard]:
        found = speakers(server)
        first = await hear(found, [author("maya"), author("sam")])
        assert found.doubtful == ["T1"]
        return first, await hear(found, [author("maya"), author("sam")], answer)

    first, again = asyncio.run(twice())
    assert first.spoken == again.spoken == {"T1": ("sam", "maya")}
    assert first.authority["sam"] is Permission.READ
    assert [body["variables"] for _, path, body in server.asked if path == "/api/graphql"] == [  # type: ignore[index]
        {"threads": ["T1"]}
    ]


def test_a_thread_that_github_does_not_tell_of_is_nobodys() -> None:
    server = people()
    server.on(GRAPHQL, httpx.Response(200, json={"data": {"threads": [None]}}))
    assert asyncio.run(hear(speakers(server), [author("sam")])).spoken == {"T1": ()}


def test_of_more_reviews_than_are_shown_it_is_asked_who_spoke() -> None:
    server = people()
    server.on(GRAPHQL, httpx.Response(200, json={"data": told(T1=["maya"])}))
    heard = asyncio.run(hear(speakers(server), [author("maya")], more=True))
    assert heard.spoken == {"T1": ("maya",)}
