"""Comments: found by their marker, edited in place, and twins removed."""

from __future__ import annotations

from bot.github.assumptions.caller import Json
from bot.github.assumptions.registry import Need, assume, expect
from bot.github.assumptions.scratch import Issue, Scratch

REST = "rest/issues/comments"
BY = ("github.own_comments",)
ADD = "mutation($say: AddCommentInput!) { addComment(input: $say) { commentEdge { node { id } } } }"
EDIT = "mutation($to: UpdateIssueCommentInput!) { updateIssueComment(input: $to) { clientMutationId } }"
DELETE = "mutation($id: DeleteIssueCommentInput!) { deleteIssueComment(input: $id) { clientMutationId } }"


def say(world: Scratch, issue: Issue, body: str) -> str:
    """A comment; gives its GraphQL id."""
    made = world.me.ask(ADD, say={"subjectId": issue.node, "body": body}).must()
    return str(made["addComment"]["commentEdge"]["node"]["id"])


def said(world: Scratch, issue: Issue, page: str = "last: 50") -> Json:
    """Comments of an issue, with the page's ends."""
    fields = (
        f"issue(number: $n) {{ comments({page}) {{ pageInfo {{ hasPreviousPage startCursor }} "
        "nodes { id body viewerDidAuthor author { login } } } }"
    )
    return world.ask(fields, n=issue.number)["issue"]["comments"]


@assume(
    source="graphql/reference/issues",
    by=BY,
    otherwise="after each new comment its place has to be read again",
)
def new_comments_answer_shows_what_stands_beside_it(world: Scratch) -> None:
    """What `addComment` answers shows the subject's comments with the new one, and those before it."""
    issue = world.issue()
    say(world, issue, "one")
    beside = "subject { ... on Issue { comments(last: 30) { nodes { body } } } }"
    document = f"mutation($say: AddCommentInput!) {{ addComment(input: $say) {{ {beside} }} }}"
    made = world.me.ask(document, say={"subjectId": issue.node, "body": "two"}).must()["addComment"]
    found = [one["body"] for one in made["subject"]["comments"]["nodes"]]
    expect(found == ["one", "two"], f"it shows {found}")


@assume(source="graphql/reference/issues", by=BY, otherwise="every look would add a comment")
def comment_is_edited_in_place(world: Scratch) -> None:
    """An edited comment keeps its id and place."""
    issue = world.issue()
    first, second = say(world, issue, "one"), say(world, issue, "two")
    world.me.ask(EDIT, to={"id": first, "body": "changed"}).must()
    found = [(one["id"], one["body"]) for one in said(world, issue)["nodes"]]
    expect(found == [(first, "changed"), (second, "two")], f"they are {found}")


@assume(source="graphql/reference/issues", by=BY, otherwise="twins of comments stay")
def deleted_comment_is_gone_and_stays_gone(world: Scratch) -> None:
    """A comment is deleted once; deleting it again is an error of type NOT_FOUND, and does no harm."""
    issue = world.issue()
    gone, kept = say(world, issue, "twin"), say(world, issue, "kept")
    world.me.ask(DELETE, id={"id": gone}).must()
    again = world.me.ask(DELETE, id={"id": gone})
    expect([one.get("type") for one in again.errors] == ["NOT_FOUND"], f"again it answered {again}")
    found = [one["id"] for one in said(world, issue)["nodes"]]
    expect(found == [kept], f"{len(found)} comments are left")


@assume(
    source="graphql/guides/using-pagination-in-the-graphql-api",
    by=BY,
    otherwise="the oldest of several comments with one marker is not known",
)
def comments_are_paged_backwards(world: Scratch) -> None:
    """`comments(last:, before:)` goes back page by page, each page the oldest first."""
    issue = world.issue()
    ids = [say(world, issue, str(number)) for number in range(3)]
    late = said(world, issue, "last: 2")
    early = said(world, issue, f'last: 2, before: "{late["pageInfo"]["startCursor"]}"')
    found = [[one["id"] for one in page["nodes"]] for page in (early, late)]
    more = [page["pageInfo"]["hasPreviousPage"] for page in (early, late)]
    expect((found, more) == ([ids[:1], ids[1:]], [False, True]), f"the pages are {found}, {more}")


@assume(
    source=REST + "#create-an-issue-comment (the limit is named in the refusal, not in the documentation)",
    by=BY,
    otherwise="long comments are cut without a word",
)
def comment_has_a_limit(world: Scratch) -> None:
    """A comment of 65,537 characters is refused with 422."""
    issue = world.issue()
    refused = world.me.post(f"issues/{issue.number}/comments", {"body": "x" * 65_537})
    expect(refused.status == 422, f"answered {refused}")


@assume(
    source="graphql/reference/issues",
    by=BY,
    otherwise="anybody could take our comments over",
    needs=(Need.APP,),
)
def comment_says_whether_it_is_ours(world: Scratch) -> None:
    """`viewerDidAuthor` of a comment is true for the App that wrote it alone, whoever copies its text."""
    issue, text = world.issue(), "<!-- beadwright:comment=status -->"
    say(world, issue, text)
    made = world.app.post(f"issues/{issue.number}/comments", {"body": text}).must(201)["node_id"]
    fields = "issue(number: $n) { comments(last: 9) { nodes { id viewerDidAuthor } } }"
    nodes = world.ask(fields, world.app, n=issue.number)["issue"]["comments"]["nodes"]
    expect([one["id"] for one in nodes if one["viewerDidAuthor"]] == [made], f"they are {nodes}")


@assume(source=REST + "#create-an-issue-comment", by=BY, otherwise="none: no marker would be needed")
def comment_can_be_made_twice(world: Scratch) -> None:
    """GitHub makes the same comment twice: nothing but our marker tells a twin."""
    issue = world.issue()
    first, second = say(world, issue, "same"), say(world, issue, "same")
    expect(first != second, "both are one comment")


@assume(
    source="graphql/reference/issues",
    by=("github.runner_api",),
    otherwise="publish trusts no association anyway: it marks strangers' text as data",
    needs=(Need.READER,),
)
def association_tells_the_owner_from_a_stranger(world: Scratch) -> None:
    """`authorAssociation` is OWNER, MEMBER or COLLABORATOR for who writes; a stranger is none of these."""
    issue = world.issue()
    say(world, issue, "mine")
    fields = "issue(number: $n) { comments(last: 1) { nodes { authorAssociation } } }"
    found = world.ask(fields, n=issue.number)["issue"]["comments"]["nodes"][0]["authorAssociation"]
    expect(found in ("OWNER", "MEMBER", "COLLABORATOR"), f"it is {found}")


HEARS = ("github.documents", "github.observe")


@assume(
    source="rest/reactions/reactions#create-reaction-for-an-issue-comment",
    by=("github.batch",),
    otherwise="what was answered is answered again",
    needs=(Need.APP,),
)
def reaction_is_given_once_and_known_as_ours(world: Scratch) -> None:
    """The same reaction a second time changes nothing, and `viewerHasReacted` tells it from others' of that
    kind."""
    issue = world.issue()
    comment = say(world, issue, "/bead why")
    add = "mutation($to: AddReactionInput!) { addReaction(input: $to) { clientMutationId } }"
    world.me.ask(add, to={"subjectId": comment, "content": "ROCKET"}).must()
    for _ in range(2):
        world.app.ask(add, to={"subjectId": comment, "content": "EYES"}).must()
    fields = (
        "issue(number: $n) { comments(last: 1) { nodes "
        "{ reactionGroups { content viewerHasReacted reactors { totalCount } } } } }"
    )
    groups = world.ask(fields, world.app, n=issue.number)["issue"]["comments"]["nodes"][0]["reactionGroups"]
    found = {
        one["content"]: (one["reactors"]["totalCount"], one["viewerHasReacted"])
        for one in groups
        if one["content"] in ("EYES", "ROCKET")
    }
    expect(found == {"EYES": (1, True), "ROCKET": (1, False)}, f"they are {found}")


@assume(
    source="rest/issues/comments#list-issue-comments-for-a-repository",
    by=HEARS,
    otherwise="comments that were made while nothing listened are not found",
)
def changed_comments_are_listed_since(world: Scratch) -> None:
    """`GET issues/comments?since=&sort=updated&direction=desc` has what was written or edited since then, on
    issues and pull requests, the newest first."""
    issue, pull = world.issue(), world.pull()
    first = world.me.post(f"issues/{issue.number}/comments", {"body": "one"}).must(201)
    second = world.me.post(f"issues/{pull.number}/comments", {"body": "two"}).must(201)
    listed = world.me.get(
        "issues/comments", since=second["updated_at"], sort="updated", direction="desc", per_page=50
    ).must()
    expect(second["id"] in [one["id"] for one in listed], "the newest is not there")
    times = [one["updated_at"] for one in listed]
    expect(times == sorted(times, reverse=True), f"they are of {times}")
    expect(first["id"] not in [one["id"] for one in listed] or times[-1] <= first["updated_at"], "an old one")


@assume(
    source="graphql/reference/issues",
    by=HEARS,
    otherwise="a stranger's edit of a command hides under a later one",
)
def every_edit_of_a_comment_is_told(world: Scratch) -> None:
    """`userContentEdits` has each version with its editor, the newest first and the creation last; a comment
    that was never edited has none."""
    issue = world.issue()
    comment = say(world, issue, "one")
    fields = (
        "issue(number: $n) { comments(last: 1) { nodes { lastEditedAt editor { login } "
        "userContentEdits(first: 10) { nodes { editedAt diff editor { __typename login } } } } } }"
    )

    def look() -> Json:
        return world.ask(fields, n=issue.number)["issue"]["comments"]["nodes"][0]

    fresh = look()
    none = (fresh["lastEditedAt"], (fresh["userContentEdits"] or {}).get("nodes") or [])
    expect(none == (None, []), f"unedited it has {fresh}")
    for text in ("two", "three"):
        world.me.ask(EDIT, to={"id": comment, "body": text}).must()
    found = look()
    nodes = found["userContentEdits"]["nodes"]
    times = [one["editedAt"] for one in nodes]
    expect(len(times) == 3 and times == sorted(times, reverse=True), f"they are of {times}")
    expect({one["editor"]["login"] for one in nodes} == {world.login}, f"they are by {nodes}")
    expect(found["editor"]["login"] == world.login and found["lastEditedAt"], f"it says {found}")
