"""Apps, their installations' tokens, roles, and a folder that is opened again."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import jwt
import pytest

from bot.local.forge import world
from bot.local.forge.records import Issue
from bot.local.forge.serve import CannotServe, in_thread
from bot.local.forge.state import State
from tests.forge.conftest import World, build

REPO = "/repos/octo/sample"


def tokens_url(forge: World) -> str:
    return f"/app/installations/{forge.installation.id}/access_tokens"


def test_an_app_finds_itself_and_its_installations(forge: World) -> None:
    app = forge.by_app()
    assert app.get("/app").json()["slug"] == "beadwright"
    assert [one["id"] for one in app.get("/app/installations").json()] == [forge.installation.id]
    assert app.get(f"/app/installations/{forge.installation.id}").json()["account"]["login"] == "octo"
    assert app.get(f"{REPO}/installation").json()["id"] == forge.installation.id


def test_an_app_is_not_found_where_it_is_not_installed(forge: World) -> None:
    forge.forge.on(lambda state: world.create_repository(state, forge.people["octo"], "other"))
    assert forge.by_app().get("/repos/octo/other/installation").status_code == 404


def test_an_app_finds_its_installation_on_a_private_repository(forge: World) -> None:
    def set_up(state: State) -> None:
        private = world.create_repository(state, forge.people["octo"], "secret", private=True)
        world.install(state, forge.app, forge.people["octo"], [private])

    forge.forge.on(set_up)
    assert forge.by_app().get("/repos/octo/secret/installation").status_code == 200
    assert forge.person("stan").get("/repos/octo/secret").status_code == 404


def test_a_token_lives_for_an_hour_and_can_be_narrowed(forge: World) -> None:
    made = forge.by_app().post(
        tokens_url(forge), json={"repository_ids": [forge.repository.id], "permissions": {"issues": "read"}}
    )
    assert made.status_code == 201
    assert made.json()["permissions"] == {"metadata": "read", "issues": "read"}
    left = datetime.fromisoformat(made.json()["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    client = forge.client(made.json()["token"])
    assert client.post(f"{REPO}/issues", json={"title": "No"}).status_code == 403
    assert client.get("/installation/repositories").json()["repositories"][0]["name"] == "sample"
    assert client.get("/user").status_code == 403


@pytest.mark.parametrize(
    "asked",
    [
        {"permissions": {"administration": "write"}},
        {"permissions": {"secrets": "read"}},
        {"repository_ids": [999_999]},
        {"repositories": ["sample", "other"]},
    ],
)
def test_no_token_reaches_further_than_its_installation(forge: World, asked: dict[str, object]) -> None:
    assert forge.by_app().post(tokens_url(forge), json=asked).status_code == 422


def test_a_revoked_token_is_worthless(forge: World) -> None:
    client = forge.installed()
    assert client.delete("/installation/token").status_code == 204
    assert client.get(REPO).status_code == 401


def test_an_expired_token_is_worthless(folder: Path) -> None:
    present = [datetime.now(UTC)]
    with in_thread(folder, clock=lambda: present[0]) as running:
        made = running.on(lambda state: build(running, state))
        answer = made.by_app().post(tokens_url(made)).json()
        client = made.client(answer["token"])
        assert client.get(REPO).status_code == 200
        present[0] += timedelta(hours=1, seconds=1)
        assert client.get(REPO).json()["message"] == "Bad credentials"
        made.close()


@pytest.mark.parametrize(
    ("issued", "expires"), [(-60, 700), (-700, -10), (300, 500)], ids=["too long", "expired", "not yet"]
)
def test_a_jwt_with_wrong_times_is_refused(forge: World, issued: int, expires: int) -> None:
    now = int(time.time())
    claims = {"iss": str(forge.app.id), "iat": now + issued, "exp": now + expires}
    assert forge.client(jwt.encode(claims, forge.app_key, algorithm="RS256")).get("/app").status_code == 401


def test_a_jwt_opens_only_what_is_the_apps_own(forge: World) -> None:
    assert forge.by_app().get(f"{REPO}/issues").status_code == 403
    assert forge.person("octo").get("/app").status_code == 401


def test_a_role_is_told_by_both_of_its_names(forge: World) -> None:
    client = forge.installed()
    told = {login: client.get(f"{REPO}/collaborators/{login}/permission").json() for login in forge.people}
    assert {login: (one["permission"], one["role_name"]) for login, one in told.items()} == {
        "octo": ("admin", "admin"),
        "maya": ("write", "maintain"),
        "will": ("write", "write"),
        "rita": ("read", "read"),
        "stan": ("read", "read"),
    }
    assert client.get(f"{REPO}/collaborators/nobody/permission").status_code == 404


def test_of_an_apps_bot_no_role_is_told_whatever_its_installation_may_do(forge: World) -> None:
    client = forge.installed()
    told = client.get(f"{REPO}/collaborators/beadwright[bot]/permission").json()
    assert (told["permission"], told["role_name"]) == ("none", "none")
    assert client.get(f"{REPO}/collaborators/beadwright/permission").status_code == 404


def test_only_an_administrator_gives_roles_and_changes_settings(forge: World) -> None:
    octo, will = forge.person("octo"), forge.person("will")
    assert will.put(f"{REPO}/collaborators/stan", json={"permission": "admin"}).status_code == 403
    assert will.patch(REPO, json={"allow_squash_merge": False}).status_code == 403
    assert octo.put(f"{REPO}/collaborators/stan", json={"permission": "triage"}).status_code == 204
    people = {one["login"]: one["role_name"] for one in octo.get(f"{REPO}/collaborators").json()}
    assert people["stan"] == "triage"
    assert octo.delete(f"{REPO}/collaborators/stan").status_code == 204
    assert octo.get(f"{REPO}/collaborators/stan").status_code == 404
    changed = octo.patch(REPO, json={"allow_squash_merge": False, "description": "adds"}).json()
    assert (changed["allow_squash_merge"], changed["description"]) == (False, "adds")


def test_an_archived_repository_is_only_read_until_it_is_opened_again(forge: World) -> None:
    octo = forge.person("octo")
    octo.patch(REPO, json={"archived": True})
    assert octo.post(f"{REPO}/issues", json={"title": "Late"}).status_code == 403
    assert octo.patch(REPO, json={"archived": False}).json()["archived"] is False
    assert octo.post(f"{REPO}/issues", json={"title": "Back"}).status_code == 201


def test_people_and_the_server_tell_who_they_are(forge: World) -> None:
    assert forge.person("maya").get("/user").json()["login"] == "maya"
    assert forge.person("maya").get("/users/OCTO").json()["public_repos"] == 1
    assert forge.person("maya").get("/users/nobody").status_code == 404
    assert forge.client(None).get("/versions").json() == ["2022-11-28"]
    assert forge.client(None).get("/meta").status_code == 200
    assert forge.client("ghp_wrong").get("/user").json()["message"] == "Bad credentials"


def test_a_folder_opened_again_has_everything_still(folder: Path) -> None:
    with in_thread(folder) as running:
        made = running.on(lambda state: build(running, state))
        octo = made.person("octo")
        octo.post(f"{REPO}/issues", json={"title": "Keep", "body": "me", "labels": ["bead"]})
        octo.post(f"{REPO}/issues/1/comments", json={"body": "noted"})
        octo.post(f"{REPO}/labels", json={"name": "gone"})
        octo.delete(f"{REPO}/labels/gone")
        before = octo.get(f"{REPO}/issues/1").json(), octo.get(f"{REPO}/issues/1/timeline").json()
        made.close()
    with in_thread(folder, int(running.base_url.rpartition(":")[2])) as again:
        assert again.base_url == running.base_url
        with httpx.Client(
            base_url=again.api_url,
            headers={"Authorization": f"Bearer {made.tokens['octo']}"},
            trust_env=False,
        ) as client:
            after = client.get(f"{REPO}/issues/1").json(), client.get(f"{REPO}/issues/1/timeline").json()
            assert after == before
            assert [one["name"] for one in client.get(f"{REPO}/labels").json()] == ["bead"]
            assert client.post(f"{REPO}/issues", json={"title": "Next"}).json()["number"] == 2


def test_a_journal_that_was_torn_is_read_up_to_the_tear(folder: Path) -> None:
    with in_thread(folder) as running:
        made = running.on(lambda state: build(running, state))
        made.person("octo").post(f"{REPO}/issues", json={"title": "Whole"})
        made.close()
    with (folder / "state.jsonl").open("ab") as journal:
        journal.write(b'["Issue",99,{"id":99,"repo')
    with in_thread(folder) as again:
        assert [issue.title for issue in again.on(lambda state: list(state.all(Issue)))] == ["Whole"]


def test_a_folder_has_one_server_at_a_time(forge: World, folder: Path) -> None:
    assert forge.client(None).get("/meta").status_code == 200
    with pytest.raises(CannotServe, match="another forge is serving"), in_thread(folder):
        pass


def test_a_port_that_is_taken_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotServe, match=f"127.0.0.1:{port}"), in_thread(tmp_path / "f", port):
            pass
    assert not (tmp_path / "f" / "state.jsonl").exists()
