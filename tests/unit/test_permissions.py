"""Who may do what: what GitHub is asked for it, and whom it is not asked about."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest

from bot.beads.authority import Permission
from bot.github.actors import login_of
from bot.github.answers import Actor
from bot.github.permissions import Permissions
from tests.unit.test_github_calls import Server

OWN = "beadwright[bot]"


def permission(server: Server, login: str, word: str, role: str) -> None:
    answer = httpx.Response(200, json={"permission": word, "role_name": role})
    server.on(f"GET /api/v3/repos/octo/sample/collaborators/{login}/permission", answer)


def ask(server: Server, *logins: str, bots: tuple[str, ...] = ()) -> dict[str, Permission]:
    looked_up = Permissions(server.installation(), "octo/sample", {})
    return asyncio.run(looked_up.of(logins, bots, OWN))


def test_a_person_has_what_githubs_own_api_says_role_and_all() -> None:
    server = Server()
    permission(server, "ann", "write", "maintain")
    permission(server, "tom", "read", "triage")
    permission(server, "sam", "none", "none")
    assert ask(server, "ann", "tom", "sam", "nobody") == {
        "ann": Permission.MAINTAIN,
        "tom": Permission.TRIAGE,
        "sam": Permission.NONE,
        "nobody": Permission.NONE,
    }


def test_a_person_is_asked_for_once_in_five_minutes() -> None:
    server = Server()
    permission(server, "ann", "write", "write")

    async def thrice() -> None:
        looked_up = Permissions(server.installation(), "octo/sample", {})
        for minutes in (0, 4, 2):
            server.now += timedelta(minutes=minutes)
            await looked_up.of(["ann"], (), OWN)

    asyncio.run(thrice())
    assert server.count("GET") == 2


def test_a_bot_counts_where_the_policy_names_it_and_ours_never() -> None:
    server = Server()
    found = ask(server, "Linter[bot]", "other[bot]", OWN, bots=("linter[bot]", OWN))
    assert found == {"Linter[bot]": Permission.WRITE, "other[bot]": Permission.NONE, OWN: Permission.NONE}
    assert server.count("GET") == 0


def test_a_person_who_is_called_like_a_bot_is_asked_for_as_a_person() -> None:
    server = Server()
    permission(server, "linter", "read", "read")
    assert ask(server, "linter", bots=("linter[bot]",)) == {"linter": Permission.READ}


@pytest.mark.parametrize(
    ("actor", "login"),
    [
        (Actor(login="ann"), "ann"),
        (Actor(login="linter", typename="Bot"), "linter[bot]"),
        (Actor(login="linter[bot]", typename="Bot"), "linter[bot]"),
        (Actor(login="ann", typename="Mannequin"), "ann[mannequin]"),
        (Actor(login="ann", typename="Organization"), "ann[organization]"),
        (None, "ghost"),
    ],
)
def test_whoever_is_no_user_has_a_name_that_no_user_can_have(actor: Actor | None, login: str) -> None:
    assert login_of(actor) == login


def test_whoever_is_neither_person_nor_bot_has_nothing_and_is_not_asked_for() -> None:
    server = Server()
    found = ask(server, "ghost", "ann[mannequin]", bots=("ann[mannequin]", "ghost"))
    assert set(found.values()) == {Permission.NONE}
    assert server.count("GET") == 0
