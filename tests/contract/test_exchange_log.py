"""A forge's log is read whole, and each distinct problem in it is told once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.contract.exchange_log import assert_log_fits, check_log

pytestmark = pytest.mark.usefixtures("published")

REST = {
    "kind": "rest",
    "caller": "installation",
    "method": "GET",
    "path": "/repos/octo/hello/branches/main/protection/enforce_admins",
    "query": "",
    "request": None,
    "status": 200,
    "content_type": "application/json; charset=utf-8",
    "response": {"url": "https://api.github.com/x", "enabled": True},
}
GRAPHQL = {
    "kind": "graphql",
    "request": {"query": "{ viewer { login } }"},
    "status": 200,
    "response": {"data": {"viewer": {"login": "octo"}}},
}


def log_of(tmp_path: Path, *lines: object) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_a_log_that_fits_passes(tmp_path: Path) -> None:
    log = log_of(tmp_path, REST, GRAPHQL)
    assert check_log(log) == []
    assert_log_fits(log)


def test_a_problem_met_often_is_told_once_with_its_count_and_first_line(tmp_path: Path) -> None:
    wrong = {**REST, "response": {"url": "https://api.github.com/x", "enabled": "yes"}}
    name = "GET /repos/{owner}/{repo}/branches/{branch}/protection/enforce_admins 200"
    assert check_log(log_of(tmp_path, REST, wrong, wrong)) == [
        f'{name}: answer.enabled: the value is not of type "boolean" (2 times, first in line 2)'
    ]


def test_a_failure_names_the_problem(tmp_path: Path) -> None:
    log = log_of(tmp_path, {**REST, "path": "/beads"})
    with pytest.raises(AssertionError, match="GET /beads: no such operation"):
        assert_log_fits(log)


def test_a_document_that_was_executed_must_be_githubs_and_one_that_was_refused_need_not(
    tmp_path: Path,
) -> None:
    strange = {**GRAPHQL, "request": {"query": "{ beads { id } }"}}
    refused = {**strange, "response": {"errors": [{"message": "Cannot query field 'beads'"}]}}
    assert check_log(log_of(tmp_path, refused)) == []
    (problem,) = check_log(log_of(tmp_path, strange))
    assert problem.startswith("GraphQL: Cannot query field 'beads'")


def test_deliveries_are_compared(tmp_path: Path) -> None:
    delivery = {"kind": "webhook", "event": "issues", "payload": {"action": "befriended"}}
    (problem,) = check_log(log_of(tmp_path, delivery))
    assert problem.startswith("webhook issues-befriended: no such event and action")


@pytest.mark.parametrize("line", [{"kind": "soap"}, {**REST, "status": "fine"}, [1]])
def test_a_line_that_is_no_exchange_is_a_problem(tmp_path: Path, line: object) -> None:
    (problem,) = check_log(log_of(tmp_path, line))
    assert problem.startswith("not a line of an exchange log")


def test_a_log_with_nothing_in_it_is_a_problem(tmp_path: Path) -> None:
    assert check_log(log_of(tmp_path)) == ["log.jsonl: no exchange was logged"]
    assert check_log(tmp_path / "absent.jsonl") == ["absent.jsonl: no exchange was logged"]
