"""The fetcher against real servers on the loopback interface: polite, guarded, bounded, and clear about failures."""

from __future__ import annotations

import asyncio
import gzip
import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.harvest.fetch import Fetcher, HostMemory, Validators
from leadgen.harvest.politeness import LocalPace, Outcome
from leadgen.harvest.transport import FetchLimits
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
def _running(site: Site) -> Iterator[Site]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", site.handle)
    with running(app) as site.url:
        yield site


@pytest.fixture
def site() -> Iterator[Site]:
    with _running(Site()) as one:
        one.on("/", text="<p>hello</p>", content_type="text/html")
        yield one


@pytest.fixture
def time() -> Time:
    return Time()


def _fetcher(site: Site, time: Time, **options: object) -> Fetcher:
    settings = {"requests_per_second": MANY, "user_agent": "Leadgen/0.1 (+mailto:ops@example.com)"} | options
    hosts = settings.pop("local_hosts", frozenset({site.host}))
    return Fetcher(clock=time, sleep=time.sleep, rng=random.Random(1), local_hosts=hosts, **settings)  # type: ignore[arg-type]


async def _failure(site: Site, time: Time, path: str, **options: object) -> FetchError:
    async with _fetcher(site, time, **options) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.get(path if "://" in path else site.url + path)
    return caught.value


async def test_a_page_comes_with_all_that_is_known_of_it(site: Site, time: Time) -> None:
    async with _fetcher(site, time) as fetcher:
        page = await fetcher.get(site.url + "/#top")
    assert (page.status, page.text, page.content, page.content_type) == (
        200,
        "<p>hello</p>",
        b"<p>hello</p>",
        "text/html",
    )
    assert (page.url, page.final_url) == (site.url + "/#top", site.url + "/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"


async def test_every_request_says_who_asks_and_carries_no_cookie(site: Site, time: Time) -> None:
    site.on("/", text="x", content_type="text/html", headers={"Set-Cookie": "a=b"})
    async with _fetcher(site, time) as fetcher:
        await fetcher.get(site.url)
        await fetcher.get(site.url)
    assert {one["User-Agent"] for one in site.headers} == {"Leadgen/0.1 (+mailto:ops@example.com)"}
    assert not [one for one in site.headers if "Cookie" in one]


# --- where it may go


@pytest.mark.parametrize(
    "address", ["http://169.254.169.254/latest/", "http://127.0.0.1:1/", "http://2130706433/", "file:///etc/passwd"]
)
async def test_addresses_inside_are_refused_without_a_request(site: Site, time: Time, address: str) -> None:
    error = await _failure(site, time, address)
    assert error.kind is FetchKind.BLOCKED_ADDRESS
    assert not error.retryable


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/", "http://[::ffff:10.0.0.1]/", "file:///etc/passwd", "http://u:p@h.example/"]
)
async def test_a_redirect_inside_is_refused(site: Site, time: Time, target: str) -> None:
    site.on("/out", status=302, headers={"Location": target})
    assert (await _failure(site, time, "/out")).kind is FetchKind.BLOCKED_ADDRESS


async def test_a_redirect_to_another_local_server_is_refused(site: Site, time: Time) -> None:
    with _running(Site()) as secret:
        secret.on("/", text="secret", content_type="text/html")
        site.on("/out", status=307, headers={"Location": secret.url + "/"})
        assert (await _failure(site, time, "/out")).kind is FetchKind.BLOCKED_ADDRESS
        assert secret.asked == []


async def test_a_public_name_that_resolves_inside_is_refused(site: Site, time: Time) -> None:
    class Names(AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            inside = ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)
            return [inside]

        async def close(self) -> None:
            pass

    port = site.host.partition(":")[2]
    error = await _failure(site, time, f"http://innocent.example:{port}/", resolver=Names())
    assert error.kind is FetchKind.BLOCKED_ADDRESS
    assert site.asked == []


async def test_redirects_are_followed_and_the_last_address_is_told(site: Site, time: Time) -> None:
    site.on("/a", status=301, headers={"Location": "/b?x=1"})
    site.on("/b", status=303, headers={"Location": "/"})
    async with _fetcher(site, time) as fetcher:
        page = await fetcher.get(site.url + "/a")
    assert (page.url, page.final_url) == (site.url + "/a", site.url + "/")


async def test_redirects_that_never_end_are_given_up(site: Site, time: Time) -> None:
    site.on("/loop", status=302, headers={"Location": "/loop"})
    error = await _failure(site, time, "/loop")
    assert error.kind is FetchKind.TOO_MANY_REDIRECTS
    assert len(site.pages()) == 6


@pytest.mark.parametrize("headers", [{}, {"Location": "http://[bad"}])
async def test_a_redirect_to_nowhere_is_an_error(site: Site, time: Time, headers: dict[str, str]) -> None:
    site.on("/odd", status=302, headers=headers)
    assert (await _failure(site, time, "/odd")).kind in (FetchKind.BAD_CONTENT, FetchKind.TOO_MANY_REDIRECTS)


# --- how much it takes


async def test_a_page_over_the_limit_is_refused(site: Site, time: Time) -> None:
    site.on("/big", body=b"x" * 3000, content_type="text/html")
    limits = FetchLimits(text_bytes=2000)
    assert (await _failure(site, time, "/big", limits=limits)).kind is FetchKind.TOO_LARGE


async def test_a_gzip_bomb_is_refused(site: Site, time: Time) -> None:
    bomb = gzip.compress(b"\0" * 20_000_000)
    site.on("/bomb", body=bomb, content_type="text/html", headers={"Content-Encoding": "gzip"})
    error = await _failure(site, time, "/bomb")
    assert error.kind is FetchKind.TOO_LARGE
    assert len(site.pages()) == 1


async def test_compressed_pages_are_read(site: Site, time: Time) -> None:
    packed = gzip.compress("Grüße".encode("cp1252"))
    site.on("/gz", body=packed, headers={"Content-Encoding": "gzip", "Content-Type": "text/html"})
    async with _fetcher(site, time) as fetcher:
        assert (await fetcher.get(site.url + "/gz")).text == "Grüße"


async def test_pictures_have_a_limit_of_their_own_and_must_be_pictures(site: Site, time: Time) -> None:
    site.on("/a.png", body=b"\x89PNG" + b"x" * 3000, content_type="image/png")
    async with _fetcher(site, time, limits=FetchLimits(text_bytes=10, image_bytes=5000)) as fetcher:
        assert len(await fetcher.get_bytes(site.url + "/a.png")) == 3004
        with pytest.raises(FetchError) as caught:
            await fetcher.get_bytes(site.url + "/")
    assert caught.value.kind is FetchKind.BAD_CONTENT


async def test_a_page_must_be_text(site: Site, time: Time) -> None:
    site.on("/zip", body=b"PK", content_type="application/zip")
    error = await _failure(site, time, "/zip")
    assert (error.kind, error.retryable) == (FetchKind.BAD_CONTENT, False)


async def test_a_body_that_trickles_is_cut_off_in_time(time: Time) -> None:
    done = asyncio.Event()

    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        await response.prepare(request)
        while not done.is_set():
            try:
                await response.write(b".")
            except ConnectionError:
                break
            await asyncio.sleep(0.01)
        return response

    app = web.Application()
    app.router.add_get("/slow", trickle)
    with running(app) as url:
        slow = Site()
        slow.url = url
        limits = FetchLimits(exchange_s=0.15, read_s=0.1, overall_s=5)
        error = await _failure(slow, time, "/slow", limits=limits)
        done.set()
    assert (error.kind, error.retryable) == (FetchKind.TIMEOUT, True)
    assert len(time.naps) == 2


async def test_a_call_ends_in_time_whatever_happens_in_it(site: Site, time: Time) -> None:
    async def forever(_: float) -> None:
        await asyncio.Event().wait()

    site.on("/busy", status=503)
    fetcher = Fetcher(
        clock=time, user_agent="x", sleep=forever, local_hosts=frozenset({site.host}), limits=FetchLimits(overall_s=0.2)
    )
    async with fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.get(site.url + "/busy")
    assert (caught.value.kind, caught.value.retryable) == (FetchKind.TIMEOUT, True)


# --- when the site says no, or not now


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, FetchKind.GONE),
        (410, FetchKind.GONE),
        (401, FetchKind.FORBIDDEN),
        (403, FetchKind.FORBIDDEN),
        (451, FetchKind.FORBIDDEN),
        (400, FetchKind.CLIENT_ERROR),
        (304, FetchKind.CLIENT_ERROR),
    ],
)
async def test_a_lasting_no_is_asked_once(site: Site, time: Time, status: int, kind: FetchKind) -> None:
    site.on("/no", status=status)
    error = await _failure(site, time, "/no")
    assert (error.kind, error.retryable, error.url) == (kind, False, site.url + "/no")
    assert str(status) in error.detail
    assert len(site.pages()) == 1


@pytest.mark.parametrize(
    ("status", "kind"), [(429, FetchKind.THROTTLED), (500, FetchKind.SERVER_ERROR), (408, FetchKind.TIMEOUT)]
)
async def test_what_may_pass_is_tried_three_times(site: Site, time: Time, status: int, kind: FetchKind) -> None:
    site.on("/busy", status=status)
    error = await _failure(site, time, "/busy")
    assert (error.kind, error.retryable, error.retry_at) == (kind, True, None)
    assert len(site.pages()) == 3
    assert 0.25 <= time.naps[0] <= 0.5 <= time.naps[1] <= 1.0


async def test_a_failure_that_passes_is_not_noticed(site: Site, time: Time) -> None:
    statuses = iter([500, 503, 200])
    site.answers["/flaky"] = lambda _: web.Response(status=next(statuses), text="x", content_type="text/html")
    async with _fetcher(site, time) as fetcher:
        assert (await fetcher.get(site.url + "/flaky")).status == 200


@pytest.mark.parametrize("header", ["4", format_datetime(START + timedelta(seconds=4), usegmt=True)])
async def test_a_short_retry_after_is_waited_for(site: Site, time: Time, header: str) -> None:
    answers = iter(
        [web.Response(status=429, headers={"Retry-After": header}), web.Response(text="x", content_type="text/html")]
    )
    site.answers["/busy"] = lambda _: next(answers)
    async with _fetcher(site, time) as fetcher:
        await fetcher.get(site.url + "/busy")
    assert time.moment == START + timedelta(seconds=4)


@pytest.mark.parametrize("header", ["120", format_datetime(START + timedelta(seconds=120), usegmt=True)])
async def test_a_long_retry_after_is_handed_back_and_holds_for_the_whole_host(
    site: Site, time: Time, header: str
) -> None:
    site.on("/busy", status=503, headers={"Retry-After": header})
    memory = HostMemory()
    error = await _failure(site, time, "/busy", memory=memory)
    assert (error.kind, error.retry_at) == (FetchKind.SERVER_ERROR, START + timedelta(seconds=120))
    other = await _failure(site, time, "/", memory=memory)
    assert (other.kind, other.retryable, other.retry_at) == (FetchKind.PACED, True, START + timedelta(seconds=120))
    assert (site.pages(), time.naps) == (["/busy"], [])


async def test_a_server_that_is_not_there_is_a_connection_failure_of_robots(site: Site, time: Time) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        error = await _failure(site, time, f"http://{host}/", local_hosts=frozenset({host}))
    assert (error.kind, error.retryable) == (FetchKind.ROBOTS_UNAVAILABLE, True)
    assert error.retry_at is not None


async def test_a_connection_that_breaks_is_tried_again(site: Site, time: Time) -> None:
    def drop(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    site.answers["/drop"] = drop
    assert (await _failure(site, time, "/drop")).kind is FetchKind.CONNECTION
    assert len(site.pages()) >= 3


# --- asking for what is new


def _versioned(site: Site, etag: str = '"v1"', modified: str = "Mon, 02 Mar 2026 09:00:00 GMT") -> None:
    headers = {"ETag": etag, "Last-Modified": modified}

    def answer(request: web.Request) -> web.StreamResponse:
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(text="fresh", content_type="text/html", headers=headers)

    site.answers["/page"] = answer


async def test_a_page_that_did_not_change_comes_without_a_body(site: Site, time: Time) -> None:
    _versioned(site)
    async with _fetcher(site, time) as fetcher:
        first = await fetcher.get(site.url + "/page")
        again = await fetcher.get(site.url + "/page", validators=first.validators)
    assert first.validators == Validators('"v1"', "Mon, 02 Mar 2026 09:00:00 GMT", site.url + "/page")
    assert not first.not_modified
    assert (again.not_modified, again.status, again.text, again.content) == (True, 304, "", b"")
    assert again.validators.etag == '"v1"'
    assert site.headers[-1]["If-Modified-Since"] == "Mon, 02 Mar 2026 09:00:00 GMT"


async def test_a_page_that_changed_comes_whole_with_new_validators(site: Site, time: Time) -> None:
    _versioned(site, '"v2"')
    async with _fetcher(site, time) as fetcher:
        page = await fetcher.get(site.url + "/page", validators=Validators(etag='"v1"'))
    assert (page.not_modified, page.text, page.validators.etag) == (False, "fresh", '"v2"')


async def test_validators_the_answer_does_not_repeat_hold_on(site: Site, time: Time) -> None:
    site.on("/page", status=304)
    known = Validators(last_modified="Mon, 02 Mar 2026 09:00:00 GMT")
    async with _fetcher(site, time) as fetcher:
        page = await fetcher.get(site.url + "/page", validators=known)
    assert (page.not_modified, page.validators) == (True, known)


async def test_validators_go_to_their_own_page_only(site: Site, time: Time) -> None:
    _versioned(site)
    site.on("/old", status=301, headers={"Location": "/page"})
    async with _fetcher(site, time) as fetcher:
        first = await fetcher.get(site.url + "/old")
        again = await fetcher.get(site.url + "/old", validators=first.validators)
        assert "If-None-Match" not in site.headers[-2]
        site.on("/old", status=301, headers={"Location": "/other"})
        site.on("/other", text="elsewhere", content_type="text/html")
        moved = await fetcher.get(site.url + "/old", validators=first.validators)
    assert again.not_modified
    assert moved.text == "elsewhere"
    assert "If-None-Match" not in site.headers[-1]


@pytest.mark.parametrize("etag", ['"a"\r\nX-Evil: 1', "\x00", "é", "x" * 2000, ""])
async def test_validators_that_are_no_header_are_not_sent(site: Site, time: Time, etag: str) -> None:
    async with _fetcher(site, time) as fetcher:
        assert (await fetcher.get(site.url + "/", validators=Validators(etag=etag))).status == 200
    assert not {"If-None-Match", "X-Evil"} & site.headers[-1].keys()


async def test_a_source_that_knows_the_charset_overrules_the_site(site: Site, time: Time) -> None:
    site.on("/ru", body="Привет".encode("cp1251"), headers={"Content-Type": "text/html; charset=utf-8"})
    async with _fetcher(site, time) as fetcher:
        assert (await fetcher.get(site.url + "/ru", charset="windows-1251")).text == "Привет"


# --- manners


async def test_every_request_is_reported_to_whoever_keeps_the_pace(site: Site, time: Time) -> None:
    class Heard(LocalPace):
        def __init__(self) -> None:
            super().__init__()
            self.outcomes: list[tuple[str, Outcome]] = []

        def report(self, host: str, outcome: Outcome) -> None:
            self.outcomes.append((host, outcome))
            super().report(host, outcome)

    def drop(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    heard = Heard()
    site.on("/busy", status=503, headers={"Retry-After": "3600"})
    site.on("/moved", status=302, headers={"Location": "/"})
    site.answers["/drop"] = drop
    async with _fetcher(site, time, memory=HostMemory(pace=heard)) as fetcher:
        await fetcher.get(site.url + "/moved")
        for path in ("/gone", "/drop", "/busy"):
            with pytest.raises(FetchError):
                await fetcher.get(site.url + path)
    assert {host for host, _ in heard.outcomes} == {site.host}
    assert [one.status for _, one in heard.outcomes] == [302, 200, 404, 0, 0, 0, 503]
    assert [one.is_trouble for _, one in heard.outcomes] == [False] * 3 + [True] * 4
    assert heard.outcomes[-1][1].retry_at == time.moment + timedelta(hours=1)
    assert all(one.seconds >= 0 for _, one in heard.outcomes)


async def test_robots_txt_is_obeyed_by_name_and_asked_once(site: Site, time: Time) -> None:
    site.on("/robots.txt", text="User-agent: *\nDisallow: /\n\nUser-agent: leadgen\nDisallow: /private\n")
    site.on("/private/a", text="x", content_type="text/html")
    async with _fetcher(site, time) as fetcher:
        await fetcher.get(site.url + "/")
        with pytest.raises(FetchError) as caught:
            await fetcher.get(site.url + "/private/a")
    assert (caught.value.kind, caught.value.retryable) == (FetchKind.FORBIDDEN_BY_ROBOTS, False)
    assert site.asked == ["/robots.txt", "/"]


async def test_a_huge_robots_txt_is_read_to_the_limit_and_obeyed(site: Site, time: Time) -> None:
    site.on("/robots.txt", text="User-agent: *\nDisallow: /private\n" + "# filler\n" * 100_000)
    assert (await _failure(site, time, "/private")).kind is FetchKind.FORBIDDEN_BY_ROBOTS


async def test_a_redirect_of_robots_txt_to_the_inside_is_not_followed(site: Site, time: Time) -> None:
    site.on("/robots.txt", status=302, headers={"Location": "http://10.0.0.1/robots.txt"})
    assert (await _failure(site, time, "/")).kind is FetchKind.ROBOTS_UNAVAILABLE


async def test_a_redirect_into_a_forbidden_part_is_not_followed(site: Site, time: Time) -> None:
    site.on("/robots.txt", text="User-agent: *\nDisallow: /private\n")
    site.on("/out", status=302, headers={"Location": "/private"})
    assert (await _failure(site, time, "/out")).kind is FetchKind.FORBIDDEN_BY_ROBOTS


async def test_pictures_are_covered_by_robots_txt(site: Site, time: Time) -> None:
    site.on("/robots.txt", text="User-agent: *\nDisallow: /*.png$\n")
    async with _fetcher(site, time) as fetcher:
        with pytest.raises(FetchError, match=r"robots\.txt"):
            await fetcher.get_bytes(site.url + "/a.png")


async def test_requests_are_spread_by_the_slowest_of_the_rules(site: Site, time: Time) -> None:
    site.on("/robots.txt", text="User-agent: *\nCrawl-delay: 3\n")
    async with _fetcher(site, time, requests_per_second=1.0, delay_seconds=2.0) as fetcher:
        for _ in range(3):
            await fetcher.get(site.url + "/")
    assert time.naps == [3, 3]


@pytest.mark.parametrize(("options", "gap"), [({"requests_per_second": 0.5}, 2.0), ({"delay_seconds": 5.0}, 5.0)])
async def test_setting_and_source_set_the_pace(site: Site, time: Time, options: dict[str, float], gap: float) -> None:
    async with _fetcher(site, time, **options) as fetcher:
        for _ in range(2):
            await fetcher.get(site.url + "/")
    assert time.naps == [gap]


async def test_an_absurd_crawl_delay_is_handed_back_not_slept(site: Site, time: Time) -> None:
    site.on("/robots.txt", text="User-agent: *\nCrawl-delay: 1e300\n")
    async with _fetcher(site, time) as fetcher:
        await fetcher.get(site.url + "/")
        with pytest.raises(FetchError) as caught:
            await fetcher.get(site.url + "/")
    assert caught.value.kind is FetchKind.PACED
    assert caught.value.retry_at == START + timedelta(days=1)


async def test_the_pace_is_shared_by_all_fetchers_of_a_process(site: Site, time: Time) -> None:
    memory = HostMemory()
    for _ in range(2):
        async with _fetcher(site, time, memory=memory, delay_seconds=4.0) as fetcher:
            await fetcher.get(site.url + "/")
    assert time.naps == [4]
    assert site.asked.count("/robots.txt") == 1


async def test_no_more_requests_run_at_a_time_than_allowed(time: Time) -> None:
    busy, most = 0, 0

    async def count(request: web.Request) -> web.StreamResponse:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.01)
        busy -= 1
        return web.Response(text="x", content_type="text/html")

    app = web.Application()
    app.router.add_get("/{n}", count)
    with running(app) as url:
        async with Fetcher(
            clock=time,
            sleep=time.sleep,
            user_agent="x",
            requests_per_second=MANY,
            concurrency=2,
            local_hosts=frozenset({url.removeprefix("http://")}),
        ) as fetcher:
            await asyncio.gather(*(fetcher.get(f"{url}/{n}") for n in range(8)))
    assert most == 2


async def test_whoever_would_wait_too_long_for_a_place_is_told_when_to_come_back(time: Time) -> None:
    arrived, done = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    async def slow(request: web.Request) -> web.StreamResponse:
        loop.call_soon_threadsafe(arrived.set)
        while not done.is_set():
            await asyncio.sleep(0.01)
        return web.Response(text="x", content_type="text/html")

    app = web.Application()
    app.router.add_get("/slow", slow)
    with running(app) as url:
        crowded = Site()
        crowded.url = url
        async with _fetcher(crowded, time, concurrency=1, limits=FetchLimits(pace_wait_s=0.05)) as fetcher:
            first = asyncio.create_task(fetcher.get(url + "/slow"))
            await arrived.wait()
            with pytest.raises(FetchError) as caught:
                await fetcher.get(url + "/other")
            done.set()
            assert (await first).status == 200
    assert (caught.value.kind, caught.value.retryable) == (FetchKind.PACED, True)
    assert caught.value.retry_at is not None
