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


def email_piece(address: str, style: str, rng: random.Random) -> Piece | None:
    """Write an address in one of `EMAIL_STYLES`; None where the style leaves it out of the text.

    Raises:
        ValueError: there is no such style.
    """
    name, domain = address.split("@")
    match style:
        case "text":
            return Piece(address)
        case "mailto":
            return Piece(address, href=f"mailto:{address}")
        case "mailto_label":
            label = rng.choice(("send me an email", "email us", "write to us", "e-mail for a quote"))
            return Piece(label, href=f"mailto:{address}?subject=Your%20ad")
        case "entities":
            return Piece(address, entities=True)
        case "upper":
            return Piece(address.upper())
        case "json_ld":
            return None
        case "at_dot":
            return Piece(f"{name} at {domain.replace('.', ' dot ')}")
        case "brackets":
            return Piece(f"{name} [at] {domain.replace('.', ' [dot] ')}")
        case "paren_at":
            return Piece(f"{name}(at){domain}")
        case "spaced_at":
            return Piece(f"{name} @ {domain}")
    raise ValueError(f"there is no way of writing an address called {style!r}; known are {', '.join(EMAIL_STYLES)}")
