"""The coordinator's settings, from the environment."""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """A setting is missing or wrong; the message names each."""


class Settings(BaseSettings):
    """`BEADWRIGHT_…` in the environment."""

    model_config = SettingsConfigDict(env_prefix="BEADWRIGHT_", frozen=True)
    app_id: int = Field(ge=1)
    private_key_file: Path
    webhook_secret: SecretStr
    url: HttpUrl
    api_url: HttpUrl = HttpUrl("https://api.github.com")
    oidc_issuer: HttpUrl = HttpUrl("https://token.actions.githubusercontent.com")

    def private_key(self) -> str:
        """The App's key. Raises SettingsError when the file cannot be read, or holds none."""
        try:
            key = self.private_key_file.read_bytes()
        except OSError as error:
            raise SettingsError(
                f"BEADWRIGHT_PRIVATE_KEY_FILE: {self.private_key_file}: {error.strerror}"
            ) from error
        try:
            load_pem_private_key(key, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise SettingsError(
                f"BEADWRIGHT_PRIVATE_KEY_FILE: {self.private_key_file} holds no private key (PEM, as GitHub"
                " gives it for the App)"
            ) from error
        return key.decode("utf-8")


def load_settings() -> Settings:
    """The settings. Raises SettingsError that names every one that is missing or wrong."""
    try:
        return Settings()
    except ValidationError as error:
        found = error.errors()
        missing = [_name(fault["loc"][0]) for fault in found if fault["type"] == "missing"]
        wrong = [fault for fault in found if fault["type"] != "missing"]
        faults = [f"{_name(fault['loc'][0])}: {fault['msg'].lower()}" for fault in wrong]
        if missing:
            verb = "is" if len(missing) == 1 else "are"
            faults.append(f"{', '.join(missing)} {verb} not set; README.md says what belongs there")
        raise SettingsError("; ".join(faults)) from error


def _name(field: int | str) -> str:
    """The variable of a setting."""
    return f"BEADWRIGHT_{str(field).upper()}"


def plain(url: HttpUrl) -> str:
    """A URL without the slash at its end."""
    return str(url).rstrip("/")
