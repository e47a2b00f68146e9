"""What text of a model, or of a stranger's post, may become a field: plain words on one line, and nothing that acts.

The result is used in mails, on terminals and in tables, so it carries no template syntax, no markup, no link or
address that could lead a reader elsewhere, no control or direction marks, and no formula.
"""

from __future__ import annotations

import re
import unicodedata

# Every repetition is bounded: the text is a stranger's, and must not make a pattern take quadratic time.
_URL = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,20}://\S*|\bwww\.\S+|\b(?:javascript|data|vbscript|mailto|tel):\S*"
    r"|\b[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,8}"
    r"\.(?:com|net|org|info|biz|io|co|us|ru|xyz|top|site|online|shop|app|dev|me|link|example|test)\b\S*",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"\S{1,64}\s?@\s?[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}|\S{1,64}\s?[\[(]\s?at\s?[\])]\s?\S{1,64}", re.IGNORECASE
)
_SPELT_ADDRESS = re.compile(
    r"\b[\w.-]{1,40}\s(?:at|arroba|@)\s[\w-]{1,40}\s(?:dot|punto|point|ponto|\.)\s[a-z]{2,10}\b(?:\s(?:dot|punto)\s[a-z]{2,10}\b)?",
    re.IGNORECASE,
)
_OTHER_DOTS = str.maketrans({"。": "。 ", "．": ".", "｡": ".", "․": "."})
_GLUED = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2})")
"""A point without a blank after it makes readers' programs see an address: "evil.bank"."""
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s().*-]{0,4}\d){6,40}")
_TAG = re.compile(r"<[^<>]{0,200}>")
_ACTIVE = re.compile(r"[{}<>\[\]|\\`^]")
_BLANKS = re.compile(r"\s+")
_FORMULA_START = "=+-@*/_'\":;,.!?&) "


def clean_text(value: str, limit: int) -> str:
    """One line of plain text.

    Args:
        value: any text.
        limit: the greatest length of the result, in characters; cut at a word where there is one.
    """
    text = unicodedata.normalize("NFKC", value[: limit * 20].translate(_OTHER_DOTS))
    text = "".join(" " if _is_blank(letter) else letter for letter in text if not _is_hidden(letter))
    for pattern in (_TAG, _ADDRESS, _SPELT_ADDRESS, _URL, _LONG_NUMBER, _ACTIVE):
        text = pattern.sub(" ", text)
    text = _GLUED.sub(". ", text)
    text = _BLANKS.sub(" ", text).strip().lstrip(_FORMULA_START)
    text = re.sub(r"\s+([,.;:!?])", r"\1", text)
    return _cut(text, limit)


def _is_blank(letter: str) -> bool:
    return letter in "\t\n\r\v\f\x1c\x1d\x1e\x85" or unicodedata.category(letter) in {"Zs", "Zl", "Zp"}


def _is_hidden(letter: str) -> bool:
    """Control, format (zero width, direction), surrogate, private use and unassigned characters."""
    return not _is_blank(letter) and unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn"}


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    head, _, rest = text[: limit + 1].rpartition(" ")
    return (head if head and len(rest) < limit // 2 else text[:limit]).rstrip(" ,;:-")
