"""Reading a response body within limits."""

from __future__ import annotations

import zlib
from typing import Protocol

ACCEPT_ENCODING = "gzip, deflate"
_GZIP_OR_ZLIB = 47  # of zlib: tells them apart by their headers
_GZIP_MAGIC = b"\x1f\x8b"


class TooLarge(Exception):
    """The body is larger than the limit, as sent or once decompressed."""


class BadEncoding(Exception):
    """The body is not encoded as its headers say."""


class Stream(Protocol):
    """Where the bytes come from."""

    async def readany(self) -> bytes:
        """What has arrived, or the next bytes to arrive; empty at the end of the body."""
        ...


class _Plain:
    def feed(self, data: bytes, room: int) -> bytes:
        return data

    def end(self) -> None:
        pass


class _Inflate:
    """gzip and deflate (RFC 9110 §8.4.1), never giving more than is asked for."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=_GZIP_OR_ZLIB)
        self._head: bytes | None = b""
        """The first bytes, until there are enough to tell what they are; then `None`."""
        self._is_over = False

    def feed(self, data: bytes, room: int) -> bytes:
        if self._head is not None:
            data = self._head + data
            if len(data) < 2:
                self._head = data
                return b""
            self._begin(data)
        out = bytearray()
        while data and len(out) < room and not self._is_over:
            out += self._step(data, room - len(out))
            data = self._stream.unconsumed_tail or self._stream.unused_data
            if self._stream.eof and data:
                self._next_member(data)
        return bytes(out)

    def _begin(self, data: bytes) -> None:
        self._head = None
        is_zlib = data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
        if not is_zlib and not data.startswith(_GZIP_MAGIC):
            # Some servers send deflate without the zlib header.
            self._stream = zlib.decompressobj(wbits=-15)

    def _next_member(self, data: bytes) -> None:
        # Several gzip members are one body (RFC 1952 §2.2); anything else behind the end is padding.
        if _GZIP_MAGIC.startswith(data[:2]):
            self._stream = zlib.decompressobj(wbits=_GZIP_OR_ZLIB)
        else:
            self._is_over = True

    def _step(self, data: bytes, room: int) -> bytes:
        try:
            return self._stream.decompress(data, room)
        except zlib.error as error:
            raise BadEncoding(f"the compressed body is damaged ({error})") from error

    def end(self) -> None:
        if self._head or (self._head is None and not self._stream.eof):
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
    pieces: list[bytes] = []
    sent = size = 0
    while chunk := await stream.readany():
        sent += len(chunk)
        piece = decoder.feed(chunk, limit + 1 - size)
        size += len(piece)
        pieces.append(piece)
        if max(sent, size) > limit:
            if truncate:
                return b"".join(pieces)[:limit]
            raise TooLarge(f"the body is larger than {limit} bytes")
    decoder.end()
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
