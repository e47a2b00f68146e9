"""Values that a definition says where to find, and what becomes of those with known names."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadgen.harvest.sources import read_definition
from leadgen.model.errors import InvalidInput
from leadgen.pipeline.rules import post_selectors
from leadgen.process.document import Page
from leadgen.process.fields import FieldRule, read_fields
from leadgen.process.post import ExtractedPost, PostSelectors, extract_post

URL = "https://ads.demo.org/austin/d/7712345678.html"
HTML = """<html><head><title>Plumber | Demo Ads</title><meta property="og:site_name" content="Demo">
<script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":"WebSite","name":"Demo Ads"},
{"@type":["Thing","LocalBusiness"],"name":"Acme Plumbing LLC","telephone":["(512) 555-0143"],
 "address":{"@type":"PostalAddress","postalCode":78701},"offers":[{"price":95.5},{"price":120}],
 "image":{"@type":"ImageObject","url":"/i/big.jpg"}}]}</script></head>
<body><nav>Help: 512-555-0000</nav><h1>Plumber</h1><div class="price">Price: $1,200.50 per day</div>
<time class="posted" datetime="2026-02-03T10:00:00-06:00">yesterday</time><span class="city">Austin&nbsp; <b>TX</b>
<i style="display:none">decoy</i></span><a class="call" data-number="512.555.0199" href="#">show number</a>
<span class="mail" data-cfemail="543e3b3114353739317a373b39">x</span><span class="tag">drains</span>
<span class="tag">heaters</span><section>We fix pipes. Ask for Joe.</section>
<form class="reply" action="/reply/77"><button data-site="acme-pipes.com/hello">reply</button></form></body></html>"""


def _values(**rules: FieldRule) -> dict[str, tuple[str, ...]]:
    lists = {name: [rule] for name, rule in rules.items()}
    return read_fields(Page(HTML), "Plumber\nWe fix pipes. Ask for Joe.", URL, lists)


def test_values_are_found_each_way() -> None:
    found = _values(
        city=FieldRule(selector=".city"),
        posted=FieldRule(selector="time", attribute="datetime"),
        price=FieldRule(selector=".price", regex=r"\$([\d,.]+)"),
        phone=FieldRule(json_ld="LocalBusiness.telephone"),
        zip=FieldRule(json_ld="address.postalCode"),
        image=FieldRule(json_ld="LocalBusiness.image"),
        site=FieldRule(selector="meta[property='og:site_name']", attribute="content"),
        ask=FieldRule(regex=r"Ask for (\w+)"),
        id=FieldRule(regex=r"/(\d+)\.html$", of="url"),
        context=FieldRule(regex=r'"@context":"([^"]+)"', of="html"),
    )
    assert {name: values[0] for name, values in found.items()} == {
        "city": "Austin TX",
        "posted": "2026-02-03T10:00:00-06:00",
        "price": "1,200.50",
        "phone": "(512) 555-0143",
        "zip": "78701",
        "image": "/i/big.jpg",
        "site": "Demo",
        "ask": "Joe",
        "id": "7712345678",
        "context": "https://schema.org",
    }


def test_all_values_are_kept_in_order_and_a_path_passes_through_lists() -> None:
    found = _values(tags=FieldRule(selector=".tag"), prices=FieldRule(json_ld="offers.price"))
    assert found == {"tags": ("drains", "heaters"), "prices": ("95.5", "120")}


def test_a_type_in_the_path_tells_things_apart() -> None:
    found = _values(any=FieldRule(json_ld="name"), business=FieldRule(json_ld="LocalBusiness.name"))
    assert found == {"any": ("Demo Ads", "Acme Plumbing LLC"), "business": ("Acme Plumbing LLC",)}


def test_what_is_not_there_is_left_out_and_the_next_rule_is_tried() -> None:
    rules = {
        "a": [FieldRule(selector=".none"), FieldRule(selector="h1", regex=r"(\d)"), FieldRule(selector="h1")],
        "b": [FieldRule(selector="h1", attribute="data-x"), FieldRule(json_ld="LocalBusiness.nothing")],
    }
    assert read_fields(Page(HTML), "", URL, rules) == {"a": ("Plumber",)}


@pytest.mark.parametrize("rule", [FieldRule(selector="a >> ["), FieldRule(regex="(a+)+$"), FieldRule(regex="[")])
def test_a_rule_that_can_not_be_read_is_the_definition_s_fault(rule: FieldRule) -> None:
    with pytest.raises(InvalidInput, match=r"can't be read|pattern"):
        _values(x=rule)


def _post(fields: dict[str, Any], html: str = HTML, **rules: Any) -> ExtractedPost:
    content = {
        "source": {"id": "d", "name": "D", "base_url": "https://ads.demo.org"},
        "cities": {"austin": {"listing_url": "/austin/", "timezone": "UTC"}},
        "listing": {"post_link": "a"},
        "post": {"title": "h1", "body": "section", **rules, "fields": fields},
    }
    return extract_post(html, URL, post_selectors(read_definition("d.toml", content).post))


def test_without_fields_only_the_advertiser_s_text_speaks() -> None:
    found = _post({})
    assert [phone.e164 for phone in found.phones] == ["+15125550143"], "the page's structured data"
    assert (found.emails, found.fields) == ((), {})


def test_declared_contacts_are_read_like_the_others_and_come_first() -> None:
    found = _post(
        {
            "phone": {"selector": ".call", "attribute": "data-number"},
            "email": {"selector": ".mail", "attribute": "data-cfemail"},
            "business_name": {"json_ld": "LocalBusiness.name"},
            "price": {"selector": ".price", "regex": r"\$([\d,.]+)"},
        }
    )
    assert [phone.e164 for phone in found.phones] == ["+15125550199", "+15125550143"]
    assert [email.address for email in found.emails] == ["joe@acme.com"]
    assert found.business_name == "Acme Plumbing LLC"
    assert found.fields["price"] == "1,200.50"


@pytest.mark.parametrize(
    ("attribute", "phones", "emails"),
    [
        ("tel:+1-512-555-0177", ["+15125550177"], []),
        ("512 555 0177 ext 4", ["+15125550177"], []),
        ("mailto:joe@acme.com?subject=x", [], ["joe@acme.com"]),
        ("joe at acme dot com", [], ["joe@acme.com"]),
        ("javascript:alert(1)", [], []),
        ("7712345678", [], []),
    ],
)
def test_declared_values_are_read_as_people_write_them(attribute: str, phones: list[str], emails: list[str]) -> None:
    html = f'<h1>x</h1><section>y</section><a id=c data-c="{attribute}">c</a>'
    rule = {"selector": "#c", "attribute": "data-c"}
    found = _post({"phone": rule, "email": rule}, html)
    assert [phone.e164 for phone in found.phones] == phones
    assert [email.address for email in found.emails] == emails


def test_title_body_website_and_images_may_be_fields() -> None:
    found = _post(
        {
            "title": {"json_ld": "LocalBusiness.name"},
            "body": {"selector": ".price"},
            "website": {"selector": "button", "attribute": "data-site"},
            "images": {"json_ld": "LocalBusiness.image"},
        }
    )
    assert (found.title, found.body) == ("Acme Plumbing LLC", "Price: $1,200.50 per day")
    assert found.website_urls[0] == "http://acme-pipes.com/hello"
    assert found.image_urls == ("https://ads.demo.org/i/big.jpg",)


def test_a_form_or_a_field_may_be_the_way_to_the_contact() -> None:
    form = _post({}, contact_link="form.reply", contact_gate="form")
    assert (form.gate, form.contact_url) == ("form", "https://ads.demo.org/reply/77")
    field = _post({"contact_url": {"regex": r"/(\d+)\.html", "of": "url"}}, contact_gate="captcha")
    assert (field.gate, field.contact_url) == ("captcha", "https://ads.demo.org/austin/d/7712345678")


def test_a_contact_link_that_dials_gives_the_number() -> None:
    html = '<h1>x</h1><section>y</section><a class=c href="tel:5125550133">call</a>'
    found = extract_post(html, URL, PostSelectors("h1", "section", "", "a.c", "captcha"))
    assert ([phone.e164 for phone in found.phones], found.gate) == (["+15125550133"], "none")


def test_values_are_clean_and_bounded() -> None:
    html = f"<h1>x</h1><section>y</section><p class=v>a\x1b[31m\u202eb\n{'c' * 9000}</p>"
    value = _post({"v": ".v"}, html).fields["v"]
    assert value.startswith("a[31mb ccc")
    assert len(value) == 2_000


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["@type", "name", "offers", "@graph", "url", "@value"]), inner, max_size=4),
    ),
    max_leaves=12,
)


@settings(derandomize=True, max_examples=100)
@given(st.text(max_size=200), JSON)
def test_no_page_makes_a_rule_fail(text: str, data: Any) -> None:
    html = f'{text}<script type="application/ld+json">{json.dumps(data)}</script><a x="{text}">{text}</a>'
    rules = {
        "a": [FieldRule(selector="a", attribute="x", regex="(.+)-")],
        "b": [FieldRule(json_ld="Thing.offers.name")],
        "c": [FieldRule(json_ld="name")],
        "d": [FieldRule(regex="(.)", of="html")],
    }
    for values in read_fields(Page(html), text, URL, rules).values():
        assert values
        assert all(values)


def test_deep_and_wide_structured_data_is_read_within_bounds() -> None:
    deep = '{"a":' * 900 + '{"name":"x"}' + "}" * 900
    wide = '{"@graph":[' + ",".join('{"a":{"b":[{}]}}' for _ in range(20_000)) + "]}"
    for block in (deep, wide, "[" * 100_000):
        html = f'<script type="application/ld+json">{block}</script>'
        read_fields(Page(html), "", URL, {"n": [FieldRule(json_ld="name")]})
