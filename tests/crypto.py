"""What is costly to make and need not be made by every test: a key, and what TLS needs."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa


@cache
def app_key() -> rsa.RSAPrivateKey:
    """The private key of an App, the same for every forge of a test process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@contextmanager
def one_tls_context() -> Iterator[None]:
    """Every HTTP client reads the certificates of all authorities when it is made, which takes longer than
    most tests, although hardly one here speaks TLS: within, they share what the first has read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        yield
