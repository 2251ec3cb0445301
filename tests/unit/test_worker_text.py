"""What a prompt shows, what we post, and what an artifact holds."""

from __future__ import annotations

import base64

import pytest

from bot.beads.spec_sections import section
from bot.beads.visible_text import GAP, neutralise, reveal
from bot.jobs.redaction import known_secrets, redact

SECRET = "correct horse battery staple"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a<!-- do evil -->b", "ab"),
        ("a<!-- without end", "a"),
        ("tag\U000e0041", "tag[U+E0041]"),
        ("turn\u202eed", "turn[U+202E]ed"),
        ("zero\u200bwidth\u2060", "zero[U+200B]width[U+2060]"),
        ("\x1b[31mred\x1b[0m\r\n", "red\n"),
        ("smuggled\U000e0155", "smuggled[U+E0155]"),
        (f"@{GAP}maya", "@maya"),
        ("größe → ok\n\tx", "größe → ok\n\tx"),
    ],
)
def test_hidden_text_is_shown_or_removed(text: str, shown: str) -> None:
    assert reveal(text) == shown


@pytest.mark.parametrize(
    ("text", "posted"),
    [
        ("thanks @maya", f"thanks @{GAP}maya"),
        ("`@octo/team` too", f"`@{GAP}octo/team` too"),
        ("Fixes #12", f"Fixes #{GAP}12"),
        ("closes: octo/sample#3", f"closes: octo/sample#{GAP}3"),
        ("resolves https://github.com/o/r/issues/1", f"resolves {GAP}https://github.com/o/r/issues/1"),
        ("see #12", "see #12"),
        ("/bead merge", f"/{GAP}bead merge"),
        ("![x](https://evil.test/?q=1)", f"!{GAP}[x]{GAP}(https:{GAP}//evil.test/?q=1)"),
        ("[x](//evil.test)", f"[x]{GAP}(//evil.test)"),
        ("www.evil.test www\\.evil.test", f"www{GAP}.evil.test www{GAP}\\.evil.test"),
        ("https://github.com@evil.test/", f"https:{GAP}//github.com@{GAP}evil.test/"),
        ("<img src=x>", f"<{GAP}img src=x>"),
        ("<!-- beadwright:token=x -->hi", "hi"),
        ("&#64;maya and @&#109;aya", f"&{GAP}#64;maya and @&{GAP}#109;aya"),
        ("fixes GH-1", f"fixes GH-{GAP}1"),
        ("closes **https://github.com/o/r/1**", f"closes **{GAP}https://github.com/o/r/1**"),
        ("fixes &#35;1", f"fixes &{GAP}#{GAP}35;1"),
        ("_https://evil.test 1www.evil.test", f"_https:{GAP}//evil.test 1www{GAP}.evil.test"),
        ("https://github.com'@evil.test", f"https:{GAP}//github.com'@{GAP}evil.test"),
        ("https://github.com\\@evil.test", f"https:{GAP}//github.com\\@{GAP}evil.test"),
        (
            "[a](https://github.com/x)[b](https://evil.test)",
            f"[a](https://github.com/x)[b]{GAP}(https:{GAP}//evil.test)",
        ),
        ("[x](https\\://evil.test)", f"[x]{GAP}(https\\:{GAP}//evil.test)"),
        ("[x](http:evil.test)", f"[x]{GAP}(http:evil.test)"),
        ("[x](javascript:alert(1))", f"[x]{GAP}(javascript:alert(1))"),
        ("> [x]:\n> //evil.test", f"> [x]{GAP}:\n> //evil.test"),
        ("[x](docs/a.md#b) [1]: it", "[x](docs/a.md#b) [1]: it"),
        ("https://github.com/o/r", "https://github.com/o/r"),
        ("(see https://GitHub.com:443).", "(see https://GitHub.com:443)."),
        ("a < b and 1/2", "a < b and 1/2"),
    ],
)
def test_what_a_model_writes_acts_on_nothing(text: str, posted: str) -> None:
    assert neutralise(text, {"github.com"}) == posted
    assert neutralise(posted, {"github.com"}) == posted


@pytest.mark.parametrize("lead", ["", "x", "xy"])
def test_a_known_secret_is_redacted_however_it_is_written(lead: str) -> None:
    encoded = base64.b64encode(f"{lead}{SECRET}{lead}".encode()).decode()
    for written in (SECRET, encoded, SECRET.replace(" ", "%20")):
        clean = redact(f"before {written} after", [SECRET])
        assert "[redacted]" in clean
        assert SECRET not in clean
        assert base64.b64encode(SECRET.encode()).decode().rstrip("=")[:-1] not in clean


def test_what_looks_like_a_token_is_redacted_and_a_commit_is_not() -> None:
    token, commit = "ghs_" + "a1B2c3" * 6, "0123456789abcdef" * 2 + "01234567"
    assert redact(f"{token} {commit}") == f"[redacted] {commit}"


def test_secrets_are_known_by_their_names() -> None:
    env = {
        "API_KEY": "0123456789",
        "PATH": "/usr/bin:/bin",
        "BEADWRIGHT_TOKEN": "f" * 32,
        "MY_TOKEN": "short",
    }
    assert known_secrets(env) == ("0123456789",)


def test_a_cited_section_is_that_section_alone() -> None:
    text = "# A\nx\n## The one: b\ny\n### deeper\nz\n## Next\nw\n"
    assert section(text, "the-one-b") == "## The one: b\ny\n### deeper\nz"
    assert section(text, "nowhere") == text
    fenced = "# A\n```\n# B\n```\ny\n# B\nz\n"
    assert section(fenced, "a") == "# A\n```\n# B\n```\ny"
    assert section(fenced, "b") == "# B\nz\n"
