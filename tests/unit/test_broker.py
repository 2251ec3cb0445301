"""The token broker against everybody who is not the publish job of a live claim (T23)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import jwt
import pytest
import respx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from bot.coordinator.claims import Claim, Claims, run_name, write_claims
from bot.github.broker import Broker, Refused
from bot.github.client import App, Dispatched, InstallationToken
from bot.github.oidc import NotTheJob, Verifier

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
API = "https://api.github.test"
ISSUER = "https://issuer.test"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
TOKEN = "0123456789abcdef" * 2
REF = "octo/sample/.github/workflows/beadwright.yml@refs/heads/main"
BRANCH_REF = "octo/sample/.github/workflows/beadwright.yml@refs/heads/bead/5"


def token_of(key: rsa.RSAPrivateKey = KEY, kid: str = "k1", **changed: object) -> str:
    claims: dict[str, object] = {
        "iss": ISSUER,
        "aud": "beadwright",
        "iat": int(NOW.timestamp()),
        "nbf": int(NOW.timestamp()),
        "exp": int((NOW + timedelta(minutes=5)).timestamp()),
        "repository": "octo/sample",
        "repository_id": "11",
        "run_id": "22",
        "run_attempt": "1",
        "event_name": "workflow_dispatch",
        "ref": "refs/heads/main",
        "workflow_ref": REF,
        "job_workflow_ref": REF,
        "check_run_id": "33",
    }
    kept = {name: value for name, value in (claims | changed).items() if value is not None}
    return jwt.encode(kept, key, algorithm="RS256", headers={"kid": kid})


@dataclass
class World:
    """What GitHub says; a test changes one thing of it."""

    run: dict[str, object] = field(
        default_factory=lambda: {
            "id": 22,
            "display_title": run_name(5, "worker", 1, TOKEN),
            "path": ".github/workflows/beadwright.yml",
            "event": "workflow_dispatch",
            "run_attempt": 1,
            "status": "in_progress",
            "head_branch": "main",
            "repository": {"id": 11},
        }
    )
    job: dict[str, object] = field(default_factory=lambda: {"name": "publish", "status": "in_progress"})
    claim: Claim | None = field(
        default_factory=lambda: Claim(role="worker", attempt=1, token=TOKEN, base="b" * 40, since=NOW)
    )
    repository_id: int = 11
    granted: list[object] = field(default_factory=list)
    keys_fetched: int = 0

    def keys(self, jwk: dict[str, object]) -> httpx.Response:
        self.keys_fetched += 1
        return httpx.Response(200, json={"keys": [jwk]})

    def graphql(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"].lower() == "bearer ghs_wide"
        claims = Claims(live={5: self.claim} if self.claim else {})
        target = {"oid": "c" * 40, "message": write_claims(claims, "n")}
        repository = {
            "databaseId": self.repository_id,
            "defaultBranchRef": {"name": "main"},
            "claims": {"target": target},
        }
        return httpx.Response(200, json={"data": {"repository": repository}})

    def grant(self, request: httpx.Request) -> httpx.Response:
        wanted = json.loads(request.content)
        self.granted.append(wanted)
        value = "ghs_narrow" if wanted.get("permissions") else "ghs_wide"
        return httpx.Response(201, json={"token": value, "expires_at": "2026-11-24T13:00:00Z"})


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    jwk = {**RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "k1", "use": "sig", "alg": "RS256"}
    with respx.mock(assert_all_called=False) as mock:
        mock.get(f"{ISSUER}/.well-known/openid-configuration").respond(
            json={"issuer": ISSUER, "jwks_uri": f"{ISSUER}/.well-known/jwks"}
        )
        mock.get(f"{ISSUER}/.well-known/jwks").mock(side_effect=lambda _: world.keys(jwk))
        mock.get(f"{API}/repos/octo/sample/installation").respond(json={"id": 3})
        mock.get(f"{API}/repos/octo/other/installation").respond(404, json={"message": "Not Found"})
        mock.post(f"{API}/app/installations/3/access_tokens").mock(side_effect=world.grant)
        mock.post(f"{API}/graphql").mock(side_effect=world.graphql)
        mock.get(f"{API}/repos/octo/sample/actions/runs/22").mock(
            side_effect=lambda _: httpx.Response(200, json=world.run)
        )
        mock.get(f"{API}/repos/octo/sample/actions/runs/99").respond(404, json={"message": "Not Found"})
        mock.get(f"{API}/repos/octo/sample/check-runs/33").mock(
            side_effect=lambda _: httpx.Response(200, json=world.job)
        )
        yield world


def broker() -> Broker:
    app = App(7, PEM, API, clock=lambda: NOW)
    return Broker(app, Verifier(ISSUER, "beadwright", clock=lambda: NOW))


def ask(identity: str, claim: str = TOKEN) -> InstallationToken:
    return asyncio.run(broker().grant(identity, claim))


def narrowed(world: World) -> list[object]:
    return [wanted for wanted in world.granted if isinstance(wanted, dict) and "permissions" in wanted]


def test_the_publish_job_of_a_live_claim_gets_a_token_for_its_repository_and_no_more(world: World) -> None:
    assert ask(token_of()) == InstallationToken("ghs_narrow", datetime(2026, 11, 24, 13, tzinfo=UTC))
    assert narrowed(world) == [
        {
            "repository_ids": [11],
            "permissions": {"contents": "write", "issues": "write", "pull_requests": "write"},
        }
    ]


@pytest.mark.parametrize(
    ("identity", "named"),
    [
        (token_of(key=OTHER_KEY), "Signature"),
        (token_of(kid="unknown"), "unknown key"),
        (token_of(aud="somebody-else"), "Audience"),
        (token_of(iss="https://evil.test"), "issuer"),
        (token_of(exp=int((NOW - timedelta(minutes=2)).timestamp())), "expired"),
        (token_of(iat=int((NOW + timedelta(minutes=2)).timestamp())), "future"),
        (token_of(exp=None), "exp"),
        (token_of(run_id=None), "run_id"),
        ("not.a.token", "not good"),
        (jwt.encode({"aud": "beadwright"}, "k" * 32, algorithm="HS256", headers={"kid": "k1"}), "not good"),
        (token_of(event_name="push"), "push"),
        (token_of(run_attempt="2"), "is over, or was started again"),
        (token_of(job_workflow_ref=REF.replace("beadwright.yml", "evil.yml")), "another workflow"),
        (token_of(workflow_ref=REF.replace("main", "side")), "another workflow"),
        (token_of(check_run_id=None), "which job"),
        (token_of(repository_id="12"), "another repository"),
        (token_of(run_id="99"), "no run 99"),
    ],
)
def test_an_identity_that_is_not_the_jobs_gets_nothing(world: World, identity: str, named: str) -> None:
    with pytest.raises(Refused, match=named):
        ask(identity)
    assert narrowed(world) == []


def test_a_repository_without_the_app_gets_nothing(world: World) -> None:
    ref = REF.replace("octo/sample", "octo/other")
    with pytest.raises(Refused, match="not installed"):
        ask(token_of(repository="octo/other", workflow_ref=ref, job_workflow_ref=ref))
    assert narrowed(world) == []


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"display_title": run_name(5, "worker", 1, "f" * 32)}, "not this run's"),
        ({"display_title": run_name(6, "worker", 1, TOKEN)}, "not this run's"),
        ({"display_title": run_name(5, "reviewer", 1, TOKEN)}, "another attempt"),
        ({"display_title": run_name(5, "worker", 2, TOKEN)}, "another attempt"),
        ({"display_title": "CI"}, "no claim's"),
        ({"path": ".github/workflows/ci.yml"}, "no dispatch"),
        ({"event": "push"}, "no dispatch"),
        ({"run_attempt": 2}, "started again"),
        ({"status": "completed"}, "is over"),
        ({"head_branch": "side"}, "default branch"),
        ({"repository": {"id": 12}}, "another repository"),
    ],
)
def test_a_run_that_is_not_the_claims_gets_nothing(
    world: World, changed: dict[str, object], named: str
) -> None:
    world.run |= changed
    with pytest.raises(Refused, match=named):
        ask(token_of())
    assert narrowed(world) == []


@pytest.mark.parametrize(
    "job", [{"name": "agent", "status": "in_progress"}, {"name": "publish", "status": "completed"}]
)
def test_only_the_running_publish_job_gets_a_token(world: World, job: dict[str, object]) -> None:
    world.job = job
    with pytest.raises(Refused, match="only the running job publish"):
        ask(token_of())
    assert narrowed(world) == []


def test_the_run_of_a_dispatch_that_this_process_made_need_not_be_asked_about(world: World) -> None:
    asked = broker()
    asked._app.note_dispatch(22, Dispatched(TOKEN, run_name(5, "worker", 1, TOKEN), ""))
    world.run = {}
    assert asyncio.run(asked.grant(token_of(), TOKEN)).value == "ghs_narrow"


@pytest.mark.parametrize(
    "changed",
    [
        {"ref": "refs/heads/bead/5", "workflow_ref": BRANCH_REF, "job_workflow_ref": BRANCH_REF},
        {"run_attempt": "2"},
        {"run_id": "99"},
    ],
)
def test_a_dispatch_that_is_remembered_vouches_for_no_other_run(
    world: World, changed: dict[str, str]
) -> None:
    asked = broker()
    asked._app.note_dispatch(22, Dispatched(TOKEN, run_name(5, "worker", 1, TOKEN), ""))
    with pytest.raises(Refused):
        asyncio.run(asked.grant(token_of(KEY, **changed), TOKEN))
    assert len(world.granted) <= 1


def test_the_claims_token_must_be_the_asked_one(world: World) -> None:
    for wrong in ("f" * 32, "é" * 32):
        with pytest.raises(Refused, match="not this run's"):
            ask(token_of(), wrong)
    assert narrowed(world) == []


def test_a_claim_that_is_released_or_published_gets_nothing(world: World) -> None:
    assert world.claim is not None
    published = world.claim.model_copy(update={"stage": "published", "outcome": "pr"})
    for claim in (None, published):
        world.claim = claim
        with pytest.raises(Refused, match="claim on bead #5"):
            ask(token_of())
    assert narrowed(world) == []


def test_a_publish_job_that_the_coordinator_started_again_gets_a_token_for_what_is_left(world: World) -> None:
    assert world.claim is not None
    world.run["run_attempt"] = 2
    for changes in ({"reruns": 1}, {"reruns": 1, "stage": "published", "outcome": "pr"}):
        world.claim = world.claim.model_copy(update=changes)
        assert ask(token_of(run_attempt="2")).value == "ghs_narrow"


def test_a_run_that_a_person_started_again_gets_nothing(world: World) -> None:
    assert world.claim is not None
    for reruns, attempt in ((0, 2), (1, 3)):
        world.claim = world.claim.model_copy(update={"reruns": reruns})
        world.run["run_attempt"] = attempt
        with pytest.raises(Refused, match="a person has started again"):
            ask(token_of(run_attempt=str(attempt)))
    assert narrowed(world) == []


def test_a_run_is_served_once_even_when_it_asks_twice_at_the_same_time(world: World) -> None:
    async def storm() -> list[object]:
        one = broker()
        asked = [one.grant(token_of(), TOKEN) for _ in range(5)]
        return list(await asyncio.gather(*asked, return_exceptions=True))

    answers = asyncio.run(storm())
    assert sum(isinstance(answer, InstallationToken) for answer in answers) == 1
    assert sum(isinstance(answer, Refused) for answer in answers) == 4
    assert len(narrowed(world)) == 1


def test_invented_key_names_do_not_make_us_fetch_the_keys_each_time(world: World) -> None:
    async def guess() -> None:
        verifier = Verifier(ISSUER, "beadwright", clock=lambda: NOW)
        for index in range(5):
            with pytest.raises(NotTheJob):
                await verifier.identity(token_of(kid=f"guess-{index}"))

    asyncio.run(guess())
    assert world.keys_fetched == 1
    assert world.granted == []
