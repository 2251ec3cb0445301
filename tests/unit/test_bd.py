"""bd's export: read whole or refused whole, and nothing lost silently."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from bot.beads.bd.file_graph import EPOCH
from bot.beads.bd.lines import ExportError, ExportLine, read_lines
from bot.beads.bd.reading import read_export
from bot.beads.graph import Graph, Node
from bot.beads.graph_check import check_graph
from bot.beads.labels import parse_labels
from bot.beads.markers import read_marker, write_marker

REAL = Path(__file__).parents[2].parent / "shared" / "data"


def line(key: str, *edges: tuple[str, str], **fields: object) -> str:
    dependencies = [{"issue_id": key, "depends_on_id": to, "type": kind} for kind, to in edges]
    return json.dumps({"id": key, "title": f"Do {key}", "dependencies": dependencies, **fields})


def export(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def test_blockers_and_parents_come_first_and_carry_their_edges() -> None:
    plan = read_export(
        export(line("c", ("blocks", "b"), ("parent-child", "e")), line("b"), line("e", issue_type="epic"))
    )
    assert [issue.id for issue in plan.issues] == ["b", "e", "c"]
    assert (plan.issues[2].blocked_by, plan.issues[2].parent) == (("b",), "e")
    assert plan.losses == ()


def test_what_else_bd_writes_into_a_file_is_no_issue() -> None:
    plan = read_export(
        export(
            '{"_schema": "beads-jsonl/1"}',
            line("gone", status="tombstone"),
            '{"_type": "memory", "key": "taste", "value": "tabs"}',
            line("a", ("blocks", "gone")),
        )
    )
    assert [issue.id for issue in plan.issues] == ["a"]
    assert [str(loss) for loss in plan.losses] == [
        "line 2: gone: was deleted in `bd` (a tombstone) and is left out",
        "line 3: taste: a memory has no home on GitHub",
        "line 4: a: `blocks` edge to gone, which is not in the file",
    ]


def test_a_line_ends_where_json_says() -> None:
    (issue,) = read_export('{"id": "a", "title": "t", "description": "one\u2028two\x85three"}\n').issues
    assert "one\u2028two\x85three" in issue.body


def test_what_an_issue_says_is_kept_and_it_can_be_found_again() -> None:
    text = line(
        "x",
        description="Why.",
        acceptance_criteria="1. It works",
        notes="Mind the gap",
        priority=0,
        labels=["ui"],
    )
    (issue,) = read_export(text).issues
    assert "Why." in issue.body
    assert "## Acceptance\n\n1. It works" in issue.body
    assert "## Notes\n\nMind the gap" in issue.body
    assert read_marker(issue.body, "bd") == "x"
    labels = parse_labels(issue.labels)
    assert (labels.bead, labels.priority.name, labels.foreign, labels.problems) == (True, "P0", ("ui",), ())


@pytest.mark.parametrize(
    ("fields", "edges", "said"),
    [
        ({"issue_type": "convoy"}, (), "type `convoy` becomes `task`"),
        ({"status": "hooked"}, (), "status `hooked` becomes open with `hold`"),
        ({"status": "in_progress"}, (), "status `in_progress` becomes open"),
        ({"priority": 9}, (), "priority 9 becomes P4"),
        ({"assignee": "ann"}, (), "`assignee` has no home"),
        ({"due_at": "2027-01-01T00:00:00Z"}, (), "`due_at` has no home"),
        ({"defer_until": "2027-01-31T12:00:00Z"}, (), "becomes `defer:2027-01-31`"),
        ({"labels": ["ready"]}, (), "label `ready` would say something else here"),
        ({"labels": ["P0"]}, (), "label `P0` would say something else here"),
        ({"description": "<!-- beadwright:bd=y -->"}, (), "a marker of Beadwright's own in its description"),
        ({"labels": ["x" * 51]}, (), "is no label on GitHub"),
        ({"title": "t" * 300}, (), "cut to 256"),
        ({"description": "d" * 70_000}, (), "cut to 60000"),
        ({}, (("blocks", "ghost"),), "`blocks` edge to ghost, which is not in the file"),
        ({}, (("parent-child", "ghost"),), "`parent-child` edge to ghost"),
        ({}, (("related", "a"),), "becomes a line of the body"),
        ({}, (("blocks", "x"),), "to itself"),
        ({}, (("blocks", "a"), ("parent-child", "a")), "a second edge to a, of type `parent-child`"),
    ],
)
def test_what_cannot_come_along_is_listed_with_its_line(
    fields: dict[str, object], edges: tuple[tuple[str, str], ...], said: str
) -> None:
    plan = read_export(export(line("a"), line("x", *edges, **fields)))
    assert len(plan.issues) == 2
    (loss,) = plan.losses
    assert (loss.line, loss.id) == (2, "x")
    assert said in loss.what


def test_an_edge_that_closes_a_cycle_is_left_out_with_the_cycle_written_out() -> None:
    plan = read_export(
        export(line("a", ("blocks", "b")), line("b", ("blocks", "c")), line("c", ("blocks", "a")))
    )
    (loss,) = plan.losses
    assert (loss.line, loss.id) == (3, "c")
    assert loss.what == (
        "the edge to a is left out, it closes a cycle: c is blocked by a, a is blocked by b,"
        " b is blocked by c"
    )
    assert [issue.id for issue in plan.issues] == ["c", "b", "a"]


def test_of_an_edge_that_many_cycles_share_nothing_else_is_left_out() -> None:
    plan = read_export(
        export(
            line("a", ("blocks", "b")),
            line("b", ("blocks", "c"), ("blocks", "d")),
            line("c", ("blocks", "a")),
            line("d", ("blocks", "a")),
        )
    )
    assert [(loss.id, loss.what.partition(",")[0]) for loss in plan.losses] == [
        ("a", "the edge to b is left out")
    ]
    assert list(plan.graph.lines()) == [
        "issues: 4 (open: 4); deadlocks: 1; edges to what is not in the file: 0 (of open issues: 0)",
        "deadlock: a is blocked by b, b is blocked by c, c is blocked by a; and d is blocked by a, a is"
        " blocked by b, b is blocked by d (the fewest edges that untie it: that a is blocked by b)",
    ]


def test_what_is_closed_waits_for_nothing_and_is_in_no_deadlock() -> None:
    closed = {"status": "closed", "closed_at": "2026-01-01T00:00:00Z"}
    plan = read_export(export(line("a", ("blocks", "b")), line("b", ("blocks", "a"), **closed)))
    assert (plan.graph.open, plan.graph.deadlocks, plan.losses) == (1, (), ())


def test_epics_that_are_each_others_parents_lose_one_parent() -> None:
    plan = read_export(export(line("a", ("parent-child", "b")), line("b", ("parent-child", "a"))))
    assert len(plan.losses) == 1
    assert sum(issue.parent is not None for issue in plan.issues) == 1


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (export(line("a"), "{"), "line 2: "),
        (export('{"title": "no id"}'), "line 1: id: "),
        (export('{"id": "a"}'), "line 1: title: "),
        (export('{"id": "a b", "title": "t"}'), "line 1: id: "),
        (export(line("a"), line("a")), "line 2: id: a was already on line 1"),
        (
            export(line("a"), json.dumps({"id": "b", "title": "t", "dependencies": [{"type": "blocks"}]})),
            "line 2: dep",
        ),
        ("\n\n", "there is no issue"),
    ],
)
def test_a_file_that_is_no_export_is_refused_whole_with_the_place(text: str, place: str) -> None:
    with pytest.raises(ExportError) as refused:
        read_export(text)
    assert place in str(refused.value)


@pytest.mark.parametrize(
    ("key", "value"), [("bd", "a-->b"), ("bd", ""), ("B d", "x"), ("bd", "a b"), ("bd", "a--b")]
)
def test_a_marker_cannot_end_its_comment_early(key: str, value: str) -> None:
    with pytest.raises(ValueError, match="cannot be a marker"):
        write_marker(key, value)


@pytest.mark.parametrize(
    ("name", "issues", "losses", "found"),
    [
        (
            "tinkerpop",
            11,
            0,
            "issues: 11 (open: 11); deadlocks: 0; edges to what is not in the file: 0 (of open issues: 0)",
        ),
        (
            "gastown",
            933,
            618,
            "issues: 933 (open: 219); deadlocks: 0; edges to what is not in the file: 109 (of open issues:"
            " 8)",
        ),
    ],
)
def test_real_exports_are_read_whole(name: str, issues: int, losses: int, found: str) -> None:
    path = REAL / f"{name}.jsonl"
    if not path.exists() and os.environ.get("CI") != "true":
        pytest.skip("the real exports are not beside this checkout")
    plan = read_export(path.read_text(encoding="utf-8"))
    assert (len(plan.issues), len(plan.losses)) == (issues, losses)
    assert next(plan.graph.lines()) == found
    assert {loss.id for loss in plan.losses} <= {issue.id for issue in plan.issues}
    done: set[str] = set()
    for issue in plan.issues:
        if not issue.closed:
            assert {*issue.blocked_by, *filter(None, [issue.parent])} <= done
        done.add(issue.id)


def test_in_the_real_graph_every_edge_to_nothing_is_found_and_nothing_waits_for_itself() -> None:
    # Counted in the file itself: 335 `blocks` and 246 `parent-child`, 80 and 29 of them to what is not there.
    path = REAL / "gastown.jsonl"
    if not path.exists() and os.environ.get("CI") != "true":
        pytest.skip("the real exports are not beside this checkout")
    rows = [row for _, row in read_lines(path.read_text(encoding="utf-8"))[0]]
    numbers = {row.id: number for number, row in enumerate(rows, start=1)}
    ghosts = {edge.depends_on_id for row in rows for edge in row.dependencies} - numbers.keys()
    numbers |= {ghost: number for number, ghost in enumerate(sorted(ghosts), start=len(rows) + 1)}

    def ends(row: ExportLine, kind: str) -> list[int]:
        return [numbers[edge.depends_on_id] for edge in row.dependencies if edge.type == kind]

    nodes = [
        Node(
            number=numbers[row.id],
            priority=2,
            created_at=EPOCH,
            blocked_by=frozenset(ends(row, "blocks")),
            parent=next(iter(ends(row, "parent-child")), None),
        )
        for row in rows
    ]
    # Even if every issue were open again.
    every = check_graph(Graph(nodes))
    assert every.deadlocks == ()
    assert [tie.is_child for tie in every.dangling].count(False) == 80
    assert [tie.is_child for tie in every.dangling].count(True) == 29
    opened = [replace(node, open=row.status != "closed") for node, row in zip(nodes, rows, strict=True)]
    found = check_graph(Graph(opened))
    assert found.deadlocks == ()
    assert {tie.waiter for tie in found.dangling} == {numbers["gt-4ntnq"]}
    names = {number: name for name, number in numbers.items()}
    assert {names[tie.waited] for tie in found.dangling} == {
        *("gt-441j6", "gt-5q6jr", "gt-84ery", "gt-bca67", "gt-cloml", "gt-kgszr", "gt-svdsy", "gt-v7zm7")
    }
