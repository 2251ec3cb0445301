"""GraphQL over a running forge: what is read, what is written, what is refused and in which words."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable

import httpx
import pytest
from graphql import GraphQLObjectType

from bot.github.documents import mutation_document, observe_document
from bot.local.forge import checks, issues, pulls, reviews
from bot.local.forge.git_objects import ZERO
from bot.local.forge.graphql.fields import RESOLVERS
from bot.local.forge.graphql.schema import schema, sdl
from bot.local.forge.records import BranchProtection, Issue, Pull, Repository, Review, Thread
from bot.local.forge.reviews import LineComment
from bot.local.forge.state import State
from tests.contract.graphql_documents import check_subset
from tests.forge.conftest import World
from tests.forge.graphql_client import WHERE, ask, errors, mutate, mutation, repository, send

HERE = 'repository(owner: "octo", name: "sample")'


@pytest.fixture
def octo(forge: World) -> httpx.Client:
    return forge.person("octo")


@pytest.fixture
def home(octo: httpx.Client) -> str:
    """The repository's global id."""
    found: str = repository(octo, "id")["id"]
    return found


@pytest.fixture
def head(octo: httpx.Client) -> str:
    """The commit on main."""
    found: str = repository(octo, "defaultBranchRef { target { oid } }")["defaultBranchRef"]["target"]["oid"]
    return found


def create_issue(client: httpx.Client, home: str, title: str = "T") -> str:
    """An issue's global id."""
    made = mutate(client, "createIssue", {"repositoryId": home, "title": title}, "issue { id }")
    found: str = made["issue"]["id"]
    return found


def open_pull(client: httpx.Client, home: str, head: str, branch: str = "bead/1") -> str:
    """A branch with one commit that changes src/add.py, and a pull request from it: its global id."""
    mutate(client, "createRef", {"repositoryId": home, "name": f"refs/heads/{branch}", "oid": head})
    content = base64.b64encode(b"def add(a, b):\n    return b + a\n").decode()
    change = {
        "branch": {"repositoryNameWithOwner": "octo/sample", "branchName": branch},
        "expectedHeadOid": head,
        "message": {"headline": "Turn it round", "body": "Why not"},
        "fileChanges": {"additions": [{"path": "src/add.py", "contents": content}]},
    }
    mutate(client, "createCommitOnBranch", change)
    made = mutate(
        client,
        "createPullRequest",
        {"repositoryId": home, "baseRefName": "main", "headRefName": branch, "title": "Turn", "body": "It"},
        "pullRequest { id }",
    )
    found: str = made["pullRequest"]["id"]
    return found


class TestSchema:
    @pytest.mark.usefixtures("published")
    def test_it_is_a_part_of_the_published_one(self) -> None:
        assert check_subset(sdl()) == []

    def test_every_field_has_a_resolver_and_every_resolver_a_field(self) -> None:
        fields = {
            f"{name}.{key}"
            for name, named in schema().type_map.items()
            if isinstance(named, GraphQLObjectType)
            for key in named.fields
        }
        assert set(RESOLVERS) <= fields

    @pytest.mark.parametrize(
        ("document", "name"),
        [
            ('{ repository(owner: "octo", name: "sample") { diskUsage } }', "Repository.diskUsage"),
            (
                '{ repository(owner: "octo", name: "sample", followRenames: true) { id } }',
                "Query.repository(followRenames:)",
            ),
            ("{ node(id: 1) { ... on Gist { id } } }", "Gist"),
            (
                '{ repository(owner: "o", name: "r") { issues(first: 1, filterBy: {milestone: "me"}) '
                "{ totalCount } } }",
                "IssueFilters.milestone",
            ),
            (
                '{ repository(owner: "o", name: "r") { issue(number: 1) '
                "{ timelineItems(first: 1, itemTypes: [PINNED_EVENT]) { totalCount } } } }",
                "IssueTimelineItemsItemType.PINNED_EVENT",
            ),
        ],
    )
    def test_what_is_not_implemented_answers_501_with_its_name(
        self, octo: httpx.Client, document: str, name: str
    ) -> None:
        answer = send(octo, document)
        assert answer.status_code == 501
        assert answer.json() == {"message": f"This forge does not implement {name}"}

    def test_an_input_field_in_variables_that_is_not_implemented_answers_501(
        self, octo: httpx.Client, home: str
    ) -> None:
        answer = send(
            octo, mutation("createIssue"), i={"repositoryId": home, "title": "x", "issueTemplate": "bug"}
        )
        assert answer.status_code == 501
        assert answer.json()["message"].endswith("CreateIssueInput.issueTemplate")

    def test_a_syntax_error_is_an_error_with_its_place(self, octo: httpx.Client) -> None:
        answer = octo.post("/../graphql", json={"query": "{ viewer { login }"})
        assert answer.status_code == 200
        (error,) = answer.json()["errors"]
        assert error["locations"] == [{"line": 1, "column": 19}]
        assert error["message"].endswith("at [1, 19]")

    def test_nobody_is_turned_away(self, forge: World) -> None:
        assert (
            forge.client(None).post("/../graphql", json={"query": "{ viewer { login } }"}).status_code == 401
        )


def test_a_refused_mutation_leaves_nothing_behind_and_those_before_it_stay(
    octo: httpx.Client, home: str
) -> None:
    document = """
      mutation($first: CreateIssueInput!, $second: CreateIssueInput!) {
        first: createIssue(input: $first) { issue { number } }
        second: createIssue(input: $second) { issue { number } }
      }"""
    good = {"repositoryId": home, "title": "Good"}
    bad = {**good, "title": "Bad", "parentIssueId": "SXNzdWU6OTk5OQ"}
    answer = send(octo, document, first=good, second=bad).json()
    assert answer["data"] == {"first": {"issue": {"number": 1}}, "second": None}
    assert repository(octo, "issues(first: 9) { nodes { title } }")["issues"]["nodes"] == [{"title": "Good"}]


class TestLimits:
    def test_a_connection_needs_bounds(self, octo: httpx.Client) -> None:
        document = '{ repository(owner: "octo", name: "sample") { id issues { nodes { id } } } }'
        answer = send(octo, document).json()
        assert answer["data"] == {"repository": None}
        assert answer["errors"][0]["type"] == "MISSING_PAGINATION_BOUNDARIES"
        assert answer["errors"][0]["path"] == ["repository", "issues"]

    @pytest.mark.parametrize("bound", ["first", "last"])
    def test_a_page_holds_at_most_a_hundred(self, octo: httpx.Client, bound: str) -> None:
        document = (
            f'{{ repository(owner: "octo", name: "sample") {{ labels({bound}: 101) {{ totalCount }} }} }}'
        )
        (error,) = errors(octo, document)
        assert error["type"] == "EXCESSIVE_PAGINATION"
        assert f"exceeds the `{bound}` limit of 100" in error["message"]

    def test_half_a_million_nodes_are_the_most(self, octo: httpx.Client) -> None:
        inner = "comments(first: 100) { nodes { userContentEdits(first: 51) { totalCount } } }"
        (error,) = errors(octo, f"{{ {HERE} {{ issues(first: 100) {{ nodes {{ {inner} }} }} }} }}")
        assert error["type"] == "MAX_NODE_LIMIT_EXCEEDED"

    def test_a_request_costs_its_connections_and_the_budget_shrinks(self, octo: httpx.Client) -> None:
        document = """query($n: Int!) {
          rateLimit { cost limit nodeCount remaining used resetAt }
          repository(owner: "octo", name: "sample") {
            issues(first: 100) { nodes { labels(first: $n) { totalCount }
              comments(first: 10) { totalCount } } }
          }
        }"""
        first = ask(octo, document, n=20)["rateLimit"]
        assert (first["cost"], first["nodeCount"]) == (2, 100 + 2000 + 1000)
        assert first["limit"] - first["used"] == first["remaining"]
        again = ask(octo, document, n=20)["rateLimit"]
        assert again["remaining"] == first["remaining"] - 2


class TestReading:
    def test_a_repository_says_what_it_is(self, octo: httpx.Client, head: str) -> None:
        found = repository(
            octo,
            """nameWithOwner isPrivate viewerPermission owner { __typename login }
            defaultBranchRef { name prefix target { oid ... on Commit { messageHeadline parents(first: 1)
            { totalCount } history(first: 5) { nodes { oid } } tree { entries { name type } } } } }""",
        )
        assert found["nameWithOwner"] == "octo/sample"
        assert found["owner"] == {"__typename": "User", "login": "octo"}
        assert (found["isPrivate"], found["viewerPermission"]) == (False, "ADMIN")
        branch = found["defaultBranchRef"]
        assert (branch["prefix"], branch["name"]) == ("refs/heads/", "main")
        assert branch["target"]["history"]["nodes"] == [{"oid": head}]
        assert {entry["name"] for entry in branch["target"]["tree"]["entries"]} == {"README.md", "src"}

    def test_a_file_is_found_by_revision_and_path(self, octo: httpx.Client) -> None:
        found = repository(
            octo,
            """there: object(expression: "HEAD:src/add.py") {
              __typename ... on Blob { text isTruncated byteSize } }
            folder: object(expression: "main:src") { ... on Tree { entries { name mode size object
              { __typename } } } }
            missing: object(expression: "HEAD:no/such.py") { oid }
            nowhere: object(expression: "topic:src/add.py") { oid }""",
        )
        text = "def add(a, b):\n    return a + b\n"
        blob = {"__typename": "Blob", "text": text, "isTruncated": False, "byteSize": len(text)}
        assert found["there"] == blob
        (entry,) = found["folder"]["entries"]
        assert (entry["name"], entry["mode"], entry["object"]) == ("add.py", 0o100644, {"__typename": "Blob"})
        assert (found["missing"], found["nowhere"]) == (None, None)

    def test_pages_of_refs_follow_each_other_both_ways(
        self, octo: httpx.Client, home: str, head: str
    ) -> None:
        names = [f"refs/heads/bead/{number}" for number in range(1, 6)]
        updates = [{"name": name, "beforeOid": ZERO, "afterOid": head} for name in names]
        mutate(octo, "updateRefs", {"repositoryId": home, "refUpdates": updates})
        page = "{ totalCount nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
        first = repository(octo, f'refs(refPrefix: "refs/heads/bead/", first: 2) {page}')["refs"]
        assert [ref["name"] for ref in first["nodes"]] == ["bead/1", "bead/2"]
        assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (5, True)
        after = first["pageInfo"]["endCursor"]
        rest = repository(octo, f'refs(refPrefix: "refs/heads/bead/", first: 9, after: "{after}") {page}')
        assert [ref["name"] for ref in rest["refs"]["nodes"]] == ["bead/3", "bead/4", "bead/5"]
        before = rest["refs"]["pageInfo"]["startCursor"]
        back = repository(octo, f'refs(refPrefix: "refs/heads/bead/", last: 1, before: "{before}") {page}')
        assert [ref["name"] for ref in back["refs"]["nodes"]] == ["bead/2"]
        assert back["refs"]["pageInfo"]["hasPreviousPage"] is True

    def test_issues_are_filtered_by_label_state_and_time(self, forge: World, octo: httpx.Client) -> None:
        def write(state: State) -> None:
            owner, home = forge.people["octo"], state.get(Repository, forge.repository.id)
            for title, labels in (("one", ["bead"]), ("two", ["bead", "hold"]), ("three", [])):
                issues.create_issue(state, owner, home, title, labels=labels)
            issues.close(state, owner, state.find(Issue, repo_id=home.id)[0])

        forge.forge.on(write)
        found = repository(
            octo,
            """beads: issues(labels: ["bead"], first: 9) { nodes { title } }
            open: issues(labels: ["bead"], states: [OPEN], first: 9) { nodes { title } }
            both: issues(filterBy: {labels: ["bead", "hold"]}, first: 9) { nodes { title } }
            none: issues(filterBy: {since: "2999-01-01T00:00:00Z"}, first: 9) { totalCount }
            newest: issues(first: 1, orderBy: {field: CREATED_AT, direction: DESC}) { nodes { title } }""",
        )

        def titles(name: str) -> list[str]:
            return [node["title"] for node in found[name]["nodes"]]

        assert titles("beads") == ["one", "two"]
        assert (titles("open"), titles("both"), titles("newest")) == (["two"], ["two"], ["three"])
        assert found["none"]["totalCount"] == 0

    def test_the_timeline_tells_who_labeled_and_renamed(
        self, forge: World, octo: httpx.Client, home: str
    ) -> None:
        will = forge.person("will")
        label = mutate(
            will, "createLabel", {"repositoryId": home, "name": "approved", "color": "00ff00"}, "label { id }"
        )
        issue = create_issue(octo, home, "Add")
        mutate(will, "addLabelsToLabelable", {"labelableId": issue, "labelIds": [label["label"]["id"]]})
        mutate(octo, "updateIssue", {"id": issue, "title": "Subtract"})
        found = repository(
            octo,
            """issue(number: 1) { timelineItems(first: 9, itemTypes: [LABELED_EVENT, RENAMED_TITLE_EVENT]) {
              nodes { __typename
                ... on LabeledEvent { label { name } actor { login __typename } }
                ... on RenamedTitleEvent { previousTitle currentTitle }
            } } }""",
        )
        labeled, renamed = found["issue"]["timelineItems"]["nodes"]
        assert labeled["label"]["name"] == "approved"
        assert labeled["actor"] == {"login": "will", "__typename": "User"}
        assert (renamed["previousTitle"], renamed["currentTitle"]) == ("Add", "Subtract")

    def test_all_versions_of_a_body_are_told_newest_first(
        self, forge: World, octo: httpx.Client, home: str
    ) -> None:
        made = mutate(
            forge.person("rita"),
            "createIssue",
            {"repositoryId": home, "title": "T", "body": "first"},
            "issue { id lastEditedAt editor { login } userContentEdits(first: 5) { totalCount } }",
        )["issue"]
        assert (made["lastEditedAt"], made["editor"], made["userContentEdits"]["totalCount"]) == (
            None,
            None,
            0,
        )
        changed = mutate(
            octo,
            "updateIssue",
            {"id": made["id"], "body": "second"},
            "issue { editor { login } userContentEdits(first: 5) { nodes { diff editor { login } } } }",
        )["issue"]
        assert changed["editor"] == {"login": "octo"}
        versions = [(node["diff"], node["editor"]["login"]) for node in changed["userContentEdits"]["nodes"]]
        assert versions == [("second", "octo"), ("first", "rita")]

    def test_a_bot_has_no_suffix_where_github_gives_it_none(self, forge: World, home: str) -> None:
        client = forge.installed()
        made = mutate(
            client,
            "createIssue",
            {"repositoryId": home, "title": "T"},
            "issue { viewerDidAuthor author { __typename login } }",
        )["issue"]
        assert made == {"viewerDidAuthor": True, "author": {"__typename": "Bot", "login": "beadwright"}}
        assert ask(client, "{ viewer { login } }")["viewer"] == {"login": "beadwright[bot]"}


class TestRefusals:
    def test_what_does_not_exist_is_not_found_and_null(self, octo: httpx.Client) -> None:
        answer = send(octo, '{ repository(owner: "octo", name: "nothing") { id } viewer { login } }').json()
        assert answer["data"] == {"repository": None, "viewer": {"login": "octo"}}
        assert answer["errors"] == [
            {
                "type": "NOT_FOUND",
                "path": ["repository"],
                "locations": [{"line": 1, "column": 3}],
                "message": "Could not resolve to a Repository with the name 'octo/nothing'.",
            }
        ]

    def test_nodes_that_are_gone_leave_the_others(self, octo: httpx.Client, home: str) -> None:
        answer = send(
            octo, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[home, "bm90aGluZw"]
        ).json()
        assert answer["data"]["nodes"] == [{"id": home}, None]
        assert answer["errors"][0]["path"] == ["nodes", 1]
        assert answer["errors"][0]["type"] == "NOT_FOUND"

    def test_a_private_repository_is_not_there_for_a_stranger(self, forge: World, octo: httpx.Client) -> None:
        def hide(state: State) -> None:
            home = state.get(Repository, forge.repository.id)
            home.private = True
            state.put(home)

        node = repository(octo, "id")["id"]
        forge.forge.on(hide)
        stan = forge.person("stan")
        document = '{ repository(owner: "octo", name: "sample") { id } }'
        assert errors(stan, document)[0]["type"] == "NOT_FOUND"
        by_id = errors(stan, "query($id: ID!) { node(id: $id) { id } }", id=node)
        assert by_id[0]["type"] == "NOT_FOUND"
        assert repository(octo, "id")["id"] == node

    def test_an_app_without_the_permission_is_told_so(self, forge: World, home: str) -> None:
        reader = forge.installed(issues="read", contents="read")
        (error,) = errors(reader, mutation("createIssue"), i={"repositoryId": home, "title": "x"})
        assert (error["type"], error["path"]) == ("FORBIDDEN", ["createIssue"])
        assert error["message"] == "Resource not accessible by integration"

    def test_a_private_repository_shows_an_app_only_what_it_may_read(self, forge: World) -> None:
        def hide(state: State) -> None:
            home = state.get(Repository, forge.repository.id)
            home.private = True
            state.put(home)

        forge.forge.on(hide)
        document = f"{{ {HERE} {{ name issueOrPullRequest(number: 1) {{ __typename }} }} }}"
        answer = send(forge.installed(contents="read"), document).json()
        assert answer["data"] == {"repository": {"name": "sample", "issueOrPullRequest": None}}
        assert answer["errors"][0]["type"] == "FORBIDDEN"

    def test_a_reader_may_not_label_close_or_merge(
        self, forge: World, octo: httpx.Client, home: str, head: str
    ) -> None:
        rita = forge.person("rita")
        pull = open_pull(octo, home, head)
        issue = create_issue(octo, home)
        for name, given in (
            ("addLabelsToLabelable", {"labelableId": issue, "labelIds": []}),
            ("closeIssue", {"issueId": issue}),
            ("mergePullRequest", {"pullRequestId": pull}),
            ("updateRefs", {"repositoryId": home, "refUpdates": []}),
        ):
            (error,) = errors(rita, mutation(name), i=given)
            assert error["type"] == "FORBIDDEN"
            assert error["message"].startswith("rita does not have the correct permissions")
        assert repository(octo, "issue(number: 2) { state }")["issue"]["state"] == "OPEN"

    def test_writes_in_one_document_run_in_order_each_with_its_own_error(
        self, octo: httpx.Client, home: str
    ) -> None:
        issue = create_issue(octo, home)
        document = mutation_document([("a", "comment"), ("b", "comment"), ("c", "close")])
        answer = send(
            octo,
            document,
            a={"subjectId": issue, "body": "before"},
            b={"subjectId": "bm90aGluZw", "body": "lost"},
            c={"issueId": issue, "stateReason": "NOT_PLANNED"},
        ).json()
        assert answer["data"]["a"]["commentEdge"]["node"]["id"]
        assert answer["data"]["b"] is None
        assert [error["path"] for error in answer["errors"]] == [["b"]]
        found = repository(octo, "issue(number: 1) { state stateReason comments(first: 5) { totalCount } }")
        assert found["issue"] == {
            "state": "CLOSED",
            "stateReason": "NOT_PLANNED",
            "comments": {"totalCount": 1},
        }


class TestRefs:
    def test_many_refs_move_or_none(self, octo: httpx.Client, home: str, head: str) -> None:
        def update(*updates: dict[str, object]) -> dict[str, object]:
            return {"repositoryId": home, "refUpdates": list(updates)}

        claims = "refs/beadwright/claims/main"
        mutate(octo, "updateRefs", update({"name": claims, "beforeOid": ZERO, "afterOid": head}))
        wrong = update(
            {"name": "refs/heads/bead/1", "beforeOid": ZERO, "afterOid": head},
            {"name": claims, "beforeOid": ZERO, "afterOid": head},
        )
        assert errors(octo, mutation("updateRefs"), i=wrong)[0]["type"] == "UNPROCESSABLE"
        found = repository(
            octo,
            f'claims: ref(qualifiedName: "{claims}") {{ target {{ oid }} }} '
            'bead: ref(qualifiedName: "refs/heads/bead/1") { id }',
        )
        assert found == {"claims": {"target": {"oid": head}}, "bead": None}
        mutate(octo, "updateRefs", update({"name": claims, "beforeOid": head, "afterOid": ZERO}))
        assert repository(octo, f'ref(qualifiedName: "{claims}") {{ id }}')["ref"] is None

    def test_a_commit_needs_the_head_that_is_there(self, octo: httpx.Client, home: str, head: str) -> None:
        open_pull(octo, home, head)
        late = {
            "branch": {"repositoryNameWithOwner": "octo/sample", "branchName": "bead/1"},
            "expectedHeadOid": head,
            "message": {"headline": "Late"},
        }
        (error,) = errors(octo, mutation("createCommitOnBranch"), i=late)
        assert error["type"] == "STALE_DATA"

    def test_branches_are_compared(self, octo: httpx.Client, home: str, head: str) -> None:
        open_pull(octo, home, head)
        found = repository(
            octo,
            'main: ref(qualifiedName: "main") { compare(headRef: "bead/1") { aheadBy behindBy status } }'
            'bead: ref(qualifiedName: "bead/1") { compare(headRef: "main") { aheadBy behindBy status } }',
        )
        assert found["main"]["compare"] == {"aheadBy": 1, "behindBy": 0, "status": "AHEAD"}
        assert found["bead"]["compare"] == {"aheadBy": 0, "behindBy": 1, "status": "BEHIND"}


class TestIssues:
    def test_sub_issues_have_a_parent_and_are_counted(self, octo: httpx.Client, home: str) -> None:
        epic, one, two = (create_issue(octo, home, title) for title in ("epic", "one", "two"))
        for child in (one, two):
            mutate(octo, "addSubIssue", {"issueId": epic, "subIssueId": child})
        mutate(octo, "closeIssue", {"issueId": one})
        mutate(octo, "removeSubIssue", {"issueId": epic, "subIssueId": two})
        found = repository(
            octo,
            """epic: issue(number: 1) { subIssues(first: 5) { nodes { number } }
              subIssuesSummary { total completed percentCompleted } }
            one: issue(number: 2) { parent { number } } two: issue(number: 3) { parent { number } }""",
        )
        assert found["epic"]["subIssues"]["nodes"] == [{"number": 2}]
        assert found["epic"]["subIssuesSummary"] == {"total": 1, "completed": 1, "percentCompleted": 100}
        assert (found["one"]["parent"], found["two"]["parent"]) == ({"number": 1}, None)

    def test_people_are_assigned_besides_and_strangers_silently_not(self, forge: World, home: str) -> None:
        will = forge.person("will")
        issue = mutate(will, "createIssue", {"repositoryId": home, "title": "x"}, "issue { id }")["issue"]
        ids = {
            login: ask(will, "query($l: String!) { user(login: $l) { id } }", l=login)["user"]["id"]
            for login in ("maya", "rita", "stan")
        }
        fields = "assignable { assignees(first: 5) { nodes { login } } }"

        def assigned(name: str, *logins: str) -> list[str]:
            given = {"assignableId": issue["id"], "assigneeIds": [ids[login] for login in logins]}
            found = mutate(will, name, given, fields)["assignable"]["assignees"]["nodes"]
            return [one["login"] for one in found]

        assert assigned("addAssigneesToAssignable", "maya") == ["maya"]
        assert assigned("addAssigneesToAssignable", "rita", "stan") == ["maya", "rita"]
        assert assigned("removeAssigneesFromAssignable", "maya", "stan") == ["rita"]

    def test_a_comment_is_edited_reacted_to_and_deleted(
        self, forge: World, octo: httpx.Client, home: str
    ) -> None:
        issue = create_issue(octo, home)
        added = mutate(
            octo, "addComment", {"subjectId": issue, "body": "hi"}, "commentEdge { node { id databaseId } }"
        )
        comment = added["commentEdge"]["node"]["id"]
        for _ in range(2):
            mutate(forge.person("rita"), "addReaction", {"subjectId": comment, "content": "EYES"})
        mutate(octo, "updateIssueComment", {"id": comment, "body": "hello"})
        (error,) = errors(forge.person("rita"), mutation("deleteIssueComment"), i={"id": comment})
        assert error["type"] == "FORBIDDEN"
        found = repository(
            octo,
            """issue(number: 1) { comments(last: 5) { nodes { body viewerDidAuthor lastEditedAt
              reactionGroups { content reactors(first: 1) { totalCount } } } } }""",
        )
        (node,) = found["issue"]["comments"]["nodes"]
        assert (node["body"], node["viewerDidAuthor"]) == ("hello", True)
        assert node["lastEditedAt"] is not None
        counts = {group["content"]: group["reactors"]["totalCount"] for group in node["reactionGroups"]}
        assert {content: count for content, count in counts.items() if count} == {"EYES": 1}
        mutate(octo, "deleteIssueComment", {"id": comment})
        after = repository(octo, "issue(number: 1) { comments(first: 1) { totalCount } }")
        assert after["issue"]["comments"]["totalCount"] == 0


class TestPullRequests:
    FIELDS = """state isDraft merged mergeable mergeStateStatus reviewDecision headRefName baseRefName
        changedFiles additions deletions commits(last: 1) { nodes { commit { messageHeadline messageBody } } }
        files(first: 5) { nodes { path changeType } } headRepository { nameWithOwner }"""

    def test_it_says_what_it_brings_and_whether_it_can_be_merged(
        self, octo: httpx.Client, home: str, head: str
    ) -> None:
        open_pull(octo, home, head)
        early = repository(octo, "pullRequest(number: 1) { mergeable mergeStateStatus }")["pullRequest"]
        assert early == {"mergeable": "UNKNOWN", "mergeStateStatus": "UNKNOWN"}
        found = repository(octo, f"pullRequest(number: 1) {{ {self.FIELDS} }}")["pullRequest"]
        assert (found["state"], found["mergeable"], found["mergeStateStatus"]) == (
            "OPEN",
            "MERGEABLE",
            "CLEAN",
        )
        assert found["reviewDecision"] is None
        assert (found["changedFiles"], found["additions"], found["deletions"]) == (1, 1, 1)
        assert found["files"]["nodes"] == [{"path": "src/add.py", "changeType": "MODIFIED"}]
        commit = found["commits"]["nodes"][0]["commit"]
        assert commit == {"messageHeadline": "Turn it round", "messageBody": "Why not"}

    def test_it_is_merged_at_the_head_that_was_meant_and_only_once(
        self, octo: httpx.Client, home: str, head: str
    ) -> None:
        pull = open_pull(octo, home, head)
        stale = {"pullRequestId": pull, "expectedHeadOid": head}
        (error,) = errors(octo, mutation("mergePullRequest"), i=stale)
        assert "Head branch was modified" in error["message"]
        tip = repository(octo, "pullRequest(number: 1) { headRefOid }")["pullRequest"]["headRefOid"]
        merge = {"pullRequestId": pull, "expectedHeadOid": tip, "mergeMethod": "SQUASH"}
        merged = mutate(
            octo,
            "mergePullRequest",
            merge,
            "pullRequest { state mergedBy { login } mergeCommit { oid } }",
        )
        assert (merged["pullRequest"]["state"], merged["pullRequest"]["mergedBy"]) == (
            "MERGED",
            {"login": "octo"},
        )
        now = repository(
            octo,
            """defaultBranchRef { target { oid ... on Commit { associatedPullRequests(first: 5)
            { nodes { number } } } } }""",
        )["defaultBranchRef"]["target"]
        assert now["oid"] == merged["pullRequest"]["mergeCommit"]["oid"]
        assert now["associatedPullRequests"]["nodes"] == [{"number": 1}]
        assert errors(octo, mutation("mergePullRequest"), i=merge)[0]["type"] == "UNPROCESSABLE"

    def test_a_draft_is_made_ready_and_a_closed_one_opened_again(
        self, octo: httpx.Client, home: str, head: str
    ) -> None:
        pull = open_pull(octo, home, head)
        given = {"pullRequestId": pull}
        mutate(octo, "convertPullRequestToDraft", given, "pullRequest { mergeable }")
        draft = repository(octo, "pullRequest(number: 1) { isDraft mergeStateStatus }")["pullRequest"]
        assert draft == {"isDraft": True, "mergeStateStatus": "DRAFT"}
        mutate(octo, "markPullRequestReadyForReview", given)
        closed = mutate(octo, "closePullRequest", given, "pullRequest { state isDraft mergeable }")[
            "pullRequest"
        ]
        assert closed == {"state": "CLOSED", "isDraft": False, "mergeable": "UNKNOWN"}
        opened = mutate(octo, "reopenPullRequest", given, "pullRequest { state }")
        assert opened["pullRequest"] == {"state": "OPEN"}

    def test_a_review_has_threads_that_are_answered_and_settled(
        self, forge: World, octo: httpx.Client, home: str, head: str
    ) -> None:
        pull = open_pull(octo, home, head)
        review = {
            "pullRequestId": pull,
            "event": "REQUEST_CHANGES",
            "body": "No",
            "threads": [{"path": "src/add.py", "line": 2, "body": "Why?"}],
        }
        mutate(forge.person("will"), "addPullRequestReview", review)
        threads = """pullRequest(number: 1) { reviewThreads(first: 5) { nodes {
            id isResolved isOutdated path line diffSide viewerCanResolve resolvedBy { login }
            comments(first: 5) { nodes { body author { login } replyTo { body } } } } }
            latestReviews(first: 5) { nodes { state author { login } } } }"""
        found = repository(octo, threads)["pullRequest"]
        assert {"state": "CHANGES_REQUESTED", "author": {"login": "will"}} in found["latestReviews"]["nodes"]
        (thread,) = found["reviewThreads"]["nodes"]
        assert (thread["path"], thread["line"], thread["isResolved"]) == ("src/add.py", 2, False)
        answer = {"pullRequestReviewThreadId": thread["id"], "body": "Because"}
        mutate(octo, "addPullRequestReviewThreadReply", answer)
        limited = forge.installed(pull_requests="write")
        (error,) = errors(limited, mutation("resolveReviewThread"), i={"threadId": thread["id"]})
        assert error["message"] == "Resource not accessible by integration"
        mutate(forge.installed(), "resolveReviewThread", {"threadId": thread["id"]})
        (settled,) = repository(octo, threads)["pullRequest"]["reviewThreads"]["nodes"]
        assert (settled["isResolved"], settled["viewerCanResolve"]) == (True, False)
        assert [node["body"] for node in settled["comments"]["nodes"]] == ["Why?", "Because"]
        assert settled["comments"]["nodes"][1]["replyTo"] == {"body": "Why?"}
        mutate(octo, "unresolveReviewThread", {"threadId": thread["id"]})
        state = forge.state
        assert [one.resolved for one in state.all(Thread)] == [False]

    def test_nobody_approves_their_own(self, octo: httpx.Client, home: str, head: str) -> None:
        pull = open_pull(octo, home, head)
        (error,) = errors(
            octo, mutation("addPullRequestReview"), i={"pullRequestId": pull, "event": "APPROVE"}
        )
        assert "your own pull request" in error["message"]

    def test_a_pending_review_is_its_authors_until_it_is_submitted(
        self, forge: World, octo: httpx.Client, home: str, head: str
    ) -> None:
        pull = open_pull(octo, home, head)
        will = forge.person("will")
        thread = {"path": "src/add.py", "line": 2, "body": "Hm"}
        mutate(will, "addPullRequestReview", {"pullRequestId": pull, "threads": [thread]})
        seen = """pullRequest(number: 1) {
          reviews(first: 5) { totalCount } reviewThreads(first: 5) { totalCount } }"""
        nothing = {"reviews": {"totalCount": 0}, "reviewThreads": {"totalCount": 0}}
        assert repository(octo, seen)["pullRequest"] == nothing
        mutate(will, "submitPullRequestReview", {"pullRequestId": pull, "event": "COMMENT", "body": "So"})
        assert [review.state for review in forge.state.all(Review)] == ["COMMENTED"]
        assert repository(octo, seen)["pullRequest"]["reviewThreads"]["totalCount"] == 1

    def test_rules_block_it_until_they_are_met(
        self, forge: World, octo: httpx.Client, home: str, head: str
    ) -> None:
        pull = open_pull(octo, home, head)
        fields = """pullRequest(number: 1) { mergeStateStatus reviewDecision
          statusCheckRollup { contexts(first: 5) { nodes { ... on CheckRun { name
            isRequired(pullRequestNumber: 1) } } } } }
          branchProtectionRules(first: 5) { nodes { pattern requiredStatusCheckContexts } }"""
        repository(octo, fields)  # the first look only starts to work out whether it merges

        def protect(state: State) -> None:
            wanted: list[tuple[str, int | None]] = [("ci", forge.app.id)]
            state.put(
                BranchProtection(
                    id=state.new_id(),
                    repo_id=forge.repository.id,
                    branch="main",
                    checks=wanted,
                    required_checks=True,
                    required_reviews=1,
                )
            )

        def check(state: State) -> None:
            place, (only,) = state.get(Repository, forge.repository.id), state.all(Pull)
            for name in ("ci", "other"):
                run = checks.create_run(state, forge.app.id, place, only.head_sha, name)
                checks.update_run(state, run, status="completed", conclusion="success")

        forge.forge.on(protect)
        before = repository(octo, fields)
        assert before["pullRequest"]["mergeStateStatus"] == "BLOCKED"
        assert before["pullRequest"]["reviewDecision"] == "REVIEW_REQUIRED"
        assert before["branchProtectionRules"]["nodes"] == [
            {"pattern": "main", "requiredStatusCheckContexts": ["ci"]}
        ]
        forge.forge.on(check)
        mutate(forge.person("will"), "addPullRequestReview", {"pullRequestId": pull, "event": "APPROVE"})
        after = repository(octo, fields)["pullRequest"]
        assert (after["mergeStateStatus"], after["reviewDecision"]) == ("CLEAN", "APPROVED")
        assert after["statusCheckRollup"]["contexts"]["nodes"] == [
            {"name": "ci", "isRequired": True},
            {"name": "other", "isRequired": False},
        ]

    def test_the_rollup_adds_up_checks_and_statuses(
        self, forge: World, octo: httpx.Client, head: str
    ) -> None:
        rollup = f"""object(oid: "{head}") {{ ... on Commit {{ statusCheckRollup {{
            state contexts(first: 9) {{ totalCount checkRunCount nodes {{ __typename
            ... on CheckRun {{ name conclusion checkSuite {{ app {{ slug }} workflowRun {{ databaseId }} }} }}
            ... on StatusContext {{ context state creator {{ login }} }} }} }} }} }} }}"""
        assert repository(octo, rollup)["object"]["statusCheckRollup"] is None

        def report(state: State) -> None:
            place = state.get(Repository, forge.repository.id)
            run = checks.create_run(state, forge.app.id, place, head, "lint")
            checks.update_run(state, run, status="completed", conclusion="success")
            checks.set_status(state, forge.people["will"], place, head, "pending", context="ci")

        forge.forge.on(report)
        found = repository(octo, rollup)["object"]["statusCheckRollup"]
        assert (found["state"], found["contexts"]["checkRunCount"]) == ("PENDING", 1)
        lint, ci = found["contexts"]["nodes"]
        assert (lint["name"], lint["conclusion"]) == ("lint", "SUCCESS")
        assert lint["checkSuite"] == {"app": {"slug": "beadwright"}, "workflowRun": None}
        assert (ci["context"], ci["state"], ci["creator"]) == ("ci", "PENDING", {"login": "will"})


class TestObservation:
    def test_a_whole_look_at_a_hundred_beads_takes_a_fraction_of_a_second(
        self, forge: World, octo: httpx.Client, home: str, head: str
    ) -> None:
        client = forge.installed()
        node = mutate(
            octo, "createLabel", {"repositoryId": home, "name": "bead", "color": "00ff00"}, "label { id }"
        )
        assert node["label"]["id"]

        def fill(state: State) -> None:
            place = state.get(Repository, forge.repository.id)
            for number in range(100):
                issues.create_issue(state, forge.people["octo"], place, f"Bead {number}", labels=["bead"])

        forge.forge.on(fill)
        for number in range(1, 11):
            open_pull(octo, home, head, f"bead/{number}")

        def review(state: State) -> None:
            for pull in state.all(Pull):
                line = LineComment("src/add.py", "Why?", 2)
                reviews.create_review(
                    state, forge.people["will"], pull, event="COMMENT", body="x", comments=[line]
                )
                pulls.merge_state(state, pull)  # works it out

        forge.forge.on(review)
        document = observe_document([1, 2, 101], [1])
        ask(client, document, base="main", bead="bead", app=1, **WHERE)
        taken = min(
            _timed(lambda: ask(client, document, base="main", bead="bead", app=1, **WHERE)) for _ in range(5)
        )
        found = ask(client, document, base="main", bead="bead", app=1, **WHERE)["repository"]
        assert len(found["issues"]["nodes"]) == 100
        assert len(found["branches"]["nodes"]) == 10
        opened = found["branches"]["nodes"][0]["associatedPullRequests"]["nodes"][0]
        assert len(opened["reviewThreads"]["nodes"]) == 1
        assert taken < 1.0


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
