"""What people say, as a look sees it: what is asked for when, and who stands behind a comment."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import datetime, timedelta

import httpx

from bot.beads.authority import Permission
from bot.coordinator.claims import Claims
from bot.coordinator.snapshot import Comment, Snapshot
from bot.github.permissions import Permissions
from bot.github.talk import KEPT, TalkReader
from tests.unit.snapshots import look
from tests.unit.test_github_calls import NOW, Server, ok

LIST = "/api/v3/repos/octo/sample/issues/comments"
EARLIER = NOW - timedelta(minutes=10)
ADA = {"__typename": "User", "login": "ada"}


class Said(Server):
    """A repository whose comments are `rows`; each list is an ETag's worth of them."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[int, dict[str, object]] = {}
        self.nodes: dict[str, dict[str, object]] = {}
        self.lists: list[tuple[str, int]] = []
        self.looked: list[list[str]] = []
        for login, role in {"ada": "admin", "tom": "triage", "eve": "read"}.items():
            word = {"permission": "read" if role == "triage" else role, "role_name": role}
            self.on(f"GET /api/v3/repos/octo/sample/collaborators/{login}/permission", ok(word))
        self.signed: set[str] = set()
        installation = self.installation()
        permissions = Permissions(installation, "octo/sample", {})
        self.reader = TalkReader(installation, "octo/sample", permissions, self.signed)

    def say(self, number: int, body: str, login: str = "ada", at: datetime = EARLIER, **node: object) -> None:
        """A comment on issue #4, or with `pullRequest` in its node on that."""
        page = "pull/9" if "pullRequest" in node else "issues/4"
        moment = at.isoformat()
        self.rows[number] = {
            "id": number,
            "node_id": f"IC_{number}",
            "body": body,
            "html_url": f"https://ghe.test/octo/sample/{page}#issuecomment-{number}",
            "user": {"login": login, "type": "User"},
            "created_at": moment,
            "updated_at": moment,
        }
        issue = {"id": "I_4", "number": 4, "state": "OPEN", "labels": {"nodes": [{"name": "Bead"}]}}
        self.nodes[f"IC_{number}"] = {
            "id": f"IC_{number}",
            "body": body,
            "author": {"__typename": "User", "login": login},
            "issue": None if "pullRequest" in node else issue,
        } | node

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == LIST:
            found = [
                row for row in self.rows.values() if str(row["updated_at"]) >= request.url.params["since"]
            ]
            found.sort(key=lambda row: str(row["updated_at"]))
            tag = f'W/"{len(found)}"'
            status = 304 if request.headers.get("if-none-match") == tag else 200
            self.lists.append((request.url.params["since"], status))
            page = int(request.url.params["page"])
            part = found[(page - 1) * 100 : page * 100]
            return httpx.Response(status, headers={"etag": tag}, json=part if status == 200 else None)
        if request.url.path == "/api/graphql":
            asked = json.loads(request.content)["variables"]
            self.looked.append([*asked["issues"], *asked["pulls"]])
            data = {kind: [self.nodes[one] for one in asked[kind]] for kind in ("issues", "pulls")}
            return ok({"data": data})
        return super().__call__(request)

    def hear(self, snapshot: Snapshot | None = None, *, fresh: bool = True) -> tuple[Comment, ...]:
        talk = asyncio.run(self.reader.of(snapshot or look(), fresh=fresh))
        return talk.comments


def test_a_comment_is_what_it_says_on_what_and_how_much_that_counts() -> None:
    said = Said()
    said.say(7, "/bead hold")
    (comment,) = said.hear()
    assert comment == Comment(
        id="IC_7",
        database_id=7,
        number=4,
        subject="I_4",
        on_pull=False,
        bead=4,
        login="ada",
        permission=Permission.ADMIN,
        body="/bead hold",
        at=EARLIER,
        url="https://ghe.test/octo/sample/issues/4#issuecomment-7",
    )


def test_only_what_looks_like_a_command_is_looked_at() -> None:
    said = Said()
    said.say(7, "Thanks! See /bead help")
    assert said.hear() == ()
    assert said.looked == []


def test_it_counts_for_no_more_than_the_least_of_all_who_wrote_it() -> None:
    said = Said()
    edits = {"nodes": [{"editor": ADA}, {"editor": {"__typename": "User", "login": "tom"}}, {"editor": ADA}]}
    said.say(7, "/bead hold", userContentEdits=edits)
    said.say(8, "/bead hold", userContentEdits={"nodes": [{"editor": None}]})
    said.say(9, "/bead hold", userContentEdits={"nodes": [], "pageInfo": {"hasNextPage": True}})
    said.say(10, "/bead hold", author=None)
    found = {one.database_id: one.permission for one in said.hear()}
    none = Permission.NONE
    assert found == {7: Permission.TRIAGE, 8: none, 9: none, 10: none}


def test_a_bot_has_a_say_where_the_policy_lets_it_in() -> None:
    said = Said()
    said.say(7, "/bead hold", author={"__typename": "Bot", "login": "helper"})
    snapshot = look()
    (comment,) = said.hear(snapshot)
    assert (comment.login, comment.permission) == ("helper[bot]", Permission.NONE)
    allowed = snapshot.policy.model_copy(update={"bots": ("helper[bot]",)})
    assert said.hear(replace(snapshot, policy=allowed))[0].permission is Permission.WRITE


def test_our_own_comments_and_answered_ones_are_left_alone() -> None:
    said = Said()
    said.say(7, "/bead hold", viewerDidAuthor=True)
    done = [{"content": "ROCKET", "viewerHasReacted": True}]
    said.say(8, "/bead hold", reactionGroups=done)
    said.say(9, "/bead hold", reactionGroups=[{"content": "THUMBS_DOWN", "viewerHasReacted": True}])
    taken = [{"content": "EYES", "viewerHasReacted": True}, {"content": "ROCKET", "viewerHasReacted": False}]
    said.say(10, "/bead hold", reactionGroups=taken)
    (comment,) = said.hear()
    assert (comment.database_id, comment.taken) == (10, True)
    said.hear()
    assert said.looked == [["IC_7", "IC_8", "IC_9", "IC_10"], ["IC_10"]]
    said.signed.add("IC_10")  # the effects say that our reaction is there
    assert said.hear(fresh=False) == ()


def test_on_a_pull_request_it_is_about_the_bead_of_its_branch() -> None:
    said = Said()
    pull = {"id": "PR_9", "number": 9, "state": "MERGED", "headRefName": "bead/4", "isCrossRepository": False}
    said.say(7, "/bead undo", pullRequest=pull)
    said.say(8, "/bead undo", pullRequest={**pull, "isCrossRepository": True})
    said.say(9, "/bead undo", pullRequest={**pull, "headRefName": "bead/x"})
    found = [(one.database_id, one.number, one.on_pull, one.open, one.bead) for one in said.hear()]
    assert found == [(7, 9, True, False, 4), (8, 9, True, False, None), (9, 9, True, False, None)]


def test_an_issue_that_is_no_bead_has_none() -> None:
    said = Said()
    said.say(7, "/bead ready", issue={"id": "I_4", "number": 4, "state": "CLOSED"})
    (comment,) = said.hear()
    assert (comment.bead, comment.open) == (None, False)


def test_comments_of_one_person_in_the_hour_before_are_counted() -> None:
    said = Said()
    said.say(1, "/bead why", at=EARLIER - timedelta(minutes=61))
    said.say(2, "/bead why", at=EARLIER - timedelta(minutes=59))
    said.say(3, "/bead why", at=EARLIER - timedelta(minutes=5), login="eve")
    said.say(4, "Nothing", at=EARLIER - timedelta(minutes=4))
    said.say(5, "/bead why")
    said.say(6, "/bead why")
    assert {one.database_id: one.earlier for one in said.hear()} == {1: 0, 2: 1, 3: 0, 5: 1, 6: 2}


# -- when ---------------------------------------------------------------------------------------------------
def test_a_process_goes_back_to_an_hour_before_what_is_recorded_and_then_only_on() -> None:
    said = Said()
    heard = NOW - timedelta(hours=3)
    snapshot = look(claims=Claims(heard_until=heard))
    said.say(7, "Good morning", at=EARLIER)
    said.hear(snapshot)
    said.hear(snapshot)
    said.hear(snapshot)
    later = (EARLIER - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert said.lists == [("2026-11-24T08:00:00Z", 200), (later, 200), (later, 304)]


def test_where_nothing_is_recorded_it_goes_back_a_day() -> None:
    said = Said()
    said.hear()
    said.hear()
    assert said.lists == [("2026-11-23T12:00:00Z", 200), ("2026-11-23T12:00:00Z", 304)]


def test_the_list_is_read_when_somebody_tells_of_a_comment_and_else_every_ten_minutes() -> None:
    said = Said()
    said.say(7, "/bead hold")
    for fresh, after, count in ((False, 0, 1), (False, 1, 1), (True, 0, 2), (False, 9, 3)):
        said.now += timedelta(minutes=after)
        assert len(said.hear(fresh=fresh)) == 1
        assert len(said.lists) == count
    assert timedelta(minutes=9) == KEPT


def test_a_busy_hour_has_several_pages() -> None:
    said = Said()
    for number in range(1, 251):
        said.say(number, "Hello" if number % 50 else "/bead why", at=EARLIER + timedelta(seconds=number))
    assert [one.database_id for one in said.hear()] == [50, 100, 150, 200, 250]
    assert len(said.lists) == 3


def test_what_waits_is_kept_until_it_is_answered_however_old_it_is() -> None:
    said = Said()
    said.say(7, "/bead hold", at=EARLIER - timedelta(hours=5))
    said.say(8, "Good morning", at=EARLIER)
    for _ in range(3):
        assert [one.database_id for one in said.hear()] == [7]
    said.signed.add("IC_7")
    assert said.hear() == ()
