"""The fetcher against servers that break the rules, on real sockets: bounded, clear, and none the worse after."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import random
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.harvest.fetch import Fetcher, Page
from leadgen.harvest.transport import FetchLimits
from local.microsoft.certificate import ensure_certificates

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
QUICK = FetchLimits(exchange_s=0.1, read_s=0.1, overall_s=5)
SMALL = FetchLimits(text_bytes=100_000)


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Server:
    """Answers each path with the next of the bytes or functions given for it; the last one again and again."""

    def __init__(self, answers: dict[str, list[bytes | Answer]]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.headers: list[str] = []
        self.connections = 0
        self.sent = 0
        self.host = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                path = request.split(" ")[1]
                self.asked.append(path)
                self.headers.append(request)
                answers = self.answers.get(path, [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"])
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                if callable(answer):
                    await answer(writer)
                else:
                    writer.write(answer)
                await writer.drain()
                if writer.is_closing():
                    break
        writer.close()

    def times(self, path: str) -> int:
        return self.asked.count(path)


@asynccontextmanager
async def serving(answers: dict[str, list[bytes | Answer]]) -> AsyncIterator[Server]:
    server = Server(answers)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.host = f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()


@asynccontextmanager
async def fetching(*servers: Server, limits: FetchLimits | None = None) -> AsyncIterator[Fetcher]:
    time = Time()
    async with Fetcher(
        clock=time,
        sleep=time.sleep,
        rng=random.Random(1),
        user_agent="Leadgen/0.1",
        requests_per_second=float("inf"),
        local_hosts=frozenset(server.host for server in servers),
        limits=limits,
    ) as fetcher:
        yield fetcher


async def failure(answer: bytes | Answer, limits: FetchLimits | None = None) -> tuple[FetchError, Server]:
    async with serving({"/x": [answer]}) as server, fetching(server, limits=limits) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.get(f"http://{server.host}/x")
    return caught.value, server


async def page(*answers: bytes | Answer, limits: FetchLimits | None = None) -> Page:
    async with serving({"/x": list(answers)}) as server, fetching(server, limits=limits) as fetcher:
        return await fetcher.get(f"http://{server.host}/x")


async def end(writer: asyncio.StreamWriter) -> None:
    await writer.drain()
    writer.close()


def then_close(data: bytes) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await end(writer)

    return answer


def then_reset(data: bytes) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return answer


def endless(head: bytes, piece: bytes, pause_s: float = 0.0) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)

    return answer


# --- bodies that end too early, or never


@pytest.mark.parametrize(
    "answer",
    [
        then_close(OK + b"Content-Length: 100\r\n\r\nshort"),
        then_reset(OK + b"Content-Length: 100\r\n\r\nshort"),
        then_close(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        then_close(OK + b"Transfer-Encoding: chunked\r\n\r\nff\r\nhello"),
        then_close(b""),
        then_close(b"HTTP/1.1 200 OK\r\nContent-Ty"),
        then_reset(b""),
    ],
    ids=["short", "reset", "no last chunk", "half a chunk", "nothing", "half a head", "reset at once"],
)
async def test_half_an_answer_is_never_taken_for_a_whole_one(answer: Answer) -> None:
    error, server = await failure(answer)
    assert (error.kind, error.retryable) == (FetchKind.CONNECTION, True)
    assert server.times("/x") >= 3


async def test_a_break_that_passes_is_not_noticed() -> None:
    whole = OK + b"Content-Length: 5\r\n\r\nwhole"
    assert (await page(then_reset(OK + b"Content-Length: 100\r\n\r\nshort"), whole)).text == "whole"


async def test_a_cut_off_gzip_is_no_page() -> None:
    packed = gzip.compress(b"x" * 1000)[:-9]
    error, _ = await failure(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(packed), packed))
    assert error.kind is FetchKind.BAD_CONTENT


@pytest.mark.parametrize(
    "answer",
    [
        endless(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.02),
        endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 0.02),
        endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n", 0.02),
        endless(b"HTTP/1.1 200 OK", b"", 0.02),
    ],
    ids=["headers", "body", "interim answers", "status line"],
)
async def test_what_trickles_for_ever_is_cut_off_in_time(answer: Answer) -> None:
    error, _ = await failure(answer, QUICK)
    assert error.kind in (FetchKind.TIMEOUT, FetchKind.BAD_CONTENT)


@pytest.mark.parametrize(
    ("answer", "kinds"),
    [
        (endless(b"HTTP/1.1 200 OK\r\n", b"X-Filler: y\r\n" * 1000), {FetchKind.BAD_CONTENT}),
        (endless(b"HTTP/1.1 200 OK\r\nX: ", b"y" * 65536), {FetchKind.BAD_CONTENT}),
        (endless(b"", b"y" * 65536), {FetchKind.BAD_CONTENT}),
        (endless(OK + b"\r\n", b"y" * 65536), {FetchKind.TOO_LARGE}),
        (
            endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"y" * 65536 + b"\r\n"),
            {FetchKind.TOO_LARGE},
        ),
        (endless(OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"") * 1000), {FetchKind.TOO_LARGE}),
        (
            then_close(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"\0" * 5_000_000)),
            {FetchKind.TOO_LARGE},
        ),
        (OK + b"Content-Length: 999999999999\r\n\r\n", {FetchKind.TOO_LARGE}),
    ],
    ids=["headers", "header", "status line", "body", "chunked", "empty gzip members", "bomb", "declared"],
)
async def test_what_floods_is_dropped_at_a_bound_and_not_asked_for_again(
    answer: bytes | Answer, kinds: set[FetchKind]
) -> None:
    error, server = await failure(answer, SMALL)
    assert error.kind in kinds
    assert not error.retryable
    assert server.times("/x") == 1


# --- answers that are no proper HTTP


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"<html>no headers at all</html>\r\n\r\n",
        OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        OK + b"Content-Length: -5\r\n\r\nhello",
        OK + b"X\0Y: z\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
    ],
    ids=["ssh", "html", "two lengths", "lengths that differ", "negative", "nul", "bad chunk", "version"],
)
async def test_what_is_no_proper_http_is_refused(answer: bytes) -> None:
    error, server = await failure(answer)
    assert (error.kind, error.retryable) == (FetchKind.BAD_CONTENT, False)
    assert server.times("/x") == 1


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (then_close(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\nold but whole"), "old but whole"),
        (then_close(OK + b"\r\nuntil the end"), "until the end"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok", "ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok", "ok"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nTrailer: x\r\n\r\n", "ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", ""),
        (OK + b"Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", ""),
        (b"HTTP/1.1 200\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok", "ok"),
    ],
    ids=["HTTP/1.0", "until close", "early hints", "continue", "extensions", "no content", "empty gzip", "no reason"],
)
async def test_what_is_odd_but_whole_is_read(answer: bytes | Answer, text: str) -> None:
    assert (await page(answer)).text == text


@pytest.mark.parametrize("tail", [b"\0" * 512, b"junk"])
async def test_padding_behind_a_gzip_is_left_aside(tail: bytes) -> None:
    body = gzip.compress(b"whole") + tail
    assert (
        await page(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    ).text == "whole"


async def test_a_part_nobody_asked_for_is_no_page() -> None:
    error, _ = await failure(b"HTTP/1.1 206 Partial Content\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok")
    assert error.kind is FetchKind.BAD_CONTENT


# --- one answer does not spoil the next


async def test_bytes_behind_an_answer_are_not_the_next_one() -> None:
    poison = OK + b"Content-Length: 4\r\n\r\nreal" + OK + b"Content-Length: 6\r\n\r\npoison"
    good = OK + b"Content-Length: 4\r\n\r\nnext"
    async with serving({"/x": [poison], "/y": [good]}) as server, fetching(server) as fetcher:
        first = await fetcher.get(f"http://{server.host}/x")
        second = await fetcher.get(f"http://{server.host}/y")
    assert (first.text, second.text) == ("real", "next")


async def test_a_connection_is_used_again_and_a_broken_one_replaced() -> None:
    good = OK + b"Content-Length: 2\r\n\r\nok"
    broken = then_close(OK + b"Content-Length: 9\r\n\r\nok")
    missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope"
    async with serving({"/x": [good], "/y": [broken, good], "/z": [missing]}) as server, fetching(server) as fetcher:
        for _ in range(3):
            await fetcher.get(f"http://{server.host}/x")
            with pytest.raises(FetchError):
                await fetcher.get(f"http://{server.host}/z")
        assert server.connections == 1
        assert (await fetcher.get(f"http://{server.host}/y")).text == "ok"
        assert (await fetcher.get(f"http://{server.host}/x")).text == "ok"
    assert server.connections == 2


async def test_a_connection_the_server_gave_up_meanwhile_costs_nothing() -> None:
    good = OK + b"Content-Length: 2\r\n\r\nok"
    async with serving({"/x": [then_close(good), good]}) as server, fetching(server) as fetcher:
        for _ in range(4):
            assert (await fetcher.get(f"http://{server.host}/x")).text == "ok"


async def test_nobody_waits_for_the_body_of_a_refusal() -> None:
    error, server = await failure(endless(b"HTTP/1.1 404 Not Found\r\nContent-Length: 99999\r\n\r\n", b"", 0.05))
    assert error.kind is FetchKind.GONE
    assert server.times("/x") == 1


# --- where redirects lead


async def test_a_redirect_to_another_host_asks_for_its_robots_txt() -> None:
    shut = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 26\r\n\r\nUser-agent: *\nDisallow: /\n"
    async with serving({"/robots.txt": [shut]}) as other:
        there = b"HTTP/1.1 302 Found\r\nLocation: http://%b/x\r\nContent-Length: 0\r\n\r\n" % other.host.encode()
        async with serving({"/x": [there]}) as server, fetching(server, other) as fetcher:
            with pytest.raises(FetchError) as caught:
                await fetcher.get(f"http://{server.host}/x")
    assert caught.value.kind is FetchKind.FORBIDDEN_BY_ROBOTS
    assert other.asked == ["/robots.txt"]


@pytest.mark.parametrize(
    ("location", "path"),
    [
        (b"/caf\xe9", "/caf%E9"),
        ("/café".encode(), "/caf%C3%A9"),
        (b"/a b", "/a%20b"),
        (b"//%b/c", "/c"),
        (b"?q=1", "/x?q=1"),
        (b"/c#part", "/c"),
        (b"  /c  ", "/c"),
    ],
)
async def test_a_location_is_read_as_browsers_do(location: bytes, path: str) -> None:
    good = OK + b"Content-Length: 2\r\n\r\nok"
    async with serving({path: [good]}) as server, fetching(server) as fetcher:
        target = location.replace(b"%b", server.host.encode())
        server.answers["/x"] = [b"HTTP/1.1 302 Found\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % target]
        final = (await fetcher.get(f"http://{server.host}/x")).final_url
    assert final == f"http://{server.host}{path}"


@pytest.mark.parametrize(
    "target",
    [
        b"http://127.0.0.1:22/",
        b"http://2130706433/",
        b"http://0x7f.1/",
        b"http://[::ffff:127.0.0.1]/",
        b"http://169.254.169.254/latest/meta-data/",
        b"http://user@127.0.0.1/",
        b"http:\\\\127.0.0.1\\",
        b"file:///etc/passwd",
        b"gopher://127.0.0.1:6379/_FLUSHALL",
    ],
)
async def test_a_redirect_to_the_inside_is_refused(target: bytes) -> None:
    error, server = await failure(
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % target
    )
    assert error.kind in (FetchKind.BLOCKED_ADDRESS, FetchKind.GONE)  # a path with backslashes is only a path
    assert server.times("/x") == 1


# --- robots.txt in trouble


async def test_a_robots_txt_that_breaks_once_is_asked_for_again() -> None:
    shut = b"HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\nUser-agent: *\nDisallow: /\n"
    async with serving({"/robots.txt": [then_reset(b""), shut]}) as server, fetching(server) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.get(f"http://{server.host}/x")
    assert caught.value.kind is FetchKind.FORBIDDEN_BY_ROBOTS


@pytest.mark.parametrize(
    "robots",
    [
        b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 429 Slow down\r\nContent-Length: 0\r\n\r\n",
        then_reset(b""),
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nbad",
    ],
    ids=["503", "429", "reset", "damaged"],
)
async def test_without_a_readable_robots_txt_nothing_is_fetched(robots: bytes | Answer) -> None:
    good = OK + b"Content-Length: 2\r\n\r\nok"
    async with serving({"/robots.txt": [robots], "/x": [good]}) as server, fetching(server) as fetcher:
        for _ in range(2):
            with pytest.raises(FetchError) as caught:
                await fetcher.get(f"http://{server.host}/x")
            assert (caught.value.kind, caught.value.retryable) == (FetchKind.ROBOTS_UNAVAILABLE, True)
            assert caught.value.retry_at is not None
    assert server.times("/x") == 0
    assert server.times("/robots.txt") <= 6  # three attempts, a reset connection of each tried twice; then it is known


async def test_an_endless_robots_txt_is_read_to_its_bound() -> None:
    flood = endless(b"HTTP/1.1 200 OK\r\n\r\nUser-agent: *\nDisallow: /x\n", b"# filler\n" * 5000)
    async with serving({"/robots.txt": [flood]}) as server, fetching(server) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.get(f"http://{server.host}/x")
    assert caught.value.kind is FetchKind.FORBIDDEN_BY_ROBOTS


# --- who the server is


async def test_a_certificate_nobody_vouches_for_is_not_tried_again(tmp_path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    context = ensure_certificates(tmp_path).ssl_context()
    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    host = f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    time = Time()
    async with Fetcher(
        clock=time, sleep=time.sleep, user_agent="Leadgen/0.1", local_hosts=frozenset({host})
    ) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.get(f"https://{host}/x")
    listener.close()
    assert caught.value.kind is FetchKind.BAD_CERTIFICATE
    assert not caught.value.retryable
