"""`POST /broker/token`: a write token for a publish job that proves who it is."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse

from bot.web.body import read_body
from bot.web.ports import Grant, Refusal

LIMIT = 4096


class Asked(BaseModel):
    """The body: the claim's token."""

    model_config = ConfigDict(extra="forbid")
    token: str = Field(pattern=r"^[0-9a-f]{32}$")


def token_routes(grant: Grant) -> APIRouter:
    """The route, over what checks a job and makes its token."""
    router = APIRouter()

    @router.post("/broker/token")
    async def token(request: Request) -> JSONResponse:
        scheme, _, identity = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not identity.strip():
            raise Refusal(401, "The job's identity token is needed: Authorization: Bearer …")
        body = await read_body(request, LIMIT)
        try:
            asked = Asked.model_validate_json(body)
        except ValidationError as error:
            raise Refusal(400, 'The body must be {"token": "…"} with the claim\'s 32 hex digits.') from error
        granted = await grant(identity.strip(), asked.token)
        content = {"token": granted.token, "expires_at": granted.expires_at.isoformat()}
        return JSONResponse(content, headers={"Cache-Control": "no-store"})

    return router
