"""What protects a branch: where it is read, and what GitHub itself enforces at the merge."""

from __future__ import annotations

from bot.github.assumptions.caller import Json
from bot.github.assumptions.merging import is_merged, merge
from bot.github.assumptions.pulls import seen
from bot.github.assumptions.registry import Need, Untold, assume, expect
from bot.github.assumptions.reviews import resolve, with_thread
from bot.github.assumptions.scratch import Branch, Pull, Scratch

RULES = (
    "repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/"
    "available-rules-for-rulesets"
)
CHECKS = (
    "pull-requests/collaborating-with-pull-requests/"
    "collaborating-on-repositories-with-code-quality-features/troubleshooting-required-status-checks"
)
READS = ("github.rules",)
GUARD = ("guards.required_checks", "github.rules")
ADMIN = (Need.ADMIN,)
APP = (Need.ADMIN, Need.APP)


def required(*contexts: str, app: int | None = None, strict: bool = False) -> Json:
    """A rule that demands checks."""
    checks = [{"context": context} | ({"integration_id": app} if app else {}) for context in contexts]
    parameters = {"required_status_checks": checks, "strict_required_status_checks_policy": strict}
    return {"type": "required_status_checks", "parameters": parameters}


def reviewed(approvals: int = 0, *, threads: bool = False, methods: tuple[str, ...] = ()) -> Json:
    """A rule about pull requests."""
    parameters: dict[str, Json] = {
        "required_approving_review_count": approvals,
        "dismiss_stale_reviews_on_push": False,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_review_thread_resolution": threads,
    }
    if methods:
        parameters["allowed_merge_methods"] = list(methods)
    return {"type": "pull_request", "parameters": parameters}


def protected(world: Scratch, *rules: Json) -> Pull:
    """A pull request into a protected base."""
    pull = world.pull()
    world.protect(pull.base, *rules)
    return pull


def merges(world: Scratch, pull: Pull) -> None:
    """The pull request can be merged, within a minute of what has just changed."""
    answer = world.until(
        lambda: one if (one := merge(world, pull)).status == 200 else None, 60, "it is not merged"
    )
    expect(answer.status == 200, f"answered {answer}")


def blocked(world: Scratch, pull: Pull) -> None:
    """The merge is refused with 405 by a rule."""
    refused = merge(world, pull)
    expect(refused.status == 405 and not is_merged(world, pull), f"answered {refused}")


@assume(
    source=RULES, by=GUARD, otherwise="GitHub itself does not hold back what lacks its checks", needs=ADMIN
)
def missing_required_check_blocks(world: Scratch) -> None:
    """A merge without a required check is refused with 405; green, it merges."""
    context = world.name("ci")
    pull = protected(world, required(context))
    blocked(world, pull)
    world.status(pull.head.sha, context, "failure")
    blocked(world, pull)
    world.status(pull.head.sha, context)
    merges(world, pull)


@assume(source=CHECKS, by=GUARD, otherwise="the guard against skipped siblings is not needed", needs=APP)
def skipped_check_satisfies(world: Scratch) -> None:
    """A required check that was skipped satisfies its rule."""
    context = world.name("ci")
    pull = protected(world, required(context))
    world.check(pull.head.sha, context, "skipped")
    merges(world, pull)


@assume(source=CHECKS, by=GUARD, otherwise="a neutral check waits for ever", needs=APP)
def neutral_check_satisfies(world: Scratch) -> None:
    """A required check that ended neutral satisfies its rule."""
    context = world.name("ci")
    pull = protected(world, required(context))
    world.check(pull.head.sha, context, "neutral")
    merges(world, pull)


@assume(
    source=RULES,
    by=GUARD,
    otherwise="anybody who writes statuses could satisfy our required check",
    needs=APP,
)
def pinned_check_counts_from_its_app_alone(world: Scratch) -> None:
    """A required check pinned to an App (`integration_id`) is not satisfied by somebody else's of that
    name."""
    context = world.name("ci")
    pull = protected(world, required(context, app=world.app_key.id))
    world.status(pull.head.sha, context)
    blocked(world, pull)
    world.check(pull.head.sha, context)
    merges(world, pull)


@assume(
    source=RULES,
    by=("guards.base_current", "coordinator.review"),
    otherwise="what was checked is not what is merged",
    needs=ADMIN,
)
def strict_checks_need_a_current_base(world: Scratch) -> None:
    """With strict required checks a pull request that is behind its base is refused with 405."""
    context = world.name("ci")
    pull = protected(world, required(context, strict=True))
    world.status(pull.head.sha, context)
    sha = world.commit([pull.base.sha], {"base.txt": "more\n"})
    # The base takes no push past its rules: it is brought forward by a pull request of its own.
    other = world.pull(base=pull.base, head=_branch(world, sha))
    world.status(sha, context)
    merges(world, other)
    blocked(world, pull)


@assume(
    source=RULES,
    by=("guards.threads",),
    otherwise="open threads hold nothing back on GitHub's side",
    needs=ADMIN,
)
def open_thread_blocks_where_resolution_is_required(world: Scratch) -> None:
    """Where conversations must be resolved, an open thread refuses the merge with 405."""
    pull = with_thread(world)
    world.protect(pull.base, reviewed(threads=True))
    blocked(world, pull)
    resolve(world, pull).must()
    merges(world, pull)


@assume(
    source=RULES,
    by=("guards.approvals", "github.rules"),
    otherwise="required approvals are no wall",
    needs=APP,
)
def required_approval_comes_from_another(world: Scratch) -> None:
    """Where an approval is required the merge is refused with 405 until somebody else with write access
    approves."""
    pull = protected(world, reviewed(1))
    blocked(world, pull)
    body = {"event": "APPROVE", "commit_id": pull.head.sha}
    world.app.post(f"pulls/{pull.number}/reviews", body).must(200)
    found = seen(world, pull, "reviewDecision")["reviewDecision"]
    if found != "APPROVED":
        raise Untold(f"an App's approval does not count here: {found}")
    merges(world, pull)


@assume(
    source="graphql/reference/pulls",
    by=("guards.approvals",),
    otherwise="none: approvals are counted, not believed",
)
def no_required_review_is_no_decision(world: Scratch) -> None:
    """Where no review is required `reviewDecision` is null: that is no approval."""
    found = seen(world, world.pull(), "reviewDecision")
    expect(found == {"reviewDecision": None}, f"it is {found}")


@assume(
    source=RULES,
    by=("github.effects", "beads.policy"),
    otherwise="the configured merge method could be ignored",
    needs=ADMIN,
)
def merge_method_can_be_forbidden(world: Scratch) -> None:
    """A merge by a method that the rules do not allow is refused with 405."""
    pull = protected(world, reviewed(methods=("squash",)))
    refused = merge(world, pull, merge_method="merge")
    expect(refused.status == 405 and not is_merged(world, pull), f"answered {refused}")
    merge(world, pull, merge_method="squash").must(200)


@assume(
    source="rest/repos/rules#get-rules-for-a-branch",
    by=READS,
    otherwise="required checks of rulesets are not known",
    needs=APP,
)
def rules_of_a_branch_are_read_without_administration(world: Scratch) -> None:
    """`GET rules/branches/{branch}` shows required checks with their App, and approvals, to a token with
    metadata alone."""
    context, base = world.name("ci"), world.branch("base")
    world.protect(base, required(context, app=world.app_key.id), reviewed(0))
    found = {
        one["type"]: one
        for one in world.grant(permissions={"metadata": "read"}).get(f"rules/branches/{base.name}").must(200)
    }
    checks = found["required_status_checks"]["parameters"]["required_status_checks"]
    expect(checks == [{"context": context, "integration_id": world.app_key.id}], f"it shows {checks}")
    count = found["pull_request"]["parameters"]["required_approving_review_count"]
    expect(count == 0, f"it shows {count} approvals")


@assume(
    source="rest/repos/rules#get-rules-for-a-branch",
    by=READS,
    otherwise="a branch without rules looks like an error",
)
def branch_without_rules_has_none(world: Scratch) -> None:
    """A branch that no ruleset names has an empty list of rules."""
    found = world.me.get(f"rules/branches/{world.branch('free').name}").must(200)
    expect(found == [], f"it has {found}")


@assume(
    source="rest/branches/branches#get-a-branch",
    by=READS,
    otherwise="required checks of classic protection are not known",
    needs=APP,
)
def classic_checks_are_shown_with_the_branch(world: Scratch) -> None:
    """`GET branches/{branch}` shows classic protection's required checks to a token with `contents:
    read`; `…/protection` does not."""
    context, base = world.name("ci"), world.branch("base")
    body = {
        "required_status_checks": {"strict": False, "contexts": [context]},
        "enforce_admins": True,
        "required_pull_request_reviews": None,
        "restrictions": None,
    }
    made = world.me.put(f"branches/{base.name}/protection", body)
    if made.status == 403:
        raise Untold(f"this plan has no protection here: {made}")
    made.must(200)
    world.later(lambda: world.me.delete(f"branches/{base.name}/protection"))
    narrow = world.grant(permissions={"contents": "read"})
    found = narrow.get(f"branches/{base.name}").must(200)
    named = found["protection"]["required_status_checks"]["contexts"]
    expect((found["protected"], named) == (True, [context]), f"it shows {found['protection']}")
    hidden = narrow.get(f"branches/{base.name}/protection")
    expect(hidden.status in (403, 404), f"…/protection answered {hidden}")


@assume(
    source="repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/about-rulesets",
    by=READS,
    otherwise="a repository that can have no rules looks like one whose rules cannot be read",
)
def free_plan_says_that_it_has_no_rules(world: Scratch) -> None:
    """For a private repository on a free plan, reading rules answers 403 "Upgrade to GitHub Pro…"."""
    answer = world.me.get(f"rules/branches/{world.default_branch}")
    if not world.private or answer.status == 200:
        raise Untold("needs a private repository on a free plan")
    expect(answer.status == 403 and "Upgrade to GitHub" in answer.message, f"answered {answer}")


@assume(
    source=(
        "pull-requests/collaborating-with-pull-requests/"
        "collaborating-on-repositories-with-code-quality-features/about-status-checks"
    ),
    by=("coordinator.review", "github.effects"),
    otherwise="our own check need not be posted before the merge",
    needs=APP,
)
def own_required_check_blocks_until_it_is_posted(world: Scratch) -> None:
    """Our own required check keeps a pull request BLOCKED until it is posted; then it is CLEAN within a
    minute."""
    context = world.name("beadwright")
    pull = protected(world, required(context, app=world.app_key.id))
    world.mergeable(pull)
    before = seen(world, pull, "mergeStateStatus")["mergeStateStatus"]
    expect(before == "BLOCKED", f"it is {before}")
    world.check(pull.head.sha, context)

    def look() -> bool | None:
        return True if seen(world, pull, "mergeStateStatus")["mergeStateStatus"] == "CLEAN" else None

    world.until(look, 60, "it is not CLEAN")


def _branch(world: Scratch, sha: str) -> Branch:
    return world.branch("other", start=sha)
