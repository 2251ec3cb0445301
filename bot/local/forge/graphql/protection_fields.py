"""Classic branch protection, for who may read it."""

from __future__ import annotations

from typing import Any

from bot.local.forge.graphql.ask import (
    Info,
    Ref,
)
from bot.local.forge.graphql.connections import Connection, connect
from bot.local.forge.graphql.fields import field, plain
from bot.local.forge.http import Need
from bot.local.forge.records import App, BranchProtection, Repository


# -- protection -------------------------------------------------------------------------------------------
@field("Repository.branchProtectionRules")
def branch_protection_rules(home: Repository, info: Info, **page: Any) -> Connection:
    """Classic protection; an App needs `administration: read`, or sees none."""
    ask = info.context
    seen = ask.may(home, Need(("administration",), "read", "read"))
    return connect(info, ask.state.find(BranchProtection, repo_id=home.id) if seen else [], **page)


@field("Ref.branchProtectionRule")
def branch_protection_rule(source: Ref, info: Info) -> BranchProtection | None:
    """The classic protection of a branch."""
    ask = info.context
    if not ask.may(source.repository, Need(("administration",), "read", "read")):
        return None
    branch = source.name.removeprefix("refs/heads/")
    return ask.state.one(BranchProtection, repo_id=source.repository.id, branch=branch)


plain(
    "BranchProtectionRule",
    databaseId="id",
    pattern="branch",
    allowsDeletions="allow_deletions",
    allowsForcePushes="allow_force_pushes",
    dismissesStaleReviews="dismiss_stale_reviews",
    isAdminEnforced="enforce_admins",
    lockBranch="lock_branch",
    requireLastPushApproval="require_last_push_approval",
    requiredApprovingReviewCount="required_reviews",
    requiresCodeOwnerReviews="require_code_owner_reviews",
    requiresConversationResolution="required_conversation_resolution",
    requiresLinearHistory="required_linear_history",
    requiresStatusChecks="required_checks",
    requiresStrictStatusChecks="strict",
)


@field("BranchProtectionRule.requiresApprovingReviews")
def requires_approving_reviews(rule: BranchProtection, _info: Info) -> bool:
    """Whether a review is asked for at all."""
    return rule.required_reviews is not None


@field("BranchProtectionRule.restrictsPushes")
def restricts_pushes(rule: BranchProtection, _info: Info) -> bool:
    """Whether only some may push."""
    return rule.restrictions is not None


@field("BranchProtectionRule.requiredStatusCheckContexts")
def required_contexts(rule: BranchProtection, _info: Info) -> list[str]:
    """The names of the required checks."""
    return [context for context, _ in rule.checks]


@field("BranchProtectionRule.requiredStatusChecks")
def required_checks(rule: BranchProtection, _info: Info) -> list[tuple[str, int | None]]:
    """The required checks, each with the App it is pinned to."""
    return rule.checks


@field("RequiredStatusCheckDescription.context")
def required_context(check: tuple[str, int | None], _info: Info) -> str:
    """The check's name."""
    return check[0]


@field("RequiredStatusCheckDescription.app")
def required_app(check: tuple[str, int | None], info: Info) -> App | None:
    """The App it is pinned to."""
    state = info.context.state
    return state.get(App, check[1]) if check[1] is not None and state.has(App, check[1]) else None
