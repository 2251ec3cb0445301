"""Things that a machine may lack, and what a test does without them."""

from __future__ import annotations

import os

import pytest


def need(present: bool, missing: str) -> None:
    """Go on only if the thing is there.

    Without it the test does not run and is named at the end; with CI=true it fails, so that no check can go
    missing unseen. `missing` says what is not there and how it gets there.
    """
    if present:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)
