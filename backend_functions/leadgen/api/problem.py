"""Errors over HTTP: application/problem+json (RFC 9457) that names the field and what would be right."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from leadgen.model.errors import LeadgenError

CONTENT_TYPE = "application/problem+json"
_TYPE = "urn:leadgen:problem:"


def problem(error: LeadgenError) -> dict[str, Any]:
    """The body for an error."""
    body: dict[str, Any] = {
        "type": _TYPE + error.code,
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
    }
    if error.hint:
        body["hint"] = error.hint
    if error.fields:
        body["fields"] = [asdict(field) for field in error.fields]
    return body


class MethodNotAllowed(LeadgenError):
    """The endpoint exists, but not with this method."""

    status = 405
    code = "method-not-allowed"
    title = "Method not allowed"


class UnsupportedMediaType(LeadgenError):
    """The body is not JSON."""

    status = 415
    code = "unsupported-media-type"
    title = "The body is not JSON"


class TooLarge(LeadgenError):
    """The body is larger than any real request."""

    status = 413
    code = "too-large"
    title = "The body is too large"


class KeyReused(LeadgenError):
    """An Idempotency-Key came again with another body (draft-ietf-httpapi-idempotency-key-header §2.7)."""

    status = 422
    code = "idempotency-key-reused"
    title = "This Idempotency-Key was used for another request"
