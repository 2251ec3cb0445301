"""Issues, their families, and who did what to them."""

from __future__ import annotations

from bot.github.assumptions.caller import Json
from bot.github.assumptions.registry import Need, assume, expect
from bot.github.assumptions.scratch import Issue, Scratch
from bot.github.assumptions.webhooks import delivered

REST = "rest/issues/issues"
SUB_ISSUES = "rest/issues/sub-issues#add-sub-issue"
LOOKS = ("github.documents", "github.snapshot_of")
RELEASES = ("github.release_facts",)
CREATES = ("github.effects", "github.importer")


def of(world: Scratch, issue: Issue, fields: str) -> Json:
    """An issue by GraphQL."""
    return world.ask(f"issue(number: $n) {{ {fields} }}", n=issue.number)["issue"]


@assume(
    source=REST + "#create-an-issue",
    by=("github.effects", "github.answers"),
    otherwise="children cannot be named to REST",
)
def database_id_is_the_same_in_both(world: Scratch) -> None:
    """An issue's REST `id` is GraphQL's `fullDatabaseId`, its `node_id` GraphQL's `id`."""
    issue = world.issue()
    found = of(world, issue, "id fullDatabaseId")
    expect((found["id"], int(found["fullDatabaseId"])) == (issue.node, issue.id), f"GraphQL says {found}")


@assume(source=REST + "#create-an-issue", by=CREATES, otherwise="labels must be made before issues")
def issue_makes_its_labels(world: Scratch) -> None:
    """An issue that is opened with a label that does not exist makes it."""
    label = world.label("new", make=False)
    issue = world.issue(labels=[label])
    found = [one["name"] for one in world.me.get(f"issues/{issue.number}/labels").must()]
    expect(found == [label] and world.me.get(f"labels/{label}").status == 200, f"it has {found}")


@assume(
    source=REST + "#create-an-issue",
    by=("coordinator.actions", "github.effects"),
    otherwise="twins cannot be ordered",
)
def later_issue_has_a_higher_number(world: Scratch) -> None:
    """Issues and pull requests share their numbers, and a later one has a higher number."""
    numbers = [world.issue().number, world.pull().number, world.issue().number]
    expect(numbers == sorted(set(numbers)), f"they are {numbers}")


@assume(
    source=REST + "#create-an-issue",
    by=("github.effects", "coordinator.cleanup"),
    otherwise="none: no marker would be needed",
)
def issue_can_be_made_twice(world: Scratch) -> None:
    """GitHub makes the same issue twice: nothing but our marker tells a twin."""
    body = {"title": world.name("twin"), "body": "same"}
    made = [world.me.post("issues", body).must(201)["number"] for _ in range(2)]
    for number in made:
        world.close_later(number)
    expect(made[0] != made[1], f"both are #{made[0]}")


@assume(
    source=REST + "#create-an-issue (the limit is named in the refusal, not in the documentation)",
    by=("beads.body", "jobs.publish_work"),
    otherwise="long bodies are cut without a word",
)
def body_has_a_limit(world: Scratch) -> None:
    """A body may have 60,000 characters; one of 65,537 is refused with 422."""
    refused = world.me.post("issues", {"title": world.name("long"), "body": "x" * 65_537})
    expect(refused.status == 422, f"answered {refused}")
    issue = world.issue(body="x" * 60_000)
    kept = len(of(world, issue, "body")["body"])
    expect(kept == 60_000, f"{kept} characters came back")


@assume(
    source="rest/issues/comments",
    by=("beads.markers", "github.batch"),
    otherwise="what is ours cannot be found again",
)
def marker_is_kept_as_written(world: Scratch) -> None:
    """An HTML comment in a body or a comment comes back as it was written, in REST and GraphQL."""
    text = "Seen.\n\n<!-- beadwright:comment=needs-human -->"
    issue = world.issue(body=text)
    world.me.post(f"issues/{issue.number}/comments", {"body": text}).must(201)
    found = of(world, issue, "body comments(last: 1) { nodes { body } }")
    rest = world.me.get(f"issues/{issue.number}").must()["body"]
    expect([found["body"], found["comments"]["nodes"][0]["body"], rest] == [text] * 3, f"it became {found}")


@assume(
    source="graphql/reference/issues",
    by=("github.snapshot_of",),
    otherwise="who released a bead is not known",
)
def labeled_event_says_who_and_when(world: Scratch) -> None:
    """The timeline says who put a label on and when, the newest last."""
    issue, label = world.issue(), world.label("ready")
    for _ in range(2):
        world.me.post(f"issues/{issue.number}/labels", {"labels": [label]}).must()
        world.me.delete(f"issues/{issue.number}/labels/{label}").must()
    world.me.post(f"issues/{issue.number}/labels", {"labels": [label]}).must()
    fields = (
        "timelineItems(itemTypes: [LABELED_EVENT], last: 100) { nodes { "
        "... on LabeledEvent { createdAt label { name } actor { __typename login } } } }"
    )

    def look() -> list[Json] | None:
        nodes: list[Json] = of(world, issue, fields)["timelineItems"]["nodes"]
        return nodes if len(nodes) == 3 else None

    nodes = world.until(look, 30, "not all three are there")
    expect(nodes == sorted(nodes, key=lambda one: one["createdAt"]), "they are not in order")
    last = (nodes[-1]["label"]["name"], nodes[-1]["actor"]["login"], nodes[-1]["actor"]["__typename"])
    expect(last == (label, world.login, "User"), f"the last is {last}")


@assume(
    source="graphql/reference/issues",
    by=("github.snapshot_of",),
    otherwise="a bot's label could pass for a person's",
    needs=(Need.APP,),
)
def labeled_event_tells_a_bot(world: Scratch) -> None:
    """A label that an App put on has an actor of the type Bot."""
    issue, label = world.issue(), world.label("ready")
    world.app.post(f"issues/{issue.number}/labels", {"labels": [label]}).must()
    fields = (
        "timelineItems(itemTypes: [LABELED_EVENT], last: 1) "
        "{ nodes { ... on LabeledEvent { actor { __typename } } } }"
    )

    def look() -> str | None:
        nodes = of(world, issue, fields)["timelineItems"]["nodes"]
        return str(nodes[0]["actor"]["__typename"]) if nodes else None

    found = world.until(look, 30, "it is not in the timeline")
    expect(found == "Bot", f"it is a {found}")


@assume(
    source="graphql/reference/issues",
    by=("github.batch",),
    otherwise="a close that is repeated fails the pass",
)
def closing_again_changes_nothing(world: Scratch) -> None:
    """`closeIssue` as completed succeeds, and again it succeeds."""
    issue = world.issue()
    document = "mutation($end: CloseIssueInput!) { closeIssue(input: $end) { clientMutationId } }"
    for _ in range(2):
        world.me.ask(document, end={"issueId": issue.node, "stateReason": "COMPLETED"}).must()
    found = of(world, issue, "state stateReason")
    expect(found == {"state": "CLOSED", "stateReason": "COMPLETED"}, f"it is {found}")


@assume(
    source="graphql/reference/repos",
    by=("github.observe",),
    otherwise="what labels name cannot be told from pull requests and gaps",
)
def number_can_be_either_or_nothing(world: Scratch) -> None:
    """`issueOrPullRequest` gives an issue or a pull request; for none null, beside an error of type
    NOT_FOUND."""
    issue, pull = world.issue(), world.pull()
    either = "... on Issue {{ closed }} ... on PullRequest {{ closed }}"
    fields = f"{{0}}: issueOrPullRequest(number: {{1}}) {{{{ {either} }}}} "
    said = world.said("".join(fields.format(f"n{n}", n) for n in (issue.number, pull.number, 999_999_999)))
    found = said.data["repository"]
    wanted = {f"n{issue.number}": {"closed": False}, f"n{pull.number}": {"closed": False}, "n999999999": None}
    expect(found == wanted, f"it gives {found}")
    expect([error.get("type") for error in said.errors] == ["NOT_FOUND"], f"it says {said}")


@assume(
    source="graphql/reference/issues",
    by=("github.snapshot_of", "github.effects"),
    otherwise="anybody could forge our markers",
    needs=(Need.APP,),
)
def viewer_knows_what_it_wrote(world: Scratch) -> None:
    """`viewerDidAuthor` is true for what the asking App wrote, and for nothing else."""
    ours, theirs = world.issue(by=world.app), world.issue()
    told = [
        world.ask("issue(number: $n) { viewerDidAuthor }", world.app, n=one.number)["issue"][
            "viewerDidAuthor"
        ]
        for one in (ours, theirs)
    ]
    expect(told == [True, False], f"ours, theirs: {told}")


@assume(source=SUB_ISSUES, by=CREATES, otherwise="epics have no children")
def sub_issue_is_named_by_its_database_id(world: Scratch) -> None:
    """A child is added by its database id; parent and children are seen from both sides."""
    parent, child = world.issue("parent"), world.issue("child")
    world.me.post(f"issues/{parent.number}/sub_issues", {"sub_issue_id": child.id}).must(201)
    above = of(world, child, "parent { number }")
    below = of(world, parent, "subIssues(first: 9) { nodes { number state } }")
    expect(above == {"parent": {"number": parent.number}}, f"its parent is {above}")
    expect(
        below["subIssues"]["nodes"] == [{"number": child.number, "state": "OPEN"}], f"its children: {below}"
    )


@assume(source=SUB_ISSUES, by=CREATES, otherwise="a child could be taken from its epic by a repeated write")
def issue_has_one_parent(world: Scratch) -> None:
    """A child that has a parent is refused by another, and by the same one again: 422."""
    first, second, child = (world.issue(word) for word in ("first", "second", "child"))
    world.me.post(f"issues/{first.number}/sub_issues", {"sub_issue_id": child.id}).must(201)
    for parent in (second, first):
        refused = world.me.post(f"issues/{parent.number}/sub_issues", {"sub_issue_id": child.id})
        expect(refused.status == 422, f"answered {refused}")


@assume(
    source=SUB_ISSUES,
    by=("beads.graph", "github.importer"),
    otherwise="cycles of parents can be made by hand",
)
def sub_issues_make_no_cycle(world: Scratch) -> None:
    """A parent cannot become a child of its child: 422."""
    parent, child = world.issue("parent"), world.issue("child")
    world.me.post(f"issues/{parent.number}/sub_issues", {"sub_issue_id": child.id}).must(201)
    refused = world.me.post(f"issues/{child.number}/sub_issues", {"sub_issue_id": parent.id})
    expect(refused.status == 422, f"answered {refused}")


@assume(
    source="issues/tracking-your-work-with-issues/using-issues/adding-sub-issues",
    by=("github.documents", "github.importer"),
    otherwise="an epic's children do not fit one page",
    needs=(Need.OWN,),
)
def parent_has_a_hundred_children(world: Scratch) -> None:
    """A parent takes no 101st child: 422."""
    parent = world.issue("parent")
    for number in range(101):
        child = world.issue(f"child-{number}")
        answer = world.me.post(f"issues/{parent.number}/sub_issues", {"sub_issue_id": child.id})
        expect(answer.status == (201 if number < 100 else 422), f"child {number + 1} answered {answer}")


@assume(
    source="issues/tracking-your-work-with-issues/using-issues/adding-sub-issues",
    by=("github.snapshot_of",),
    otherwise="none: a parent holds nothing back by itself",
)
def parent_can_close_before_its_children(world: Scratch) -> None:
    """Sub-issues have no blocking meaning: a parent is closed while its child is open."""
    parent, child = world.issue("parent"), world.issue("child")
    world.me.post(f"issues/{parent.number}/sub_issues", {"sub_issue_id": child.id}).must(201)
    world.me.patch(f"issues/{parent.number}", {"state": "closed"}).must(200)
    state = of(world, child, "state")["state"]
    expect(state == "OPEN", f"the child is {state}")


DEPENDENCIES = "rest/issues/issue-dependencies"


@assume(
    source=REST.replace("/issues/issues", "/issues/assignees") + "#add-assignees-to-an-issue",
    by=("github.effects",),
    otherwise="telling a person fails when they have left",
)
def who_cannot_be_assigned_is_left_out(world: Scratch) -> None:
    """Assigning somebody who cannot be, beside somebody who can, assigns the latter and is no error."""
    issue = world.issue()
    logins = [world.login, "ghost"]
    made = world.me.post(f"issues/{issue.number}/assignees", {"assignees": logins}).must(201)
    found = [one["login"] for one in made["assignees"]]
    expect(found == [world.login], f"it is assigned to {found}")


@assume(
    source="graphql/reference/issues",
    by=("github.snapshot_of",),
    otherwise="a title could be changed unseen after a release",
)
def renaming_says_who_and_what(world: Scratch) -> None:
    """A changed title is a `RenamedTitleEvent` with actor, time and both titles; a changed body is none, and
    is in `userContentEdits`."""
    issue, title = world.issue(), world.name("other")
    was = world.me.get(f"issues/{issue.number}").must()["title"]
    world.me.patch(f"issues/{issue.number}", {"title": title, "body": "words"}).must()
    fields = (
        "timelineItems(itemTypes: [RENAMED_TITLE_EVENT], last: 9) { nodes { ... on RenamedTitleEvent "
        "{ createdAt previousTitle currentTitle actor { login } } } } "
        "userContentEdits(first: 9) { nodes { editor { login } } }"
    )

    def look() -> Json | None:
        found = of(world, issue, fields)
        return found if found["timelineItems"]["nodes"] else None

    found = world.until(look, 30, "the timeline does not have it")
    (event,) = found["timelineItems"]["nodes"]
    told = (event["previousTitle"], event["currentTitle"], event["actor"]["login"])
    expect(told == (was, title, world.login), f"it says {told}")
    editors = {one["editor"]["login"] for one in found["userContentEdits"]["nodes"]}
    expect(editors == {world.login}, f"the body was edited by {editors}")


@assume(
    source=DEPENDENCIES,
    by=("github.effects", "coordinator.edges"),
    otherwise="native edges cannot be drawn or are not seen",
    needs=(Need.APP,),
)
def dependency_is_drawn_by_database_id(world: Scratch) -> None:
    """A dependency is added by the blocker's database id, seen from both ends, told as `issue_dependencies`,
    refused a second time with 422, and taken away by that id."""
    issue, blocker = world.issue("waiting"), world.issue("blocker")
    path = f"issues/{issue.number}/dependencies/blocked_by"
    world.me.post(path, {"issue_id": blocker.id}).must(201)
    expect(world.me.post(path, {"issue_id": blocker.id}).status == 422, "it was added again")
    other_end = world.me.get(f"issues/{blocker.number}/dependencies/blocking").must()
    blocking = [one["number"] for one in other_end]
    nodes = of(world, issue, "blockedBy(first: 9) { nodes { number state repository { nameWithOwner } } }")
    found = [one["number"] for one in nodes["blockedBy"]["nodes"]]
    expect((blocking, found) == ([issue.number], [blocker.number]), f"they are {blocking}, {found}")
    delivered(world, "issue_dependencies", "blocked_by_added", str(blocker.id))
    world.me.delete(f"{path}/{blocker.id}").must(200)
    expect(world.me.get(path).must() == [], "it is still there")


@assume(source=DEPENDENCIES, by=("github.effects",), otherwise="a pull request could block for ever")
def pull_request_is_no_blocker(world: Scratch) -> None:
    """A pull request cannot be what an issue waits for: 422."""
    issue, pull = world.issue(), world.pull()
    number = world.me.get(f"issues/{pull.number}").must()["id"]
    refused = world.me.post(f"issues/{issue.number}/dependencies/blocked_by", {"issue_id": number})
    expect(refused.status == 422, f"answered {refused}")


@assume(
    source="graphql/reference/objects#usercontentedit",
    by=RELEASES,
    otherwise="an edit after the release could go unseen",
)
def every_edit_of_a_body_is_kept(world: Scratch) -> None:
    """`userContentEdits` of an issue shows every version with its editor, the newest first; none of a body
    that was never edited. `lastEditedAt` is when the newest was written, and null of such a body."""
    issue = world.issue(body="one")
    before = of(world, issue, "lastEditedAt userContentEdits(first: 9) { nodes { editedAt } }")
    expect(before == {"lastEditedAt": None, "userContentEdits": {"nodes": []}}, f"unedited: {before}")
    for text in ("two", "three"):
        world.me.patch(f"issues/{issue.number}", {"body": text}).must(200)
    asked = "userContentEdits(first: 9) { nodes { editedAt editor { __typename login } } }"
    found = of(world, issue, asked)["userContentEdits"]["nodes"]
    times = [one["editedAt"] for one in found]
    expect(len(found) == 3 and times == sorted(times, reverse=True), f"the versions: {found}")
    expect({one["editor"]["login"] for one in found} == {world.login}, f"the editors: {found}")
    last = of(world, issue, "lastEditedAt")
    expect(last == {"lastEditedAt": times[0]}, f"edited at {times[0]}: {last}")


@assume(
    source="graphql/reference/unions#issuetimelineitems",
    by=RELEASES,
    otherwise="a rename after the release could go unseen",
)
def rename_is_in_the_timeline(world: Scratch) -> None:
    """Every change of a title is a `RenamedTitleEvent` with its actor."""
    issue = world.issue()
    world.me.patch(f"issues/{issue.number}", {"title": world.name("renamed")}).must(200)
    asked = "timelineItems(itemTypes: [RENAMED_TITLE_EVENT], last: 9) { nodes { ... on RenamedTitleEvent {"
    found = of(world, issue, asked + " actor { login } } } }")["timelineItems"]["nodes"]
    expect([one["actor"]["login"] for one in found] == [world.login], f"the renames: {found}")


@assume(source=SUB_ISSUES, by=RELEASES, otherwise="a child that was added later is released unseen")
def added_child_has_an_event(world: Scratch) -> None:
    """A child that is put below a parent has a `ParentIssueAddedEvent` with its actor and the parent."""
    parent, child = world.issue("parent"), world.issue("child")
    world.me.post(f"issues/{parent.number}/sub_issues", {"sub_issue_id": child.id}).must(201)
    asked = "timelineItems(itemTypes: [PARENT_ISSUE_ADDED_EVENT], last: 9) { nodes {"
    asked += " ... on ParentIssueAddedEvent { actor { login } parent { number } } } }"
    found = of(world, child, asked)["timelineItems"]["nodes"]
    told = [(one["actor"]["login"], one["parent"]["number"]) for one in found]
    expect(told == [(world.login, parent.number)], f"the events: {found}")
