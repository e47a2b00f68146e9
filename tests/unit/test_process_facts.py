"""Structured data in every notation is read of the advertiser, and not of the site that carries the post."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadgen.process.addresses import find_addresses
from leadgen.process.document import BusinessFacts, Page
from leadgen.process.facts import PostalAddress
from leadgen.process.json_ld import parse_block
from leadgen.process.language import guess_language
from leadgen.process.links import link_kind, unwrapped, website_urls
from leadgen.process.post import PostSelectors, extract_post

URL = "https://austin.ads.org/d/7715125501.html"
POST = PostSelectors("h1", "#body")


def block(*values: Any) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(value)}</script>' for value in values)


def own(html: str) -> BusinessFacts:
    return Page(f"<html><body>{html}</body></html>").document().facts


def posted(html: str, head: str = "") -> BusinessFacts:
    page = Page(f"<html><head>{head}</head><body><div id=body>text</div>{html}</body></html>")
    return page.document("#body", "h1", URL).facts


SITE = {
    "@type": "Organization", "@id": "https://austin.ads.org/#org", "name": "Ads", "url": "https://austin.ads.org/",
    "telephone": "800-555-0000", "email": "help@ads.org", "sameAs": ["https://twitter.com/ads"],
}  # fmt: skip
SELLER = {"@type": "LocalBusiness", "name": "Acme", "telephone": "512-555-0134", "email": "joe@acme.com"}


@pytest.mark.parametrize(
    "values",
    [
        ({"@graph": [SITE, {"@type": "Offer", "seller": SELLER}]},),
        (SITE, {"@type": "Product", "offers": {"@type": "Offer", "offeredBy": SELLER}}),
        ({"@type": "WebPage", "publisher": SITE, "mainEntity": SELLER},),
        ({"@type": "WebPage", "publisher": {"@id": "#p"}, "mainEntity": SELLER}, {**SITE, "@id": "#p", "url": ""}),
        ({"@type": "WebSite", "name": "Ads"}, {**SITE, "@id": "x:1", "url": "https://ads.example/"}, SELLER),
        ({k: v for k, v in SITE.items() if k not in ("@id", "url")}, {"@type": "Service", "provider": SELLER}),
        (
            {"@type": "ItemList", "itemListElement": [{"@type": "LocalBusiness", "name": "Other", "email": "o@o.com"}]},
            SELLER,
        ),
        (
            {
                **SELLER,
                "review": [{"@type": "Review", "author": {"@type": "Person", "name": "Ann", "email": "ann@x.com"}}],
            },
        ),
        (SITE, {**SELLER, "url": "https://austin.ads.org/w/acme/"}),
    ],
)
def test_on_a_post_the_sites_own_data_is_left_out(values: tuple[Any, ...]) -> None:
    facts = posted(block(*values))
    assert (facts.business_name, facts.telephones, facts.emails) == ("Acme", ("512-555-0134",), ("joe@acme.com",))


def test_the_name_of_the_site_tells_its_organisation() -> None:
    organisation = {"@type": "Organization", "name": "ADS", "email": "help@other.org"}
    assert posted(block(organisation), '<meta property="og:site_name" content="Ads">').emails == ()
    assert posted(block(organisation)).emails == ("help@other.org",)


def test_on_a_page_of_its_own_the_publisher_is_the_business() -> None:
    facts = own(block({"@graph": [{"@type": "WebSite", "publisher": {"@id": "#o"}}, {**SELLER, "@id": "#o"}]}))
    assert (facts.business_name, facts.emails) == ("Acme", ("joe@acme.com",))


FULL = {
    "@context": "https://schema.org",
    "@type": ["Plumber", "LocalBusiness"],
    "name": "Acme Plumbing",
    "legalName": "Acme Plumbing LLC",
    "telephone": "tel:+1-512-555-0134",
    "url": "https://acme.com",
    "sameAs": ["https://facebook.com/acme"],
    "priceRange": "$$",
    "address": {"@type": "PostalAddress", "streetAddress": "1 Main St", "addressLocality": "Austin",
                "addressRegion": "TX", "postalCode": "78701", "addressCountry": {"@type": "Country", "name": "US"}},
    "geo": {"@type": "GeoCoordinates", "latitude": "30.26", "longitude": -97.74},
    "openingHours": "Mo-Fr 09:00-17:00",
    "openingHoursSpecification": [{"dayOfWeek": ["https://schema.org/Saturday"], "opens": "10:00", "closes": "12:00"}],
    "contactPoint": {"@type": "ContactPoint", "email": "mailto:joe@acme.com", "telephone": "512-555-0199"},
    "hasOfferCatalog": {"@type": "OfferCatalog", "name": "Services", "itemListElement": [
        {"@type": "Offer", "itemOffered": {"@type": "Service", "name": "Drain cleaning"}}]},
    "knowsLanguage": ["en", {"@type": "Language", "name": "Spanish"}],
}  # fmt: skip


def test_all_that_json_ld_says() -> None:
    facts = own(block(FULL))
    assert facts == BusinessFacts(
        business_name="Acme Plumbing",
        legal_name="Acme Plumbing LLC",
        telephones=("+1-512-555-0134", "512-555-0199"),
        emails=("joe@acme.com",),
        urls=("https://acme.com", "https://facebook.com/acme"),
        same_as=("https://facebook.com/acme",),
        address="1 Main St, Austin, TX, 78701",
        postal=PostalAddress("1 Main St", "Austin", "TX", "78701", "US"),
        services=("Services", "Drain cleaning"),
        types=facts.types,
        opening_hours=("Mo-Fr 09:00-17:00", "Saturday 10:00-12:00"),
        geo=(30.26, -97.74),
        price_range="$$",
        languages=("en", "Spanish"),
    )


@pytest.mark.parametrize(
    "html",
    [
        """<div itemscope itemtype="https://schema.org/Plumber"><h1 itemprop="name">Acme</h1>
        <a itemprop="telephone" href="tel:+15125550134">call</a><meta itemprop="email" content="joe@acme.com">
        <div itemprop="address" itemscope itemtype="https://schema.org/PostalAddress">
        <span itemprop="streetAddress">1 Main St</span> <b itemprop="addressLocality">Austin</b></div>
        <div itemprop="review" itemscope><i itemprop="email">x@y.com</i></div></div>""",
        """<div vocab="https://schema.org/" typeof="Plumber"><h1 property="name">Acme</h1>
        <a property="telephone" href="tel:+15125550134">call</a><meta property="email" content="joe@acme.com">
        <div property="address" typeof="PostalAddress"><span property="streetAddress">1 Main St</span>
        <b property="addressLocality">Austin</b></div></div>""",
        """<div class="vcard"><b class="fn org">Acme</b> <a class="tel" href="tel:+15125550134">+15125550134</a>
        <a class="email" href="mailto:joe@acme.com">mail</a> <p class="adr">
        <span class="street-address">1 Main St</span>, <span class="locality">Austin</span></p></div>""",
    ],
)
def test_other_notations(html: str) -> None:
    facts = own(html)
    assert facts.business_name == "Acme"
    assert facts.telephones == ("+15125550134",)
    assert facts.emails == ("joe@acme.com",)
    assert facts.address == "1 Main St, Austin"


def test_open_graph() -> None:
    head = "".join(
        f'<meta property="{name}" content="{value}">'
        for name, value in {
            "og:site_name": "Acme", "business:contact_data:phone_number": "512", "place:location:latitude": "30.1",
            "place:location:longitude": "-97.5", "business:contact_data:locality": "Austin",
        }.items()
    )  # fmt: skip
    facts = Page(f"<html><head>{head}</head><body>x</body></html>").document().facts
    assert (facts.business_name, facts.telephones, facts.geo) == ("Acme", ("512",), (30.1, -97.5))
    assert facts.address == "Austin"


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "A", /* note */ "url": "https://a.com"}',
        '/* seo */ {"name": "A", "url": "https://a.com"};',
        '{"name": "A", // note\n "url": "https://a.com"}',
        '{"name": "A", "url": "https://a.com",}',
        "{&quot;name&quot;: &quot;A&quot;, &quot;url&quot;: &quot;https://a.com&quot;}",
        '/* <![CDATA[ */ {"name": "A", "url": "https://a.com"} /* ]]> */',
        '\ufeff{"name": "A", "url": "https://a.com"};',
        '{"name": "A\\", "url": "https://a.com"}'.replace("A\\", "A"),
    ],
)
def test_broken_blocks_are_repaired(text: str) -> None:
    assert parse_block(text) == {"name": "A", "url": "https://a.com"}


def test_blocks_one_behind_the_other_and_broken_off() -> None:
    assert parse_block('{"name": "A"}{"name": "B"},\n{"na') == [{"name": "A"}, {"name": "B"}]
    assert parse_block("{" + "/* " * 10_000) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "@type",
                    "@id",
                    "@graph",
                    "name",
                    "email",
                    "address",
                    "geo",
                    "url",
                    "seller",
                    "publisher",
                    "makesOffer",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(JSON)
@settings(max_examples=200)
def test_any_value_is_read(value: Any) -> None:
    html = block(value)
    for facts in (own(html), posted(html)):
        assert len(facts.emails) <= 50
        assert all(isinstance(entry, str) for entry in (*facts.emails, *facts.urls, *facts.services, facts.address))


def test_a_thing_that_refers_to_itself_ends() -> None:
    facts = own(block({"@id": "#a", **SELLER, "employee": {"@id": "#a"}, "department": {"@id": "#a"}}))
    assert facts.business_name == "Acme"


def test_the_address_of_a_post_comes_from_its_text_where_nothing_else_gives_it() -> None:
    html = "<h1>t</h1><div id=body>Shop at 1200 W Oak St, Suite 4, Austin, TX 78701. Open daily</div>"
    facts = extract_post(html, URL, POST).facts
    assert facts.postal == PostalAddress("1200 W Oak St, Suite 4", "Austin", "TX", "78701", "US")
    assert extract_post(html.replace("Open", "And 9 Elm St, Waco, TX 76701 open"), URL, POST).facts.address == ""


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("12 Main St.\nAustin, TX", "12 Main St., Austin, TX"),
        ("55 Broadway, New York, NY 10006", "55 Broadway, New York, NY, 10006"),
        ("at 123 N. 5th Avenue", "123 N. 5th Avenue"),
        ("4 Elm Ct Apt 2B Portland, Oregon 97201", "4 Elm Ct, Apt 2B, Portland, Oregon, 97201"),
        ("2455 FM 1626, Buda TX 78610", "2455 FM 1626, Buda, TX, 78610"),
        ("20 Year Road warranty", ""),
        ("3 Best Way to clean", ""),
        ("512-555-0134 Main St", ""),
        ("$500 Oak St", ""),
        ("open 24 Hours Drive by", ""),
        ("2 Bedroom Court view", ""),
    ],
)
def test_street_addresses(text: str, address: str) -> None:
    assert [str(entry.postal) for entry in find_addresses(text)] == ([address] if address else [])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Free estimates! Licensed and insured roofing.", "en"),
        ("Servicio de plomería las 24 horas, presupuesto gratis", "es"),
        ("Plombier disponible 24h, devis gratuit, appelez nous", "fr"),
        ("Umzüge und Reinigung, günstig und zuverlässig", "de"),
        ("Fazemos limpeza de casas, orçamento grátis", "pt"),
        ("Dịch vụ sửa nhà giá rẻ, gọi ngay", "vi"),
        ("专业搬家，价格优惠，欢迎来电", "zh"),
        ("引越しサービス、無料見積もり", "ja"),
        ("이사 전문 업체 무료 견적", "ko"),
        ("Ремонт квартир, недорого, звоните", "ru"),
        ("Ремонт квартир, якісно і недорого, телефонуйте", "uk"),
        ("نقل اثاث بأسعار رخيصة", "ar"),
        ("Plumber / Plomero / Plombier", ""),
        ("iPhone 12 Pro Max 256GB", ""),
        ("ACME LLC 512-555-0134", ""),
    ],
)
def test_the_language_of_short_ads(text: str, language: str) -> None:
    assert guess_language(text) == language


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://www.acme-plumbing.com/about", "website"),
        ("https://m.facebook.com/acme", "social"),
        ("https://wa.me/15125550134", "messenger"),
        ("https://www.yelp.com/biz/acme", "directory"),
        ("https://www.google.com/maps/place/Acme", "map"),
        ("https://maps.google.de/?q=acme", "map"),
        ("https://www.google.de/search?q=acme", "directory"),
        ("https://paypal.me/acme", "payment"),
        ("https://bit.ly/x", "shortener"),
        ("https://fonts.googleapis.com/css", "tracker"),
        ("https://help.ads.org/", "site"),
        ("https://notfacebook.com/", "website"),
    ],
)
def test_links_are_told_apart(url: str, kind: str) -> None:
    assert link_kind(url, "ads.org") == kind


def test_redirects_and_marks_of_campaigns_are_taken_off() -> None:
    assert unwrapped("https://www.google.com/url?q=https://acme.com/%3Fa%3D1&sa=D") == "https://acme.com/?a=1"
    assert unwrapped("https://l.facebook.com/l.php?u=https%3A%2F%2Facme.com%2F&h=x") == "https://acme.com/"
    assert unwrapped("https://acme.com/?utm_source=x&p=2&fbclid=y") == "https://acme.com/?p=2"
    assert website_urls((), "see https://www.google.com/url?q=https://acme.com/x", URL) == ("https://acme.com/x",)


def test_a_website_that_structured_data_states_is_one() -> None:
    html = f"<h1>t</h1><div id=body>hi</div>{block({**SELLER, 'url': 'https://acme.com', 'sameAs': ['https://x.com/acme']})}"
    assert extract_post(html, URL, POST).website_urls == ("https://acme.com/",)
