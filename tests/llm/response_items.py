"""Moves as items of an OpenAI response: codex edits with patches and does everything else with commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.llm.conversation import Read, Replace, Run, Turn, Write


def patch_of(turn: Turn) -> str | None:
    """A move as the text of apply_patch, where it is an edit."""
    match turn:
        case Write(path, text):
            added = "".join(f"+{line}\n" for line in text.removesuffix("\n").split("\n"))
            return f"*** Begin Patch\n*** Add File: {path}\n{added}*** End Patch\n"
        case Replace(path, old, new):
            taken = "".join(f"-{line}\n" for line in old.removesuffix("\n").split("\n"))
            given = "".join(f"+{line}\n" for line in new.removesuffix("\n").split("\n"))
            return f"*** Begin Patch\n*** Update File: {path}\n@@\n{taken}{given}*** End Patch\n"
        case _:
            return None


def command_of(turn: Turn) -> dict[str, Any]:
    """A move as the input of exec_command; a misuse is what has no such input."""
    match turn:
        case Run(command):
            return {"cmd": command}
        case Read(path):
            return {"cmd": f"cat {path}"}
        case _:
            return {"command": "true"}


def events_of(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The events in which an item of output is streamed, without their numbers."""
    place = {"output_index": 0}
    inside = {**place, "item_id": item["id"]}
    begun = {**item, "status": "in_progress"} if "status" in item else dict(item)
    middle: list[dict[str, Any]]
    if item["type"] == "message":
        (part,) = item["content"]
        begun["content"] = []
        spot = {**inside, "content_index": 0}
        if part["type"] == "refusal":
            empty = {**part, "refusal": ""}
            texts = [
                {"type": "response.refusal.delta", **spot, "delta": part["refusal"]},
                {"type": "response.refusal.done", **spot, "refusal": part["refusal"]},
            ]
        else:
            empty = {**part, "text": ""}
            texts = [
                {"type": "response.output_text.delta", **spot, "delta": part["text"], "logprobs": []},
                {"type": "response.output_text.done", **spot, "text": part["text"], "logprobs": []},
            ]
        middle = [
            {"type": "response.content_part.added", **spot, "part": empty},
            *texts,
            {"type": "response.content_part.done", **spot, "part": part},
        ]
    elif item["type"] == "function_call":
        begun["arguments"] = ""
        kind = "response.function_call_arguments"
        middle = [
            {"type": f"{kind}.delta", **inside, "delta": item["arguments"]},
            {"type": f"{kind}.done", **inside, "arguments": item["arguments"]},
        ]
    else:
        begun["input"] = ""
        kind = "response.custom_tool_call_input"
        middle = [
            {"type": f"{kind}.delta", **inside, "delta": item["input"]},
            {"type": f"{kind}.done", **inside, "input": item["input"]},
        ]
    return [
        {"type": "response.output_item.added", **place, "item": begun},
        *middle,
        {"type": "response.output_item.done", **place, "item": item},
    ]
