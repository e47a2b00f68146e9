"""A whole page is read: header and footer, attributes, links and structured data, with or without its address."""

from __future__ import annotations

import json

import pytest

from leadgen.process.page import extract_page, extract_text, looks_like_html

PAGE = """<!doctype html><html><head><title>Acme\u202e Plumbing | Austin</title>
<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Plumber", "name": "Acme",
 "telephone": "(512) 555-0134", "url": "https://acme-plumbing.com/", "sameAs": ["https://facebook.com/acme"]}</script>
</head><body><header><a href="tel:+15125550142">Call now</a></header>
<main><p>We repair what leaks. Ring 512-555-0156.</p><img src="/pipes.jpg"><img src="data:image/png;base64,AA">
<a href="https://www.partner-roofing.com/home">Roofers we trust</a> <a href="https://facebook.com/acme">us</a></main>
<footer><a href="mailto:office@acme-plumbing.com">Write</a> <span aria-label="Fax 512-555-0177"></span></footer>
</body></html>"""


def test_every_part_of_a_page_is_read() -> None:
    page = extract_page(PAGE, "https://acme-plumbing.com/contact")
    assert page.title == "Acme Plumbing | Austin"
    assert {"+15125550134", "+15125550142", "+15125550156"} <= {phone.e164 for phone in page.phones}
    assert [(email.address, email.kind) for email in page.emails] == [("office@acme-plumbing.com", "mailto")]
    assert [thing["name"] for thing in page.json_ld] == ["Acme"]
    assert page.websites == ("https://www.partner-roofing.com/home", "https://acme-plumbing.com/")
    assert page.images == ("https://acme-plumbing.com/pipes.jpg",)


@pytest.mark.parametrize(
    "note",
    [
        "<!-- saved from url=(0033)https://acme-plumbing.com/contact -->",
        '<link rel="canonical" href="https://acme-plumbing.com/contact">',
        '<base href="https://acme-plumbing.com/">',
    ],
)
def test_a_saved_page_says_itself_where_it_comes_from(note: str) -> None:
    assert extract_page(PAGE.replace("<head>", f"<head>{note}")).images == ("https://acme-plumbing.com/pipes.jpg",)


def test_where_nothing_says_so_pictures_stay_as_written() -> None:
    assert extract_page(PAGE).images == ("/pipes.jpg",)


def test_an_address_at_the_pages_own_host_is_an_address_of_the_business() -> None:
    [email] = extract_page("<p>office@acme.com", "https://acme.com/").emails
    assert email.kind == "text"


def test_json_ld_comes_back_as_sound_json_or_not_at_all() -> None:
    blocks = ['{"@type": "A", "n": NaN}', '[{"@type": "B"}, 7]', "{nonsense", '{"a":' * 5000, '{"@type": "C", }']
    html = "".join(f'<script type="application/ld+json">{block}</script>' for block in blocks)
    found = extract_page(html).json_ld
    assert [thing["@type"] for thing in found] == ["B", "C"]
    json.dumps(found, allow_nan=False)


def test_plain_text_keeps_its_lines_and_its_angle_brackets() -> None:
    page = extract_text("Quote for the fence\n512-555-0134\nJoe <joe@acme.com>\nhttps://acme-fences.com/\n")
    assert page.title == "Quote for the fence"
    assert [phone.e164 for phone in page.phones] == ["+15125550134"]
    assert [email.address for email in page.emails] == ["joe@acme.com"]
    assert page.websites == ("https://acme-fences.com/",)


@pytest.mark.parametrize(
    ("text", "html"), [("Joe <joe@acme.com> 3 < 4", False), ("<P>hi", True), ("<!DOCTYPE html>", True), ("", False)]
)
def test_pages_and_text_are_told_apart(text: str, html: bool) -> None:
    assert looks_like_html(text) is html


@pytest.mark.parametrize("html", ["", "\x00", "<", "<a href='http://[::1'>x</a>", "<base href='http://['><img src=x>"])
def test_no_page_is_too_broken_to_be_read(html: str) -> None:
    extract_page(html)
    extract_page(html, "https://acme.com/")
