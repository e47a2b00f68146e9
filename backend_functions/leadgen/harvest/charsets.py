"""Turning the bytes of a page into text, the way browsers do."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import NamedTuple

from leadgen.harvest.guessing import guess_charset

_META_WITHIN = 4096
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,256}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})"
    rb"|\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([A-Za-z0-9_.:-]{1,40})",
    re.IGNORECASE,
)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_BEGINNINGS = frozenset({b"\x1f", *(mark[:1] for mark, _ in _BYTE_ORDER_MARKS)})
"""First bytes of a compressed file, or of a byte order mark."""
_UTF_16 = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"})
_NO_WEB_CHARSETS = frozenset({"utf-7", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"})
# What pages mean by a name, where Python's codec of that name is a smaller set (WHATWG Encoding §4.2).
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
}
# Names that browsers know and Python does not.
_ALIASES = {
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "x-cp1250": "cp1250",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "x-gbk": "gb18030",
    "x-x-big5": "big5hkscs",
    "x-euc-jp": "euc_jp",
    "iso-8859-8-i": "iso8859-8",
    "logical": "iso8859-8",
    "windows-949": "cp949",
    "windows-874": "cp874",
    "unicode-1-1-utf-8": "utf-8",
    "x-mac-cyrillic": "mac_cyrillic",
    "macintosh": "mac_roman",
}


class Decoded(NamedTuple):
    """A page as text.

    Args:
        text: what it says.
        is_utf8: whether its bytes are exactly this text in UTF-8, so that nobody needs to encode it for a parser.
    """

    text: str
    is_utf8: bool = False


def decode_text(content: bytes, content_type: str, charset: str = "") -> str:
    """The text of a page; see `decode`."""
    return decode(content, content_type, charset).text


def decode(content: bytes, content_type: str, charset: str = "") -> Decoded:
    """Turn the bytes of a page into text.

    By its byte order mark, the charset given, the header's, its `<meta>` or XML declaration; without any of these
    UTF-8 if it is that, else what it looks like, else Windows-1252. Never fails: bytes that do not fit become U+FFFD.
    NUL characters are dropped; no page means them. A compressed file (a sitemap, say) has no text.

    Args:
        content: the page.
        content_type: the header of that name.
        charset: what it is written in, whatever it says itself; a name Python does not know is left aside.
    """
    if content[:1] in _BEGINNINGS:
        if content.startswith(b"\x1f\x8b"):
            return Decoded("")
        for mark, name in _BYTE_ORDER_MARKS:
            if content.startswith(mark):
                return Decoded(_clean(content[len(mark) :].decode(name, "replace")))
    named = usable_charset(charset) or _in_header(content_type) or _in_page(content)
    # ISO-2022-JP is ASCII with escape sequences, and so valid UTF-8.
    if named == "utf-8" or (not named and b"\x1b$" not in content):
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return Decoded(_clean(text), is_utf8="\x00" not in text)
    return Decoded(_clean(content.decode(named or guess_charset(content), "replace")))


def _clean(text: str) -> str:
    return text.replace("\x00", "") if "\x00" in text else text


@lru_cache(maxsize=256)
def _in_header(content_type: str) -> str:
    header = _HEADER_CHARSET.search(content_type)
    return usable_charset(header[1]) if header else ""


def _in_page(content: bytes) -> str:
    head = content[:_META_WITHIN]
    if b"<!--" in head:
        head = _COMMENT.sub(b"", head)
    for found in _META_CHARSET.finditer(head):
        if name := usable_charset((found[1] or found[2]).decode("ascii")):
            # Whoever could read this declaration is not reading UTF-16 (HTML §13.2.3.2).
            return "utf-8" if name in _UTF_16 else name
    return ""


@lru_cache(maxsize=256)
def usable_charset(name: str) -> str:
    """Python's name of a charset that pages are written in; empty if it is none."""
    wanted = name.strip().lower()
    try:
        codec = codecs.lookup(_ALIASES.get(wanted, wanted))
    except (LookupError, ValueError):
        return ""
    if not codec._is_text_encoding or codec.name in _NO_WEB_CHARSETS:
        return ""
    return _MEANT.get(codec.name, codec.name)
