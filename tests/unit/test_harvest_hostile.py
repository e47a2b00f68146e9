"""The fetcher against servers that break the rules, on real sockets: bounded, clear, and none the worse after."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.harvest.transport import FetchLimits
from tests.raw_server import (
    OK,
    QUICK,
    SMALL,
    Answer,
    end,
    endless,
    failure,
    fetching,
    page,
    serving,
    then_close,
    then_reset,
)

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


@pytest.mark.parametrize(
    "answer",
    [
        endless(b"", b"", 0.02),
        endless(OK, b"", 0.02),
        endless(OK + b"Content-Length: 9\r\n\r\n<p>half", b"", 0.02),
    ],
    ids=["nothing", "headers", "half a body"],
)
async def test_a_server_that_falls_silent_is_given_up_long_before_the_exchange_ends(answer: Answer) -> None:
    error, _ = await failure(answer, FetchLimits(exchange_s=60, read_s=0.1, overall_s=5))
    assert error.kind is FetchKind.TIMEOUT
    assert "did not answer in time" in error.reason


async def test_a_server_that_says_a_word_now_and_then_is_not_silent() -> None:
    pieces = [f"<p>{number}</p>".encode() for number in range(8)]

    async def slowly(writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"Connection: close\r\n\r\n")
        for piece in pieces:
            await asyncio.sleep(0.08)
            writer.write(piece)
        await end(writer)

    found = await page(slowly, limits=FetchLimits(exchange_s=60, read_s=0.5, overall_s=60))
    assert found.content == b"".join(pieces)


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


async def test_a_body_that_keeps_coming_slowly_ends_with_its_exchange() -> None:
    slow = endless(OK + b"Content-Length: 99999\r\n\r\n", b"x", 0.01)
    async with asyncio.timeout(20):
        error, server = await failure(slow, FetchLimits(exchange_s=0.1, read_s=60, overall_s=60))
    assert (error.kind, server.times("/x")) == (FetchKind.TIMEOUT, 3)


async def test_a_body_that_is_not_wanted_any_more_is_not_sent_on() -> None:
    flood, gone = endless(OK + b"Content-Length: 9999999\r\n\r\n", b"x" * 1000), asyncio.Event()

    async def answer(writer: asyncio.StreamWriter) -> None:
        try:
            await flood(writer)
        finally:
            gone.set()

    async with serving({"/x": [answer]}) as server, fetching(server, limits=SMALL) as fetcher:
        with pytest.raises(FetchError, match="larger than"):
            await fetcher.get(f"http://{server.host}/x")
        async with asyncio.timeout(20):
            await gone.wait()


async def test_nobody_waits_for_the_body_of_a_refusal() -> None:
    error, server = await failure(endless(b"HTTP/1.1 404 Not Found\r\nContent-Length: 99999\r\n\r\n", b"", 0.05))
    assert error.kind is FetchKind.GONE
    assert server.times("/x") == 1
