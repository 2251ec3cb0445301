"""Repository rulesets over REST. https://docs.github.com/en/rest/repos/rules"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from bot.local.forge import protection, render
from bot.local.forge.http import (
    Answer,
    Body,
    Call,
    invalid,
    not_found,
    not_implemented,
    operation,
    page,
    reads,
    writes,
)
from bot.local.forge.records import Account, Ruleset

ALL = "/repos/{owner}/{repo}/rulesets"
ONE = ALL + "/{ruleset_id}"
READ = reads("metadata")
WRITE = writes("administration", role="admin")
Method = Literal["merge", "squash", "rebase"]


def _all_methods() -> list[Method]:
    return ["merge", "squash", "rebase"]


class PullRequestParameters(Body):
    """Of a `pull_request` rule."""

    required_approving_review_count: int = Field(ge=0, le=10)
    dismiss_stale_reviews_on_push: bool
    require_code_owner_review: Literal[False]
    require_last_push_approval: bool
    required_review_thread_resolution: bool
    allowed_merge_methods: list[Method] = Field(default_factory=_all_methods, min_length=1)


class RequiredCheck(Body):
    """A check, of one App when `integration_id` says so."""

    context: str
    integration_id: int | None = None


class CheckParameters(Body):
    """Of a `required_status_checks` rule."""

    required_status_checks: list[RequiredCheck]
    strict_required_status_checks_policy: bool
    do_not_enforce_on_create: bool = False


class PullRequestRule(Body):
    """Changes come by pull request."""

    type: Literal["pull_request"]
    parameters: PullRequestParameters


class ChecksRule(Body):
    """Checks must be green."""

    type: Literal["required_status_checks"]
    parameters: CheckParameters


class PlainRule(Body):
    """A rule without parameters."""

    type: Literal["non_fast_forward", "deletion", "creation", "required_linear_history"]


class QueueParameters(Body):
    """Of a `merge_queue` rule. Entries are merged one after another, each when its own checks are green."""

    check_response_timeout_minutes: int = Field(ge=1, le=360)
    grouping_strategy: Literal["ALLGREEN", "HEADGREEN"]
    max_entries_to_build: int = Field(ge=0, le=100)
    max_entries_to_merge: int = Field(ge=0, le=100)
    merge_method: Literal["MERGE", "SQUASH", "REBASE"]
    min_entries_to_merge: int = Field(ge=0, le=100)
    min_entries_to_merge_wait_minutes: int = Field(ge=0, le=360)


class QueueRule(Body):
    """Changes come through the merge queue."""

    type: Literal["merge_queue"]
    parameters: QueueParameters


class UpdateRule(Body):
    """Nobody moves the ref."""

    type: Literal["update"]


Rule = Annotated[
    PullRequestRule | ChecksRule | QueueRule | PlainRule | UpdateRule, Field(discriminator="type")
]
TYPES = {
    "pull_request",
    "required_status_checks",
    "merge_queue",
    "non_fast_forward",
    "deletion",
    "creation",
    "required_linear_history",
    "update",
}


class RefName(Body):
    """Full ref names or patterns, ``~DEFAULT_BRANCH``, ``~ALL``."""

    include: list[str] = Field(default_factory=list)
    exclude: list[str] = Field(default_factory=list)


class Conditions(Body):
    """Where a ruleset applies."""

    ref_name: RefName = Field(default_factory=RefName)


class BypassActor(Body):
    """Who need not obey."""

    actor_id: int | None = None
    actor_type: Literal["Integration", "OrganizationAdmin", "RepositoryRole", "User"]
    bypass_mode: Literal["always", "pull_request"] = "always"


class ChangedRuleset(Body):
    """`repos/update-repo-ruleset`."""

    name: str | None = None
    target: Literal["branch", "tag"] | None = None
    enforcement: Literal["active", "disabled"] | None = None
    bypass_actors: list[BypassActor] | None = None
    conditions: Conditions | None = None
    rules: list[Rule] | None = None


class NewRuleset(ChangedRuleset):
    """`repos/create-repo-ruleset`."""

    name: str
    enforcement: Literal["active", "disabled"]


@operation("repos/get-repo-rulesets", "GET", ALL, READ)
def list_rulesets(call: Call) -> Answer:
    """All rulesets, without their rules."""
    protection.require_rules(call.state, call.repo)
    call.only("includes_parents", "targets")
    found = call.state.find(Ruleset, repo_id=call.repo.id)
    if "targets" in call.query:
        found = [one for one in found if one.target in call.query["targets"].split(",")]
    return page(call, [_brief(call, one) for one in found])


@operation("repos/create-repo-ruleset", "POST", ALL, WRITE)
def create(call: Call) -> Answer:
    """Make a ruleset."""
    protection.require_rules(call.state, call.repo)
    _only_known_rules(call)
    new, now = call.read(NewRuleset), call.state.now()
    made = Ruleset(
        id=call.state.new_id(), repo_id=call.repo.id, name=new.name, created_at=now, updated_at=now
    )
    _set(call, made, new)
    return Answer(201, _whole(call, made))


@operation("repos/get-repo-ruleset", "GET", ONE, READ)
def get(call: Call) -> Answer:
    """One ruleset."""
    protection.require_rules(call.state, call.repo)
    call.only("includes_parents")
    return Answer(200, _whole(call, _ruleset(call)))


@operation("repos/update-repo-ruleset", "PUT", ONE, WRITE)
def update(call: Call) -> Answer:
    """Change a ruleset; what is not named stays."""
    protection.require_rules(call.state, call.repo)
    _only_known_rules(call)
    found = _ruleset(call)
    _set(call, found, call.read(ChangedRuleset))
    return Answer(200, _whole(call, found))


@operation("repos/delete-repo-ruleset", "DELETE", ONE, WRITE)
def delete(call: Call) -> Answer:
    """Take a ruleset away."""
    protection.require_rules(call.state, call.repo)
    call.state.drop(_ruleset(call))
    return Answer(204)


@operation("repos/get-branch-rules", "GET", "/repos/{owner}/{repo}/rules/branches/{branch:path}", READ)
def branch_rules(call: Call) -> Answer:
    """Every active rule of a branch, there or not yet; classic protection is not in it."""
    protection.require_rules(call.state, call.repo)
    call.only()
    name = f"{call.params['owner']}/{call.params['repo']}"
    found = [
        {**rule, "ruleset_source_type": "Repository", "ruleset_source": name, "ruleset_id": ruleset.id}
        for ruleset in protection.rulesets_of(call.state, call.repo, f"refs/heads/{call.params['branch']}")
        for rule in ruleset.rules
    ]
    return page(call, found)


def _only_known_rules(call: Call) -> None:
    """A rule that would not be enforced is not accepted. Raises Refused(501)."""
    rules = call.body.get("rules") if isinstance(call.body, dict) else None
    for rule in rules if isinstance(rules, list) else []:
        kind = rule.get("type") if isinstance(rule, dict) else None
        if isinstance(kind, str) and kind not in TYPES:
            raise not_implemented(f"rule {kind}")


def _set(call: Call, ruleset: Ruleset, new: ChangedRuleset) -> None:
    same_name = [
        one
        for one in call.state.find(Ruleset, repo_id=call.repo.id)
        if one.name == new.name and one.id != ruleset.id
    ]
    if same_name:
        raise invalid("Validation Failed", "Name must be unique")
    ruleset.name = new.name or ruleset.name
    ruleset.target = new.target or ruleset.target
    ruleset.enforcement = new.enforcement or ruleset.enforcement
    if new.conditions is not None:
        ruleset.include = new.conditions.ref_name.include
        ruleset.exclude = new.conditions.ref_name.exclude
    if new.bypass_actors is not None:
        ruleset.bypass_actors = [one.model_dump() for one in new.bypass_actors]
    for rule in new.rules or ():
        if isinstance(rule, QueueRule):
            _check_queue(call, rule.parameters)
    if new.rules is not None:
        ruleset.rules = [one.model_dump(exclude_none=True) for one in new.rules]
    ruleset.updated_at = call.state.now()
    call.state.put(ruleset)


def _check_queue(call: Call, wanted: QueueParameters) -> None:
    """Raises Refused(422) outside organisations (https://github.com/s4k10503/velvet/issues/298), 501 for what
    would not be done here."""
    if call.state.get(Account, call.repo.owner_id).type != "Organization":
        raise invalid("Validation Failed", "Invalid rule 'merge_queue': ")
    if wanted.grouping_strategy == "HEADGREEN":
        raise not_implemented("grouping_strategy HEADGREEN")
    if wanted.min_entries_to_merge > 1:
        raise not_implemented("min_entries_to_merge above 1")


def _ruleset(call: Call) -> Ruleset:
    found = call.number("ruleset_id")
    if not call.state.has(Ruleset, found) or call.state.get(Ruleset, found).repo_id != call.repo.id:
        raise not_found()
    return call.state.get(Ruleset, found)


def _brief(call: Call, ruleset: Ruleset) -> dict[str, Any]:
    home = render.repository_api_url(call.state, call.base_url, call.repo)
    html = render.repository_html_url(call.state, call.base_url, call.repo)
    return {
        "id": ruleset.id,
        "name": ruleset.name,
        "target": ruleset.target,
        "source_type": "Repository",
        "source": render.full_name(call.state, call.repo),
        "enforcement": ruleset.enforcement,
        "node_id": call.state.node_id(ruleset),
        "_links": {
            "self": {"href": f"{home}/rulesets/{ruleset.id}"},
            "html": {"href": f"{html}/rules/{ruleset.id}"},
        },
        "created_at": render.at(ruleset.created_at),
        "updated_at": render.at(ruleset.updated_at),
    }


def _whole(call: Call, ruleset: Ruleset) -> dict[str, Any]:
    me = call.caller.account
    shape = _brief(call, ruleset) | {
        "conditions": {"ref_name": {"include": ruleset.include, "exclude": ruleset.exclude}},
        "rules": ruleset.rules,
    }
    if me is not None:
        free = [protection.bypasses(call.state, call.repo, ruleset, me, merging=one) for one in (False, True)]
        words = {(True, True): "always", (False, True): "pull_requests_only"}
        shape["current_user_can_bypass"] = words.get((free[0], free[1]), "never")
    if call.may(WRITE):
        shape["bypass_actors"] = ruleset.bypass_actors  # shown to who may change them
    return shape
