"""GitHub's REST operations, one file per part of GitHub; importing a file registers its handlers."""

from __future__ import annotations

import importlib
import pkgutil


def load() -> None:
    """Import every file of this package."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
