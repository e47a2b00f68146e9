"""Reads digits the way a person does: as figures, as words, as letters that look like digits.

A text becomes *runs*: tokens that each stand for some digits, with nothing but separators between them. Which part of
a run is a telephone number is not decided here (see `phones`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from leadgen.process.words import DIGITS, HOMOPHONES, MULTIPLES, PART, SEPARATOR_WORDS, TENS, WORDS

Kind = Literal["figures", "words", "letters", "sounds"]
Gap = Literal["start", "glued", "tight", "space", "loose", "comma", "line", "word"]

_STRONG = dict(zip("OoIl|SsBZz", "0011155822", strict=True))
_WEAK = dict(zip("DQiEAGbTgq", "0013466799", strict=True))
_ALL_LOOK_ALIKES = _STRONG | _WEAK

# A chunk is letters and figures without anything between; only those with a figure, or made of number words, matter.
# It begins with the character before it: that one is looked for much faster than the lack of a letter.
_CHUNK = re.compile(rf"[^0-9a-z](?:[a-z]{{0,40}}+[0-9][0-9a-z]*+|(?:{WORDS})++(?![0-9a-z]))")
_GLUED_CUE = re.compile(r"(?:call|text|txt|tel|cell|phone|ph|mobile|sms|at|me|us|fax|num|number|c|t|p|w|m|o)(\d{3,11})")
_GLUED_END = re.compile(
    r"(\d{4}|\d{7}|\d{10,11})(?:x\d{1,6}|ext\d{1,6}|call|text|txt|or|and|for|thanks|thx|cell|ask|leave|please|pls|any"
    r"|office|mobile|fax|home|work|anytime|now|today|if|to|c|h|w|m|o)"
)
_REFUSED = frozenset("$€£¥%@")
_LETTERS_BEFORE = re.compile(r"(?<![0-9A-Za-z])([OQIlSBZ|]{1,4})[\s.\-()]{1,3}$")
_LETTERS_AFTER = re.compile(r"[\s.\-()]{1,3}([OoIlSsBZ|]{1,4})(?![0-9A-Za-z])")
_LONGEST_GAP = 24
_FEWEST_DIGITS = 6
"""With fewer, not even letters at one end (see `widen`) make a number."""


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


@lru_cache(maxsize=16_384)
def read_chunk(chunk: str) -> tuple[Part, ...] | None:
    """What digits a chunk of letters and figures stands for; None when it is no number."""
    if chunk.isdigit():
        return (Part(0, len(chunk), chunk, "figures", ""),)
    if len(chunk) > 120:
        return None
    low = chunk.lower()
    parts = _read_words(low)
    if parts is not None:
        return parts
    parts = _read_look_alikes(chunk)
    if parts is not None:
        return parts
    for pattern in (_GLUED_CUE, _GLUED_END):
        match = pattern.fullmatch(low)
        if match:
            return (Part(match.start(1), match.end(1), match[1], "figures", ""),)
    return None


def _read_words(low: str) -> tuple[Part, ...] | None:
    parts: list[Part] = []
    position = 0
    while position < len(low):
        match = PART.match(low, position)
        if match is None:
            return None
        word = match[0]
        position = match.end()
        if word.isdigit():
            parts.append(Part(match.start(), position, word, "figures", ""))
        elif word in MULTIPLES:
            parts.append(Part(match.start(), position, "", "words", MULTIPLES[word]))
        elif word in TENS:
            parts.append(Part(match.start(), position, TENS[word], "words", "tens"))
        else:
            parts.append(Part(match.start(), position, DIGITS[_canonical(word)], "words", ""))
    return tuple(parts)


_LEET = str.maketrans("013", "oie")


def _canonical(word: str) -> str:
    return word if word in DIGITS else word.translate(_LEET)


def _read_look_alikes(chunk: str) -> tuple[Part, ...] | None:
    figures = sum(char.isdigit() for char in chunk)
    # One more letter than figures is a word with a number in it; a longer one an identifier.
    if len(chunk) > 11 or not figures or (figures == 1 and len(chunk) > 4):
        return None
    if any(char not in _ALL_LOOK_ALIKES and not char.isdigit() for char in chunk):
        return None
    weak = any(char in _WEAK for char in chunk)
    if weak and (figures * 2 < len(chunk) or len(chunk) not in (3, 4, 7, 10)):
        return None
    return (Part(0, len(chunk), "".join(_ALL_LOOK_ALIKES.get(char, char) for char in chunk), "letters", ""),)


@lru_cache(maxsize=8_192)
def read_gap(gap: str) -> tuple[Gap, str, Kind] | None:
    """What stands between two tokens: the kind of separator and the digits hidden in it; None when it ends the run."""
    low = gap.lower()
    if not any(char.isalpha() for char in low):
        kind = _symbols(gap)
        return (kind, "", "figures") if kind else None
    if not _REFUSED.isdisjoint(low) or "\n\n" in gap:
        return None
    words = " ".join(re.findall(r"[^\W\d_]+", low))
    if words in SEPARATOR_WORDS:
        return "word", "", "figures"
    if words in HOMOPHONES:
        return "loose", HOMOPHONES[words], "words" if words in ("o", "oh") else "sounds"
    letters = "".join(re.findall(r"[^\W\d_]+|\|", gap))
    if len(letters) <= 7 and all(char in _STRONG for char in letters) and " " not in words:
        return "loose", "".join(_STRONG[char] for char in letters), "letters"
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
        return "space"
    return "tight" if tight else "loose"


def _chunks(text: str) -> Iterator[tuple[int, int, tuple[Part, ...] | None]]:
    low = text.lower()
    if len(low) != len(text):
        low = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    for match in _CHUNK.finditer(f" {low}"):
        start, end = match.start(), match.end() - 1
        yield start, end, read_chunk(text[start:end]) if end - start <= 120 else None


def find_runs(text: str) -> Iterator[list[Token]]:
    """The runs of a folded text, from left to right. Each character is looked at a bounded number of times."""
    run: list[Token] = []
    for start, end, parts in _chunks(text):
        between = _between(text, run[-1].end, start) if run and parts else None
        if run and between is None:
            yield from _closed(run)
            run = []
        if parts is None:
            continue
        gap: Gap = "start"
        if between is not None:
            gap, digits, kind = between
            if digits:
                run.append(Token(run[-1].end, start, digits, kind, "loose"))
        for part in parts:
            run.append(Token(start + part.start, start + part.end, part.digits, part.kind, gap, part.op))
            gap = "glued"
        if parts[-1].end != end - start:
            yield from _closed(run)
            run = []
    yield from _closed(run)


def _closed(run: list[Token]) -> Iterator[list[Token]]:
    if len(run) < 12 and _most_digits(run) < _FEWEST_DIGITS:
        return
    folded = fold_words(run)
    if folded:
        yield folded


def _most_digits(run: list[Token]) -> int:
    # A multiple stands for three digits at most.
    return sum([len(token.digits) or 3 for token in run])


def _between(text: str, end: int, start: int) -> tuple[Gap, str, Kind] | None:
    return read_gap(text[end:start]) if start - end <= _LONGEST_GAP else None


def fold_words(run: list[Token]) -> list[Token]:
    """Apply "double", "triple", "hundred", "thousand" and joined tens ("thirty four") within a run."""
    if not any(token.op for token in run):
        return run
    folded: list[Token] = []
    times = 0
    first: Token | None = None
    for token in run:
        if token.op in ("2", "3"):
            times, first = int(token.op), token
            continue
        if times and first is not None:
            digits = token.digits[:1] * times + token.digits[1:]
            token = token._replace(start=first.start, digits=digits, kind="words", gap=first.gap)
            times, first = 0, None
        if token.op in ("00", "000"):
            if folded and len(folded[-1].digits) <= 2:
                folded[-1] = folded[-1]._replace(
                    end=token.end, digits=folded[-1].digits + token.op, kind="words", op=token.op
                )
            continue
        joined = _joined(folded[-1], token) if folded else None
        if joined is not None:
            folded[-1] = joined
            continue
        folded.append(token)
    return folded


def _joined(before: Token, token: Token) -> Token | None:
    """Both as one token where they are said as one number: "thirty four" is 34, "five hundred fifty" is 550."""
    if token.kind != "words" or token.gap not in ("glued", "space", "tight"):
        return None
    if before.op == "tens" and not token.op and len(token.digits) == 1 and token.digits != "0":
        digits = before.digits[:-1] + token.digits
    elif before.op == "00" and len(token.digits) == 2:
        digits = before.digits[:-2] + token.digits
    else:
        return None
    return before._replace(end=token.end, digits=digits, op=token.op)


def widen(text: str, run: list[Token]) -> list[Token]:
    """Add letters that stand for a whole group of digits at an end of a run, as in "SIZ-555-OIOO"."""
    total = sum(len(token.digits) for token in run)
    after = _LETTERS_AFTER.match(text, run[-1].end)
    if after and total + len(after[1]) in (10, 11):
        digits = "".join(_STRONG[char] for char in after[1])
        return [*run, Token(after.start(1), after.end(1), digits, "letters", "tight")]
    before = _LETTERS_BEFORE.search(text, max(0, run[0].start - 8), run[0].start)
    if before and total + len(before[1]) in (10, 11):
        digits = "".join((_STRONG | {"Q": "0"})[char] for char in before[1])
        first = Token(before.start(1), before.end(1), digits, "letters", "start")
        return [first, run[0]._replace(gap="tight"), *run[1:]]
    return run
