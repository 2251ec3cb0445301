"""What a job reads of an epic, in two requests: the issues below it, and what was merged for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pydantic import TypeAdapter

from bot.beads.answer_parts import ReportError
from bot.beads.coverage import KeptCoverage, coverage_ref, load_kept_coverage
from bot.beads.openspec import is_proposal
from bot.coordinator.job_port import EpicBead, EpicFacts, JobFault, MergedPull
from bot.github import runner_shapes as shapes

Ask = Callable[[str, Mapping[str, object]], dict[str, object]]
"""Sends a GraphQL document with its variables; raises JobFault where GitHub refuses."""
PARTS = TypeAdapter(dict[str, dict[str, object]])
MOST_IN_EPIC = 300
"""How many issues below an epic are looked at; five pull requests of each, with a hundred files, stay within
what GitHub lets one query ask for."""
DROPPED = frozenset({"NOT_PLANNED", "DUPLICATE"})

EPIC = """
query Epic($owner: String!, $name: String!, $bead: Int!) {
  repository(owner: $owner, name: $name) {
    id
    issue(number: $bead) {
      parent {
        number title body
        repository { id }
        subIssues(first: 100) {
          nodes {
            number title body state stateReason(enableDuplicate: true)
            repository { id }
            labels(first: 100) { nodes { name } }
            subIssues(first: 30) { nodes { number repository { id } } }
          }
        }
      }
    }
  }
}
"""
MERGED = """
fragment Merged on PullRequestConnection {
  nodes { number isCrossRepository mergeCommit { oid } files(first: 100) { nodes { path } } }
}
"""


def read_epic(ask: Ask, repository: str, bead: int) -> EpicFacts:
    """The epic of a bead, as `JobGitHub.epic` says it. Raises JobFault.

    A bead's pull requests are those of its branch, whoever merged them, and an epic's those of one worker who
    did it whole.
    """
    owner, name = repository.split("/")
    where: dict[str, object] = {"owner": owner, "name": name}
    answer = ask(EPIC, {**where, "bead": bead})
    found = shapes.EpicAnswer.model_validate(answer.get("data") or {}).repository
    epic = found.issue.parent if found is not None and found.issue is not None else None
    if found is None or epic is None or epic.repository.id != found.id:
        raise JobFault(f"#{bead} is no sub-issue of an epic of {repository}")
    children = [one for one in epic.subIssues.nodes if one.repository.id == found.id]
    below = {
        one.number: [deeper.number for deeper in one.subIssues.nodes if deeper.repository.id == found.id]
        for one in children
    }
    every = dict.fromkeys((epic.number, *below, *(one for deeper in below.values() for one in deeper)))
    if len(every) > MOST_IN_EPIC:
        raise JobFault(f"epic #{epic.number} has more than {MOST_IN_EPIC} issues below it")
    data = ask(epic_pulls(list(every)), {**where, "kept": coverage_ref(epic.number)})
    parts = PARTS.validate_python(data.get("data") or {})["repository"]
    kept = shapes.Ref.model_validate(parts["kept"]) if parts.get("kept") else None
    at = kept.target if kept is not None else None
    return EpicFacts(
        number=epic.number,
        title=epic.title,
        body=epic.body,
        beads=tuple(_epic_bead(one, _merged(parts, (one.number, *below[one.number]))) for one in children),
        pulls=_merged(parts, (epic.number,)),
        kept=at.oid if at is not None else None,
        coverage=_coverage(at.message or "") if at is not None else None,
    )


def epic_pulls(beads: Sequence[int]) -> str:
    """The document that asks for the merged pull requests of an epic and its beads, and for what is kept of
    it."""
    fields = [
        f'b{bead}: pullRequests(headRefName: "bead/{bead}", states: [MERGED], last: 5) {{ ...Merged }}'
        for bead in beads
    ]
    kept = "kept: ref(qualifiedName: $kept) { target { oid ... on Commit { message } } }"
    return (
        "query EpicPulls($owner: String!, $name: String!, $kept: String!) {"
        f" repository(owner: $owner, name: $name) {{ {kept} {' '.join(fields)} }} }}"
        f"{MERGED}"
    )


def _epic_bead(found: shapes.Child, pulls: tuple[MergedPull, ...]) -> EpicBead:
    return EpicBead(
        number=found.number,
        title=found.title,
        body=found.body,
        open=found.state == "OPEN",
        dropped=found.state == "CLOSED" and found.stateReason in DROPPED,
        labels=tuple(label.name for label in found.labels.nodes),
        pulls=pulls,
    )


def _merged(parts: Mapping[str, object], beads: Sequence[int]) -> tuple[MergedPull, ...]:
    """The merged pull requests of these beads in the answer to `epic_pulls`, without what merely proposed."""
    found = (
        MergedPull(one.number, one.mergeCommit.oid, tuple(file.path for file in one.files.nodes))
        for bead in beads
        for one in shapes.MergedPulls.model_validate(parts[f"b{bead}"]).nodes
        if one.mergeCommit is not None and one.files is not None and not one.isCrossRepository
    )
    return tuple(one for one in found if not is_proposal(one.files))


def _coverage(message: str) -> KeptCoverage | None:
    """What is kept of an epic; what cannot be read (any more) says nothing."""
    try:
        return load_kept_coverage(message)
    except ReportError:
        return None
