"""Numbers in links: ``tel:`` (RFC 3966), ``sms:`` (RFC 5724), ``callto:`` and chat services."""

from __future__ import annotations

import re
from urllib.parse import unquote

from leadgen.process.phones.found import FoundPhone
from leadgen.process.phones.numbering import country_code, dialled_number, nanp_number
from leadgen.process.phones.vanity import KEYPAD
from leadgen.process.phones.webaddresses import CHAT_LINK

_LONGEST = 120
_DIALS = re.compile(r"\s*(?:tel|sms|smsto|mms|callto|fax):/{0,2}(.*)", re.IGNORECASE | re.DOTALL)
_EXTENSION = re.compile(r"(?:;ext=|;postd=|[,;pw]+|\s*(?:ext\.?|x)\s*[.:=]?\s*)(\d{1,6})\D*$", re.IGNORECASE)
_END = re.compile(r"[;?&]|,(?!\d{3})")


def number_link(href: str) -> str:
    """The number that a link dials, writes to or chats with, as written; empty for other links."""
    href = href[:2000]
    dials = _DIALS.match(href)
    if dials:
        return unquote(dials[1][:_LONGEST]).strip()
    chat = CHAT_LINK.search(href)
    return f"+{chat[1]}" if chat else ""


def from_link(target: str, region: str) -> FoundPhone | None:
    """The number of a link, with its extension.

    Args:
        target: what the link dials, with or without a scheme.
        region: where it was published, for numbers without a calling code.
    """
    written = number_link(target) or unquote(target[:_LONGEST]).strip()
    extension = _EXTENSION.search(written)
    number = written[: extension.start()] if extension else written
    e164 = _number(_END.split(number, maxsplit=1)[0][:64], region)
    if e164 is None and extension:
        e164, extension = _number(_END.split(written, maxsplit=1)[0][:64], region), None
    return FoundPhone(e164, written[:64], 1.0, -1, -1, extension[1] if extension else "") if e164 else None


def _number(written: str, region: str) -> str | None:
    symbols = "".join(char for char in written.upper() if char.isascii() and char.isalnum())
    digits = symbols.translate(KEYPAD)
    if not digits.isdigit() or sum(char.isalpha() for char in symbols) not in (0, *range(3, 12)):
        return None
    # Many pages write "+512…" for a national number.
    if written.lstrip().startswith("+"):
        e164 = dialled_number(f"+{digits}", region)
        if e164 is not None:
            return e164
    if country_code(region) == 1:
        return nanp_number(digits[1:11] if len(digits) >= 11 and digits[0] == "1" else digits)
    return dialled_number(digits, region)
