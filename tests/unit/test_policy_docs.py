"""What is published about the policy's file says what the model says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from bot.beads.policy import POLICY_PATH, Policy
from bot.beads.policy_docs import EXAMPLE, GUIDE_PATH, SCHEMA_PATH, policy_guide, policy_schema
from bot.beads.policy_file import PolicyError, load_policy, section_in
from bot.beads.sections import Section

ROOT = Path(__file__).parents[2]
REFUSED = """\
workrs: 3
workers: 0
workers: 101
workers: many
workers: '3'
workers: true
rounds: -1
attempts: 21
wall: paper
engine: claude
engine: {name: gemini}
engine: {name: claude, bare: true}
engine: {name: claude, model: '--dangerously-skip-permissions'}
engine: {name: claude, key: GITHUB_TOKEN}
engine: {name: claude, key: sk-ant-x}
engine: {name: claude, url: 'http://example.com'}
engine: {name: claude, url: 'https://user:pass@example.com'}
engine: {name: claude, minutes: 331}
engine: {name: codex, prices: {gpt: {input: 1}}}
engine: {name: codex, prices: {gpt: {input: -1, cached: 1, output: 1}}}
engine: {name: codex, prices: {'a b': {input: 1, cached: 1, output: 1}}}
reviewer: {name: gemini}
gates: make test
gates: [{name: tests}]
gates: [{name: '', run: x}]
budget: {day: -1}
budget: {week: 1}
merge: {method: octopus}
merge: {by_itself: always}
merge: {cool_down: {bot: soon}}
authority: {merge: owner}
authority: {rule: admin}
pace: {failures: 0}
pace: {quiet: '22:00-07:00'}
gate: block
follow_ups: all
bots: renovate
commands_per_hour: 0
labels: {hold: ''}
labels: {hold: ' hold'}
labels: {bead: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}
labels: {types: {bugs: bug}}
labels: {priorities: {P9: late}}
issue_types: {Bug: insect}
""".splitlines()

ONLY_THE_MODEL = {
    "what another engine knows": "engine: {name: claude, command: [x]}",
    "two credentials at once": "engine: {name: codex, key: K, login: /x}",
    "names that could be mistaken for each other": "labels: {hold: READY}",
    "a key that stands twice": "workers: 3\nworkers: 4",
    "anchors and aliases": "engine: &e {name: claude}\nreviewer: *e",
    "a whole number with a point": "workers: 3.0",
    "a number that YAML 1.1 and 1.2 read differently": "workers: 010",
}
"""What the schema lets pass and the model refuses, and why it has to."""


@pytest.fixture(scope="module")
def schema() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads(policy_schema()))


@pytest.mark.parametrize(("path", "text"), [(SCHEMA_PATH, policy_schema()), (GUIDE_PATH, policy_guide())])
def test_what_is_published_is_what_the_model_gives(path: str, text: str) -> None:
    """To renew it: .venv/bin/python -c 'from bot.beads.policy_docs import *; print(end=policy_schema())'; the
    guide with policy_guide."""
    assert (ROOT / path).read_text(encoding="utf-8") == text


def test_the_schema_is_one() -> None:
    jsonschema_rs.meta.validate(json.loads(policy_schema()))


def _files() -> Iterator[tuple[str, str]]:
    yield "the guide's", EXAMPLE
    sample = ROOT / "bot/local/demo/sample" / POLICY_PATH
    yield "the sample's", sample.read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    yield from (("the README's", block) for block in blocks if "engine:" in block)


@pytest.mark.parametrize(("whose", "text"), list(_files()))
def test_the_files_that_we_show_are_valid_by_both(
    schema: jsonschema_rs.Draft202012Validator, whose: str, text: str
) -> None:
    load_policy(text)
    assert list(schema.iter_errors(yaml.safe_load(text))) == [], whose


def test_there_is_a_file_of_each_kind_to_be_held_against_it() -> None:
    assert {whose for whose, _ in _files()} == {"the guide's", "the sample's", "the README's"}


@pytest.mark.parametrize("text", REFUSED)
def test_what_the_model_refuses_the_schema_refuses(
    schema: jsonschema_rs.Draft202012Validator, text: str
) -> None:
    with pytest.raises(PolicyError):
        load_policy(text)
    assert not schema.is_valid(yaml.safe_load(text))


@pytest.mark.parametrize("text", ONLY_THE_MODEL.values(), ids=ONLY_THE_MODEL)
def test_what_only_the_model_can_tell_is_listed(
    schema: jsonschema_rs.Draft202012Validator, text: str
) -> None:
    with pytest.raises(PolicyError):
        load_policy(text)
    assert schema.is_valid(yaml.safe_load(text))


def _sections(section: type[Section] = Policy) -> Iterator[type[Section]]:
    yield section
    for field in section.model_fields.values():
        inner = section_in(field.annotation)
        if inner is not None:
            yield from _sections(inner)


@pytest.mark.parametrize("section", dict.fromkeys(_sections()))
def test_every_key_says_what_it_does(section: type[Section]) -> None:
    for name, field in section.model_fields.items():
        assert field.description, f"{section.__name__}.{name} has no description"
        assert field.description.endswith(".")


def test_every_example_is_valid_by_the_schema_of_its_key() -> None:
    whole = json.loads(policy_schema())
    shapes = {"": whole, **whole["$defs"]}
    for name, shape in shapes.items():
        for key, value in shape.get("properties", {}).items():
            validator = jsonschema_rs.Draft202012Validator({**value, "$defs": whole["$defs"]})
            for example in value.get("examples", []):
                assert validator.is_valid(example), f"{name}.{key}: {example!r}"
