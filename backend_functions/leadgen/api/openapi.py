"""The OpenAPI 3.1 document, made from the list of endpoints: `python -m leadgen.api.openapi` prints it."""

from __future__ import annotations

import json
import sys
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from leadgen.api import schemas
from leadgen.api.endpoints import ENDPOINTS, Endpoint
from leadgen.model.config import Settings

_REF = "#/components/schemas/{model}"
_PROBLEMS = {
    "400": "The request is not valid; `fields` names what is wrong and what is allowed.",
    "401": "Nobody is signed in, or the sign-in no longer holds.",
    "403": "The caller's role does not suffice.",
    "404": "What the request names does not exist.",
    "409": "In conflict with the present state; nothing was changed.",
    "503": "Something the backend depends on does not answer; the same call may go through later.",
}
_KEYED = {"triggerHarvest", "scheduleCampaign", "changeSchedule", "claimCaptcha", "resolveCaptcha", "testSend"}


def document() -> dict[str, Any]:
    """The document."""
    models: list[type[BaseModel]] = [schemas.Problem, Settings]
    for endpoint in ENDPOINTS.values():
        models.append(endpoint.response)
        if endpoint.request and endpoint.request is not schemas.UpdateConfig:
            models.append(endpoint.request)
    unique = list(dict.fromkeys(models))
    _, definitions = models_json_schema([(m, "validation") for m in unique], by_alias=True, ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {"title": "leadgen", "version": "1", "description": "The HTTP functions of the backend."},
        "servers": [{"url": "https://us-central1-{project}.cloudfunctions.net", "variables": _PROJECT}],
        "security": [{"firebase": []}],
        "paths": {f"/{name}": {endpoint.method.lower(): _operation(endpoint)} for name, endpoint in ENDPOINTS.items()},
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"firebase": {"type": "http", "scheme": "bearer", "bearerFormat": "Firebase ID token"}},
        },
    }


_PROJECT = {"project": {"default": "your-project-id", "description": "The Firebase project."}}


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": f"Needs the role {endpoint.role}.",
        "responses": {"200": _json_content("Done.", _answer(endpoint)), **_problems()},
    }
    if endpoint.request:
        name = "Settings" if endpoint.request is schemas.UpdateConfig else endpoint.request.__name__
        schema = {"$ref": _REF.format(model=name)}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    parameters = _parameters(endpoint)
    if parameters:
        operation["parameters"] = parameters
    return operation


def _answer(endpoint: Endpoint) -> dict[str, Any]:
    one = {"$ref": _REF.format(model=endpoint.response.__name__)}
    return {"type": "array", "items": one} if endpoint.many else one


def _json_content(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _problems() -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}}
    return {status: {"description": text, "content": content} for status, text in _PROBLEMS.items()}


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if endpoint.name in _KEYED:
        found.append(_header("Idempotency-Key", "The same key makes one thing, however often it is sent."))
    if endpoint.name == "updateConfig":
        found.append(_header("If-Match", "The revision the change was made against; another one is a conflict."))
    return found


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": description, "schema": {"type": "string"}}


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=2)
    sys.stdout.write("\n")
