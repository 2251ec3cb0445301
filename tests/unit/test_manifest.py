"""The App's manifest asks for what the code uses, in words that GitHub knows, and for nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bot.github.webhooks import EVENTS
from tests.contract.openapi import DESCRIPTION

MANIFEST: dict[str, Any] = json.loads((Path(__file__).parents[2] / "app-manifest.json").read_text("utf-8"))


def test_every_permission_and_its_level_is_one_that_github_knows(published: Path) -> None:
    assert published.is_dir()
    schemas = json.loads(DESCRIPTION.read_text("utf-8"))["components"]["schemas"]
    known = schemas["app-permissions"]["properties"]
    for name, level in MANIFEST["default_permissions"].items():
        assert level in known[name]["enum"], name


def test_every_event_is_one_that_github_sends(published: Path) -> None:
    assert published.is_dir()
    hooks = json.loads(DESCRIPTION.read_text("utf-8"))["x-webhooks"].values()
    known = {hook["post"]["x-github"]["subcategory"].replace("-", "_") for hook in hooks}
    assert set(MANIFEST["default_events"]) <= known


def test_what_is_listened_to_is_what_is_subscribed_to() -> None:
    assert set(MANIFEST["default_events"]) == EVENTS


def test_an_event_that_needs_a_permission_of_its_own_has_it() -> None:
    """github.com/dcoapp/app, issue 303: without it nothing is delivered, and nothing says so."""
    assert MANIFEST["default_permissions"]["merge_queues"] in ("read", "write")
    assert "merge_group" in MANIFEST["default_events"]


def test_nothing_that_could_change_who_may_do_what_is_asked_for() -> None:
    permissions = MANIFEST["default_permissions"]
    assert not {"administration", "members", "organization_administration", "secrets", "workflows"} & set(
        permissions
    )
    assert {name for name, level in permissions.items() if level == "write"} == {
        "actions",
        "checks",
        "contents",
        "issues",
        "merge_queues",
        "pull_requests",
    }
