"""Chooses the telephone numbers of a run of digits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from leadgen.process.phones import context, grouping
from leadgen.process.phones.disguise import Run, Token
from leadgen.process.phones.joining import widen
from leadgen.process.phones.numbering import could_be_nanp, country_code, nanp_number, written_number

_LONG_RUN = 120
_MAX_DIGITS = 17
_SHORTEST = 7
_NANP_LENGTH = 10
_ABROAD = "011"
_COUNTING = frozenset({"2345678910", "2345678901", "9876543210", "2147483647", "2147483648"})
_TOUCHED = 0.75
_SEPARATES = re.compile(r"[-.)\]/(\u2022*|~]")
_CARRIES = re.compile(r"[-.)\]/]\s*\n|\n\s*[-(]")
_ORDINARY = re.compile(r"[\s\-./()\[\]*~_\u00b7|]*")
_COMMAS = frozenset(",:")
_YEARS = range(1900, 2100)


class Find(NamedTuple):
    """A number and its place in the folded text."""

    e164: str
    confidence: float
    start: int
    end: int


class _Window(NamedTuple):
    """Neighbouring tokens of a run that could be a number."""

    first: int
    last: int
    e164: str
    confidence: float


def _counts(tokens: Sequence[Token]) -> bool:
    """Whether groups of different sizes count up or down by one, as in a list of sizes or a calendar."""
    if len(tokens) < 4 or not any(len(token.digits) > 1 for token in tokens):
        return False
    if any(token.kind != "figures" for token in tokens):
        return False
    values = [int(token.digits or 0) for token in tokens]
    steps = [right - left for left, right in pairwise(values)]
    return any(steps[first : first + 3] in ([1, 1, 1], [-1, -1, -1]) for first in range(len(steps) - 2))


def _begins_abroad(run: Run) -> bool:
    """Whether the prefix for calls abroad may begin somewhere in a run."""
    return _ABROAD in "".join([token.digits for token in run])


def _is_card(run: Run) -> bool:
    """Whether the digits stand four by four, as on a bank card or in an IBAN."""
    sizes = "".join("4" if len(token.digits) == 4 else "-" for token in run)
    return "444" in sizes


class Reader:
    """Reads the runs of one text.

    Args:
        text: a folded text, with its addresses blanked.
        low: the same in small letters.
        region: where it was published.
        refused: digits that are no telephone numbers.
    """

    def __init__(self, text: str, low: str, region: str, refused: frozenset[str]) -> None:
        self._text = text
        self._low = low
        self._region = region
        self._nanp = country_code(region) == 1
        self._refused = refused
        self._has_plus = "+" in text

    def read(self, run: Run) -> list[Find]:
        """The numbers of a run."""
        run = widen(self._text, run)
        windows = self._windows(run)
        if not windows:
            return []
        # The best first; among equals the last, since what comes before a number ("Apt 2") is nearer to prose.
        if len(windows) > 1:
            windows.sort(key=lambda window: (-window.confidence, -window.last))
        used = [False] * len(run)
        chosen: list[_Window] = []
        for window in windows:
            if not any(used[window.first : window.last + 1]):
                used[window.first : window.last + 1] = [True] * (window.last + 1 - window.first)
                chosen.append(window)
        return [
            Find(window.e164, window.confidence, *self._extent(run[window.first], run[window.last]))
            for window in chosen
            if not self._continues(run, window, used)
        ]

    def _extent(self, first: Token, last: Token) -> tuple[int, int]:
        start = first.start
        while start and self._text[start - 1] in "(+[":
            start -= 1
        return start, last.end

    def _continues(self, run: Run, window: _Window, used: Sequence[bool]) -> bool:
        """Whether the digits go on without a space, as in a policy number; such a part is no number by itself."""
        before, after = window.first - 1, window.last + 1
        # Other plans than ours have no fixed length, so there a space is not enough to end a number.
        spaced = not window.e164.startswith("+1")
        if before >= 0 and not used[before]:
            token = run[window.first]
            if token.gap == "glued" or (token.gap == "tight" and self._text[token.start - 1] in "-._"):
                return True
            if token.gap == "space" and spaced and token.digits[0] != "0" and not self._is_international(token):
                return len(run[before].digits) > 1
        if after < len(run) and not used[after]:
            token = run[after]
            if token.gap == "glued" or (token.gap == "tight" and self._text[token.start - 1] in "-._"):
                return True
            return spaced and token.gap == "space" and len(token.digits) > 1
        return False

    def _is_international(self, token: Token) -> bool:
        if not self._has_plus:
            return False
        before = self._text[max(0, token.start - 3) : token.start].rstrip(" (")
        return before.endswith("+")

    def _windows(self, run: Run) -> list[_Window]:
        windows: list[_Window] = []
        left = sum([len(token.digits) for token in run])
        fewest = _NANP_LENGTH if self._nanp and not (self._has_plus or _begins_abroad(run)) else _SHORTEST
        for first, token in enumerate(run):
            if left < fewest:
                break
            left -= len(token.digits)
            if len(run) > _LONG_RUN and len(token.digits) < 3:
                continue
            windows += self._windows_from(run, first)
        return windows

    def _windows_from(self, run: Run, first: int) -> list[_Window]:
        windows: list[_Window] = []
        international = self._is_international(run[first])
        any_length = international or not self._nanp
        digits = ""
        for last in range(first, len(run)):
            digits += run[last].digits
            length = len(digits)
            if length < _SHORTEST:
                continue
            if length > _MAX_DIGITS:
                break
            if length == 10 or length == 11 or any_length or digits.startswith(_ABROAD):
                window = self._judge(run, first, last, digits, international)
                if window is not None:
                    windows.append(window)
        return windows

    def _judge(self, run: Run, first: int, last: int, digits: str, international: bool) -> _Window | None:
        national = digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
        american = could_be_nanp(national) and (self._nanp or (international and len(digits) == 11))
        if international and not (american and len(digits) == 11):
            # Some write "+512…" for a national number.
            found = self._judge_dialled(run, first, last, f"+{digits}")
            if found is not None or not american:
                return found
        if american:
            return self._judge_nanp(run, first, last, digits, national)
        if not self._nanp or digits.startswith(_ABROAD):
            return self._judge_dialled(run, first, last, digits)
        return None

    def _judge_nanp(self, run: Run, first: int, last: int, digits: str, national: str) -> _Window | None:
        if digits in self._refused or national in self._refused or national in _COUNTING:
            return None
        tokens = run[first : last + 1]
        e164 = None if _counts(tokens) else nanp_number(national)
        if e164 is None:
            return None
        cue = self._has_cue(tokens)
        prefix = len(digits) - len(national)
        confidence = grouping.plain_confidence(tokens, prefix, cue=cue)
        if confidence is None:
            confidence = grouping.confidence(tokens, prefix, self._setting(tokens, cue))
        if not confidence:
            return None
        before, after = self._around(tokens)
        if context.is_something_else(tokens, before, after, grouped=self._grouped(tokens), cue=cue):
            return None
        if confidence > _TOUCHED and self._touches_word(tokens):
            if self._is_handle(tokens[0].start):
                return None
            confidence = 0.9 if cue else _TOUCHED
        return _Window(first, last, e164, confidence)

    def _setting(self, tokens: Sequence[Token], cue: bool) -> grouping.Setting:
        start, end = self._extent(tokens[0], tokens[-1])
        breaks = [self._text[left.end : right.start] for left, right in pairwise(tokens) if right.gap == "line"]
        return grouping.Setting(
            cue,
            commas=not _COMMAS.isdisjoint(self._text[start:end]),
            begins_line=self._text[max(0, start - 4) : start].rpartition("\n")[2].strip() == ""
            and (start < 4 or "\n" in self._text[start - 4 : start]),
            ends_line=self._text[end : end + 4].partition("\n")[0].strip(" .!)]") == ""
            and (end + 4 > len(self._text) or "\n" in self._text[end : end + 4]),
            carried=all(_CARRIES.search(gap) for gap in breaks),
        )

    def _grouped(self, tokens: Sequence[Token]) -> bool:
        """Whether signs other than spaces group the digits as in a telephone number."""
        if len(tokens) < 3:
            return False
        start, end = self._extent(tokens[0], tokens[-1])
        return _SEPARATES.search(self._text, start, end) is not None

    def _touches_word(self, tokens: Sequence[Token]) -> bool:
        start, end = tokens[0].start, tokens[-1].end
        return (start > 0 and self._text[start - 1].isalpha()) or self._text[end : end + 1].isalpha()

    def _is_handle(self, start: int) -> bool:
        """Whether the digits and the word they touch are a name, as in "@joe512" or "#512abc"."""
        lowest = max(0, start - 24)
        while start > lowest and self._text[start - 1].isalnum():
            start -= 1
        return start > 0 and self._text[start - 1] in "@#/_=\\"

    def _judge_dialled(self, run: Run, first: int, last: int, number: str) -> _Window | None:
        tokens = run[first : last + 1]
        kinds = {token.kind for token in tokens}
        gaps = {token.gap for token in tokens[1:]}
        if (
            "line" in gaps
            or ("comma" in gaps and "figures" in kinds)
            or (len(tokens) > 6 and any(len(token.digits) > 3 for token in tokens))
        ):
            return None
        e164 = None if number.lstrip("+") in self._refused else written_number(number, self._region)
        if e164 is None or (number[0] != "+" and (self._is_date_or_count(tokens) or _is_card(run))):
            return None
        before, after = self._around(tokens)
        if number[0] != "+" and context.is_something_else(
            tokens, before, after, grouped=self._grouped(tokens), cue=self._has_cue(tokens)
        ):
            return None
        if number[0] != "+" and kinds == {"figures"} and not self._written_plainly(tokens):
            return None
        # Longer readings win: a national number may begin with digits that are a shorter one.
        return _Window(first, last, e164, (0.9 if kinds == {"figures"} else 0.75) + len(number) / 1000)

    def _written_plainly(self, tokens: Sequence[Token]) -> bool:
        return all(
            _ORDINARY.fullmatch(self._text, left.end, right.start) is not None for left, right in pairwise(tokens)
        )

    @staticmethod
    def _is_date_or_count(tokens: Sequence[Token]) -> bool:
        """Whether the groups are a date, some years, or figures that count up or down."""
        values = [int(token.digits) for token in tokens]
        sizes = tuple(len(token.digits) for token in tokens)
        if len(sizes) == 3 and sorted(sizes)[:2] in ([1, 1], [1, 2], [2, 2]) and max(sizes) in (2, 4):
            ends = [value for value, size in zip(values, sizes, strict=True) if size == 4]
            if len(ends) == 1 and ends[0] in _YEARS:
                return True
        if len(sizes) <= 3 and all(size == 4 and value in _YEARS for size, value in zip(sizes, values, strict=True)):
            return True
        return _counts(tokens)

    def _has_cue(self, tokens: Sequence[Token]) -> bool:
        start, end = tokens[0].start, tokens[-1].end
        return context.has_cue(self._low[max(0, start - context.LOOK_BACK) : start]) or context.has_cue(
            self._low[end : end + context.CUE_AHEAD]
        )

    def _around(self, tokens: Sequence[Token]) -> tuple[str, str]:
        start, end = self._extent(tokens[0], tokens[-1])
        before = self._text[max(0, start - context.LOOK_BACK) : tokens[0].start]
        return before, self._text[end : end + context.LOOK_AHEAD]
