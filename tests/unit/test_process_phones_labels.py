"""What stands beside a number, and numbers in links: extensions, faxes, schemes, chat services."""

from __future__ import annotations

import pytest

from leadgen.process.phones import find_phones, number_link
from leadgen.process.phones.context import has_cue, is_labelled
from leadgen.process.phones.links import from_link

NUMBER = "+15125550134"


@pytest.mark.parametrize(
    ("text", "extension"),
    [
        ("512-555-0134 ext. 214", "214"),
        ("512-555-0134x214", "214"),
        ("512-555-0134, ext.7", "7"),
        ("512-555-0134 (ext 4501)", "4501"),
        ("512-555-0134 press 2", "2"),
        ("512-555-0134 #12", "12"),
        ("512-555-0134;ext=101", "101"),
        ("512-555-0134 #1 in town", ""),
        ("512-555-0134 x 24 pack", ""),
        ("512-555-0134 extra 50 off", ""),
    ],
)
def test_extensions_are_given_apart(text: str, extension: str) -> None:
    (phone,) = find_phones(text)
    assert (phone.e164, phone.extension) == (NUMBER, extension)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Fax: 512-555-0134", "fax"),
        ("512-555-0134 (fax)", "fax"),
        ("512-555-0134 fax", "fax"),
        ("call 713-408-2256 F: 512-555-0134", "fax"),
        ("Phone/Fax: 512-555-0134", "voice"),
        ("Tel & Fax 512-555-0134", "voice"),
        ("512-555-0134 Fax: 713-408-2256", "voice"),
        ("Fax 512-555-0134. Phone 512-555-0134", "voice"),
        ("F 512-555-0134", "voice"),
    ],
)
def test_a_fax_is_found_and_marked(text: str, kind: str) -> None:
    kinds = {phone.e164: phone.kind for phone in find_phones(text)}
    assert kinds[NUMBER] == kind


@pytest.mark.parametrize(
    ("href", "number"),
    [
        ("tel:+15125550134", "+15125550134"),
        ("TEL://512-555-0134", "512-555-0134"),
        ("sms:5125550134?body=hi", "5125550134?body=hi"),
        ("callto:+1%20512%20555%200134", "+1 512 555 0134"),
        ("https://wa.me/15125550134?text=hi", "+15125550134"),
        ("https://api.whatsapp.com/send?text=hi&phone=15125550134", "+15125550134"),
        ("https://acme.example/tel:5125550134", ""),
        ("mailto:a@b.example", ""),
    ],
)
def test_links_that_dial_are_told_from_others(href: str, number: str) -> None:
    assert number_link(href) == number


@pytest.mark.parametrize(
    ("target", "extension"),
    [
        ("tel:+1-512-555-0134;ext=12", "12"),
        ("+15125550134,12", "12"),
        ("512-555-0134 x12", "12"),
        ("sms:5125550134;body=hello 5551234567", ""),
        ("sms:5125550134?body=hi", ""),
        ("+5125550134", ""),
        ("tel:5125550134", ""),
    ],
)
def test_the_number_of_a_link(target: str, extension: str) -> None:
    phone = from_link(target, "US")
    assert phone is not None
    assert (phone.e164, phone.extension, phone.confidence) == (NUMBER, extension, 1.0)


def test_a_spelt_link_and_links_that_are_none() -> None:
    spelt = from_link("tel:1-800-FLOWERS", "US")
    assert spelt is not None
    assert spelt.e164 == "+18003569377"
    assert [from_link(target, "US") for target in ("tel:911", "tel:", "tel:#", "", "tel:call us")] == [None] * 5


def test_a_link_gives_its_extension_to_the_number_in_the_text() -> None:
    (phone,) = find_phones("Call 512-555-0134", tel_links=["tel:+15125550134;ext=9"])
    assert (phone.text, phone.extension, phone.confidence) == ("512-555-0134", "9", 1.0)


@pytest.mark.parametrize(
    "text", ["call ", "text me: ", "mike's cell ", "llámame al ".replace("á", "a"), "c: ", "t. ", "\U0001f4de "]
)
def test_words_that_announce_a_number(text: str) -> None:
    assert has_cue(text)


@pytest.mark.parametrize("text", ["don't ", "(c) 1998 ", "cellar ", "texture ", "smart ", ""])
def test_words_that_announce_none(text: str) -> None:
    assert not has_cue(text)


@pytest.mark.parametrize(
    ("before", "grouped", "labelled"),
    [
        ("License #", True, True),
        ("Lic. No. ", True, True),
        ("Meeting ID: ", True, True),
        ("Zoom ID ", True, True),
        ("Boise, ID ", True, False),
        ("Licensed & bonded ", True, False),
        ("insured - ", True, False),
        ("to order: ", True, False),
        ("order # ", True, True),
        ("I lost my policy. ", True, False),
        ("license\n", True, False),
        ("license\n", False, True),
        ("license\n\n", False, False),
        ("Prices: ", False, True),
        ("Rs. ", True, True),
        ("my # is ", True, False),
        ("phone no. ", True, False),
    ],
)
def test_labels_of_identifiers(before: str, grouped: bool, labelled: bool) -> None:
    assert is_labelled(before, grouped=grouped) is labelled
