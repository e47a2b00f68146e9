"""RSS and Atom feeds as listings."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.harvest.feeds import MOST_TAGS, read_feed
from leadgen.harvest.listing import MOST_POSTS, Listing, parse_listing
from leadgen.harvest.page import Page
from leadgen.harvest.sources import FeedRules, NoPaging, PageNumber, PostRules, Source

URL = "https://demo.example/feed.xml"
RSS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>t</title>
<link>https://demo.example/</link>%s</channel></rss>"""
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>%s</feed>"""


def _source(rules: FeedRules | None = None, charset: str = "") -> Source:
    return Source(
        id="demo",
        name="Demo",
        base_url="https://demo.example",
        listing=rules or FeedRules(),
        post=PostRules(body="p"),
        cities=(),
        charset=charset,
    )


def _read(
    content: str | bytes, url: str = URL, source: Source | None = None, content_type: str = "text/xml"
) -> Listing:
    data = content.encode() if isinstance(content, str) else content
    page = Page(url, url.partition("#")[0], 200, data.decode("utf-8", "replace"), data, content_type, {})
    return parse_listing(page, source or _source())


def _items(*links: str) -> str:
    return "".join(f"<item><title>x</title><link>{link}</link></item>" for link in links)


def test_an_rss_feed_gives_its_posts_in_order() -> None:
    listing = _read(RSS % _items("https://demo.example/p/2", "/p/1", "https://demo.example/p/2#top"))
    assert listing == Listing(("https://demo.example/p/2", "https://demo.example/p/1"), "")


def test_an_atom_feed_gives_the_pages_and_not_its_other_links() -> None:
    entry = """<entry><link rel="self" href="/p/1.atom"/><link rel="enclosure" href="/i.jpg"/>
    <link rel="alternate" href="/p/1"/></entry><entry><link href="p/2"/></entry>"""
    assert _read(ATOM % entry).post_urls == ("https://demo.example/p/1", "https://demo.example/p/2")


def test_a_feed_s_own_link_leads_to_its_next_page() -> None:
    """RFC 5005, section 3."""
    listing = _read(ATOM % '<link rel="next" href="?page=2"/><entry><link href="/p/1"/></entry>')
    assert listing.next_url == "https://demo.example/feed.xml?page=2"
    assert _read(ATOM % '<link rel="next" href="https://x.example/"/>').next_url == ""
    assert _read(ATOM % '<link rel="next" href="?p=2"/>', source=_source(FeedRules(paging=NoPaging()))).next_url == ""


def test_a_guid_is_a_link_unless_it_says_that_it_is_not() -> None:
    items = """<item><guid>https://demo.example/p/1</guid></item>
    <item><guid isPermaLink="false">https://demo.example/p/2</guid></item>"""
    assert _read(RSS % items).post_urls == ("https://demo.example/p/1",)


def test_pages_of_a_feed_may_be_counted() -> None:
    source = _source(FeedRules(paging=PageNumber(parameter="paged")))
    listing = _read(RSS % _items("/p/1"), source=source)
    assert listing.next_url.startswith(f"{URL}?paged=2#")
    assert _read(RSS % "", listing.next_url, source).next_url == ""
    assert _read(RSS % _items("/p/1"), listing.next_url, source).next_url == "", "the same posts again"


def test_a_pattern_tells_posts_from_other_entries() -> None:
    listing = _read(RSS % _items("/p/1", "/news/1"), source=_source(FeedRules(post_pattern=r"/p/\d+$")))
    assert (listing.post_urls, listing.unfit) == (("https://demo.example/p/1",), 1)


def test_entries_of_another_site_are_left_out() -> None:
    assert _read(RSS % _items("https://ads.example/1")).foreign == ("ads.example",)


def test_a_long_feed_is_read_in_parts() -> None:
    feed = RSS % _items(*(f"/p/{number}" for number in range(MOST_POSTS + 5)))
    first = _read(feed)
    second = _read(feed, first.next_url)
    assert len(first.post_urls) == MOST_POSTS
    assert second.post_urls == tuple(f"https://demo.example/p/{MOST_POSTS + number}" for number in range(5))
    assert second.next_url == ""


@pytest.mark.parametrize("damage", ["&nbsp; &eacute; R&B", "<b>", "\x0b", "<item><link>/p/3"])
def test_a_damaged_feed_is_read_as_far_as_it_goes(damage: str) -> None:
    assert "https://demo.example/p/1" in _read(RSS % (_items("/p/1") + damage)).post_urls


def test_charsets_of_feeds() -> None:
    latin = '<?xml version="1.0" encoding="iso-8859-1"?>' + RSS.partition("?>")[2] % _items("/p/caf\xe9")
    assert _read(latin.encode("latin-1")).post_urls == ("https://demo.example/p/caf\xe9",)
    data = (RSS % _items("/p/\u0416")).encode("koi8-r")
    page = Page(URL, URL, 200, data.decode("koi8-r"), data, "text/xml", {"content-type": "text/xml; charset=utf-8"})
    assert parse_listing(page, _source(charset="koi8-r")).post_urls == ("https://demo.example/p/\u0416",)


@pytest.mark.parametrize("content", ["", "<html><h1>Please sign in</h1><a href='/p/1'>x</a></html>", "{}", b"\x00\xff"])
def test_what_is_no_feed_is_said_to_be_none(content: str | bytes) -> None:
    with pytest.raises(FetchError, match="no RSS or Atom feed") as caught:
        _read(content)
    assert (caught.value.kind, caught.value.retryable) == (FetchKind.BAD_CONTENT, False)


def test_the_content_is_never_taken_for_the_name_of_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "feed.xml"
    secret.write_text(RSS % _items("/secret"))
    assert read_feed(str(secret).encode(), "text/xml", URL) is None


def test_entities_a_feed_declares_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real, handed = feedparser.parse, list[bytes]()

    def parse(stream: io.BytesIO, **options: Any) -> Any:
        handed.append(stream.getvalue())
        return real(stream, **options)

    monkeypatch.setattr(feedparser, "parse", parse)
    lol = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    feed = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a0 "lol">{lol}<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    content = feed + (RSS % "<item><link>/p/&a11;&x;</link></item>").partition("?>")[2]
    for encoding in ("utf-8", "utf-16"):
        found = read_feed(content.encode(encoding), "", URL)
        assert found is not None
        assert all(len(link) < 1000 and "root:" not in link for link in found.links)
    assert not [content for content in handed if b"<!ENTITY" in content]
    assert len(handed) == 2


@pytest.mark.parametrize("piece", ["<item>", "<a ", "<item><link>/p/1</link></item>", "<title>", "&", "<!DOCTYPE x ["])
def test_a_feed_of_too_many_tags_is_cut(piece: str) -> None:
    """Some of these take a minute as they are."""
    content = f"<rss version='2.0'><channel>{_items('/p/0')}{piece * (1_500_000 // len(piece))}".encode()
    found = read_feed(content, "text/xml", URL)
    assert found is not None
    assert found.links[0] == "https://demo.example/p/0"
    assert len(found.links) <= MOST_TAGS


XML = st.lists(
    st.sampled_from(
        ["<rss version='2.0'>", "<channel>", "<item>", "</item>", "<link>", "</link>", "/p/1", "<feed xmlns=",
         "<entry>", "<link href='", "'/>", "<![CDATA[", "]]>", "<!--",
         "&#x0;", "&lt;", "<?xml version='1.0' encoding='", "utf-16",
         "'?>", "<!DOCTYPE", "[", "xml:base='http://['", "\x00", "<guid>", "http://[", "<pubDate>", "99999999-99-99"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@settings(derandomize=True, max_examples=80)
@given(st.one_of(st.binary(max_size=400), XML.map(lambda text: text.encode("utf-8", "replace"))), st.text(max_size=40))
@example(b"<rss><channel><item><link>http://[</link></item></channel></rss>", "text/xml; charset=\x00")
def test_no_feed_raises_anything_else(content: bytes, content_type: str) -> None:
    page = Page(URL, URL, 200, "", content, "text/xml", {"content-type": content_type})
    try:
        listing = parse_listing(page, _source())
    except FetchError:
        return
    assert all(url.startswith("https://demo.example/") for url in listing.post_urls)
