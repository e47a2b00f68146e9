"""HTTP with an access token: every call has a timeout, and a refused token is replaced once."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import httpx

from leadgen.mail.providers.base import Refused, SignInNeeded, Unreachable
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


class BearerReader:
    """What the mailboxes of web services share: calls that send no mail, and what their failures mean."""

    _service: ClassVar[str]
    """The service's name, for messages."""
    _client: BearerClient

    def get(self, path: str, *, passing: frozenset[int] = frozenset(), **options: Any) -> httpx.Response:
        """Read something else of the mailbox; answers with the statuses in `passing` are given back as they are.

        Raises:
            Throttled, Unreachable, SignInNeeded, Refused: no answer.
        """
        return self._read("GET", path, passing=passing, **options)

    def _read(
        self, method: str, path: str, *, missing_ok: bool = False, passing: frozenset[int] = frozenset(), **options: Any
    ) -> httpx.Response:
        """A call that sends no mail: whatever goes wrong, it may simply be made again later."""
        try:
            answer = self._client.request(method, path, **options)
        except httpx.HTTPError as error:
            raise Unreachable(f"{self._service} did not answer ({type(error).__name__})") from error
        if answer.is_success or (missing_ok and answer.status_code == httpx.codes.NOT_FOUND):
            return answer
        if answer.status_code in passing:
            return answer
        self._raise_reading(answer)
        said = self._words(answer)
        if answer.status_code >= 500 or answer.is_redirect or answer.status_code == httpx.codes.REQUEST_TIMEOUT:
            raise Unreachable(f"{self._service} answered {said}")
        raise Refused(f"{self._service} refused: {said}")

    def _raise_reading(self, answer: httpx.Response) -> None:
        """Raise what a failed call means to this service in particular, if it does."""
        raise NotImplementedError

    def _words(self, answer: httpx.Response) -> str:
        """A failed answer in a few words."""
        raise NotImplementedError


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
