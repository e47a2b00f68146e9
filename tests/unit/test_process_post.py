"""A post is read as a whole, and sent where it belongs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leadgen.model.status import PostOutcome
from leadgen.process.language import guess_language
from leadgen.process.post import (
    MAX_BODY,
    MAX_FURTHER,
    MAX_FURTHER_LENGTH,
    ExtractedPost,
    PostSelectors,
    clean_text,
    extract_post,
)
from leadgen.process.triage import triage

SELECTORS = PostSelectors("h1", "#body", "figure img", "a.reply", "captcha")
URL = "https://austin.ads.org/services/d/7715125501.html"


def post(body: str, *, outside: str = "", url: str = URL, selectors: PostSelectors = SELECTORS) -> ExtractedPost:
    html = f"<title>t</title><body><h1>Plumber</h1><section id=body>{body}</section>{outside}</body>"
    return extract_post(html, url, selectors, relay_domains=["reply.ads.org"])


def test_a_post_with_everything() -> None:
    found = post(
        """<p>We are the best plumbers in Austin and you can call us at 512-555-0134 for all your work.</p>
        <p>joe at acme dot com or <a href="mailto:x@reply.ads.org">reply</a></p>
        <p><a href="https://www.acme.com/home#top">site</a> <a href="https://facebook.com/acme">fb</a>
        <a href="/w/acme/">our website</a> <a href="/help">help</a></p>""",
        outside="""<a class=reply href="contact">reply</a><figure><img src="/i/1.jpg">
        <img data-src="//cdn.ads.org/2.jpg">
        <img src="data:image/png;base64,xx"></figure><footer>abuse@ads.org 512-555-0000</footer>""",
    )
    assert (found.title, found.language) == ("Plumber", "en")
    assert [phone.e164 for phone in found.phones] == ["+15125550134"]
    assert [email.address for email in found.emails] == ["joe@acme.com"]
    assert [email.address for email in found.relay_emails] == ["x@reply.ads.org"]
    assert found.website_urls == ("https://www.acme.com/home", "https://austin.ads.org/w/acme/")
    assert found.contact_url == "https://austin.ads.org/services/d/contact"
    assert found.gate == "captcha"
    assert found.image_urls == ("https://austin.ads.org/i/1.jpg", "https://cdn.ads.org/2.jpg")


def test_the_id_of_the_post_is_no_number() -> None:
    assert post("see 5125550134", url="https://ads.org/5125550134.html").phones == ()


def test_a_gate_is_there_only_with_its_link() -> None:
    assert post("hi").gate == "none"
    assert post("hi", outside='<a class=reply href="javascript:void(0)">r</a>').contact_url == ""


def test_a_contact_link_that_is_a_mailto_gives_the_address() -> None:
    found = post("hi", outside='<a class=reply href="mailto:joe@acme.com">reply</a>')
    assert (found.gate, [email.kind for email in found.emails]) == ("mailto", ["mailto"])


def test_addresses_of_the_site_itself_identify_nobody() -> None:
    assert post("help@austin.ads.org").emails == ()


def test_structured_data_counts_and_names_the_business() -> None:
    block = '{"@type":"LocalBusiness","name":"Acme","telephone":"(512) 555-0199","email":"joe@acme.com"}'
    found = post("call now", outside=f'<script type="application/ld+json">{block}</script>')
    assert found.business_name == "Acme"
    assert [phone.e164 for phone in found.phones] == ["+15125550199"]
    assert [email.kind for email in found.emails] == ["json_ld"]


def test_title_and_text_do_not_join_into_a_number() -> None:
    html = "<h1>Save 512</h1><div id=body>555-0134 units</div>"
    assert extract_post(html, URL, SELECTORS).phones == ()


def test_the_text_is_clean_and_bounded() -> None:
    found = post("a\x07b\x1b[31mc \u202eevil <b>&lt;script&gt;</b>" + "x" * 50_000)
    assert found.body.startswith("ab[31mc evil <script>")
    assert len(found.body) == MAX_BODY
    assert clean_text("a\r\n b\x00", one_line=True) == "a b"


def test_a_website_written_in_the_text() -> None:
    found = post("See www.acme-plumbing.com. Or bobsplumbing.net, mail joe@acme.com, instagram.com/acme")
    assert found.website_urls == ("http://www.acme-plumbing.com/", "http://bobsplumbing.net/")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We are the best and you can call us for all of your work", "en"),
        ("Somos los mejores plomeros de la ciudad, llame para una cotización sin costo", "es"),
        ("Nous sommes les meilleurs pour votre maison et vous pouvez appelez", "fr"),
        ("Wir sind die besten und Sie rufen uns auf der Arbeit mit dem an", "de"),
        ("512-555-0134", ""),
        ("", ""),
    ],
)
def test_the_language_is_guessed_or_left_open(text: str, language: str) -> None:
    assert guess_language(text) == language


@pytest.mark.parametrize(
    ("has_email", "gate", "has_phone", "suppressed", "outcome"),
    [
        (True, "captcha", True, False, PostOutcome.QUEUED),
        (True, "none", False, False, PostOutcome.QUEUED),
        (False, "captcha", True, False, PostOutcome.REVIEW),
        (False, "captcha", False, False, PostOutcome.REVIEW),
        (False, "none", True, False, PostOutcome.PHONE_ONLY),
        (False, "form", True, False, PostOutcome.PHONE_ONLY),
        (False, "form", False, False, PostOutcome.NO_CONTACT),
        (False, "none", False, False, PostOutcome.NO_CONTACT),
        (True, "captcha", True, True, PostOutcome.SUPPRESSED),
        (False, "none", False, True, PostOutcome.SUPPRESSED),
    ],
)
def test_a_post_goes_where_it_belongs(
    has_email: bool, gate: str, has_phone: bool, suppressed: bool, outcome: PostOutcome
) -> None:
    assert triage(has_email=has_email, gate=gate, has_phone=has_phone, suppressed=suppressed) is outcome


def test_further_fields_are_those_that_feed_nothing_else_bounded_in_number_and_length() -> None:
    values = {"title": "Roofs", "phone": "512", "price": "$ 5" + "0" * 1000, "empty": ""}
    values |= {f"extra_{number}": str(number) for number in range(100)}
    post = replace(extract_post("<p>x</p>", "https://a.org/", PostSelectors("h1", "p")), fields=values)
    further = post.further()
    assert list(further)[:2] == ["price", "extra_0"]
    assert len(further) == MAX_FURTHER
    assert len(further["price"]) == MAX_FURTHER_LENGTH
