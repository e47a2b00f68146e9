"""Filter expressions: ``status:sent city:austin -email:*@gmail.com name:"lone star" sent:<7d score:>50 plumber``.

All terms must hold. A term is a text, looked for in name, business, phone and email, or ``field:value``; ``-`` before
it turns it round. Values:

* texts: ``austin`` is a part of the value, ``*@gmail.com`` with a star is the whole value, ``=austin`` exactly that,
  ``*`` anything at all; blanks need quotes;
* numbers: ``50``, ``>50``, ``>=50``, ``<50``, ``10..50``, ``*``;
* moments: ``<7d`` less than 7 days ago, ``>2w`` longer ago, ``2026-11-03`` on that day, ``>2026-11-03`` after it,
  ``2026-11-01..2026-11-15``, ``*`` ever; units are m, h, d, w and y;
* several values with commas between them: any of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from console.contacts.fields import FIELDS, STATES, Field, Kind, field_named
from leadgen.model.errors import InvalidInput

MAX_LENGTH = 500
MAX_TERMS = 40


class BadFilter(InvalidInput):
    """A filter expression that can't be read.

    Args:
        at: place of the fault in the expression, from 0.
        problem: what is wrong there.
        allowed: what may stand there.
    """

    title = "The filter can't be read"

    def __init__(self, at: int, problem: str, allowed: str) -> None:
        super().__init__(f"At character {at + 1}: {problem}.", hint=f"Allowed: {allowed}.")
        self.at = at
        self.problem = problem
        self.allowed = allowed


@dataclass(frozen=True)
class Value:
    """What a field is compared with.

    Args:
        op: ``has`` (a part), ``like`` (the whole, with stars), ``=``, ``any``, ``<``, ``<=``, ``>``, ``>=``, ``range``.
        text: for texts and states.
        low, high: for numbers, and days of dates as numbers of days (`date.toordinal`).
        ago: for ages, instead of dates.
    """

    op: str
    text: str = ""
    low: float = 0.0
    high: float = 0.0
    ago: timedelta | None = None


@dataclass(frozen=True)
class Term:
    """One condition: any of the values.

    Args:
        field: what is compared; `None` for a text that is looked for anywhere.
        values: what with.
        negated: whether it must not hold.
    """

    field: Field | None
    values: tuple[Value, ...]
    negated: bool = False


@dataclass(frozen=True)
class _Word:
    """A piece of the expression, and where it begins."""

    text: str
    at: int
    quoted: bool = False
    exactly: bool = False


_NAME = re.compile(r"[A-Za-z]+:")
_PLAIN = re.compile(r'[^\s",]+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,6})?", re.ASCII)
_AGE = re.compile(r"(\d{1,5})(m|min|h|d|w|y)", re.ASCII)
_UNITS = {"m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
_OPS = (">=", "<=", ">", "<")
_NAMES = ", ".join(field.name for field in FIELDS)
_MOMENTS = "an age such as <7d or >2w (m, h, d, w, y), a day such as 2026-11-03, >2026-11-03, two days with .., or *"
_NUMBERS = "a number, >50, >=50, <50, <=50, 10..50, or *"


def parse(text: str) -> tuple[Term, ...]:
    """The terms of an expression; none for an empty one.

    Raises:
        BadFilter: with the place of the fault and what may stand there.
    """
    if len(text) > MAX_LENGTH:
        raise BadFilter(MAX_LENGTH, "the filter is too long", f"{MAX_LENGTH} characters")
    terms: list[Term] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        if len(terms) == MAX_TERMS:
            raise BadFilter(at, "too many terms", f"{MAX_TERMS} terms")
        term, at = _term(text, at)
        terms.append(term)
    return tuple(terms)


def _term(text: str, at: int) -> tuple[Term, int]:
    negated = text[at] == "-"
    at += negated
    named = _NAME.match(text, at)
    if named is not None:
        field = field_named(named.group()[:-1])
        if field is None:
            raise BadFilter(at, f"there is no field {named.group()[:-1]!r}", f"{_NAMES}; or the text in quotes")
        words, at = _words(text, named.end())
        return Term(field, tuple(_value(field, word) for word in words), negated), at
    if at >= len(text) or text[at].isspace():
        raise BadFilter(at, "there is nothing after the minus", "a text or field:value; a minus itself in quotes")
    word, at = _word(text, at, commas=True)
    return Term(None, (Value("has", word.text.casefold()),), negated), at


def _words(text: str, at: int) -> tuple[list[_Word], int]:
    words: list[_Word] = []
    while True:
        word, at = _word(text, at, commas=False)
        words.append(word)
        if at >= len(text) or text[at] != ",":
            return words, at
        at += 1


def _word(text: str, at: int, *, commas: bool) -> tuple[_Word, int]:
    """The word that begins there; as a value it may be asked for exactly: ``name:="lone star"``."""
    start, exactly = at, text.startswith("=", at) and not commas
    at += exactly
    if text.startswith('"', at):
        found = _QUOTED.match(text, at)
        if found is None:
            raise BadFilter(at, "the quote is not closed", 'a text in quotes, such as "lone star"')
        if found.end() < len(text) and not (text[found.end()].isspace() or text[found.end()] == ","):
            raise BadFilter(found.end(), "the quoted text does not end here", "a blank after the quote")
        inside = re.sub(r"\\(.)", r"\1", found.group(1))
        return _Word(inside, start, quoted=True, exactly=exactly), found.end()
    pattern = re.compile(r'[^\s"]+') if commas else _PLAIN
    found = pattern.match(text, at)
    if found is None:
        raise BadFilter(at, "a value is missing", "a value after the colon or comma; blanks and commas in quotes")
    return _Word(found.group(), start, exactly=exactly), found.end()


def _value(field: Field, word: _Word) -> Value:
    if word.text == "*" and not (word.quoted or word.exactly):
        return Value("any")
    match field.kind:
        case Kind.STATE:
            return _state(word)
        case Kind.NUMBER:
            return _number(word)
        case Kind.MOMENT:
            return _moment(word)
        case _:
            return _text(field, word)


def _text(field: Field, word: _Word) -> Value:
    text = word.text.casefold()
    if field.name == "phone":
        text = re.sub(r"[\s().\-/]", "", text) or text
    if word.exactly:
        return Value("=", text)
    if "*" in text and not word.quoted:
        return Value("like", text)
    return Value("has", text)


def _state(word: _Word) -> Value:
    wanted = word.text.casefold().replace("_", " ").replace("-", " ")
    known = {*STATES, *(status.lower().replace("_", " ") for status in STATES.values())}
    if wanted not in known:
        words = ", ".join(f'"{state}"' if " " in state else state for state in STATES)
        raise BadFilter(word.at, f"{word.text!r} is no status", words)
    return Value("=", wanted)


def _split(word: _Word) -> tuple[str, str]:
    for op in _OPS:
        if word.text.startswith(op):
            return op, word.text[len(op) :]
    return "=", word.text


def _number(word: _Word) -> Value:
    low, dots, high = word.text.partition("..")
    if dots:
        return Value("range", low=_read_number(low, word), high=_read_number(high, word))
    op, rest = _split(word)
    return Value(op, low=_read_number(rest, word))


def _read_number(text: str, word: _Word) -> float:
    if not _NUMBER.fullmatch(text):
        raise BadFilter(word.at, f"{word.text!r} is no number", _NUMBERS)
    return float(text)


def _moment(word: _Word) -> Value:
    if word.text.casefold() == "never":
        return Value("none")
    low, dots, high = word.text.partition("..")
    if dots:
        return Value("range", low=_day(low, word), high=_day(high, word))
    op, rest = _split(word)
    age = _AGE.fullmatch(rest)
    if age is not None:
        if op == "=":
            raise BadFilter(word.at, f"{word.text!r} names no side", f"<{rest} for less, >{rest} for longer ago")
        return Value(op, ago=timedelta(seconds=int(age.group(1)) * _UNITS[age.group(2)]))
    return Value(op, low=_day(rest, word))


def _day(text: str, word: _Word) -> float:
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return float(date.fromisoformat(text).toordinal())
    except ValueError:
        pass
    raise BadFilter(word.at, f"{word.text!r} is no day and no age", _MOMENTS)
