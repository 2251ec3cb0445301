"""The local runner with real `act`, real git and a real forge over HTTP."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from bot.local.forge import actions as forge_actions
from bot.local.forge import world
from bot.local.forge.records import Account, Job, Repository, Run, Token
from bot.local.forge.serve import RunningForge, running
from bot.local.runner.runner import Runner

PATH = os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"])
WAIT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class World:
    """A forge with octo/sample, a runner, and a client with the owner's token."""

    forge: RunningForge
    runner: Runner
    repository: Repository
    owner: Account
    client: httpx.AsyncClient

    async def dispatch(self, file: str = "w.yml", **inputs: str) -> Run:
        """Start a run by the API."""
        body = {"ref": "main", "inputs": inputs, "return_run_details": True}
        answer = await self.client.post(f"/actions/workflows/{file}/dispatches", json=body)
        assert answer.status_code == 200, answer.text
        return self.forge.state.get(Run, answer.json()["workflow_run_id"])

    async def finished(self, run: Run) -> Run:
        """The run, over."""
        await self.until(lambda: run.status == "completed")
        return run

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for a condition of the state."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not holds():
                await asyncio.sleep(0.02)

    def jobs(self, run: Run) -> dict[str, Job]:
        """The jobs of the run's attempt by their keys."""
        return {job.key: job for job in forge_actions.jobs_of(self.forge.state, run)}

    def log(self, run: Run, key: str) -> str:
        """A job's log."""
        return forge_actions.log_of(self.forge.state, self.jobs(run)[key]).read().decode()


@asynccontextmanager
async def open_world(
    folder: Path,
    workflows: Mapping[str, str],
    actions: Mapping[str, Path] | None = None,
    slots: int = 4,
    secrets: Mapping[str, str] | None = None,
) -> AsyncIterator[World]:
    """A world whose repository has these workflow files."""
    async with running(folder / "forge") as forge:
        state = forge.state
        owner, token = world.create_user(state, "octo")
        files: dict[str, str | bytes] = {"README.md": "# Sample\n"}
        files |= {f".github/workflows/{name}": textwrap.dedent(text) for name, text in workflows.items()}
        repository = world.create_repository(state, owner, "sample", files=files)
        state.commit()
        runner = Runner(
            state,
            forge.base_url,
            actions=actions or {},
            tool_cache=folder / "tools",
            path=PATH,
            slots=slots,
            secrets=secrets,
        )
        await runner.start()
        api = f"{forge.base_url}/api/v3/repos/octo/sample"
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=api, headers=headers, trust_env=False, timeout=30) as client:
            try:
                yield World(forge, runner, repository, owner, client)
            finally:
                await runner.stop()


Play = Callable[..., None]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """Play a scene in a world of its own."""

    def run(
        workflows: Mapping[str, str], scene: Callable[[World], Coroutine[Any, Any, None]], **options: Any
    ) -> None:
        async def main() -> None:
            async with open_world(tmp_path, workflows, **options) as found:
                await scene(found)

        asyncio.run(main())

    yield run
    assert not list((tmp_path / "forge" / "jobs").glob("*")), "a job's room was left behind"


TWO_JOBS = """
    name: two
    run-name: "two ${{ inputs.word }}"
    on:
      workflow_dispatch:
        inputs:
          word: {type: string, required: true}
    permissions:
      contents: read
    jobs:
      make:
        runs-on: ubuntu-latest
        steps:
          - uses: actions/checkout@v4
            with: {persist-credentials: false}
          - name: Say the word
            env: {WORD: "${{ inputs.word }}"}
            run: |
              test -f README.md && mkdir out && printf %s "$WORD" > out/word.txt
              echo "### made" >> "$GITHUB_STEP_SUMMARY"
          - uses: actions/upload-artifact@v4
            with: {name: words, path: out}
      use:
        needs: make
        if: ${{ always() }}
        runs-on: ubuntu-latest
        steps:
          - uses: actions/download-artifact@v4
            with: {name: words, path: in}
          - run: cat in/word.txt
    """


def test_two_jobs_share_an_artifact_and_the_second_starts_when_the_first_is_done(play: Play) -> None:
    async def scene(w: World) -> None:
        run = await w.finished(await w.dispatch(word="hello"))

        assert run.conclusion == "success", w.log(run, "make") + w.log(run, "use")
        jobs = w.jobs(run)
        made, used = jobs["make"], jobs["use"]
        assert made.completed_at is not None
        assert made.completed_at <= used.created_at
        assert "hello" in w.log(run, "use")
        assert [step["name"] for step in made.steps][2] == "Say the word"
        assert {step["conclusion"] for step in made.steps} == {"success"}
        answer = (await w.client.get(f"/actions/runs/{run.id}/artifacts?name=words")).json()
        assert answer["total_count"] == 1
        zipped = await w.client.get(f"/actions/artifacts/{answer['artifacts'][0]['id']}/zip")
        assert zipped.status_code == 302
        async with httpx.AsyncClient(trust_env=False) as nobody:
            content = (await nobody.get(zipped.headers["location"])).content
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.read("word.txt") == b"hello"
        summary = w.forge.state.folder / "logs" / f"{made.id}.summary.md"
        assert summary.read_text() == "### made\n"

    play({"w.yml": TWO_JOBS}, scene)


AGAIN = """
    on: {workflow_dispatch: {}}
    permissions: {}
    jobs:
      make:
        runs-on: ubuntu-latest
        steps:
          - run: mkdir out && echo ${{ github.run_attempt }} > out/attempt.txt
          - uses: actions/upload-artifact@v4
            with: {name: made, path: out}
      use:
        needs: make
        permissions: {actions: read}
        runs-on: ubuntu-latest
        steps:
          - uses: actions/download-artifact@v4
            with: {name: made, path: in, run-id: "${{ github.run_id }}", github-token: "${{ github.token }}"}
          - run: test "$(cat in/attempt.txt)-${{ github.run_attempt }}" = 1-2
    """


def test_one_job_started_again_finds_what_the_other_left_in_the_attempt_before(play: Play) -> None:
    async def scene(w: World) -> None:
        run = await w.finished(await w.dispatch())
        assert {key: job.conclusion for key, job in w.jobs(run).items()} == {
            "make": "success",
            "use": "failure",
        }
        made, died = w.jobs(run)["make"], w.jobs(run)["use"]
        answer = await w.client.post(f"/actions/jobs/{died.id}/rerun")
        assert answer.status_code == 201, answer.text
        await w.finished(run)
        assert (run.attempt, run.conclusion) == (2, "success"), w.log(run, "use")
        assert w.jobs(run)["make"].id == made.id

    play({"w.yml": AGAIN}, scene)


def test_shell_metacharacters_in_inputs_and_run_name_stay_text(play: Play, tmp_path: Path) -> None:
    word = f"$(touch {tmp_path}/pwned) `id` \"; exit 7; ' \\ ${{{{ github.token }}}} %0A::add-mask::x"

    async def scene(w: World) -> None:
        run = await w.finished(await w.dispatch(word=word))
        assert run.conclusion == "success", w.log(run, "make")
        assert run.display_title == f"two {word}"
        assert word in w.log(run, "use")

    play({"w.yml": TWO_JOBS}, scene)
    assert not (tmp_path / "pwned").exists()


PERMISSIONS = """
    name: permissions
    on: workflow_dispatch
    permissions:
      contents: read
    jobs:
      reader:
        runs-on: ubuntu-latest
        env: {GITHUB_TOKEN: "${{ github.token }}"}
        steps:
          - run: |
              cat > ask.py <<'EOF'
              import os, urllib.request, urllib.error
              url = os.environ["GITHUB_API_URL"] + "/repos/" + os.environ["GITHUB_REPOSITORY"] + "/labels"
              request = urllib.request.Request(url, b'{"name": "x%s"}' % os.environ["GITHUB_JOB"].encode(),
                  {"Authorization": "Bearer " + os.environ["GITHUB_TOKEN"]})
              try:
                  print("status", urllib.request.urlopen(request).status)
              except urllib.error.HTTPError as error:
                  print("status", error.code)
              EOF
              python3 ask.py
              echo "identity: ${ACTIONS_ID_TOKEN_REQUEST_TOKEN:+given}"
              echo "runtime: ${ACTIONS_RUNTIME_TOKEN:+given}"
      writer:
        runs-on: ubuntu-latest
        permissions: {issues: write, id-token: write}
        env: {GITHUB_TOKEN: "${{ github.token }}"}
        steps:
          - run: |
              cat > ask.py <<'EOF'
              import os, urllib.request
              url = os.environ["GITHUB_API_URL"] + "/repos/" + os.environ["GITHUB_REPOSITORY"] + "/labels"
              request = urllib.request.Request(url, b'{"name": "xwriter"}',
                  {"Authorization": "Bearer " + os.environ["GITHUB_TOKEN"]})
              print("status", urllib.request.urlopen(request).status)
              url = os.environ["ACTIONS_ID_TOKEN_REQUEST_URL"] + "&audience=beadwright"
              token = os.environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
              request = urllib.request.Request(url, headers={"Authorization": "Bearer " + token})
              import json
              print("jwt", json.load(urllib.request.urlopen(request))["value"])
              EOF
              python3 ask.py
    """


def test_a_job_has_exactly_its_permissions_and_an_identity_only_when_it_asks(play: Play) -> None:
    async def scene(w: World) -> None:
        run = await w.finished(await w.dispatch())

        assert run.conclusion == "success", w.log(run, "reader") + w.log(run, "writer")
        assert "status 403" in w.log(run, "reader")
        assert "identity: \n" in w.log(run, "reader")
        assert "runtime: \n" in w.log(run, "reader")
        assert "status 201" in w.log(run, "writer")
        token = w.log(run, "writer").split("jwt ")[1].split()[0]
        issuer = f"{w.forge.base_url}/_oidc"
        async with httpx.AsyncClient(trust_env=False) as nobody:
            about = (await nobody.get(f"{issuer}/.well-known/openid-configuration")).json()
            keys = (await nobody.get(about["jwks_uri"])).json()
        key = jwt.PyJWK(keys["keys"][0])
        claims = jwt.decode(token, key, ["RS256"], audience="beadwright", issuer=issuer)
        assert claims["repository"] == "octo/sample"
        assert claims["run_id"] == str(run.id)
        assert claims["workflow_ref"] == "octo/sample/.github/workflows/w.yml@refs/heads/main"
        assert claims["runner_environment"] == "self-hosted"
        check = forge_actions.check_run_of(w.forge.state, w.jobs(run)["writer"])
        assert claims["check_run_id"] == str(check.id)
        assert not [found for found in w.forge.state.all(Token) if found.kind == "job"]

    play({"w.yml": PERMISSIONS}, scene)


def one_step(command: str, head: str = "", job: str = "") -> str:
    """A workflow with one job of one step."""
    lines = ["name: one", "on: workflow_dispatch", head, "jobs:", "  only:", "    runs-on: ubuntu-latest"]
    lines += [f"    {job}" if job else "", "    steps:", f"      - run: {command}"]
    lines += ["      - if: always()", "        run: echo in the end"]
    return "\n".join(filter(None, lines))


def test_a_job_over_its_time_is_cancelled_with_all_its_processes(play: Play, tmp_path: Path) -> None:
    marker = tmp_path / "late"
    command = f"(sleep 5; touch {marker}) & sleep 77"

    async def scene(w: World) -> None:
        run = await w.finished(await w.dispatch())
        assert run.conclusion == "cancelled"
        assert "exceeded the maximum execution time of 0.02 minutes" in w.log(run, "only")
        assert "in the end" in w.log(run, "only")
        assert w.jobs(run)["only"].conclusion == "cancelled"
        await asyncio.sleep(5)
        assert not marker.exists()

    play({"w.yml": one_step(command, job="timeout-minutes: 0.02")}, scene)


def test_cancelling_ends_the_job_and_what_needed_it(play: Play) -> None:
    text = one_step("sleep 60") + textwrap.dedent("""
          after:
            needs: only
            runs-on: ubuntu-latest
            steps:
              - run: echo never
        """).replace("\n", "\n  ").replace("    after", "after")

    async def scene(w: World) -> None:
        run = await w.dispatch()
        await w.until(lambda: "only" in w.jobs(run) and "sleep 60" in w.log(run, "only"))
        answer = await w.client.post(f"/actions/runs/{run.id}/cancel")
        assert answer.status_code == 202
        await w.finished(run)
        assert run.conclusion == "cancelled"
        assert {key: job.conclusion for key, job in w.jobs(run).items()} == {
            "only": "cancelled",
            "after": "cancelled",
        }
        assert (await w.client.post(f"/actions/runs/{run.id}/cancel")).status_code == 409

    play({"w.yml": text}, scene)


def test_a_concurrency_group_has_one_running_and_one_waiting_whatever_its_case(
    play: Play, tmp_path: Path
) -> None:
    head = textwrap.dedent("""
        concurrency: "Bead-${{ github.event.inputs.bead }}"
        """)
    gate = tmp_path / "gate"
    text = one_step(f"while [ ! -e {gate} ]; do sleep 0.05; done", head=head).replace(
        "on: workflow_dispatch", "on: {workflow_dispatch: {inputs: {bead: {type: string}}}}"
    )

    async def scene(w: World) -> None:
        first = await w.dispatch(bead="a")
        other = await w.dispatch(bead="b")
        second = await w.dispatch(bead="A")
        third = await w.dispatch(bead="a")
        await w.until(lambda: first.status == other.status == "in_progress" and second.conclusion is not None)
        assert (second.conclusion, third.status) == ("cancelled", "pending")
        gate.touch()
        for run in (first, other, third):
            assert (await w.finished(run)).conclusion == "success"
        assert w.jobs(first)["only"].completed_at <= w.jobs(third)["only"].created_at  # type: ignore[operator]

    play({"w.yml": text}, scene)


def test_a_newcomer_cancels_the_running_one_when_the_group_says_so(play: Play) -> None:
    head = "concurrency: {group: g, cancel-in-progress: true}"

    async def scene(w: World) -> None:
        first = await w.dispatch()
        await w.until(lambda: "only" in w.jobs(first) and "sleep 3" in w.log(first, "only"))
        second = await w.dispatch()
        assert (await w.finished(first)).conclusion == "cancelled"
        assert (await w.finished(second)).conclusion == "success"

    play({"w.yml": one_step("sleep 3", head=head)}, scene)


def test_the_job_token_is_masked_in_the_log_in_any_form_that_git_uses(play: Play) -> None:
    command = "'echo plain $T; printf %s \"x-access-token:$T\" | base64 -w0; echo; git -C a config --list'"
    text = one_step("true").replace(
        "      - run: true",
        "      - uses: actions/checkout@v4\n        with: {path: a}\n"
        "      - env: {T: '${{ secrets.GITHUB_TOKEN }}'}\n"
        "        run: |\n          " + command.strip("'"),
    )

    async def scene(w: World) -> None:
        run = await w.finished(await w.dispatch())
        log = w.log(run, "only")
        assert run.conclusion == "success", log
        assert "plain ***" in log
        assert "extraheader=AUTHORIZATION: basic ***" in log
        assert "ghs_" not in log
        assert "eC1hY2Nlc3MtdG9rZW46" not in log

    play({"w.yml": text}, scene)


def test_a_secret_reaches_the_step_that_names_it_and_neither_log_nor_disk(play: Play, tmp_path: Path) -> None:
    value = "invented-model-key-4711"
    text = one_step("true").replace(
        "      - run: true",
        "      - env: {KEY: '${{ secrets.MODEL_KEY }}', NONE: '${{ secrets.NO_SUCH }}'}\n"
        '        run: echo "$KEY ${#KEY} [$NONE]"; printf %s "$KEY" | base64 -w0\n'
        '      - run: echo "then [$KEY]"',
    )

    async def scene(w: World) -> None:
        run = await w.finished(await w.dispatch())
        log = w.log(run, "only")
        assert f"*** {len(value)} []" in log
        assert "then []" in log

    play({"w.yml": text}, scene, secrets={"MODEL_KEY": value})
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert kept
    forms = (value.encode(), base64.b64encode(value.encode()))
    assert [path for path in kept for form in forms if form in path.read_bytes()] == []


def test_checkout_without_persisted_credentials_leaves_no_token_behind(play: Play) -> None:
    text = one_step("'! grep -ri -e extraheader -e ghs_ .git'").replace(
        "      - run: '!",
        "      - uses: actions/checkout@v4\n"
        "        with: {persist-credentials: false, fetch-depth: 0}\n"
        "      - run: '!",
    )

    async def scene(w: World) -> None:
        run = await w.finished(await w.dispatch())
        assert run.conclusion == "success", w.log(run, "only")

    play({"w.yml": text}, scene)


def test_a_job_inherits_nothing_of_this_machines_environment(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEADWRIGHT_TEST_SECRET", "swordfish")

    async def scene(w: World) -> None:
        run = await w.finished(await w.dispatch())
        assert run.conclusion == "success", w.log(run, "only")
        assert "swordfish" not in w.log(run, "only")
        assert f"GITHUB_RUN_ID={run.id}" in w.log(run, "only")
        assert f"GITHUB_SHA={run.head_sha}" in w.log(run, "only")

    play({"w.yml": one_step('\'env; cat /proc/$PPID/environ | tr "\\0" "\\n"\'')}, scene)


def test_a_step_finds_its_jobs_token_nowhere_but_where_the_workflow_put_it(
    play: Play, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    command = (
        f"while [ ! -e {gate} ]; do sleep 0.05; done; "
        'grep -rlE "ghs_[0-9a-f]{30}" "$XDG_CACHE_HOME/.." | sed "s/^/leaked to /"; '
        # Turned round, so that the log would not mask it.
        "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -a ghs_ | rev"
    )
    text = one_step("|\n          " + command.replace("\\\\", "\\"))

    async def scene(w: World) -> None:
        run = await w.dispatch()
        await w.until(lambda: "only" in w.jobs(run) and "Run Main" in w.log(run, "only"))
        (token,) = (found.value for found in w.forge.state.all(Token) if found.kind == "job")
        gate.touch()
        await w.finished(run)
        log = w.log(run, "only")
        assert run.conclusion in ("success", "failure"), log  # grep fails where it finds nothing
        assert "Z leaked to" not in log
        assert token[::-1] not in log

    play({"w.yml": text}, scene)


@pytest.mark.parametrize(
    ("step", "named"),
    [
        ("uses: somebody/thing@v1", "somebody/thing@v1 is not known"),
        ("uses: actions/cache@v4", "actions/cache@v4 is not known"),
        (
            "uses: actions/checkout@v4\n        with: {submodules: true}",
            "input submodules is not implemented",
        ),
        ("run: echo ${{ needs.other.outputs.x }}", "`needs` inside a job is not implemented"),
    ],
)
def test_what_the_runner_cannot_do_fails_the_job_and_is_named_in_its_log(
    play: Play, step: str, named: str
) -> None:
    async def scene(w: World) -> None:
        run = await w.finished(await w.dispatch())
        assert run.conclusion == "failure"
        assert named in w.log(run, "only")

    play({"w.yml": one_step("true").replace("run: true", step)}, scene)


def test_an_action_of_ours_runs_from_its_folder_with_what_it_uses(play: Play, tmp_path: Path) -> None:
    action = tmp_path / "action"
    action.mkdir()
    (action / "action.yml").write_text(
        textwrap.dedent("""
            name: ours
            description: ours
            inputs: {stage: {required: true, description: which}}
            runs:
              using: composite
              steps:
                - uses: actions/setup-python@v5
                - shell: bash
                  env: {STAGE: "${{ inputs.stage }}"}
                  run: echo "stage $STAGE" > stage.txt
                - uses: actions/upload-artifact@v4
                  with: {name: stage, path: stage.txt, if-no-files-found: error}
            """)
    )

    async def scene(w: World) -> None:
        run = await w.finished(await w.dispatch())
        assert run.conclusion == "success", w.log(run, "only")
        artifacts = (await w.client.get("/actions/artifacts")).json()["artifacts"]
        assert [one["name"] for one in artifacts] == ["stage"]

    text = one_step("true").replace(
        "run: true", "uses: Beadwright/Beadwright@0123abc\n        with: {stage: agent}"
    )
    play({"w.yml": text}, scene, actions={"beadwright/beadwright": action})


def test_a_job_whose_need_failed_is_skipped_unless_it_says_otherwise(play: Play) -> None:
    text = """
        name: chain
        on: workflow_dispatch
        jobs:
          bad: {runs-on: ubuntu-latest, steps: [{run: exit 3}]}
          skipped: {needs: bad, runs-on: ubuntu-latest, steps: [{run: echo no}]}
          further: {needs: [skipped], runs-on: ubuntu-latest, steps: [{run: echo no}]}
          anyway: {needs: bad, if: "!cancelled()", runs-on: ubuntu-latest, steps: [{run: echo yes}]}
          told:
            needs: bad
            if: failure() && needs.bad.result == 'failure'
            runs-on: ubuntu-latest
            steps: [{run: echo yes}]
        """

    async def scene(w: World) -> None:
        run = await w.finished(await w.dispatch())
        assert run.conclusion == "failure"
        assert {key: job.conclusion for key, job in w.jobs(run).items()} == {
            "bad": "failure",
            "skipped": "skipped",
            "further": "skipped",
            "anyway": "success",
            "told": "success",
        }

    play({"w.yml": text}, scene)


def test_what_ran_when_the_runner_died_has_failed_after_a_restart(tmp_path: Path) -> None:
    async def main() -> None:
        workflows = {"w.yml": one_step("sleep 60")}
        async with open_world(tmp_path, workflows) as w:
            run = await w.dispatch()
            await w.until(lambda: "only" in w.jobs(run) and w.jobs(run)["only"].status == "in_progress")
            again = Runner(w.forge.state, w.forge.base_url, actions={}, tool_cache=tmp_path, path=PATH)
            await again.start()  # a second one sees what it would see after a crash of the first
            assert (run.status, run.conclusion) == ("completed", "failure")
            assert w.jobs(run)["only"].conclusion == "failure"
            assert "The runner was lost" in w.log(run, "only")
            await again.stop()

    asyncio.run(main())


def test_a_push_runs_the_workflow_at_that_commit_and_its_check_is_on_the_head(
    play: Play, tmp_path: Path
) -> None:
    text = (
        one_step("cat new.txt")
        .replace("on: workflow_dispatch", "on: push")
        .replace("      - run: cat", "      - uses: actions/checkout@v5\n      - run: cat")
    )

    async def scene(w: World) -> None:
        token = w.client.headers["authorization"].removeprefix("Bearer ")
        url = w.forge.base_url.replace("http://", f"http://octo:{token}@") + "/octo/sample.git"
        clone = tmp_path / "clone"
        environment = {
            "PATH": PATH, "HOME": str(tmp_path), "GIT_AUTHOR_NAME": "o", "GIT_AUTHOR_EMAIL": "o@example.org",
            "GIT_COMMITTER_NAME": "o", "GIT_COMMITTER_EMAIL": "o@example.org",
        }  # fmt: skip

        def push() -> str:
            def git(*arguments: str) -> str:
                done = subprocess.run(
                    ["git", *arguments],
                    cwd=tmp_path,
                    env=environment,
                    check=True,
                    capture_output=True,
                    text=True,
                )
                return done.stdout.strip()

            git("clone", "-q", url, str(clone))
            (clone / "new.txt").write_text("fresh\n")
            git("-C", str(clone), "add", "new.txt")
            git("-C", str(clone), "commit", "-q", "-m", "Add new")
            git("-C", str(clone), "push", "-q", "origin", "main")
            return git("-C", str(clone), "rev-parse", "HEAD")

        sha = await asyncio.to_thread(push)
        await w.until(lambda: any(True for _ in w.forge.state.all(Run)))
        (run,) = w.forge.state.all(Run)
        await w.finished(run)
        assert (run.conclusion, run.head_sha, run.display_title) == ("success", sha, "Add new"), w.log(
            run, "only"
        )
        checks = (await w.client.get(f"/commits/{sha}/check-runs")).json()["check_runs"]
        assert [(c["name"], c["conclusion"], c["app"]["slug"]) for c in checks] == [
            ("only", "success", "github-actions")
        ]

    play({"w.yml": text}, scene)
