"""A page is read as a person sees it, in bounded time however it is built, and so is its structured data."""

from __future__ import annotations

import pytest

from leadgen.model.errors import InvalidInput
from leadgen.process.bounds import MAX_DEPTH, MAX_HTML, MAX_TAG, bounded
from leadgen.process.document import Page
from leadgen.process.json_ld import parse_block
from leadgen.process.phones import find_phones


def text(body: str, head: str = "") -> str:
    return Page(f"<html><head>{head}</head><body>{body}</body></html>").document().text


def test_blocks_are_lines_and_inline_elements_join() -> None:
    assert text("<p>Call 5<b>12</b>-<span>555</span>-<i>01</i>34</p><div>now<br>or<div>later</div></div>") == (
        "Call 512-555-0134\nnow\nor\nlater"
    )


def test_digits_in_a_block_each_are_still_one_number() -> None:
    html = "".join(f"<div>{digit}</div>" for digit in "5125550134")
    assert [phone.e164 for phone in find_phones(text(html))] == ["+15125550134"]


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>999</script>",
        "<style>p{}</style>",
        "<template>999</template>",
        "<span hidden>999</span>",
        '<span style="display: none">999</span>',
        '<span style="color:red;DISPLAY:NONE!important"><b>999</b></span>',
        '<span style="visibility:hidden">999</span>',
        '<span style="font-size:0">999</span>',
        '<span class="a x">999</span>',
        '<span id="trap">999</span>',
        "<!-- 999 -->",
    ],
)
def test_what_nobody_sees_is_not_read(hidden: str) -> None:
    sheet = "<style>.x, #trap { display : none } .y{color:red}</style>"
    assert text(f'<p>512{hidden}-555<span class="y">-0134</span></p>', sheet) == "512-555-0134"


def test_links_hidden_from_people_are_traps() -> None:
    html = '<p style="display:none"><a href="mailto:trap@acme.com">x</a></p>'
    html += '<a rel="Nofollow" href="tel:+15125550134">c</a>'
    document = Page(html).document()
    assert [link.href for link in document.links] == ["tel:+15125550134"]
    assert document.links[0].marks == {"nofollow"}
    assert document.tel_links == ("+15125550134",)


def test_only_the_region_is_read_and_the_whole_page_without_it() -> None:
    page = Page("<nav>menu</nav><div class=b>one<div class=b>two</div></div><h1>Title</h1><title>Other</title>")
    assert page.document(".b", "h1").text == "one\ntwo"
    assert page.document(".b", "h1").title == "Title"
    assert "menu" in page.document("#missing").text


def test_a_selector_that_cannot_be_read_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"a\[\["):
        Page("<p>x").document("a[[")


def test_attributes_that_carry_contact_data_are_kept() -> None:
    document = Page('<p aria-label="Call 512-555-0134"><button data-phone="5125550199">show</button></p>').document()
    assert document.attributes == ("Call 512-555-0134", "5125550199")


def test_nesting_and_giant_tags_and_length_are_cut_and_the_text_stays() -> None:
    deep = bounded("<div>" * 5_000 + "512-555-0134")
    assert deep.count("<div>") == MAX_DEPTH
    assert deep.endswith("512-555-0134")
    giant = bounded("<p>a</p><div " + "x=1 " * 50_000 + ">512-555-0134</div>")
    assert len(giant) < MAX_TAG + 100
    assert "512-555-0134" in Page(giant).document().text
    assert len(bounded("x" * (MAX_HTML + 5))) == MAX_HTML


def test_an_ordinary_page_is_left_as_it_is() -> None:
    html = "<div><p>text</p></div>" * 3_000
    assert bounded(html) == html


@pytest.mark.parametrize("html", ["", "<", "\x00", "<html", "plain", "</p></p>", "<table><tr><td>x", "<svg><p>x"])
def test_damaged_pages_are_read(html: str) -> None:
    assert isinstance(Page(html).document("p").text, str)


# Structured data


def facts(block: str, body: str = ""):  # type: ignore[no-untyped-def]
    return Page(f'<script type="application/ld+json">{block}</script><body>{body}').document().facts


def test_a_business_in_json_ld() -> None:
    found = facts(
        """{"@context":"https://schema.org","@graph":[{"@type":"WebSite","name":"Some Ads","email":"x@site.org"},
        {"@type":["Plumber"],"name":"Acme Plumbing","telephone":["512-555-0134"],"email":"mailto:joe@acme.com",
         "url":"https://acme.com",
         "address":{"@type":"PostalAddress","streetAddress":"1 Main St","addressLocality":"Austin"},
         "publisher":{"@type":"Organization","name":"Site","telephone":"512-555-0000"},
         "makesOffer":[{"@type":"Offer","itemOffered":{"@type":"Service","name":"Drain cleaning"}}],
         "employee":{"@type":"Person","name":"Joe"}}]}"""
    )
    assert found.business_name == "Acme Plumbing"
    assert found.telephones == ("512-555-0134",)
    assert found.emails == ("joe@acme.com",)
    assert found.urls == ("https://acme.com",)
    assert found.address == "1 Main St, Austin"
    assert found.services == ("Drain cleaning",)
    assert found.person == "Joe"


@pytest.mark.parametrize(
    "block",
    [
        '<!-- {"name": "Acme"} -->',
        '//<![CDATA[\n{"name": "Acme"}\n//]]>',
        '{"name": "Acme",}',
        '{"name": "Acme"};',
        '{"name": "Acme", "description": "two\nlines"}',
    ],
)
def test_blocks_as_people_write_them(block: str) -> None:
    assert parse_block(block)["name"] == "Acme"


@pytest.mark.parametrize(
    "block", ["", "{", "[" * 100_000, "null", '"text"', "12", '{"@type": {"a": 1}, "email": {"b": 2}}']
)
def test_broken_blocks_are_left_aside(block: str) -> None:
    assert facts(block).emails == ()


def test_microdata() -> None:
    body = """<div itemscope itemtype="https://schema.org/LocalBusiness"><span itemprop="name">Acme</span>
    <a itemprop="telephone" href="tel:+15125550134">call</a><meta itemprop="email" content="joe@acme.com"></div>"""
    found = facts("{}", body)
    assert (found.business_name, found.telephones, found.emails) == ("Acme", ("+15125550134",), ("joe@acme.com",))
