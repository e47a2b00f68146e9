"""Errors in the form OpenAI gives them (https://platform.openai.com/docs/guides/error-codes)."""

from __future__ import annotations

from aiohttp import web


class ApiError(Exception):
    """An error answer.

    Args:
        status: HTTP status.
        message: for a person.
        kind: OpenAI's error type.
        code: OpenAI's error code, if it has one.
        param: the parameter at fault, if there is one.
        headers: further response headers.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.code = code
        self.param = param
        self.headers = headers or {}

    def response(self) -> web.Response:
        """The answer."""
        error = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return web.json_response({"error": error}, status=self.status, headers=self.headers)


def status_error(status: int, code: str | None, retry_after: float | str | None) -> ApiError:
    """The error of a status that was asked for by a fault rule."""
    headers = {}
    if retry_after is not None:
        headers["Retry-After"] = retry_after if isinstance(retry_after, str) else f"{retry_after:g}"
    if status == 429:
        code = code or "rate_limit_exceeded"
        kind = "insufficient_quota" if code == "insufficient_quota" else "requests"
        return ApiError(429, "Rate limit reached for requests.", kind=kind, code=code, headers=headers)
    if status >= 500:
        text = "The server had an error while processing your request."
        return ApiError(status, text, kind="server_error", code=code, headers=headers)
    return ApiError(status, "The request was refused.", kind="invalid_request_error", code=code, headers=headers)
