"""PyGithub, a client that we did not write, on the forge: nothing is told it but the address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from github import Auth, Github, GithubException, GithubIntegration, UnknownObjectException
from github.Repository import Repository

from bot.local.forge.records import Comment, Issue, Label, Pull, Review
from tests.forge import branches
from tests.forge.conftest import World
from tests.forge.test_actions import DISPATCHED

SELECT = (
    "query($o: String!, $n: String!) { repository(owner: $o, name: $n) { issues(first: 9) { totalCount } } }"
)


def connect(forge: World, auth: Auth.Auth) -> Github:
    """A client; only its waits between requests, made for github.com's limits, are off."""
    return Github(
        auth=auth,
        base_url=forge.api_url,
        seconds_between_requests=None,
        seconds_between_writes=None,
        retry=None,
    )


@pytest.fixture
def octo(forge: World) -> Iterator[Repository]:
    """octo/sample as its owner sees it."""
    with connect(forge, Auth.Token(forge.tokens["octo"])) as client:
        yield client.get_repo("octo/sample")


@pytest.fixture
def will(forge: World) -> Iterator[Repository]:
    """octo/sample as somebody sees it who may write."""
    with connect(forge, Auth.Token(forge.tokens["will"])) as client:
        yield client.get_repo("octo/sample")


def test_a_repository_is_shown(octo: Repository, forge: World) -> None:
    assert (octo.full_name, octo.default_branch, octo.private) == ("octo/sample", "main", False)
    assert octo.permissions.admin
    assert octo.get_branch("main").commit.sha == branches.tip(forge)
    assert octo.get_contents("src/add.py").decoded_content.startswith(b"def add")  # type: ignore[union-attr]
    assert octo.get_readme().decoded_content == b"# sample\n"
    assert [one.login for one in octo.get_collaborators()] == ["octo", "maya", "will", "rita"]
    assert octo.get_collaborator_permission("rita") == "read"


def test_issues_are_opened_listed_labelled_commented_and_closed(octo: Repository, forge: World) -> None:
    octo.create_label("bug", "ff0000", "Something is wrong")
    first = octo.create_issue("First", body="One", labels=["bug"], assignees=["will"])
    octo.create_issue("Second")
    assert [one.title for one in octo.get_issues(labels=["bug"], assignee="will")] == ["First"]
    assert [one.title for one in octo.get_issues(sort="created", direction="asc")] == ["First", "Second"]
    comment = first.create_comment("Look")
    comment.edit("Look again")
    comment.create_reaction("eyes")
    first.add_to_labels("ready")
    first.remove_from_labels("bug")
    first.set_labels("ready")
    first.edit(title="First!", state="closed", state_reason="not_planned")
    made = forge.state.get(Issue, first.id)
    assert (made.title, made.state, made.state_reason) == ("First!", "closed", "not_planned")
    assert [forge.state.get(Label, one).name for one in made.label_ids] == ["ready"]
    assert forge.state.get(Comment, comment.id).body == "Look again"
    assert [one.body for one in octo.get_issue(first.number).get_comments()] == ["Look again"]
    assert [one.event for one in first.get_events()][-1] == "closed"
    assert [one.title for one in octo.get_issues(state="closed")] == ["First!"]


def test_pages_are_followed_to_the_last(octo: Repository) -> None:
    for number in range(35):
        octo.create_issue(f"Number {number}")
    listed = octo.get_issues(direction="asc")
    assert listed.totalCount == 35
    assert [one.number for one in listed] == list(range(1, 36))
    assert [one.number for one in octo.get_issues(direction="asc").reversed][:2] == [35, 34]


def test_a_pull_request_is_opened_reviewed_and_merged(
    octo: Repository, will: Repository, forge: World
) -> None:
    head = branches.branch(forge, "topic", {"new.txt": "one\ntwo\n"})
    pull = octo.create_pull(base="main", head="topic", title="Add new", body="Body", draft=False)
    assert [one.number for one in will.get_pulls(head="octo:topic", base="main")] == [pull.number]
    assert ([one.filename for one in pull.get_files()], pull.get_commits().totalCount) == (["new.txt"], 1)
    pull.add_to_labels("review")
    pull.create_review_request(reviewers=["will"])
    octo.get_commit(head).create_status("success", context="ci/test", description="green")
    assert octo.get_commit(head).get_combined_status().state == "success"
    theirs = will.get_pull(pull.number)
    review = theirs.create_review(
        commit=will.get_commit(head),
        body="One thing",
        event="REQUEST_CHANGES",
        comments=[{"path": "new.txt", "line": 2, "body": "Why two?"}],
    )
    (line,) = theirs.get_review_comments()
    pull.create_review_comment_reply(line.id, "Because")
    theirs.create_review(body="Good", event="APPROVE")
    assert [one.state for one in pull.get_reviews()] == [
        "CHANGES_REQUESTED",
        "COMMENTED",  # the reply
        "APPROVED",
    ]
    assert forge.state.get(Review, review.id).commit_id == head
    pull.update()
    assert (pull.mergeable, pull.mergeable_state, pull.review_comments) == (True, "clean", 2)
    answer = pull.merge(merge_method="squash", commit_title="Add it", sha=head)
    assert answer.merged
    assert forge.state.get(Pull, pull.id).merged
    assert pull.is_merged()
    assert octo.get_branch("main").commit.sha == answer.sha
    octo.get_git_ref("heads/topic").delete()
    assert [one.name for one in octo.get_branches()] == ["main"]


def test_refusals_come_as_exceptions_with_their_status(octo: Repository, forge: World) -> None:
    with pytest.raises(UnknownObjectException):
        octo.get_issue(99)
    branches.branch(forge, "topic", {"new.txt": "x"})
    pull = octo.create_pull(base="main", head="topic", title="Add new")
    with pytest.raises(GithubException) as refused:
        pull.merge(sha="0" * 40)
    assert refused.value.status == 409
    pull.convert_to_draft()
    with pytest.raises(GithubException) as refused:
        pull.merge()
    assert refused.value.status == 405
    with pytest.raises(GithubException) as refused:
        octo.create_pull(base="main", head="topic", title="Again")
    assert refused.value.status == 422


def test_searching_finds_by_qualifiers(octo: Repository, forge: World) -> None:
    octo.create_issue("Crash on start", labels=["bug"])
    octo.create_issue("Nothing")
    with connect(forge, Auth.Token(forge.tokens["rita"])) as client:
        found = client.search_issues("crash", repo="octo/sample", label="bug", state="open")
        assert [one.title for one in found] == ["Crash on start"]
        assert found.totalCount == 1


def test_graphql_answers(octo: Repository) -> None:
    octo.create_issue("One")
    _, answer = octo.requester.graphql_query(SELECT, {"o": "octo", "n": "sample"})
    assert answer["data"]["repository"]["issues"]["totalCount"] == 1


def test_workflows_are_dispatched_and_their_runs_listed(octo: Repository) -> None:
    octo.create_file(".github/workflows/work.yml", "Add a workflow", DISPATCHED)
    workflow = octo.get_workflow("work.yml")
    assert workflow.create_dispatch("main", {"bead": "7"})
    (run,) = workflow.get_runs()
    assert (run.event, run.status, run.display_title) == ("workflow_dispatch", "queued", "bead 7 by octo")
    assert run.cancel()
    assert octo.get_workflow_run(run.id).status == "completed"


def test_an_app_reaches_its_installation_with_what_it_was_given(forge: World) -> None:
    auth = Auth.AppAuth(forge.app.client_id, forge.app_key)
    with GithubIntegration(auth=auth, base_url=forge.api_url, seconds_between_requests=None) as app:
        assert app.get_app().slug == "beadwright"
        assert [one.id for one in app.get_installations()] == [forge.installation.id]
        found = app.get_repo_installation("octo", "sample")
        token = app.get_access_token(found.id, permissions={"issues": "write"})
        assert token.permissions["issues"] == "write"
        with connect(forge, Auth.Token(token.token)) as narrow:
            narrow.get_repo("octo/sample").create_issue("By the App")
            with pytest.raises(GithubException) as refused:
                narrow.get_repo("octo/sample").create_file("x", "Add x", "x")
            assert refused.value.status == 403
        whole = found.get_github_for_installation()
        assert [one.full_name for one in found.get_repos()] == ["octo/sample"]
        (issue,) = whole.get_repo("octo/sample").get_issues()
        assert issue.user.login == "beadwright[bot]"
