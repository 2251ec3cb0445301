"""How a plan would go."""

from __future__ import annotations

from graphlib import CycleError

import pytest

from bot.beads.plan import PlanAnswer, PlannedBead
from bot.beads.plan_shape import Signal, coupling, is_coupled, longest_chain, waves


def plan(*after: tuple[int, ...]) -> PlanAnswer:
    """A plan of beads that wait for these places."""
    return PlanAnswer(beads=tuple(PlannedBead(title="Add", after=places) for places in after))


def test_what_waits_for_nothing_goes_at_the_same_time() -> None:
    assert waves(plan((), (), (1,), (1, 2), (3,))) == ((1, 2), (3, 4), (5,))
    assert waves(plan()) == ()


def test_the_longest_chain_is_the_one_with_the_most_beads() -> None:
    assert longest_chain(plan((), (), (1,), (1, 2), (3,))) == (1, 3, 5)
    assert longest_chain(plan((), ())) == (1,)
    assert longest_chain(plan()) == ()


def test_a_circle_has_no_waves_and_a_place_that_is_not_there_is_no_edge() -> None:
    assert waves(plan((7,), (1,))) == ((1,), (2,))
    with pytest.raises(CycleError):
        waves(plan((2,), (1,)))
    with pytest.raises(CycleError):
        longest_chain(plan((2,), (1,)))


def coupled(*beads: dict[str, object]) -> PlanAnswer:
    """A plan of beads that touch something."""
    return PlanAnswer(beads=tuple(PlannedBead.model_validate({"title": "Add", **one}) for one in beads))


def test_beads_that_touch_nothing_in_common_are_not_coupled() -> None:
    apart = coupled({"files": ("a.py",), "creates": ("b.py",)}, {"files": ("c.py",), "interfaces": ("f()",)})
    assert coupling(apart) == ()
    assert not is_coupled(apart)


def test_each_signal_is_told_once_with_its_facts() -> None:
    tied = coupled(
        {"files": ("a.py",), "creates": ("b.py",), "interfaces": ("`f()`",)},
        {"files": ("./a.py", "b.py"), "interfaces": ("F()",)},
        {"files": ("a.py",)},
    )
    assert [(one.signal, one.places, one.text) for one in coupling(tied)] == [
        (Signal.FILES, (1, 2, 3), "beads 1 and 2: `a.py`; beads 1 and 3: `a.py`; beads 2 and 3: `a.py`"),
        (Signal.INTERFACE, (1, 2), "beads 1 and 2: `f()`"),
        (Signal.CHAIN, (1, 2), "beads 1 and 2: `b.py`"),
    ]
    assert is_coupled(tied)


def test_one_signal_is_not_enough_and_what_ends_a_plan_couples_nothing() -> None:
    assert not is_coupled(coupled({"files": ("a.py",)}, {"files": ("a.py",)}))
    ends = coupled({"creates": ("a.py",), "files": ("b.py",)}, {"type": "report", "files": ("a.py", "b.py")})
    assert coupling(ends) == ()
