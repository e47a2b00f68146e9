"""What a page is written in that does not say so and is not UTF-8.

Old pages in a script of their own betray it: their letters are all beyond ASCII, and few byte sequences are text in
more than one charset. Where nothing speaks clearly, Windows-1252 is meant, as in browsers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

DEFAULT = "cp1252"
_SAMPLE = 64 * 1024
_FEWEST = 12
"""Bytes beyond ASCII without which nothing is guessed from statistics."""
_MARKUP = re.compile(rb"<(script|style)\b.*?</\1\s*>|<[^>]{0,2000}>", re.DOTALL | re.IGNORECASE)
_LANGUAGE = re.compile(rb"<html\b[^>]{0,300}?\blang\s*=\s*[\"']?([a-z]{2})", re.IGNORECASE)
_ISO_2022_JP = re.compile(rb"\x1b\$[@B]|\x1b\([BJ]")
_HIGH = re.compile(rb"[\x80-\xff]+")
_LETTERS = re.compile(rb"[A-Za-z\x80-\xff]")

# Frequent characters of each script, most of what a page in it is made of.
_COMMON = {
    "cyrillic": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфіїєґћђј",
    "greek": "αοιετσνηυρπκμλωςάίόέήύώδγθχφβ",
    "hebrew": "יוהלאמרבתשנכםדפעקחגטסזצץןףך",
    "arabic": "اليمونرتبةعدسفهكقحجشطصخضذثزءغئظأإآىپچژگکی",
    "thai": "านรอกเงมยลวดทตสปคบแพหขชจะาิีึืุู่้์ไใโ็ั",
}
_SINGLE_BYTE = (
    ("cp1251", "cyrillic"),
    ("koi8-r", "cyrillic"),
    ("cp866", "cyrillic"),
    ("iso8859-5", "cyrillic"),
    ("cp1253", "greek"),
    ("cp1255", "hebrew"),
    ("cp1256", "arabic"),
    ("cp874", "thai"),
)
_CHINESE = "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后"
_TAIWANESE = "的一是不了人我在有他這中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可裡後"
_BY_LANGUAGE = {
    "ru": "cp1251", "uk": "cp1251", "be": "cp1251", "bg": "cp1251", "sr": "cp1251", "mk": "cp1251",
    "pl": "cp1250", "cs": "cp1250", "sk": "cp1250", "hu": "cp1250", "sl": "cp1250", "hr": "cp1250", "ro": "cp1250",
    "el": "cp1253", "tr": "cp1254", "he": "cp1255", "ar": "cp1256", "fa": "cp1256", "vi": "cp1258", "th": "cp874",
    "lt": "cp1257", "lv": "cp1257", "et": "cp1257", "ja": "cp932", "ko": "cp949", "zh": "gb18030",
}  # fmt: skip


def guess_charset(content: bytes) -> str:
    """Python's name of the charset that a page seems to be written in.

    Args:
        content: a page that names no charset and is not valid UTF-8.
    """
    sample = content[:_SAMPLE]
    if _is_damaged_utf8(sample):
        return "utf-8"
    if _ISO_2022_JP.search(sample):
        return "iso2022_jp"
    text = _MARKUP.sub(b" ", sample)
    high = b"".join(_HIGH.findall(text))
    # In a script of its own nearly all letters are beyond ASCII; accents on Latin letters are few and far between.
    if len(high) >= _FEWEST and len(high) * 2 > len(_LETTERS.findall(text)):
        scores = dict(_scores(text))
        best = max(scores, key=lambda name: scores[name])
        if scores[best] > 0.5:
            return best
    language = _LANGUAGE.search(sample)
    return _BY_LANGUAGE.get(language[1].decode("ascii").lower(), DEFAULT) if language else DEFAULT


def _is_damaged_utf8(sample: bytes) -> bool:
    """Whether this is UTF-8 with a few broken characters, such as a comment that was cut in the middle of one."""
    decoded = sample.decode("utf-8", "replace")
    broken = decoded.count("\ufffd")
    return sum(1 for char in decoded if char > "\x7f") - broken > 10 * broken


def _scores(text: bytes) -> Iterator[tuple[str, float]]:
    """How much each charset's reading looks like what people write, from 0 to 1."""
    for name, script in _SINGLE_BYTE:
        yield name, _share(_strictly(text, name), frozenset(_COMMON[script]))
    yield "cp932", _japanese(_strictly(text, "cp932"))
    yield "euc_jp", _japanese(_strictly(text, "euc_jp"))
    yield "cp949", _korean(_strictly(text, "cp949"))
    yield "gb18030", _chinese(_strictly(text, "gb18030"), _CHINESE)
    yield "big5hkscs", _chinese(_strictly(text, "big5hkscs"), _TAIWANESE)


def _strictly(text: bytes, name: str) -> str:
    """The characters beyond ASCII, read in that charset; empty if some of the bytes are none in it."""
    try:
        # A sample may end in the middle of a character.
        decoded = text[:-4].decode(name) if len(text) >= _SAMPLE // 2 else text.decode(name)
    except UnicodeDecodeError:
        return ""
    return "".join(char for char in decoded if char > "\x7f")


def _share(chars: str, common: frozenset[str]) -> float:
    return sum(char in common for char in chars) / len(chars) if chars else 0.0


def _japanese(chars: str) -> float:
    kana = sum("\u3041" <= char <= "\u30fe" for char in chars)
    halfwidth = sum("\uff61" <= char <= "\uff9f" for char in chars)
    ideographs = sum("\u4e00" <= char <= "\u9fff" for char in chars)
    if not chars or kana < len(chars) * 0.15:
        return 0.0
    return (kana + ideographs - halfwidth) / len(chars)


def _korean(chars: str) -> float:
    return sum("\uac00" <= char <= "\ud7a3" for char in chars) / len(chars) if chars else 0.0


def _chinese(chars: str, frequent: str) -> float:
    if not chars:
        return 0.0
    counts = Counter(chars)
    ideographs = sum(count for char, count in counts.items() if "\u4e00" <= char <= "\u9fff")
    known = sum(counts[char] for char in frequent)
    # The fifty most frequent characters make up a quarter of a Chinese text, and next to nothing of any other reading.
    return min(1.0, 5 * known / len(chars)) * ideographs / len(chars)
