"""Listing pages: which links count, in which form and order."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from leadgen.harvest.fetch import Page
from leadgen.harvest.listing import Listing, parse_listing
from leadgen.harvest.sources import ListingRules, PostRules, Source

SOURCE = Source(
    id="demo",
    name="Demo",
    base_url="https://demo.example",
    listing=ListingRules(post_link="li > a", next_link="a.next"),
    post=PostRules(title="h1", body="p"),
    cities=(),
)
HERE = "https://demo.example/austin/?page=1"


def _listing(html: str, url: str = HERE, final_url: str = "") -> Listing:
    return parse_listing(Page(url, final_url or url, 200, html, html.encode(), "text/html", {}), SOURCE)


def _posts(*hrefs: str) -> str:
    return "".join(f'<li><a href="{href}">x</a></li>' for href in hrefs)


def test_links_become_absolute_and_canonical() -> None:
    html = _posts("7", "/p/8#top", "//Other.example:443/9", "HTTPS://DEMO.example:443/p/10", " ?page=2 ")
    assert _listing(html).post_urls == (
        "https://demo.example/austin/7",
        "https://demo.example/p/8",
        "https://other.example/9",
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
    assert _listing(_posts("1"), final_url="https://new.example/x/").post_urls == ("https://new.example/x/1",)


def test_the_next_page_is_the_first_link_that_leads_on() -> None:
    html = f'<a class=next href="{HERE}">1</a><a class=next href="javascript:">.</a><a class=next href="?page=2">2</a>'
    assert _listing(html).next_url == "https://demo.example/austin/?page=2"


def test_a_page_is_never_its_own_next_page() -> None:
    assert _listing('<a class=next href="#">again</a>').next_url == ""
    moved = _listing('<a class=next href="/austin/?page=1">x</a>', url="https://demo.example/", final_url=HERE)
    assert moved.next_url == ""


def test_a_page_without_anything_has_nothing() -> None:
    assert _listing("") == Listing((), "")


@settings(deadline=None, derandomize=True)
@given(st.lists(st.text(max_size=60), max_size=20))
def test_no_page_makes_parsing_fail(hrefs: list[str]) -> None:
    listing = _listing(_posts(*hrefs) + "".join(f'<a class=next href="{href}">' for href in hrefs))
    assert len(set(listing.post_urls)) == len(listing.post_urls)
    assert all(url.startswith(("http://", "https://")) and "#" not in url for url in listing.post_urls)
    assert listing.next_url != HERE
