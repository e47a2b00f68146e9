"""The business an ad names: a run of capitalised words that ends, or is placed, the way names of businesses are."""

from __future__ import annotations

import re
from dataclasses import dataclass

from leadgen.llm.names import ends_like_business, looks_like_business
from leadgen.llm.namewords import FIRST_BUSINESS_WORDS, JOINING, LEGAL_FORMS, NOT_FIRST
from leadgen.llm.plaintext import sentences

_TOKEN = re.compile(r"[^\s]+")
_APART = re.compile(r"\s[–—|-]{1,2}\s|[|;:•~!?]|,\s|\s?[()]|\.\s|\.$")
_INTRODUCTION = re.compile(
    r"^(?:(?:[Hh]i|[Hh]ello|[Hh]ey)[,!]?\s)?(?:[Hh]ere at|[Ww]e are|[Ww]e[’']re|[Tt]his is|[Ww]elcome to"
    r"|[Cc]all|[Cc]ontact|[Ll]lame a"
    r"|(?:I am|I'm|I’m|[Mm]y name is)\s(?:[A-ZÀ-Þ][\w'’]{1,20}\s){1,2}(?:of|from|with|at))\s(?=[A-ZÀ-Þ0-9])"
)
_BY = re.compile(r"^[A-ZÀ-Þ][\w'’&]{1,20}(?:\s[A-ZÀ-Þ][\w'’&]{1,20}){0,3}\sby\s[A-ZÀ-Þ][\w'’]{1,20}$")
_WHOLE_ALONE = 2


@dataclass(frozen=True)
class _Candidate:
    name: str
    points: int


def find_business(title: str, body: str) -> str:
    """The name of the business as the ad writes it; empty where it names none.

    Args:
        title: the ad's title, in plain letters.
        body: its text, likewise, and without streets.
    """
    found: list[_Candidate] = []
    lines = [line for line in body.splitlines() if line]
    for number, line in enumerate(lines):
        at_the_edge = number == 0 or number >= len(lines) - _WHOLE_ALONE
        found += _of_line(line, 1 if at_the_edge else 0)
    found += [
        _Candidate(one.name, one.points + (1 if any(mark in title for mark in "|:") else 0))
        for one in _of_line(title, 0)
    ]
    best = max(found, key=lambda one: one.points, default=None)
    return best.name if best is not None else ""


def _of_line(line: str, more: int) -> list[_Candidate]:
    found = []
    for sentence in sentences(line):
        sentence = _INTRODUCTION.sub("", sentence)
        for position, piece in enumerate(part.strip() for part in _APART.split(_protected(sentence))):
            piece = piece.replace("\ue000", ".")
            name = _run(piece)
            if not name:
                continue
            points = more + 2 * (name == piece) + (position == 0) + _form_points(name)
            found.append(_Candidate(name, points))
    return found


def _run(piece: str) -> str:
    """The name at the beginning of a piece of text, if that is what it begins with."""
    if _BY.match(piece) and looks_like_business(piece):
        return piece
    words: list[str] = []
    for word in _TOKEN.findall(piece)[:8]:
        if not (word[0].isupper() or word[0].isdigit() or word.casefold() in JOINING):
            break
        words.append(word)
    if words and words[0].strip(".,").casefold() in NOT_FIRST:
        return ""
    while words and (words[-1].casefold() in JOINING or not ends_like_business(words)):
        # "Gutter Guys of Tulsa": what stands before the place ends as a business does.
        if len(words) >= 4 and words[-2].casefold() in {"of", "de"} and ends_like_business(words[:-2]):
            break
        words.pop()
    name = " ".join(words).rstrip(",")
    if len(words) < 2 or (name.isupper() and not _is_marked(words)) or _is_place(words):
        return ""
    return name if looks_like_business(name) else ""


def _is_place(words: list[str]) -> bool:
    """ "Studio in Uptown" says where, not who."""
    return words[0].casefold() in FIRST_BUSINESS_WORDS and words[1].casefold() in {"in", "at", "en", "on"}


def _is_marked(words: list[str]) -> bool:
    """Whether words all in capitals are marked as a name by more than that: whole ads are written so."""
    return words[-1].strip(".").casefold() in LEGAL_FORMS or any("&" in word or "'" in word for word in words)


def _form_points(name: str) -> int:
    return 2 if name.split()[-1].strip(".").casefold() in LEGAL_FORMS else 0


def _protected(sentence: str) -> str:
    """The sentence with the points of short forms hidden from what divides it."""
    return re.sub(r"\b(Co|Mr|Mrs|Dr|Inc|Ltd|Bros|St|Jr|L\.L\.C)\.", lambda match: match[0][:-1] + "\ue000", sentence)
