"""Reading a response body within limits, and turning bytes into text."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import AsyncIterator
from typing import Protocol

ACCEPT_ENCODING = "gzip, deflate"
_CHUNK = 64 * 1024
_META_WITHIN = 4096
_META_CHARSET = re.compile(rb"<meta[^>]{0,256}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LATIN = frozenset({"iso8859-1", "ascii"})
_NO_WEB_CHARSETS = frozenset({"utf-7", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"})


class TooLarge(Exception):
    """The body is larger than the limit, as sent or once decompressed."""


class BadEncoding(Exception):
    """The body is not encoded as its headers say."""


class Stream(Protocol):
    """Where the bytes come from."""

    def iter_chunked(self, n: int) -> AsyncIterator[bytes]:
        """The body in pieces of at most `n` bytes."""
        ...


class _Plain:
    def feed(self, data: bytes, room: int) -> bytes:
        return data

    def end(self) -> None:
        pass


class _Inflate:
    """gzip and deflate (RFC 9110 §8.4.1), never giving more than is asked for."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=47)  # recognises gzip and zlib by their headers
        self._begun = False

    def feed(self, data: bytes, room: int) -> bytes:
        out = bytearray()
        while data and len(out) < room:
            out += self._step(data, room - len(out))
            data = self._stream.unconsumed_tail or self._stream.unused_data
            if self._stream.eof and data:
                self._stream = zlib.decompressobj(wbits=47)
        return bytes(out)

    def _step(self, data: bytes, room: int) -> bytes:
        try:
            out = self._stream.decompress(data, room)
        except zlib.error as error:
            if self._begun:
                raise BadEncoding(f"the compressed body is damaged ({error})") from error
            self._stream = zlib.decompressobj(wbits=-15)  # some servers send deflate without the zlib header
            try:
                out = self._stream.decompress(data, room)
            except zlib.error:
                raise BadEncoding(f"the compressed body is damaged ({error})") from error
        self._begun = True
        return out

    def end(self) -> None:
        if self._begun and not self._stream.eof:
            raise BadEncoding("the compressed body is cut off")


def _decoder(content_encoding: str) -> _Plain | _Inflate:
    name = content_encoding.strip().lower()
    if name in ("", "identity"):
        return _Plain()
    if name in ("gzip", "x-gzip", "deflate"):
        return _Inflate()
    raise BadEncoding(f"the body is encoded as {name[:40]}, which was not asked for")


async def read_body(stream: Stream, content_encoding: str, limit: int, *, truncate: bool = False) -> bytes:
    """Read and decompress a body, holding no more than the limit in memory.

    Args:
        stream: the body as sent.
        content_encoding: the header of that name.
        limit: the largest body accepted, in bytes, as sent and decompressed.
        truncate: give the first `limit` bytes of a larger body instead of failing.

    Raises:
        TooLarge: the body exceeds the limit.
        BadEncoding: the body can't be decompressed.
    """
    decoder = _decoder(content_encoding)
    body = bytearray()
    async for chunk in stream.iter_chunked(_CHUNK):
        body += decoder.feed(chunk, limit + 1 - len(body))
        if len(body) > limit:
            if truncate:
                return bytes(body[:limit])
            raise TooLarge(f"the body is larger than {limit} bytes")
    decoder.end()
    return bytes(body)


def decode_text(content: bytes, content_type: str) -> str:
    """The text of a page: by its byte order mark, the header's charset, its `<meta>`, else UTF-8, else Windows-1252.

    Never fails: bytes that do not fit the charset become U+FFFD. NUL characters are dropped; no page means them.
    """
    for mark, charset in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _clean(content[len(mark) :].decode(charset, "replace"))
    for name in _named_charsets(content, content_type):
        return _clean(content.decode(name, "replace"))
    try:
        return _clean(content.decode("utf-8"))
    except UnicodeDecodeError:
        return _clean(content.decode("cp1252", "replace"))


def _clean(text: str) -> str:
    return text.replace("\x00", "")


def _named_charsets(content: bytes, content_type: str) -> list[str]:
    names: list[str] = []
    if header := _HEADER_CHARSET.search(content_type):
        names.append(header.group(1))
    if meta := _META_CHARSET.search(content[:_META_WITHIN]):
        names.append(meta.group(1).decode("ascii"))
    return [usable for name in names if (usable := _usable_charset(name))]


def _usable_charset(name: str) -> str:
    """Python's name of a charset that pages are written in; empty if it is none."""
    try:
        codec = codecs.lookup(name)
    except LookupError:
        return ""
    if not codec._is_text_encoding or codec.name in _NO_WEB_CHARSETS:
        return ""
    # Pages that say Latin-1 or ASCII mean Windows-1252 (WHATWG Encoding §4.2).
    return "cp1252" if codec.name in _LATIN else codec.name
