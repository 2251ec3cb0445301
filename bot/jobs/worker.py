"""What a worker left behind: its answer, its edits as one bundle, and how the gates judged them."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Sequence

from bot.beads.answer_parts import ReportError
from bot.beads.report import Report, WorkerAnswer, load_worker_answer
from bot.beads.report_page import Page, page_faults
from bot.coordinator.job_port import JobFault
from bot.engines.outcome import Enclosure, Ended, Outcome
from bot.jobs.gates import run_gates
from bot.jobs.git import AUTHOR
from bot.jobs.inputs import Inputs
from bot.jobs.plan import Plan

GATE_SECONDS = 15 * 60.0
GIT_SECONDS = 300.0
BUNDLE_LIMIT = 100_000_000  # bytes
SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "commit.gpgSign=false")


# What running a project leaves behind and nobody means to commit, where the project does not say so itself.
LEFTOVERS = (
    "__pycache__/",
    "*.py[cod]",
    "node_modules/",
    ".venv/",
    ".pytest_cache/",
    ".mypy_cache/",
    ".DS_Store",
)


class Repository:
    """git in the checkout, behind the wall: whatever its configuration runs now can reach nothing."""

    def __init__(self, enclosure: Enclosure) -> None:
        self._enclosure = enclosure
        self._ignored = enclosure.desk / "ignored"
        self._ignored.unlink(missing_ok=True)
        self._ignored.write_text("\n".join(LEFTOVERS) + "\n", encoding="utf-8")

    def run(self, *arguments: str) -> Ended:
        """One call, whatever its end."""
        names = {
            f"GIT_{who}_{key.upper()}": value
            for who in ("AUTHOR", "COMMITTER")
            for key, value in AUTHOR.items()
        }
        env = {
            **names,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_TERMINAL_PROMPT": "0",
        }
        ignored = f"core.excludesFile={self._ignored}"
        return self._enclosure.run(("git", *SAFE, "-c", ignored, *arguments), env=env, seconds=GIT_SECONDS)

    def text(self, *arguments: str) -> str:
        """What a call prints. Raises JobFault when it fails."""
        ended = self.run(*arguments)
        if ended.status != 0:
            raise JobFault(f"git {arguments[0]} in the checkout: {ended.output.strip()[-1_000:]}")
        return ended.output.removesuffix("\n")


def judge_work(inputs: Inputs, plan: Plan, outcome: Outcome, enclosure: Enclosure) -> Report:
    """The report of a worker's run. Raises JobFault when its checkout cannot be read any more."""
    repository = Repository(enclosure)
    answer, faults = _answer(outcome)
    faults += _left_conflicts(repository, plan)
    head = _commit(repository, inputs, plan)
    # Not by `start`: an earlier attempt may have finished the work without an answer that could be used.
    changed = head != plan.published or plan.merging
    done = answer is not None and answer.status in ("pr", "direct")
    gates = run_gates(plan.gates, enclosure, GATE_SECONDS) if changed and done and not faults else ()
    faults += [f"the gate {gate.name!r} fails" for gate in gates if gate.result == "fail"]
    if answer is not None and answer.status in ("pr", "direct") and not faults:
        if head == plan.base:
            faults.append(f"it says {answer.status!r} and left no change")
        elif not changed and not answer.threads and plan.owed:
            faults.append(f"it says {answer.status!r} and neither changed anything nor answered a thread")
    if plan.page is not None and done and not faults:
        faults += _page_faults(repository, plan, plan.page, head)
    if head != plan.base:
        _bundle(repository, inputs, plan, enclosure)
    return Report(
        bead=inputs.bead,
        role="worker",
        attempt=inputs.attempt,
        token=inputs.token,
        base=plan.base,
        head=head if head != plan.base else None,
        worker=answer,
        gates=gates,
        failure="; ".join(faults) or None,
        cost=outcome.cost,
    )


def _answer(outcome: Outcome) -> tuple[WorkerAnswer | None, list[str]]:
    if outcome.missing is not None or outcome.answer is None:
        return None, [outcome.missing or "it left no answer"]
    try:
        return load_worker_answer(outcome.answer), []
    except ReportError as error:
        return None, [str(error)]


def _left_conflicts(repository: Repository, plan: Plan) -> list[str]:
    if not plan.conflicts:
        return []
    marks = ("-e", "^<<<<<<< ", "-e", "^>>>>>>> ")
    found = repository.run(
        "grep", "-l", "-I", *marks, "--", *(f":(literal){name}" for name in plan.conflicts)
    )
    names = found.output.split("\n") if found.status == 0 else []
    return [f"a conflict is left in {name}" for name in names if name]


def _commit(repository: Repository, inputs: Inputs, plan: Plan) -> str:
    """Everything that is in the tree, committed; the head then. Partial work too."""
    _show_branch_again(repository, plan.restored)
    repository.text("add", "--all", "--", ".")
    staged = repository.run("diff", "--cached", "--quiet").status != 0
    merging = repository.run("rev-parse", "--quiet", "--verify", "MERGE_HEAD").status == 0
    if staged or merging:
        message = f"Work on bead #{inputs.bead}, attempt {inputs.attempt}"
        repository.text("commit", "--no-verify", "--allow-empty", "--quiet", "-m", message)
    head = repository.text("rev-parse", "--verify", "HEAD^{commit}")
    if repository.run("merge-base", "--is-ancestor", plan.start, head).status != 0:
        raise JobFault("its checkout no longer goes on from where it started")
    return head


def _page_faults(repository: Repository, plan: Plan, page: Page, head: str) -> tuple[str, ...]:
    """What is wrong with an epic's report."""
    listed = repository.text("diff", "--name-only", "--no-renames", "-z", plan.base, head)
    shown = repository.run("cat-file", "blob", f"{head}:{page.path}")
    text = shown.output if shown.status == 0 else None
    return page_faults(page, [name for name in listed.split("\0") if name], text)


def _show_branch_again(repository: Repository, restored: Sequence[str]) -> None:
    """The branch's own files again where only the base's were shown."""
    for name in restored:
        if repository.run("update-index", "--no-skip-worktree", "--", name).status == 0:
            repository.text("checkout", "HEAD", "--", f":(literal){name}")


def _bundle(repository: Repository, inputs: Inputs, plan: Plan, enclosure: Enclosure) -> None:
    """The commits as one file in the artifact."""
    made = enclosure.desk / "work.bundle"
    ref = "refs/beadwright/work"
    repository.text("update-ref", ref, "HEAD")
    known = [f"^{commit}" for commit in dict.fromkeys((plan.base, plan.published))]
    if repository.text("rev-list", "--count", ref, *known) == "0":
        return
    repository.text("bundle", "create", "--quiet", str(made), ref, *known)
    handle = os.open(made, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as source:
        status = os.fstat(source.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > BUNDLE_LIMIT:
            raise JobFault(f"the work is larger than {BUNDLE_LIMIT // 1_000_000} MB")
        with (inputs.out / "work.bundle").open("wb") as target:
            shutil.copyfileobj(source, target)
