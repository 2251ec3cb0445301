"""The App: its signature, its tokens, and how they shrink."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.github.assumptions.registry import Need, assume, expect
from bot.github.assumptions.scratch import Scratch

JWT = (
    "apps/creating-github-apps/authenticating-with-a-github-app/"
    "generating-a-json-web-token-jwt-for-a-github-app"
)
TOKEN = "rest/apps/apps#create-an-installation-access-token-for-an-app"
CLIENT = ("github.client",)
BROKER = ("github.broker", "github.client")
SHRINK = "publish's token could do more than publish needs"
APP = (Need.APP,)


@assume(source=JWT, by=CLIENT, otherwise="the App cannot speak for itself", needs=APP)
def signed_token_speaks_for_the_app(world: Scratch) -> None:
    """A JWT signed with the App's key, issued a minute ago, is the App; `iss` may be its id."""
    found = world.signed().get("/app").must(200)["id"]
    expect(found == world.app_key.id, f"it is App {found}")


@assume(source=JWT, by=CLIENT, otherwise="none: ours end earlier", needs=APP)
def signed_token_ends_within_ten_minutes(world: Scratch) -> None:
    """A JWT that ends in more than ten minutes is refused with 401; so is one that has ended."""
    for seconds in (900, -30):
        refused = world.signed(seconds=seconds).get("/app")
        expect(refused.status == 401, f"one that ends in {seconds} s answered {refused}")


@assume(
    source="rest/apps/apps#get-a-repository-installation-for-the-authenticated-app",
    by=CLIENT,
    otherwise="which installation covers a repository is not known",
    needs=APP,
)
def installation_is_found_by_repository(world: Scratch) -> None:
    """`GET repos/{o}/{r}/installation` gives the installation to the App; 404 where it is not installed."""
    found = world.signed().get("installation").must(200)
    expect(found["app_id"] == world.app_key.id, f"it is of App {found['app_id']}")
    owner = world.access.repository.partition("/")[0]
    none = world.signed().get(f"/repos/{owner}/{world.name('none')}/installation")
    expect(none.status == 404, f"another repository answered {none}")


@assume(
    source="rest/apps/installations",
    by=("github.installed",),
    otherwise="a coordinator that starts does not know where to look",
    needs=APP,
)
def installations_and_repositories_are_listed(world: Scratch) -> None:
    """The App lists its installations; an installation lists its repositories."""
    listed = world.signed().get("/app/installations", per_page=100).must(200)
    expect(
        world.installation in [one["id"] for one in listed], f"{len(listed)} installations, ours is not there"
    )
    found = world.app.get("/installation/repositories", per_page=100).must(200)["repositories"]
    names = [one["full_name"] for one in found]
    expect(world.access.repository in names, f"{len(names)} repositories, ours is not there")


@assume(source=TOKEN, by=CLIENT, otherwise="tokens are renewed too late or too early", needs=APP)
def installation_token_lasts_an_hour(world: Scratch) -> None:
    """An installation's token says when it ends: in an hour."""
    made = world.signed().post(f"/app/installations/{world.installation}/access_tokens", {}).must(201)
    left = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    expect(timedelta(minutes=50) < left < timedelta(minutes=70), f"it ends in {left}")


@assume(source=TOKEN, by=BROKER, otherwise=SHRINK, needs=APP)
def token_is_narrowed_to_permissions(world: Scratch) -> None:
    """A token that asks for fewer permissions has those and no others: the rest answers 403."""
    narrow = world.grant(permissions={"issues": "write"})
    issue = world.issue(by=narrow)
    refused = narrow.post("git/refs", {"ref": world.ref("no"), "sha": world.root})
    expect(refused.status == 403, f"writing a ref answered {refused}")
    weak = world.grant(permissions={"issues": "read"})
    refused = weak.post(f"issues/{issue.number}/comments", {"body": "no"})
    expect(refused.status == 403, f"commenting by `issues: read` answered {refused}")


@assume(source=TOKEN, by=BROKER, otherwise=SHRINK, needs=APP)
def token_is_narrowed_to_repositories(world: Scratch) -> None:
    """A token narrowed by `repository_ids` reaches that repository alone; one that is not installed is
    refused: 422."""
    narrow = world.grant(repository_ids=[world.id], permissions={"metadata": "read"})
    found = narrow.get("/installation/repositories").must(200)["repositories"]
    expect([one["id"] for one in found] == [world.id], f"it reaches {len(found)} repositories")
    path = f"/app/installations/{world.installation}/access_tokens"
    refused = world.signed().post(path, {"repository_ids": [world.id, 1]})
    expect(refused.status == 422, f"a repository that is not installed answered {refused}")


@assume(source=TOKEN, by=BROKER, otherwise=SHRINK, needs=APP)
def token_cannot_ask_for_more(world: Scratch) -> None:
    """A token that asks for a permission that the installation lacks is refused with 422."""
    path = f"/app/installations/{world.installation}/access_tokens"
    refused = world.signed().post(path, {"permissions": {"packages": "write"}})
    expect(refused.status == 422, f"answered {refused}")


@assume(
    source="rest/apps/installations#revoke-an-installation-access-token",
    by=("github.installation",),
    otherwise="a token that was revoked is used on",
    needs=APP,
)
def revoked_token_is_401(world: Scratch) -> None:
    """A token that was revoked is refused with 401 from then on, and writes nothing."""
    token = world.grant()
    token.delete("/installation/token").must(204)

    def look() -> bool | None:
        return True if token.get("").status == 401 else None

    world.until(look, 60, "it still works")
    refused = token.post("issues", {"title": world.name("no")})
    expect(refused.status == 401, f"writing answered {refused}")


@assume(
    source="rest/authentication/authenticating-to-the-rest-api",
    by=CLIENT,
    otherwise="the App's key would open repositories by itself",
    needs=APP,
)
def signed_token_opens_no_repository(world: Scratch) -> None:
    """The App's own JWT writes nothing in a repository: 401 or 403."""
    refused = world.signed().post("issues", {"title": world.name("no")})
    expect(refused.status in (401, 403), f"answered {refused}")


@assume(
    source="rest/authentication/permissions-required-for-github-apps",
    by=("github.rules",),
    otherwise="none: reading less is asked for",
    needs=APP,
)
def actions_need_their_permission(world: Scratch) -> None:
    """A token without `actions` is refused to start a run: 403."""
    narrow = world.grant(permissions={"contents": "write"})
    refused = narrow.post("actions/workflows/none.yml/dispatches", {"ref": world.default_branch})
    expect(refused.status in (403, 404), f"answered {refused}")
