"""Labels: names, limits, and writes that are dropped or repeated."""

from __future__ import annotations

from functools import partial

from bot.github.assumptions.registry import Need, assume, expect
from bot.github.assumptions.scratch import Issue, Scratch

REST = "rest/issues/labels"
WRITES = ("github.effects", "github.runner_api", "github.batch")
ADD = "mutation($put: AddLabelsToLabelableInput!) { addLabelsToLabelable(input: $put) { clientMutationId } }"
REMOVE = (
    "mutation($off: RemoveLabelsFromLabelableInput!) "
    "{ removeLabelsFromLabelable(input: $off) { clientMutationId } }"
)


def on(world: Scratch, issue: Issue) -> list[str]:
    """The labels of an issue."""
    return sorted(one["name"] for one in world.me.get(f"issues/{issue.number}/labels").must())


def node_of(world: Scratch, name: str) -> str:
    """A label's GraphQL id."""
    return str(world.me.get(f"labels/{name}").must()["node_id"])


@assume(
    source=REST + "#add-labels-to-an-issue",
    by=("github.runner_api", "github.effects"),
    otherwise="a label must be made before it is put on",
)
def label_that_is_put_on_is_made(world: Scratch) -> None:
    """`POST issues/{n}/labels` makes a label that does not exist, and keeps those that are on."""
    issue, known, new = world.issue(), world.label("known"), world.label("new", make=False)
    for name in (known, new):
        world.me.post(f"issues/{issue.number}/labels", {"labels": [name]}).must(200)
    expect(on(world, issue) == sorted([known, new]), f"it has {on(world, issue)}")


@assume(
    source=REST,
    by=("coordinator.actions", "github.batch"),
    otherwise="a repeated write of labels looks like news",
)
def label_put_on_twice_is_one_event(world: Scratch) -> None:
    """Putting a label on again changes nothing: one label, one event in the timeline."""
    issue, name = world.issue(), world.label("twice")
    put = {"labelableId": issue.node, "labelIds": [node_of(world, name)]}
    for _ in range(2):
        world.me.ask(ADD, put=put).must()
    fields = (
        "issue(number: $n) { timelineItems(itemTypes: [LABELED_EVENT], last: 9) { nodes { __typename } } }"
    )

    def look() -> int | None:
        return len(world.ask(fields, n=issue.number)["issue"]["timelineItems"]["nodes"]) or None

    events = world.until(look, 30, "no event is there")
    expect((on(world, issue), events) == ([name], 1), f"{on(world, issue)}, {events} events")


@assume(
    source="graphql/reference/issues",
    by=("github.batch",),
    otherwise="a repeated removal fails the pass",
)
def label_that_is_not_on_is_taken_off_silently(world: Scratch) -> None:
    """`removeLabelsFromLabelable` of a label that is not on the issue succeeds; REST answers 404."""
    issue, name = world.issue(), world.label("off")
    world.me.ask(REMOVE, off={"labelableId": issue.node, "labelIds": [node_of(world, name)]}).must()
    rest = world.me.delete(f"issues/{issue.number}/labels/{name}")
    expect(rest.status == 404, f"REST answered {rest}")


@assume(
    source=REST + "#create-a-label",
    by=("github.observe", "beads.labels"),
    otherwise="one label could have two spellings",
)
def label_names_ignore_case(world: Scratch) -> None:
    """A label that differs from another only by case exists already: 422; it is found in any case."""
    name = world.label("Case")
    again = world.me.post("labels", {"name": name.upper(), "color": "ededed"})
    expect(again.status == 422, f"answered {again}")
    found = world.me.get(f"labels/{name.upper()}").must(200)["name"]
    expect(found == name, f"it is found as {found}")


@assume(
    source="graphql/reference/issues",
    by=("github.batch",),
    otherwise="one label that exists keeps the others from being made",
)
def label_that_exists_fails_alone(world: Scratch) -> None:
    """Of several `createLabel` in one document the one that exists fails, with its alias; the others are
    made."""
    known, new = world.label("known"), world.label("new", make=False)
    document = (
        "mutation($a: CreateLabelInput!, $b: CreateLabelInput!) {"
        " a: createLabel(input: $a) { label { name } } b: createLabel(input: $b) { label { name } } }"
    )
    wanted = [{"repositoryId": world.node, "name": name, "color": "ededed"} for name in (known, new)]
    said = world.me.ask(document, a=wanted[0], b=wanted[1])
    expect(said.data == {"a": None, "b": {"label": {"name": new}}}, f"it gives {said.data}")
    expect([error.get("path") for error in said.errors] == [["a"]], f"the errors are at {said.errors}")


@assume(
    source=REST + "#create-a-label (the limit is named in the refusal, not in the documentation)",
    by=("beads.labels",),
    otherwise="longer names are cut",
)
def label_name_has_fifty_characters(world: Scratch) -> None:
    """A label's name may have 50 characters; one of 51 is refused with 422."""
    name = world.label("x", make=False)
    for size, wanted in ((50, 201), (51, 422)):
        long = name + "x" * (size - len(name))
        world.later(partial(world.me.delete, f"labels/{long}"))
        answer = world.me.post("labels", {"name": long, "color": "ededed"})
        expect(answer.status == wanted, f"{size} characters answered {answer}")


@assume(source=REST + "#create-a-label", by=("github.batch",), otherwise="longer descriptions are cut")
def label_description_has_a_hundred_characters(world: Scratch) -> None:
    """A label's description may have 100 characters; one of 101 is refused with 422."""
    for size, wanted in ((100, 201), (101, 422)):
        body = {"name": world.label("described", make=False), "color": "ededed", "description": "x" * size}
        answer = world.me.post("labels", body)
        expect(answer.status == wanted, f"{size} characters answered {answer}")


@assume(
    source=REST + "#add-labels-to-an-issue (the limit is named in the refusal, not in the documentation)",
    by=("github.documents", "github.importer"),
    otherwise="labels past the hundredth are overlooked",
    needs=(Need.OWN,),
)
def issue_has_a_hundred_labels(world: Scratch) -> None:
    """An issue takes no 101st label: 422."""
    issue = world.issue()
    names = [world.label("many", make=False) for _ in range(101)]
    world.me.post(f"issues/{issue.number}/labels", {"labels": names[:100]}).must(200)
    refused = world.me.post(f"issues/{issue.number}/labels", {"labels": names[100:]})
    expect(refused.status == 422 and len(on_all(world, issue)) == 100, f"answered {refused}")


def on_all(world: Scratch, issue: Issue) -> list[str]:
    """Up to a hundred labels of an issue."""
    found = world.ask("issue(number: $n) { labels(first: 100) { nodes { name } } }", n=issue.number)
    return [one["name"] for one in found["issue"]["labels"]["nodes"]]


@assume(
    source=REST + "#delete-a-label",
    by=("github.observe",),
    otherwise="a label that was deleted holds beads back",
)
def deleted_label_is_gone_everywhere(world: Scratch) -> None:
    """Deleting a label takes it off every issue."""
    issue, name = world.issue(), world.label("gone")
    world.me.post(f"issues/{issue.number}/labels", {"labels": [name]}).must()
    world.me.delete(f"labels/{name}").must(204)
    expect(on(world, issue) == [], f"it has {on(world, issue)}")


@assume(
    source="rest/issues/issues#create-an-issue",
    by=("github.snapshot_of", "github.observe"),
    otherwise="strangers could release beads by labels",
    needs=(Need.READER,),
)
def labels_of_a_stranger_are_dropped(world: Scratch) -> None:
    """Who may not write opens an issue with labels: it is opened, and the labels are silently dropped."""
    name = world.label("ready")
    issue = world.issue(by=world.reader, labels=[name])
    expect(on(world, issue) == [], f"it has {on(world, issue)}")


@assume(
    source=REST + "#add-labels-to-an-issue",
    by=("github.snapshot_of",),
    otherwise="strangers could release beads by labels",
    needs=(Need.READER,),
)
def stranger_cannot_label(world: Scratch) -> None:
    """Who may not write is refused to label an issue, their own too: 403 or 404."""
    name, issue = world.label("ready"), world.issue(by=world.reader)
    refused = world.reader.post(f"issues/{issue.number}/labels", {"labels": [name]})
    expect(refused.status in (403, 404) and on(world, issue) == [], f"answered {refused}")


@assume(
    source="graphql/reference/issues",
    by=("github.documents",),
    otherwise="labels must be asked for in the spelling that people gave them",
)
def label_filter_ignores_case(world: Scratch) -> None:
    """`issues(labels:)` finds a label in any spelling."""
    name = world.label("Bead")
    issue = world.issue(labels=[name])
    found = world.ask("issues(labels: $labels, first: 5) { nodes { number } }", labels=[name.lower()])
    expect(found["issues"]["nodes"] == [{"number": issue.number}], f"it finds {found}")
