"""The coordinator's settings, from the environment."""

from __future__ import annotations

from pathlib import Path

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
        """The App's key. Raises SettingsError when the file cannot be read."""
        try:
            return self.private_key_file.read_text(encoding="utf-8")
        except OSError as error:
            raise SettingsError(
                f"BEADWRIGHT_PRIVATE_KEY_FILE: {self.private_key_file}: {error.strerror}"
            ) from error


def load_settings() -> Settings:
    """The settings. Raises SettingsError that names every one that is missing or wrong."""
    try:
        return Settings()
    except ValidationError as error:
        faults = [
            f"BEADWRIGHT_{str(fault['loc'][0]).upper()}: {fault['msg'].lower()}" for fault in error.errors()
        ]
        raise SettingsError("; ".join(faults)) from error


def plain(url: HttpUrl) -> str:
    """A URL without the slash at its end."""
    return str(url).rstrip("/")
