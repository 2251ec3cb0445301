"""The ASGI application that `beadwright serve` runs."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from bot.web.deliveries import webhook_routes
from bot.web.ports import Grant, Refusal, Wake, Webhooks
from bot.web.tokens import token_routes


def create_app(webhooks: Webhooks, grant: Grant, wake: Wake) -> FastAPI:
    """Webhooks, the token broker, health. Every error is JSON with one `message`.

    Args:
        webhooks: what is GitHub's about a delivery.
        grant: checks a job and makes its token.
        wake: starts a pass over a repository; must return at once.
    """
    app = FastAPI(title="Beadwright", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(webhook_routes(webhooks, wake))
    app.include_router(token_routes(grant))

    @app.get("/healthz")
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @app.exception_handler(Refusal)
    async def refused(_: Request, refusal: Refusal) -> JSONResponse:
        return JSONResponse({"message": refusal.message}, refusal.status)

    @app.exception_handler(HTTPException)
    async def http_error(_: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"message": f"{error.detail}."}, error.status_code, error.headers)

    return app
