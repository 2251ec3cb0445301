"""Writes of check runs: by the App that they are of, as over REST."""

from __future__ import annotations

from typing import Any

from bot.local.forge import checks
from bot.local.forge.graphql.ask import Ask, Info, failure
from bot.local.forge.graphql.writing import Input, Payload, mutation, named, permit
from bot.local.forge.records import CheckRun, Repository

PLAIN = ("details_url", "external_id", "started_at", "completed_at", "name")


@mutation("createCheckRun")
def create_check_run(info: Info, given: Input) -> Payload:
    """Make a check run of the calling App."""
    home = named(info.context, given["repository_id"], Repository)
    ask = permit(info, home, "checks")
    fields = _fields(given)
    name = fields.pop("name")
    return {"checkRun": checks.create_run(ask.state, _app(ask), home, given["head_sha"], name, **fields)}


@mutation("updateCheckRun")
def update_check_run(info: Info, given: Input) -> Payload:
    """Change a check run of the calling App."""
    home = named(info.context, given["repository_id"], Repository)
    ask = permit(info, home, "checks")
    run = named(ask, given["check_run_id"], CheckRun)
    if run.repo_id != home.id or run.app_id != _app(ask):
        raise failure("FORBIDDEN", "A check run can only be modified by the GitHub App that created it.")
    return {"checkRun": checks.update_run(ask.state, run, **_fields(given))}


def _app(ask: Ask) -> int:
    token = ask.caller.token
    if token is None or token.app_id is None:
        raise failure("FORBIDDEN", "You must authenticate via a GitHub App.")
    return token.app_id


def _fields(given: Input) -> dict[str, Any]:
    """The fields for `checks.update_run`."""
    fields: dict[str, Any] = {name: given[name] for name in PLAIN if given.get(name) is not None}
    for name in ("status", "conclusion"):
        if given.get(name) is not None:
            fields[name] = given[name].lower()
    output = given.get("output")
    if output is not None:
        fields |= {"title": output["title"], "summary": output["summary"], "text": output.get("text")}
        fields["annotations"] = [_annotation(one) for one in output.get("annotations") or ()]
    if given.get("actions") is not None:
        names = ("label", "description", "identifier")
        fields["actions"] = [{name: one[name] for name in names} for one in given["actions"]]
    return fields


def _annotation(given: dict[str, Any]) -> dict[str, Any]:
    found = {"path": given["path"], "message": given["message"], **given["location"]}
    found["annotation_level"] = given["annotation_level"].lower()
    found |= {name: given[name] for name in ("title", "raw_details") if given.get(name) is not None}
    return found
