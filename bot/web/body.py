"""Reading a request's body without believing what it says about its size."""

from __future__ import annotations

from starlette.requests import Request

from bot.web.ports import Refusal


async def read_body(request: Request, limit: int) -> bytes:
    """The raw body, at most `limit` bytes. Raises Refusal(413) before reading more than that."""
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said) > limit:
        raise Refusal(413, f"The body is larger than {limit} bytes.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise Refusal(413, f"The body is larger than {limit} bytes.")
    return bytes(body)
