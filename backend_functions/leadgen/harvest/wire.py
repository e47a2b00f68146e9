"""GET requests over connections that are kept open: aiohttp's connections and its parser, without its general client.

That client is made for any method, body, cookie, proxy and redirect. All of this is decided elsewhere here, and passing
it by halves what a request costs. Connecting (addresses, TLS, reuse), reading HTTP and holding back a sender that is
too fast stay aiohttp's.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from functools import cached_property

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.http import RawResponseMessage
from yarl import URL

from leadgen.harvest.body import ACCEPT_ENCODING

_TARGET = re.compile(r"[\x21-\x7e]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MOST_ORIGINS = 1024


class Reply:
    """The head of a response, and its body as it arrives. To be released unless all of the body has arrived.

    Args:
        message: the head.
        body: the body.
        connection: goes back to the others as soon as the body is there.
    """

    __slots__ = ("_connection", "body", "headers", "status")

    def __init__(self, message: RawResponseMessage, body: aiohttp.StreamReader, connection: Connection) -> None:
        self.status = message.code
        self.headers: Mapping[str, str] = message.headers
        self.body = body
        self._connection = connection
        body.on_eof(connection.release)

    @property
    def declared(self) -> int:
        """Length of the body as the server declares it, in bytes; 0 if it does not."""
        said = self.headers.get("content-length", "")
        return int(said[:20]) if said.isascii() and said.isdigit() else 0

    def release(self) -> None:
        """Give the connection back; it is closed unless all of the body has arrived."""
        self._connection.release()


class _Destination(aiohttp.ClientRequest):
    """Where to connect to. The connector wants a request to know that; it is never sent."""

    @cached_property
    def connection_key(self) -> ConnectionKey:
        """What tells connections to different places apart."""
        return super().connection_key


class _Origin:
    """What all requests to one origin have in common.

    Args:
        url: any URL of it.
        user_agent: the User-Agent header.
    """

    def __init__(self, url: URL, user_agent: str) -> None:
        self.destination = _Destination("GET", url.origin(), loop=asyncio.get_running_loop())
        self._common = _field("Host", url.host_port_subcomponent or "") + _field("User-Agent", user_agent)
        self._common += _field("Accept-Encoding", ACCEPT_ENCODING)
        self._heads: dict[str, bytes] = {}

    def head(self, accept: str) -> bytes:
        """All of a request's head behind its target, but the empty line."""
        head = self._heads.get(accept)
        if head is None:
            head = f" HTTP/1.1\r\n{self._common}{_field('Accept', accept)}".encode()
            self._heads[accept] = head
        return head


def _field(name: str, value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError(f"the value of {name} holds a control character")
    return f"{name}: {value}\r\n"


class Wire:
    """Sends GET requests and gives what is answered; keeps connections. For one event loop.

    Args:
        connector: makes and keeps the connections.
        user_agent: the User-Agent header.
        connect_s: connecting to one address takes this many seconds at most.
    """

    def __init__(self, connector: aiohttp.BaseConnector, user_agent: str, connect_s: float) -> None:
        self._connector = connector
        self._user_agent = user_agent
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_s)
        self._origins: dict[tuple[str, str | None, int | None], _Origin] = {}

    async def close(self) -> None:
        """Close all connections."""
        await self._connector.close()

    async def get(self, url: URL, accept: str, conditions: Mapping[str, str]) -> Reply:
        """Send one request and wait for the head of its response. No redirect is followed.

        A connection that breaks before it answers is replaced once: a server may close a kept one at any time
        (RFC 9112 §9.3.1).

        Args:
            url: what is asked for.
            accept: the Accept header.
            conditions: more headers.

        Raises:
            aiohttp.ClientError: no connection, or it broke before the response began.
            aiohttp.http.HttpProcessingError: what came is not HTTP.
            TimeoutError: connecting took too long.
        """
        origin = self._origin(url)
        request = _request(url, origin.head(accept), conditions)
        try:
            return await self._ask(origin, request)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
            return await self._ask(origin, request)

    def _origin(self, url: URL) -> _Origin:
        key = (url.scheme, url.raw_host, url.port)
        origin = self._origins.get(key)
        if origin is None:
            if len(self._origins) >= _MOST_ORIGINS:
                self._origins.clear()
            origin = self._origins[key] = _Origin(url, self._user_agent)
        return origin

    async def _ask(self, origin: _Origin, request: bytes) -> Reply:
        connection = await self._connector.connect(origin.destination, [], self._timeout)
        try:
            protocol = connection.protocol
            # Whatever a server says without being asked must not be taken for the answer to this request.
            if protocol is None or protocol.transport is None or protocol.should_close:
                raise aiohttp.ServerDisconnectedError
            protocol.set_response_params(read_until_eof=True, auto_decompress=False)
            protocol.transport.write(request)
            message, body = await _next_message(protocol)
            while 100 <= message.code < 200 and message.code != 101:
                message, body = await _next_message(protocol)
            return Reply(message, body, connection)
        except BaseException:
            connection.close()
            raise


async def _next_message(protocol: ResponseHandler) -> tuple[RawResponseMessage, aiohttp.StreamReader]:
    try:
        return await protocol.read()
    except aiohttp.EofStream:
        raise aiohttp.ServerDisconnectedError from None


def _request(url: URL, head: bytes, conditions: Mapping[str, str]) -> bytes:
    target = url.raw_path_qs
    if not _TARGET.fullmatch(target):
        raise aiohttp.InvalidURL(url)
    more = "".join(_field(name, value) for name, value in conditions.items()) if conditions else ""
    return b"GET %b%b%b\r\n" % (target.encode("ascii"), head, more.encode())
