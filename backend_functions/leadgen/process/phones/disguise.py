"""Reads digits the way a person does: as figures, as words, as letters that look like digits.

A stretch of text becomes *runs*: tokens that each stand for some digits, with nothing but separators between them.
Which part of a run is a telephone number is not decided here (see `reader`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from leadgen.process.phones.words import (
    DIGITS,
    HOMOPHONES,
    MULTIPLES,
    PART,
    ROMANCE,
    SEPARATOR_WORDS,
    SOUNDING_PART,
    TENS,
    WORDS,
    spelt,
)
from leadgen.process.phones.zones import LONGEST_GAP, Zone
from leadgen.process.wordlist import word_set

Kind = Literal["figures", "words", "letters", "sounds"]
Gap = Literal["start", "glued", "tight", "space", "loose", "comma", "line", "word"]

STRONG = dict(zip("OoIl|SsBZz!", "00111558221", strict=True))
"""Letters that look like digits beyond doubt."""
_WEAK = dict(zip("DQEAGbTgq", "003466799", strict=True))
_ALL_LOOK_ALIKES = STRONG | _WEAK | {"i": "1"}

# A chunk is letters and figures without anything between; only those with a figure, or made of number words, matter.
# It begins with the character before it: that one is looked for much faster than the lack of a letter.
_CHUNK = re.compile(rf"[^0-9a-z](?:[a-z]{{0,40}}+[0-9][0-9a-z]*+|(?:{WORDS})++(?![0-9a-z]))")
_LONGEST_CHUNK = 120
# Words before and behind digits that touch them.
_TOUCHING = re.compile(r"(?P<before>[a-z]{0,24})(?P<digits>[0-9]{3,11})(?P<after>[a-z]{0,24})")
_BEFORE = word_set("ph me us at num tel c t p w m o")
_NEVER_BEFORE = word_set(
    """
    img dsc ref id ad no nr sku order user item photo pic file tmp page post listing lic license part model serial sn
    pn mls lot unit ein ssn vin isbn issn doi rfc iso usd cad eur gbp mxn inr uuid guid hash key case acct account
    invoice inv ticket version ver rev build port pid uid sid gid cid aid lid video vid pin code zip apt ste suite
    room box route hwy highway exit mile date year time nif cif cpf cnpj abn acn gst gstin vat siret siren iban sort
    patent bug issue screenshot scan wp mvc dscn pxl vlc clip track
    """
)
_AFTER = re.compile(r"x|ext|or|if|to|by|at|in|me|c|h|w|m|o|f|t|[a-z]{3,24}")
_NEVER_AFTER = word_set(
    """
    sqft sqm kmh mph kwh kva mah usd eur gbp hrs lbs min mins sec secs gal gals psi rpm dpi mhz ghz kbps mbps px pcs
    views cm3 cc km kg mm cm ft oz lb sf hp pdf jpg png gif pts points miles dollars bucks euros pesos year years
    """
)
_WIDE = 8
_REFUSED = frozenset("$€£¥%@")
_FEWEST_DIGITS = 6
"""With fewer, not even letters at one end (see `joining.widen`) make a number."""


class Part(NamedTuple):
    """A piece of a chunk, before it is placed in the text. `op` says how it acts on its neighbours."""

    start: int
    end: int
    digits: str
    kind: Kind
    op: str


class Token(NamedTuple):
    """Some digits at a place in the folded text, and the separator before them."""

    start: int
    end: int
    digits: str
    kind: Kind
    gap: Gap
    op: str = ""


Run = list[Token]


@lru_cache(maxsize=16_384)
def read_chunk(chunk: str) -> tuple[Part, ...] | None:
    """What digits a chunk of letters and figures stands for; None when it is no number."""
    if chunk.isdigit():
        return (Part(0, len(chunk), chunk, "figures", ""),)
    if len(chunk) > _LONGEST_CHUNK:
        return None
    low = chunk.lower()
    return _read_words(low, PART) or _read_look_alikes(chunk) or _read_sounds(low) or _read_touching(low)


def _read_words(low: str, part: re.Pattern[str]) -> tuple[Part, ...] | None:
    parts: list[Part] = []
    position = 0
    while position < len(low):
        match = part.match(low, position)
        if match is None:
            return None
        parts.append(_read_word(match[0], position))
        position = match.end()
    return tuple(parts)


def _read_word(word: str, start: int) -> Part:
    end = start + len(word)
    if word.isdigit():
        return Part(start, end, word, "figures", "")
    plain = word if word in DIGITS else spelt(word)
    if plain in DIGITS:
        return Part(start, end, DIGITS[plain], "words", "")
    if plain in TENS:
        return Part(start, end, TENS[plain], "words", "tens")
    if plain in MULTIPLES:
        return Part(start, end, "", "words", MULTIPLES[plain])
    return Part(start, end, HOMOPHONES[word], "words" if word == "o" else "sounds", "")


def _read_sounds(low: str) -> tuple[Part, ...] | None:
    """Words that sound like digits glued between figures and number words: "3tothree", "one9zerofor"."""
    parts = _read_words(low, SOUNDING_PART)
    if parts is None or not any(part.kind == "figures" for part in parts):
        return None
    return parts


def _read_look_alikes(chunk: str) -> tuple[Part, ...] | None:
    figures = sum(char.isdigit() for char in chunk)
    # One more letter than figures is a word with a number in it; a longer one an identifier.
    if len(chunk) > 11 or not figures or (figures == 1 and len(chunk) > 4):
        return None
    if any(char not in _ALL_LOOK_ALIKES and not char.isdigit() for char in chunk):
        return None
    weak = any(char in _WEAK for char in chunk)
    if weak and (figures * 2 < len(chunk) or len(chunk) not in (3, 4, 7)):
        return None
    return (Part(0, len(chunk), "".join(_ALL_LOOK_ALIKES.get(char, char) for char in chunk), "letters", ""),)


def _read_touching(low: str) -> tuple[Part, ...] | None:
    """Digits that touch a word: "call5125550134", "0134call", "Houston512"."""
    match = _TOUCHING.match(low)
    if match is None:
        return None
    before, digits, after = match.group("before", "digits", "after")
    if match.end() != len(low) and not (after in ("x", "ext") and low[match.end() :].isdigit()):
        return None
    if before and (before in _NEVER_BEFORE or not (len(before) >= 3 or before in _BEFORE)):
        return None
    if after and (after in _NEVER_AFTER or len(digits) not in (4, 7, 10, 11)):
        return None
    if after and not _AFTER.fullmatch(after) and not (len(digits) >= 10 and len(after) >= 2):
        return None
    return (Part(match.start("digits"), match.end("digits"), digits, "figures", ""),)


@lru_cache(maxsize=8_192)
def read_gap(gap: str) -> tuple[Gap, str, Kind] | None:
    """What stands between two tokens: the kind of separator and the digits hidden in it; None when it ends the run."""
    low = gap.lower()
    if not any(char.isalpha() for char in low):
        kind = _symbols(gap)
        return (kind, "", "figures") if kind else None
    if not _REFUSED.isdisjoint(low) or gap.count("\n") > 1:
        return None
    words = re.findall(r"[^\W\d_]+", low)
    phrase = " ".join(words)
    if phrase in SEPARATOR_WORDS:
        return "word", "", "figures"
    if len(words) <= 3 and all(word in HOMOPHONES for word in words):
        digits = "".join(HOMOPHONES[word] for word in words)
        return "loose", digits, "words" if phrase in ("o", "oh") else "sounds"
    letters = "".join(re.findall(r"[^\W\d_]+|\|", gap))
    if len(letters) <= 7 and len(words) <= 1 and all(char in STRONG for char in letters):
        return "loose", "".join(STRONG[char] for char in letters), "letters"
    return None


def _symbols(gap: str) -> Gap | None:
    bare = "".join(gap.split())
    if not _REFUSED.isdisjoint(gap) or gap.count("\n") > 1 or len(bare) > 10 or len(set(bare)) > 4:
        return None
    if "\n" in gap:
        return "line" if len(bare) <= 2 and "+" not in bare else None
    tight = len(bare) == len(gap)
    if ("+" in bare or "#" in bare) and not tight:
        return None
    if "," in bare or ";" in bare:
        return "tight" if tight else "comma"
    if not bare:
        # Columns of a table are farther apart.
        return "space" if len(gap) < _WIDE else None
    return "tight" if tight else "loose"


def find_runs(text: str, low: str, zone: Zone) -> Iterator[Run]:
    """The runs of a stretch of a folded text, from left to right; each character is looked at a few times at most.

    Args:
        text: a folded text.
        low: the same in small letters, as long as `text`, behind one blank.
        zone: the stretch.
    """
    run: Run = []
    for match in _CHUNK.finditer(low, zone.start, zone.end + 1):
        start, end = match.start(), match.end() - 1
        parts = read_chunk(text[start:end]) if end - start <= _LONGEST_CHUNK else None
        between = _between(text, run[-1], start) if run and parts else None
        if run and between is None:
            if _is_enough(run):
                yield run
            run = []
        if parts is None:
            continue
        _extend(run, start, parts, between)
        if parts[-1].end != end - start:
            # A word follows that touches the digits.
            if _is_enough(run):
                yield run
            run = []
    if _is_enough(run):
        yield run


def _extend(run: Run, start: int, parts: tuple[Part, ...], between: tuple[Gap, str, Kind] | None) -> None:
    gap: Gap = "start"
    if between is not None:
        gap, digits, kind = between
        if digits:
            run.append(Token(run[-1].end, start, digits, kind, "loose"))
    for part in parts:
        run.append(Token(start + part.start, start + part.end, part.digits, part.kind, gap, part.op))
        gap = "glued"


def _is_enough(run: Run) -> bool:
    # A multiple stands for three digits at most.
    return len(run) >= _FEWEST_DIGITS or sum([len(token.digits) or 3 for token in run]) >= _FEWEST_DIGITS


def _between(text: str, last: Token, start: int) -> tuple[Gap, str, Kind] | None:
    between = read_gap(text[last.end : start]) if start - last.end <= LONGEST_GAP else None
    if between and between[1] == "0" and last.kind == "words" and text[last.start : last.end].lower() in ROMANCE:
        return None
    return between
