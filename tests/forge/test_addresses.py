"""The names and forms of address by which a forge is reached, and what its links then say."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from bot.local.forge.addresses import api_url, base_url_of
from tests.forge.conftest import World

ISSUES = "/repos/octo/sample/issues"


def ask(forge: World, target: str, host: str | None = None) -> tuple[dict[str, str], Any]:
    """The headers and the JSON of a GET with exactly this target."""
    connection = http.client.HTTPConnection(forge.base_url.removeprefix("http://"), timeout=30)
    connection.putrequest("GET", target, skip_host=True)
    connection.putheader("Host", host or "elsewhere.invalid")
    connection.putheader("Authorization", f"Bearer {forge.tokens['octo']}")
    connection.endheaders()
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    assert answer.status == 200, read
    return {name.lower(): value for name, value in answer.getheaders()}, json.loads(read)


def test_a_whole_url_is_a_target_as_a_proxy_gets_it(forge: World) -> None:
    forge.person("octo").post(ISSUES, json={"title": "One"})
    _, found = ask(forge, f"http://api.github.localhost{ISSUES}?state=open")
    assert [one["title"] for one in found] == ["One"]
    assert found[0]["url"] == f"http://api.github.localhost{ISSUES}/1"
    assert found[0]["html_url"] == "http://github.localhost/octo/sample/issues/1"


def test_links_begin_as_the_request_was_addressed(forge: World) -> None:
    for title in ("One", "Two"):
        forge.person("octo").post(ISSUES, json={"title": title})
    by_name, _ = ask(forge, f"{ISSUES}?per_page=1", host="api.github.localhost")
    by_number, _ = ask(forge, f"/api/v3{ISSUES}?per_page=1", host=forge.base_url.removeprefix("http://"))
    assert by_name["link"].startswith(f"<http://api.github.localhost{ISSUES}?per_page=1&page=2>")
    assert by_number["link"].startswith(f"<{forge.api_url}{ISSUES}?per_page=1&page=2>")


@pytest.mark.parametrize(
    ("host", "root"),
    [
        ("127.0.0.1:80", "http://127.0.0.1:80/api/v3"),
        ("api.github.localhost", "http://api.github.localhost"),
        ("api.forge.test:8080", "http://api.forge.test:8080"),
    ],
)
def test_rest_is_below_a_path_or_at_a_host_of_its_own(host: str, root: str) -> None:
    assert api_url(base_url_of(host, "http://127.0.0.1:80")) == root


def test_every_answer_names_its_request_and_what_the_token_may(forge: World) -> None:
    headers, found = ask(forge, "/", host="api.github.localhost")
    assert found["issue_search_url"].startswith("http://api.github.localhost/search/issues?q={query}")
    assert headers["x-oauth-scopes"] == "read:org, repo, workflow"
    assert headers["x-github-media-type"] == "github.v3; format=json"
    again, _ = ask(forge, "/", host="api.github.localhost")
    assert headers["x-github-request-id"] != again["x-github-request-id"]
    assert "x-oauth-scopes" not in forge.installed(issues="read").get("/installation/repositories").headers
