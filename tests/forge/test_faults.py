"""Faults on demand: what the caller sees, and whether the effect happened."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import httpx
import pytest

from bot.local.forge.faults import (
    AFTER,
    BAD_GATEWAY,
    BEFORE,
    CUT,
    SECONDARY_LIMIT,
    Outcome,
    When,
    graphql,
    rest,
    secondary_limit,
)
from tests.forge.branches import REPO, ok, pull, tip
from tests.forge.conftest import World

ISSUE = {"title": "Make it so"}


def titles(forge: World) -> list[str]:
    return [one["title"] for one in ok(forge.person("octo").get(f"{REPO}/issues"))]


@pytest.mark.parametrize(("when", "left"), [(BEFORE, []), (AFTER, ["Make it so"])])
def test_an_answer_is_lost_before_or_after_the_effect(forge: World, when: When, left: list[str]) -> None:
    fault = forge.forge.faults.plan(rest("POST", "/repos/*/issues"), when, BAD_GATEWAY)
    assert forge.person("octo").post(f"{REPO}/issues", json=ISSUE).status_code == 502
    assert (titles(forge), fault.struck) == (left, 1)
    assert forge.person("octo").post(f"{REPO}/issues", json=ISSUE).status_code == 201


@pytest.mark.parametrize(("when", "left"), [(BEFORE, []), (AFTER, ["Make it so"])])
def test_a_connection_is_cut_before_or_after_the_effect(forge: World, when: When, left: list[str]) -> None:
    forge.forge.faults.plan(rest("POST", "/repos/*/issues"), when, CUT)
    with pytest.raises(httpx.RemoteProtocolError):
        forge.person("octo").post(f"{REPO}/issues", json=ISSUE)
    assert titles(forge) == left


def test_a_merge_that_answered_with_a_server_error_has_happened(forge: World) -> None:
    pull(forge)
    forge.forge.faults.plan(rest("PUT", "/repos/*/pulls/*/merge"), AFTER, BAD_GATEWAY)
    assert forge.person("will").put(f"{REPO}/pulls/1/merge", json={}).status_code == 502
    assert ok(forge.person("will").get(f"{REPO}/pulls/1"))["merged"]


def test_a_graphql_request_is_struck_by_a_word_in_it(forge: World) -> None:
    forge.forge.faults.plan(graphql("updateRefs"), BEFORE, CUT)
    octo = forge.person("octo")
    address = f"{forge.base_url}/api/graphql"
    assert ok(octo.post(address, json={"query": "{ viewer { login } }"}))["data"]["viewer"]["login"] == "octo"
    with pytest.raises(httpx.RemoteProtocolError):
        octo.post(address, json={"query": "mutation { updateRefs }"})


@pytest.mark.parametrize(
    ("outcome", "waits"), [(SECONDARY_LIMIT, None), (secondary_limit(7), "7"), (secondary_limit(7, 429), "7")]
)
def test_a_secondary_limit_may_or_may_not_say_how_long(
    forge: World, outcome: Outcome, waits: str | None
) -> None:
    forge.forge.faults.plan(rest("POST", "*"), BEFORE, outcome)
    answer = forge.person("octo").post(f"{REPO}/issues", json=ISSUE)
    assert (answer.status_code, answer.headers.get("retry-after")) == (outcome.status, waits)
    assert "secondary rate limit" in answer.json()["message"]
    assert titles(forge) == []


def test_faults_strike_the_times_they_are_planned_for_after_those_that_go_unharmed(forge: World) -> None:
    fault = forge.forge.faults.plan(rest("GET", "/user"), BEFORE, BAD_GATEWAY, times=2, skip=1)
    octo = forge.person("octo")
    assert [octo.get("/user").status_code for _ in range(4)] == [200, 502, 502, 200]
    assert (fault.struck, forge.forge.faults.planned) == (2, False)


def test_a_push_whose_answer_is_lost_has_moved_the_branch(forge: World, tmp_path: Path) -> None:
    clone, env = tmp_path / "clone", {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    signed = forge.base_url.replace("://", f"://octo:{forge.tokens['octo']}@")
    url = f"{signed}/octo/sample.git"

    def git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(["git", *arguments], env=env, capture_output=True, check=False, timeout=60)

    assert git("clone", "-q", url, str(clone)).returncode == 0
    who = ("-c", "user.name=o", "-c", "user.email=o@localhost")
    assert git("-C", str(clone), *who, "commit", "-q", "--allow-empty", "-m", "x").returncode == 0
    before = tip(forge)
    forge.forge.faults.plan(lambda asked: asked.path.endswith("/git-receive-pack"), AFTER, CUT)
    assert git("-C", str(clone), "push", "-q", "origin", "HEAD:main").returncode != 0
    assert tip(forge) != before
