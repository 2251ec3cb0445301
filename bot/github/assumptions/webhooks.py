"""Webhooks, as the App's own list of deliveries shows them: it needs no public address."""

from __future__ import annotations

import json

from bot.github.assumptions.caller import Json
from bot.github.assumptions.registry import Need, Untold, assume, expect
from bot.github.assumptions.reviews import resolve, with_thread
from bot.github.assumptions.scratch import Scratch

DELIVERIES = "rest/apps/webhooks"
EVENTS = "webhooks/webhook-events-and-payloads"
BY = ("github.webhooks", "web.deliveries")
MISSED = "what it tells is found by the regular look only"
APP = (Need.APP,)


def delivered(world: Scratch, event: str, action: str | None, about: str = "") -> Json:
    """The newest delivery of an event whose payload holds a text. Raises Untold where none is sent."""
    app = world.signed().get("/app").must()
    if event not in app["events"]:
        raise Untold(f"the App does not subscribe to {event}")
    hook = world.signed().get("/app/hook/deliveries", per_page=1)
    if hook.status != 200 or not hook.body:
        raise Untold("the App sends no webhooks: it has no address to send them to")

    def look() -> Json | None:
        for one in world.signed().get("/app/hook/deliveries", per_page=50).must():
            if (one["event"], one["action"]) == (event, action):
                found = world.signed().get(f"/app/hook/deliveries/{one['id']}").must()
                if about in json.dumps(found["request"]["payload"]):
                    return found
        return None

    return world.until(look, 60, f"no delivery of {event} {action or ''}")


@assume(source=EVENTS + "#issues", by=BY, otherwise=MISSED, needs=APP)
def label_is_told_with_repository_and_installation(world: Scratch) -> None:
    """A label that is put on is told as `issues` `labeled`, with label, labels, repository and
    installation."""
    name = world.label("ready")
    issue = world.issue()
    world.me.post(f"issues/{issue.number}/labels", {"labels": [name]}).must()
    told = delivered(world, "issues", "labeled", name)["request"]["payload"]
    found = (
        told["label"]["name"],
        [one["name"] for one in told["issue"]["labels"]],
        told["installation"]["id"],
    )
    expect(found == (name, [name], world.installation), f"it tells {found}")
    expect(
        told["repository"]["full_name"].lower() == world.access.repository.lower(), "of another repository"
    )


@assume(
    source="webhooks/using-webhooks/validating-webhook-deliveries",
    by=BY,
    otherwise="deliveries cannot be told from forgeries",
    needs=APP,
)
def delivery_is_signed(world: Scratch) -> None:
    """A delivery has a GUID, its event's name and a SHA-256 signature in its headers."""
    issue = world.issue("signed", labels=[world.label("signed")])
    told = delivered(world, "issues", "opened", f'"number": {issue.number},')
    headers = {key.lower(): value for key, value in told["request"]["headers"].items()}
    expect(headers.get("x-github-delivery") == told["guid"], "the GUID in the headers is another one")
    expect(headers.get("x-github-event") == "issues", f"the event is {headers.get('x-github-event')}")
    expect(str(headers.get("x-hub-signature-256", "")).startswith("sha256="), "there is no signature")


@assume(
    source=DELIVERIES + "#redeliver-a-delivery-for-an-app-webhook",
    by=BY,
    otherwise="a redelivery is taken for news",
    needs=APP,
)
def redelivery_has_the_same_guid(world: Scratch) -> None:
    """A delivery that is sent again has the same GUID and says that it is a redelivery."""
    label = world.label("again")
    world.issue(labels=[label])
    first = delivered(world, "issues", "opened", label)
    world.signed().post(f"/app/hook/deliveries/{first['id']}/attempts").must(202)

    def look() -> Json | None:
        listed = world.signed().get("/app/hook/deliveries", per_page=50).must()
        return next((one for one in listed if one["guid"] == first["guid"] and one["redelivery"]), None)

    again = world.until(look, 60, "it is not delivered again")
    expect(again["id"] != first["id"], "it is the same delivery")


@assume(
    source=EVENTS,
    by=("github.webhooks",),
    otherwise="none: our own events need not be told from others'",
    needs=APP,
)
def own_changes_are_told_too(world: Scratch) -> None:
    """What the App does is told to the App too, with the App's account as the sender."""
    label = world.label("own")
    issue = world.issue()
    world.app.post(f"issues/{issue.number}/labels", {"labels": [label]}).must()
    told = delivered(world, "issues", "labeled", label)["request"]["payload"]
    expect(told["sender"]["login"] == world.bot, f"the sender is {told['sender']['login']}")


@assume(source=EVENTS + "#sub_issues", by=("github.webhooks",), otherwise=MISSED, needs=APP)
def family_changes_are_told(world: Scratch) -> None:
    """A child that is added to its parent is told as `sub_issues`."""
    parent, child = world.issue("parent"), world.issue("child")
    world.me.post(f"issues/{parent.number}/sub_issues", {"sub_issue_id": child.id}).must(201)
    delivered(world, "sub_issues", "sub_issue_added", str(child.id))


@assume(source=EVENTS + "#pull_request_review_thread", by=("github.webhooks",), otherwise=MISSED, needs=APP)
def resolved_thread_is_told(world: Scratch) -> None:
    """A thread that is resolved is told as `pull_request_review_thread` `resolved`, with the pull request."""
    pull = with_thread(world)
    resolve(world, pull).must()
    told = delivered(world, "pull_request_review_thread", "resolved", pull.head.name)["request"]["payload"]
    expect(told["pull_request"]["head"]["ref"] == pull.head.name, "of another branch")


@assume(source=EVENTS + "#push", by=("github.webhooks",), otherwise=MISSED, needs=APP)
def push_is_told_with_its_ref(world: Scratch) -> None:
    """A branch that moves is told as `push` with its whole ref, before and after."""
    branch = world.branch("pushed")
    moved = world.push(branch)
    told = delivered(world, "push", None, moved.sha)["request"]["payload"]
    found = (told["ref"], told["before"], told["after"])
    expect(found == (branch.ref, branch.sha, moved.sha), f"it tells {found}")


@assume(source=EVENTS + "#check_run", by=("github.webhooks",), otherwise=MISSED, needs=APP)
def check_is_told_with_app_and_branch(world: Scratch) -> None:
    """A check that is completed is told as `check_run` with its App and its suite's branch."""
    branch = world.branch("checked", files={"a.txt": "1\n"})
    name = world.name("check")
    world.check(branch.sha, name)
    told = delivered(world, "check_run", "completed", name)["request"]["payload"]["check_run"]
    expect(told["app"]["id"] == world.app_key.id, f"it is of App {told['app']['id']}")
    expect("head_branch" in told["check_suite"], "its suite names no branch")


@assume(source=EVENTS + "#status", by=("github.webhooks",), otherwise=MISSED, needs=APP)
def status_is_told_with_its_branches(world: Scratch) -> None:
    """A status is told as `status` with its state and the branches that the commit is the tip of."""
    branch = world.branch("stated", files={"a.txt": "1\n"})
    context = world.name("status")
    world.status(branch.sha, context)
    told = delivered(world, "status", None, context)["request"]["payload"]
    names = [one["name"] for one in told["branches"]]
    expect(told["state"] == "success" and branch.name in names, f"it tells {told['state']}, {names}")
