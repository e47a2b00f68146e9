"""HTTP with an access token: every call has a timeout, and a refused token is replaced once."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from leadgen.mail.providers.base import SignInNeeded, Unreachable
from leadgen.model.errors import LeadgenError, NotSignedIn

TokenSource = Callable[[bool], str]
"""Gives an access token; the argument says whether the one given last was refused."""

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
"""Failures before the first byte of a request left."""


class BearerClient:
    """A client for one mailbox of a web service.

    Args:
        token: where access tokens come from; raises `NotSignedIn` when only its owner can help.
        base_url: root of the service.
        headers: sent with every request.
        ca_file: a further certificate authority to trust (PEM), or empty.
        timeout_s: how long a call may take.
    """

    def __init__(
        self,
        token: TokenSource,
        base_url: str,
        *,
        headers: dict[str, str] | None = None,
        ca_file: str = "",
        timeout_s: float = 30.0,
    ) -> None:
        self._token = token
        self._bearer = ""
        verify: ssl.SSLContext | bool = ssl.create_default_context(cafile=ca_file) if ca_file else True
        self._client = httpx.Client(
            base_url=base_url.rstrip("/") + "/",
            timeout=httpx.Timeout(timeout_s, connect=min(10.0, timeout_s)),
            trust_env=False,
            verify=verify,
            headers=headers,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        """Make a request, once more with a new token if the first one was refused (before anything was done).

        Args:
            method: of HTTP.
            path: below the base URL.
            headers: of this request alone.
            options: as httpx takes them.

        Raises:
            httpx.HTTPError: no answer.
            SignInNeeded: there is no token, and only the mailbox's owner can help.
            Unreachable: there is no token at the moment.
        """
        own = dict(headers or {})
        answer = self._client.request(method, path, headers=own | self._headers(refused=False), **options)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            answer = self._client.request(method, path, headers=own | self._headers(refused=True), **options)
        return answer

    def _headers(self, *, refused: bool) -> dict[str, str]:
        if refused or not self._bearer:
            try:
                self._bearer = self._token(refused)
            except NotSignedIn as error:
                raise SignInNeeded(error.detail) from error
            except LeadgenError as error:
                raise Unreachable(error.detail) from error
        return {"Authorization": f"Bearer {self._bearer}"}


def json_object(answer: httpx.Response, who: str) -> dict[str, Any]:
    """The JSON object in an answer.

    Raises:
        Unreachable: there is none.
    """
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Unreachable(f"{who}'s answer is not JSON")
    return body
