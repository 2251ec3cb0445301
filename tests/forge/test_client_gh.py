"""`gh`, GitHub's own command line as Debian packages it, on the forge.

It is told a host's name, a token and a proxy by its own variables, and nothing else: what it asks and how it
reads the answers is its business.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.local.forge import actions
from bot.local.forge.records import Account, Comment, Issue, Label, Pull, Review, Run
from bot.local.forge.state import State
from tests.forge import branches
from tests.forge.branches import REPO, ok
from tests.forge.conftest import World
from tests.forge.test_actions import DISPATCHED, start_job
from tests.needs import need

HOST = "github.localhost"


@dataclass(frozen=True, slots=True)
class Gh:
    """The program, for the people of a world; outside a clone it is about octo/sample."""

    forge: World
    home: Path

    def run(
        self, *arguments: str, who: str = "octo", at: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run it as a person (or with a token) in a folder."""
        token = self.forge.tokens.get(who, who)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "GH_CONFIG_DIR": str(self.home / "gh"),
            "GH_HOST": HOST,
            "GH_TOKEN": token,
            "GH_PROMPT_DISABLED": "1",
            "GH_NO_UPDATE_NOTIFIER": "1",
            "NO_COLOR": "1",
            "HTTP_PROXY": self.forge.base_url,
            **git_environment(self.forge, token),
        }
        if at is None:
            environment["GH_REPO"] = f"{HOST}/octo/sample"
        return subprocess.run(
            ["gh", *arguments],
            cwd=at or self.home,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def __call__(self, *arguments: str, who: str = "octo", at: Path | None = None) -> str:
        """What it printed; it has to succeed."""
        done = self.run(*arguments, who=who, at=at)
        assert done.returncode == 0, f"gh {' '.join(arguments)}: {done.stderr}{done.stdout}"
        return done.stdout

    def read(self, *arguments: str, who: str = "octo") -> Any:
        """The JSON that it printed."""
        return json.loads(self(*arguments, who=who))

    def refused(self, *arguments: str, who: str = "octo") -> str:
        """Why it failed; it has to."""
        done = self.run(*arguments, who=who)
        assert done.returncode != 0, done.stdout
        return done.stderr


def git_environment(forge: World, token: str) -> dict[str, str]:
    """The variables by which git reaches the forge under its name, and the token with it."""
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    return {
        "http_proxy": forge.base_url,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.http://{HOST}/.extraheader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
        **{f"GIT_{role}_{name}": "will" for role in ("AUTHOR", "COMMITTER") for name in ("NAME", "EMAIL")},
    }


@pytest.fixture
def gh(forge: World, tmp_path: Path) -> Gh:
    """The program, with a home of its own."""
    need(
        shutil.which("gh") is not None,
        "gh is not here: install GitHub's command line (Debian: apt install gh)",
    )
    home = tmp_path / "home"
    home.mkdir()
    return Gh(forge, home)


def clone_of(gh: Gh) -> Path:
    """A clone that it made."""
    gh("repo", "clone", "octo/sample", str(gh.home / "clone"), "--", "--quiet")
    return gh.home / "clone"


def issue_of(gh: Gh, number: int) -> Issue:
    found = gh.forge.state.one(Issue, repo_id=gh.forge.repository.id, number=number)
    assert found is not None
    return found


def pull_of(gh: Gh, number: int) -> Pull:
    pull_id = issue_of(gh, number).pull_id
    assert pull_id is not None
    return gh.forge.state.get(Pull, pull_id)


def labels_of(gh: Gh, number: int) -> list[str]:
    return [gh.forge.state.get(Label, one).name for one in issue_of(gh, number).label_ids]


def table(printed: str) -> list[list[str]]:
    """The cells of what it prints to who is no terminal."""
    return [line.split("\t") for line in printed.splitlines()]


def facts(printed: str) -> dict[str, str]:
    """The lines ``name:	value`` of a view."""
    head = printed.split("--\n")[0]
    return dict(line.split(":\t", 1) for line in head.splitlines())


# -- the server and the repository ------------------------------------------------------------------------
def test_it_knows_who_its_token_is_and_what_it_may(gh: Gh) -> None:
    done = gh.run("auth", "status", "--hostname", HOST)
    told = done.stdout + done.stderr  # 2.23 tells it to the one, later ones to the other
    assert re.search(rf"Logged in to {HOST} (as|account) octo", told)
    assert re.search("Token scopes: '?read:org'?, '?repo'?, '?workflow'?", told)
    assert gh("api", "user", "--jq", ".login", who="rita") == "rita\n"
    assert "authentication failed" in gh.refused("auth", "status", "--hostname", HOST, who="ghp_wrong")


def test_the_repository_is_shown(gh: Gh) -> None:
    assert "name:\tocto/sample\ndescription:\t\n--\n# sample\n" in gh("repo", "view", "octo/sample")
    wanted = "nameWithOwner,defaultBranchRef,viewerPermission,isPrivate,url,watchers,issues"
    told = gh.read("repo", "view", "octo/sample", "--json", wanted, who="will")
    assert told["defaultBranchRef"] == {"name": "main"}
    assert told["url"] == f"http://{HOST}/octo/sample"
    assert (told["viewerPermission"], told["isPrivate"], told["issues"]) == (
        "WRITE",
        False,
        {"totalCount": 0},
    )


def test_a_repository_that_is_not_there_is_said_not_to_be(gh: Gh) -> None:
    told = gh.refused("repo", "view", "octo/none")
    assert "Could not resolve to a Repository with the name 'octo/none'" in told


# -- labels -----------------------------------------------------------------------------------------------
def test_labels_are_made_listed_changed_and_deleted(gh: Gh) -> None:
    gh("label", "create", "ready", "--color", "00ff00", "--description", "May go")
    gh("label", "create", "bug", "--color", "ff0000")
    assert table(gh("label", "list")) == [["ready", "May go", "#00ff00"], ["bug", "", "#ff0000"]]
    assert "already exists" in gh.refused("label", "create", "Bug")
    gh("label", "edit", "bug", "--name", "defect")
    assert gh.read("label", "list", "--search", "defect", "--json", "name") == [{"name": "defect"}]
    gh("label", "delete", "defect", "--yes")
    assert [one.name for one in gh.forge.state.all(Label)] == ["ready"]


# -- issues -----------------------------------------------------------------------------------------------
def test_issues_are_opened_and_listed_by_what_they_have(gh: Gh) -> None:
    gh("label", "create", "bug")
    made = gh(
        "issue", "create", "--title", "First", "--body", "One, @rita", "--label", "bug", "--assignee", "will"
    )
    assert made == f"http://{HOST}/octo/sample/issues/1\n"
    gh("issue", "create", "--title", "Second", "--body", "Two", who="will")
    assert [row[:4] for row in table(gh("issue", "list"))] == [
        ["2", "OPEN", "Second", ""],
        ["1", "OPEN", "First", "bug"],
    ]
    for filters in (
        ["--label", "bug"],
        ["--assignee", "will"],
        ["--author", "octo"],
        ["--mention", "rita"],
        ["--search", "first in:title sort:created-asc"],
    ):
        assert [row[0] for row in table(gh("issue", "list", *filters))] == ["1"], filters
    assert gh("issue", "list", "--state", "closed") == ""
    assert [row[0] for row in table(gh("issue", "list", "--limit", "1"))] == ["2"]


def test_an_issue_is_shown_with_its_conversation(gh: Gh) -> None:
    gh("issue", "create", "--title", "First", "--body", "One")
    gh("issue", "comment", "1", "--body", "Look", who="rita")
    printed = gh("issue", "view", "1")
    assert printed.endswith("--\nOne\n")
    told = facts(printed)
    assert (told["title"], told["state"], told["author"], told["comments"]) == ("First", "OPEN", "octo", "1")
    assert (told["labels"], told["projects"], told["milestone"]) == ("", "", "")
    assert "author:\trita\n" in gh("issue", "view", "1", "--comments")
    everything = (
        "assignees,author,body,closed,closedAt,comments,createdAt,id,labels,milestone,number,projectCards,"
        "reactionGroups,state,title,updatedAt,url"
    )
    told = gh.read("issue", "view", "1", "--json", everything)
    assert [(one["author"]["login"], one["body"]) for one in told["comments"]] == [("rita", "Look")]
    assert (told["closed"], told["milestone"], told["projectCards"]) == (False, None, [])


def test_an_issue_is_commented_labelled_renamed_closed_and_reopened(gh: Gh) -> None:
    gh("issue", "create", "--title", "First", "--body", "One")
    gh("label", "create", "bug")
    gh("label", "create", "ready")
    said = gh("issue", "comment", "1", "--body", "Look")
    (comment,) = gh.forge.state.all(Comment)
    assert said == f"http://{HOST}/octo/sample/issues/1#issuecomment-{comment.id}\n"
    gh("issue", "comment", "1", "--edit-last", "--body", "Look again")
    assert gh.forge.state.get(Comment, comment.id).body == "Look again"
    gh("issue", "edit", "1", "--add-label", "bug,ready", "--title", "First!", "--add-assignee", "will")
    assert sorted(labels_of(gh, 1)) == ["bug", "ready"]
    gh("issue", "edit", "1", "--remove-label", "bug")
    assert labels_of(gh, 1) == ["ready"]
    issue = issue_of(gh, 1)
    assert issue.title == "First!"
    assert [gh.forge.state.get(Account, one).login for one in issue.assignee_ids] == ["will"]
    gh("issue", "close", "1", "--reason", "not planned", "--comment", "No")
    assert (issue_of(gh, 1).state, issue_of(gh, 1).state_reason) == ("closed", "not_planned")
    gh("issue", "reopen", "1")
    assert issue_of(gh, 1).state == "open"
    assert "First!" in gh("issue", "status")


def test_who_may_only_read_comments_but_does_not_label(gh: Gh) -> None:
    gh("issue", "create", "--title", "First", "--body", "One")
    gh("label", "create", "ready")
    gh("issue", "comment", "1", "--body", "May I?", who="rita")
    assert "rita does not have the correct permissions" in gh.refused(
        "issue", "edit", "1", "--add-label", "ready", who="rita"
    )
    assert labels_of(gh, 1) == []


def test_an_app_acts_by_its_installations_token(gh: Gh) -> None:
    token = ok(gh.forge.by_app().post(f"/app/installations/{gh.forge.installation.id}/access_tokens"))[
        "token"
    ]
    gh("issue", "create", "--title", "By the App", "--body", "One", who=token)
    assert gh.forge.state.get(Account, issue_of(gh, 1).user_id).login == "beadwright[bot]"
    assert facts(gh("issue", "view", "1", who=token))["author"] == "beadwright"


# -- pull requests ----------------------------------------------------------------------------------------
def test_pull_requests_are_opened_and_listed_by_what_they_have(gh: Gh) -> None:
    gh("label", "create", "review")
    clone = clone_of(gh)
    for number, name in enumerate(("one", "two"), start=1):
        branches.branch(gh.forge, name, {f"{name}.txt": "x\n"})
        arguments = ["--title", f"Add {name}", "--body", "Body", "--head", name, "--base", "main"]
        more = (
            ["--label", "review", "--reviewer", "will", "--assignee", "octo"]
            if name == "one"
            else ["--draft"]
        )
        made = gh("pr", "create", *arguments, *more, at=clone)
        assert made == f"http://{HOST}/octo/sample/pull/{number}\n"
    assert [row[:4] for row in table(gh("pr", "list"))] == [
        ["2", "Add two", "two", "DRAFT"],
        ["1", "Add one", "one", "OPEN"],
    ]
    for filters in (
        ["--label", "review"],
        ["--assignee", "octo"],
        ["--head", "one"],
        ["--search", "review-requested:will draft:false"],
    ):
        assert [row[0] for row in table(gh("pr", "list", *filters))] == ["1"], filters
    assert gh("pr", "list", "--state", "merged") == ""
    assert [gh.forge.state.get(Account, one).login for one in pull_of(gh, 1).requested_reviewer_ids] == [
        "will"
    ]


def test_a_pull_request_is_shown_with_its_diff_and_checks(gh: Gh) -> None:
    pull = branches.pull(gh.forge, "topic", body="Body")
    told = facts(gh("pr", "view", "1"))
    assert (told["state"], told["author"], told["additions"], told["deletions"]) == ("OPEN", "will", "3", "0")
    assert gh("pr", "diff", "1").startswith("diff --git a/topic.txt b/topic.txt\nnew file mode 100644\n")
    assert "no checks reported on the 'topic' branch" in gh.refused("pr", "checks", "1")
    octo = gh.forge.person("octo")
    statuses = f"{REPO}/statuses/{pull['head']['sha']}"
    ok(octo.post(statuses, json={"state": "success", "context": "ci/lint"}))
    ok(
        octo.post(
            statuses, json={"state": "failure", "context": "ci/test", "target_url": "http://x.invalid/1"}
        )
    )
    failing = gh.run("pr", "checks", "1")
    assert failing.returncode == 1
    assert [row[:4] for row in table(failing.stdout)] == [
        ["ci/test", "fail", "0", "http://x.invalid/1"],
        ["ci/lint", "pass", "0", ""],
    ]
    ok(octo.post(statuses, json={"state": "success", "context": "ci/test"}))
    assert [row[:2] for row in table(gh("pr", "checks", "1"))] == [["ci/lint", "pass"], ["ci/test", "pass"]]
    everything = (
        "additions,assignees,author,baseRefName,body,changedFiles,closed,closedAt,comments,commits,createdAt,"
        "deletions,files,headRefName,headRefOid,headRepository,headRepositoryOwner,id,isCrossRepository,isDraft,"
        "labels,latestReviews,maintainerCanModify,mergeCommit,mergeStateStatus,mergeable,mergedAt,mergedBy,"
        "milestone,number,potentialMergeCommit,projectCards,reactionGroups,reviewDecision,reviewRequests,reviews,"
        "state,statusCheckRollup,title,updatedAt,url"
    )
    told = gh.read("pr", "view", "1", "--json", everything)
    assert (told["mergeable"], told["mergeStateStatus"], told["mergeCommit"]) == ("MERGEABLE", "CLEAN", None)
    assert [one["path"] for one in told["files"]] == ["topic.txt"]
    assert [one["messageHeadline"] for one in told["commits"]] == ["Work on topic"]
    assert [one["context"] for one in told["statusCheckRollup"]] == ["ci/lint", "ci/test"]


def test_a_pull_request_is_commented_labelled_and_its_reviewers_changed(gh: Gh) -> None:
    branches.pull(gh.forge, "topic", by="octo")
    gh("label", "create", "review")
    gh("pr", "comment", "1", "--body", "Please", who="rita")
    assert [one.body for one in gh.forge.state.all(Comment)] == ["Please"]
    gh("pr", "edit", "1", "--add-label", "review", "--title", "Do it", "--add-reviewer", "will,maya")
    assert (issue_of(gh, 1).title, labels_of(gh, 1)) == ("Do it", ["review"])
    gh("pr", "edit", "1", "--remove-label", "review", "--remove-reviewer", "maya")
    assert labels_of(gh, 1) == []
    assert [gh.forge.state.get(Account, one).login for one in pull_of(gh, 1).requested_reviewer_ids] == [
        "will"
    ]


def test_reviews_are_handed_in_and_count(gh: Gh) -> None:
    branches.pull(gh.forge, "topic", by="octo")
    protection = {"required_approving_review_count": 1}
    wanted = {
        "required_status_checks": None,
        "enforce_admins": True,
        "required_pull_request_reviews": protection,
        "restrictions": None,
    }
    ok(gh.forge.person("octo").put(f"{REPO}/branches/main/protection", json=wanted))
    gh("pr", "review", "1", "--comment", "--body", "Hm", who="will")
    gh("pr", "review", "1", "--request-changes", "--body", "One thing", who="will")
    assert gh.read("pr", "view", "1", "--json", "reviewDecision") == {"reviewDecision": "CHANGES_REQUESTED"}
    assert "the base branch policy prohibits the merge" in gh.refused("pr", "merge", "1", "--squash")
    assert "Can not approve your own pull request" in gh.refused("pr", "review", "1", "--approve")
    gh("pr", "review", "1", "--approve", who="will")
    assert gh.read("pr", "view", "1", "--json", "reviewDecision") == {"reviewDecision": "APPROVED"}
    states = [one.state for one in gh.forge.state.find(Review, pull_id=pull_of(gh, 1).id)]
    assert states == ["COMMENTED", "CHANGES_REQUESTED", "APPROVED"]
    assert facts(gh("pr", "view", "1"))["reviewers"] == "will (Approved)"
    gh("pr", "merge", "1", "--squash")
    assert pull_of(gh, 1).merged


@pytest.mark.parametrize(
    ("how", "parents", "headline"),
    [
        ("--merge", 2, "Merge pull request #1 from octo/topic"),
        ("--squash", 1, "Do topic (#1)"),
        ("--rebase", 1, "Work on topic"),
    ],
)
def test_each_way_of_merging_merges(gh: Gh, how: str, parents: int, headline: str) -> None:
    head = branches.pull(gh.forge, "topic")["head"]["sha"]
    gh("pr", "merge", "1", how, "--match-head-commit", head, "--delete-branch")
    assert facts(gh("pr", "view", "1"))["state"] == "MERGED"
    merged = ok(gh.forge.person("octo").get(f"{REPO}/commits/main"))
    assert (len(merged["parents"]), merged["commit"]["message"].split("\n")[0]) == (parents, headline)
    assert pull_of(gh, 1).merge_commit_sha == merged["sha"]
    assert gh.forge.person("octo").get(f"{REPO}/branches/topic").status_code == 404
    told = gh.read("pr", "list", "--state", "all", "--json", "number,mergedBy,mergeCommit")
    assert [(one["mergedBy"]["login"], one["mergeCommit"]["oid"]) for one in told] == [
        ("octo", merged["sha"])
    ]


def test_what_must_not_be_merged_is_not(gh: Gh) -> None:
    branches.pull(gh.forge, "topic", draft=True)
    assert "Pull Request is still a draft" in gh.refused("pr", "merge", "1", "--squash")
    gh("pr", "ready", "1")
    assert not pull_of(gh, 1).draft
    assert "Head branch was modified" in gh.refused(
        "pr", "merge", "1", "--squash", "--match-head-commit", "0" * 40
    )
    assert "rita does not have the correct permissions" in gh.refused(
        "pr", "merge", "1", "--merge", who="rita"
    )
    assert not pull_of(gh, 1).merged
    gh("pr", "ready", "1", "--undo")
    assert pull_of(gh, 1).draft


def test_a_pull_request_is_closed_with_its_branch_and_stays_closed(gh: Gh) -> None:
    branches.pull(gh.forge, "topic")
    gh("pr", "close", "1", "--comment", "Not now")
    assert issue_of(gh, 1).state == "closed"
    gh("pr", "reopen", "1")
    assert issue_of(gh, 1).state == "open"
    gh("pr", "close", "1", "--delete-branch")
    assert gh.forge.person("octo").get(f"{REPO}/branches/topic").status_code == 404
    assert "The topic branch has been deleted." in gh.refused("pr", "reopen", "1")


def test_a_pull_request_is_checked_out_worked_on_and_found_by_its_branch(gh: Gh) -> None:
    branches.pull(gh.forge, "topic")
    clone = clone_of(gh)

    def git(*arguments: str) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(gh.home),
            **git_environment(gh.forge, gh.forge.tokens["will"]),
        }
        done = subprocess.run(["git", *arguments], cwd=clone, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    gh("pr", "checkout", "1", who="will", at=clone)
    assert git("branch", "--show-current") == "topic"
    assert (clone / "topic.txt").read_text() == "one\ntwo\nthree\n"
    (clone / "more.txt").write_text("more\n")
    git("add", "more.txt")
    git("commit", "--quiet", "--message", "Add more")
    git("push", "--quiet", "origin", "topic")
    assert pull_of(gh, 1).head_sha == git("rev-parse", "HEAD")
    assert facts(gh("pr", "view", who="will", at=clone))["number"] == "1"
    assert "#1  Do topic [topic]" in gh("pr", "status", who="will", at=clone)


# -- Actions ----------------------------------------------------------------------------------------------
def test_a_workflow_is_run_and_its_runs_are_shown(gh: Gh) -> None:
    content = base64.b64encode(DISPATCHED.encode()).decode()
    put = {"message": "Add a workflow", "content": content}
    ok(gh.forge.person("octo").put(f"{REPO}/contents/.github/workflows/work.yml", json=put))
    assert [row[:2] for row in table(gh("workflow", "list"))] == [["Work", "active"]]
    assert gh("workflow", "view", "work.yml", "--yaml").strip() == DISPATCHED.strip()
    assert "Required input 'bead' not provided" in gh.refused("workflow", "run", "work.yml")
    gh("workflow", "run", "work.yml", "-f", "bead=7")
    (run,) = gh.forge.state.all(Run)
    (row,) = table(gh("run", "list", "--workflow", "work.yml"))
    assert row[:6] == ["queued", "", "bead 7 by octo", "Work", "main", "workflow_dispatch"]
    gh("run", "cancel", str(run.id))
    told = gh.read("run", "list", "--json", "databaseId,status,conclusion,displayTitle,event,headSha")
    assert [(one["databaseId"], one["status"], one["conclusion"]) for one in told] == [
        (run.id, "completed", "cancelled")
    ]
    gh("workflow", "disable", "work.yml")
    assert [row[:2] for row in table(gh("workflow", "list", "--all"))] == [["Work", "disabled_manually"]]


def test_a_run_that_has_ended_is_shown_with_its_jobs(gh: Gh) -> None:
    content = base64.b64encode(DISPATCHED.encode()).decode()
    put = {"message": "Add a workflow", "content": content}
    ok(gh.forge.person("octo").put(f"{REPO}/contents/.github/workflows/work.yml", json=put))
    gh("workflow", "run", "work.yml", "-f", "bead=7")
    (run,) = gh.forge.state.all(Run)

    def work(state: State) -> None:
        job = start_job(state, run.id)
        actions.finish_job(state, job, "failure")
        actions.finish_run(state, state.get(Run, run.id), "failure")

    gh.forge.forge.on(work)
    failed = gh.run("run", "view", str(run.id), "--exit-status")
    assert failed.returncode == 1
    assert "X main Work" in failed.stdout
    assert "X agent" in failed.stdout
    told = gh.read("run", "view", str(run.id), "--json", "conclusion,jobs")
    assert [(one["name"], one["conclusion"]) for one in told["jobs"]] == [("agent", "failure")]
    gh("run", "rerun", str(run.id))
    assert gh.forge.state.get(Run, run.id).status == "queued"


# -- what it passes through -------------------------------------------------------------------------------
def test_the_api_is_asked_directly(gh: Gh) -> None:
    for title in ("One", "Two", "Three"):
        gh("api", "repos/octo/sample/issues", "-f", f"title={title}")
    listed = gh("api", "repos/octo/sample/issues?per_page=1", "--paginate", "--jq", ".[].number")
    assert listed.split() == ["3", "2", "1"]
    query = """
      query($owner: String!, $name: String!, $endCursor: String) {
        repository(owner: $owner, name: $name) {
          issues(first: 2, after: $endCursor) { nodes { number } pageInfo { hasNextPage endCursor } }
        }
      }"""
    pages = ["--paginate", "--jq", ".data.repository.issues.nodes[].number"]
    listed = gh("api", "graphql", "-f", f"query={query}", "-F", "owner=octo", "-F", "name=sample", *pages)
    assert listed.split() == ["1", "2", "3"]
    told = gh("api", "--include", "rate_limit")
    assert "X-Ratelimit-Limit: 5000" in told
    assert "HTTP 404" in gh.refused("api", "repos/octo/sample/issues/99")
    assert "HTTP 422" in gh.refused("api", "repos/octo/sample/labels", "-f", "name=")
    assert "does not implement" in gh.refused("api", "notifications")


def test_it_learns_from_the_schema_what_the_server_has(gh: Gh) -> None:
    query = '{ __type(name: "PullRequest") { fields(includeDeprecated: true) { name } } }'
    told = gh.read("api", "graphql", "-f", f"query={query}")
    names = {one["name"] for one in told["data"]["__type"]["fields"]}
    assert {"reviewDecision", "statusCheckRollup", "isInMergeQueue"} <= names
    assert "suggestedReviewers" not in names
