"""Which workflows an event starts: pushes, pull requests, merge groups (dispatches are `actions.dispatch`).

What the job token of a run did starts nothing, as on GitHub; its account is the App "github-actions"'s bot.
A pull request's workflow is read from its merge commit, so one that conflicts runs nothing.
https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bot.local.forge import actions, workflow_files
from bot.local.forge.records import Account, Issue, Pull, Repository, Workflow
from bot.local.forge.state import Signal, State
from bot.local.runner.workflow import WorkflowError, parse

PULL_TYPES = ("opened", "synchronize", "reopened")
PULL_FILTERS = {"types", "branches", "branches-ignore", "paths", "paths-ignore"}
PUSH_FILTERS = {"branches", "branches-ignore", "tags", "tags-ignore", "paths", "paths-ignore"}
SKIP = re.compile(r"\[(skip ci|ci skip|no ci|skip actions|actions skip)\]")

Payload = Callable[[Signal], Mapping[str, Any]]


def watch(state: State, payload_of: Payload) -> None:
    """Start runs for whatever happens from now on; `payload_of` renders the event as its webhook has it."""

    def on_signal(signal: Signal) -> None:
        if signal.event not in ("push", "pull_request", "merge_group"):
            return
        if signal.sender_id == actions.actions_app(state).bot_id:
            return
        if not state.get(Repository, signal.repo_id).actions_enabled:
            return
        if signal.event == "push":
            _on_push(state, signal, payload_of)
        elif signal.event == "merge_group":
            _on_merge_group(state, signal, payload_of)
        else:
            _on_pull_request(state, signal, payload_of)
        state.commit()

    state.subscribers.append(on_signal)


def _on_push(state: State, signal: Signal, payload_of: Payload) -> None:
    repository = state.get(Repository, signal.repo_id)
    ref, before, after = str(signal.extra["ref"]), str(signal.extra["before"]), str(signal.extra["after"])
    if after == workflow_files.ZERO or not ref.startswith(("refs/heads/", "refs/tags/")):
        return
    sha = workflow_files.resolve(state, repository, after)
    head = workflow_files.head(state, repository, after)
    if sha is None or head is None or SKIP.search(head.message):
        return
    for path in workflow_files.paths(state, repository, sha):
        filters, wrong = _trigger(state, repository, sha, path, "push", PUSH_FILTERS)
        if filters is None:
            continue
        if not wrong and not (
            ref_matches(filters, ref)
            and (
                ref.startswith("refs/tags/")
                or paths_match(filters, lambda: workflow_files.changed(state, repository, before, after))
            )
        ):
            continue
        _start(
            state,
            signal,
            repository,
            actions.register(state, repository, sha, path),
            wrong,
            ref=ref,
            checkout_sha=sha,
            head_sha=sha,
            head_branch=actions.ref_name(ref),
            payload=payload_of(signal),
            title=(head.message.splitlines() or [""])[0],
        )


def _on_pull_request(state: State, signal: Signal, payload_of: Payload) -> None:
    repository = state.get(Repository, signal.repo_id)
    pull = state.get(Pull, signal.about["pull"])
    ref = f"refs/pull/{pull.number}/merge"
    sha = workflow_files.resolve(state, repository, ref)
    head = workflow_files.head(state, repository, pull.head_sha)
    merged = workflow_files.head(state, repository, sha) if sha else None
    if sha is None or head is None or merged is None or SKIP.search(head.message):
        return
    if pull.head_sha not in merged.parents:
        return  # it conflicts with its base: the merge commit is of an earlier head
    base = f"refs/heads/{pull.base_ref}"
    for path in workflow_files.paths(state, repository, sha):
        filters, wrong = _trigger(state, repository, sha, path, "pull_request", PULL_FILTERS)
        if filters is None:
            continue
        types = filters.get("types") or PULL_TYPES
        types = [types] if isinstance(types, str) else types
        if signal.action not in types:
            continue
        if not wrong and not (
            ref_matches(filters, base)
            and paths_match(
                filters,
                lambda: workflow_files.changed_by_branch(state, repository, base, pull.head_sha),
            )
        ):
            continue
        _start(
            state,
            signal,
            repository,
            actions.register(state, repository, sha, path),
            wrong,
            ref=ref,
            checkout_sha=sha,
            head_sha=pull.head_sha,
            head_branch=pull.head_ref,
            payload=payload_of(signal),
            title=state.get(Issue, pull.issue_id).title,
            pull=pull,
        )


def _on_merge_group(state: State, signal: Signal, payload_of: Payload) -> None:
    if signal.action != "checks_requested":
        return
    repository = state.get(Repository, signal.repo_id)
    ref, sha = str(signal.extra["head_ref"]), str(signal.extra["head_sha"])
    head = workflow_files.head(state, repository, sha)
    assert head is not None
    for path in workflow_files.paths(state, repository, sha):
        filters, wrong = _trigger(state, repository, sha, path, "merge_group", {"types"})
        if filters is None:
            continue
        _start(
            state,
            signal,
            repository,
            actions.register(state, repository, sha, path),
            wrong,
            ref=ref,
            checkout_sha=sha,
            head_sha=sha,
            head_branch=actions.ref_name(ref),
            payload=payload_of(signal),
            title=(head.message.splitlines() or [""])[0],
        )


def _trigger(
    state: State, repository: Repository, sha: str, path: str, event: str, known: set[str]
) -> tuple[Mapping[str, Any] | None, str | None]:
    """The event's filters in a workflow file (None: it does not listen), and what is wrong with the file."""
    text = workflow_files.read(state, repository, sha, path) or ""
    try:
        parsed = parse(text, path)
    except WorkflowError as error:
        # GitHub also shows a failed run for a file that it cannot read, whatever the event.
        return ({}, str(error)) if event == "push" else (None, None)
    filters = parsed.triggers.get(event)
    if filters is None:
        return None, None
    unknown = sorted(set(filters) - known)
    wrong = f"on.{event}.{unknown[0]} is not implemented by this forge" if unknown else None
    return filters, wrong


def _start(
    state: State,
    signal: Signal,
    repository: Repository,
    workflow: Workflow,
    wrong: str | None,
    **about: Any,
) -> None:
    if workflow.state != "active":
        return
    actor = state.get(Account, signal.sender_id)
    run = actions.start_run(state, actor, repository, workflow, event=signal.event, **about)
    if wrong and run.status != "completed":
        actions.refuse_run(state, run, wrong)


# -- filters ----------------------------------------------------------------------------------------------
def ref_matches(filters: Mapping[str, Any], ref: str) -> bool:
    """Whether `branches`, `tags` and their `-ignore` forms let a full ref name through."""
    kind, other = ("tags", "branches") if ref.startswith("refs/tags/") else ("branches", "tags")
    name = actions.ref_name(ref)
    if filters.get(kind) is not None:
        return matches(_list(filters[kind]), name)
    if filters.get(f"{kind}-ignore") is not None:
        return not matches(_list(filters[f"{kind}-ignore"]), name)
    return filters.get(other) is None and filters.get(f"{other}-ignore") is None


def paths_match(filters: Mapping[str, Any], changed: Callable[[], Iterable[str]]) -> bool:
    """Whether `paths` or `paths-ignore` let a change through; `changed` is asked only when they are there."""
    if filters.get("paths") is not None:
        return any(matches(_list(filters["paths"]), path) for path in changed())
    if filters.get("paths-ignore") is not None:
        return any(not matches(_list(filters["paths-ignore"]), path) for path in changed())
    return True


def matches(patterns: Iterable[str], name: str) -> bool:
    """GitHub's filter patterns, the last one that matches wins; ``!`` takes away.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet
    """
    inside = False
    for pattern in patterns:
        body = pattern.removeprefix("!")
        if re.fullmatch(_expression(body), name):
            inside = not pattern.startswith("!")
    return inside


def _expression(pattern: str) -> str:
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "?", "+": "+"}
    return "".join(
        parts.get(token) or (token if token.startswith("[") else re.escape(token.removeprefix("\\")))
        for token in re.findall(r"\*\*/|\*\*|\*|\?|\+|\[[^\]]+\]|\\.|.", pattern, re.DOTALL)
    )


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(entry) for entry in value]
