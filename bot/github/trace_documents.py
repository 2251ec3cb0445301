"""The GraphQL documents that a trace reads by; every one goes to GitHub with a person's token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.beads.coverage import coverage_ref

PULLS = 20
"""How many pull requests of one branch are read, the newest."""

_PULL = """
fragment TracedPull on PullRequest {
  id number title body state headRefName isCrossRepository
  mergeCommit { oid }
  files(first: 100) { pageInfo { hasNextPage endCursor } nodes { path changeType } }
}
"""

MORE_FILES = """
query MoreFiles($pull: ID!, $after: String!) {
  node(id: $pull) {
    ... on PullRequest {
      files(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes { path changeType } }
    }
  }
}
"""

BASE = """
query Base($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    defaultBranchRef {
      name
      target { ... on Commit { history(first: 100) { nodes { oid } } } }
    }
  }
}
"""


def branches_document(branches: Sequence[str]) -> tuple[str, dict[str, object]]:
    """The pull requests of each of these branches (`b0`, …), and the document's own variables."""
    newest = f"first: {PULLS}, orderBy: {{field: CREATED_AT, direction: DESC}}"
    fields = "".join(
        f"b{index}: pullRequests(headRefName: $b{index}, {newest}) {{ nodes {{ ...TracedPull }} }}\n"
        for index in range(len(branches))
    )
    names: dict[str, object] = {f"b{index}": name for index, name in enumerate(branches)}
    return _in_repository("Branches", fields, names) + _PULL, names


def pulls_document(numbers: Iterable[int]) -> str:
    """These pull requests (`p12`, …)."""
    fields = "".join(
        f"p{number}: pullRequest(number: {number}) {{ ...TracedPull }}\n" for number in sorted(set(numbers))
    )
    return _in_repository("Pulls", fields, {}) + _PULL


def texts_document(paths: Sequence[str]) -> tuple[str, dict[str, object]]:
    """The files at these paths of the default branch (`t0`, …), and the document's own variables."""
    fields = "".join(
        f"t{index}: object(expression: $t{index}) {{ ... on Blob {{ text isTruncated }} }}\n"
        for index in range(len(paths))
    )
    names: dict[str, object] = {f"t{index}": f"HEAD:{path}" for index, path in enumerate(paths)}
    return _in_repository("Texts", fields, names), names


def coverage_document(epics: Iterable[int]) -> str:
    """What is kept of the coverage of each of these epics (`c12`, …)."""
    fields = "".join(
        f'c{epic}: ref(qualifiedName: "{coverage_ref(epic)}") {{ target {{ ...Kept }} }}\n'
        for epic in sorted(set(epics))
    )
    return _in_repository("Coverage", fields, {}) + "fragment Kept on Commit { message }\n"


def _in_repository(name: str, fields: str, variables: Mapping[str, object]) -> str:
    declared = "".join(f", ${alias}: String!" for alias in variables)
    return f"""
query {name}($owner: String!, $name: String!{declared}) {{
  repository(owner: $owner, name: $name) {{
    {fields}
  }}
}}
"""
