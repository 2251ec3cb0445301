"""The forge's own secrets: a file each in its folder, made when first wanted, for its owner only."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from bot.local.forge.state import State


def actions_secret(state: State) -> bytes:
    """What signs runtime tokens and artifact URLs."""
    return _kept(state.folder / "actions.key", lambda: secrets.token_bytes(32))


def pages_secret(state: State) -> bytes:
    """What signs the sessions of people at the pages."""
    return _kept(state.folder / "pages.key", lambda: secrets.token_bytes(32))


def oidc_key(state: State) -> rsa.RSAPrivateKey:
    """What signs the identities of jobs."""
    # Checking a key takes as long as making one, and every signature reads it; this one we made ourselves.
    content = _kept(state.folder / "oidc.pem", _new_rsa)
    key = load_pem_private_key(content, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _new_rsa() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _kept(path: Path, make: Callable[[], bytes]) -> bytes:
    if not path.exists():
        content = make()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    return path.read_bytes()
