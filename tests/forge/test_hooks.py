"""Webhooks: derived from what happened, signed, in order, and only to this machine."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from bot.local.forge import checks, git, hooks, issues, pulls, reviews, world
from bot.local.forge.git_objects import ZERO, NewEntry
from bot.local.forge.records import Account, Delivery, Issue, Repository, Thread
from bot.local.forge.state import State
from tests.contract.openapi import check_webhook
from tests.forge.conftest import Receiver, World, point

ISSUES = "/repos/octo/sample/issues"


def test_a_label_made_by_name_tells_of_itself_the_issue_and_the_labelling(
    hooked: World, receiver: Receiver
) -> None:
    hooked.person("octo").post(ISSUES, json={"title": "Told", "labels": ["ready"]})
    hooked.forge.settle()
    assert receiver.names == [("issues", "opened"), ("label", "created"), ("issues", "labeled")]
    last = receiver.payloads[-1]
    assert last["label"]["name"] == "ready"
    assert last["issue"]["labels"][0]["name"] == "ready"
    assert last["sender"]["login"] == "octo"
    assert last["repository"]["full_name"] == "octo/sample"
    assert last["installation"]["id"] == hooked.installation.id


def test_a_delivery_is_signed_with_the_apps_secret(hooked: World, receiver: Receiver) -> None:
    hooked.person("octo").post(ISSUES, json={"title": "Signed: ünïcode"})
    hooked.forge.settle()
    headers, raw = receiver.got[0]
    expected = "sha256=" + hmac.new(b"hush", raw, hashlib.sha256).hexdigest()
    assert headers["x-hub-signature-256"] == expected
    assert headers["content-type"] == "application/json"
    assert len(headers["x-github-delivery"]) == 36
    assert headers["x-github-hook-installation-target-id"] == str(hooked.app.id)


def test_every_payload_of_an_issue_fits_what_github_publishes(hooked: World, receiver: Receiver) -> None:
    octo = hooked.person("octo")
    one = octo.post(ISSUES, json={"title": "One", "labels": ["a"], "assignees": ["maya"]}).json()
    two = octo.post(ISSUES, json={"title": "Two", "body": "text"}).json()
    comment = octo.post(f"{ISSUES}/1/comments", json={"body": "hello"}).json()
    octo.patch(f"{ISSUES}/comments/{comment['id']}", json={"body": "hello again"})
    octo.delete(f"{ISSUES}/comments/{comment['id']}")
    octo.patch(f"{ISSUES}/1", json={"title": "Uno", "body": "new", "assignees": []})
    octo.delete(f"{ISSUES}/1/labels/a")
    octo.patch("/repos/octo/sample/labels/a", json={"color": "00ff00"})
    octo.delete("/repos/octo/sample/labels/a")
    octo.post(f"{ISSUES}/1/sub_issues", json={"sub_issue_id": two["id"]})
    octo.request("DELETE", f"{ISSUES}/1/sub_issue", json={"sub_issue_id": two["id"]})
    octo.post(f"{ISSUES}/2/dependencies/blocked_by", json={"issue_id": one["id"]})
    octo.patch(f"{ISSUES}/1", json={"state": "closed"})
    octo.patch(f"{ISSUES}/1", json={"state": "open"})
    hooked.forge.settle()
    assert {f"{event}.{action}" for event, action in receiver.names} == {
        "issue_comment.created",
        "issue_comment.edited",
        "issue_comment.deleted",
        "issue_dependencies.blocked_by_added",
        "issue_dependencies.blocking_added",
        "issues.assigned",
        "issues.closed",
        "issues.edited",
        "issues.labeled",
        "issues.opened",
        "issues.reopened",
        "issues.unassigned",
        "issues.unlabeled",
        "label.created",
        "label.deleted",
        "label.edited",
        "sub_issues.parent_issue_added",
        "sub_issues.parent_issue_removed",
        "sub_issues.sub_issue_added",
        "sub_issues.sub_issue_removed",
    }
    problems = {
        problem
        for headers, raw in receiver.got
        for problem in check_webhook(headers["x-github-event"], json.loads(raw))
    }
    # A person's repository has no organisation, though the description asks for one.
    assert not {one for one in problems if '"organization" is a required property' not in one}


def test_every_payload_of_code_fits_what_github_publishes(hooked: World, receiver: Receiver) -> None:
    def work(state: State) -> None:
        octo, maya, repository = hooked.people["octo"], hooked.people["maya"], hooked.repository
        first = push(state, repository, octo, "add.py", ZERO, "Add")
        pull = pulls.create(state, repository, octo, title="Add", head="bead/1", base="main")
        push(state, repository, octo, "more.py", first, "More")
        lines = [reviews.LineComment(body="Why?", path="add.py", line=1)]
        reviews.create_review(state, maya, pull, event="REQUEST_CHANGES", body="Not yet", comments=lines)
        reviews.resolve_thread(state, octo, next(state.all(Thread)))
        issues.add_labels(state, octo, state.get(Issue, pull.issue_id), ["review"])
        run = checks.create_run(state, hooked.app.id, repository, pull.head_sha, "guards")
        checks.update_run(state, run, status="completed", conclusion="success")
        checks.set_status(state, octo, repository, pull.head_sha, "success", context="ci")
        issues.close(state, octo, state.get(Issue, pull.issue_id))
        git.move_refs(state, repository, octo, [("refs/heads/bead/1", None, ZERO, False)])

    hooked.forge.on(work)
    hooked.forge.settle()
    told = {event if action is None else f"{event}.{action}" for event, action in receiver.names}
    assert told >= {
        "check_run.completed",
        "check_run.created",
        "check_suite.completed",
        "create",
        "delete",
        "pull_request.closed",
        "pull_request.labeled",
        "pull_request.opened",
        "pull_request.synchronize",
        "pull_request_review.submitted",
        "pull_request_review_comment.created",
        "pull_request_review_thread.resolved",
        "push",
        "status",
    }
    pushes = [one for one in receiver.payloads if "pusher" in one]
    assert [[commit["message"] for commit in one["commits"]] for one in pushes] == [["Add"], ["More"], []]
    assert pushes[0]["commits"][0]["added"] == ["add.py"]
    assert hooked.person("octo").get(f"{ISSUES}/1/timeline").status_code == 200
    problems = {
        problem
        for headers, raw in receiver.got
        for problem in check_webhook(headers["x-github-event"], json.loads(raw))
    }
    # The description's list of an App's events is older than some that the App here listens to.
    assert not {one for one in problems if "check_suite.app.events[]" not in one}


def push(state: State, repository: Repository, actor: Account, path: str, before: str, subject: str) -> str:
    """One more commit on bead/1."""
    found = git.open_git(state, repository)
    parent = found.branch("main") if before == ZERO else before
    assert parent is not None
    signature = git.signature_of(actor, state.now())
    entry = NewEntry(path, "100644", found.make_blob(b"pass\n"))
    commit = found.make_commit(found.make_tree(parent, [entry]), [parent], subject, signature, signature)
    git.move_refs(state, repository, actor, [("refs/heads/bead/1", before, commit, False)])
    return commit


def test_an_app_hears_only_of_its_events_and_repositories(hooked: World, receiver: Receiver) -> None:
    def narrow(state: State) -> None:
        hooked.installation.events = ["issues"]
        state.put(hooked.installation)
        other = world.create_repository(state, hooked.people["octo"], "other")
        world.add_collaborator(state, other, hooked.people["will"], "write")

    hooked.forge.on(narrow)
    octo = hooked.person("octo")
    octo.post("/repos/octo/other/issues", json={"title": "Elsewhere"})
    octo.post("/repos/octo/sample/labels", json={"name": "quiet"})
    octo.post(ISSUES, json={"title": "Here"})
    hooked.forge.settle()
    assert receiver.names == [("issues", "opened")]


def test_an_installation_is_always_told(hooked: World, receiver: Receiver) -> None:
    def again(state: State) -> None:
        app, _key = world.create_app(
            state, hooked.people["octo"], "second", permissions={}, webhook_url=receiver.url
        )
        world.install(state, app, hooked.people["octo"], [hooked.repository])

    hooked.forge.on(again)
    hooked.forge.settle()
    assert hooked.by_app().get("/app/hook/deliveries").json() == []
    assert receiver.names == [("installation", "created")]
    assert check_webhook("installation", receiver.payloads[0]) == []


def test_a_refusal_is_kept_not_repeated_and_sent_again_when_asked(hooked: World, receiver: Receiver) -> None:
    receiver.status = 500
    hooked.person("octo").post(ISSUES, json={"title": "Lost"})
    hooked.forge.settle()
    assert len(receiver.got) == 1
    app = hooked.by_app()
    [failed] = app.get("/app/hook/deliveries", params={"status": "failure"}).json()
    assert (failed["event"], failed["action"], failed["status_code"]) == ("issues", "opened", 500)
    receiver.status = 202
    assert app.post(f"/app/hook/deliveries/{failed['id']}/attempts").status_code == 202
    hooked.forge.settle()
    assert len(receiver.got) == 2
    assert receiver.got[0][1] == receiver.got[1][1]
    guids = {headers["x-github-delivery"] for headers, _raw in receiver.got}
    assert guids == {failed["guid"]}
    newest, oldest = app.get("/app/hook/deliveries").json()
    assert (newest["redelivery"], newest["status_code"], oldest["redelivery"]) == (True, 202, False)
    whole = app.get(f"/app/hook/deliveries/{newest['id']}").json()
    assert whole["request"]["payload"]["issue"]["title"] == "Lost"


def test_deliveries_are_paged_by_a_cursor(hooked: World) -> None:
    for number in range(5):
        hooked.person("octo").post(ISSUES, json={"title": f"issue {number}"})
    hooked.forge.settle()
    app = hooked.by_app()
    seen: list[int] = []
    url: str | None = "/app/hook/deliveries?per_page=2"
    while url is not None:
        answer = app.get(url)
        seen += [one["id"] for one in answer.json()]
        url = answer.links.get("next", {}).get("url")
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


def test_what_is_not_this_machine_is_never_spoken_to(hooked: World, receiver: Receiver) -> None:
    point(hooked, "http://192.0.2.1/webhooks")
    hooked.person("octo").post(ISSUES, json={"title": "Outward"})
    hooked.forge.settle()
    [refused] = hooked.by_app().get("/app/hook/deliveries").json()
    assert (refused["status_code"], refused["status"]) == (0, "refused: not a loopback address")
    assert receiver.got == []


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("http://127.0.0.1:1/x", True),
        ("http://localhost/x", True),
        ("http://[::1]:8080/", True),
        ("http://127.0.0.1.example.com/", False),
        ("http://127.0.0.1@example.com/", False),
        ("ftp://127.0.0.1/", False),
        ("http://0.0.0.0/", False),
        ("", False),
    ],
)
def test_loopback_is_told_by_the_host_alone(url: str, ours: bool) -> None:
    assert hooks.is_loopback(url) is ours


def test_nobody_at_the_address_is_a_failed_delivery_and_no_more(hooked: World) -> None:
    point(hooked, "http://127.0.0.1:9/")
    assert hooked.person("octo").post(ISSUES, json={"title": "Alone"}).status_code == 201
    hooked.forge.settle()
    [failed] = hooked.by_app().get("/app/hook/deliveries").json()
    assert (failed["status_code"], failed["status"]) == (0, "failed to connect to host")


def test_deliveries_older_than_three_days_are_forgotten(hooked: World) -> None:
    octo = hooked.person("octo")
    octo.post(ISSUES, json={"title": "Old"})
    hooked.forge.settle()

    def age(state: State) -> None:
        for delivery in state.all(Delivery):
            delivery.delivered_at -= timedelta(days=3, minutes=1)
            state.put(delivery)

    hooked.forge.on(age)
    octo.post(ISSUES, json={"title": "New"})
    hooked.forge.settle()
    kept = [delivery.payload["issue"]["title"] for delivery in hooked.state.all(Delivery)]
    assert kept == ["New"]


def test_a_change_of_an_issues_type_tells_both_and_fits_what_github_publishes(
    hooked: World, receiver: Receiver
) -> None:
    def belongs(state: State) -> None:
        owner = state.get(Account, hooked.repository.owner_id)
        owner.type = "Organization"
        state.put(owner)

    hooked.forge.on(belongs)
    octo = hooked.person("octo")
    octo.post(ISSUES, json={"title": "Told", "type": "Bug"})
    octo.patch(f"{ISSUES}/1", json={"type": "Task"})
    hooked.forge.settle()
    assert [
        (name, body.get("type", {}).get("name"))
        for (_, name), body in zip(receiver.names, receiver.payloads, strict=True)
    ] == [("opened", None), ("typed", "Bug"), ("untyped", "Bug"), ("typed", "Task")]
    for headers, raw in receiver.got:
        assert check_webhook(headers["x-github-event"], json.loads(raw)) == []
