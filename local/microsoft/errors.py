"""The two shapes in which Microsoft reports an error: the login platform's and Graph's."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping

from aiohttp import web

from local.microsoft.times import iso

REQUEST_ID = web.RequestKey("request_id", str)
GRAPH_RESOURCE_ID = "00000003-0000-0000-c000-000000000000"


class LoginError(Exception):
    """An error of the identity platform.

    Source: learn.microsoft.com/entra/identity-platform/reference-error-codes
    """

    def __init__(self, error: str, number: int, text: str, status: int = 400) -> None:
        super().__init__(f"AADSTS{number}: {text}")
        self.error, self.number, self.text, self.status = error, number, text, status
        self.headers: dict[str, str] = {}

    def body(self, now: float, correlation_id: str, origin: str) -> dict[str, object]:
        """The JSON body of a failed token request."""
        trace = str(uuid.uuid4())
        stamp = dt.datetime.fromtimestamp(now, dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        return {
            "error": self.error,
            "error_description": (f"{self} Trace ID: {trace} Correlation ID: {correlation_id} Timestamp: {stamp}"),
            "error_codes": [self.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation_id,
            "error_uri": f"{origin}/error?code={self.number}",
        }


class GraphError(Exception):
    """An error of Graph. Source: learn.microsoft.com/graph/errors"""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.headers = status, code, message, dict(headers or {})

    def response(self, request: web.Request, now: float) -> web.Response:
        """The answer Graph gives for it."""
        request_id = request.get(REQUEST_ID, "")
        inner = {
            "date": iso(now).removesuffix("Z"),
            "request-id": request_id,
            "client-request-id": request.headers.get("client-request-id", request_id),
        }
        body = {"error": {"code": self.code, "message": self.message, "innerError": inner}}
        return web.json_response(body, status=self.status, headers=self.headers)


def item_not_found() -> GraphError:
    """What Graph answers for an id it does not know, or no longer."""
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def bad_request(message: str, code: str = "BadRequest") -> GraphError:
    return GraphError(400, code, message)


def unauthorized(origin: str, message: str) -> GraphError:
    """401 with the challenge a client may read the login address from (RFC 6750, 3)."""
    challenge = (
        f'Bearer realm="", authorization_uri="{origin}/common/oauth2/authorize", client_id="{GRAPH_RESOURCE_ID}", '
        'error="invalid_token"'
    )
    return GraphError(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": challenge})


def throttled(reason: str, wait_header: str) -> GraphError:
    """429 in the words of Exchange Online."""
    message = f"Application is over its {reason} limit."
    return GraphError(429, "ApplicationThrottled", message, {"Retry-After": wait_header})
