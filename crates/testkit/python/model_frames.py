"""What the vendors' own types say of frames of model streams.

    model_frames.py < FRAMES

Each line of standard input is `{"dialect": "responses" | "chat" | "messages", "frame": …}`. One JSON value on standard
output: for each line what is wrong with it, and the fields that the types don't know.
"""

import json
import sys
from collections.abc import Iterator

import anthropic.types
import openai.types.chat
import openai.types.responses
import openai.types.shared
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from typing_extensions import Literal


class ChatError(BaseModel):
    """An error in a stream of chunks, where the client looks for it."""

    model_config = ConfigDict(extra="forbid")
    error: openai.types.shared.ErrorObject


class Ping(BaseModel):
    """What the client passes over before it looks at the types."""

    model_config = ConfigDict(extra="allow")
    type: Literal["ping"]


ADAPTERS = {
    "responses": TypeAdapter(openai.types.responses.ResponseStreamEvent),
    "chat": TypeAdapter(openai.types.chat.ChatCompletionChunk | ChatError),
    "messages": TypeAdapter(
        anthropic.types.RawMessageStreamEvent | anthropic.types.shared.ErrorResponse | Ping
    ),
}


def unknown(value: object, path: str) -> Iterator[str]:
    """The fields of models that their types don't declare."""
    if isinstance(value, BaseModel):
        for name in value.model_extra or {}:
            yield f"{path}.{name}"
        for name in type(value).model_fields:
            yield from unknown(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for item in value:
            yield from unknown(item, path)


def judged(line: str) -> dict:
    asked = json.loads(line)
    adapter = ADAPTERS[asked["dialect"]]
    try:
        frame = adapter.validate_json(json.dumps(asked["frame"]), strict=True)
    except ValidationError as error:
        wrong = (f"{error['msg']} at {'.'.join(map(str, error['loc']))}" for error in error.errors())
        return {"wrong": list(wrong)[:5], "unknown": []}
    return {"wrong": [], "unknown": sorted(set(unknown(frame, type(frame).__name__)))}


print(json.dumps([judged(line) for line in sys.stdin]))
