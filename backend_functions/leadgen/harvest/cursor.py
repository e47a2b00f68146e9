"""Where a harvest stands in a listing: a URL, whose fragment carries what the address itself does not say.

A site never sees a fragment, so a cursor can be fetched as it is, stored as it is, and compared as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from leadgen.model.ids import digest

LONGEST_CURSOR = 8_000
_MARK = "leadgen:"


@dataclass(frozen=True)
class Cursor:
    """A place in a listing.

    Args:
        address: what is fetched; without a fragment.
        number: of the page or offset, where pages are counted; `None` at the first page.
        seen: fingerprint of the posts of the page before, where pages are counted.
        city: key of the city, where the addresses of pages are made from it.
        start: posts of this address that earlier cursors have taken.
        after: the sitemap that was read last, where an index is returned to.
        at: place of that sitemap in the index.
        parents: indexes of sitemaps on the way here, the outermost first, each with the place of the next in it.
    """

    address: str
    number: int | None = None
    seen: str = ""
    city: str = ""
    start: int = 0
    after: str = ""
    at: int = -1
    parents: tuple[tuple[int, str], ...] = field(default=())

    def __str__(self) -> str:
        notes: list[tuple[str, str]] = [("up", f"{place} {url}") for place, url in self.parents]
        if self.number is not None:
            notes.append(("n", str(self.number)))
        notes += [(key, value) for key, value in (("seen", self.seen), ("city", self.city)) if value]
        if self.start:
            notes.append(("from", str(self.start)))
        if self.after:
            notes += [("after", self.after), ("at", str(self.at))]
        text = f"{self.address}#{_MARK}{urlencode(notes)}" if notes else self.address
        return text if len(text) <= LONGEST_CURSOR else self.address


def read_cursor(url: str) -> Cursor:
    """The cursor a URL stands for; a URL without notes of ours is the beginning of what is at that address."""
    address, _, fragment = url.partition("#")
    if not fragment.startswith(_MARK):
        return Cursor(address)
    notes = parse_qsl(fragment.removeprefix(_MARK), max_num_fields=20)
    values = dict(notes)
    parents = [value.partition(" ") for key, value in notes if key == "up"]
    return Cursor(
        address,
        number=_count(values["n"]) if "n" in values else None,
        seen=values.get("seen", ""),
        city=values.get("city", ""),
        start=_count(values.get("from", "")),
        after=values.get("after", ""),
        at=_count(values.get("at", "")) if values.get("after") else -1,
        parents=tuple((_count(place), parent) for place, _, parent in parents),
    )


def fingerprint(urls: tuple[str, ...]) -> str:
    """A short mark by which the same posts in the same order are known again."""
    return digest(*urls)[:12]


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
