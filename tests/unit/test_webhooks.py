"""Deliveries: who may knock, and what wakes a pass."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from bot.beads.labels import LabelNames
from bot.coordinator.ports import NOTHING, Told
from bot.coordinator.snapshot import Press
from bot.github.webhooks import BadDelivery, read_hint, signed_by
from bot.web.app import create_app
from bot.web.deliveries import LIMIT, Seen
from bot.web.ports import Granted, Notice, Refusal

SECRET = "correct horse"
APP = 7
REPOSITORY = {"full_name": "octo/sample", "default_branch": "main"}


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def payload(**fields: object) -> bytes:
    return json.dumps({"repository": REPOSITORY, "installation": {"id": 3}, **fields}).encode()


def issue(action: str, *labels: str, changed: str | None = None) -> bytes:
    extra = {"label": {"name": changed}} if changed else {}
    return payload(action=action, issue={"labels": [{"name": name} for name in labels]}, **extra)


def check(action: str, app: int, slug: str, branch: str) -> bytes:
    run = {"app": {"id": app, "slug": slug}, "check_suite": {"head_branch": branch}}
    return payload(action=action, check_run=run)


def workflow(action: str, path: str, branch: str) -> bytes:
    return payload(action=action, workflow_run={"path": path, "head_branch": branch})


def said(action: str, body: str, **fields: object) -> bytes:
    return payload(action=action, issue={"labels": []}, comment={"body": body}, **fields)


def group(action: str, base: str) -> bytes:
    return payload(action=action, merge_group={"base_ref": f"refs/heads/{base}"})


def pull(action: str, ref: str) -> bytes:
    return payload(action=action, pull_request={"head": {"ref": ref}})


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("issues", issue("opened", "bead")),
        ("issues", issue("labeled", "Bead", changed="ready")),
        ("issues", issue("unlabeled", changed="bead")),
        ("issues", issue("closed")),
        ("pull_request", pull("synchronize", "bead/3")),
        ("pull_request_review", pull("submitted", "bead/3")),
        ("pull_request_review_thread", pull("resolved", "bead/3")),
        ("push", payload(ref="refs/heads/main")),
        ("push", payload(ref="refs/heads/bead/3")),
        ("check_run", check("completed", 9, "circle", "bead/3")),
        ("workflow_run", workflow("completed", ".github/workflows/ci.yml", "bead/3")),
        ("workflow_run", workflow("completed", ".github/workflows/beadwright.yml@main", "main")),
        ("status", payload(state="success", branches=[{"name": "bead/3"}])),
        ("sub_issues", payload(action="sub_issue_added")),
        ("issue_dependencies", payload(action="blocked_by_added")),
        ("pull_request", pull("opened", "feature")),
        ("pull_request", pull("synchronize", "feature")),
        ("pull_request", pull("dequeued", "bead/3")),
        ("merge_group", group("checks_requested", "main")),
    ],
)
def test_what_can_change_a_decision_says_where_to_look(event: str, body: bytes) -> None:
    hint = read_hint(event, body, APP)
    assert hint.repositories == ("octo/sample",)
    assert hint.installation == 3


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("issues", issue("labeled", "bug", changed="bug")),
        ("issues", issue("assigned", "bead")),
        ("issues", issue("labeled", "bead", changed="bead:running")),
        ("pull_request", pull("labeled", "feature")),
        ("pull_request", pull("closed", "feature")),
        ("merge_group", group("destroyed", "main")),
        ("merge_group", group("checks_requested", "release")),
        ("push", payload(ref="refs/heads/feature")),
        ("push", payload(ref="refs/tags/v1")),
        ("check_run", check("created", 9, "circle", "bead/3")),
        ("check_run", check("completed", APP, "beadwright", "bead/3")),
        ("check_run", check("completed", 9, "github-actions", "bead/3")),
        ("workflow_run", workflow("in_progress", ".github/workflows/beadwright.yml", "main")),
        ("workflow_run", workflow("completed", ".github/workflows/ci.yml", "feature")),
        ("status", payload(state="pending", branches=[{"name": "main"}])),
        ("issue_comment", payload(action="created")),
        ("star", payload(action="created")),
    ],
)
def test_noise_wakes_nobody(event: str, body: bytes) -> None:
    assert read_hint(event, body, APP).repositories == ()


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("push", payload(ref="refs/heads/bead/3")),
        ("pull_request_review", pull("submitted", "bead/3")),
        ("pull_request_review_thread", pull("resolved", "bead/3")),
        ("pull_request", pull("labeled", "bead/3")),
    ],
)
def test_an_echo_of_what_we_did_ourselves_wakes_nobody(event: str, body: bytes) -> None:
    def sent_by(login: str) -> bytes:
        return json.dumps({**json.loads(body), "sender": {"login": login}}).encode()

    assert read_hint(event, sent_by("beadwright[bot]"), APP, "beadwright").repositories == ()
    for login, slug in (("ann", "beadwright"), ("beadwright", "beadwright"), ("beadwright[bot]", "")):
        assert read_hint(event, sent_by(login), APP, slug).repositories == ("octo/sample",)


def test_only_the_end_of_a_run_of_ours_asks_for_the_runs() -> None:
    ours = workflow("completed", ".github/workflows/beadwright.yml@main", "main")
    assert read_hint("workflow_run", ours, APP).told == Told(runs=True, talk=False)
    foreign = workflow("completed", ".github/workflows/ci.yml", "main")
    assert read_hint("workflow_run", foreign, APP).told == NOTHING
    assert read_hint("issues", issue("opened", "bead"), APP).told == NOTHING


@pytest.mark.parametrize("action", ["created", "edited"])
def test_a_comment_that_may_hold_commands_asks_for_what_people_say(action: str) -> None:
    hint = read_hint("issue_comment", said(action, "Yes!\n/bead ready"), APP)
    assert hint.repositories == ("octo/sample",)
    assert hint.told == Told(runs=False, talk=True)


def test_a_button_of_our_own_check_run_is_told_with_who_pressed_it() -> None:
    def press(app: int) -> bytes:
        run = {"head_sha": "b" * 40, "app": {"id": app}}
        asked = {"action": "requested_action", "requested_action": {"identifier": "hold"}}
        return payload(check_run=run, sender={"login": "ada"}, **asked)

    hint = read_hint("check_run", press(APP), APP)
    assert hint.repositories == ("octo/sample",)
    assert hint.told == Told(runs=False, talk=False, presses=(Press("b" * 40, "hold", "ada"),))
    assert read_hint("check_run", press(APP + 1), APP).repositories == ()


def test_other_comments_and_our_own_wake_nobody() -> None:
    assert read_hint("issue_comment", said("created", "Thanks"), APP).repositories == ()
    assert read_hint("issue_comment", said("deleted", "/bead ready"), APP).repositories == ()
    ours = said("created", "/bead ready", sender={"login": "beadwright[bot]"})
    assert read_hint("issue_comment", ours, APP, "beadwright").repositories == ()


def test_an_installation_says_to_look_at_every_repository_it_brings() -> None:
    added = {"repositories_added": [{"full_name": "octo/a"}, {"full_name": "octo/b"}]}
    body = json.dumps({"action": "added", "installation": {"id": 3}, **added}).encode()
    assert read_hint("installation_repositories", body, APP).repositories == ("octo/a", "octo/b")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"repository": 3}', b'{"issue": {"labels": [1]}}'])
def test_a_payload_that_is_none_is_refused_with_its_place(body: bytes) -> None:
    with pytest.raises(BadDelivery, match=r".+: .+"):
        read_hint("issues", body, APP)


def test_a_signature_is_of_the_raw_bytes_and_the_secret() -> None:
    assert signed_by(SECRET, b"{}", signature(b"{}"))
    for wrong in (
        signature(b"{} "),
        signature(b"{}", "other"),
        signature(b"{}").upper(),
        "",
        None,
        "sha256=é",
    ):
        assert not signed_by(SECRET, b"{}", wrong)


class Deliveries:
    """GitHub's half over an App whose only installation is 3."""

    def signed(self, body: bytes, signature: str | None) -> bool:
        return signed_by(SECRET, body, signature)

    def notice(self, event: str, body: bytes) -> Notice:
        try:
            hint = read_hint(event, body, APP)
        except BadDelivery as error:
            raise Refusal(400, str(error)) from error
        return Notice(hint.installation, hint.repositories)

    async def installed(self, installation: int) -> bool:
        return installation == 3


Knock = Callable[..., tuple[int, str]]


@pytest.fixture
def woken() -> list[str]:
    return []


@pytest.fixture
def knock(woken: list[str]) -> Knock:
    async def grant(identity: str, claim: str) -> Granted:
        if identity != "good":
            raise Refusal(403, f"No token for {claim}.")
        return Granted("ghs_x", datetime(2026, 11, 1, tzinfo=UTC))

    client = TestClient(create_app(Deliveries(), grant, lambda repository, _runs: woken.append(repository)))

    def send(
        body: bytes, *, event: str = "issues", delivery: str = "d1", path: str = "/webhooks", **headers: str
    ) -> tuple[int, str]:
        known = {
            "x-github-event": event,
            "x-github-delivery": delivery,
            "x-hub-signature-256": signature(body),
        }
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = client.post(path, content=body, headers={**known, **extra})
        return answer.status_code, str(answer.json().get("message", answer.text))

    return send


def test_a_good_delivery_wakes_its_repository_once_however_often_it_comes(
    knock: Knock, woken: list[str]
) -> None:
    body = issue("opened", "bead")
    assert knock(body)[0] == 202
    assert knock(body)[0] == 202
    assert woken == ["octo/sample"]
    assert knock(body, delivery="d2")[0] == 202
    assert woken == ["octo/sample", "octo/sample"]


def test_a_forged_delivery_wakes_nobody_and_spoils_no_real_one(knock: Knock, woken: list[str]) -> None:
    body = issue("opened", "bead")
    status, message = knock(body, x_hub_signature_256=signature(body, "guessed"))
    assert (status, woken) == (401, [])
    assert "signature" in message
    assert knock(body)[0] == 202
    assert woken == ["octo/sample"]


def test_an_installation_that_is_not_ours_is_refused(knock: Knock, woken: list[str]) -> None:
    assert knock(issue("opened", "bead").replace(b'{"id": 3}', b'{"id": 4}'))[0] == 404
    assert knock(json.dumps({"repository": REPOSITORY}).encode())[0] == 404
    assert woken == []


def test_a_giant_is_refused_before_it_is_read_and_while_it_pours_in(knock: Knock, woken: list[str]) -> None:
    status, message = knock(b"x", content_length=str(LIMIT + 1))
    assert (status, woken) == (413, [])
    assert str(LIMIT) in message


def test_a_payload_of_another_shape_is_one_clear_message(knock: Knock) -> None:
    status, message = knock(b'{"repository": 3}')
    assert status == 400
    assert "repository" in message
    assert knock(b"{}", x_github_event="")[0] == 400


def test_the_broker_asks_for_identity_and_a_claims_token(knock: Knock) -> None:
    good = json.dumps({"token": "a" * 32}).encode()
    assert knock(good, path="/broker/token")[0] == 401
    assert knock(b'{"token": "short"}', path="/broker/token", authorization="Bearer good")[0] == 400
    assert knock(b" " * 5000, path="/broker/token", authorization="Bearer good")[0] == 413
    assert knock(good, path="/broker/token", authorization="Bearer bad") == (403, f"No token for {'a' * 32}.")
    status, text = knock(good, path="/broker/token", authorization="Bearer good")
    assert status == 200
    assert json.loads(text)["token"] == "ghs_x"


def test_the_memory_of_deliveries_is_bounded() -> None:
    seen = Seen(size=2)
    assert [seen.first(one) for one in ("a", "b", "a", "c", "b", "a")] == [
        True,
        True,
        False,
        True,
        False,
        True,
    ]


def test_a_repository_that_calls_the_labels_something_else_is_heard_by_those() -> None:
    ours = LabelNames(bead="agent task", running="agent: runs")

    def heard(body: bytes, spelling: LabelNames | None) -> bool:
        return bool(read_hint("issues", body, APP, spelling=lambda _: spelling).repositories)

    assert heard(issue("edited", "Agent Task"), ours)
    assert not heard(issue("edited", "bead"), ours)
    assert not heard(issue("labeled", "agent task", changed="agent: runs"), ours)
    assert heard(issue("labeled", "agent task", changed="bead:running"), ours)
    assert heard(issue("labeled", changed="anything"), None)
    assert heard(issue("typed", "agent task"), ours)


def test_dependencies_that_people_draw_are_heard_and_our_own_are_an_echo() -> None:
    body = payload(action="blocked_by_added", sender={"login": "ann"})
    assert read_hint("issue_dependencies", body, APP, "beadwright").repositories == ("octo/sample",)
    body = payload(action="blocked_by_added", sender={"login": "beadwright[bot]"})
    assert read_hint("issue_dependencies", body, APP, "beadwright").repositories == ()
