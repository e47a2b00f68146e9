"""Text from outside, made safe to put into a mail: no control characters, no direction tricks, no endless fields."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import urlsplit

from markupsafe import escape

MAX_FIELD = 2_000
MAX_SUBJECT = 200

_PLAIN = re.compile(r"https?://[A-Za-z0-9.-]*[A-Za-z0-9](?::[0-9]{1,4})?(?:[/?#][^\s\\]*)?")
"""Nearly all addresses; the others are taken apart."""
_SPECIAL = re.compile("[&<>\"']")
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def one_line(text: str, limit: int = MAX_FIELD) -> str:
    """The text on one line: CR, LF, NUL, U+2028 and other controls become spaces, bidirectional overrides go.

    A header that holds a line break would end it and begin another (RFC 5322 §2.2).
    """
    if len(text) <= limit and text.isprintable() and "  " not in text:  # holds none of them, as nearly all texts
        return text.strip()
    kept = (" " if _breaks(char) else char for char in text[: limit * 4] if char not in _BIDI)
    return " ".join("".join(kept).split())[:limit].strip()


def paragraph(text: str, limit: int = MAX_FIELD) -> str:
    """Like `one_line`, but line feeds stay."""
    lines = (one_line(line, limit) for line in text[: limit * 4].splitlines())
    return "\n".join(lines)[:limit].strip()


def web_address(url: str) -> str:
    """The URL if it is a plain http(s) one, else nothing; a `javascript:` link must never reach a mail."""
    text = one_line(url)
    if _PLAIN.fullmatch(text):
        return text
    try:
        parts = urlsplit(text)
        usable = parts.scheme.lower() in {"http", "https"} and bool(parts.hostname) and " " not in text
    except ValueError:
        return ""
    return text if usable else ""


def escaped(value: Any) -> str:
    """The value as HTML. Nearly no text holds anything to escape, and looking costs a third of making it `Markup`."""
    return value if type(value) is str and not _SPECIAL.search(value) else escape(value)


def _breaks(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}
