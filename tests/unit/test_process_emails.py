"""Addresses are found however they are written; file names, placeholders and relays are told apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadgen.process.document import Document, Page
from leadgen.process.emails import decode_protected, find_emails, mailto_addresses, usable_address


def read(html: str, *relays: str) -> list[tuple[str, str]]:
    found = find_emails(Page(f"<body><p>{html}</p></body>").document(), relays)
    return [(email.address, email.kind) for email in found]


def protect(address: str, key: int = 0x5A) -> str:
    return bytes([key, *(byte ^ key for byte in address.encode())]).hex()


@pytest.mark.parametrize(
    ("html", "kind"),
    [
        ("joe@acme.com", "text"),
        ("Email: joe@acme.com.", "text"),
        ("(joe@acme.com)", "text"),
        ("'joe@acme.com'", "text"),
        ("jo<b>e@ac</b>me.com", "text"),
        ("j\u200boe@acme.com", "text"),
        ("joe＠acme．com", "text"),
        ("&#106;oe&#64;acme&#46;com", "entity"),
        ('<a href="mailto:joe@acme.com?subject=Hi">write</a>', "mailto"),
        ('<a href="MAILTO:%6aoe@acme.com">write</a>', "mailto"),
        (f'<span data-cfemail="{protect("joe@acme.com")}">[email&#160;protected]</span>', "cloudflare"),
        (f'<a href="/cdn-cgi/l/email-protection#{protect("joe@acme.com", 7)}">mail</a>', "cloudflare"),
        ("joe at acme dot com", "obfuscated"),
        ("JOE AT ACME DOT COM".lower(), "obfuscated"),
        ("joe [at] acme (dot) com", "obfuscated"),
        ("joe(at)acme.com", "obfuscated"),
        ("joe (a) acme.com", "obfuscated"),
        ("joe @ acme.com", "obfuscated"),
        ("joe @ acme . com", "obfuscated"),
        ("joe@acme dot com", "obfuscated"),
        ("joe@acme,com", "obfuscated"),
        ("joe {at} acme {dot} com", "obfuscated"),
        ("joe-at-acme-dot-com", "obfuscated"),
        ("joe_at_acme_dot_com", "obfuscated"),
        ("joe*at*acme*dot*com", "obfuscated"),
        ("joe&lt;at&gt;acme&lt;dot&gt;com", "obfuscated"),
        ("joe arroba acme punto com", "obfuscated"),
        ("email us at joe at acme dot com", "obfuscated"),
    ],
)
def test_an_address_is_found_however_it_is_written(html: str, kind: str) -> None:
    assert read(html) == [("joe@acme.com", kind)]


@pytest.mark.parametrize(
    ("html", "address"),
    [
        ("joe AT acme DOT co DOT uk", "joe@acme.co.uk"),
        ("joe at gmail.com", "joe@gmail.com"),
        ("joe dot smith at gmail dot com", "joe.smith@gmail.com"),
        ("joe underscore smith at acme dot com", "joe_smith@acme.com"),
        ("info [at] north [dot] acme [dot] com", "info@north.acme.com"),
        ("office at acme dot com", "office@acme.com"),
        ("jose@bücher.de", "jose@bücher.de"),
    ],
)
def test_addresses_of_many_shapes(html: str, address: str) -> None:
    assert [found for found, _ in read(html)] == [address]


@pytest.mark.parametrize(
    "html",
    [
        "foo@2x.png",
        "you@example.com",
        "name@domain.com",
        "user@sub.example",
        "visit us at acme dot com",
        "find me at acme.com",
        "Follow @acme. Me and my brother work",
        "meet at noon. Call me",
        "rates @ $50. Call",
        "look at this dot com bubble",
        "we are online at acme.com",
        "joe@acme",
        "@joe.smith.com",
        "12 @ 5.00 each",
        "no-reply@acme.com",
    ],
)
def test_what_is_no_address_is_left_alone(html: str) -> None:
    assert read(html) == []


def test_a_relay_is_recognised_in_every_form() -> None:
    html = '<a href="mailto:x1@reply.site.org">reply</a> x2@site.org, x3 at site dot org, joe@mysite.org'
    assert read(html, "site.org") == [
        ("x1@reply.site.org", "relay"),
        ("x2@site.org", "relay"),
        ("joe@mysite.org", "text"),
        ("x3@site.org", "relay"),
    ]


def test_each_address_is_given_once_with_its_surest_kind() -> None:
    assert read('JOE@acme.com or <a href="mailto:joe@acme.com">mail</a>') == [("joe@acme.com", "mailto")]


def test_two_addresses_with_a_slash_between() -> None:
    assert [address for address, _ in read("joe@acme.com/ann@acme.com")] == ["joe@acme.com", "ann@acme.com"]


def test_reserved_domains_need_leave() -> None:
    document = Document(text="joe@acme.example ann@mail.example.com")
    assert find_emails(document) == []
    found = find_emails(document, allow_reserved_domains=True)
    assert [email.address for email in found] == ["joe@acme.example", "ann@mail.example.com"]


def test_mailto_with_many_recipients() -> None:
    assert mailto_addresses("mailto:a@b.co,%20c@d.co?to=e@f.co&amp;subject=x@y") == ["a@b.co", "c@d.co", "e@f.co"]


@pytest.mark.parametrize("damaged", ["", "zz", "5", "5a", "5a5a"])
def test_damaged_protection_gives_nothing(damaged: str) -> None:
    assert decode_protected(damaged) is None


@pytest.mark.parametrize("address", ["a" * 65 + "@acme.com", "a@" + "b" * 250 + ".com", "a@@b.com", "a@b", "a b@c.com"])
def test_what_mail_servers_refuse_is_refused(address: str) -> None:
    assert usable_address(address) is None


_NAME = st.from_regex(r"[a-z][a-z0-9]{2,10}([._-][a-z0-9]{2,6})?", fullmatch=True).filter(
    lambda name: name not in ("contact", "noreply", "no-reply")
)
_RENDERERS = [
    "{n}@{d}.com",
    "{n} @ {d}.com",
    "{n} [at] {d} [dot] com",
    "{n}(at){d}.com",
    "{n} at {d} dot com",
    "{n} (at) {d} (dot) com",
    '<a href="mailto:{n}@{d}.com">mail</a>',
]


@given(name=_NAME, domain=st.from_regex(r"q[a-z]{4,10}x", fullmatch=True), style=st.sampled_from(_RENDERERS))
@settings(max_examples=200)
def test_every_address_is_found_in_every_style(name: str, domain: str, style: str) -> None:
    assert [address for address, _ in read("Write to: " + style.format(n=name, d=domain))] == [f"{name}@{domain}.com"]


@given(st.text(alphabet=st.sampled_from("ab@. ()[]atdotcom\n,<>_-"), max_size=300))
@settings(max_examples=200)
def test_it_never_raises(text: str) -> None:
    for email in find_emails(Document(text=text)):
        assert email.address.count("@") == 1


@pytest.mark.parametrize("unit", ["a@", "a at ", " ", " dot", "a@b.", "_", "a at b dot ", "( at"])
def test_hostile_text_gives_few_addresses(unit: str) -> None:
    assert len(find_emails(Document(text=unit * (100_000 // len(unit))))) <= 50
