"""Sitemaps and indexes of them (sitemaps.org), plain or compressed, in XML or as a list of lines."""

from __future__ import annotations

import re
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from xml.parsers import expat

from leadgen.harvest.charsets import decode_text

LARGEST = 12_000_000
"""Bytes that are read, once decompressed; the protocol allows 50 MB, a listing needs less."""
MOST_ENTRIES = 50_000
_LONGEST_URL = 2_000
_DEEPEST = 50
_GZIP = b"\x1f\x8b"
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_OLDEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Sitemap:
    """A sitemap or an index.

    Args:
        kind: whether its entries are pages or further sitemaps.
        urls: its entries as written, those changed last first; without dates, in the order of the file.
    """

    kind: Literal["pages", "index"]
    urls: tuple[str, ...]


def read_sitemap(content: bytes, content_type: str = "", text: str = "") -> Sitemap | None:
    """Read a sitemap, a damaged one as far as it goes.

    Args:
        content: the file as served; a gzip file is decompressed, as far as `LARGEST` goes.
        content_type: the header of that name.
        text: the file decoded, where its charset is known better than by its header.

    Returns:
        the entries; `None` if it is no sitemap.
    """
    if content.startswith(_GZIP):
        text = decode_text(_decompressed(content), "")
    text = (text or decode_text(content[:LARGEST], content_type))[:LARGEST].lstrip("\ufeff \t\r\n")
    if not text.startswith("<"):
        return _read_lines(text)
    reader = _Reader()
    reader.read(text)
    if not reader.kind:
        return None
    return Sitemap(reader.kind, _newest_first(reader.entries))


def _decompressed(content: bytes) -> bytes:
    stream, out = zlib.decompressobj(wbits=31), bytearray()
    try:
        while content and len(out) < LARGEST:
            out += stream.decompress(content, LARGEST - len(out))
            content = stream.unconsumed_tail or stream.unused_data
            if stream.eof:
                if not content.startswith(_GZIP):
                    break
                stream = zlib.decompressobj(wbits=31)  # files may be joined (RFC 1952, section 2.2)
    except zlib.error:
        pass  # what came before the damage is read
    return bytes(out)


def _read_lines(text: str) -> Sitemap | None:
    """The plain form of a sitemap: one address per line."""
    lines = [line.strip() for line in text[: LARGEST // 4].splitlines()[:MOST_ENTRIES]]
    urls = tuple(line for line in lines if line.startswith(("http://", "https://")) and len(line) <= _LONGEST_URL)
    return Sitemap("pages", urls) if urls else None


@dataclass
class _Entry:
    loc: str = ""
    changed: str = ""


@dataclass
class _Reader:
    """Reads XML without building a tree; what the document declares of its own is refused."""

    kind: Literal["", "pages", "index"] = ""
    entries: list[_Entry] = field(default_factory=list)
    _path: list[str] = field(default_factory=list)
    _entry: _Entry | None = None
    _text: list[str] = field(default_factory=list)
    _length: int = 0

    def read(self, text: str) -> None:
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._said
        parser.EntityDeclHandler = self._refuse
        readable = _NOT_XML.sub("", _BARE_AMPERSAND.sub("&amp;", text))
        with suppress(expat.ExpatError, _EnoughError):  # what came before the damage counts
            parser.Parse(readable.encode("utf-8"), True)

    def _start(self, name: str, _: dict[str, str]) -> None:
        local = name.rpartition(":")[2].lower()
        self._path.append(local)
        if len(self._path) > _DEEPEST:
            raise _EnoughError
        if local in ("urlset", "sitemapindex") and not self.kind:
            self.kind = "pages" if local == "urlset" else "index"
        elif self.kind and local == ("url" if self.kind == "pages" else "sitemap"):
            self._entry = _Entry()
        self._text, self._length = [], 0

    def _said(self, text: str) -> None:
        if self._entry is not None and self._path[-1] in ("loc", "lastmod") and self._length <= _LONGEST_URL:
            self._text.append(text)
            self._length += len(text)

    def _end(self, _: str) -> None:
        local = self._path.pop()
        parent = self._path[-1] if self._path else ""
        # An image's or a video's own loc lies deeper than the page's.
        if self._entry is not None and parent in ("url", "sitemap") and local in ("loc", "lastmod"):
            value = "".join(self._text).strip()
            if local == "loc":
                self._entry.loc = self._entry.loc or value
            else:
                self._entry.changed = value
        elif self._entry is not None and local in ("url", "sitemap"):
            if self._entry.loc and len(self._entry.loc) <= _LONGEST_URL:
                self.entries.append(self._entry)
            self._entry = None
            if len(self.entries) >= MOST_ENTRIES:
                raise _EnoughError
        self._text, self._length = [], 0

    def _refuse(self, *_: object) -> None:
        raise _EnoughError


class _EnoughError(Exception):
    """The rest of the document is not read."""


def _newest_first(entries: list[_Entry]) -> tuple[str, ...]:
    return tuple(entry.loc for entry in sorted(entries, key=lambda entry: _moment(entry.changed), reverse=True))


def _moment(written: str) -> datetime:
    """A W3C date and time; the distant past where it is none."""
    if not written:
        return _OLDEST
    try:
        moment = datetime.fromisoformat(written[:40])
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return _OLDEST
