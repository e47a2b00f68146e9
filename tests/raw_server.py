"""A server that sends exactly the bytes it is told to, however wrong, and a fetcher that asks it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from leadgen.harvest.failures import FetchError
from leadgen.harvest.fetch import Fetcher, Page
from leadgen.harvest.transport import FetchLimits

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
