"""What is proposed of a page that a person looks at: addresses with the text around them, and posts that are gone."""

from __future__ import annotations

import pytest

from leadgen.trial.seen import AROUND, look_at_page, look_at_text

URL = "https://ads.org/1/contact"


def test_an_address_comes_with_its_kind_and_the_text_around_it() -> None:
    page = '<h1>Contact</h1><p>Please write to <a href="mailto:Ann@FenceWorks.com">Ann@FenceWorks.com</a> today</p>'
    (seen,) = look_at_page(page, URL).addresses
    assert (seen.address, seen.kind) == ("ann@fenceworks.com", "mailto")
    assert "Please write to Ann@FenceWorks.com today" in seen.where


def test_the_text_around_is_short_and_harmless() -> None:
    long = "x" * 500
    page = f"<p>{long} \x1b[2J ann@fenceworks.com {long}</p>"
    (seen,) = look_at_page(page, URL).addresses
    assert len(seen.where) <= 2 * AROUND + len("ann@fenceworks.com") + 2
    assert seen.where.startswith("…")
    assert "\x1b" not in seen.where


def test_the_sites_relay_is_named_as_such() -> None:
    page = "<p>a1b2@reply.ads.org or ann@fenceworks.com</p>"
    kinds = {seen.address: seen.kind for seen in look_at_page(page, URL, ("reply.ads.org",)).addresses}
    assert kinds == {"a1b2@reply.ads.org": "relay", "ann@fenceworks.com": "text"}


def test_reserved_domains_are_somebodys_on_this_machine_only() -> None:
    page = "<p>ann@fences.example</p>"
    assert [s.address for s in look_at_page(page, "http://127.0.0.1:8080/x").addresses] == ["ann@fences.example"]
    assert look_at_page(page, URL).addresses == ()
    assert look_at_page(page, "http://[broken").addresses == ()


def test_copied_text_is_read_the_same_way() -> None:
    assert [seen.address for seen in look_at_text("ann (at) fenceworks dot com", URL)] == ["ann@fenceworks.com"]
    assert look_at_text("no address", URL) == ()


@pytest.mark.parametrize(
    ("page", "removed"),
    [
        ("<h1>This posting has been deleted by its author.</h1>", True),
        ("<title>Ad expired</title><h2>This listing has expired</h2>", True),
        ("<p>Sorry, this ad was removed.</p>", True),
        ("<p>The advertisement is no longer available</p>", True),
        ("<h1>Rust removed from fences</h1><p>Old paint is removed by hand.</p>", False),
        ("<h1>Fences</h1><p>" + "We post fences. " * 200 + "This ad has expired.</p>", False),
        ("<h1>Contact the advertiser</h1><p>To keep robots out, please work out what the picture asks.</p>", False),
    ],
)
def test_a_page_that_says_that_the_post_is_gone_is_told_from_one_that_mentions_it(page: str, removed: bool) -> None:
    assert bool(look_at_page(page, URL).removed) is removed


@pytest.mark.parametrize("page", ["", "<", "\x00" * 100, "<div>" * 5000, "@" * 5000, "<title>" + "a" * 10_000])
def test_no_page_stops_it(page: str) -> None:
    assert look_at_page(page, URL).addresses == ()
