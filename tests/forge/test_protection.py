"""A merge refused by each rule in turn, a push refused likewise, and who need not obey."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.local.forge import protection, reviews, world
from bot.local.forge.records import Account, Pull, Thread
from bot.local.forge.state import State
from tests.forge.branches import REPO, advance, branch, commit, ok, pull, tip
from tests.forge.conftest import World
from tests.forge.test_git_http import address, change, checkout, run

ONE = f"{REPO}/pulls/1"
CLASSIC = f"{REPO}/branches/main/protection"
REVIEWED = {
    "required_approving_review_count": 0,
    "dismiss_stale_reviews_on_push": False,
    "require_code_owner_review": False,
    "require_last_push_approval": False,
    "required_review_thread_resolution": False,
}


def protect(forge: World, **fields: Any) -> None:
    """Classic protection that binds admins too, unless `fields` say otherwise."""
    body = {
        "required_status_checks": None,
        "enforce_admins": True,
        "required_pull_request_reviews": None,
        "restrictions": None,
    }
    ok(forge.person("octo").put(CLASSIC, json=body | fields))


def rule(forge: World, *rules: dict[str, Any], **fields: Any) -> int:
    """An active ruleset on the default branch."""
    body = {
        "name": "main",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "rules": list(rules),
    }
    return int(ok(forge.person("octo").post(f"{REPO}/rulesets", json=body | fields))["id"])


def reviewed(**parameters: Any) -> dict[str, Any]:
    return {"type": "pull_request", "parameters": REVIEWED | parameters}


def checked(*checks: dict[str, Any], strict: bool = False) -> dict[str, Any]:
    parameters = {"required_status_checks": list(checks), "strict_required_status_checks_policy": strict}
    return {"type": "required_status_checks", "parameters": parameters}


def merge(forge: World, by: str = "will", **body: Any) -> tuple[int, str]:
    answer = forge.person(by).put(f"{ONE}/merge", json=body)
    return answer.status_code, answer.json()["message"]


def report(forge: World, name: str, conclusion: str, sha: str | None = None) -> None:
    head = sha or ok(forge.person("octo").get(ONE))["head"]["sha"]
    body = {"name": name, "head_sha": head, "status": "completed", "conclusion": conclusion}
    ok(forge.installed().post(f"{REPO}/check-runs", json=body))


def approve(forge: World, by: str = "maya", event: str = "APPROVE") -> None:
    ok(forge.person(by).post(f"{ONE}/reviews", json={"event": event, "body": "seen"}))


def refused(forge: World, reason: str, **body: Any) -> None:
    """The merge is refused for that reason, the pull request says `blocked`, and nothing has moved."""
    before = tip(forge)
    status, message = merge(forge, **body)
    assert status == 405
    assert reason in message
    assert tip(forge) == before
    assert ok(forge.person("octo").get(ONE))["merged"] is False


def test_a_merge_waits_for_an_approval_that_counts(forge: World) -> None:
    pull(forge)
    rule(forge, reviewed(required_approving_review_count=1))
    approve(forge, "rita")  # who only reads
    refused(forge, "At least 1 approving review is required by reviewers with write access.")
    assert ok(forge.person("octo").get(ONE))["mergeable_state"] == "blocked"
    approve(forge, "maya", "REQUEST_CHANGES")
    refused(forge, "Changes have been requested by a reviewer with write access.")
    approve(forge)
    assert merge(forge)[0] == 200


def test_a_merge_waits_for_every_required_check(forge: World) -> None:
    pull(forge)
    rule(forge, checked({"context": "ci"}, {"context": "lint"}))
    refused(forge, 'Required status check "ci" is expected.')
    report(forge, "ci", "failure")
    report(forge, "lint", "skipped")
    refused(forge, 'Required status check "ci" is failing.')
    report(forge, "ci", "neutral")
    assert merge(forge)[0] == 200


def test_a_check_that_is_pinned_to_an_app_is_not_satisfied_by_a_persons_status(forge: World) -> None:
    head = pull(forge)["head"]["sha"]
    rule(forge, checked({"context": "guard", "integration_id": forge.app.id}))
    body = {"state": "success", "context": "guard"}
    ok(forge.person("octo").post(f"{REPO}/statuses/{head}", json=body))
    refused(forge, 'Required status check "guard" is expected.')
    report(forge, "guard", "success")
    assert merge(forge)[0] == 200


def test_a_strict_check_wants_the_bases_tip_in_the_head(forge: World) -> None:
    head = pull(forge)["head"]["sha"]
    advance(forge, "main", {"y": "1\n"})
    rule(forge, checked({"context": "ci"}, strict=True))
    report(forge, "ci", "success", head)
    refused(forge, "The head branch is not up to date with the base branch.")
    assert ok(forge.person("octo").get(ONE))["mergeable_state"] == "behind"
    ok(forge.person("will").put(f"{ONE}/update-branch", json={}))
    report(forge, "ci", "success")
    assert merge(forge)[0] == 200


@pytest.mark.parametrize("way", ["ruleset", "classic"])
def test_a_merge_waits_for_every_thread(forge: World, way: str) -> None:
    pull(forge)
    line = {"path": "bead-1.txt", "line": 1, "body": "why?"}
    ok(forge.person("maya").post(f"{ONE}/reviews", json={"event": "COMMENT", "comments": [line]}))
    if way == "ruleset":
        rule(forge, reviewed(required_review_thread_resolution=True))
    else:
        protect(forge, required_conversation_resolution=True)
    refused(forge, "A conversation must be resolved before this pull request can be merged.")
    thread = next(iter(forge.state.all(Thread)))
    forge.forge.on(lambda state: reviews.resolve_thread(state, forge.people["maya"], thread))
    assert merge(forge)[0] == 200


def test_the_last_push_is_approved_by_somebody_else(forge: World) -> None:
    pull(forge)  # its commits are octo's, who pushed them last below
    rule(forge, reviewed(required_approving_review_count=1, require_last_push_approval=True))
    approve(forge)
    advance(forge, "bead/1", {"x": "1\n"})
    refused(forge, "New changes require approval from someone other than the last pusher.")
    approve(forge, "octo")
    refused(forge, "New changes require approval from someone other than the last pusher.")
    approve(forge)
    assert merge(forge)[0] == 200


def test_a_push_that_changes_the_diff_dismisses_approvals_and_an_update_does_not(forge: World) -> None:
    pull(forge)
    number = rule(forge, reviewed(required_approving_review_count=1, dismiss_stale_reviews_on_push=True))
    approve(forge)
    ok(forge.person("octo").delete(f"{REPO}/rulesets/{number}"))
    advance(forge, "main", {"y": "1\n"})
    rule(forge, reviewed(required_approving_review_count=1, dismiss_stale_reviews_on_push=True))
    ok(forge.person("will").put(f"{ONE}/update-branch", json={}))
    assert [one["state"] for one in ok(forge.person("octo").get(f"{ONE}/reviews"))] == ["APPROVED"]
    advance(forge, "bead/1", {"x": "1\n"})
    assert [one["state"] for one in ok(forge.person("octo").get(f"{ONE}/reviews"))] == ["DISMISSED"]
    refused(forge, "At least 1 approving review is required")


def test_only_the_methods_that_a_rule_allows_merge(forge: World) -> None:
    pull(forge)
    rule(forge, reviewed(allowed_merge_methods=["squash"]))
    refused(forge, "Merge commits are not allowed on this branch.", merge_method="merge")
    assert merge(forge, merge_method="squash")[0] == 200


def test_a_linear_history_takes_no_merge_commit(forge: World) -> None:
    pull(forge)
    protect(forge, required_linear_history=True)
    refused(forge, "This branch must not contain merge commits.", merge_method="merge")
    assert merge(forge, merge_method="rebase")[0] == 200


def test_restrictions_and_locks_hold_for_merges(forge: World) -> None:
    pull(forge)
    protect(forge, restrictions={"users": ["maya"], "teams": [], "apps": []})
    refused(forge, "You're not authorized to push to this branch.")
    protect(forge, lock_branch=True)
    refused(forge, "Cannot change this locked branch")
    protect(forge, restrictions={"users": ["maya"], "teams": [], "apps": []})
    assert merge(forge, "maya")[0] == 200


def test_a_rule_that_nobody_may_update_refuses_a_merge(forge: World) -> None:
    pull(forge)
    rule(forge, {"type": "update"})
    refused(forge, "Cannot update this protected ref.")


def test_every_reason_is_given_at_once(forge: World) -> None:
    pull(forge)
    rule(forge, reviewed(required_approving_review_count=2), checked({"context": "ci"}))

    def blocks(state: State) -> list[str]:
        return protection.merge_blocks(state, forge.people["will"], next(iter(state.all(Pull))))

    assert forge.forge.on(blocks) == [
        "At least 2 approving reviews are required by reviewers with write access.",
        'Required status check "ci" is expected.',
    ]
    assert merge(forge)[1].startswith("Repository rule violations found\n\nAt least 2")


PUSHES = [
    ({"type": "non_fast_forward"}, "force", "Cannot force-push to this branch"),
    ({"type": "deletion"}, "delete", "Cannot delete this branch"),
    ({"type": "update"}, "push", "Cannot update this protected ref."),
    ({"type": "required_linear_history"}, "merge", "This branch must not contain merge commits."),
    (reviewed(), "push", "Changes must be made through a pull request."),
    (checked({"context": "ci"}), "push", 'Required status check "ci" is expected.'),
]


@pytest.mark.parametrize(("which", "how", "reason"), PUSHES)
def test_a_push_is_refused_by_each_rule_and_git_says_why(
    forge: World, tmp_path: Path, which: dict[str, Any], how: str, reason: str
) -> None:
    folder = checkout(forge, tmp_path / "c", forge.tokens["will"])
    advance(forge, "main", {"y": "1\n"})
    if how != "force":
        run("pull", "-q", "origin", "main", cwd=folder)
    change(folder)
    if how == "merge":
        tree = run("rev-parse", "HEAD^{tree}", cwd=folder).stdout.strip()
        made = run("commit-tree", tree, "-p", "HEAD", "-p", "HEAD~1", "-m", "Merge", cwd=folder)
        run("reset", "-q", "--hard", made.stdout.strip(), cwd=folder)
    branch(forge, "more", {"z": "1\n"})
    conditions = {"ref_name": {"include": ["refs/heads/m*"], "exclude": ["refs/heads/mine"]}}
    rule(forge, which, conditions=conditions)
    before = tip(forge)
    target = "main" if how != "delete" else "more"  # the default branch cannot be deleted anyway
    spec = {"force": "+HEAD:main", "delete": ":more"}.get(how, "HEAD:main")
    done = run("push", "origin", spec, "HEAD:refs/heads/mine", cwd=folder)
    assert done.returncode != 0
    assert f"GH013: Repository rule violations found for refs/heads/{target}." in done.stderr
    assert reason in done.stderr
    assert tip(forge) == before
    assert forge.person("octo").get(f"{REPO}/branches/{target}").status_code == 200
    assert tip(forge, "mine") == run("rev-parse", "HEAD", cwd=folder).stdout.strip()
    sha = commit(forge, [before], {"q": "1\n"})
    if how == "push":
        answer = forge.person("octo").patch(f"{REPO}/git/refs/heads/main", json={"sha": sha})
        assert answer.status_code == 422
        assert reason in answer.json()["message"]


def test_a_branch_that_may_not_be_created_is_not(forge: World, tmp_path: Path) -> None:
    conditions = {"ref_name": {"include": ["refs/heads/release/**/*"], "exclude": []}}
    rule(forge, {"type": "creation"}, conditions=conditions)
    folder = checkout(forge, tmp_path / "c")
    done = run("push", "origin", "HEAD:refs/heads/release/1", cwd=folder)
    assert "Cannot create ref due to creations being restricted." in done.stderr
    assert [one["name"] for one in ok(forge.person("octo").get(f"{REPO}/branches"))] == ["main"]


def test_classic_protection_refuses_a_push_as_github_words_it(forge: World, tmp_path: Path) -> None:
    folder = checkout(forge, tmp_path / "c")
    change(folder)
    protect(forge, required_pull_request_reviews={"required_approving_review_count": 1})
    before = tip(forge)
    done = run("push", "origin", "HEAD:main", cwd=folder)
    assert "GH006: Protected branch update failed for refs/heads/main." in done.stderr
    assert tip(forge) == before
    protect(forge, required_pull_request_reviews={"required_approving_review_count": 1}, enforce_admins=False)
    done = run("push", address(forge, forge.tokens["will"]), "HEAD:main", cwd=folder)
    assert "Changes must be made through a pull request." in done.stderr
    assert run("push", "origin", "HEAD:main", cwd=folder).returncode == 0  # an admin, who is let


@pytest.mark.parametrize(("mode", "pushes"), [("always", True), ("pull_request", False)])
def test_an_app_on_the_bypass_list_need_not_obey(
    forge: World, tmp_path: Path, mode: str, pushes: bool
) -> None:
    pull(forge)
    actor = {"actor_id": forge.app.id, "actor_type": "Integration", "bypass_mode": mode}
    rule(forge, reviewed(required_approving_review_count=1), bypass_actors=[actor])
    refused(forge, "At least 1 approving review")
    app = forge.installed()
    token = app.headers["Authorization"].removeprefix("Bearer ")
    folder = checkout(forge, tmp_path / "c", token)
    change(folder)
    assert (run("push", "origin", "HEAD:main", cwd=folder).returncode == 0) is pushes
    assert app.put(f"{ONE}/merge", json={}).status_code == 200


def test_protection_is_read_as_it_was_set_and_ends_when_deleted(forge: World) -> None:
    octo = forge.person("octo")
    assert octo.get(CLASSIC).status_code == 404
    checks = {"strict": True, "contexts": ["ci"], "checks": [{"context": "guard", "app_id": forge.app.id}]}
    protect(
        forge,
        required_status_checks=checks,
        required_pull_request_reviews={"required_approving_review_count": 1},
        restrictions={"users": ["maya"], "teams": [], "apps": ["beadwright"]},
    )
    found = ok(octo.get(CLASSIC))
    assert found["required_status_checks"]["contexts"] == ["guard", "ci"]
    assert found["required_status_checks"]["checks"][0]["app_id"] == forge.app.id
    assert [one["slug"] for one in found["restrictions"]["apps"]] == ["beadwright"]
    seen = ok(forge.person("rita").get(f"{REPO}/branches/main"))
    assert seen["protected"]
    assert seen["protection"]["required_status_checks"]["contexts"] == ["guard", "ci"]
    assert forge.person("rita").get(CLASSIC).status_code in (403, 404)
    assert ok(octo.get(f"{REPO}/branches/main/protection/required_status_checks"))["strict"]
    assert octo.delete(CLASSIC).status_code == 204
    assert not ok(octo.get(f"{REPO}/branches/main"))["protected"]


def test_rulesets_are_listed_changed_and_read_per_branch(forge: World) -> None:
    octo = forge.person("octo")
    number = rule(forge, reviewed(), checked({"context": "ci", "integration_id": forge.app.id}))
    rules = ok(forge.person("rita").get(f"{REPO}/rules/branches/main"))
    assert [one["type"] for one in rules] == ["pull_request", "required_status_checks"]
    assert rules[1]["parameters"]["required_status_checks"][0]["integration_id"] == forge.app.id
    assert ok(octo.get(f"{REPO}/rules/branches/bead/1")) == []
    ok(octo.put(f"{REPO}/rulesets/{number}", json={"enforcement": "disabled"}))
    assert ok(octo.get(f"{REPO}/rules/branches/main")) == []
    assert ok(octo.get(f"{REPO}/rulesets/{number}"))["enforcement"] == "disabled"
    assert [one["id"] for one in ok(octo.get(f"{REPO}/rulesets"))] == [number]
    assert forge.person("will").delete(f"{REPO}/rulesets/{number}").status_code == 403
    assert octo.delete(f"{REPO}/rulesets/{number}").status_code == 204


def test_an_apps_approval_counts_with_contents_write_and_never_on_its_own(forge: World) -> None:
    def install(state: State, name: str, contents: str) -> str:
        octo = forge.people["octo"]
        wanted = {"contents": contents, "pull_requests": "write"}
        app, _ = world.create_app(state, octo, name, permissions=wanted)
        return world.installation_token(state, world.install(state, app, octo, [forge.repository]))

    branch(forge, "bead/1", {"one.txt": "1\n"})
    made = {"title": "Do it", "head": "bead/1", "base": "main"}
    ok(forge.installed().post(f"{REPO}/pulls", json=made))
    rule(forge, reviewed(required_approving_review_count=1))
    own = forge.installed().post(f"{REPO}/pulls/1/reviews", json={"event": "APPROVE"})
    assert (own.status_code, own.json()["errors"]) == (422, ["Review Can not approve your own pull request"])
    looker = forge.forge.on(lambda state: install(state, "looker", "read"))
    ok(forge.client(looker).post(f"{REPO}/pulls/1/reviews", json={"event": "APPROVE"}))
    refused(forge, "At least 1 approving review is required")
    reviewer = forge.forge.on(lambda state: install(state, "reviewer", "write"))
    ok(forge.client(reviewer).post(f"{REPO}/pulls/1/reviews", json={"event": "APPROVE"}))
    assert merge(forge)[0] == 200


def test_a_free_plan_has_no_rules_for_a_private_repository(forge: World) -> None:
    pull(forge)
    protect(forge, required_status_checks={"strict": True, "contexts": ["ci"]})
    rule(forge, reviewed(required_approving_review_count=1))

    def downgrade(state: State) -> None:
        octo = state.get(Account, forge.people["octo"].id)
        octo.plan = "free"
        state.put(octo)

    forge.forge.on(downgrade)
    assert merge(forge)[0] == 405  # public ones have them all the same
    octo = forge.person("octo")
    ok(octo.patch(REPO, json={"private": True}))
    for path in ("/rules/branches/main", "/rulesets", "/branches/main/protection"):
        answer = octo.get(f"{REPO}{path}")
        assert (answer.status_code, answer.json()["message"]) == (403, protection.UPGRADE), path
    assert octo.post(f"{REPO}/rulesets", json={}).json()["message"] == protection.UPGRADE
    assert ok(octo.get(f"{REPO}/branches/main"))["protected"] is False
    assert merge(forge)[0] == 200


def test_a_rule_that_is_not_enforced_is_not_taken(forge: World) -> None:
    body = {"name": "x", "enforcement": "active", "rules": [{"type": "required_signatures"}]}
    answer = forge.person("octo").post(f"{REPO}/rulesets", json=body)
    assert answer.status_code == 501
    assert "required_signatures" in answer.json()["message"]
    assert ok(forge.person("octo").get(f"{REPO}/rulesets")) == []
