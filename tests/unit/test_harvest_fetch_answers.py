"""The fetcher against real servers: when a site says no or not now, and what it is asked for again."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web

from leadgen.harvest.failures import FetchKind
from leadgen.harvest.fetch import HostMemory, Validators
from tests.harvest_site import START, Site, Time, failure_of, fetcher_of, site_running


@pytest.fixture
def site() -> Iterator[Site]:
    with site_running(Site()) as one:
        one.on("/", text="<p>hello</p>", content_type="text/html")
        yield one


@pytest.fixture
def time() -> Time:
    return Time()


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
    error = await failure_of(site, time, "/no")
    assert (error.kind, error.retryable, error.url) == (kind, False, site.url + "/no")
    assert str(status) in error.detail
    assert len(site.pages()) == 1


@pytest.mark.parametrize(
    ("status", "kind"), [(429, FetchKind.THROTTLED), (500, FetchKind.SERVER_ERROR), (408, FetchKind.TIMEOUT)]
)
async def test_what_may_pass_is_tried_three_times(site: Site, time: Time, status: int, kind: FetchKind) -> None:
    site.on("/busy", status=status)
    error = await failure_of(site, time, "/busy")
    assert (error.kind, error.retryable, error.retry_at) == (kind, True, None)
    assert len(site.pages()) == 3
    assert 0.25 <= time.naps[0] <= 0.5 <= time.naps[1] <= 1.0


async def test_a_failure_that_passes_is_not_noticed(site: Site, time: Time) -> None:
    statuses = iter([500, 503, 200])
    site.answers["/flaky"] = lambda _: web.Response(status=next(statuses), text="x", content_type="text/html")
    async with fetcher_of(site, time) as fetcher:
        assert (await fetcher.get(site.url + "/flaky")).status == 200


@pytest.mark.parametrize("header", ["4", format_datetime(START + timedelta(seconds=4), usegmt=True)])
async def test_a_short_retry_after_is_waited_for(site: Site, time: Time, header: str) -> None:
    answers = iter(
        [web.Response(status=429, headers={"Retry-After": header}), web.Response(text="x", content_type="text/html")]
    )
    site.answers["/busy"] = lambda _: next(answers)
    async with fetcher_of(site, time) as fetcher:
        await fetcher.get(site.url + "/busy")
    assert time.moment == START + timedelta(seconds=4)


@pytest.mark.parametrize("header", ["120", format_datetime(START + timedelta(seconds=120), usegmt=True)])
async def test_a_long_retry_after_is_handed_back_and_holds_for_the_whole_host(
    site: Site, time: Time, header: str
) -> None:
    site.on("/busy", status=503, headers={"Retry-After": header})
    memory = HostMemory()
    error = await failure_of(site, time, "/busy", memory=memory)
    assert (error.kind, error.retry_at) == (FetchKind.SERVER_ERROR, START + timedelta(seconds=120))
    other = await failure_of(site, time, "/", memory=memory)
    assert (other.kind, other.retryable, other.retry_at) == (FetchKind.PACED, True, START + timedelta(seconds=120))
    assert (site.pages(), time.naps) == (["/busy"], [])


async def test_a_server_that_is_not_there_is_a_connection_failure_of_robots(site: Site, time: Time) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        error = await failure_of(site, time, f"http://{host}/", local_hosts=frozenset({host}))
    assert (error.kind, error.retryable) == (FetchKind.ROBOTS_UNAVAILABLE, True)
    assert error.retry_at is not None


async def test_a_connection_that_breaks_is_tried_again(site: Site, time: Time) -> None:
    def drop(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    site.answers["/drop"] = drop
    assert (await failure_of(site, time, "/drop")).kind is FetchKind.CONNECTION
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
    async with fetcher_of(site, time) as fetcher:
        first = await fetcher.get(site.url + "/page")
        again = await fetcher.get(site.url + "/page", validators=first.validators)
    assert first.validators == Validators('"v1"', "Mon, 02 Mar 2026 09:00:00 GMT", site.url + "/page")
    assert not first.not_modified
    assert (again.not_modified, again.status, again.text, again.content) == (True, 304, "", b"")
    assert again.validators.etag == '"v1"'
    assert site.headers[-1]["If-Modified-Since"] == "Mon, 02 Mar 2026 09:00:00 GMT"


async def test_a_page_that_changed_comes_whole_with_new_validators(site: Site, time: Time) -> None:
    _versioned(site, '"v2"')
    async with fetcher_of(site, time) as fetcher:
        page = await fetcher.get(site.url + "/page", validators=Validators(etag='"v1"'))
    assert (page.not_modified, page.text, page.validators.etag) == (False, "fresh", '"v2"')


async def test_validators_the_answer_does_not_repeat_hold_on(site: Site, time: Time) -> None:
    site.on("/page", status=304)
    known = Validators(last_modified="Mon, 02 Mar 2026 09:00:00 GMT")
    async with fetcher_of(site, time) as fetcher:
        page = await fetcher.get(site.url + "/page", validators=known)
    assert (page.not_modified, page.validators) == (True, known)


async def test_validators_go_to_their_own_page_only(site: Site, time: Time) -> None:
    _versioned(site)
    site.on("/old", status=301, headers={"Location": "/page"})
    async with fetcher_of(site, time) as fetcher:
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
    async with fetcher_of(site, time) as fetcher:
        assert (await fetcher.get(site.url + "/", validators=Validators(etag=etag))).status == 200
    assert not {"If-None-Match", "X-Evil"} & site.headers[-1].keys()


async def test_a_source_that_knows_the_charset_overrules_the_site(site: Site, time: Time) -> None:
    site.on("/ru", body="Привет".encode("cp1251"), headers={"Content-Type": "text/html; charset=utf-8"})
    async with fetcher_of(site, time) as fetcher:
        assert (await fetcher.get(site.url + "/ru", charset="windows-1251")).text == "Привет"
