"""The ways people write a phone number or an email address in an ad: plainly, as a link, or disguised."""

from __future__ import annotations

import random
from collections.abc import Callable

from local.classifieds.model import Piece

DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

PLAIN_PHONE_STYLES: tuple[str, ...] = ("plain", "dashed", "dotted", "paren", "plus1", "tel_link")
DISGUISED_PHONE_STYLES: tuple[str, ...] = (
    "words",
    "oh_words",
    "mixed",
    "paren_words",
    "spaced",
    "letters",
    "starred",
    "fullwidth",
)
PHONE_STYLES = PLAIN_PHONE_STYLES + DISGUISED_PHONE_STYLES

PLAIN_EMAIL_STYLES: tuple[str, ...] = ("text", "mailto", "mailto_label", "entities", "upper", "json_ld")
DISGUISED_EMAIL_STYLES: tuple[str, ...] = ("at_dot", "brackets", "paren_at", "spaced_at")
EMAIL_STYLES = PLAIN_EMAIL_STYLES + DISGUISED_EMAIL_STYLES

_LOOK_ALIKES = str.maketrans({"0": "O", "1": "l"})
_FULL_WIDTH = str.maketrans("0123456789", "".join(chr(0xFF10 + digit) for digit in range(10)))


def _words(digits: str, zero: str = "zero") -> str:
    return " ".join(zero if digit == "0" else DIGIT_WORDS[int(digit)] for digit in digits)


_PHONE_WRITERS: dict[str, Callable[[str, str, str], str]] = {
    "plain": lambda area, exchange, line: f"{area}{exchange}{line}",
    "dashed": lambda area, exchange, line: f"{area}-{exchange}-{line}",
    "dotted": lambda area, exchange, line: f"{area}.{exchange}.{line}",
    "paren": lambda area, exchange, line: f"({area}) {exchange}-{line}",
    "plus1": lambda area, exchange, line: f"+1 {area} {exchange} {line}",
    "tel_link": lambda area, exchange, line: f"({area}) {exchange}-{line}",
    "words": lambda area, exchange, line: ", ".join(_words(group) for group in (area, exchange, line)),
    "oh_words": lambda area, exchange, line: " ".join(_words(group, "oh") for group in (area, exchange, line)),
    "mixed": lambda area, exchange, line: f"{area}.{DIGIT_WORDS[int(exchange[0])]}{exchange[1:]}.{line}",
    "paren_words": lambda area, exchange, line: f"({_words(area)}) {exchange}-{line}",
    "spaced": lambda area, exchange, line: " ".join(area + exchange + line),
    "letters": lambda area, exchange, line: f"{area}-{exchange}-{line}".translate(_LOOK_ALIKES),
    "starred": lambda area, exchange, line: f"{area}*{exchange}*{line}",
    "fullwidth": lambda area, exchange, line: f"{area}-{exchange}-{line}".translate(_FULL_WIDTH),
}


def phone_piece(e164: str, style: str) -> Piece:
    """Write a US number in one of `PHONE_STYLES`.

    Args:
        e164: "+1" and ten digits.
        style: name of the style.

    Raises:
        KeyError: there is no such style.
    """
    digits = e164.removeprefix("+1")
    text = _PHONE_WRITERS[style](digits[:3], digits[3:6], digits[6:])
    return Piece(text, href=f"tel:{e164}" if style == "tel_link" else "")


_EMAIL_WRITERS: dict[str, Callable[[str, str], Piece]] = {
    "text": lambda name, domain: Piece(f"{name}@{domain}"),
    "mailto": lambda name, domain: Piece(f"{name}@{domain}", href=f"mailto:{name}@{domain}"),
    "entities": lambda name, domain: Piece(f"{name}@{domain}", entities=True),
    "upper": lambda name, domain: Piece(f"{name}@{domain}".upper()),
    "at_dot": lambda name, domain: Piece(f"{name} at {domain.replace('.', ' dot ')}"),
    "brackets": lambda name, domain: Piece(f"{name} [at] {domain.replace('.', ' [dot] ')}"),
    "paren_at": lambda name, domain: Piece(f"{name}(at){domain}"),
    "spaced_at": lambda name, domain: Piece(f"{name} @ {domain}"),
}
_LABELS = ("send me an email", "email us", "write to us", "e-mail for a quote")


def email_piece(address: str, style: str, rng: random.Random) -> Piece | None:
    """Write an address in one of `EMAIL_STYLES`; None for "json_ld", which leaves it out of the text.

    Raises:
        KeyError: there is no such style.
    """
    if style == "json_ld":
        return None
    if style == "mailto_label":
        return Piece(rng.choice(_LABELS), href=f"mailto:{address}?subject=Your%20ad")
    name, domain = address.split("@")
    return _EMAIL_WRITERS[style](name, domain)
