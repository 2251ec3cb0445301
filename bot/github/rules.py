"""What protects the base branch: rulesets and classic protection together.

Rulesets: GET …/rules/branches/{branch}. Classic protection: GET …/branches/{branch}, which shows required
checks with `contents: read` (GET …/protection would need `administration: read`); approvals that only classic
protection demands are not shown there: that one is missing each pull request's `reviewDecision` tells.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import quote

from pydantic import BaseModel, Field

from bot.coordinator.snapshot import RequiredCheck, Rules
from bot.github.client import Answer
from bot.github.errors import GitHubError, Limited
from bot.github.installation import Installation

T = TypeVar("T")
KEPT = timedelta(seconds=60)
UPGRADE = "Upgrade to GitHub"
"""A private repository on a free plan: exactly this refusal means that there can be no rules."""


class _Context(BaseModel):
    context: str
    app_id: int | None = None
    integration_id: int | None = None


class _Parameters(BaseModel):
    required_status_checks: list[_Context] = Field(default_factory=list)
    required_approving_review_count: int = 0


class _Rule(BaseModel):
    type: str
    parameters: _Parameters = _Parameters()


class _StatusChecks(BaseModel):
    contexts: list[str] = Field(default_factory=list)
    checks: list[_Context] = Field(default_factory=list)


class _Protection(BaseModel):
    required_status_checks: _StatusChecks | None = None


class _Branch(BaseModel):
    protected: bool = False
    protection: _Protection = _Protection()


class RulesReader:
    """The rules of one repository's base branch, read at most once a minute."""

    def __init__(self, installation: Installation, repository: str) -> None:
        self._github = installation
        self._repository = repository
        self._kept: tuple[str, datetime, Rules] | None = None

    async def read(self, branch: str, *, needed: bool) -> Rules:
        """The rules; `known` is false when they could not be read, or are neither `needed` nor at hand."""
        now = self._github.app.clock()
        if self._kept is not None and self._kept[0] == branch and now - self._kept[1] < KEPT:
            return self._kept[2]
        if not needed:
            return Rules(known=False)
        name = quote(branch, safe="")
        try:
            rulesets = _read(
                await self._github.get(f"/repos/{self._repository}/rules/branches/{name}", per_page=100),
                list[_Rule],
                [],
            )
            classic = _read(
                await self._github.get(f"/repos/{self._repository}/branches/{name}"), _Branch, _Branch()
            )
        except Limited:
            raise
        except GitHubError:
            return Rules(known=False)
        rules = rules_of(rulesets, classic)
        self._kept = (branch, now, rules)
        return rules


def rules_of(rulesets: list[_Rule], classic: _Branch) -> Rules:
    """Both kinds of protection as one: the union of required checks, the most approvals."""
    checks = {
        RequiredCheck(check.context, check.integration_id)
        for rule in rulesets
        if rule.type == "required_status_checks"
        for check in rule.parameters.required_status_checks
    }
    required = classic.protection.required_status_checks or _StatusChecks()
    checks |= {
        # GitHub writes -1 or null where any App's check counts.
        RequiredCheck(check.context, check.app_id if check.app_id and check.app_id > 0 else None)
        for check in required.checks
    }
    named = {check.name for check in checks}
    checks |= {RequiredCheck(context) for context in required.contexts if context not in named}
    return Rules(
        known=True,
        protected=classic.protected or bool(rulesets),
        checks=tuple(sorted(checks, key=lambda check: (check.name, check.app_id or 0))),
        approvals=max((rule.parameters.required_approving_review_count for rule in rulesets), default=0),
        merge_queue=any(rule.type == "merge_queue" for rule in rulesets),
    )


def _read(answer: Answer, shape: type[T], none: T) -> T:
    """The answer, or `none` where the plan has no rules. Raises GitHubError for every other refusal."""
    if answer.status == 403 and UPGRADE in answer.message:
        return none
    return answer.read(shape)
