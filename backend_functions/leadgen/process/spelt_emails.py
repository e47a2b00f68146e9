"""Addresses written so that simple programs miss them, as "name at domain dot com" or "name [at] domain (dot) net".

Each is found from its at-mark outwards, in a window of fixed size, so that a long text costs no more than its length.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from leadgen.process.domains import is_end, known_end, read_domain
from leadgen.process.placeholders import FILE_ENDINGS
from leadgen.process.spelt_words import (
    AT,
    AT_CAPITALS,
    AT_IN_PROSE,
    AT_NEEDLES,
    BRACKETED_NEEDLES,
    CUE,
    CUE_NEEDLES,
    GLUED_LABEL,
    LABEL,
    LOCAL_END,
    NOT_A_NAME,
    NOT_BEFORE_A_SITE,
    PRONOUNS,
    PROVIDER,
    PROVIDER_NAMES,
    PROVIDER_NEEDLES,
    PROVIDERS,
    SAID_DOT,
    SAID_NO_SPAM,
    SECOND_LEVELS,
    SHOPS,
    SIGN_END,
    SIGN_WORD,
    SIGN_WORDS,
    UNUSUAL_NEEDLES,
    WORDY_PROVIDERS,
    WRITTEN_DOT,
)
from leadgen.process.top_level import COMMON

MAX_SPELT = 50
MAX_MARKS = 4_000
"""At-marks of one text that are looked at; a text of 200,000 characters has some 1,500."""
MAX_APART = 200
MAX_LABELS = 6
_BEFORE, _AFTER = 120, 160
_AROUND, _AHEAD = 4, 48

_SPACE = re.compile(r"\s{1,2}")
_SPACED_END = re.compile(r"c\s?[o0]\s?m\b|n\se\st\b|o\sr\sg\b", re.IGNORECASE)
_FOLLOWED = re.compile(r"([\w.+-]{1,64})\s?\((?:followed by|then|and then|plus|add)\s?[\"“”']?\s?@", re.IGNORECASE)
_PROVIDER_FIRST = re.compile(
    r"\b(g-?\s?mail|yahoo|hotmail|outlook)\s?[:=]\s?(?=[\w.+-]*\d)([\w.+-]{5,40})(?![\w@.])", re.IGNORECASE
)
_PROVIDER_LAST = re.compile(
    r"(?<![\w.@+-])(?=[\w.+-]*\d)([\w.+-]{5,40})\s\((g-?\s?mail|yahoo|hotmail|outlook)\)", re.IGNORECASE
)
_AT_WORD = re.compile(r"at(?<![a-z]at)(?![a-z])")
_APART = re.compile(r"@(?<=[-_* ]@)(?=[-_* ])")
_FILE = re.compile(rf"@|\.(?:{'|'.join(sorted(FILE_ENDINGS))})\b", re.IGNORECASE)


@dataclass(frozen=True)
class _Host:
    """A domain as it was read.

    Args:
        name: with plain dots.
        end: where it ends in the text.
        said: a dot was spelt out.
        loose: a written dot was followed by a blank only, as the end of a sentence is.
        spaced: blanks stand where the dots should.
        guessed: only a provider was named.
    """

    name: str
    end: int
    said: bool = False
    loose: bool = False
    spaced: bool = False
    guessed: bool = False


def read_spelt(text: str) -> Iterator[tuple[str, int, int]]:
    """Spelt addresses as (address, where it begins, where it ends). Plain ones ("a@b.com") are left to others.

    Args:
        text: folded text (see `folding.fold_for_addresses`).
    """
    given = 0
    for reader in (_around_marks, _letter_by_letter, _beside_providers):
        for found in reader(text):
            yield found
            given += 1
            if given >= MAX_SPELT:
                return


def _around_marks(text: str) -> Iterator[tuple[str, int, int]]:
    small = _small(text)
    places = _at_places(text, small)
    cues = _places(small, CUE_NEEDLES) if places else []
    for at in islice(_marks(text, places, cues), MAX_MARKS):
        kind = at.lastgroup or ""
        if (
            kind == "sign"
            and at[0] == "@"
            and text[at.start() - 1 : at.start()].isalnum()
            and read_domain(text, at.end())
        ):
            continue
        # The domain is looked for first: most marks are the word "at" in a sentence, with no domain behind it.
        near = _is_behind(cues, at.start(), _BEFORE)
        host = _read_host(text, at.end(), kind, may_be_spaced=near)
        if host is None:
            continue
        local = _read_local(text, at.start())
        if not local and kind == "sign" and (followed := _FOLLOWED.search(text, max(0, at.start() - 90), at.end())):
            local, kind = (followed[1], followed.start()), "firm"
        if not local:
            continue
        written, start = local
        cued = near and CUE.search(text, max(0, start - 30), start) is not None
        if host.spaced and not cued and host.name.lower() not in PROVIDERS:
            continue
        name = _plain(written)
        if _is_meant(name, host, kind, at[0], cued=cued):
            yield f"{name}@{host.name}", start, host.end


def _at_places(text: str, small: str) -> list[int]:
    """Where something is that may stand for the at-sign, or be a part of it, in order."""
    places = _places(small, AT_NEEDLES)
    for bracket, needles in BRACKETED_NEEDLES.items():
        if bracket in small:
            places += _places(small, needles)
    if not small.isascii():
        places += _places(small, UNUSUAL_NEEDLES)
    # "at" stands by itself, or is written in capitals where it joins two parts.
    words = [at.start() for at in _AT_WORD.finditer(small)]
    places += words if small.isascii() else [place for place in words if _is_word(text, place, place + 2)]
    places += _places(text, AT_CAPITALS)
    return sorted(set(places))


def _marks(text: str, places: list[int], cues: list[int]) -> Iterator[re.Match[str]]:
    """What stands for the at-sign, in order.

    Args:
        text: a folded text.
        places: where to look.
        cues: where words such as "mail" begin.
    """
    done = 0
    for place in places:
        if place < done:
            continue
        prose = place > done and text[place - 1].isspace() and AT_IN_PROSE.match(text, place)
        if prose and not _is_behind(cues, place, _BEFORE + _AROUND):
            done = place + len("at ")
            continue
        limit = min(len(text), place + _AHEAD)
        tries = (AT.match(text, start, limit) for start in range(max(done, place - _AROUND), place + 1))
        at = next(filter(None, tries), None)
        if at:
            done = at.end()
            yield at


def _is_behind(places: list[int], end: int, most: int) -> bool:
    """Whether one of some places is before another, and no more than some characters."""
    last = bisect_left(places, end)
    return last > 0 and places[last - 1] >= end - most


def _small(text: str) -> str:
    """The text in small letters, each in the place of its own."""
    small = text.lower()
    return small if len(small) == len(text) else "".join(char.lower()[:1] for char in text)


def _places(text: str, needles: Iterable[str]) -> list[int]:
    """Where any of some strings begins, in order."""
    places: list[int] = []
    find = text.find
    for needle in needles:
        place = find(needle)
        while place >= 0:
            places.append(place)
            place = find(needle, place + 1)
    places.sort()
    return places


def _is_word(text: str, start: int, end: int) -> bool:
    return not (text[start - 1 : start].isalpha() or text[end : end + 1].isalpha())


def _read_local(text: str, end: int) -> tuple[str, int] | None:
    """The name of a mailbox that ends at a place, as written, and where it begins."""
    if end and text[end - 1] in ")]" and (aside := SAID_NO_SPAM.search(text, max(0, end - 14), end)):
        end = aside.start()
    last = LOCAL_END.search(text, max(0, end - 64), end)
    if last is None:
        return None
    start = last.start()
    for _ in range(4):
        sign = SIGN_END.search(text, max(0, start - 16), start)
        part = LOCAL_END.search(text, max(0, sign.start() - 40), sign.start()) if sign else None
        if part is None:
            break
        start = part.start()
    return None if text[start - 1 : start] in ("@", ".") else (text[start:end], start)


def _read_host(text: str, start: int, kind: str, *, may_be_spaced: bool) -> _Host | None:
    label_here = GLUED_LABEL if kind == "glued" else LABEL
    limit = min(len(text), start + _AFTER)
    provider = PROVIDER.match(text, start, limit)
    first = provider or label_here.match(text, start, limit)
    if first is None:
        return None
    labels, end = [_label(first[0], provider is not None)], first.end()
    said = loose = spaced = False
    best: _Host | None = None
    while len(labels) < MAX_LABELS:
        dot = SAID_DOT.match(text, end, limit)
        written = None if dot else WRITTEN_DOT.match(text, end, limit)
        blank = None if dot or written else _SPACE.match(text, end, limit)
        mark = dot or written or (blank if (may_be_spaced or provider) and not said else None)
        if mark is None:
            break
        label = _SPACED_END.match(text, mark.end(), limit) or label_here.match(text, mark.end(), limit)
        if label is None or (blank and best and f"{labels[-1]}.{label[0]}".lower() not in SECOND_LEVELS):
            break
        said, spaced = said or dot is not None, spaced or blank is not None
        loose = loose or (written is not None and mark[0][-1].isspace() and not mark[0][0].isspace())
        last = "".join(label[0].split()).replace("c0m", "com").replace("C0M", "com")
        ending = known_end(last, labels[-1])
        cut = len(label[0]) - (len(last) - len(ending)) if ending and ending != last else len(label[0])
        if ending and not (blank and ending.lower() not in COMMON):
            best = _Host(".".join([*labels, ending]), label.start() + cut, said, loose, spaced)
        if ending and ending != last:
            break
        labels.append(last)
        end = label.end()
    if best is None and provider and not _goes_on(text, provider.end()):
        name = labels[0]
        best = _Host(f"{name}.{PROVIDER_NAMES.get(name, 'com')}", provider.end(), guessed=True)
    if best is None or _FILE.match(text, best.end) or best.name.lower().startswith("www."):
        return None
    return best


def _goes_on(text: str, end: int) -> bool:
    return re.match(r"\s?[.@]\w", text[end : end + 4]) is not None


def _label(written: str, is_provider: bool) -> str:
    if not is_provider:
        return written
    name = re.sub(r"[\s.-]", "", written.lower())
    return "gmail" if name == "geemail" else name


def _is_meant(name: str, host: _Host, kind: str, mark: str, *, cued: bool) -> bool:
    """Whether what stands around an at-mark was meant as an address, and is no sentence and no handle."""
    lower, place = name.lower(), host.name.lower()
    tight = kind == "sign" and mark == "@"
    if kind == "sign" and tight and not (host.said or host.loose or host.spaced or host.guessed or "." in host.name):
        return False
    if lower in (PRONOUNS if kind in ("firm", "sure", "glued") else () if tight else NOT_A_NAME):
        return False
    if not tight and name.isdigit():
        return False
    emphasised = kind == "bare" and mark.strip() == "AT" and not name.isupper()
    if not (host.said or tight or cued) and kind in ("sign", "bare", "picture") and lower in NOT_BEFORE_A_SITE:
        return False
    if kind == "sign":
        return _sign_is_meant(lower, place, host, tight)
    if kind in ("bare", "picture", "capital"):
        return _bare_is_meant(lower, place, host, cued=cued, marked=emphasised or kind == "picture")
    return not (host.loose and host.name.rsplit(".", 1)[-1] not in ("com", "net", "org"))


def _sign_is_meant(local: str, place: str, host: _Host, tight: bool) -> bool:
    if host.guessed:
        return tight or _is_peculiar(local)
    if host.loose and not host.said:
        # "Follow @acme. Me and my brother …" is a handle at the end of a sentence.
        return place in PROVIDERS or (tight and place.endswith((".com", ".net", ".org")))
    return True


def _bare_is_meant(local: str, place: str, host: _Host, *, cued: bool, marked: bool) -> bool:
    if place in SHOPS:
        return False
    if host.guessed:
        return cued or _is_peculiar(local)
    if host.said or (marked and not host.loose):
        return True
    if host.loose or ("." in local and local.rsplit(".", 1)[-1] in NOT_A_NAME):
        return False
    return cued or place in PROVIDERS - WORDY_PROVIDERS or _is_peculiar(local)


def _is_peculiar(local: str) -> bool:
    """Whether a word can only be the name of a mailbox: it has a digit, a dot or an underscore inside."""
    return re.search(r"[a-z][\w.]*[\d._]", local) is not None and re.search(r"[a-z]{2}", local) is not None


def _letter_by_letter(text: str) -> Iterator[tuple[str, int, int]]:
    """ "b o b @ a c m e . c o m", or with hyphens: one sign between all letters."""
    if "@" not in text:
        return
    for at in islice(_APART.finditer(text), MAX_APART):
        sign = text[at.start() - 1]
        if text[at.end()] != sign:
            continue
        start, end = at.start(), at.end()
        while (
            start >= 2 and text[start - 1] == sign and _stands_alone(text, start - 2, sign) and at.start() - start < 80
        ):
            start -= 2
        while (
            end + 1 < len(text)
            and text[end] == sign
            and _stands_alone(text, end + 1, sign, dots=True)
            and end - at.end() < 120
        ):
            end += 2
        name, host = text[start : at.start()].replace(sign, ""), text[at.end() : end].replace(sign, "")
        if len(name) > 1 and host.count(".") in (1, 2, 3) and is_end(host.rsplit(".", 1)[-1]):
            yield f"{name}@{host}", start, end


def _stands_alone(text: str, place: int, sign: str, *, dots: bool = False) -> bool:
    if not (text[place].isalnum() or (text[place] in "._-" and text[place] != sign)):
        return False
    neighbours = (text[place - 1] if place else sign, text[place + 1] if place + 1 < len(text) else sign)
    return all(char == sign or not char.isalnum() for char in neighbours)


def _beside_providers(text: str) -> Iterator[tuple[str, int, int]]:
    """ "gmail: mike1987" and "mike1987 (gmail)"."""
    small = _small(text)
    if not any(part in small and any(map(small.__contains__, names)) for part, names in PROVIDER_NEEDLES.items()):
        return
    for match in _PROVIDER_FIRST.finditer(text):
        yield f"{match[2]}@{_label(match[1], True)}.com", match.start(2), match.end(2)
    for match in _PROVIDER_LAST.finditer(text):
        yield f"{match[1]}@{_label(match[2], True)}.com", match.start(1), match.end()


def _plain(written: str) -> str:
    text = SAID_DOT.sub(".", written)
    text = SIGN_WORD.sub(lambda match: SIGN_WORDS[match[1].lower()], text)
    return re.sub(r"\s+", "", text).strip("'-")
