"""One request and its response over HTTP, bounded in time and size, to guarded addresses only."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.http import HttpProcessingError
from yarl import URL

from leadgen.harvest.addresses import AddressGuard, BlockedAddress, GuardedResolver
from leadgen.harvest.body import BadEncoding, Stream, TooLarge, read_body, whole_body
from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.harvest.time_limit import TimeLimit
from leadgen.harvest.wire import Reply, Wire

_RAW_BYTE = re.compile("[\udc80-\udcff]")
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class FetchLimits:
    """Bounds of one fetch: seconds and bytes."""

    connect_s: float = 5.0
    read_s: float = 10.0
    """Silence of the server, at most; before its first word, connecting included."""
    exchange_s: float = 20.0
    """One request with its response."""
    overall_s: float = 60.0
    """One call of `get`, with pacing, redirects and retries."""
    pace_wait_s: float = 30.0
    """Waiting for a place among a host's requests, and again for its next slot, at most."""
    text_bytes: int = 2 * 1024 * 1024
    feed_bytes: int = 10 * 1024 * 1024
    """Of a feed or a sitemap, before it is decompressed if it is a compressed file."""
    image_bytes: int = 8 * 1024 * 1024


_NOTHING: Mapping[str, str] = {}


class Answer(NamedTuple):
    """A response; its body is read only if the status is 2xx.

    Args:
        url: what was asked.
        status: HTTP status.
        headers: names in any case.
        content: the body, decompressed.
    """

    url: URL
    status: int
    headers: Mapping[str, str]
    content: bytes = b""

    @property
    def media_type(self) -> str:
        """Media type in lower case, without parameters; empty if none was named."""
        return _media_type(self.headers.get("content-type", ""))

    def location(self) -> URL:
        """Where a redirect points.

        Raises:
            FetchError: the header is no URL.
        """
        try:
            # Bytes beyond ASCII are sent back as they came; a server that writes Latin-1 means Latin-1.
            target = _RAW_BYTE.sub(lambda byte: f"%{ord(byte[0]) - 0xDC00:02X}", self.headers.get("location", ""))
            return self.url.join(URL(target))
        except ValueError as error:
            reason = "redirected to something that is not a URL"
            raise FetchError(FetchKind.BAD_CONTENT, str(self.url), reason) from error


@lru_cache(maxsize=256)
def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


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
        # The client could watch the silence itself, with a timer for each piece that comes: that is much dearer.
        self._silence = TimeLimit(limits.read_s)
        self._beginning = TimeLimit(min(limits.read_s, limits.exchange_s))
        self._wire: Wire | None = None

    async def open(self) -> None:
        """Make ready for requests in the running event loop."""
        # How many requests are under way at a time is bounded per host by the fetcher.
        connector = aiohttp.TCPConnector(limit=0, resolver=GuardedResolver(self._guard, self._resolver))
        self._wire = Wire(connector, self._user_agent, self._limits.connect_s)

    async def close(self) -> None:
        """Close all connections."""
        self._beginning.close()
        self._silence.close()
        if self._wire is not None:
            await self._wire.close()
            self._wire = None

    async def exchange(
        self, url: URL, accept: str, limit: int, *, truncate: bool = False, conditions: Mapping[str, str] = _NOTHING
    ) -> Answer:
        """One request and its response; no redirect is followed.

        Args:
            url: a URL the guard has checked.
            accept: the Accept header.
            limit: largest body, in bytes.
            truncate: give the beginning of a larger body instead of failing.
            conditions: headers that make the request conditional (RFC 9110 §13.1).

        Raises:
            FetchError: no whole and readable response came.
        """
        if self._wire is None:
            raise RuntimeError("the transport is not open")
        ends = asyncio.get_running_loop().time() + self._limits.exchange_s
        try:
            with self._beginning.begin():
                reply = await self._wire.get(url, accept, conditions)
            if not 200 <= reply.status < 300:
                reply.release()  # nobody waits for its body
                return Answer(url, reply.status, reply.headers)
            encoding = reply.headers.get("content-encoding", "")
            if reply.body.is_eof():
                content = whole_body(reply.body.read_nowait(), encoding, limit, truncate=truncate)
            else:
                content = await self._rest(reply, encoding, limit, ends, truncate=truncate)
            return Answer(url, reply.status, reply.headers, content)
        except _FAILURES as error:
            raise _failure(url, error) from error

    async def _rest(self, reply: Reply, encoding: str, limit: int, ends: float, *, truncate: bool) -> bytes:
        """A body that is still on its way; it must be there by `ends`, as the event loop measures time."""
        try:
            if reply.declared > limit and not truncate:
                raise TooLarge(f"the body is larger than {limit} bytes")
            async with asyncio.timeout_at(ends):
                return await read_body(_Heard(reply.body, self._silence), encoding, limit, truncate=truncate)
        finally:
            reply.release()


class _Heard:
    """A body that may not be silent for long.

    Args:
        stream: the body as sent.
        silence: how long nothing may come.
    """

    def __init__(self, stream: Stream, silence: TimeLimit) -> None:
        self._stream = stream
        self._silence = silence

    async def readany(self) -> bytes:
        """What has arrived, or the next bytes to arrive; empty at the end of the body."""
        with self._silence.begin():
            return await self._stream.readany()


_FAILURES = (BlockedAddress, TooLarge, BadEncoding, TimeoutError, aiohttp.ClientError, HttpProcessingError, OSError)


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
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return FetchError(FetchKind.BAD_CERTIFICATE, address, "the site's certificate can't be trusted")
    if isinstance(error, aiohttp.InvalidURL | HttpProcessingError):
        return FetchError(FetchKind.BAD_CONTENT, address, "the site's answer is not valid HTTP")
    return FetchError(FetchKind.CONNECTION, address, f"the connection failed ({type(error).__name__})")
