"""From a text to its telephone numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from leadgen.process.folding import Folded, fold_for_numbers
from leadgen.process.phones.context import CUE_AHEAD, LOOK_AHEAD, LOOK_BACK, has_cue, is_labelled
from leadgen.process.phones.disguise import find_runs
from leadgen.process.phones.found import FoundPhone
from leadgen.process.phones.joining import fold_words
from leadgen.process.phones.labels import extension_after, kind_of
from leadgen.process.phones.links import from_link
from leadgen.process.phones.numbering import country_code
from leadgen.process.phones.reader import Find, Reader
from leadgen.process.phones.shape import shape_of
from leadgen.process.phones.vanity import find_vanity
from leadgen.process.phones.webaddresses import blank_addresses
from leadgen.process.phones.zones import Zone, find_zones

MAX_TEXT = 200_000
"""Characters that are read; what follows in a longer text is left aside."""
MAX_PHONES = 100
"""A page with more numbers than this is a directory; the rest is left aside."""
_CHAT = 0.95
_VANITY = 0.85
_SIGNS = 0.75
# "f!ve s!x"
_MARK_FOR_I = re.compile(r"!(?<=[A-Za-z]!)(?=[a-z])")
# "5|2-60|-88|0", "773$2four": signs that stand for 1 or for nothing, tried where nothing was found without that.
_LIST = re.compile(r"[0-9]{1,6}(?:, [0-9]{1,6})+")
_SIGN = re.compile(r"[!|$€£¥]")
_SIGNS_IN_DIGITS = re.compile(r"[|!](?=[0-9])|[|!](?<=[0-9].)(?=[-. )]|$)|[$€£¥](?<=[0-9a-z].)(?=[0-9])")


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
    in_text = list(_in_text(text[:MAX_TEXT], region, refused))
    in_text.sort(key=lambda phone: (phone.start, -phone.end))
    linked = (from_link(target, region) for target in tel_links)
    in_links = [
        phone
        for phone in linked
        if phone is not None and phone.e164[1:] not in refused and phone.e164[2:] not in refused
    ]
    return _once(in_text, in_links)


def _in_text(text: str, region: str, refused: frozenset[str]) -> Iterator[FoundPhone]:
    folded = fold_for_numbers(text)
    folded = _with_letters(folded)
    low = _lower(folded.text)
    shape = shape_of(low)
    zones = find_zones(low, shape, nanp=country_code(region) == 1)
    spelt = find_vanity(folded.text, shape)
    if not zones and not spelt:
        return
    readable, linked = blank_addresses(folded.text, low)
    if linked or readable is not folded.text:
        low = _lower(readable)
    finds = [Find(e164, _CHAT, start, end) for e164, start, end in linked]
    if spelt:
        finds += _spelt(readable, low)
    finds += _in_zones(readable, low, zones, region, refused)
    for find in finds:
        yield _placed(folded, find)


def _with_letters(folded: Folded) -> Folded:
    """The text with signs in words read as letters, so that it stays as long."""
    text = _MARK_FOR_I.sub("i", folded.text) if "!" in folded.text else folded.text
    text = text.replace("$ix", "six").replace("$even", "seven")
    return folded if text == folded.text else replace(folded, text=text)


def _spelt(text: str, low: str) -> list[Find]:
    return [
        Find(e164, _VANITY, start, end)
        for e164, start, end in find_vanity(text, shape_of(low))
        if not is_labelled(text[max(0, start - LOOK_BACK) : start], grouped=True)
    ]


def _in_zones(text: str, low: str, zones: list[Zone], region: str, refused: frozenset[str]) -> list[Find]:
    finds: list[Find] = []
    padded = f" {low}"
    reader = Reader(text, low, region, refused)
    known: set[str] = set()
    for zone in zones:
        if len(known) >= MAX_PHONES:
            break
        if _is_list(text, low, zone):
            continue
        here = [find for run in find_runs(text, padded, zone) for find in reader.read(fold_words(run))]
        here = here or _with_signs_read(text, zone, region, refused)
        known.update(find.e164 for find in here)
        finds += here
    return finds


def _is_list(text: str, low: str, zone: Zone) -> bool:
    """Whether short figures stand behind commas and no word such as "call" near: zip codes, most often."""
    if _LIST.fullmatch(text, zone.start, zone.end) is None:
        return False
    before, after = low[max(0, zone.start - LOOK_BACK) : zone.start], low[zone.end : zone.end + CUE_AHEAD]
    return not (has_cue(before) or has_cue(after))


def _with_signs_read(text: str, zone: Zone, region: str, refused: frozenset[str]) -> list[Find]:
    """The numbers of a stretch when signs in it are read as digits or letters."""
    first, last = max(0, zone.start - 1), zone.end + 1
    written = text[first:last]
    if _SIGN.search(written) is None:
        return []
    read = _SIGNS_IN_DIGITS.sub(lambda sign: "1" if sign[0] in "|!" else ".", written)
    if read == written:
        return []
    shift = max(0, first - LOOK_BACK)
    around = text[shift:first] + read + text[last : last + LOOK_AHEAD]
    low = _lower(around)
    reader = Reader(around, low, region, refused)
    runs = find_runs(around, f" {low}", Zone(zone.start - shift, zone.end - shift))
    finds = [find for run in runs for find in reader.read(fold_words(run))]
    return [Find(find.e164, min(find.confidence, _SIGNS), find.start + shift, find.end + shift) for find in finds]


def _lower(text: str) -> str:
    low = text.lower()
    if len(low) != len(text):
        low = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    return low


def _placed(folded: Folded, find: Find) -> FoundPhone:
    first, last = folded.span(find.start, find.end)
    text = folded.text
    before = text[max(0, find.start - LOOK_BACK) : find.start].rpartition("\n\n")[2]
    return FoundPhone(
        find.e164,
        folded.source[first:last],
        round(find.confidence, 3),
        first,
        last,
        extension_after(text, find.end),
        kind_of(before, text[find.end : find.end + 12]),
    )


def _once(in_text: list[FoundPhone], in_links: list[FoundPhone]) -> list[FoundPhone]:
    """Each number once: where it stood first, with the highest confidence, and an extension from wherever it is."""
    if len(in_text) + len(in_links) <= 1:
        return in_text or in_links
    numbers: dict[str, FoundPhone] = {}
    for phone in in_text + in_links:
        known = numbers.setdefault(phone.e164, phone)
        if known is phone:
            continue
        # A number that is given once as telephone and once as fax is both.
        kind = known.kind if phone.start < 0 else min(known.kind, phone.kind, key=("voice", "fax").index)
        numbers[phone.e164] = replace(
            known,
            confidence=max(known.confidence, phone.confidence),
            extension=known.extension or phone.extension,
            kind=kind,
        )
    return list(numbers.values())[:MAX_PHONES]
