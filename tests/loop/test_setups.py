"""Set-ups that repositories really have: in each a bead merges, or waits with the right sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.coordinator.decision import Decision, State
from bot.coordinator.merging import CHECK
from bot.local.forge import merge_queue, protection, world
from bot.local.forge.records import (
    Account,
    App,
    Installation,
    Pull,
    QueueEntry,
    Repository,
    Run,
    TimelineEvent,
)
from bot.local.forge.state import State as ForgeState
from tests.loop.drive import drive
from tests.loop.runner import QuickRunner
from tests.loop.world import NAME, Coordinator, Loop, open_loop

QUEUE = {
    "type": "merge_queue",
    "parameters": {
        "check_response_timeout_minutes": 60,
        "grouping_strategy": "ALLGREEN",
        "max_entries_to_build": 5,
        "max_entries_to_merge": 5,
        "merge_method": "SQUASH",
        "min_entries_to_merge": 1,
        "min_entries_to_merge_wait_minutes": 0,
    },
}


def rule(loop: Loop, *rules: dict[str, Any]) -> httpx.Response:
    """An active ruleset on the default branch."""
    body = {
        "name": "main",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "rules": list(rules),
    }
    return loop.people.post(f"/repos/{NAME}/rulesets", json=body)


def checked(loop: Loop, *names: str) -> dict[str, Any]:
    """A rule that demands checks; our own is pinned to our App."""
    wanted: list[dict[str, Any]] = [
        {"context": name} | ({"integration_id": loop.app_id} if name == CHECK else {}) for name in names
    ]
    parameters = {"required_status_checks": wanted, "strict_required_status_checks_policy": True}
    return {"type": "required_status_checks", "parameters": parameters}


def reviewed(approvals: int) -> dict[str, Any]:
    """A rule that demands approvals."""
    parameters = {
        "required_approving_review_count": approvals,
        "dismiss_stale_reviews_on_push": False,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_review_thread_resolution": True,
    }
    return {"type": "pull_request", "parameters": parameters}


def pull_of(loop: Loop, bead: int) -> dict[str, Any]:
    """The bead's pull request."""
    found = loop.get(f"/pulls?state=all&head=octo:bead/{bead}")
    assert isinstance(found, list)
    number = found[0]["number"]
    answer: dict[str, Any] = loop.people.get(f"/repos/{NAME}/pulls/{number}").json()
    return answer


def is_done(loop: Loop, bead: int) -> bool:
    return next(one.state for one in loop.beads() if one.number == bead) == "closed"


def waits(decision: Decision, bead: int, sentence: str) -> None:
    """The bead needs a person, and says so."""
    assert decision.verdicts[bead].state is State.NEEDS_HUMAN, decision.verdicts[bead]
    assert any(sentence in reason for reason in decision.verdicts[bead].reasons), decision.verdicts[bead]


def test_a_private_repository_on_a_free_plan_waits_for_a_persons_word(
    tmp_path: Path, exchange_log: Path
) -> None:
    with open_loop(tmp_path, record=exchange_log, private=True, plan="free", protected=False) as loop:
        assert loop.people.get(f"/repos/{NAME}/rules/branches/main").json()["message"] == protection.UPGRADE
        bead = loop.bead("Plain", "ready")
        decision = drive(loop)
        pull = pull_of(loop, bead)
        assert pull["state"] == "open"
        said = f"I would merge #{pull['number']}: main has no required checks, so it waits for `/bead merge`"
        waits(decision, bead, said)
        assert any(said in comment for comment in loop.comments(bead))


def test_a_merge_queue_merges_what_it_has_tested_and_our_own_check_is_on_its_group(
    tmp_path: Path, exchange_log: Path
) -> None:
    with open_loop(tmp_path, record=exchange_log, organisation=True, protected=False) as loop:
        rule(loop, QUEUE, checked(loop, "test", CHECK)).raise_for_status()
        beads = [loop.bead("One", "ready"), loop.bead("Two", "ready")]
        drive(loop)
        for bead in beads:
            assert is_done(loop, bead)
            pull = pull_of(loop, bead)
            assert pull["merged_by"]["login"] == merge_queue.BOT
            named = loop.get(f"/commits/{pull['merge_commit_sha']}/check-runs?filter=all")
            assert isinstance(named, dict)
            green = {one["name"] for one in named["check_runs"] if one["conclusion"] == "success"}
            assert {"test", CHECK} <= green
        # Each was merged as it was published: the queue tests it on the newest base.
        assert "Merge branch 'main'" not in loop.git.text("log", "--all", "--format=%s")


def test_what_the_merge_queue_throws_out_twice_is_told_to_a_person(
    tmp_path: Path, exchange_log: Path
) -> None:
    with open_loop(tmp_path, record=exchange_log, organisation=True, protected=False) as loop:
        rule(loop, QUEUE, checked(loop, "test")).raise_for_status()
        bead = loop.bead("Plain", "ready")
        coordinator = Coordinator(loop)
        runner = QuickRunner(loop, coordinator.grant, ci=_red_in_groups(loop))
        try:
            decision = drive(loop, coordinator, runner)
        finally:
            coordinator.close()
        number = pull_of(loop, bead)["number"]
        assert _removals(loop, number) == ["CI_FAILURE", "CI_FAILURE"]
        waits(decision, bead, f"#{number} (2 times): it left the merge queue: a required check failed")
        assert loop.forge.on(lambda state: list(state.all(QueueEntry))) == []


def test_a_hold_takes_it_out_of_the_queue_until_it_is_lifted(tmp_path: Path, exchange_log: Path) -> None:
    with open_loop(tmp_path, record=exchange_log, organisation=True, protected=False) as loop:
        rule(loop, QUEUE, checked(loop, "test", "slow")).raise_for_status()
        bead = loop.bead("Plain", "ready")
        drive(loop)
        pull = pull_of(loop, bead)
        _report(loop, pull["head"]["sha"])
        drive(loop)
        assert _groups(loop)
        loop.label(bead, "hold")
        drive(loop)
        assert _groups(loop) == []
        assert _removals(loop, pull["number"]) == ["MANUAL"]
        loop.people.delete(f"/repos/{NAME}/issues/{bead}/labels/hold").raise_for_status()
        drive(loop)
        (group,) = _groups(loop)
        _report(loop, group)
        drive(loop)
        assert is_done(loop, bead)


def _report(loop: Loop, sha: str | None) -> None:
    """Somebody's slow check has passed."""
    body = {"state": "success", "context": "slow"}
    loop.people.post(f"/repos/{NAME}/statuses/{sha}", json=body).raise_for_status()


def _groups(loop: Loop) -> list[str | None]:
    """What the queue tests."""
    return loop.forge.on(lambda state: [entry.group_sha for entry in state.all(QueueEntry)])


def _red_in_groups(loop: Loop) -> Callable[[str], str]:
    """CI that fails on what the queue would merge, and nowhere else."""

    def conclude(sha: str) -> str:
        def is_group(state: ForgeState) -> bool:
            return any(run.event == "merge_group" and run.checkout_sha == sha for run in state.all(Run))

        return "failure" if loop.forge.on(is_group) else "success"

    return conclude


def _removals(loop: Loop, number: int) -> list[str]:
    def find(state: ForgeState) -> list[str]:
        (pull,) = (one for one in state.all(Pull) if one.number == number)
        events = state.find(TimelineEvent, issue_id=pull.issue_id)
        return [str(one.data["reason"]) for one in events if one.event == "removed_from_merge_queue"]

    return loop.forge.on(find)


def test_our_own_check_can_be_required_and_freezes_nobody(tmp_path: Path, exchange_log: Path) -> None:
    with open_loop(tmp_path, record=exchange_log, protected=False) as loop:
        rule(loop, checked(loop, "test", CHECK)).raise_for_status()
        bead = loop.bead("Plain", "ready")
        drive(loop)
        assert is_done(loop, bead)
        number = _open_pull(loop, "by-hand", "main")
        drive(loop)
        head = loop.people.get(f"/repos/{NAME}/pulls/{number}").json()["head"]["sha"]
        assert _own_checks(loop, head) == [("success", "Not a bead")]
        loop.people.put(f"/repos/{NAME}/pulls/{number}/merge", json={}).raise_for_status()


def test_a_pull_request_at_a_beads_head_borrows_nothing(tmp_path: Path, exchange_log: Path) -> None:
    """T6: our check belongs to a commit; whoever opens another pull request at a bead's head gets none."""
    with open_loop(tmp_path, record=exchange_log, protected=False) as loop:
        rule(loop, checked(loop, "test", CHECK)).raise_for_status()
        bead = loop.bead("Plain", "ready")
        coordinator = Coordinator(loop)
        runner = QuickRunner(loop, coordinator.grant)
        try:
            coordinator.look()
            runner.run_all()  # the worker has published, nobody has reviewed
            head = pull_of(loop, bead)["head"]["sha"]
            made = {"ref": "refs/heads/twin", "sha": head}
            loop.people.post(f"/repos/{NAME}/git/refs", json=made).raise_for_status()
            wanted = {"title": "Twin", "head": "twin", "base": "main"}
            twin = loop.people.post(f"/repos/{NAME}/pulls", json=wanted).json()["number"]
            coordinator.look()
            assert [one for one in _own_checks(loop, head) if one[0] == "success"] == []
            refused = loop.people.put(f"/repos/{NAME}/pulls/{twin}/merge", json={})
            assert refused.status_code == 405
            assert f'"{CHECK}" is ' in refused.json()["message"]
        finally:
            coordinator.close()


def _open_pull(loop: Loop, name: str, base: str) -> int:
    tip = loop.people.get(f"/repos/{NAME}/git/ref/heads/{base}").json()["object"]["sha"]
    made = {"ref": f"refs/heads/{name}", "sha": tip}
    loop.people.post(f"/repos/{NAME}/git/refs", json=made).raise_for_status()
    file = {"message": "By hand", "content": "aGkK", "branch": name}
    loop.people.put(f"/repos/{NAME}/contents/{name}.txt", json=file).raise_for_status()
    wanted = {"title": "By hand", "head": name, "base": base}
    return int(loop.people.post(f"/repos/{NAME}/pulls", json=wanted).json()["number"])


def _own_checks(loop: Loop, head: str) -> list[tuple[str, str]]:
    found = loop.get(f"/commits/{head}/check-runs?check_name={CHECK}")
    assert isinstance(found, dict)
    return [(one["conclusion"], one["output"]["title"]) for one in found["check_runs"]]


@pytest.mark.parametrize("second_app", [False, True], ids=["one App", "two Apps"])
def test_a_required_approval_comes_from_a_person_or_a_second_app(
    tmp_path: Path, exchange_log: Path, second_app: bool
) -> None:
    with open_loop(tmp_path, record=exchange_log, protected=False) as loop:
        rule(loop, checked(loop, "test"), reviewed(1)).raise_for_status()
        bead = loop.bead("Plain", "ready")
        decision = drive(loop)
        pull = pull_of(loop, bead)
        waits(decision, bead, "approvals: 0 of 1 required; not mine, as I opened it: a person approves, or")
        assert decision.next_look is None
        own = {"Authorization": f"Bearer {loop.forge.on(lambda state: _token(state, 'beadwright'))}"}
        path = f"/repos/{NAME}/pulls/{pull['number']}/reviews"
        refused = loop.people.post(path, json={"event": "APPROVE"}, headers=own)
        assert (refused.status_code, "your own pull request" in str(refused.json())) == (422, True)
        approver = {"Authorization": f"Bearer {loop.forge.on(_approver)}"} if second_app else {}
        loop.people.post(path, json={"event": "APPROVE"}, headers=approver).raise_for_status()
        drive(loop)
        assert is_done(loop, bead)


def _token(state: ForgeState, slug: str) -> str:
    (app,) = (one for one in state.all(App) if one.slug == slug)
    (installation,) = state.find(Installation, app_id=app.id)
    return world.installation_token(state, installation)


def _approver(state: ForgeState) -> str:
    """Another App whose reviews count."""
    (repository,) = state.all(Repository)
    owner = state.get(Account, repository.owner_id)
    wanted = {"contents": "write", "pull_requests": "write"}
    app, _ = world.create_app(state, owner, "approver", permissions=wanted)
    return world.installation_token(state, world.install(state, app, owner, [repository]))


def test_a_personal_account_has_no_queue_and_merges_by_itself(tmp_path: Path, exchange_log: Path) -> None:
    with open_loop(tmp_path, record=exchange_log, protected=False) as loop:
        assert rule(loop, QUEUE, checked(loop, "test")).status_code == 422
        rule(loop, checked(loop, "test")).raise_for_status()
        bead = loop.bead("Plain", "ready")
        drive(loop)
        assert is_done(loop, bead)
        assert pull_of(loop, bead)["merged_by"]["login"] == "beadwright[bot]"
