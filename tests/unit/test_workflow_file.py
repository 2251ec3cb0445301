"""Workflow files as data: what is read, what is refused, what a one-job file keeps."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from bot.local.forge.triggers import matches, paths_match, ref_matches
from bot.local.runner.expressions import Scope, Unsupported, condition, evaluate, fill
from bot.local.runner.log import LogReader, Masker
from bot.local.runner.workflow import Concurrency, WorkflowError, one_job, parse

FILES = sorted((Path(__file__).parents[2] / ".github" / "workflows").glob("*.yml"))
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

SCOPE = Scope(
    contexts={
        "github": {"actor": "Octo", "event": {"action": "opened", "n": 3}, "run_attempt": "1"},
        "inputs": {"bead": "12", "dry": False, "empty": ""},
        "vars": {"GROUP": "g"},
        "needs": {"agent": {"result": "success"}},
    }
)


def workflow(jobs: str = "a: {runs-on: x, steps: [{run: echo}]}", head: str = "on: push") -> str:
    return f"{head}\njobs:\n  {jobs}\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_one_job_files_derived_from_our_workflows_have_identical_steps(path: Path) -> None:
    parsed = parse(path.read_text(encoding="utf-8"), path.name)
    # Read once more by a reader that is not ours; it takes the word `on` for true.
    plain = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert list(parsed.jobs) == list(plain["jobs"])
    for key in parsed.jobs:
        derived = one_job(parsed, key)
        assert list(derived["jobs"]) == [key]
        assert derived["jobs"][key]["steps"] == plain["jobs"][key]["steps"]
        kept = {name: value for name, value in plain["jobs"][key].items() if name not in ("needs", "if")}
        assert derived["jobs"][key] == kept
        assert derived["on"] == plain[True]
        assert {k: v for k, v in derived.items() if k not in ("on", "jobs")} == {
            k: v for k, v in plain.items() if k not in (True, "jobs")
        }


def test_only_the_agents_step_is_given_a_providers_key() -> None:
    path = next(path for path in FILES if path.name == "beadwright.yml")
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    given = {
        (key, step.get("with", {}).get("stage")): sorted(step.get("env", {}))
        for key, job in jobs.items()
        for step in job["steps"]
        if "secrets." in str(step)
    }
    keys = ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "OPENAI_API_KEY"]
    assert given == {("agent", "agent"): keys}
    assert "secrets." not in str([job.get("env") for job in jobs.values()])


def test_words_that_other_yaml_takes_for_booleans_stay_words() -> None:
    parsed = parse(
        workflow("a: {runs-on: x, env: {A: yes, B: off, C: 010, D: 1:20}, steps: [{run: on}]}"), "f"
    )
    definition = parsed.jobs["a"].definition
    assert definition["env"] == {"A": "yes", "B": "off", "C": 10, "D": "1:20"}
    assert definition["steps"] == [{"run": "on"}]
    assert parsed.triggers == {"push": {}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("on: [", "f is not YAML"),
        ("- a", "f must be a mapping"),
        ("jobs: {a: {steps: [{run: x}]}}", "f has no `on`"),
        ("on: push", "f has no `jobs`"),
        (workflow("a: {runs-on: x, steps: [{run: x}], needs: b}"), "jobs.a needs b, which is no job"),
        (workflow("a: {steps: [{run: x}], needs: b}\n  b: {steps: [{run: x}], needs: a}"), "needs itself"),
        (workflow("a: {runs-on: x, steps: [{name: x}]}"), "jobs.a.steps[0] must have either `run` or `uses`"),
        (workflow("a: {uses: ./x.yml}"), "jobs.a.uses is not implemented"),
        (workflow("a: {runs-on: x, container: y, steps: [{run: x}]}"), "jobs.a.container is not implemented"),
        (workflow("a: {steps: [{run: x}]}\n  a: {steps: [{run: x}]}"), "'a' is already defined"),
        (workflow(head="on: {workflow_dispatch: {inputs: {x: {type: environment}}}}"), "x.type is not impl"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(WorkflowError) as caught:
        parse(text, "f")
    assert message in str(caught.value)


def test_reading_outputs_of_another_job_is_refused_in_a_one_job_file() -> None:
    text = workflow(
        "a: {runs-on: x, steps: [{run: x}]}\n"
        "  b: {runs-on: x, needs: a, steps: [{run: 'echo ${{ needs.a.outputs.y }}'}]}"
    )
    with pytest.raises(WorkflowError, match=r"jobs\.b\.steps\[0\]\.run"):
        one_job(parse(text, "f"), "b")


def test_permissions_of_a_job_replace_the_workflows_and_name_all_there_is() -> None:
    head = "on: push\npermissions: {contents: write}"
    jobs = (
        "own: {permissions: {issues: read, id-token: write, checks: none}, steps: [{run: x}]}\n"
        "  none: {permissions: {}, steps: [{run: x}]}\n"
        "  theirs: {steps: [{run: x}]}"
    )
    parsed = parse(workflow(jobs, head), "f")
    assert parsed.permissions("own") == {"issues": "read", "id-token": "write"}
    assert parsed.permissions("none") == {}
    assert parsed.permissions("theirs") == {"contents": "write"}
    assert parse(workflow(), "f").permissions("a") == {"contents": "read", "packages": "read"}
    assert "id-token" not in parse(workflow(head="on: push\npermissions: read-all"), "f").permissions("a")
    with pytest.raises(WorkflowError, match=r"permissions\.all is no permission"):
        parse(workflow(head="on: push\npermissions: {all: read}"), "f").permissions("a")


def test_run_name_and_concurrency_are_evaluated_once_and_their_values_are_not() -> None:
    head = "on: push\nrun-name: bead ${{ inputs.x }}\nconcurrency: {group: 'bead-${{ inputs.x }}'}"
    parsed = parse(workflow(head=head), "f")
    scope = Scope(contexts={"inputs": {"x": "${{ github.token }} $(id)"}})
    assert parsed.title(scope) == "bead ${{ github.token }} $(id)"
    assert parsed.concurrency(scope) == Concurrency("bead-${{ github.token }} $(id)", False)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("inputs.bead == '12'", True),
        ("inputs.bead == 12", True),
        ("github.actor == 'octo'", True),
        ("github.event.missing.deeper == null", True),
        ("inputs.dry && 'a' || 'b'", "b"),
        ("!inputs.dry && (vars.group != 'h')", True),
        ("format('{0}-{{x}}-{1}', inputs.bead, github.event.n)", "12-{x}-3"),
        ("'it''s'", "it's"),
        ("needs.agent.result", "success"),
        ("inputs.empty || github.run_attempt", "1"),
    ],
)
def test_expressions_have_githubs_values(source: str, value: object) -> None:
    assert evaluate(source, SCOPE) == value


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("contains(github.ref, 'x')", "contains()"),
        ("secrets.KEY", "secrets.KEY"),
        ("needs.agent.outputs.x", "needs.agent.outputs.x"),
        ("inputs.a < 3", "inputs.a < 3"),
        ("inputs['a']", "inputs['a']"),
        ("'a' 'b'", "'a' 'b'"),
        ("", "expression not implemented"),
    ],
)
def test_what_the_evaluator_does_not_know_is_refused_by_name(source: str, named: str) -> None:
    with pytest.raises(Unsupported) as caught:
        evaluate(source, SCOPE)
    assert named in str(caught.value)


def test_a_condition_wants_success_unless_it_asks_for_a_status() -> None:
    failed = Scope(needs_failed=True)
    assert not condition(None, failed)
    assert not condition("true", failed)
    assert condition("always()", failed)
    assert condition("${{ !cancelled() }}", failed)
    assert condition("failure()", failed)
    assert not condition("!cancelled()", Scope(cancelled=True))
    assert condition("always()", Scope(cancelled=True))
    assert not condition("'always' == 'never'", Scope())


def test_filling_a_template_takes_every_expression_in_it() -> None:
    assert fill("${{ inputs.bead }}/${{ inputs.dry }}/x", SCOPE) == "12/false/x"


@pytest.mark.parametrize(
    ("patterns", "name", "inside"),
    [
        (["main"], "main", True),
        (["releases/**"], "releases/a/b", True),
        (["releases/*"], "releases/a/b", False),
        (["**/*.py"], "a.py", True),
        (["*", "!main"], "main", False),
        (["!main", "*"], "main", True),
        (["v[12].[0-9]+"], "v1.10", True),
        (["a.b"], "axb", False),
    ],
)
def test_filter_patterns_match_as_githubs_do(patterns: list[str], name: str, inside: bool) -> None:
    assert matches(patterns, name) is inside


def test_filters_on_branches_alone_let_no_tag_through() -> None:
    assert not ref_matches({"branches": ["main"]}, "refs/tags/v1")
    assert ref_matches({"branches-ignore": ["dev"]}, "refs/heads/main")
    assert ref_matches({}, "refs/tags/v1")
    assert paths_match({"paths-ignore": ["docs/**"]}, lambda: ["docs/a", "b"])
    assert not paths_match({"paths": ["src/**"]}, lambda: ["docs/a"])


def test_steps_and_summary_are_read_from_acts_log() -> None:
    reader = LogReader("w")
    lines = [
        "[w/Job A] ⭐ Run Set up job",
        "[w/Job A]   ✅  Success - Set up job",
        "[w/Job A] ⭐ Run Pre up",
        "[w/Job A]   ✅  Success - Pre up [1ms]",
        "[w/Job A] ⭐ Run Main Up it",
        "[w/Job A] ⭐ Run Main inner",
        "[w/Job A]   | said [w/x] ⭐ Run Main no step",
        "[w/Job A]   ❌  Failure - Main inner [7ms]",
        "[w/Job A]   ✅  Success - Main Up it [165.139921ms]",
        "[w/Job A]   ⚙  Summary - # One",
        "two",
        "[w/Job A] ⭐ Run Main cut off",
    ]
    told = [reader.read(line, NOW) for line in lines]
    reader.close(NOW)
    assert told[6] == "said [w/x] ⭐ Run Main no step"
    assert [(step["number"], step["name"], step["conclusion"]) for step in reader.steps] == [
        (1, "Set up job", "success"),
        (2, "Up it", "success"),
        (3, "cut off", "cancelled"),
    ]
    assert reader.summary == "# One\ntwo\n"


def test_secrets_are_masked_plain_and_in_base64() -> None:
    masker = Masker(["ghs_0123"])
    assert masker.mask("a ghs_0123 Z2hzXzAxMjM= eC1hY2Nlc3MtdG9rZW46Z2hzXzAxMjM=") == "a *** ***= ***="
