"""Listing pages: which links count, in which form and order."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urljoin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadgen.harvest.fetch import Page
from leadgen.harvest.listing import MOST_POSTS, Listing, parse_listing
from leadgen.harvest.sources import City, ListingRules, PostRules, Source
from leadgen.model.ids import canonical_url

SOURCE = Source(
    id="demo",
    name="Demo",
    base_url="https://demo.example",
    listing=ListingRules(post_link="li > a", next_link="a.next"),
    post=PostRules(title="h1", body="p"),
    cities=(),
)
HERE = "https://demo.example/austin/?page=1"


def _listing(html: str, url: str = HERE, final_url: str = "", source: Source = SOURCE) -> Listing:
    content = html.encode("utf-8", "replace")
    return parse_listing(Page(url, final_url or url, 200, html, content, "text/html", {}), source)


def _posts(*hrefs: str) -> str:
    return "".join(f'<li><a href="{href}">x</a></li>' for href in hrefs)


def test_links_become_absolute_and_canonical() -> None:
    html = _posts("7", "/p/8#top", "//Reno.Demo.example:443/9", "HTTPS://DEMO.example:443/p/10", " ?page=2 ")
    assert _listing(html).post_urls == (
        "https://demo.example/austin/7",
        "https://demo.example/p/8",
        "https://reno.demo.example/9",
        "https://demo.example/p/10",
        "https://demo.example/austin/?page=2",
    )


def test_each_post_comes_once_in_the_order_of_the_page() -> None:
    assert _listing(_posts("/b", "/a", "/b#again", "https://demo.example/a")).post_urls == (
        "https://demo.example/b",
        "https://demo.example/a",
    )


def test_what_is_no_web_address_is_left_out() -> None:
    html = _posts(
        "javascript:alert(1)", "mailto:a@b.example", "", "  ", "http://", "http://[", "ftp://x.example/", "http://u@h/"
    )
    assert _listing(html + "<li><a>no address</a></li>" + _posts("http://h:99999/", "/" + "x" * 3000)).post_urls == ()


def test_the_base_element_counts() -> None:
    assert _listing('<base href="/deep/">' + _posts("1")).post_urls == ("https://demo.example/deep/1",)
    assert _listing('<base href="javascript:">' + _posts("1")).post_urls == ("https://demo.example/austin/1",)


def test_links_are_relative_to_where_a_redirect_led() -> None:
    assert _listing(_posts("1"), final_url="https://www.demo.example/x/").post_urls == ("https://www.demo.example/x/1",)


def test_the_next_page_is_the_first_link_that_leads_on() -> None:
    html = f'<a class=next href="{HERE}">1</a><a class=next href="javascript:">.</a><a class=next href="?page=2">2</a>'
    assert _listing(html).next_url == "https://demo.example/austin/?page=2"


def test_a_page_is_never_its_own_next_page() -> None:
    assert _listing('<a class=next href="#">again</a>').next_url == ""
    moved = _listing('<a class=next href="/austin/?page=1">x</a>', url="https://demo.example/", final_url=HERE)
    assert moved.next_url == ""


def test_a_page_without_anything_has_nothing() -> None:
    assert _listing("") == Listing((), "")


def test_links_to_another_site_are_left_out_and_named() -> None:
    html = _posts("/p/1", "https://other.example/2", "https://notdemo.example/3", "http://demo.example:8081/4")
    listing = _listing(html + "<a class=next href='https://other.example/?page=2'>2</a>")
    assert listing.post_urls == ("https://demo.example/p/1",)
    assert listing.next_url == "", "nobody acknowledged the terms of the other site"
    assert listing.foreign == ("other.example", "notdemo.example", "demo.example:8081")
    assert "links lead to other.example" in listing.remark


def test_further_hosts_of_the_site_are_its_own() -> None:
    source = replace(
        SOURCE, hosts=("posts.other.example",), cities=(City("reno", "Reno", "https://r.example/", "UTC"),)
    )
    html = _posts("https://posts.other.example/1", "https://a.posts.other.example/2", "https://www.r.example/3")
    assert len(_listing(html, source=source).post_urls) == 3


def test_a_pattern_of_addresses_finds_posts_without_a_selector() -> None:
    rules = ListingRules(post_pattern=r"/d/[^/]+/\d+\.html$")
    html = '<a href="/d/a-b/12.html">x</a><a href="/d/a-b/about.html">x</a><a href="/help">y</a>'
    listing = _listing(html, source=replace(SOURCE, listing=rules))
    assert listing.post_urls == ("https://demo.example/d/a-b/12.html",)
    assert listing.remark == "2 links do not fit listing.post_pattern"


def test_selector_and_pattern_together_narrow_each_other() -> None:
    rules = ListingRules(post_link="li > a", post_pattern=r"\d$")
    html = _posts("/p/1", "/p/x") + '<a href="/p/2">outside</a>'
    assert _listing(html, source=replace(SOURCE, listing=rules)).post_urls == ("https://demo.example/p/1",)


def test_an_element_around_the_link_will_do() -> None:
    rules = ListingRules(post_link="li")
    assert _listing(_posts("/p/1"), source=replace(SOURCE, listing=rules)).post_urls == ("https://demo.example/p/1",)


def test_a_page_of_ten_thousand_links_gives_a_listing_s_worth() -> None:
    assert len(_listing(_posts(*(f"/p/{number}" for number in range(10_000)))).post_urls) == MOST_POSTS


def test_a_pattern_that_takes_too_long_gives_the_page_up(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(1_000_000))
    monkeypatch.setattr("leadgen.harvest.listing.time.thread_time", lambda: float(next(ticks)))
    source = replace(SOURCE, listing=ListingRules(post_pattern="/p/"))
    listing = _listing(_posts(*(f"/p/{number}" for number in range(50))), source=source)
    assert 0 < len(listing.post_urls) < 10
    assert listing.unfit == 50 - len(listing.post_urls)


def test_deep_nesting_costs_no_more_than_its_length() -> None:
    """Parsed as it is, such a page takes minutes."""
    assert _listing(_posts("/p/1") + "<div>" * 100_000).post_urls == ("https://demo.example/p/1",)


@settings(derandomize=True, max_examples=300)
@given(
    st.lists(st.sampled_from(["/", ".", "..", "a", "?", "#", "%41", "b=1", "&", ";", "//", "~", ":", " "]), max_size=8)
)
def test_the_usual_links_are_made_absolute_like_all_others(pieces: list[str]) -> None:
    href = "".join(pieces)
    for base in (HERE, "https://DEMO.example:443/x"):
        url = canonical_url(urljoin(base, href.strip())) if href.strip() else ""
        expected = (url,) if SOURCE.owns(url) and url != canonical_url(base) else ()
        assert _listing(_posts(href.replace("&", "&amp;")), url=base).post_urls == expected


@settings(derandomize=True)
@given(st.lists(st.text(max_size=60), max_size=20))
def test_no_page_makes_parsing_fail(hrefs: list[str]) -> None:
    listing = _listing(_posts(*hrefs) + "".join(f'<a class=next href="{href}">' for href in hrefs))
    assert len(set(listing.post_urls)) == len(listing.post_urls)
    assert all(url.startswith(("http://", "https://")) and "#" not in url for url in listing.post_urls)
    assert listing.next_url != HERE
