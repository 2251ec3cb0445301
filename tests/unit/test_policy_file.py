"""The policy's file: where its faults are, and that no file costs more than it may."""

from __future__ import annotations

import time

import pytest

from bot.beads.policy import Policy
from bot.beads.policy_file import SIZE, TOLD, PolicyError, PolicyFault, load_policy


def faults(text: str) -> tuple[PolicyFault, ...]:
    with pytest.raises(PolicyError) as caught:
        load_policy(text)
    return caught.value.faults


def test_no_file_an_empty_one_and_a_comment_are_the_defaults() -> None:
    assert load_policy(None) == load_policy("") == load_policy("# later\n") == load_policy("~") == Policy()


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("workers: 3\nrounds: none\n", 2, 1, "rounds: Input should be a valid integer"),
        ("workers: 3\nmerge:\n  method: octopus\n", 3, 3, "merge.method: Input should be"),
        ("gates:\n  - name: a\n    run: b\n  - name: c\n", 4, 5, "gates.1.run: Field required"),
        ("budget: {day: 1,\n  run: -2}", 2, 3, "budget.run: Input should be greater"),
        ("authority:\n  merge: owner\n", 2, 3, "authority.merge: Input should be 'read'"),
        ("labels:\n  types: {bugs: kind/bug}\n", 2, 11, "labels.types.bugs: Input should be"),
        ("labels:\n  hold: Ready\n", 1, 1, "labels: `ready` and `ready` could be mistaken"),
        ("- workers\n", 1, 1, "the file: Input should be an object"),
        ("workers: '3'\n", 1, 1, "workers: Input should be a valid integer"),
        ("workers: yes\n", 1, 1, "workers: Input should be a valid integer"),
    ],
)
def test_a_fault_is_told_at_its_key(text: str, line: int, column: int, said: str) -> None:
    (fault,) = faults(text)
    assert (fault.line, fault.column) == (line, column)
    assert fault.message.startswith(said)


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("a: [1\nb: 2\n", 2, 2, "expected ',' or ']'"),
        ("engine: {name: claude}\n  workers: 3\n", 2, 3, "expected <block end>"),
        ("pace:\n\tfailures: 2\n", 2, 1, "cannot start any token"),
        ("workers: 3\n---\nworkers: 4\n", 2, 1, "another document"),
        ("workers: 3\nx: \x07\n", 2, 4, "special characters are not allowed"),
    ],
)
def test_what_is_no_yaml_is_told_at_its_place(text: str, line: int, column: int, said: str) -> None:
    (fault,) = faults(text)
    assert (fault.line, fault.column) == (line, column)
    assert said in fault.message


@pytest.mark.parametrize(
    ("key", "near"),
    [("workrs: 3", "workers"), ("Workers: 3", "workers"), ("follow-ups: file", "follow_ups")],
)
def test_an_unknown_key_is_answered_with_the_nearest(key: str, near: str) -> None:
    (fault,) = faults(key)
    assert fault.message.endswith(f"there is no such key; did you mean `{near}`?")


def test_an_unknown_key_that_is_like_none_is_answered_with_all_of_its_place() -> None:
    (fault,) = faults("gates: [{name: a, run: b, zzz: c}]")
    assert str(fault) == "line 1, column 27: gates.0.zzz: there is no such key; there are `name`, `run`"


def test_a_key_that_stands_twice_is_refused_and_not_silently_the_last() -> None:
    (fault,) = faults("workers: 3\nbudget: {day: 1}\nworkers: 4\n")
    assert str(fault) == "line 3, column 1: `workers` stands here a second time; the first is in line 1"


def test_every_fault_is_told_in_the_order_of_the_file_but_not_thousands() -> None:
    found = faults("rounds: 99\nworkers: 0\nwall: paper\n")
    assert [fault.line for fault in found] == [1, 2, 3]
    assert len(faults("\n".join(f"key{number}: 1" for number in range(1_000)))) == TOLD


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "anchors and aliases"),
        ("engine: &e {name: claude}\nreviewer:\n  <<: *e\n", "anchors and aliases"),
        ("gates: [*nothing]", "anchors and aliases"),
        ("x: !!python/object/apply:os.system [id]", "tags are not taken"),
        ("workers: !!int '3'", "tags are not taken"),
        ("<<: {workers: 3}", "a key is a word"),
        ("? [a, b]\n: 3\n", "a key is a word"),
        ("workers: " + "9" * 100_000, f"longer than {SIZE}"),
        ("workers: " + "9" * 5_000, "no plain number"),
        ("budget: {day: .inf}", "no plain number"),
        ("budget: {day: .nan}", "no plain number"),
        ("workers: 0x3", "no plain number"),
        ("workers: 1:30", "no plain number"),
        ("workers: 010", "no plain number"),
        ("[" * 50_000, "deeper than"),
        ("{" * 50_000, "deeper than"),
        ("- " * 30_000, "deeper than"),
        ("gates:\n" + "- {name: a, run: b, c: d}\n" * 2_400, "there is no such key"),
        ("x" * (SIZE + 1), f"longer than {SIZE}"),
    ],
)
def test_what_could_be_costly_or_mean_two_things_is_refused_in_seconds(text: str, said: str) -> None:
    begun = time.monotonic()
    found = faults(text)
    assert time.monotonic() - begun < 20
    assert said in found[0].message
    assert len(str(PolicyError(found))) < 10_000


def test_a_date_or_a_time_where_text_belongs_is_that_text() -> None:
    policy = load_policy("labels: {hold: 2027-01-31}\nbots: ['a[bot]']\n")
    assert (policy.labels.hold, policy.bots[0]) == ("2027-01-31", "a[bot]")
