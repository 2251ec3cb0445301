"""Every GraphQL document of ours is one that GitHub's published schema accepts."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.github import documents, trace_documents
from bot.github.runner_api import texts_document
from tests.contract.graphql_documents import check_document

WHERE: dict[str, object] = {"owner": "octo", "name": "sample"}
LABELLED: dict[str, object] = {**WHERE, "bead": "bead"}
LOOK: dict[str, object] = {**LABELLED, "base": "main", "app": 7}
DOCUMENTS: dict[str, tuple[str, dict[str, object]]] = {
    "observe": (documents.observe_document(), LOOK),
    "observe with focus": (documents.observe_document((3, 4), (7,)), LOOK),
    "observe an older GitHub": (documents.observe_document(older=True), LOOK),
    "observe with our comments": (documents.observe_document(comments=("x", "y")), LOOK),
    "observe whole beads": (documents.observe_document((), (7,), (7, 8)), LOOK),
    "observe with threads": (documents.observe_document(threads=True), {**LOOK, "threads": ["x"]}),
    "observe beads that end": (documents.observe_document(past=(3, 4)), LOOK),
    "past": (documents.past_document((3, 4)), WHERE),
    "trace: base": (trace_documents.BASE, WHERE),
    "trace: branches": (
        trace_documents.branches_document(("bead/3", "revert-4-bead/3"))[0],
        {**WHERE, "b0": "x", "b1": "y"},
    ),
    "trace: pulls": (trace_documents.pulls_document((3, 4)), WHERE),
    "trace: texts": (trace_documents.texts_document(("a.md",))[0], {**WHERE, "t0": "HEAD:a.md"}),
    "trace: coverage": (trace_documents.coverage_document((3, 4)), WHERE),
    "trace: more files": (trace_documents.MORE_FILES, {"pull": "x", "after": "y"}),
    "spoken": (documents.SPOKEN, {"threads": ["x"]}),
    "standings": (documents.standings_document((3, 4)), WHERE),
    "standings and focus": (documents.standings_document((3,), (7,)), WHERE),
    "focus": (documents.standings_document((), (7,)), WHERE),
    "default branch": (documents.DEFAULT_BRANCH, WHERE),
    "more beads": (documents.more_beads_document(), {**LABELLED, "after": "x"}),
    "more branches": (documents.MORE_BRANCHES, {**WHERE, "base": "main", "after": "x"}),
    "more labels": (documents.MORE_LABELS, {**WHERE, "after": "x"}),
    "more threads": (documents.MORE_THREADS, {"pull": "x", "after": "x"}),
    "comments": (documents.COMMENTS, {"subject": "x", "before": None}),
    "comments on several": (documents.comments_document(2), {"s0": "x", "s1": "y"}),
    "newest beads": (documents.NEWEST_BEADS, LABELLED),
    "labels": (documents.labels_document({"a": 3, "b": 4})[0], {**WHERE, "l0": "a", "l1": "b"}),
    "policy history": (documents.POLICY_HISTORY, WHERE),
    "newest pulls": (documents.NEWEST_PULLS, WHERE),
    "talk": (documents.TALK, {"issues": ["x"], "pulls": []}),
    "wording": (documents.WORDING, {"subject": "x"}),
    "revert": (
        documents.REVERT,
        {"input": {"pullRequestId": "x", "title": "Revert", "body": "It broke."}},
    ),
    "enqueue": (documents.ENQUEUE, {"input": {"pullRequestId": "x", "expectedHeadOid": "a" * 40}}),
    "dequeue": (documents.DEQUEUE, {"input": {"id": "x"}}),
    "update": (documents.UPDATE, {**WHERE, "oid": "a" * 40}),
    "claims": (documents.CLAIMS, WHERE),
    "bead texts": (texts_document((3, 4)), WHERE),
}
INPUTS: dict[str, dict[str, object]] = {
    "addLabels": {"labelableId": "x", "labelIds": ["y"]},
    "removeLabels": {"labelableId": "x", "labelIds": ["y"]},
    "createLabel": {"repositoryId": "x", "name": "bead", "color": "5319e7", "description": "A bead"},
    "comment": {"subjectId": "x", "body": "said"},
    "editComment": {"id": "x", "body": "said"},
    "deleteComment": {"id": "x"},
    "close": {"issueId": "x", "stateReason": "COMPLETED"},
    "react": {"subjectId": "x", "content": "EYES"},
    "reopen": {"issueId": "x"},
    "reopenPull": {"pullRequestId": "x"},
    "createCheck": {
        "repositoryId": "x",
        "headSha": "a" * 40,
        "name": "beadwright",
        "externalId": "digest",
        "status": "COMPLETED",
        "conclusion": "ACTION_REQUIRED",
        "output": {
            "title": "t",
            "summary": "s",
            "annotations": [
                {
                    "path": "a.py",
                    "location": {"startLine": 3, "endLine": 3},
                    "annotationLevel": "WARNING",
                    "title": "t",
                    "message": "m",
                }
            ],
        },
        "actions": [{"label": "Hold", "description": "Hold it", "identifier": "hold"}],
    },
    "updateCheck": {"repositoryId": "x", "checkRunId": "y", "status": "IN_PROGRESS"},
    "setBody": {"id": "x", "body": "said"},
    "moveRefs": {
        "repositoryId": "x",
        "refUpdates": [{"name": "refs/heads/bead/1", "beforeOid": "a" * 40, "afterOid": "0" * 40}],
    },
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_query_of_ours_fits_the_published_schema(name: str, published: Path) -> None:
    document, variables = DOCUMENTS[name]
    assert published.is_dir()
    assert check_document(document, variables) == []


def test_all_writes_in_one_request_fit_the_published_schema(published: Path) -> None:
    assert published.is_dir()
    assert INPUTS.keys() == documents.MUTATIONS.keys()
    fields = [(f"a{index}", kind) for index, kind in enumerate(INPUTS)]
    variables = {alias: INPUTS[kind] for alias, kind in fields}
    assert check_document(documents.mutation_document(fields), variables) == []
