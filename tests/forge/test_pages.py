"""The pages for people: what they show, what their forms do as REST sees it, and who may not."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from bot.local.forge import actions, issues, world
from bot.local.forge.records import Account, Repository, Run
from bot.local.forge.serve import in_thread
from bot.local.forge.state import Signal, State
from tests.forge.branches import REPO, advance, branch, ok, pull, tip
from tests.forge.conftest import World, build
from tests.forge.visitor import Page, Visiting, Visitor

ISSUES = f"{REPO}/issues"
HOME = "/octo/sample"
ISSUE = f"{HOME}/issues/1"
WORKFLOW = """
name: CI
on: {push: {branches: [main]}, workflow_dispatch: {}}
jobs:
  test: {runs-on: ubuntu-latest, steps: [{run: "true"}]}
"""
QUEUE = {
    "check_response_timeout_minutes": 60,
    "grouping_strategy": "ALLGREEN",
    "max_entries_to_build": 5,
    "max_entries_to_merge": 5,
    "merge_method": "MERGE",
    "min_entries_to_merge": 1,
    "min_entries_to_merge_wait_minutes": 5,
}


@pytest.fixture
def forge(folder: Path) -> Iterator[World]:
    """The world of `conftest`, its exchanges unlogged: what programs are answered is for other tests."""
    with in_thread(folder) as running:
        made = running.on(lambda state: build(running, state))
        yield made
        made.close()


@pytest.fixture
def visiting(forge: World) -> Iterator[Visiting]:
    """Makes a visitor who is signed in as somebody, or as nobody."""
    made: list[Visitor] = []

    def visit(login: str | None) -> Visitor:
        made.append(Visitor(forge, login))
        return made[-1]

    yield visit
    for one in made:
        one.close()


def opened(forge: World, by: str = "octo", **fields: Any) -> dict[str, Any]:
    """An issue by REST."""
    made: dict[str, Any] = ok(forge.person(by).post(ISSUES, json={"title": "A bead", **fields}))
    return made


def issue(forge: World, number: int = 1) -> dict[str, Any]:
    """An issue as REST shows it."""
    found: dict[str, Any] = ok(forge.person("octo").get(f"{ISSUES}/{number}"))
    return found


def journal(forge: World) -> bytes:
    """All that the forge has written down."""
    return (forge.state.folder / "state.jsonl").read_bytes()


# -- signing in -------------------------------------------------------------------------------------------
def test_somebody_signs_in_by_choosing_a_name_and_signs_out_again(forge: World, visiting: Visiting) -> None:
    visitor = visiting(None)
    page = visitor.get("/login")
    assert "stand-in" in page.text
    names = [one.fields["login"] for one in page.forms if "login" in one.fields]
    assert names == ["octo", "maya", "will", "rita", "stan"]
    visitor.sign_in("rita")
    assert "Signed in as rita" in visitor.get("/").text
    visitor.send("/", "/logout")
    assert "Signed in" not in visitor.get("/").text
    assert forge.state.one(Account, login="rita") is not None


def test_after_signing_in_one_is_where_one_was_and_never_on_another_site(
    forge: World, visiting: Visiting
) -> None:
    opened(forge)
    visitor = visiting(None)
    for wanted, got in (
        (ISSUE, ISSUE),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
    ):
        page = visitor.get(f"/login?return_to={quote(wanted)}")
        form = next(one for one in page.forms if one.fields.get("login") == "octo")
        assert form.fields["return_to"] == got
        again = visitor.post("/login", {**form.fields, "return_to": wanted})
        assert again.headers["location"] == got


def test_a_bot_or_a_stranger_to_the_forge_cannot_be_signed_in_as(visiting: Visiting) -> None:
    visitor = visiting(None)
    for login in ("beadwright[bot]", "nobody"):
        answer = visitor.post("/login", {"token": visitor.token(), "login": login, "return_to": "/"})
        assert answer.status_code == 422
    assert "Signed in" not in visitor.get("/").text


def test_a_session_that_was_not_signed_by_this_forge_is_nobodys(forge: World) -> None:
    octo = forge.people["octo"]
    forged = {"Cookie": f"forge_session_{forge.base_url.rpartition(':')[2]}={octo.id}.made-up.{'0' * 64}"}
    answer = httpx.get(f"{forge.base_url}/", headers=forged, trust_env=False)
    assert "Signed in" not in answer.text


# -- reading ----------------------------------------------------------------------------------------------
def test_a_repository_shows_its_files_branches_and_readme(forge: World, visiting: Visiting) -> None:
    branch(forge, "bead/7", {"new.txt": "x\n"})
    visitor = visiting(None)
    assert visitor.get("/").links["octo/sample"] == HOME
    assert visitor.get("/octo").links["octo/sample"] == HOME
    page = visitor.get(HOME)
    assert page.links["src/"] == f"{HOME}/tree/main/src"
    assert page.links["bead/7"] == f"{HOME}/tree/bead/7"
    assert "<h3>sample</h3>" in page.html
    assert "return a + b" in visitor.get(f"{HOME}/blob/main/src/add.py").text
    assert visitor.get(f"{HOME}/tree/bead/7").links["new.txt"] == f"{HOME}/blob/bead/7/new.txt"
    raw = visitor.client.get(f"{HOME}/raw/main/src/add.py")
    assert raw.text.startswith("def add")
    assert raw.headers["content-type"] == "text/plain; charset=utf-8"
    assert raw.headers["x-content-type-options"] == "nosniff"


def test_lists_of_issues_are_filtered_by_state_and_label(forge: World, visiting: Visiting) -> None:
    opened(forge, title="First", labels=["bead", "P1"])
    opened(forge, title="Second", labels=["bead"])
    ok(forge.person("octo").patch(f"{ISSUES}/2", json={"state": "closed"}))
    visitor = visiting(None)
    page = visitor.get(f"{HOME}/issues")
    assert ("First" in page.links, "Second" in page.links) == (True, False)
    assert visitor.get(page.links["1 Closed"]).links["Second"] == f"{HOME}/issues/2"
    assert "First" in visitor.get(page.links["P1"]).links
    assert "Nothing fits" in visitor.get(f"{HOME}/issues?q=label:P2").text
    assert visitor.get(f"{HOME}/issues?q=tool:hammer", status=501).text.count("tool:") == 1


def test_a_thousand_issues_come_in_pages_of_25_and_soon(forge: World, visiting: Visiting) -> None:
    octo = forge.people["octo"]

    def many(state: State) -> None:
        for number in range(1000):
            issues.create_issue(state, octo, forge.repository, f"Bead {number}", labels=["bead"])

    forge.forge.on(many)
    visitor = visiting("octo")
    begun = time.monotonic()
    page = visitor.get(f"{HOME}/issues")
    assert time.monotonic() - begun < 5  # it takes a tenth of a second; this is a busy machine's worth
    assert [name for name in page.links if name.startswith("Bead ")][::24] == ["Bead 999", "Bead 975"]
    assert "Page 1 of 40" in page.text
    assert "Bead 974" in visitor.get(page.links["Older"]).links
    assert "Bead 0" in visitor.get(f"{HOME}/issues?q=is:issue&page=40").links


def test_a_timeline_tells_words_and_events_in_the_order_of_time(forge: World, visiting: Visiting) -> None:
    octo, will, rita = forge.person("octo"), forge.person("will"), forge.person("rita")
    opened(forge, title="Old", body="Do **it**, like #2 by @maya.")
    opened(forge, title="Child")
    will.post(f"{ISSUES}/1/labels", json={"labels": ["ready"]})
    said = ok(rita.post(f"{ISSUES}/1/comments", json={"body": "/bead status"}))
    ok(octo.post(f"{ISSUES}/comments/{said['id']}/reactions", json={"content": "rocket"}))
    ok(octo.patch(f"{ISSUES}/1", json={"title": "New"}))
    ok(octo.post(f"{ISSUES}/1/assignees", json={"assignees": ["maya"]}))
    ok(octo.post(f"{ISSUES}/1/sub_issues", json={"sub_issue_id": issue(forge, 2)["id"]}))
    ok(octo.patch(f"{ISSUES}/1", json={"state": "closed", "state_reason": "not_planned"}))
    page = visiting(None).get(ISSUE)
    told = [
        "will added ready",
        "/bead status",
        "🚀 1",
        "octo changed the title from Old to New",
        "octo assigned maya",
        "octo added the sub-issue Child #2",
        "octo closed this as not planned",
    ]
    places = [page.text.index(line) for line in told]
    assert places == sorted(places)
    assert "<strong>it</strong>" in page.html
    assert page.links["#2"] == f"{HOME}/issues/2"
    assert page.links["@maya"] == "/maya"
    assert "Closed as not planned" in page.text
    assert not any(one.method == "post" for one in page.forms)
    assert f"issuecomment-{said['id']}" in page.ids


def test_an_issue_and_a_pull_request_lead_to_each_others_addresses(forge: World, visiting: Visiting) -> None:
    opened(forge)
    number = pull(forge)["number"]
    visitor = visiting(None)
    assert "wants to merge bead/1 into main" in visitor.get(f"{HOME}/issues/{number}").text
    assert "A bead #1" in visitor.get(f"{HOME}/pull/1").text
    assert visitor.get(f"{HOME}/pulls").links["Do bead/1"] == f"{HOME}/pull/{number}"


def test_a_pull_request_shows_checks_what_is_required_and_why_it_cannot_be_merged(
    forge: World, visiting: Visiting
) -> None:
    made = pull(forge, body="Fixes #9")
    rules = {
        "required_status_checks": {"strict": False, "contexts": ["beadwright", "test"]},
        "enforce_admins": True,
        "required_pull_request_reviews": None,
        "restrictions": None,
    }
    ok(forge.person("octo").put(f"{REPO}/branches/main/protection", json=rules))
    output = {
        "title": "2 guards wait",
        "summary": "| guard | result |\n|--|--:|\n| open | pass |",
        "text": "<details><summary>More</summary>\n\n*why*\n\n</details>",
        "annotations": [
            {
                "path": "bead-1.txt",
                "start_line": 2,
                "end_line": 2,
                "annotation_level": "warning",
                "message": "Say two?",
            }
        ],
    }
    wanted = {
        "name": "beadwright",
        "head_sha": made["head"]["sha"],
        "status": "in_progress",
        "output": output,
    }
    run = ok(forge.installed().post(f"{REPO}/check-runs", json=wanted))
    visitor = visiting("octo")
    page = visitor.get(f"{HOME}/pull/1")
    assert "Merging is blocked." in page.text
    assert 'Required status check "test" is expected.' in page.text
    assert re.search(r"beadwright in progress · beadwright Required 2 guards wait", page.text)
    assert not page.has_form(f"{HOME}/pull/1/merge")
    assert "test expected Required" in visitor.get(f"{HOME}/pull/1/checks").text
    shown = visitor.get(f"{HOME}/runs/{run['id']}")
    assert '<td class="to-right">pass</td>' in shown.html
    assert "<details><summary>More</summary>" in shown.html
    assert shown.links["bead-1.txt:2"] == f"{HOME}/blob/{made['head']['sha']}/bead-1.txt#L2"
    assert "Say two?" in shown.text


def test_a_conversation_shows_reviews_and_threads_with_what_was_answered(
    forge: World, visiting: Visiting
) -> None:
    made = pull(forge)
    number = made["number"]
    octo, will = forge.person("octo"), forge.person("will")
    line = {"path": "bead-1.txt", "line": 2, "body": "Why two?", "commit_id": made["head"]["sha"]}
    first = ok(octo.post(f"{REPO}/pulls/{number}/comments", json=line))
    ok(will.post(f"{REPO}/pulls/{number}/comments/{first['id']}/replies", json={"body": "Because."}))
    ok(octo.post(f"{REPO}/pulls/{number}/reviews", json={"event": "REQUEST_CHANGES", "body": "Test it."}))
    page = visiting(None).get(f"{HOME}/pull/{number}")
    told = ["committed", "octo reviewed at", "Why two?", "Because.", "octo requested changes at", "Test it."]
    places = [page.text.index(line) for line in told]
    assert places == sorted(places)
    assert "bead-1.txt:2 Unresolved" in page.text
    assert page.text.count("Because.") == 1
    files = visiting(None).get(f"{HOME}/pull/{number}/files")
    assert files.text.index("two") < files.text.index("Why two?") < files.text.index("three")
    assert "Work on bead/1" in visiting(None).get(f"{HOME}/pull/{number}/commits").text
    commit = visiting(None).get(f"{HOME}/commit/{made['head']['sha']}")
    assert "Work on bead/1" in commit.text
    assert "bead-1.txt" in commit.text


def test_a_pending_review_is_shown_to_nobody_else(forge: World, visiting: Visiting) -> None:
    made = pull(forge)
    line = {"path": "bead-1.txt", "line": 2, "body": "Not yet said"}
    ok(forge.person("octo").post(f"{REPO}/pulls/1/reviews", json={"comments": [line], "body": "Hm"}))
    for tab in ("", "/files"):
        page = visiting("will").get(f"{HOME}/pull/{made['number']}{tab}")
        assert "Not yet said" not in page.text
        assert "Unresolved" not in page.text


def test_an_outdated_thread_stays_with_its_file(forge: World, visiting: Visiting) -> None:
    made = pull(forge)
    line = {"path": "bead-1.txt", "line": 2, "body": "Why two?", "commit_id": made["head"]["sha"]}
    ok(forge.person("octo").post(f"{REPO}/pulls/1/comments", json=line))
    advance(forge, "bead/1", {"bead-1.txt": "one\n2\nthree\n"})
    page = visiting(None).get(f"{HOME}/pull/1/files")
    assert page.text.index("three") < page.text.index("Outdated") < page.text.index("Why two?")


def start_run(forge: World, state: State) -> Run:
    """A finished run with a log and two steps."""
    repository = state.get(Repository, forge.repository.id)
    workflow = actions.find_workflow(state, repository, "ci.yml")
    run = actions.dispatch(state, forge.people["octo"], repository, workflow, "main", {})
    actions.begin_run(state, run)
    job = actions.open_job(state, run, "test", "test", {})
    actions.begin_job(state, job)
    for text in ("##[group]Run make test", "\x1b[31mred <b>\x1b[0m \u202e", "##[error]It failed"):
        actions.log_of(state, job).append_line(text)
    steps = [
        {"name": name, "status": "completed", "conclusion": end, "number": number}
        for number, (name, end) in enumerate((("Check out", "success"), ("Test", "failure")), start=1)
    ]
    actions.finish_job(state, job, "failure", steps=steps, summary="| **2** failed |\n|--|")
    actions.finish_run(state, run, "failure")
    return run


def add_workflow(forge: World) -> None:
    """A workflow file on main."""
    body = {"message": "CI", "content": base64.b64encode(WORKFLOW.encode()).decode()}
    ok(forge.person("octo").put(f"{REPO}/contents/.github/workflows/ci.yml", json=body))


def test_a_run_shows_its_jobs_steps_and_log(forge: World, visiting: Visiting) -> None:
    add_workflow(forge)
    run = forge.forge.on(lambda state: start_run(forge, state))
    visitor = visiting(None)
    listed = visitor.get(f"{HOME}/actions")
    assert f'href="{HOME}/actions/runs/{run.id}"' in listed.html
    page = visitor.get(f"{HOME}/actions/runs/{run.id}")
    assert "failure · CI · workflow_dispatch on main" in page.text
    assert page.text.index("Check out") < page.text.index("Run make test") < page.text.index("It failed")
    assert "<strong>2</strong> failed" in page.html
    assert "red &lt;b&gt; ⟨U+202E⟩" in page.html
    assert "\x1b" not in page.html
    raw = visitor.client.get(page.links["Raw log"])
    assert "##[error]It failed" in raw.text
    check = ok(forge.person("octo").get(f"{REPO}/commits/main/check-runs"))["check_runs"][0]
    assert "Run make test" in visitor.get(f"{HOME}/runs/{check['id']}").text


def test_a_workflow_is_disabled_and_enabled_by_who_may_write(forge: World, visiting: Visiting) -> None:
    add_workflow(forge)
    address = f"{HOME}/actions/workflows/ci.yml"
    assert not visiting("rita").get(address).has_form(f"{address}/state")
    visitor = visiting("maya")
    page = visitor.send(address, f"{address}/state", press="Disable workflow")
    assert "nothing starts it" in page.text
    there = f"{REPO}/actions/workflows/ci.yml"
    assert ok(forge.person("octo").get(there))["state"] == "disabled_manually"
    visitor.send(address, f"{address}/state", press="Enable workflow")
    assert ok(forge.person("octo").get(there))["state"] == "active"


# -- doing ------------------------------------------------------------------------------------------------
def test_an_issue_is_opened_edited_and_closed_by_forms(forge: World, visiting: Visiting) -> None:
    visitor = visiting("will")
    form = f"{HOME}/issues/new"
    page = visitor.send(form, form, title="Split words", body="# Outcome\nIt does.", labels="bead, P1")
    assert "Split words #1" in page.text
    assert [one["name"] for one in issue(forge)["labels"]] == ["bead", "P1"]
    visitor.send(ISSUE, f"{ISSUE}/edit", press="Save title", title="Split a text")
    visitor.send(ISSUE, f"{ISSUE}/edit", press="Save", body="Better.")
    assert (issue(forge)["title"], issue(forge)["body"]) == ("Split a text", "Better.")
    assert "edited by will" in visitor.get(ISSUE).text
    page = visitor.send(ISSUE, f"{ISSUE}/comment", press="Close issue", body="Done")
    assert (issue(forge)["state"], issue(forge)["state_reason"], issue(forge)["comments"]) == (
        "closed",
        "completed",
        1,
    )
    visitor.send(ISSUE, f"{ISSUE}/comment", press="Reopen issue")
    assert (issue(forge)["state"], issue(forge)["comments"]) == ("open", 1)


def test_what_a_form_does_is_told_by_webhooks_as_what_rest_does(forge: World, visiting: Visiting) -> None:
    opened(forge)
    heard: list[Signal] = []
    forge.forge.on(lambda state: state.subscribers.append(heard.append))
    visitor = visiting("octo")
    visitor.send(ISSUE, f"{ISSUE}/comment", press="Comment", body="/bead ready")
    visitor.send(ISSUE, f"{ISSUE}/labels", labels="ready")
    visitor.send(ISSUE, f"{ISSUE}/labels/remove")
    visitor.send(ISSUE, f"{ISSUE}/assignees", login="maya")
    visitor.send(ISSUE, f"{ISSUE}/assignees/remove")
    assert [(one.event, one.action) for one in heard] == [
        ("issue_comment", "created"),
        ("label", "created"),
        ("issues", "labeled"),
        ("issues", "unlabeled"),
        ("issues", "assigned"),
        ("issues", "unassigned"),
    ]
    assert {one.sender_id for one in heard} == {forge.people["octo"].id}
    events = [row["event"] for row in ok(forge.person("octo").get(f"{ISSUES}/1/timeline"))]
    assert events == ["commented", "labeled", "unlabeled", "assigned", "unassigned"]


def test_a_comment_keeps_the_line_ends_that_a_browser_sends_as_on_github(
    forge: World, visiting: Visiting
) -> None:
    opened(forge)
    page = visiting("octo").send(ISSUE, f"{ISSUE}/comment", press="Comment", body="/bead hold\r\nlater")
    assert ok(forge.person("octo").get(f"{ISSUES}/1/comments"))[0]["body"] == "/bead hold\r\nlater"
    assert "/bead hold<br>\nlater" in page.html


def test_a_comment_is_edited_by_its_author_and_by_who_may_triage(forge: World, visiting: Visiting) -> None:
    opened(forge)
    said = ok(forge.person("rita").post(f"{ISSUES}/1/comments", json={"body": "helo"}))
    form = f"{HOME}/issues/comments/{said['id']}/edit"
    visiting("rita").send(ISSUE, form, body="hello")
    visiting("octo").send(ISSUE, form, body="hello!")
    assert not visiting("stan").get(ISSUE).has_form(form)
    stan = visiting("stan")
    assert stan.post(form, {"token": stan.token(), "body": "ha"}).status_code == 403
    assert ok(forge.person("octo").get(f"{ISSUES}/1/comments"))[0]["body"] == "hello!"


def test_sub_issues_and_dependencies_are_added_by_number(forge: World, visiting: Visiting) -> None:
    opened(forge)
    opened(forge, title="Child")
    visitor = visiting("maya")
    page = visitor.send(ISSUE, f"{ISSUE}/sub-issues", press="Add sub-issue", issue="#2")
    assert "0 of 1 closed" in page.text
    assert [one["number"] for one in ok(forge.person("octo").get(f"{ISSUES}/1/sub_issues"))] == [2]
    child = f"{HOME}/issues/2"
    assert "Parent Open A bead #1" in visitor.get(child).text
    visitor.send(child, f"{child}/blocked-by", press="Add", issue="1")
    assert [one["number"] for one in ok(forge.person("octo").get(f"{ISSUES}/2/dependencies/blocked_by"))] == [
        1
    ]
    visitor.send(child, f"{child}/blocked-by/remove")
    visitor.send(ISSUE, f"{ISSUE}/sub-issues/remove")
    assert ok(forge.person("octo").get(f"{ISSUES}/2/dependencies/blocked_by")) == []
    assert ok(forge.person("octo").get(f"{ISSUES}/1/sub_issues")) == []
    answer = visitor.post(f"{child}/blocked-by", {"token": visitor.token(), "issue": "77"})
    assert (answer.status_code, "no issue #77" in answer.text) == (422, True)


def test_a_pull_request_is_reviewed_answered_resolved_and_merged_by_forms(
    forge: World, visiting: Visiting
) -> None:
    made = pull(forge, draft=True)
    here = f"{HOME}/pull/1"
    octo, will = visiting("octo"), visiting("will")
    assert "still a draft" in octo.get(here).text
    will.send(here, f"{here}/draft", press="Ready for review")
    files = octo.get(f"{here}/files")
    there = f"{here}/files{files.links['2']}".partition("#")[0]
    octo.send(there, f"{here}/comments", body="Why two?")
    said = ok(forge.person("octo").get(f"{REPO}/pulls/1/comments"))
    assert [(one["path"], one["line"], one["body"]) for one in said] == [("bead-1.txt", 2, "Why two?")]
    thread = next(one.action for one in will.get(here).forms if one.action.endswith("/reply"))
    will.send(here, thread, press="Reply", body="Because.")
    page = octo.send(f"{here}/files", thread, press="Resolve conversation")
    assert "Resolved" in page.text
    octo.send(here, thread, press="Unresolve conversation")
    octo.send(here, thread, press="Resolve conversation", body="Thanks.")
    assert "octo marked this conversation as resolved" in octo.get(here).text
    octo.send(here, f"{here}/reviews", body="Good.", event="APPROVE")
    reviews = ok(forge.person("octo").get(f"{REPO}/pulls/1/reviews"))
    assert reviews[-1]["state"] == "APPROVED"
    assert reviews[-1]["commit_id"] == made["head"]["sha"]
    page = octo.send(here, f"{here}/merge", press="Merge pull request", method="squash")
    assert "octo merged this" in page.text
    merged = ok(forge.person("octo").get(f"{REPO}/pulls/1"))
    assert (merged["merged"], merged["merge_commit_sha"]) == (True, tip(forge))


def test_a_merge_is_pinned_to_the_head_that_the_page_showed(forge: World, visiting: Visiting) -> None:
    pull(forge)
    visitor = visiting("octo")
    form = visitor.get(f"{HOME}/pull/1").form(f"{HOME}/pull/1/merge")
    advance(forge, "bead/1", {"late.txt": "x\n"})
    answer = visitor.post(form.action, {**form.fields, "method": "merge"})
    assert answer.status_code == 409
    assert "Head branch was modified" in answer.text
    assert not ok(forge.person("octo").get(f"{REPO}/pulls/1"))["merged"]


def test_a_checks_buttons_are_pressed_by_who_may_write_and_heard_by_its_app(
    forge: World, visiting: Visiting
) -> None:
    made = pull(forge)
    button = {"label": "Review again", "description": "Ask for a fresh reviewer", "identifier": "review"}
    wanted = {"name": "beadwright", "head_sha": made["head"]["sha"], "actions": [button]}
    run = ok(forge.installed().post(f"{REPO}/check-runs", json=wanted))
    action = f"{HOME}/runs/{run['id']}/action"
    heard: list[Signal] = []
    forge.forge.on(lambda state: state.subscribers.append(heard.append))
    for page in (f"{HOME}/pull/1", f"{HOME}/pull/1/checks", f"{HOME}/runs/{run['id']}"):
        visiting("will").send(page, action, press="Review again")
        assert not visiting("rita").get(page).has_form(action)
    told = {"requested_action": {"identifier": "review"}}
    assert [(one.event, one.action, one.sender_id, one.extra) for one in heard] == [
        ("check_run", "requested_action", forge.people["will"].id, told)
    ] * 3
    for login, given, status in (("rita", "review", 403), ("will", "other", 404), (None, "review", 401)):
        visitor = visiting(login)
        assert visitor.post(action, {"token": visitor.token(), "action": given}).status_code == status
    assert len(heard) == 3


def test_a_merged_pull_request_is_reverted_by_a_button(forge: World, visiting: Visiting) -> None:
    pull(forge)
    visitor = visiting("will")
    visitor.send(f"{HOME}/pull/1", f"{HOME}/pull/1/merge", method="merge")
    page = visitor.send(f"{HOME}/pull/1", f"{HOME}/pull/1/revert")
    assert "will wants to merge revert-1-bead/1 into main" in page.text
    assert not visiting("rita").get(f"{HOME}/pull/1").has_form(f"{HOME}/pull/1/revert")


def test_where_there_is_a_merge_queue_a_pull_request_is_queued(forge: World, visiting: Visiting) -> None:
    def belong_to_an_organisation(state: State) -> None:  # only those have queues
        octo = state.get(Account, forge.people["octo"].id)
        octo.type = "Organization"
        state.put(octo)

    pull(forge)
    forge.forge.on(belong_to_an_organisation)
    checks = [{"context": "test"}]
    waits = {"strict_required_status_checks_policy": False, "required_status_checks": checks}
    rules = [
        {"type": "merge_queue", "parameters": QUEUE},
        {"type": "required_status_checks", "parameters": waits},
    ]
    target = {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}
    wanted = {"name": "queue", "target": "branch", "enforcement": "active", "conditions": target}
    ok(forge.person("octo").post(f"{REPO}/rulesets", json={**wanted, "rules": rules}))
    head = tip(forge, "bead/1")
    good = {"name": "test", "head_sha": head, "conclusion": "success"}
    ok(forge.installed().post(f"{REPO}/check-runs", json=good))
    visitor = visiting("will")
    page = visitor.send(f"{HOME}/pull/1", f"{HOME}/pull/1/queue", press="Merge when ready")
    assert "In the merge queue: awaiting checks." in page.text
    assert "will added this to the merge queue" in page.text
    page = visitor.send(f"{HOME}/pull/1", f"{HOME}/pull/1/queue", press="Remove from the queue")
    assert "Merge when ready" in page.text


def test_nobody_approves_their_own_pull_request(forge: World, visiting: Visiting) -> None:
    pull(forge, by="will")
    visitor = visiting("will")
    page = visitor.get(f"{HOME}/pull/1")
    assert "Approve" not in page.text
    answer = visitor.post(
        f"{HOME}/pull/1/reviews", {"token": visitor.token(), "event": "APPROVE", "body": ""}
    )
    assert (answer.status_code, "approve your own" in answer.text) == (422, True)


def test_a_branch_is_brought_up_to_date_by_a_form(forge: World, visiting: Visiting) -> None:
    pull(forge)
    advance(forge, "main", {"else.txt": "x\n"})
    visitor = visiting("will")
    visitor.send(f"{HOME}/pull/1", f"{HOME}/pull/1/update-branch")
    head = ok(forge.person("octo").get(f"{REPO}/git/commits/{tip(forge, 'bead/1')}"))
    assert head["message"] == "Merge branch 'main' into bead/1"


def test_a_file_is_edited_by_a_commit_on_its_branch_and_keeps_its_line_ends(
    forge: World, visiting: Visiting
) -> None:
    pull(forge)
    branch(forge, "dos", {"dos.txt": "a\r\nb\r\n"})
    visitor = visiting("will")
    form = f"{HOME}/edit/bead/1/bead-1.txt"
    page = visitor.send(form, form, content="one\r\n2\r\n", message="Say it in figures")
    assert "2" in page.text
    head = ok(forge.person("octo").get(f"{REPO}/commits/bead%2F1"))
    assert (head["commit"]["message"], head["author"]["login"]) == ("Say it in figures", "will")
    raw = visitor.client.get(f"{HOME}/raw/bead/1/bead-1.txt")
    assert raw.content == b"one\n2\n"
    visitor.send(f"{HOME}/edit/dos/dos.txt", f"{HOME}/edit/dos/dos.txt", content="a\r\nc\r\n", message="")
    assert visitor.client.get(f"{HOME}/raw/dos/dos.txt").content == b"a\r\nc\r\n"
    new = f"{HOME}/new/bead/1/"
    visitor.send(new, new, name="docs/new.md", content="# New", message="")
    assert "New" in visitor.get(f"{HOME}/blob/bead/1/docs/new.md").text
    assert [one["sha"] for one in ok(forge.person("octo").get(f"{REPO}/pulls/1/commits"))][-1] == tip(
        forge, "bead/1"
    )


def test_an_svg_is_a_picture_at_the_address_that_comments_show_one_by(
    forge: World, visiting: Visiting
) -> None:
    drawn = '<svg xmlns="http://www.w3.org/2000/svg"><style>text { fill: red }</style></svg>'
    branch(forge, "kept", {"a b.svg": drawn})
    client = visiting("octo").client
    moved = client.get(f"{HOME}/blob/{tip(forge, 'kept')}/a%20b.svg?raw=true", follow_redirects=False)
    assert moved.headers["location"] == f"{HOME}/raw/{tip(forge, 'kept')}/a%20b.svg"
    raw = client.get(moved.headers["location"])
    assert (raw.text, raw.headers["content-type"]) == (drawn, "image/svg+xml")
    policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert raw.headers["content-security-policy"] == policy


def test_a_file_that_somebody_changed_meanwhile_is_not_overwritten(forge: World, visiting: Visiting) -> None:
    branch(forge, "bead/1", {"a.txt": "one\n"})
    visitor = visiting("octo")
    form = visitor.get(f"{HOME}/edit/bead/1/a.txt").form(f"{HOME}/edit/bead/1/a.txt")
    advance(forge, "bead/1", {"a.txt": "two\n"})
    answer = visitor.post(form.action, {**form.fields, "content": "mine", "message": ""})
    assert answer.status_code == 409
    assert visitor.client.get(f"{HOME}/raw/bead/1/a.txt").text == "two\n"


def test_labels_are_listed_and_made(forge: World, visiting: Visiting) -> None:
    opened(forge, labels=["bead"])
    assert "bead" in visiting(None).get(f"{HOME}/labels").text
    visiting("octo").send(f"{HOME}/labels", f"{HOME}/labels", name="P0", color="#ff0000", description="Now")
    assert ok(forge.person("octo").get(f"{REPO}/labels/P0"))["color"] == "ff0000"
    assert not visiting("rita").get(f"{HOME}/labels").has_form(f"{HOME}/labels")


# -- who may not ------------------------------------------------------------------------------------------
def everything(forge: World) -> list[tuple[str, dict[str, str]]]:
    """Every form that writes, filled in so that it would work for the owner."""
    opened(forge, labels=["bead"], assignees=["maya"])
    opened(forge, title="Other")
    octo = forge.person("octo")
    ok(octo.post(f"{ISSUES}/1/sub_issues", json={"sub_issue_id": issue(forge, 2)["id"]}))
    ok(octo.post(f"{ISSUES}/1/dependencies/blocked_by", json={"issue_id": issue(forge, 2)["id"]}))
    said = ok(octo.post(f"{ISSUES}/1/comments", json={"body": "Mine"}))
    made = pull(forge, by="octo", draft=True)
    add_workflow(forge)
    line = {"path": "bead-1.txt", "line": 2, "body": "Why?", "commit_id": made["head"]["sha"]}
    comment = ok(octo.post(f"{REPO}/pulls/3/comments", json=line))
    run = forge.forge.on(lambda state: start_run(forge, state))
    thread = next(
        one.action for one in Visitor(forge, "octo").get(f"{HOME}/pull/3").forms if "/threads/" in one.action
    )
    child, head = str(issue(forge, 2)["id"]), made["head"]["sha"]
    return [
        (f"{ISSUE}/edit", {"title": "Taken"}),
        (f"{ISSUE}/comment", {"then": "close"}),
        (f"{ISSUE}/labels", {"labels": "ready"}),
        (f"{ISSUE}/labels/remove", {"name": "bead"}),
        (f"{ISSUE}/assignees", {"login": "will"}),
        (f"{ISSUE}/assignees/remove", {"login": "maya"}),
        (f"{ISSUE}/sub-issues", {"issue": "2"}),
        (f"{ISSUE}/sub-issues/remove", {"id": child}),
        (f"{ISSUE}/blocked-by", {"issue": "2"}),
        (f"{ISSUE}/blocked-by/remove", {"id": child}),
        (f"{HOME}/issues/comments/{said['id']}/edit", {"body": "Yours"}),
        (f"{HOME}/pulls/comments/{comment['id']}/edit", {"body": "Yours"}),
        (f"{HOME}/issues/3/comment", {"then": "close"}),
        (f"{HOME}/pull/3/draft", {"draft": "no"}),
        (f"{HOME}/pull/3/merge", {"method": "merge", "commit": head}),
        (f"{HOME}/pull/3/update-branch", {"commit": head}),
        (thread, {"then": "resolve"}),
        (f"{HOME}/labels", {"name": "new", "color": "#000000"}),
        (f"{HOME}/edit/main/README.md", {"content": "x", "blob": "x", "message": "x"}),
        (f"{HOME}/new/main/", {"name": "x.txt", "content": "x", "message": "x"}),
        (f"{HOME}/actions/workflows/ci.yml/state", {"then": "disable"}),
        (f"{HOME}/actions/runs/{run.id}/rerun", {}),
        (f"{HOME}/actions/runs/{run.id}/cancel", {}),
    ]


@pytest.mark.parametrize(("login", "status"), [(None, 401), ("stan", 403), ("rita", 403)])
def test_who_cannot_do_a_thing_by_rest_cannot_do_it_by_a_form_and_sees_none(
    forge: World, visiting: Visiting, login: str | None, status: int
) -> None:
    forms = everything(forge)
    visitor = visiting(login)
    shown = [visitor.get(f"{HOME}/{page}") for page in ("issues/1", "pull/3", "pull/3/files", "labels")]
    before, tips = journal(forge), (tip(forge), tip(forge, "bead/1"))
    for action, fields in forms:
        answer = visitor.post(action, {"token": visitor.token(), **fields})
        assert answer.status_code == status, f"{action}: {answer.status_code} {Page(answer.text).text}"
        if "then" not in fields:
            assert not any(page.has_form(action) for page in shown), action
    assert journal(forge) == before
    assert (tip(forge), tip(forge, "bead/1")) == tips


def test_whoever_may_read_may_open_issues_comment_and_review(forge: World, visiting: Visiting) -> None:
    pull(forge)
    stan = visiting("stan")
    page = stan.get(f"{HOME}/issues/new")
    assert "labels" not in page.form(f"{HOME}/issues/new").named
    answer = stan.post(f"{HOME}/issues/new", {"token": stan.token(), "title": "Hi", "labels": "ready"})
    assert answer.headers["location"] == f"{HOME}/issues/2"
    assert issue(forge, 2)["labels"] == []
    stan.send(f"{HOME}/pull/1", f"{HOME}/issues/1/comment", press="Comment", body="Nice")
    stan.send(f"{HOME}/pull/1", f"{HOME}/pull/1/reviews", body="Hm", event="REQUEST_CHANGES")
    stan.send(f"{HOME}/issues/2", f"{HOME}/issues/2/comment", press="Close issue")
    assert issue(forge, 2)["state"] == "closed"


def test_a_private_repository_is_not_there_for_others(forge: World, visiting: Visiting) -> None:
    forge.forge.on(lambda state: world.create_repository(state, forge.people["octo"], "secret", private=True))
    for login in (None, "stan"):
        visitor = visiting(login)
        assert "secret" not in visitor.get("/").text
        for address in ("", "/issues", "/blob/main/README.md", "/raw/main/README.md"):
            assert "secret" not in visitor.get(f"/octo/secret{address}", status=404).text
    assert visiting("octo").get("/octo/secret").links["README.md"] == "/octo/secret/blob/main/README.md"


def test_an_archived_repository_has_no_forms(forge: World, visiting: Visiting) -> None:
    opened(forge)
    ok(forge.person("octo").patch(REPO, json={"archived": True}))
    visitor = visiting("octo")
    page = visitor.get(ISSUE)
    assert "nothing can be added" in page.text
    assert [one.action for one in page.forms if one.method == "post"] == ["/logout"]
    answer = visitor.post(f"{ISSUE}/comment", {"token": visitor.token(), "body": "x"})
    assert (answer.status_code, "archived" in answer.text) == (403, True)


# -- forms of others --------------------------------------------------------------------------------------
def test_a_form_of_another_origin_or_session_does_nothing(forge: World, visiting: Visiting) -> None:
    opened(forge)
    visitor, other = visiting("octo"), visiting("octo")
    good = {"token": visitor.token(), "body": "x"}
    before = journal(forge)
    tries = [
        visitor.post(f"{ISSUE}/comment", good, Origin="http://evil.example"),
        visitor.post(f"{ISSUE}/comment", good, Origin="null"),
        visitor.post(f"{ISSUE}/comment", good, Origin=forge.base_url.replace("127.0.0.1", "localhost")),
        visitor.client.post(f"{ISSUE}/comment", data=good),
        visitor.post(f"{ISSUE}/comment", {"body": "x"}),
        visitor.post(f"{ISSUE}/comment", {**good, "token": other.token()}),
        visitor.post(f"{ISSUE}/comment", {**good, "token": "ü"}),
        httpx.post(
            f"{forge.base_url}{ISSUE}/comment",
            data=good,
            headers={"Origin": forge.base_url},
            trust_env=False,
        ),
    ]
    assert [answer.status_code for answer in tries] == [403] * len(tries)
    as_json = visitor.client.post(f"{ISSUE}/comment", json=good, headers={"Origin": forge.base_url})
    assert as_json.status_code == 400
    assert journal(forge) == before
    assert visitor.post(f"{ISSUE}/comment", good).status_code == 303


def test_the_cookie_is_for_no_script_and_no_other_site(forge: World) -> None:
    cookie = httpx.get(f"{forge.base_url}/login", trust_env=False).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()


def test_a_name_that_leads_here_by_somebody_elses_dns_gets_no_pages(forge: World) -> None:
    for host, status in (("evil.example", 421), ("localhost", 200), ("github.localhost", 200), ("::1", 421)):
        answer = httpx.get(f"{forge.base_url}/login", headers={"Host": host}, trust_env=False)
        assert answer.status_code == status, host


def test_no_get_changes_anything(forge: World, visiting: Visiting) -> None:
    forms = everything(forge)
    visitor = visiting("octo")
    pages = [visitor.get(address) for address in ("/", HOME, f"{HOME}/issues", ISSUE, f"{HOME}/pull/3")]
    before, tips = journal(forge), (tip(forge), tip(forge, "bead/1"))
    linked = {link.partition("#")[0] for page in pages for link in page.links.values()}
    for address in sorted(link for link in linked if link.startswith("/")):
        assert visitor.client.get(address).status_code in (200, 303), address
    for action, fields in forms:
        answer = visitor.client.get(action, params={"token": visitor.token(), **fields})
        assert answer.status_code in (200, 405), action
    assert visitor.client.get("/logout").status_code == 405
    assert journal(forge) == before
    assert (tip(forge), tip(forge, "bead/1")) == tips


# -- hostile text -----------------------------------------------------------------------------------------
HOSTILE = """<script>alert(1)</script> <img src=x onerror=alert(2)> <!-- hidden
words --> [a](javascript:alert(3)) [b](data:text/html;base64,PHNj) ![c](https://evil.example/pixel)

<!-- beadwright:status

{"secret": 1} -->

</div></main><style>* {display: none}</style>

<details onclick="x"><summary>No</summary></details>

<details><summary>Fine <b>bold</b>

inside

</summary></details></details></article>

Reversed: \u202egnp.exe and joined\u200bwords `\u2066code`
"""


def test_hostile_text_is_shown_and_does_nothing(forge: World, visiting: Visiting) -> None:
    title = "<script>alert(0)</script> \u202egnp.exe"
    opened(forge, by="stan", title=title, body=HOSTILE)
    ok(forge.person("octo").post(f"{ISSUES}/1/labels", json={"labels": ["<b>\u202elabel"]}))
    visitor = visiting("octo")
    for address in (ISSUE, f"{HOME}/issues", f"{HOME}/labels"):
        page = visitor.get(address)
        names = {tag for tag, _ in page.tags}
        assert names.isdisjoint({"script", "img", "style", "iframe", "object"}), address
        assert not any(name.startswith("on") for _, given in page.tags for name in given)
        assert not any("style" in given for _, given in page.tags)
        shown = re.sub(r"<textarea.*?</textarea>|<input[^>]*>|<option[^>]*>", "", page.html, flags=re.DOTALL)
        assert re.search("[\u202a-\u202e\u2066-\u2069\u200b]", shown) is None
    page = visitor.get(ISSUE)
    assert "<script>alert(0)</script> ⟨U+202E⟩gnp.exe" in page.text
    body = re.search(r'<div class="markdown">(.*?)</article>', page.html, re.DOTALL)
    assert body is not None
    read = body[1].partition("<details class=")[0]  # the form to edit it has every word
    assert "hidden" not in read
    assert "secret" not in read
    assert {link for link in page.links.values() if not link.startswith(("/", "?", "#"))} == {
        "https://evil.example/pixel"
    }
    assert page.links["Picture: c"] == "https://evil.example/pixel"
    assert "<details><summary>Fine &lt;b&gt;bold" in page.html
    assert "&lt;/article&gt;" in page.html


def test_a_text_comes_back_from_its_form_as_it_was(forge: World, visiting: Visiting) -> None:
    body = "\nfirst line empty\n</textarea><script>x</script>\u202e&amp;\n"
    opened(forge, body=body)
    page = visiting("octo").get(ISSUE)
    found = re.search(r'name="body" rows="6">\n(.*?)</textarea>', page.html, re.DOTALL)
    assert found is not None
    unescaped = found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert unescaped == body


def test_every_page_forbids_scripts_and_frames(visiting: Visiting) -> None:
    visitor = visiting(None)
    for address in ("/", "/login", HOME, "/nope", "/assets/style.css"):
        headers = visitor.client.get(address).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"


def test_every_page_can_be_used_without_a_mouse_or_a_picture_of_it(forge: World, visiting: Visiting) -> None:
    everything(forge)
    visitor = visiting("octo")
    for address in (
        "/", "/login", HOME, f"{HOME}/issues", f"{HOME}/issues/new", ISSUE, f"{HOME}/pull/3",
        f"{HOME}/pull/3/files?path=bead-1.txt&line=1&side=RIGHT", f"{HOME}/labels", f"{HOME}/actions",
        f"{HOME}/edit/main/README.md",
    ):  # fmt: skip
        page = visitor.get(address)
        tags = [tag for tag, _ in page.tags]
        assert (tags.count("main"), tags.count("h1")) == (1, 1), address
        assert "Skip to the content" in page.links
        assert len(page.ids) == len(set(page.ids)), address
        labelled = {given["for"] for tag, given in page.tags if tag == "label" and "for" in given}
        for tag, given in page.tags:
            if tag in ("input", "textarea", "select") and given.get("type") not in ("hidden", "radio"):
                assert given.get("id") in labelled, f"{address}: {given}"
        assert any(given.get("name") == "viewport" for tag, given in page.tags if tag == "meta")


UNKNOWN = (
    "/nobody", "/octo/nothing", f"{HOME}/nothing", f"{HOME}/issues/99", f"{HOME}/issues/x",
    f"{HOME}/pull/99/files", f"{HOME}/runs/1", f"{HOME}/blob/main/none", f"{HOME}/commit/abc",
    f"{HOME}/blob/none/README.md", "/apps/none",
)  # fmt: skip
NOT_HERE = {
    f"{HOME}/wiki": "The wiki",
    f"{HOME}/projects/1": "Projects",
    f"{HOME}/compare/a...b": "Comparing",
    "/notifications": "Notifications",
    "/settings/profile": "Settings",
}


# -- addresses --------------------------------------------------------------------------------------------
def test_unknown_addresses_are_404_and_those_that_github_has_are_501_by_name(visiting: Visiting) -> None:
    visitor = visiting(None)
    for address in UNKNOWN:
        assert "There is no such page" in visitor.get(address, status=404).text, address
    for address, name in NOT_HERE.items():
        page = visitor.get(address, status=501)
        assert name in page.text
        assert "not implemented by this forge" in page.text
    answer = visitor.post(HOME, {"token": visitor.token()})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


def test_pages_stand_in_no_programs_way(forge: World) -> None:
    client = httpx.Client(base_url=forge.base_url, trust_env=False, headers={"Accept": "text/html"})
    with client:
        assert client.get("/api/v3/repos/octo/sample").json()["full_name"] == "octo/sample"
        assert client.post("/api/graphql", json={"query": "{viewer{login}}"}).status_code == 401
        refs = client.get("/octo/sample.git/info/refs?service=git-upload-pack")
        assert refs.headers["content-type"] == "application/x-git-upload-pack-advertisement"
        assert client.get("/_oidc/.well-known/openid-configuration").json()["issuer"].endswith("/_oidc")


def test_every_page_that_rest_names_is_there(forge: World, visiting: Visiting) -> None:
    everything(forge)
    octo = forge.person("octo")
    shapes = [
        ok(octo.get(address))
        for address in (
            REPO, f"{ISSUES}/1", f"{ISSUES}/1/comments", f"{REPO}/pulls/3", f"{REPO}/pulls/3/comments",
            f"{REPO}/pulls/3/reviews", f"{REPO}/actions/runs", f"{REPO}/commits/main/check-runs",
            f"{REPO}/actions/workflows/ci.yml", f"{REPO}/commits/main", f"{REPO}/contents/README.md",
        )
    ]  # fmt: skip
    visitor = visiting("octo")
    named = {url for shape in shapes for url in _pages_in(shape)}
    assert len(named) > 10
    for url in sorted(named):
        assert url.startswith(forge.base_url)
        visitor.get(url.removeprefix(forge.base_url))


def _pages_in(shape: Any) -> Iterator[str]:
    if isinstance(shape, list):
        for one in shape:
            yield from _pages_in(one)
    elif isinstance(shape, dict):
        for name, value in shape.items():
            if name == "html_url" and isinstance(value, str):
                yield value.partition("#")[0]
            else:
                yield from _pages_in(value)
