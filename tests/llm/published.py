"""Holds what is asked and what is answered against the types that the providers publish.

The packages `anthropic` and `openai` are generated from their providers' descriptions. Their models let
unknown fields pass, for the sake of old clients; here a field that a provider does not have is a fault. A
request may hold more than the packages know, for the CLIs are ahead of them; what is known has to fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

KINDS = (
    "messages request",
    "messages event",
    "message",
    "messages error",
    "responses request",
    "responses event",
    "response",
    "responses error",
)


@cache
def adapter(name: str) -> TypeAdapter[Any]:
    """A published type by its name here; imported when it is needed, for that takes seconds."""
    from anthropic.types.beta import BetaMessage, BetaRawMessageStreamEvent
    from anthropic.types.beta.message_create_params import MessageCreateParams
    from anthropic.types.beta_error_response import BetaErrorResponse
    from openai.types.responses import Response, ResponseStreamEvent
    from openai.types.responses.response_create_params import ResponseCreateParams
    from openai.types.shared import ErrorObject

    kinds: dict[str, Any] = {
        "messages request": MessageCreateParams,
        "messages event": BetaRawMessageStreamEvent,
        "message": BetaMessage,
        "messages error": BetaErrorResponse,
        "responses request": ResponseCreateParams,
        "responses event": ResponseStreamEvent,
        "response": Response,
        "responses error": ErrorObject,
    }
    return TypeAdapter(kinds[name])


def load() -> None:
    """Import and build everything now, so that no client waits for it."""
    for name in KINDS:
        adapter(name)


def check_request(name: str, body: Mapping[str, Any]) -> str | None:
    """The first place where a request does not fit its published type, or None."""
    try:
        _exhaust(adapter(name).validate_python(body))
    except ValidationError as error:
        return "; ".join(f"{_place(fault['loc'])}: {fault['msg']}" for fault in error.errors()[:3])
    return None


def check_answer(name: str, value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same value. Raises AssertionError where it has not the published shape or a field beyond it."""
    try:
        found = adapter(name).validate_python(value)
    except ValidationError as error:
        raise AssertionError(f"a {name} that the provider would not send: {error}") from error
    unknown = sorted(_unknown(found))
    assert not unknown, f"a {name} with fields that the provider has not: {', '.join(unknown)}"
    return value


def _exhaust(value: object) -> None:
    """Walk through everything: pydantic checks the items of an Iterable only when they are taken."""
    if isinstance(value, Mapping):
        for part in value.values():
            _exhaust(part)
    elif isinstance(value, list | tuple | Iterator):
        for part in value:
            _exhaust(part)


def _unknown(value: object, place: str = "") -> Iterator[str]:
    if isinstance(value, BaseModel):
        yield from (f"{place}{name}" for name in value.model_extra or ())
        for name in type(value).model_fields:
            yield from _unknown(getattr(value, name), f"{place}{name}.")
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _unknown(part, place)


def _place(parts: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in parts)
