"""What `beadwright probe` may touch, how much, what it says, and that an assumption can fail."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from rich.console import Console

from bot.commands.probe import AT_ONCE, tell
from bot.github.assumptions import ASSUMPTIONS
from bot.github.assumptions.access import Access, AppKey, Bounds
from bot.github.assumptions.probing import Finding, look, probe
from bot.github.assumptions.registry import Assumption
from bot.github.assumptions.scratch import PREFIX, NotScratch, open_scratch
from bot.local.forge.faults import BEFORE, Outcome, rest
from tests.forge.branches import REPO, ok
from tests.forge.conftest import World


def named(*ids: str) -> list[Assumption]:
    return [one for one in ASSUMPTIONS if one.id in ids]


def access_to(forge: World, login: str = "octo") -> Access:
    """The forge as if it were github.com: nothing fails on demand, and it keeps what is left there."""
    return Access(
        api=forge.api_url,
        graphql=f"{forge.base_url}/api/graphql",
        server=forge.base_url,
        repository="octo/sample",
        token=forge.tokens[login],
    )


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_a_repository_in_use_is_refused_and_left_as_it_was(forge: World) -> None:
    with pytest.raises(NotScratch, match="neither empty nor marked"), open_scratch(access_to(forge), AT_ONCE):
        pass
    assert len(ok(forge.person("octo").get(f"{REPO}/commits"))) == 1


def test_a_token_that_may_not_write_is_refused(forge: World) -> None:
    with pytest.raises(NotScratch, match="may not write"), open_scratch(access_to(forge, "rita"), AT_ONCE):
        pass


def test_everything_is_taken_away_but_closed_issues(forge: World) -> None:
    chosen = named(
        "claims-ref-is-made-by-rest",
        "issue-makes-its-labels",
        "head-branch-stays-after-a-merge",
        "missing-required-check-blocks",
    )
    with open_scratch(access_to(forge), AT_ONCE, surely=True) as world:
        found = list(probe(world, chosen))
    assert [one.holds for one in found] == [True] * 4, [one.detail for one in found]
    octo = forge.person("octo")
    for path in ("git/matching-refs/heads/", f"git/matching-refs/{PREFIX}", "labels", "rulesets"):
        assert PREFIX not in octo.get(f"{REPO}/{path}").text, path
    assert ok(octo.get(f"{REPO}/issues")) == []
    assert len(ok(octo.get(f"{REPO}/issues", params={"state": "all"}))) == 3


def test_what_is_over_the_bounds_is_not_looked_at_and_not_called_true(forge: World) -> None:
    chosen = named("issue-has-one-parent", "missing-ref-is-404")
    with open_scratch(access_to(forge), Bounds(writes=2, pause=0), surely=True) as world:
        found = {one.assumption.id: one for one in probe(world, chosen)}
    assert found["issue-has-one-parent"].holds is None
    assert "2 writes are spent" in found["issue-has-one-parent"].detail
    assert found["missing-ref-is-404"].holds is True


def test_what_the_access_lacks_is_not_called_true(forge: World) -> None:
    chosen = named("token-is-narrowed-to-permissions", "merge-may-happen-behind-a-5xx", "reader-cannot-merge")
    with open_scratch(access_to(forge), AT_ONCE, surely=True) as world:
        found = list(probe(world, chosen))
    assert [one.holds for one in found] == [None] * 3
    assert "needs a GitHub App's key" in [one.detail for one in found]


def test_what_the_token_may_not_prepare_is_not_called_false(forge: World) -> None:
    forge.forge.faults.plan(rest("POST", "*/labels"), BEFORE, Outcome(403, "Resource not accessible"))
    (chosen,) = named("label-names-ignore-case")
    with open_scratch(access_to(forge), AT_ONCE, surely=True) as world:
        found = look(world, chosen)
    assert (found.holds, found.detail) == (
        None,
        "this token may not prepare it: answered 403 Resource not accessible",
    )


def test_a_github_that_behaves_otherwise_is_found_out(forge: World) -> None:
    forge.forge.faults.plan(
        rest("PATCH", f"*/git/refs/{PREFIX}*"), BEFORE, Outcome(200, body={"ref": "moved"}), skip=1
    )
    (chosen,) = named("move-that-is-no-fast-forward-is-refused")
    with open_scratch(access_to(forge), AT_ONCE, surely=True) as world:
        found = look(world, chosen)
    assert (found.holds, found.detail) == (False, "answered 200")


def test_a_server_error_is_no_finding(forge: World) -> None:
    forge.forge.faults.plan(rest("POST", "*/git/refs"), BEFORE, Outcome(502, "Server Error"))
    (chosen,) = named("claims-ref-is-made-by-rest")
    with open_scratch(access_to(forge), AT_ONCE, surely=True) as world:
        found = look(world, chosen)
    assert found.holds is None
    assert "GitHub failed" in found.detail


def test_a_secondary_limit_is_waited_for(forge: World) -> None:
    forge.forge.faults.plan(
        rest("POST", "*/git/refs"), BEFORE, Outcome(403, "secondary rate limit", {"Retry-After": "1"})
    )
    (chosen,) = named("claims-ref-is-made-by-rest")
    with open_scratch(access_to(forge), AT_ONCE, surely=True) as world:
        assert look(world, chosen).holds is True


def test_the_app_is_asked_where_there_is_one(forge: World) -> None:
    access = replace(access_to(forge), app=AppKey(forge.app.id, forge.app_key))
    chosen = named("app-may-ask-for-permissions", "installation-is-found-by-repository")
    with open_scratch(access, AT_ONCE, surely=True) as world:
        assert [one.holds for one in probe(world, chosen)] == [True, True]


def test_the_command_tries_them_on_a_forge_of_its_own() -> None:
    command = [sys.executable, "-m", "bot.cli", "probe", "--json", "--only", "people/"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [one["id"] for one in found] == [one.id for one in ASSUMPTIONS if one.area == "people"]
    assert {frozenset(one) for one in found} == {frozenset({"id", "source", "holds", "detail"})}
    assert all(one["holds"] is True for one in found)


def test_the_command_wants_a_token_for_github() -> None:
    command = [sys.executable, "-m", "bot.cli", "probe", "--repo", "octo/scratch"]
    env = {name: value for name, value in os.environ.items() if name != "GITHUB_TOKEN"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=env)
    assert (done.returncode, "GITHUB_TOKEN" in done.stderr) == (1, True)


def test_what_does_not_hold_is_told_last_with_its_consequence() -> None:
    first, second, third = named(
        "claims-ref-is-made-by-rest", "update-refs-is-all-or-nothing", "reader-cannot-merge"
    )
    findings = [
        Finding(first, False, "answered 422"),
        Finding(second, True),
        Finding(third, None, "needs [x]"),
    ]
    out = io.StringIO()
    tell(Console(file=out, width=100), findings)
    said = out.getvalue()
    assert said.index("Could not be told here") < said.index("Do not hold")
    assert "needs [x]: reader-cannot-merge" in said
    assert "seen: answered 422" in said
    assert "consequence: claims have to live at refs/heads/beadwright/claims, among the branches" in said
    assert said.endswith("1 hold, 1 do not, 1 could not be told\n")
