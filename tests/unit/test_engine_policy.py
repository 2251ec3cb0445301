"""What the policy may say about an engine, and where its credential is then found."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from bot.beads.policy import Engine, Price
from bot.beads.policy_file import PolicyError, load_policy
from bot.engines.credential import Credential, NoCredential, Source, engine_secrets, find_source

FILE = ".github/beadwright.yml: line 1, column "


def test_an_engine_and_another_for_reviews_are_read() -> None:
    policy = load_policy(
        "engine: {name: claude, model: claude-sonnet-5, key: MODEL_KEY, minutes: 20}\n"
        "reviewer:\n"
        "  name: codex\n"
        "  url: https://gateway.example.com/openai/v1\n"
        "  login: ~/.codex/auth.json\n"
        "  prices: {gpt-5.5: {input: 4, cached: 0.4, output: 20}}\n"
    )
    assert policy.engine == Engine(name="claude", model="claude-sonnet-5", key="MODEL_KEY", minutes=20)
    assert policy.reviewer is not None
    assert policy.reviewer.url == "https://gateway.example.com/openai/v1"
    assert policy.reviewer.prices == {"gpt-5.5": Price(input=4, cached=0.4, output=20)}


@pytest.mark.parametrize(
    ("engine", "place", "said"),
    [
        ("{name: gemini}", "engine.name", "Input should be 'command', 'claude' or 'codex'"),
        ("{name: claude, command: [x]}", "engine.command", "engine 'claude' knows no 'command'"),
        ("{name: command, model: m}", "engine.model", "engine 'command' knows no 'model'"),
        ("{command: [x], key: K}", "engine.key", "engine 'command' knows no 'key'"),
        ("{name: claude, prices: {m: {input: 1, cached: 1, output: 1}}}", "engine.prices", "only 'codex'"),
        ("{name: codex, prices: {m: {input: -1, cached: 1, output: 1}}}", "engine.prices.m.input", "greater"),
        ("{name: codex, key: K, login: /x}", "engine.login", "there is a `key` as well"),
        ("{name: claude, key: GITHUB_TOKEN}", "engine.key", "none of GitHub's own"),
        ("{name: claude, key: sk-ant-x}", "engine.key", "the name of an environment variable"),
        ("{name: claude, url: 'http://example.com'}", "engine.url", "must be https://"),
        ("{name: claude, url: 'http://127.0.0.1.example.com'}", "engine.url", "must be https://"),
        ("{name: claude, url: 'https://user:pass@example.com'}", "engine.url", "no credential in it"),
        ("{name: claude, url: 'https://example.com/?a=b'}", "engine.url", "no query"),
        ("{name: claude, model: '--dangerously-skip-permissions'}", "engine.model", "match pattern"),
        ("{name: claude, bare: true}", "engine.bare", "there is no such key"),
    ],
)
def test_what_does_not_belong_is_refused_at_its_place(engine: str, place: str, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(f"engine: {engine}")
    assert str(caught.value).startswith(FILE)
    assert f": {place}: " in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "env", "form", "headers"),
    [
        ("claude", {"ANTHROPIC_API_KEY": " k\n"}, "api-key", {"x-api-key": "k"}),
        ("claude", {"CLAUDE_CODE_OAUTH_TOKEN": "t"}, "oauth", {"authorization": "Bearer t"}),
        (
            "claude",
            {"ANTHROPIC_API_KEY": "sk-ant-oat01-x"},
            "oauth",
            {"authorization": "Bearer sk-ant-oat01-x"},
        ),
        ("codex", {"OPENAI_API_KEY": "k", "CODEX_API_KEY": ""}, "bearer", {"authorization": "Bearer k"}),
        ("codex", {"CODEX_API_KEY": "k"}, "bearer", {"authorization": "Bearer k"}),
    ],
)
def test_without_a_word_the_engines_own_variables_are_looked_at(
    name: str, env: dict[str, str], form: str, headers: dict[str, str]
) -> None:
    source = find_source(Engine.model_validate({"name": name}), {**env, "OTHER_API_KEY": "x"})
    assert source.form == form
    assert source.read().headers() == headers


def test_only_the_variable_that_the_policy_names_is_looked_at() -> None:
    engine = Engine(name="claude", key="MODEL_KEY")
    env = {"ANTHROPIC_API_KEY": "other", "MODEL_KEY": "mine"}
    assert find_source(engine, env).read() == Credential("api-key", "mine")
    assert engine_secrets(engine, env) == ("mine",)
    with pytest.raises(NoCredential, match="MODEL_KEY is not set"):
        find_source(engine, {"ANTHROPIC_API_KEY": "other"})


@pytest.mark.parametrize("value", ["two\nlines", "two words", "sch\u00f6n"])
def test_what_no_header_can_carry_is_no_key_and_is_not_repeated(value: str) -> None:
    with pytest.raises(NoCredential, match="OPENAI_API_KEY holds something that is no key") as caught:
        find_source(Engine(name="codex"), {"OPENAI_API_KEY": value})
    assert value not in str(caught.value)


def test_two_credentials_are_one_too_many() -> None:
    env = {"ANTHROPIC_API_KEY": "a", "CLAUDE_CODE_OAUTH_TOKEN": "b"}
    with pytest.raises(NoCredential, match="ANTHROPIC_API_KEY and CLAUDE_CODE_OAUTH_TOKEN are both set"):
        find_source(Engine(name="claude"), env)
    assert set(engine_secrets(Engine(name="claude"), env)) == {"a", "b"}


def test_a_login_of_claude_gives_its_access_token_as_long_as_it_holds(tmp_path: Path) -> None:
    path = tmp_path / ".credentials.json"
    login = {"accessToken": "access-0123456789", "refreshToken": "refresh-0123456789"}

    def write(seconds: float) -> None:
        until = int((time.time() + seconds) * 1000)
        path.write_text(json.dumps({"claudeAiOauth": {**login, "expiresAt": until}}), encoding="utf-8")

    write(60)
    engine = Engine(name="claude", login=str(path))
    source = find_source(engine, {"ANTHROPIC_API_KEY": "not this one"})
    assert source.read() == Credential("oauth", "access-0123456789")
    assert set(engine_secrets(engine, {})) == {"access-0123456789", "refresh-0123456789"}
    write(-1)
    with pytest.raises(NoCredential, match="start `claude` once, it renews it"):
        source.read()


def test_a_login_of_codex_gives_its_token_and_account(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    tokens = {"access_token": "access-0123456789", "account_id": "acc-1", "refresh_token": "r-0123456789ab"}
    path.write_text(json.dumps({"OPENAI_API_KEY": None, "tokens": tokens}), encoding="utf-8")
    credential = find_source(Engine(name="codex", login=str(path)), {}).read()
    expected = {"authorization": "Bearer access-0123456789", "chatgpt-account-id": "acc-1"}
    assert credential.headers() == expected


@pytest.mark.parametrize("text", [None, "", "[]", '{"tokens": {}}', '{"claudeAiOauth": {"accessToken": ""}}'])
def test_a_file_that_holds_no_login_is_named(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "login.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    for name in ("claude", "codex"):
        source = Source("claude" if name == "claude" else "codex", str(path))
        with pytest.raises(NoCredential, match=str(path)):
            source.read()
