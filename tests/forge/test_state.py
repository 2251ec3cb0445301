"""The forge's memory: what is taken back, what is found by its fields."""

from __future__ import annotations

from pathlib import Path

from bot.local.forge import issues, world
from bot.local.forge.records import Issue
from bot.local.forge.state import Signal, State


def test_what_is_rolled_back_was_never_there_and_is_told_to_nobody(tmp_path: Path) -> None:
    state = State(tmp_path)
    heard: list[Signal] = []
    owner, _token = world.create_user(state, "octo")
    repository = world.create_repository(state, owner, "sample", files={})
    issue = issues.create_issue(state, owner, repository, "Kept")
    state.commit()
    state.subscribers.append(heard.append)
    issues.rename(state, owner, issue, "Changed")
    issues.create_issue(state, owner, repository, "Never")
    state.rollback()
    state.commit()
    assert [found.title for found in state.all(Issue)] == ["Kept"]
    assert state.one(Issue, repo_id=repository.id, number=2) is None
    assert heard == []
    state.close()
    again = State(tmp_path)
    assert [found.title for found in again.all(Issue)] == ["Kept"]
    again.close()


def test_what_was_dropped_comes_back_by_a_rollback_and_keeps_its_index(tmp_path: Path) -> None:
    state = State(tmp_path)
    owner, _token = world.create_user(state, "octo")
    repository = world.create_repository(state, owner, "sample", files={})
    issue = issues.create_issue(state, owner, repository, "Back")
    state.commit()
    state.drop(issue)
    assert state.one(Issue, repo_id=repository.id, number=1) is None
    state.rollback()
    found = state.one(Issue, repo_id=repository.id, number=1)
    assert found is not None
    assert found.title == "Back"
    state.close()
