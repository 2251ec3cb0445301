"""What the tests with the real CLIs can ask for."""

from __future__ import annotations

import pytest

from bot.jobs.engine_program import Name
from tests.llm.engines import ENGINES


@pytest.fixture(params=ENGINES)
def name(request: pytest.FixtureRequest) -> Name:
    """Each CLI that asks a model."""
    found: Name = request.param
    return found
