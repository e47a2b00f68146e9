"""One request and its response over HTTP, bounded in time and size, to guarded addresses only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from leadgen.harvest.addresses import AddressGuard, BlockedAddress, GuardedResolver
from leadgen.harvest.body import ACCEPT_ENCODING, BadEncoding, TooLarge, read_body
from leadgen.harvest.failures import FetchError, FetchKind

REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class FetchLimits:
    """Bounds of one fetch: seconds and bytes."""

    connect_s: float = 5.0
    read_s: float = 10.0
    """Silence of the server, at most."""
    exchange_s: float = 20.0
    """One request with its response."""
    overall_s: float = 60.0
    """One call of `get`, with pacing, redirects and retries."""
    pace_wait_s: float = 30.0
    """Waiting for a place among a host's requests, and again for its next slot, at most."""
    text_bytes: int = 2 * 1024 * 1024
    image_bytes: int = 8 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """A response; its body is read only if the status is 2xx.

    Args:
        url: what was asked.
        status: HTTP status.
        headers: by lower-case name.
        content: the body, decompressed.
    """

    url: URL
    status: int
    headers: Mapping[str, str]
    content: bytes = b""

    @property
    def media_type(self) -> str:
        """Media type in lower case, without parameters; empty if none was named."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def location(self) -> URL:
        """Where a redirect points.

        Raises:
            FetchError: the header is no URL.
        """
        try:
            return self.url.join(URL(self.headers.get("location", "")))
        except ValueError as error:
            reason = "redirected to something that is not a URL"
            raise FetchError(FetchKind.BAD_CONTENT, str(self.url), reason) from error


class Transport:
    """An HTTP client without cookies, proxies or memory.

    Args:
        guard: decides which addresses are connected to.
        user_agent: the User-Agent header.
        limits: bounds of time and size.
        resolver: looks host names up; the system's by default.
    """

    def __init__(
        self, guard: AddressGuard, user_agent: str, limits: FetchLimits, resolver: AbstractResolver | None = None
    ) -> None:
        self._guard = guard
        self._user_agent = user_agent
        self._limits = limits
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make ready for requests in the running event loop."""
        limits = self._limits
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=GuardedResolver(self._guard, self._resolver)),
            timeout=aiohttp.ClientTimeout(
                total=limits.exchange_s, sock_connect=limits.connect_s, sock_read=limits.read_s
            ),
            headers={"User-Agent": self._user_agent, "Accept-Encoding": ACCEPT_ENCODING},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def exchange(self, url: URL, accept: str, limit: int, *, truncate: bool = False) -> Answer:
        """One request and its response; no redirect is followed.

        Args:
            url: a URL the guard has checked.
            accept: the Accept header.
            limit: largest body, in bytes.
            truncate: give the beginning of a larger body instead of failing.

        Raises:
            FetchError: no whole and readable response came.
        """
        if self._session is None:
            raise RuntimeError("the transport is not open")
        try:
            async with self._session.get(url, headers={"Accept": accept}, allow_redirects=False) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                if not 200 <= response.status < 300:
                    response.close()
                    return Answer(url, response.status, headers)
                encoding = headers.get("content-encoding", "")
                content = await read_body(response.content, encoding, limit, truncate=truncate)
                return Answer(url, response.status, headers, content)
        except (BlockedAddress, TooLarge, BadEncoding, TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _failure(url, error) from error


def _failure(url: URL, error: Exception) -> FetchError:
    address = str(url)
    if isinstance(error, BlockedAddress):
        return FetchError(FetchKind.BLOCKED_ADDRESS, address, str(error))
    if isinstance(error, TooLarge):
        return FetchError(FetchKind.TOO_LARGE, address, str(error))
    if isinstance(error, BadEncoding):
        return FetchError(FetchKind.BAD_CONTENT, address, str(error))
    if isinstance(error, TimeoutError):
        return FetchError(FetchKind.TIMEOUT, address, "the site did not answer in time")
    if isinstance(error, aiohttp.InvalidURL | aiohttp.ClientResponseError):
        return FetchError(FetchKind.BAD_CONTENT, address, "the site's answer is not valid HTTP")
    return FetchError(FetchKind.CONNECTION, address, f"the connection failed ({type(error).__name__})")
