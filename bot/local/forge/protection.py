"""What classic protection and rulesets say of a merge or of a moved ref, with every reason.

Both are read into the same `Rule`s, so there is one place that knows what a rule means: `merge_blocks` for a
pull request, `push_blocks` for a ref that is moved by itself. A rule that somebody bypasses is no rule for
them, and who reads without an actor is bound by all of them.

https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/
managing-protected-branches/about-protected-branches and …/managing-rulesets/available-rules-for-rulesets
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.local.forge import checks
from bot.local.forge.git_objects import ZERO, GitDir
from bot.local.forge.http import ROLES, Refused, role_of
from bot.local.forge.records import (
    Account,
    App,
    BranchProtection,
    Installation,
    Pull,
    Repository,
    Review,
    Ruleset,
    Thread,
)
from bot.local.forge.state import State

BYPASS_ROLES = {1: "read", 2: "maintain", 3: "triage", 4: "write", 5: "admin"}  # GitHub's built-in role ids
UPGRADE = "Upgrade to GitHub Pro or make this repository public to enable this feature."
QUEUE_ONLY = "Changes must be made through the merge queue"
QUEUE_BRANCHES = "refs/heads/gh-readonly-queue/"
METHOD_WORDS = {"merge": "Merge commits", "squash": "Squash merges", "rebase": "Rebase merges"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `ruleset` is None for one of classic protection, `parameters` are a ruleset's."""

    type: str
    parameters: Mapping[str, Any]
    ruleset: Ruleset | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Why not, in GitHub's words, and by which rule."""

    rule: Rule
    reason: str


# -- which rules there are --------------------------------------------------------------------------------
def has_rules(state: State, repository: Repository) -> bool:
    """Whether the plan has protection and rulesets: a free one has them for public repositories alone."""
    return not repository.private or state.get(Account, repository.owner_id).plan != "free"


def require_rules(state: State, repository: Repository) -> None:
    """Raise Refused(403) where the plan has none, in the words that GitHub has for that."""
    if not has_rules(state, repository):
        raise Refused(403, UPGRADE)


def classic(state: State, repository: Repository, branch: str) -> BranchProtection | None:
    """A branch's classic protection."""
    return state.one(BranchProtection, repo_id=repository.id, branch=branch)


def rulesets_of(state: State, repository: Repository, ref: str) -> list[Ruleset]:
    """The active rulesets whose conditions take in this full ref name."""
    return [
        ruleset
        for ruleset in state.find(Ruleset, repo_id=repository.id)
        if ruleset.enforcement == "active" and _targets(repository, ruleset, ref)
    ]


def rules_of(
    state: State,
    repository: Repository,
    ref: str,
    actor: Account | None = None,
    *,
    merging: bool = False,
) -> list[Rule]:
    """The rules of a ref that bind `actor` (all of them for None), classic protection's first."""
    found: list[Rule] = []
    if not has_rules(state, repository):
        return found
    protected = classic(state, repository, ref.removeprefix("refs/heads/"))
    if protected is not None and ref.startswith("refs/heads/") and not _overrides(state, actor, protected):
        found += _classic_rules(protected)
    for ruleset in rulesets_of(state, repository, ref):
        if not bypasses(state, repository, ruleset, actor, merging=merging):
            found += [Rule(rule["type"], rule.get("parameters") or {}, ruleset) for rule in ruleset.rules]
    return found


def bypasses(
    state: State, repository: Repository, ruleset: Ruleset, actor: Account | None, *, merging: bool
) -> bool:
    """Whether the ruleset lets this actor pass; actors of mode `pull_request` only when they merge one."""
    if actor is None:
        return False
    app = state.one(App, bot_id=actor.id)
    role = role_of(state, actor, repository)
    for entry in ruleset.bypass_actors:
        if entry.get("bypass_mode", "always") == "pull_request" and not merging:
            continue
        kind, number = entry["actor_type"], entry.get("actor_id")
        if kind == "Integration" and app is not None and app.id == number:
            return True
        if kind == "User" and actor.id == number:
            return True
        if kind == "OrganizationAdmin" and actor.id == repository.owner_id:
            return True
        if kind == "RepositoryRole" and app is None and number in BYPASS_ROLES:
            least = BYPASS_ROLES[number]
            if ROLES.index(role) >= [str(name) for name in ROLES].index(least):
                return True
    return False


def is_protected(state: State, repository: Repository, branch: str) -> bool:
    """`protected` of a branch: classic protection, or an active ruleset with rules."""
    ref = f"refs/heads/{branch}"
    return has_rules(state, repository) and (
        classic(state, repository, branch) is not None
        or any(ruleset.rules for ruleset in rulesets_of(state, repository, ref))
    )


def required_checks(state: State, repository: Repository, branch: str) -> list[tuple[str, int | None]]:
    """Every required check of a branch, with the App it is pinned to."""
    found: dict[tuple[str, int | None], None] = {}
    for rule in rules_of(state, repository, f"refs/heads/{branch}"):
        if rule.type == "required_status_checks":
            found.update(dict.fromkeys(_contexts(rule)))
    return list(found)


def required_approvals(state: State, repository: Repository, branch: str) -> int | None:
    """How many approvals a branch asks for; None when no review is required."""
    counts = [
        int(rule.parameters["required_approving_review_count"])
        for rule in rules_of(state, repository, f"refs/heads/{branch}")
        if rule.type == "pull_request" and rule.parameters.get("required_approving_review_count") is not None
    ]
    return max(counts, default=0) or None


def merge_queue(state: State, repository: Repository, branch: str) -> Mapping[str, Any] | None:
    """The parameters of a branch's merge queue; None when it has none."""
    rules = rules_of(state, repository, f"refs/heads/{branch}")
    return next((rule.parameters for rule in rules if rule.type == "merge_queue"), None)


def dismisses_stale_reviews(state: State, repository: Repository, branch: str) -> bool:
    """Whether a push that changes the diff takes approvals away."""
    return any(
        rule.parameters.get("dismiss_stale_reviews_on_push")
        for rule in rules_of(state, repository, f"refs/heads/{branch}")
        if rule.type == "pull_request"
    )


# -- what they forbid -------------------------------------------------------------------------------------
def merge_blocks(
    state: State,
    actor: Account | None,
    pull: Pull,
    *,
    method: str | None = None,
    queued: bool = False,
) -> list[str]:
    """All reasons for which the rules refuse this merge, in GitHub's words; none, an empty list.

    Args:
        actor: who merges; None answers for somebody who bypasses nothing.
        method: merge, squash or rebase; None leaves out what depends on it.
        queued: where there is a merge queue, it merges, on the newest base.
    """
    found = find_merge_blocks(state, actor, pull, method=method, queued=queued)
    return [block.reason for block in found]


def find_merge_blocks(
    state: State,
    actor: Account | None,
    pull: Pull,
    *,
    method: str | None = None,
    queued: bool = False,
) -> list[Block]:
    """`merge_blocks` with the rule behind each reason."""
    repository = state.get(Repository, pull.repo_id)
    ref = f"refs/heads/{pull.base_ref}"
    found: dict[str, Block] = {}
    rules = rules_of(state, repository, ref, actor, merging=True)
    if queued and any(rule.type == "merge_queue" for rule in rules):
        rules = [_without_strict(rule) for rule in rules if rule.type != "merge_queue"]
    for rule in rules:
        for reason in _merge_reasons(state, repository, actor, pull, rule, method):
            found.setdefault(reason, Block(rule, reason))
    return list(found.values())


def push_blocks(
    state: State, repository: Repository, actor: Account, ref: str, before: str, after: str
) -> list[Block]:
    """All reasons for which the rules refuse to move a ref so; ZERO creates and deletes."""
    found: dict[str, Block] = {}
    if ref.startswith(QUEUE_BRANCHES):
        reason = "Cannot update this protected ref."
        found[reason] = Block(Rule("update", {}), reason)
    for rule in rules_of(state, repository, ref, actor):
        for reason in _push_reasons(state, repository, actor, rule, before, after):
            found.setdefault(reason, Block(rule, reason))
    return list(found.values())


def explain(blocks: list[Block]) -> str:
    """One message of several reasons, as REST gives it."""
    reasons = [block.reason for block in blocks]
    if any(block.rule.ruleset is not None for block in blocks):
        return "Repository rule violations found\n\n" + "\n\n".join(reasons) + "\n\n"
    return " ".join(reasons)


def explain_push(blocks: list[Block], ref: str) -> str:
    """What the git client shows of it after `remote: `."""
    lines: list[str] = []
    plain = [block.reason for block in blocks if block.rule.ruleset is None]
    ruled = [block.reason for block in blocks if block.rule.ruleset is not None]
    if plain:
        lines += [f"error: GH006: Protected branch update failed for {ref}.", ""]
        lines += [f"- {reason}" for reason in plain]
    if ruled:
        lines += [f"error: GH013: Repository rule violations found for {ref}.", ""]
        lines += [f"- {reason}" for reason in ruled]
    return "\n".join(lines) + "\n"


def standing_reviews(state: State, repository: Repository, pull: Pull) -> dict[int, Review]:
    """The opinion of each reviewer whose opinion counts: their last approval or request for changes."""
    found: dict[int, Review] = {}
    for review in state.find(Review, pull_id=pull.id):
        if review.state not in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
            continue
        if not _opinion_counts(state, repository, state.get(Account, review.user_id)):
            continue
        found.pop(review.user_id, None)
        if review.state != "DISMISSED":
            found[review.user_id] = review
    return found


# -- one rule ---------------------------------------------------------------------------------------------
def _merge_reasons(
    state: State, repository: Repository, actor: Account | None, pull: Pull, rule: Rule, method: str | None
) -> Iterator[str]:
    git = GitDir(state.git_dir(repository))
    if rule.type == "pull_request":
        yield from _review_reasons(state, repository, pull, rule)
        allowed = rule.parameters.get("allowed_merge_methods")
        if method is not None and allowed and method not in allowed:
            yield f"{METHOD_WORDS[method]} are not allowed on this branch."
    elif rule.type == "required_status_checks":
        yield from _check_reasons(state, repository, pull.head_sha, rule)
        base = git.branch(pull.base_ref)
        strict = rule.parameters.get("strict_required_status_checks_policy")
        if strict and base is not None and not git.is_ancestor(base, pull.head_sha):
            yield "The head branch is not up to date with the base branch."
    elif rule.type == "required_linear_history" and method == "merge":
        yield "This branch must not contain merge commits."
    elif rule.type == "required_conversation_resolution":
        if _open_threads(state, pull):
            yield "A conversation must be resolved before this pull request can be merged."
    elif rule.type == "restrictions":
        if actor is not None and not _is_listed(state, actor, rule):
            yield "You're not authorized to push to this branch."
    elif rule.type == "update":
        yield "Cannot update this protected ref."
    elif rule.type == "lock_branch":
        yield "Cannot change this locked branch"
    elif rule.type == "merge_queue":
        yield QUEUE_ONLY


def _push_reasons(
    state: State, repository: Repository, actor: Account, rule: Rule, before: str, after: str
) -> Iterator[str]:
    git = GitDir(state.git_dir(repository))
    created, deleted = before == ZERO, after == ZERO
    if rule.type == "lock_branch":
        yield "Cannot change this locked branch"
    elif rule.type == "deletion":
        if deleted:
            yield "Cannot delete this branch"
    elif rule.type == "creation":
        if created:
            yield "Cannot create ref due to creations being restricted."
    elif rule.type == "restrictions":
        if not _is_listed(state, actor, rule):
            yield "You're not authorized to push to this branch."
    elif deleted:
        return
    elif rule.type == "non_fast_forward":
        if not created and not git.is_ancestor(before, after):
            yield "Cannot force-push to this branch"
    elif rule.type == "update":
        if not created:
            yield "Cannot update this protected ref."
    elif rule.type == "required_linear_history":
        known = [git.branch(repository.default_branch) or before] if created else [before]
        if git.log(after, *(oid for oid in known if oid != ZERO), options=["--merges", "--max-count=1"]):
            yield "This branch must not contain merge commits."
    elif rule.type == "pull_request":
        if not created:
            yield "Changes must be made through a pull request."
    elif rule.type == "merge_queue":
        if not created:
            yield QUEUE_ONLY
    elif rule.type == "required_status_checks" and not (
        created and rule.parameters.get("do_not_enforce_on_create")
    ):
        yield from _check_reasons(state, repository, after, rule)


def _check_reasons(state: State, repository: Repository, sha: str, rule: Rule) -> Iterator[str]:
    words = {"expected": "expected", "pending": "in progress", "failing": "failing"}
    for context, app_id in _contexts(rule):
        found = checks.verdict(state, repository, sha, context, app_id)
        if found != "green":
            yield f'Required status check "{context}" is {words[found]}.'


def _review_reasons(state: State, repository: Repository, pull: Pull, rule: Rule) -> Iterator[str]:
    wanted = int(rule.parameters.get("required_approving_review_count") or 0)
    reviews = standing_reviews(state, repository, pull)
    approvals = [review for review in reviews.values() if review.state == "APPROVED"]
    if wanted and any(review.state == "CHANGES_REQUESTED" for review in reviews.values()):
        yield "Changes have been requested by a reviewer with write access."
    if len(approvals) < wanted:
        noun = "review is" if wanted == 1 else "reviews are"
        yield f"At least {wanted} approving {noun} required by reviewers with write access."
    if rule.parameters.get("require_last_push_approval"):
        pusher = pull.last_pusher_id
        if not any(review.user_id != pusher and review.commit_id == pull.head_sha for review in approvals):
            yield "New changes require approval from someone other than the last pusher."
    if rule.parameters.get("required_review_thread_resolution") and _open_threads(state, pull):
        yield "A conversation must be resolved before this pull request can be merged."


# -- inside -----------------------------------------------------------------------------------------------
def _without_strict(rule: Rule) -> Rule:
    return replace(rule, parameters={**rule.parameters, "strict_required_status_checks_policy": False})


def _contexts(rule: Rule) -> list[tuple[str, int | None]]:
    wanted = rule.parameters.get("required_status_checks", [])
    return [(check["context"], check.get("integration_id")) for check in wanted]


def _open_threads(state: State, pull: Pull) -> bool:
    return any(not thread.resolved for thread in state.find(Thread, pull_id=pull.id))


def _classic_rules(record: BranchProtection) -> Iterator[Rule]:
    if record.required_reviews is not None:
        yield Rule(
            "pull_request",
            {
                "required_approving_review_count": record.required_reviews,
                "dismiss_stale_reviews_on_push": record.dismiss_stale_reviews,
                "require_last_push_approval": record.require_last_push_approval,
            },
        )
    if record.required_checks:
        wanted = [{"context": context, "integration_id": app_id} for context, app_id in record.checks]
        yield Rule(
            "required_status_checks",
            {"strict_required_status_checks_policy": record.strict, "required_status_checks": wanted},
        )
    if record.required_conversation_resolution:
        yield Rule("required_conversation_resolution", {})
    if record.required_linear_history:
        yield Rule("required_linear_history", {})
    if not record.allow_force_pushes:
        yield Rule("non_fast_forward", {})
    if not record.allow_deletions:
        yield Rule("deletion", {})
    if record.restrictions is not None:
        yield Rule("restrictions", record.restrictions)
    if record.lock_branch:
        yield Rule("lock_branch", {})


def _overrides(state: State, actor: Account | None, record: BranchProtection) -> bool:
    if actor is None or record.enforce_admins:
        return False
    return role_of(state, actor, state.get(Repository, record.repo_id)) == "admin"


def _is_listed(state: State, actor: Account, rule: Rule) -> bool:
    app = state.one(App, bot_id=actor.id)
    if app is not None:
        return app.slug in rule.parameters.get("apps", [])
    return actor.login in rule.parameters.get("users", [])


def _opinion_counts(state: State, repository: Repository, account: Account) -> bool:
    """Whether an approval counts: of people with write access, of Apps that may write contents here.

    With `contents: read` an App's review changes nothing: https://github.com/IronSecCo/ironclaw/pull/186
    """
    app = state.one(App, bot_id=account.id)
    if app is None:
        return ROLES.index(role_of(state, account, repository)) >= ROLES.index("write")
    return any(
        repository.id in installation.repository_ids and installation.permissions.get("contents") == "write"
        for installation in state.find(Installation, app_id=app.id)
    )


def _targets(repository: Repository, ruleset: Ruleset, ref: str) -> bool:
    if not ref.startswith("refs/heads/" if ruleset.target == "branch" else "refs/tags/"):
        return False
    named = [_names(repository, pattern, ref) for pattern in ruleset.include]
    return any(named) and not any(_names(repository, pattern, ref) for pattern in ruleset.exclude)


def _names(repository: Repository, pattern: str, ref: str) -> bool:
    if pattern == "~ALL":
        return True
    if pattern == "~DEFAULT_BRANCH":
        return ref == f"refs/heads/{repository.default_branch}"
    # File.fnmatch with FNM_PATHNAME: `*` stops at a slash, `**/` is any number of folders.
    expression = ""
    for part in re.split(r"(\*\*/|\*\*|\*|\?)", pattern):
        special = {"**/": "(?:.*/)?", "**": "[^/]*", "*": "[^/]*", "?": "[^/]"}
        expression += special.get(part) or re.escape(part)
    return re.fullmatch(expression, ref) is not None
