"""Check runs and commit statuses: what Apps and people say of a commit, and what it adds up to.

https://docs.github.com/en/rest/checks and …/pull-requests/collaborating-with-pull-requests/
collaborating-on-repositories-with-code-quality-features/about-status-checks
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from bot.local.forge.git_objects import GitDir
from bot.local.forge.http import ROLES, Refused, invalid, not_found, role_of
from bot.local.forge.records import (
    Account,
    App,
    CheckRun,
    CheckSuite,
    CommitStatus,
    Repository,
)
from bot.local.forge.state import Signal, State

GREEN = frozenset({"success", "neutral", "skipped"})
CONCLUSIONS = GREEN | {"failure", "cancelled", "timed_out", "action_required", "stale"}
MAX_ANNOTATIONS = 50
MAX_TEXT = 65_535
Verdict = Literal["expected", "pending", "failing", "green"]
RANK: tuple[Verdict, ...] = ("green", "pending", "failing")


def suite_of(
    state: State, repository: Repository, app: App, sha: str, branch: str | None = None
) -> CheckSuite:
    """The App's own check suite of a commit (not that of a workflow run), made when there is none."""
    for suite in state.find(CheckSuite, repo_id=repository.id, head_sha=sha):
        if suite.app_id == app.id and suite.run_id is None:
            return suite
    if branch is None:
        heads = GitDir(state.git_dir(repository)).refs("refs/heads/")
        branch = next((name.removeprefix("refs/heads/") for name, tip in heads.items() if tip == sha), None)
    now = state.now()
    suite = CheckSuite(
        id=state.new_id(),
        repo_id=repository.id,
        app_id=app.id,
        head_sha=sha,
        head_branch=branch,
        created_at=now,
        updated_at=now,
    )
    return state.put(suite)


def create_run(
    state: State,
    app_id: int,
    repository: Repository,
    sha: str,
    name: str,
    *,
    suite: CheckSuite | None = None,
    job_id: int | None = None,
    **fields: Any,
) -> CheckRun:
    """Make a check run in the App's suite of the commit (or in `suite`). `fields` as for `update_run`.

    Raises:
        Refused: 422 for an unknown commit or a field that GitHub would refuse.
    """
    app = state.get(App, app_id)
    if GitDir(state.git_dir(repository)).kind(sha) != "commit":
        raise invalid(f"No commit found for SHA: {sha}")
    if not name:
        raise invalid('Invalid request.\n\n"name" wasn\'t supplied.')
    _check(fields)
    suite = suite or suite_of(state, repository, app, sha)
    run = CheckRun(
        id=state.new_id(),
        repo_id=repository.id,
        suite_id=suite.id,
        app_id=app.id,
        head_sha=sha,
        name=name,
        job_id=job_id,
    )
    _set(state, run, fields)
    if run.status == "in_progress" or run.started_at is None:
        run.started_at = run.started_at or state.now()
    state.put(run)
    _touch_suite(state, suite)
    _tell(state, app, run, "created")
    if run.status == "completed":
        _completed(state, app, run, suite)
    return run


def update_run(state: State, run: CheckRun, **fields: Any) -> CheckRun:
    """Change a check run: name, status, conclusion, external_id, details_url, started_at, completed_at,
    title, summary, text, annotations (added to those there are), actions. Raises Refused(422).

    One that is completed stays so; its conclusion can still be another. (3P: GitHub's staff on
    https://github.com/orgs/community/discussions/24761, Mergifyio/mergify#1989.)
    """
    _check(fields)
    was = run.status
    if was == "completed":
        fields["status"] = "completed"
        fields["conclusion"] = fields.get("conclusion") or run.conclusion
    _set(state, run, fields)
    state.put(run)
    app = state.get(App, run.app_id)
    suite = state.get(CheckSuite, run.suite_id)
    _touch_suite(state, suite)
    if run.status == "completed" and was != "completed":
        _completed(state, app, run, suite)
    return run


def rerequest_run(state: State, actor: Account, run: CheckRun) -> None:
    """Ask the check's App to run it again: it is told, and nothing else changes."""
    _tell(state, actor, run, "rerequested")


def request_action(state: State, actor: Account, run: CheckRun, identifier: str) -> None:
    """Press one of the check's buttons: its App is told, and nothing else changes.

    Raises Refused(403) for somebody without write access, Refused(404) for a button that it does not have.
    https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-checks#check-runs-and-requested-actions
    """
    role = role_of(state, actor, state.get(Repository, run.repo_id))
    if ROLES.index(role) < ROLES.index("write"):
        raise Refused(403, "Must have push access to repository.")
    if all(action["identifier"] != identifier for action in run.actions):
        raise not_found()
    _tell(state, actor, run, "requested_action", requested_action={"identifier": identifier})


def set_status(
    state: State,
    actor: Account,
    repository: Repository,
    sha: str,
    status: Literal["error", "failure", "pending", "success"],
    *,
    context: str = "default",
    description: str | None = None,
    target_url: str | None = None,
) -> CommitStatus:
    """Say something of a commit. Raises Refused(422)."""
    if GitDir(state.git_dir(repository)).kind(sha) != "commit":
        raise invalid(f"No commit found for SHA: {sha}")
    record = CommitStatus(
        id=state.new_id(),
        repo_id=repository.id,
        sha=sha,
        context=context,
        state=status,
        description=description,
        target_url=target_url,
        creator_id=actor.id,
        created_at=state.now(),
    )
    state.put(record)
    state.signal(Signal("status", None, repository.id, actor.id, {"status": record.id}))
    return record


# -- reading ----------------------------------------------------------------------------------------------
def latest_runs(runs: Iterable[CheckRun]) -> list[CheckRun]:
    """Of each App's check runs of one name the newest, oldest first."""
    newest = {(run.app_id, run.name): run for run in sorted(runs, key=lambda run: run.id)}
    return sorted(newest.values(), key=lambda run: run.id)


def runs_of(state: State, repository: Repository, sha: str) -> list[CheckRun]:
    """The newest check runs of a commit."""
    return latest_runs(state.find(CheckRun, repo_id=repository.id, head_sha=sha))


def statuses_of(state: State, repository: Repository, sha: str) -> list[CommitStatus]:
    """The newest status of each context of a commit."""
    found = state.find(CommitStatus, repo_id=repository.id, sha=sha)
    return list({status.context: status for status in found}.values())


def run_verdict(run: CheckRun) -> Verdict:
    """What one check run says."""
    if run.status != "completed":
        return "pending"
    return "green" if run.conclusion in GREEN else "failing"


def status_verdict(status: CommitStatus) -> Verdict:
    """What one status says."""
    return {"success": "green", "pending": "pending"}.get(status.state, "failing")  # type: ignore[return-value]


def verdict(
    state: State, repository: Repository, sha: str, context: str, app_id: int | None = None
) -> Verdict:
    """What a commit's checks and statuses of that name add up to, of that App only when it is given."""
    found = [
        run_verdict(run)
        for run in runs_of(state, repository, sha)
        if run.name == context and app_id in (None, run.app_id)
    ]
    for status in statuses_of(state, repository, sha):
        author = state.one(App, bot_id=status.creator_id)
        if status.context == context and (app_id is None or (author is not None and author.id == app_id)):
            found.append(status_verdict(status))
    return max(found, key=RANK.index, default="expected")


def verdicts(state: State, repository: Repository, sha: str) -> list[Verdict]:
    """What each newest check run and each newest status of a commit says."""
    runs = [run_verdict(run) for run in runs_of(state, repository, sha)]
    return runs + [status_verdict(status) for status in statuses_of(state, repository, sha)]


def combined_state(statuses: Sequence[CommitStatus]) -> str:
    """The `state` of the combined status: failure, pending (also of none at all) or success."""
    if any(status.state in ("error", "failure") for status in statuses):
        return "failure"
    if not statuses or any(status.state == "pending" for status in statuses):
        return "pending"
    return "success"


def suite_state(state: State, suite: CheckSuite) -> tuple[str, str | None]:
    """A suite's status and conclusion."""
    runs = latest_runs(state.find(CheckRun, suite_id=suite.id))
    if not runs:
        return "queued", None
    if any(run.status != "completed" for run in runs):
        return ("queued", None) if all(run.status == "queued" for run in runs) else ("in_progress", None)
    ends = {run.conclusion for run in runs}
    order = ("action_required", "timed_out", "cancelled", "failure", "stale", "success", "neutral", "skipped")
    return "completed", next((end for end in order if end in ends), None)


# -- inside -----------------------------------------------------------------------------------------------
def _check(fields: Mapping[str, Any]) -> None:
    conclusion = fields.get("conclusion")
    if conclusion is not None and conclusion not in CONCLUSIONS:
        raise invalid(f"Invalid request.\n\n{conclusion} is not a member of conclusion.")
    if fields.get("status") == "completed" and conclusion is None:
        raise invalid('Invalid request.\n\n"conclusion" wasn\'t supplied.')
    if fields.get("status") not in (None, "queued", "in_progress", "completed"):
        raise invalid(f"Invalid request.\n\n{fields['status']} is not a member of status.")
    if len(fields.get("annotations") or ()) > MAX_ANNOTATIONS:
        raise invalid("Invalid request.\n\nNo more than 50 items are allowed in annotations.")
    for name in ("summary", "text"):
        if len((fields.get(name) or "").encode()) > MAX_TEXT:
            raise invalid(f"Invalid request.\n\nOnly {MAX_TEXT} characters are allowed in {name}.")
    actions = fields.get("actions") or ()
    if len(actions) > 3:
        raise invalid("Invalid request.\n\nNo more than 3 items are allowed in actions.")
    for action in actions:
        for name, most in (("label", 20), ("description", 40), ("identifier", 20)):
            if not 0 < len(action.get(name, "")) <= most:
                raise invalid(f"Invalid request.\n\nOnly {most} characters are allowed in {name}.")


def _set(state: State, run: CheckRun, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        if name == "annotations":
            run.annotations = [*run.annotations, *(value or [])]
        elif value is not None:
            setattr(run, name, value)
    if fields.get("conclusion") is not None:
        run.status = "completed"
    if run.status == "completed":
        run.completed_at = run.completed_at or state.now()
        run.started_at = run.started_at or run.completed_at
    elif fields.get("status") is not None:
        run.conclusion = run.completed_at = None
    for name in ("started_at", "completed_at"):
        at = getattr(run, name)
        assert at is None or isinstance(at, datetime)


def _touch_suite(state: State, suite: CheckSuite) -> None:
    suite.updated_at = state.now()
    state.put(suite)


def _tell(state: State, sender: App | Account, run: CheckRun, action: str, **extra: object) -> None:
    sender_id = sender.bot_id if isinstance(sender, App) else sender.id
    about = {"check_run": run.id, "check_suite": run.suite_id}
    state.signal(Signal("check_run", action, run.repo_id, sender_id, about, extra))


def _completed(state: State, app: App, run: CheckRun, suite: CheckSuite) -> None:
    _tell(state, app, run, "completed")
    if suite_state(state, suite)[0] == "completed":
        about = {"check_suite": suite.id}
        state.signal(Signal("check_suite", "completed", run.repo_id, app.bot_id, about))
