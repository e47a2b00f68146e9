"""Reading a chat completion request: what is asked, and refusing clearly what is not offered."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from local.model.errors import ApiError


@dataclass(frozen=True)
class ChatRequest:
    """A request that makes sense.

    Args:
        model: one of the models offered.
        messages: role and text of each message.
        schema: the JSON schema the answer must fit; `None` for free text.
        json_only: any JSON object will do (`json_object`).
        prompt_hash: SHA-256 of the messages.
    """

    model: str
    messages: tuple[tuple[str, str], ...]
    schema: dict[str, Any] | None
    json_only: bool
    prompt_hash: str


def hash_of(body: dict[str, Any]) -> str:
    """SHA-256 of the messages of a request."""
    text = json.dumps(body.get("messages"), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def parse(body: dict[str, Any], models: tuple[str, ...]) -> ChatRequest:
    """Understand a request.

    Raises:
        ApiError: with the status and code OpenAI would answer.
    """
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise ApiError(400, "you must provide a model parameter", param="model")
    if model not in models:
        text = f"The model '{model[:80]}' does not exist; this service offers {', '.join(models)}."
        raise ApiError(404, text, code="model_not_found", param="model")
    if body.get("stream"):
        raise ApiError(
            400, "This service does not stream: leave out 'stream'.", param="stream", code="unsupported_value"
        )
    if body.get("n", 1) != 1:
        raise ApiError(400, "This service gives one choice: leave out 'n'.", param="n", code="unsupported_value")
    schema, json_only = _response_format(body.get("response_format"))
    return ChatRequest(model, _messages(body.get("messages")), schema, json_only, hash_of(body))


def _messages(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list) or not value:
        raise ApiError(400, "'messages' must be a list with at least one message.", param="messages")
    found = []
    for index, message in enumerate(value):
        where = f"messages[{index}]"
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise ApiError(400, f"'{where}' must be an object with a role and content.", param=where)
        content = message.get("content")
        if isinstance(content, list):
            parts = [part.get("text", "") for part in content if isinstance(part, dict) and part.get("type") == "text"]
            content = "".join(str(part) for part in parts)
        if not isinstance(content, str):
            raise ApiError(400, f"'{where}.content' must be text.", param=f"{where}.content")
        found.append((message["role"], content))
    return tuple(found)


def _response_format(value: Any) -> tuple[dict[str, Any] | None, bool]:
    if value is None or value == {"type": "text"}:
        return None, False
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "json_object":
        return None, True
    if kind != "json_schema":
        text = "'response_format.type' must be one of text, json_object, json_schema."
        raise ApiError(400, text, param="response_format.type")
    described = value.get("json_schema")
    if not isinstance(described, dict) or not isinstance(described.get("name"), str):
        text = "'response_format.json_schema' must have a name."
        raise ApiError(400, text, param="response_format.json_schema.name")
    schema = described.get("schema")
    if not isinstance(schema, dict) or schema.get("type") != "object":
        text = "'response_format.json_schema.schema' must be a JSON schema of type object."
        raise ApiError(400, text, param="response_format.json_schema.schema")
    if described.get("strict"):
        _check_strict(schema)
    return schema, False


def _check_strict(schema: dict[str, Any]) -> None:
    """What strict mode demands (https://platform.openai.com/docs/guides/structured-outputs)."""
    properties = schema.get("properties", {})
    if schema.get("additionalProperties") is not False or set(schema.get("required", ())) != set(properties):
        text = "In strict mode 'additionalProperties' must be false and every property must be required."
        raise ApiError(400, f"Invalid schema for response_format: {text}", param="response_format")
