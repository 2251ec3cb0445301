"""Gives a test module that names a `HISTORY` its generated cases (of one `PART`, where it names that too)."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.loop.cases import Record, record

RECORD = pytest.StashKey[Record]()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per case; its id plays it again: `pytest -k ID`."""
    history = getattr(metafunc.module, "HISTORY", None)
    if history is None:
        return
    cases = _record(metafunc.config).cases()[history]
    part = getattr(metafunc.module, "PART", None)
    wanted = [case for case in cases if part is None or case.effect.of_a_job == (part == "jobs")]
    assert wanted, f"{metafunc.module.__name__} has no case that no earlier history has"
    metafunc.parametrize("case", wanted, ids=str)


@pytest.fixture(scope="session")
def undisturbed(pytestconfig: pytest.Config) -> Record:
    """The undisturbed plays of all histories."""
    return _record(pytestconfig)


def _record(config: pytest.Config) -> Record:
    if RECORD not in config.stash:
        # Without pytest's cache nothing is shared.
        shared = config.pluginmanager.hasplugin("cacheprovider")
        cache = config.cache.mkdir("loop") if shared else Path(tempfile.mkdtemp())
        config.stash[RECORD] = record(cache)
    return config.stash[RECORD]
