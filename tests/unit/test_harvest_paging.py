"""Listings whose pages are counted: by page number or offset, in a parameter or in the path."""

from __future__ import annotations

from typing import Any

import pytest

from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.harvest.page import Page
from leadgen.harvest.paging import with_parameter
from leadgen.harvest.reading import ListingWalk
from leadgen.harvest.sources import City, ListingRules, Offset, PageNumber, Paging, PostRules, Source

FIRST = "https://demo.example/austin/"


def _source(paging: Paging, first: str = FIRST) -> Source:
    return Source(
        id="demo",
        name="Demo",
        base_url="https://demo.example",
        listing=ListingRules(post_link="a", paging=paging),
        post=PostRules(body="p"),
        cities=(City("austin", "Austin", first, "UTC"), City("reno", "Reno", "https://demo.example/reno/", "UTC")),
    )


class Site:
    """Pages by address; what is asked for is noted."""

    def __init__(self, pages: dict[str, list[str]], beyond: list[str] | None = None) -> None:
        self.pages = pages
        self.beyond = beyond
        self.asked: list[str] = []

    async def get(self, url: str, **_: Any) -> Page:
        self.asked.append(url)
        posts = self.pages.get(url, self.beyond)
        if posts is None:
            raise FetchError(FetchKind.GONE, url, "the site answered 404")
        html = "".join(f'<a href="{post}">x</a>' for post in posts)
        return Page(url, url, 200, html, html.encode(), "text/html", {})


async def _walk(site: Site, source: Source, first: str = FIRST) -> list[str]:
    """All posts, as a campaign meets them; a listing that does not end fails the test."""
    found: list[str] = []
    url = first
    for _ in range(20):
        # A new walk for each page: all that is known is in the cursor, as after a kill.
        listing = await ListingWalk(site, source).read(url)
        found += listing.post_urls
        url = listing.next_url
        if not url:
            return found
    raise AssertionError(f"the listing does not end: {site.asked}")


THREE = {FIRST: ["/p/1", "/p/2"], f"{FIRST}?page=2": ["/p/3", "/p/4"], f"{FIRST}?page=3": ["/p/5"]}
ALL = [f"https://demo.example/p/{number}" for number in (1, 2, 3, 4, 5)]


@pytest.mark.parametrize(
    ("what", "beyond"),
    [("an empty page", []), ("a page that does not exist", None), ("the last page again", ["/p/5"])],
)
async def test_pages_are_counted_until_there_are_no_more(what: str, beyond: list[str] | None) -> None:
    site = Site(THREE, beyond)
    assert list(dict.fromkeys(await _walk(site, _source(PageNumber(parameter="page"))))) == ALL, what
    assert site.asked[:4] == [FIRST, f"{FIRST}?page=2", f"{FIRST}?page=3", f"{FIRST}?page=4"]
    assert len(site.asked) <= 4, "one page beyond the end is asked for, and no more"


async def test_a_site_that_begins_again_behind_its_end_is_left_after_one_round() -> None:
    site = Site(THREE, ["/p/1", "/p/2"])
    assert list(dict.fromkeys(await _walk(site, _source(PageNumber(parameter="page"))))) == ALL
    assert len(site.asked) == 5


async def test_a_first_page_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(FetchError, match="404"):
        await _walk(Site({}), _source(PageNumber(parameter="page")))


async def test_offsets_are_counted_in_steps() -> None:
    first = "https://demo.example/search?query=a%20b&sort=new"
    site = Site({first: ["/p/1"], f"{first}&s=20": ["/p/2"], f"{first}&s=40": ["/p/3"]})
    found = await _walk(site, _source(Offset(parameter="s", step=20), first), first)
    assert found == [f"https://demo.example/p/{number}" for number in (1, 2, 3)]
    assert site.asked[-1] == f"{first}&s=60"


async def test_numbers_go_on_from_the_one_in_the_address() -> None:
    first = f"{FIRST}?page=0"
    site = Site({first: ["/p/1"], f"{FIRST}?page=1": ["/p/2"]})
    assert len(await _walk(site, _source(PageNumber(parameter="page"), first), first)) == 2


async def test_numbers_may_stand_in_the_path_of_the_city() -> None:
    pages = {FIRST: ["/p/1"], "https://demo.example/austin/page/2/": ["/p/2"]}
    site = Site(pages)
    assert len(await _walk(site, _source(PageNumber(url="/{city}/page/{page}/")))) == 2
    assert site.asked[-1] == "https://demo.example/austin/page/3/"


async def test_the_cursor_is_the_address_for_the_site_and_keeps_its_notes_to_itself() -> None:
    site = Site(THREE)
    listing = await ListingWalk(site, _source(PageNumber(parameter="page"))).read(FIRST)
    assert listing.next_url.startswith(f"{FIRST}?page=2#leadgen:")
    await ListingWalk(site, _source(PageNumber(parameter="page"))).read(listing.next_url)
    assert site.asked[-1] == f"{FIRST}?page=2"


def test_a_parameter_is_set_and_the_others_stay_as_written() -> None:
    address = "https://a.example/?q=a%20b&p=1&x&P=2"
    assert with_parameter(address, "p", 7) == "https://a.example/?q=a%20b&x&P=2&p=7"
    assert with_parameter("https://a.example/", "page[no]", 2) == "https://a.example/?page[no]=2"
