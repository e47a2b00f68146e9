"""Street addresses of the United States in running text: "1200 W Oak St, Suite 4, Austin, TX 78701".

Source of the street suffixes and unit names: USPS Publication 28, appendices C1 and C2, the common ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from leadgen.process.facts import BusinessFacts, PostalAddress
from leadgen.process.wordlist import word_set

MAX_TEXT = 50_000
MAX_FOUND = 10

_SUFFIXES = (
    "street|st|avenue|ave|av|boulevard|blvd|road|rd|drive|dr|lane|ln|court|ct|circle|cir|place|pl|way|parkway|pkwy"
    "|highway|hwy|terrace|ter|trail|trl|square|sq|loop|plaza|plz|pike|turnpike|tpke|expressway|expy|freeway|fwy|row|run"
    "|path|crossing|xing|alley|aly|bend|cove|cv|crescent|ridge|point|pt|view|walk|broadway"
)
_UNITS = r"(?:suite|ste|unit|apt|apartment|floor|fl|room|rm|building|bldg|\#)\.?\s?\#?\s?[\w-]{1,8}"
_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA"
    "|PR|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY"
)
_STATE_NAMES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois"
    "|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana"
    "|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|Oregon"
    "|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington"
    "|West Virginia|Wisconsin|Wyoming"
)
_WORD = r"(?:[A-Z][\w'.-]{0,24}|\d{1,3}(?:st|nd|rd|th|ST|ND|RD|TH))"
_DIRECTION = r"(?:[NSEW]|NE|NW|SE|SW|North|South|East|West)\.?"
_NUMBER = re.compile(r"(?<![\w$#.,/-])(?<!\$ )\d{1,6}(?:-\d{1,4})?[A-Z]?\s+(?=[A-Z\d])")
_STREET = re.compile(
    rf"(?:{_DIRECTION}\s+)?(?:{_WORD}\s+){{0,3}}?(?:{_WORD}\s+(?i:{_SUFFIXES})\b"
    rf"|(?i:highway|hwy|route|rt|county road|fm)\s+\d{{1,4}}"
    rf"|Broadway|(?:Avenue|Ave)\s+[A-Z]\b)\.?(?:\s+{_DIRECTION}(?![\w']))?"
)
_UNIT = re.compile(rf"[\s,]{{1,3}}(?i:{_UNITS})")
_CITY = re.compile(
    rf"[\s,]{{1,3}}(?P<city>[A-Z][\w'.-]{{1,24}}(?:\s[A-Z][\w'.-]{{1,24}}){{0,2}}?)[\s,]{{1,3}}"
    rf"(?P<state>{_STATES}|{_STATE_NAMES})\b\.?(?:[\s,]{{1,3}}(?P<zip>\d{{5}}(?:-\d{{4}})?)\b)?"
)
_ZIP = re.compile(rf"[\s,]{{1,3}}(?P<state>{_STATES})?[\s,]{{0,3}}(?P<zip>\d{{5}}(?:-\d{{4}})?)\b(?![-.]\d)")


@dataclass(frozen=True)
class FoundAddress:
    """An address and how it was written."""

    postal: PostalAddress
    text: str


def find_addresses(text: str) -> list[FoundAddress]:
    """The street addresses of a text, in order. Never raises.

    A street alone counts only when its suffix is written out with a capital ("12 Main St"); "10 Year Road trip" needs a
    city behind it.
    """
    found: list[FoundAddress] = []
    for address in _read(text[:MAX_TEXT]):
        if address.text not in {known.text for known in found}:
            found.append(address)
        if len(found) >= MAX_FOUND:
            break
    return found


def with_address(facts: BusinessFacts, text: str) -> BusinessFacts:
    """The facts with the address the text gives, where structured data gives none and the text just one."""
    if facts.address:
        return facts
    found = find_addresses(text)
    return replace(facts, address=str(found[0].postal), postal=found[0].postal) if len(found) == 1 else facts


def _read(text: str) -> Iterator[FoundAddress]:
    done = 0
    for number in _NUMBER.finditer(text):
        if number.start() < done or "\n" in number[0]:
            continue
        street = _STREET.match(text, number.end(), min(len(text), number.end() + 90))
        if street is None or "\n" in street[0]:
            continue
        end = street.end()
        line = text[number.start() : end]
        unit = _UNIT.match(text, end, min(len(text), end + 30))
        if unit:
            end = unit.end()
            line = f"{line}, {unit[0].strip(' ,')}"
        place = _CITY.match(text, end, min(len(text), end + 110)) or _ZIP.match(text, end, min(len(text), end + 20))
        if place is None and not _stands_alone(street[0], text[end : end + 2]):
            continue
        parts = place.groupdict() if place else {}
        done = place.end() if place else end
        country = "US" if parts.get("state") or parts.get("zip") else ""
        city, state = parts.get("city") or "", parts.get("state") or ""
        postal = PostalAddress(" ".join(line.split()), city, state, parts.get("zip") or "", country)
        yield FoundAddress(postal, text[number.start() : done])


_SURE = word_set("street st avenue ave boulevard blvd road rd drive dr lane ln court ct parkway pkwy highway hwy")
_COUNTED = word_set(
    """
    year years hour hours day days minute minutes mile miles bedroom bedrooms bath percent home homes house houses star
    stars free new other more different
    """
)


def _stands_alone(street: str, behind: str) -> bool:
    words = street.rstrip(".").split()
    last = words[-1] if words[-1].rstrip(".").lower() in _SURE or len(words) < 2 else words[-2]
    if len(words) < 2 or words[0].lower() in _COUNTED:
        return False
    return last.rstrip(".").lower() in _SURE and last[0].isupper() and (not behind.strip() or behind[0] in ",.;)\n")
