"""A small real server for the fetcher, a clock that only moves when somebody sleeps, and a fetcher for both."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from leadgen.harvest.failures import FetchError
from leadgen.harvest.fetch import Fetcher
from local.serving import running

Handler = Callable[[web.Request], web.StreamResponse]
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MANY = 1_000_000.0


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.moment = START
        self.naps: list[float] = []

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.moment += timedelta(seconds=seconds)


class Site:
    """A small server: answers by path, and remembers what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, Handler] = {"/robots.txt": lambda _: web.Response(status=404)}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        self.headers.append(dict(request.headers))
        answer = self.answers.get(request.path)
        if answer is None:
            return web.Response(status=404)
        return answer(request)

    def on(self, path: str, **response: object) -> None:
        self.answers[path] = lambda _: web.Response(**response)

    def pages(self) -> list[str]:
        return [path for path in self.asked if path != "/robots.txt"]

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")


@contextmanager
def site_running(site: Site) -> Iterator[Site]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", site.handle)
    with running(app) as site.url:
        yield site


def fetcher_of(site: Site, time: Time, **options: object) -> Fetcher:
    settings = {"requests_per_second": MANY, "user_agent": "Leadgen/0.1 (+mailto:ops@example.com)"} | options
    hosts = settings.pop("local_hosts", frozenset({site.host}))
    return Fetcher(clock=time, sleep=time.sleep, rng=random.Random(1), local_hosts=hosts, **settings)  # type: ignore[arg-type]


async def failure_of(site: Site, time: Time, path: str, **options: object) -> FetchError:
    async with fetcher_of(site, time, **options) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.get(path if "://" in path else site.url + path)
    return caught.value
