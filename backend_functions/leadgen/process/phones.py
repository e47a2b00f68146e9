"""Telephone numbers in the text of an ad, plain or disguised, without the many numbers that are none.

`disguise` reads runs of digits; here the part of a run that can be a telephone number is chosen by how its digits are
grouped, by what stands around it, and in the end by `phonenumbers`.

Confidence is the share of such finds that are meant as a number to call, as a rough guide:

====  =====================================================================================
1.00  the target of a ``tel:`` link
0.98  the usual grouping (512-555-0134), or ten digits after a word such as "call"
0.90  ten digits in a row, or the usual groups with unusual separators
0.85  words, a vanity number (1-800-FLOWERS), or figures written one by one
0.75  letters in place of digits
0.60  unusual groups, or words that only sound like digits, beside a word such as "call"
====  =====================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from leadgen.process import context
from leadgen.process.disguise import Token, find_runs, widen
from leadgen.process.folding import Folded, fold_for_numbers
from leadgen.process.numbering import could_be_nanp, country_code, dialled_number, nanp_number, number_from_link
from leadgen.process.vanity import find_vanity

MAX_TEXT = 200_000
"""Characters that are read; what follows in a longer text is left aside."""
MAX_PHONES = 50
"""A page with more numbers than this is a directory; the rest is left aside."""
_LONG_RUN = 120
_MAX_DIGITS = 17
_COUNTING = "2345678910"


@dataclass(frozen=True)
class FoundPhone:
    """A number and where it was found.

    Args:
        e164: the number in E.164 form ("+15125550134").
        text: how it was written.
        confidence: 0–1, see the module.
        start: position in the text that was read; -1 for a link.
        end: end of the position, exclusive; -1 for a link.
    """

    e164: str
    text: str
    confidence: float
    start: int
    end: int


def find_phones(
    text: str, *, region: str = "US", tel_links: Iterable[str] = (), exclude: Iterable[str] = ()
) -> list[FoundPhone]:
    """The telephone numbers of a text, each once, in the order of the text; numbers only in links come last.

    Args:
        text: plain text (see `document` for HTML).
        region: where the text was published, for numbers without a country code.
        tel_links: targets of ``tel:`` links, with or without the scheme.
        exclude: ids that are no telephone numbers, such as the page's own post id.

    Never raises; work grows linearly with the text, which is read up to `MAX_TEXT` characters.
    """
    refused = frozenset("".join(filter(str.isdigit, entry)) for entry in exclude) - {""}
    folded = fold_for_numbers(text[:MAX_TEXT])
    readable, linked = context.blank_addresses(folded.text)
    found = [_placed(folded, e164, 0.95, start, end) for e164, start, end in linked]
    found += [_placed(folded, e164, 0.85, start, end) for e164, start, end in find_vanity(readable)]
    reader = _Reader(readable, region, refused)
    for run in find_runs(readable):
        if len(found) >= MAX_PHONES:
            break
        found += [_placed(folded, *find) for find in reader.read(run)]
    found.sort(key=lambda phone: (phone.start, -phone.end))
    return _once(found, _from_links(tel_links, region, refused))


def _placed(folded: Folded, e164: str, confidence: float, start: int, end: int) -> FoundPhone:
    first, last = folded.span(start, end)
    return FoundPhone(e164, folded.source[first:last], confidence, first, last)


def _from_links(targets: Iterable[str], region: str, refused: frozenset[str]) -> list[FoundPhone]:
    found = []
    for target in targets:
        written = target.removeprefix("tel:")[:64]
        e164 = number_from_link(written, region)
        if e164 and e164[1:] not in refused and e164[2:] not in refused:
            found.append(FoundPhone(e164, written, 1.0, -1, -1))
    return found


def _once(in_text: list[FoundPhone], in_links: list[FoundPhone]) -> list[FoundPhone]:
    numbers: dict[str, FoundPhone] = {}
    for phone in in_text + in_links:
        known = numbers.setdefault(phone.e164, phone)
        if phone.confidence > known.confidence:
            numbers[phone.e164] = replace(known, confidence=phone.confidence)
    return list(numbers.values())[:MAX_PHONES]


@dataclass(frozen=True)
class _Window:
    """Neighbouring tokens of a run that could be a number."""

    first: int
    last: int
    e164: str
    confidence: float


_Find = tuple[str, float, int, int]


class _Reader:
    """Chooses the numbers of a run."""

    def __init__(self, text: str, region: str, refused: frozenset[str]) -> None:
        self._text = text
        self._region = region
        self._nanp = country_code(region) == 1
        self._refused = refused

    def read(self, run: list[Token]) -> list[_Find]:
        """The numbers of a run as (E.164, confidence, start, end) in the folded text."""
        if sum(len(token.digits) for token in run) < 10:
            run = widen(self._text, run)
        windows = self._windows(run)
        # The best first; among equals the last, since what comes before a number ("Apt 2") is nearer to prose.
        windows.sort(key=lambda window: (-window.confidence, -window.last))
        used = [False] * len(run)
        chosen: list[_Window] = []
        for window in windows:
            if not any(used[window.first : window.last + 1]):
                used[window.first : window.last + 1] = [True] * (window.last + 1 - window.first)
                chosen.append(window)
        return [
            (window.e164, window.confidence, *self._extent(run[window.first], run[window.last]))
            for window in chosen
            if not self._continues(run, window, used)
        ]

    def _extent(self, first: Token, last: Token) -> tuple[int, int]:
        start = first.start
        while start and self._text[start - 1] in "(+[":
            start -= 1
        return start, last.end

    def _continues(self, run: list[Token], window: _Window, used: list[bool]) -> bool:
        """Whether the digits go on without a space, as in a policy number; such a part is no number by itself."""
        before, after = window.first - 1, window.last + 1
        if before >= 0 and not used[before] and run[window.first].gap in ("tight", "glued"):
            return self._text[run[window.first].start - 1] in "-._"
        if after < len(run) and not used[after] and run[after].gap in ("tight", "glued"):
            return self._text[run[after].start - 1] in "-._" or run[after].gap == "glued"
        return False

    def _windows(self, run: list[Token]) -> list[_Window]:
        windows: list[_Window] = []
        for first, token in enumerate(run):
            if len(run) > _LONG_RUN and len(token.digits) < 3:
                continue
            international = token.start > 0 and self._text[token.start - 1] == "+"
            digits = ""
            for last in range(first, len(run)):
                digits += run[last].digits
                if len(digits) > _MAX_DIGITS:
                    break
                window = self._judge(run, first, last, digits, international)
                if window is not None:
                    windows.append(window)
        return windows

    def _judge(self, run: list[Token], first: int, last: int, digits: str, international: bool) -> _Window | None:
        if len(digits) < 7:
            return None
        national = digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
        if self._nanp and could_be_nanp(national):
            return self._judge_nanp(run, first, last, digits, national)
        if international:
            return self._judge_dialled(run, first, last, f"+{digits}")
        if not self._nanp or digits.startswith("011"):
            return self._judge_dialled(run, first, last, digits)
        return None

    def _judge_nanp(self, run: list[Token], first: int, last: int, digits: str, national: str) -> _Window | None:
        tokens = run[first : last + 1]
        before, after = self._around(tokens)
        cue = context.has_cue(before) or context.has_cue(after)
        confidence = context.confidence(tokens, len(digits) - len(national), cue)
        if not confidence or digits in self._refused or national in self._refused or national == _COUNTING:
            return None
        if context.is_something_else(tokens, before, after):
            return None
        e164 = nanp_number(national)
        return _Window(first, last, e164, confidence) if e164 else None

    def _judge_dialled(self, run: list[Token], first: int, last: int, number: str) -> _Window | None:
        tokens = run[first : last + 1]
        gaps = {token.gap for token in tokens[1:]}
        if gaps & {"comma", "line"} or (len(tokens) > 6 and any(len(token.digits) > 3 for token in tokens)):
            return None
        if number.lstrip("+") in self._refused or context.is_something_else(tokens, *self._around(tokens)):
            return None
        e164 = dialled_number(number, self._region)
        if e164 is None:
            return None
        plain = all(token.kind == "figures" for token in tokens)
        # Longer readings win: a national number may begin with digits that are a shorter one.
        return _Window(first, last, e164, (0.9 if plain else 0.75) + len(number) / 1000)

    def _around(self, tokens: list[Token]) -> tuple[str, str]:
        start, end = tokens[0].start, tokens[-1].end
        return self._text[max(0, start - context.LOOK_BACK) : start], self._text[end : end + 12]
