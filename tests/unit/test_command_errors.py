"""What the commands say when they are called wrongly: what, where, what to do; and never a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner

from bot.cli import app
from bot.local.demo.run import free_port

NOBODY = "http://127.0.0.1:9"
"""Where nobody listens."""
SETTINGS = {
    "BEADWRIGHT_API_URL": NOBODY,
    "BEADWRIGHT_APP_ID": "1",
    "BEADWRIGHT_WEBHOOK_SECRET": "invented",
    "BEADWRIGHT_URL": "http://127.0.0.1:4481",
}


def said(call: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """The status of a call, and what it said."""
    told = CliRunner().invoke(app, call.split(), env={"GITHUB_TOKEN": "", **(env or {})})
    assert told.exception is None or isinstance(told.exception, SystemExit), told.exception
    return told.exit_code, told.stderr


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("demo --graph gone", "gone cannot be read: No such file or directory"),
        ("demo --graph bytes", "bytes is no text: byte 1 is not UTF-8"),
        ("demo --graph note", "note: line 1: Invalid JSON"),
        ("demo --keep note", "note is a file; --keep takes a folder"),
        ("demo --keep full", "full is not empty; name a folder that is, or that does not exist"),
        ("demo --keep note/below", "note/below cannot be the folder that is kept: Not a directory"),
        ("forge note", "note is a file; name a folder, which is made when it is not there"),
        ("forge note/below", "note/below cannot be made: Not a directory"),
        ("import gone --repo a/b", "gone cannot be read: No such file or directory"),
        ("import full --repo a/b", "full cannot be read: Is a directory"),
        ("import note --repo ab --dry-run", "--repo ab: write OWNER/NAME"),
        ("export --repo a/b", "put a token that may read issues into GITHUB_TOKEN"),
        (
            "trace 1 --repo a/b --api-url nonsense",
            "--api-url nonsense: write the API's root, for example https",
        ),
        ("probe --only [", "--only [: no regular expression: unterminated character set"),
        ("coordinate --once --repo ab", "--repo ab: write OWNER/NAME"),
        (
            "serve",
            "BEADWRIGHT_APP_ID, BEADWRIGHT_PRIVATE_KEY_FILE, BEADWRIGHT_WEBHOOK_SECRET, BEADWRIGHT_URL are",
        ),
    ],
)
def test_a_wrong_call_says_what_where_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "note").write_text("no export\n", encoding="utf-8")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    status, told = said(call)
    assert status != 0
    assert words in told


@pytest.mark.parametrize(
    ("call", "rest"),
    [
        ("import export.jsonl", "Run the import again: it goes on from here."),
        ("export", "Nothing was written."),
        ("trace 1", "is there a network?"),
    ],
)
def test_a_github_that_does_not_answer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, rest: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "export.jsonl").write_text('{"id": "a", "title": "Do it"}\n', encoding="utf-8")
    status, told = said(f"{call} --repo a/b --api-url {NOBODY}", {"GITHUB_TOKEN": "invented"})
    assert status != 0
    assert told.startswith(f"beadwright: {NOBODY} did not answer (Connection refused)")
    assert told.rstrip().endswith(rest)


def test_a_key_that_is_none_is_told_before_github_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text("no key\n", encoding="utf-8")
    for call in ("serve", "coordinate --once --repo a/b"):
        status, told = said(call, {**SETTINGS, "BEADWRIGHT_PRIVATE_KEY_FILE": str(file)})
        assert status == 1
        assert told == (
            f"beadwright: BEADWRIGHT_PRIVATE_KEY_FILE: {file} holds no private key"
            " (PEM, as GitHub gives it for the App)\n"
        )


def test_a_coordinator_that_cannot_list_its_repositories_ends_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    key = generate_private_key(65537, 2048)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    status, told = said(f"serve --port {free_port()}", {**SETTINGS, "BEADWRIGHT_PRIVATE_KEY_FILE": str(file)})
    assert status == 1
    assert told.startswith(f"beadwright: the repositories of the App cannot be listed at {NOBODY}: ")
