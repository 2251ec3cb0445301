"""Fits `bot.github` to the ports of `bot.web`."""

from __future__ import annotations

from bot.github.broker import Broker, Refused
from bot.github.client import App
from bot.github.errors import GitHubError, Limited
from bot.github.webhooks import BadDelivery, read_hint, signed_by
from bot.web.ports import Grant, Granted, Notice, Refusal


class AppWebhooks:
    """Implements `bot.web.ports.Webhooks` for one App."""

    def __init__(self, app: App, secret: str) -> None:
        self._app = app
        self._secret = secret

    def signed(self, body: bytes, signature: str | None) -> bool:
        """See the port."""
        return signed_by(self._secret, body, signature)

    def notice(self, event: str, body: bytes) -> Notice:
        """See the port."""
        try:
            hint = read_hint(event, body, self._app.app_id)
        except BadDelivery as error:
            raise Refusal(400, f"The payload is not one of GitHub's: {error}.") from error
        return Notice(hint.installation, hint.repositories)

    async def installed(self, installation: int) -> bool:
        """See the port."""
        try:
            return await self._app.has_installation(installation)
        except GitHubError as error:
            raise Refusal(503, f"GitHub could not be asked about this installation: {error}.") from error


def grants_of(broker: Broker) -> Grant:
    """The broker as the web asks it."""

    async def grant(identity: str, claim: str) -> Granted:
        try:
            token = await broker.grant(identity, claim)
        except Refused as refused:
            raise Refusal(403, f"No token: {refused}.") from refused
        except Limited as limited:
            raise Refusal(503, f"GitHub limits our requests until {limited.until.isoformat()}.") from limited
        except GitHubError as error:
            raise Refusal(502, f"GitHub could not be asked: {error}.") from error
        return Granted(token.value, token.expires_at)

    return grant
