"""Requests go out as they should, and no answer is taken for another's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
import pytest
from yarl import URL

from leadgen.harvest.wire import Wire
from tests.raw_server import OK, Server, serving, then_close

GOOD = OK + b"Content-Length: 4\r\n\r\ngood"
STRAY = OK + b"Content-Length: 5\r\n\r\nstray"


@asynccontextmanager
async def wired(user_agent: str = "Leadgen/0.1") -> AsyncIterator[Wire]:
    wire = Wire(aiohttp.TCPConnector(limit=0), user_agent, connect_s=5)
    try:
        yield wire
    finally:
        await wire.close()


async def body(wire: Wire, server: Server, path: str, conditions: Mapping[str, str] | None = None) -> bytes:
    reply = await wire.get(URL(f"http://{server.host}{path}"), "text/html", conditions or {})
    try:
        return await reply.body.read()
    finally:
        reply.release()


async def test_a_request_says_what_it_has_to_and_nothing_else() -> None:
    async with serving({"/a%20b?c=%E4": [GOOD]}) as server, wired() as wire:
        await body(wire, server, "/a%20b?c=%E4", {"If-None-Match": '"1"'})
    assert server.headers[0].split("\r\n") == [
        "GET /a%20b?c=%E4 HTTP/1.1",
        f"Host: {server.host}",
        "User-Agent: Leadgen/0.1",
        "Accept-Encoding: gzip, deflate",
        "Accept: text/html",
        'If-None-Match: "1"',
        "",
        "",
    ]


async def test_conditions_of_one_request_are_not_sent_with_the_next() -> None:
    async with serving({"/x": [GOOD]}) as server, wired() as wire:
        await body(wire, server, "/x", {"If-None-Match": '"1"'})
        await body(wire, server, "/x")
    assert ["If-None-Match" in headers for headers in server.headers] == [True, False]


@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "a\nb", "a\0b", "a\x7f"])
async def test_a_value_that_would_begin_another_header_is_not_sent(value: str) -> None:
    async with serving({"/x": [GOOD]}) as server:
        async with wired() as wire:
            with pytest.raises(ValueError, match="control character"):
                await body(wire, server, "/x", {"If-None-Match": value})
        async with wired(user_agent=value) as wire:
            with pytest.raises(ValueError, match="control character"):
                await body(wire, server, "/x")
    assert server.asked == []


@pytest.mark.parametrize("target", ["/a b", "/a\r\nHost: other", "/ü", "/a\x7f"])
async def test_a_target_that_is_no_target_is_not_sent(target: str) -> None:
    async with serving({}) as server, wired() as wire:
        url = URL(f"http://{server.host}").with_path(target, encoded=True)
        with pytest.raises(aiohttp.InvalidURL):
            await wire.get(url, "text/html", {})
    assert server.asked == []


async def test_an_answer_nobody_asked_for_is_not_the_next_one() -> None:
    writers: list[asyncio.StreamWriter] = []

    async def answer(writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(GOOD)

    async with serving({"/x": [answer], "/y": [GOOD]}) as server, wired() as wire:
        assert await body(wire, server, "/x") == b"good"
        writers[0].write(STRAY)  # the connection is idle now
        while not _has_heard(wire):
            await asyncio.sleep(0)
        assert await body(wire, server, "/y") == b"good"
    assert server.connections == 2


def _has_heard(wire: Wire) -> bool:
    return any(protocol.should_close for kept in wire._connector._conns.values() for protocol, _ in kept)


@pytest.mark.parametrize(
    "hint", [b"HTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"]
)
async def test_what_comes_before_the_answer_is_passed_over(hint: bytes) -> None:
    async with serving({"/x": [hint + hint + GOOD]}) as server, wired() as wire:
        assert await body(wire, server, "/x") == b"good"


async def test_a_server_that_never_answers_is_asked_twice_at_most() -> None:
    async with serving({"/x": [then_close(b"")]}) as server, wired() as wire:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await body(wire, server, "/x")
    assert server.times("/x") == 2


async def test_a_connection_is_not_kept_when_its_request_is_given_up() -> None:
    async def silent(_writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with serving({"/x": [silent], "/y": [GOOD]}) as server, wired() as wire:
        asking = asyncio.create_task(body(wire, server, "/x"))
        while not server.times("/x"):
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await body(wire, server, "/y") == b"good"
    assert server.connections == 2
