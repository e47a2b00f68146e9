"""The fetcher against servers that lead astray: redirects, robots.txt in trouble, certificates nobody vouches for."""

from __future__ import annotations

import asyncio

import pytest

from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.harvest.fetch import Fetcher
from local.microsoft.certificate import ensure_certificates
from tests.raw_server import (
    OK,
    Answer,
    Time,
    endless,
    failure,
    fetching,
    serving,
    then_reset,
)

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
