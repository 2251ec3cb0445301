"""`POST /webhooks`: verify, note, wake, answer. Nothing slow happens before the answer."""

from __future__ import annotations

from collections import OrderedDict

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse

from bot.web.body import read_body
from bot.web.ports import Refusal, Wake, Webhooks

LIMIT = 25 * 1024 * 1024
"""GitHub sends nothing larger."""
REMEMBERED = 10_000


class Seen:
    """The ids of the last deliveries; a redelivery has the same one."""

    def __init__(self, size: int = REMEMBERED) -> None:
        self._size = size
        self._ids: OrderedDict[str, None] = OrderedDict()

    def first(self, delivery: str) -> bool:
        """Whether this id is new; it is not, from now on."""
        if delivery in self._ids:
            return False
        self._ids[delivery] = None
        if len(self._ids) > self._size:
            self._ids.popitem(last=False)
        return True


def webhook_routes(webhooks: Webhooks, wake: Wake) -> APIRouter:
    """The route, over what knows GitHub and what starts a pass."""
    router = APIRouter()
    seen = Seen()

    @router.post("/webhooks", status_code=202)
    async def receive(request: Request) -> JSONResponse:
        body = await read_body(request, LIMIT)
        if not webhooks.signed(body, request.headers.get("x-hub-signature-256")):
            raise Refusal(401, "The signature is not of this body with our secret.")
        event = request.headers.get("x-github-event")
        delivery = request.headers.get("x-github-delivery")
        if not event or not delivery:
            raise Refusal(400, "X-GitHub-Event and X-GitHub-Delivery are both needed.")
        if event == "ping":
            return JSONResponse({"message": "pong"}, 202)
        notice = webhooks.notice(event, body)
        if notice.installation is None or not await webhooks.installed(notice.installation):
            raise Refusal(404, "This installation is not known here.")
        if not seen.first(delivery):
            return JSONResponse({"message": "This delivery has been here before."}, 202)
        for repository in notice.repositories:
            wake(repository, notice.told)
        return JSONResponse({"message": "Noted.", "looks_at": list(notice.repositories)}, 202)

    return router
