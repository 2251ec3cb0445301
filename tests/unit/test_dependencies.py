"""What is declared, what is locked and what is explained are the same packages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
LOCKS = ("bootstrap", "dev", "runner")


def names(requirements: Iterable[str]) -> set[str]:
    found = {re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower() for requirement in requirements}
    return found - {"beadwright"}


def locked(lock: str) -> dict[str, str]:
    """Each entry of a lock file: the package's name and everything that is said about it."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8").replace("\\\n", "")
    entries = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {entry.split("==")[0]: entry for entry in entries}


def test_everything_that_is_declared_is_locked() -> None:
    declared = names([*PROJECT["dependencies"], *(one for extra in EXTRAS.values() for one in extra)])
    assert declared <= locked("dev").keys()
    assert names([*PROJECT["dependencies"], *EXTRAS["runner"]]) <= locked("runner").keys()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_hashes_and_no_address(lock: str) -> None:
    entries = locked(lock)
    assert entries
    assert [name for name, entry in entries.items() if "--hash=sha256:" not in entry] == []
    assert [name for name, entry in entries.items() if "://" in entry] == []


def test_a_runner_installs_no_server_and_no_compiled_cryptography() -> None:
    assert not locked("runner").keys() & {"cryptography", "fastapi", "githubkit", "starlette", "uvicorn"}


def test_every_declared_package_has_its_reason_and_no_reason_lacks_its_package() -> None:
    document = (ROOT / "docs" / "design" / "dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z][\w, -]*) \| .* \|$", document.split("## Measured")[0], re.MULTILINE)
    explained = {name for row in rows for name in re.split(r", | with ", row)} - {"package", "install"}
    declared = names([*PROJECT["dependencies"], *(one for extra in EXTRAS.values() for one in extra)])
    assert explained == declared


def test_the_npm_lock_names_versions_and_hashes_and_no_address() -> None:
    text = (ROOT / "tests" / "package-lock.json").read_text(encoding="utf-8")
    assert '"integrity": "sha512-' in text
    assert '"resolved"' not in text
