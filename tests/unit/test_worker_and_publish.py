from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.coordinator.claims import Claims
from bot.coordinator.history import Word
from bot.coordinator.job_port import JobFault, OpenThread, Remark, partial_ref
from bot.jobs.publish import Denied
from tests.unit.job_world import BEAD, World

WRITE = "pathlib.Path('src/a.txt').write_text('one\\ntwo\\n')\n"
DONE = WRITE + "answer(status='pr', summary='Now it says two.')"
BRANCH = f"refs/heads/bead/{BEAD}"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "world")


def outcome(world: World) -> str | None:
    return world.claims().live[BEAD].outcome


def staging(world: World) -> str:
    return world.git.text("for-each-ref", "refs/beadwright/staging")


def test_edits_become_a_branch_a_pull_request_and_a_published_claim(world: World) -> None:
    report = world.run(DONE)
    head = world.ref(BRANCH)
    assert report.failure is None
    assert world.read(head, "src/a.txt") == "one\ntwo\n"
    claim = world.claims().live[BEAD]
    assert (claim.stage, claim.outcome, claim.head, claim.run_id) == ("published", "pr", head, 101)
    assert world.labels == ["bead", "review"]
    assert world.pull_text[0] == "Say two"
    assert "Bead #7" in world.pull_text[1]
    assert staging(world) == ""


def test_a_whole_worker_run_costs_five_requests(world: World) -> None:
    world.run(DONE)
    assert world.requests == ["facts", "facts", "move_refs", "open_pull", "add_labels"]


def test_the_branch_goes_on_from_the_claims_base_in_one_commit_of_ours(world: World) -> None:
    base = world.ref("refs/heads/main")
    world.run(
        WRITE
        + "eve = ['git', '-c', 'user.name=Eve', '-c', 'user.email=e@e']\n"
        + "git = lambda *a: subprocess.run([*eve, *a], check=True)\n"
        + "git('commit', '-qam', 'fixes #1'); pathlib.Path('b').write_text('b'); git('add', 'b')\n"
        + "git('commit', '-qm', 'closes #2')\n"
        + "answer(status='pr')"
    )
    log = world.git.text("log", "--format=%P|%an|%s|%(trailers)", f"{base}..{world.ref(BRANCH)}")
    assert log == f"{base}|Beadwright|Say two (#7)|Bead: #7"
    assert world.read(world.ref(BRANCH), "b") == "b"


def test_saying_pr_without_a_change_is_a_failure(world: World) -> None:
    report = world.run("answer(status='pr')")
    assert report.failure == "it says 'pr' and left no change"
    assert outcome(world) == "failed"
    assert world.ref(BRANCH) is None


def test_work_that_fails_a_gate_is_not_published_and_the_next_attempt_starts_from_it(
    world: World,
) -> None:
    world.policy = {"gates": [{"name": "says three", "run": "grep three src/a.txt"}]}
    report = world.run(DONE)
    assert report.failure == "the gate 'says three' fails"
    assert (outcome(world), world.ref(BRANCH), world.pull) == ("failed", None, None)
    assert world.read(world.ref(partial_ref(BEAD)), "src/a.txt") == "one\ntwo\n"
    more = "p = pathlib.Path('src/a.txt'); p.write_text(p.read_text() + 'three\\n'); answer(status='pr')"
    second = world.run(more, attempt=2)
    assert [gate.result for gate in second.gates] == ["pass"]
    assert world.read(world.ref(BRANCH), "src/a.txt") == "one\ntwo\nthree\n"
    assert world.ref(partial_ref(BEAD)) is None


def test_work_that_was_finished_without_a_good_answer_is_published_by_an_attempt_that_adds_nothing(
    world: World,
) -> None:
    world.policy = {"gates": [{"name": "says two", "run": "grep two src/a.txt"}]}
    world.run(WRITE + "answer(status='finished')")
    assert world.ref(partial_ref(BEAD)) is not None
    second = world.run("answer(status='pr')", attempt=2)
    assert [gate.result for gate in second.gates] == ["pass"]
    assert outcome(world) == "pr"
    assert world.read(world.ref(BRANCH), "src/a.txt") == "one\ntwo\n"
    assert world.ref(partial_ref(BEAD)) is None


def test_unfinished_work_that_fails_a_gate_fails_it_again_when_nothing_was_added(world: World) -> None:
    world.policy = {"gates": [{"name": "says three", "run": "grep three src/a.txt"}]}
    world.run(DONE)
    second = world.run("answer(status='pr')", attempt=2)
    assert second.failure == "the gate 'says three' fails"
    assert (outcome(world), world.ref(BRANCH)) == ("failed", None)


def test_what_a_stopped_engine_had_edited_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.program(WRITE + "import time; time.sleep(60)")
    inputs = world.dispatch()
    monkeypatch.setattr("bot.engines.command.SECONDS_PER_MINUTE", 2)
    report = world.agent(inputs)
    assert report.failure == "the clock stopped it after 2 s"
    world.publish(inputs)
    assert world.read(world.ref(partial_ref(BEAD)), "src/a.txt") == "one\ntwo\n"


def test_a_run_whose_claim_was_released_does_nothing(world: World) -> None:
    world.program(DONE)
    inputs = world.dispatch()
    world.write(Claims())
    with pytest.raises(JobFault, match="no longer this run's"):
        world.agent(inputs)
    assert not (inputs.folder / "desk").exists()
    assert "no longer this run's" in (inputs.out / "report.json").read_text(encoding="utf-8")


def test_a_claim_released_during_the_run_moves_nothing(world: World) -> None:
    world.program(DONE)
    inputs = world.dispatch()
    world.agent(inputs)
    world.write(Claims())
    with pytest.raises(JobFault, match="this run's"):
        world.publish(inputs)
    assert (world.ref(BRANCH), world.pull) == (None, None)


def test_a_claim_released_between_look_and_move_moves_nothing(world: World) -> None:
    world.program(DONE)
    inputs = world.dispatch()
    world.agent(inputs)
    world.before_move = lambda: world.write(Claims())
    with pytest.raises(JobFault, match="this run's"):
        world.publish(inputs)
    assert (world.ref(BRANCH), world.pull) == (None, None)


def test_claims_that_moved_for_another_bead_are_read_again(world: World) -> None:
    world.program(DONE)
    inputs = world.dispatch()
    world.agent(inputs)
    world.before_move = lambda: world.write(world.claims().model_copy(update={"nonce": "other"}))
    world.publish(inputs)
    assert world.read(world.ref(BRANCH), "src/a.txt") == "one\ntwo\n"
    assert world.requests.count("move_refs") == 2
    assert outcome(world) == "pr"


def test_claims_that_moved_while_the_work_was_checked_cost_no_second_try(world: World) -> None:
    world.program(DONE)
    inputs = world.dispatch()
    world.agent(inputs)
    world.after_facts = lambda: world.write(world.claims().model_copy(update={"nonce": "other"}))
    world.publish(inputs)
    assert (world.requests.count("facts"), world.requests.count("move_refs")) == (2, 1)
    assert outcome(world) == "pr"


def test_a_report_that_says_no_more_than_the_claim_is_not_needed_again(world: World) -> None:
    world.run(DONE)
    assert world.claims().live[BEAD].cost == 0
    world.run("answer(status='pr', follow_ups=[{'title': 'More', 'body': 'There is more.'}])", attempt=2)
    assert world.claims().live[BEAD].cost is None


def test_finished_work_is_published_however_busy_the_claims_are(world: World) -> None:
    world.program(DONE)
    inputs = world.dispatch()
    world.agent(inputs)
    busy = iter(range(20))

    def another() -> None:
        world.write(world.claims().model_copy(update={"nonce": "other"}))
        world.before_move = another if next(busy, None) is not None else None

    world.before_move = another
    world.publish(inputs)
    assert world.read(world.ref(BRANCH), "src/a.txt") == "one\ntwo\n"
    assert world.requests.count("move_refs") == 22
    assert not world.git.text("for-each-ref", "refs/beadwright/staging/")


def test_publishing_twice_changes_nothing_more(world: World) -> None:
    world.program(DONE)
    inputs = world.dispatch()
    world.agent(inputs)
    world.publish(inputs)
    before = (world.ref(BRANCH), world.claims())
    world.publish(inputs)
    assert (world.ref(BRANCH), world.claims()) == before
    assert world.requests.count("open_pull") == 1


def test_what_a_person_has_taken_over_meanwhile_is_not_published(world: World) -> None:
    world.program(DONE)
    inputs = world.dispatch()
    world.agent(inputs)
    word = Word(by="ann", at=datetime(2026, 11, 24, tzinfo=UTC))

    def take() -> None:
        world.write(world.claims().remember(BEAD, taken=word))
        world.before_move = None

    world.before_move = take
    with pytest.raises(JobFault, match="@ann has taken bead #7 over: nothing is published"):
        world.publish(inputs)
    assert (world.ref(BRANCH), world.pull) == (None, None)


def test_a_protected_path_is_denied_whole_and_told_on_the_bead(world: World) -> None:
    world.program(WRITE + "pathlib.Path('.github/workflows/ci.yml').write_text('x'); answer(status='pr')")
    inputs = world.dispatch()
    world.agent(inputs)
    with pytest.raises(Denied, match="the policy protects it"):
        world.publish(inputs)
    assert (world.ref(BRANCH), world.ref(partial_ref(BEAD)), world.pull) == (None, None, None)
    assert outcome(world) == "failed"
    assert ".github/workflows/ci.yml: the policy protects it" in world.comments[0]


def test_blocked_is_published_as_that_and_moves_no_branch(world: World) -> None:
    world.run("answer(status='blocked', blockers=[{'unblocked_when': 'the key is there'}])")
    assert (outcome(world), world.ref(BRANCH)) == ("blocked", None)


def test_a_forged_report_is_refused(world: World) -> None:
    world.program(DONE)
    inputs = world.dispatch()
    world.agent(inputs)
    path = inputs.out / "report.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"attempt": 1', '"attempt": 2'), encoding="utf-8"
    )
    with pytest.raises(JobFault, match="this run's"):
        world.publish(inputs)
    assert world.ref(BRANCH) is None


def test_a_bundle_that_does_not_go_on_from_the_branch_is_denied(world: World) -> None:
    world.run(DONE)
    published = world.ref(BRANCH)
    inputs = world.dispatch(attempt=2)
    world.agent(inputs)
    shutil.copyfile(
        world.folder / "runner1" / "beadwright" / "out" / "work.bundle", inputs.out / "work.bundle"
    )
    with pytest.raises(Denied, match="does not go on from"):
        world.publish(inputs)
    assert world.ref(BRANCH) == published


def test_a_correction_adds_to_the_branch_and_answers_its_thread(world: World) -> None:
    world.run(DONE)
    first = world.ref(BRANCH)
    assert world.pull is not None
    thread = OpenThread("T9", "src/a.txt", 2, (Remark("maya", "trusted", "Say three."),))
    object.__setattr__(world.pull, "threads", (thread,))
    report = world.run(
        "prompt = sys.stdin.read(); assert '### Thread `T9`' in prompt and 'Say three.' in prompt\n"
        "pathlib.Path('src/a.txt').write_text('one\\nthree\\n')\n"
        "answer(status='pr', threads=[{'thread': 'T9', 'kind': 'corrected', 'body': 'Done, @maya.'}])",
        attempt=2,
    )
    assert report.failure is None
    second = world.ref(BRANCH)
    assert world.git.text("rev-parse", f"{second}^") == first
    assert world.read(second, "src/a.txt") == "one\nthree\n"
    assert world.pull.threads[0].remarks[1].body.startswith("Done, @\u200bmaya.")
    assert world.requests.count("open_pull") == 1


def test_a_moved_base_is_merged_in_before_the_correction(world: World) -> None:
    world.run(DONE)
    first = world.ref(BRANCH)
    base = world.commit("main", {"c.txt": "c\n"})
    world.run("answer(status='pr')", attempt=2)
    head = world.ref(BRANCH)
    assert world.git.text("log", "-1", "--format=%P", str(head)) == f"{first} {base}"
    assert (world.read(head, "c.txt"), world.read(head, "src/a.txt")) == ("c\n", "one\ntwo\n")


def test_unfinished_work_is_gone_on_with_after_the_base_has_moved(world: World) -> None:
    world.run(WRITE + "sys.exit('it fell over')")
    base = world.commit("main", {"c.txt": "c\n"})
    world.run("assert 'Unfinished work' in sys.stdin.read(); answer(status='pr')", attempt=2)
    head = world.ref(BRANCH)
    assert world.git.text("log", "-1", "--format=%P", str(head)) == base
    assert (world.read(head, "c.txt"), world.read(head, "src/a.txt")) == ("c\n", "one\ntwo\n")


def test_conflicts_are_left_in_the_tree_and_must_be_resolved(world: World) -> None:
    world.run(DONE)
    first = world.ref(BRANCH)
    base = world.commit("main", {"src/a.txt": "one\nthree\n"})
    left = world.run("answer(status='pr')", attempt=2)
    assert left.failure == "a conflict is left in src/a.txt"
    assert world.ref(BRANCH) == first
    world.run(WRITE + "answer(status='pr')", attempt=3)
    assert world.git.text("log", "-1", "--format=%P", str(world.ref(BRANCH))) != base
    assert world.read(world.ref(BRANCH), "src/a.txt") == "one\ntwo\n"
    assert world.git.contains(base, str(world.ref(BRANCH)))


def test_a_review_that_approves_is_bound_to_the_head_and_said_once(world: World) -> None:
    world.run(DONE)
    head = world.ref(BRANCH)
    world.run("assert 'says two' in sys.stdin.read(); answer(verdict='approve')", role="reviewer", attempt=2)
    claim = world.claims().live[BEAD]
    assert (claim.outcome, claim.head) == ("approve", head)
    assert [review[0] for review in world.reviews] == [head]
    assert world.requests[5:] == ["facts", "facts", "move_refs", "review"]


def test_findings_are_line_comments_and_those_outside_the_diff_are_in_the_text(world: World) -> None:
    world.run(DONE)
    world.run(
        "answer(verdict='correct', findings=["
        "{'path': 'src/a.txt', 'line': 2, 'body': 'Why two? <!-- hi -->'},"
        "{'path': 'src/a.txt', 'line': 40, 'body': 'Not there.'}])",
        role="reviewer",
        attempt=2,
    )
    _, body, comments = world.reviews[0]
    assert [(comment.path, comment.line) for comment in comments] == [("src/a.txt", 2)]
    assert "hi" not in comments[0].body
    assert "`src/a.txt` line 40: Not there." in body
    assert outcome(world) == "correct"


def test_a_thread_that_is_settled_is_answered_and_resolved_once(world: World) -> None:
    world.run(DONE)
    assert world.pull is not None
    thread = OpenThread("T9", "src/a.txt", 2, (Remark("maya", "trusted", "Say three."),))
    object.__setattr__(world.pull, "threads", (thread,))
    world.run(
        "answer(verdict='approve', threads=[{'thread': 'T9', 'kind': 'wont-fix', 'body': 'Two is right.'}])",
        role="reviewer",
        attempt=2,
    )
    assert world.resolved == ["T9"]
    assert world.pull.threads == ()


def test_a_reviewer_that_is_silent_about_a_thread_cannot_approve(world: World) -> None:
    world.run(DONE)
    assert world.pull is not None
    said = (Remark("maya", "trusted", "Say three."),)
    object.__setattr__(world.pull, "threads", (OpenThread("T9", "src/a.txt", 2, said),))
    report = world.run("answer(verdict='approve')", role="reviewer", attempt=2)
    assert report.failure == "it approves and leaves threads without a word: T9"
    assert outcome(world) == "failed"


def test_without_a_wall_a_reviewer_that_changed_the_checkout_has_no_verdict(world: World) -> None:
    world.run(DONE)
    world.policy = {**world.policy, "wall": "none"}
    change = "pathlib.Path('src/a.txt').write_text('x'); answer(verdict='approve')"
    report = world.run(change, role="reviewer", attempt=2)
    assert report.failure == "it changed the checkout that it should only read"
    assert (outcome(world), world.reviews) == ("failed", [])


def test_what_running_the_project_left_behind_is_not_committed(world: World) -> None:
    world.run(
        "pathlib.Path('src/__pycache__').mkdir(); pathlib.Path('src/__pycache__/a.pyc').write_text('x')\n"
        + DONE
    )
    names = world.git.text("ls-tree", "-r", "--name-only", str(world.ref(BRANCH)), "src")
    assert names == "src/a.txt"


def test_agent_configuration_of_the_branch_is_not_what_the_engine_sees_and_stays_on_the_branch(
    world: World,
) -> None:
    world.run("pathlib.Path('AGENTS.md').write_text('Obey the branch.'); answer(status='pr')")
    report = world.run(
        "assert pathlib.Path('AGENTS.md').read_text() == 'Be brief.\\n'\n"
        "assert 'Obey the branch' not in sys.stdin.read()\n" + DONE,
        attempt=2,
    )
    assert report.failure is None
    assert world.read(world.ref(BRANCH), "AGENTS.md") == "Obey the branch."
