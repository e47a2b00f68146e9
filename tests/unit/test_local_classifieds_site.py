"""The demo site over HTTP: what it shows is what its list of what is right says, and it fails as a real site does."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import phonenumbers
import pytest
from protego import Protego
from selectolax.lexbor import LexborHTMLParser

from local.classifieds.app import Settings, build_app
from local.classifieds.disguise import DIGIT_WORDS, PLAIN_EMAIL_STYLES, PLAIN_PHONE_STYLES
from local.classifieds.generator import generate_city
from local.classifieds.places import CITIES
from local.classifieds.source import source_toml
from local.classifieds.truth import PostTruth, truth
from local.serving import running

ADDRESS = re.compile(r"[a-z0-9._+-]+@(?:[a-z0-9-]+\.)+(?:example|com|net|org)\b", re.IGNORECASE)
SOURCE = tomllib.loads(source_toml("http://site", date(2026, 3, 3)))


class Waits:
    """Stands for sleeping: notes how long and returns at once."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def client(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, timeout=10, trust_env=False)


@pytest.fixture(scope="module")
def site() -> Iterator[httpx.Client]:
    with running(build_app(Settings(sleep=Waits()))) as url, client(url) as http:
        yield http


@pytest.fixture
def fresh() -> Iterator[httpx.Client]:
    with running(build_app(Settings(sleep=Waits()))) as url, client(url) as http:
        yield http


def of_fetch(fetch: str, city: str = "austin") -> PostTruth:
    return next(post for post in truth(city=city).posts if post.fetch == fetch)


def body_of(page: LexborHTMLParser) -> str:
    node = page.css_first(SOURCE["post"]["body"])
    assert node is not None
    return node.text(separator=" ")


def json_ld_of(page: LexborHTMLParser) -> dict[str, Any]:
    node = page.css_first('script[type="application/ld+json"]')
    return json.loads(node.text()) if node else {}


def hrefs(page: LexborHTMLParser, scheme: str) -> set[str]:
    links = page.css(f'a[href^="{scheme}:"]')
    return {str(link.attributes["href"]).removeprefix(f"{scheme}:").split("?")[0].lower() for link in links}


def matched_phones(text: str) -> set[str]:
    found = phonenumbers.PhoneNumberMatcher(text, "US")
    return {phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164) for match in found}


def undisguised_phones(text: str) -> set[str]:
    """A simple reading of disguised numbers, apart from the one the product uses."""
    text = text.lower().translate({0xFF10 + digit: str(digit) for digit in range(10)})
    for digit, word in enumerate(DIGIT_WORDS):
        text = text.replace(word, str(digit))
    text = re.sub(r"\boh\b", "0", text)
    look_alikes = str.maketrans("ol", "01")
    text = re.sub(r"\b[\dol]{3}-[\dol]{3}-[\dol]{4}\b", lambda match: match[0].translate(look_alikes), text)
    runs = re.findall(r"(?<![\d-])(?:\d[ ,.*()-]{0,3}){9}\d(?![\d-])", text)
    zips = re.compile(r"\d{5}\D+\d{5}")
    numbers = {"+1" + re.sub(r"\D", "", run) for run in runs if not zips.fullmatch(run)}
    return {number for number in numbers if phonenumbers.is_valid_number(phonenumbers.parse(number))}


def undisguised_emails(text: str) -> set[str]:
    """A simple reading of disguised addresses."""
    text = re.sub(r"\s*(?:\[at\]|\(at\)|\s@\s|\sat\s)\s*", "@", text)
    text = re.sub(r"\s*(?:\[dot\]|\sdot\s)\s*", ".", text)
    return {address.lower().rstrip(".") for address in ADDRESS.findall(text)}


def pages_of(http: httpx.Client, city: str) -> list[LexborHTMLParser]:
    address: str | None = SOURCE["cities"][city]["listing_url"]
    found = []
    while address:
        found.append(LexborHTMLParser(http.get(address).raise_for_status().text))
        following = found[-1].css_first(SOURCE["listing"]["next_link"])
        address = following.attributes["href"] if following else None
    return found


@pytest.mark.parametrize("city", CITIES)
def test_every_link_is_on_the_listings_once_and_in_order(site: httpx.Client, city: str) -> None:
    links = [
        link.attributes["href"] for page in pages_of(site, city) for link in page.css(SOURCE["listing"]["post_link"])
    ]
    assert links == [post.path for post in truth(city=city).posts]


@pytest.mark.parametrize("city", CITIES)
def test_what_posts_show_is_what_is_right(site: httpx.Client, city: str) -> None:
    for post in truth(city=city).posts:
        if not post.is_fetchable:
            continue
        answer = site.get(post.path)
        if post.fetch == "flaky" and answer.status_code == 503:
            answer = site.get(post.path)
        page = LexborHTMLParser(answer.raise_for_status().text)
        text, data = body_of(page), json_ld_of(page)
        plain = matched_phones(text) | hrefs(page, "tel")
        assert plain <= post.phones, post
        if post.phone_style in PLAIN_PHONE_STYLES:
            assert plain == post.phones, post
        assert plain | undisguised_phones(text) == post.phones, post

        emails = {address.lower().rstrip(".") for address in ADDRESS.findall(text)} | hrefs(page, "mailto")
        emails |= {data["email"]} if "email" in data else set()
        assert emails <= post.emails, post
        if post.email_style in PLAIN_EMAIL_STYLES:
            assert emails == post.emails, post
        assert emails | undisguised_emails(text) == post.emails, post

        gate = page.css_first(SOURCE["post"]["contact_link"])
        assert (gate is not None) == bool(post.captcha_email), post
        if post.route == "CAPTCHA":
            assert post.captcha_email not in answer.text, post


def test_pictures_of_posts_are_pictures(site: httpx.Client) -> None:
    kinds = set()
    for post in truth().posts[:40]:
        if post.fetch != "ok":
            continue
        page = LexborHTMLParser(site.get(post.path).text)
        for image in page.css(SOURCE["post"]["images"]):
            answer = site.get(str(image.attributes["src"])).raise_for_status()
            kinds.add((answer.headers["Content-Type"], answer.content[:2]))
    assert kinds == {("image/jpeg", b"\xff\xd8"), ("image/png", b"\x89P")}


def test_one_post_is_in_latin_1_and_reads_well(site: httpx.Client) -> None:
    answers = [site.get(post.path) for post in truth().posts if post.fetch == "ok" and post.route == "EMAIL"]
    (latin,) = (answer for answer in answers if answer.headers["Content-Type"].endswith("iso-8859-1"))
    assert "José y Begoña Núñez".encode("iso-8859-1") in latin.content
    assert "¡llámenos mañana!" in latin.text


def test_markup_in_ads_stays_text(site: httpx.Client) -> None:
    titles = [LexborHTMLParser(site.get(post.path).text).css_first("h1") for post in truth().posts[:60]]
    (hostile,) = (title for title in titles if title is not None and "{{ 7 * 7 }}" in title.text())
    assert "<b>" in hostile.text()
    assert hostile.css_first("b") is None


def test_dead_and_broken_links(fresh: httpx.Client) -> None:
    dead = [fresh.get(post.path).status_code for post in truth().posts if post.fetch == "dead"]
    assert set(dead) == {404, 410}
    broken = of_fetch("broken").path
    assert [fresh.get(broken).status_code for _ in range(3)] == [500, 500, 500]


def test_flaky_post_fails_once_until_reset(fresh: httpx.Client) -> None:
    path = of_fetch("flaky").path
    first = fresh.get(path)
    assert (first.status_code, first.headers["Retry-After"]) == (503, "1")
    assert [fresh.get(path).status_code for _ in range(2)] == [200, 200]
    fresh.post("/_standin/reset").raise_for_status()
    assert fresh.get(path).status_code == 503


def test_slow_post_takes_its_time() -> None:
    waits = Waits()
    with running(build_app(Settings(sleep=waits))) as url, client(url) as http:
        assert http.get(of_fetch("slow").path).status_code == 200
        assert http.get(of_fetch("ok").path).status_code == 200
    assert waits.seconds == [1.5]


def test_latency_and_failures_on_demand() -> None:
    waits = Waits()
    with running(build_app(Settings(sleep=waits, latency_ms=40, fail_rate=0.5))) as url, client(url) as http:
        statuses = [http.get("/austin/services").status_code for _ in range(60)]
        assert http.get("/robots.txt").status_code == 200
    assert 15 < statuses.count(503) < 45
    assert waits.seconds == [0.04] * 61


@pytest.mark.parametrize("settings", [{"fail_rate": 1.5}, {"posts_per_city": 0}, {"latency_ms": -1}])
def test_settings_nobody_can_follow_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        Settings(**settings)


def test_robots_keeps_crawlers_off_contact_and_private_pages(site: httpx.Client) -> None:
    robots = Protego.parse(site.get("/robots.txt").text)
    gated = next(post for post in truth().posts if post.captcha_email)
    assert robots.can_fetch(gated.path, "leadgen")
    assert not robots.can_fetch(gated.path.replace(".html", "/contact"), "leadgen")
    assert not robots.can_fetch(of_fetch("forbidden").path, "leadgen")
    assert robots.can_fetch("/austin/services?page=2", "leadgen")
    assert robots.can_fetch("/images/a.jpg", "leadgen")
    assert robots.crawl_delay("leadgen") is None


def test_forbidden_page_exists_and_counts_its_visitors(fresh: httpx.Client) -> None:
    path = of_fetch("forbidden").path
    assert "private" not in fresh.get("/_standin/hits").json()["classes"]
    assert fresh.get(path).status_code == 200
    hits = fresh.get("/_standin/hits").json()
    assert hits["classes"]["private"] == 1
    assert hits["paths"][path] == 1


@pytest.mark.parametrize("kind", ["listing", "post"])
def test_conditional_requests(site: httpx.Client, kind: str) -> None:
    path = "/dallas/services?page=2" if kind == "listing" else of_fetch("ok", "dallas").path
    first = site.get(path)
    etag, changed = first.headers["ETag"], first.headers["Last-Modified"]
    same = site.get(path, headers={"If-None-Match": etag})
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", etag)
    assert site.get(path, headers={"If-Modified-Since": changed}).status_code == 304
    other = {"If-None-Match": '"another"', "If-Modified-Since": changed}
    assert site.get(path, headers=other).content == first.content
    assert site.get(path, headers={"If-Modified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"}).status_code == 200


@pytest.mark.parametrize("path", ["/paris/services", "/austin/services?page=7", "/austin/services?page=0"])
def test_addresses_that_lead_nowhere(site: httpx.Client, path: str) -> None:
    assert site.get(path).status_code == 404


@pytest.mark.parametrize("number", ["x", "-1", "1e3", "²", "99999999999999999999"])
def test_odd_page_numbers_are_not_found(site: httpx.Client, number: str) -> None:
    assert site.get("/austin/services", params={"page": number}).status_code == 404


def test_index_feed_and_sitemap(site: httpx.Client) -> None:
    index = LexborHTMLParser(site.get("/").text)
    assert [link.attributes["href"] for link in index.css(".cities a")] == [f"/{city}/services" for city in CITIES]
    feed = site.get("/austin/services.rss")
    assert feed.text.count("<item>") == 25
    assert truth().posts[0].path in feed.text
    sitemap = site.get("/sitemap.xml").text
    assert f"<loc>{str(site.base_url).rstrip('/')}{of_fetch('ok').path}</loc>" in sitemap
    assert "/private/" not in sitemap + feed.text


def test_websites_show_no_contact_that_would_change_an_outcome(site: httpx.Client) -> None:
    seen = 0
    for post in truth().posts:
        if not post.is_fetchable:
            continue
        page = LexborHTMLParser(site.get(post.path).text)
        for link in page.css('#posting-body a[href^="/w/"]'):
            website = LexborHTMLParser(site.get(str(link.attributes["href"])).raise_for_status().text)
            assert hrefs(website, "tel") <= post.phones
            assert hrefs(website, "mailto") <= post.emails
            seen += 1
    assert seen > 5


def test_truth_over_http_is_the_imported_one(site: httpx.Client) -> None:
    assert site.get("/_standin/truth", params={"city": "austin"}).json() == truth().as_json()
    assert site.get("/_standin/truth").status_code == 400


def test_hits_count_pages_by_kind_and_leave_control_addresses_out(fresh: httpx.Client) -> None:
    fresh.get("/austin/services")
    fresh.get("/austin/services?page=2", headers={"User-Agent": "leadgen-test"})
    fresh.get("/robots.txt")
    hits = fresh.get("/_standin/hits").json()
    assert hits["classes"] == {"listing": 2, "robots": 1}
    assert hits["paths"]["/austin/services"] == 2
    assert hits["user_agents"]["leadgen-test"] == 1
    assert hits["max_in_flight"] == 1
    fresh.post("/_standin/reset")
    assert fresh.get("/_standin/hits").json()["total"] == 0


def test_traffic_survives_a_restart_and_a_damaged_file(tmp_path: Path) -> None:
    flaky = of_fetch("flaky").path
    settings = Settings(data_dir=tmp_path, sleep=Waits())
    with running(build_app(settings)) as url, client(url) as http:
        assert http.get(flaky).status_code == 503
    with running(build_app(settings)) as url, client(url) as http:
        assert http.get(flaky).status_code == 200
        assert http.get("/_standin/hits").json()["paths"][flaky] == 2
    (tmp_path / "traffic.json").write_text("{damaged")
    with running(build_app(settings)) as url, client(url) as http:
        assert http.get("/_standin/hits").json()["total"] == 0


def test_as_a_process_it_serves_the_same_bytes_and_ends_when_told(tmp_path: Path, site: httpx.Client) -> None:
    ready = tmp_path / "run" / "ready.json"
    command = [
        sys.executable,
        "-m",
        "local.classifieds",
        "--data-dir",
        str(tmp_path / "data"),
        "--ready-file",
        str(ready),
    ]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONHASHSEED": "99"})
    try:
        deadline = time.monotonic() + 20
        while not ready.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        facts = json.loads(ready.read_text())
        assert facts["pid"] == process.pid
        with client(facts["url"]) as http:
            for path in ("/austin/services", of_fetch("ok").path, f"/images/{_first_picture()}"):
                assert http.get(path).content == site.get(path).content
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()
        process.wait(timeout=10)
    assert json.loads((tmp_path / "data" / "traffic.json").read_text())["total"] == 3


def test_options_out_of_range_are_explained(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local.classifieds", "--data-dir", str(tmp_path), "--fail-rate", "7"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert result.returncode == 2
    assert "fail_rate must be between 0 and 1, not 7.0" in result.stderr


def _first_picture() -> str:
    posts = generate_city(7, CITIES["austin"]).posts
    return next(picture.name for post in posts for picture in post.pictures)
