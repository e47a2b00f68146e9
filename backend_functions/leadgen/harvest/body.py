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


class _Gathered:
    """A body as it grows; no more than the limit is held.

    Args:
        content_encoding: the header of that name.
        limit: the largest body accepted, in bytes, as sent and decompressed.
    """

    def __init__(self, content_encoding: str, limit: int) -> None:
        self._decoder = _decoder(content_encoding)
        self._limit = limit
        self._pieces: list[bytes] = []
        self._sent = self._size = 0

    def add(self, chunk: bytes) -> bool:
        """Take what has come; whether the body is within its limit."""
        self._sent += len(chunk)
        piece = self._decoder.feed(chunk, self._limit + 1 - self._size)
        self._size += len(piece)
        self._pieces.append(piece)
        return max(self._sent, self._size) <= self._limit

    def cut(self, *, truncate: bool) -> bytes:
        """What becomes of a body that is too large."""
        if truncate:
            return b"".join(self._pieces)[: self._limit]
        raise TooLarge(f"the body is larger than {self._limit} bytes")

    def whole(self) -> bytes:
        """All of the body."""
        self._decoder.end()
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)


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
    gathered = _Gathered(content_encoding, limit)
    while chunk := await stream.readany():
        if not gathered.add(chunk):
            return gathered.cut(truncate=truncate)
    return gathered.whole()


def whole_body(sent: bytes, content_encoding: str, limit: int, *, truncate: bool = False) -> bytes:
    """Decompress a body that has arrived; as `read_body`, without anything to wait for.

    Args:
        sent: the body as sent.
        content_encoding: as for `read_body`.
        limit: as for `read_body`.
        truncate: as for `read_body`.

    Raises:
        TooLarge: the body exceeds the limit.
        BadEncoding: the body can't be decompressed.
    """
    if not content_encoding and len(sent) <= limit:
        return sent
    gathered = _Gathered(content_encoding, limit)
    if sent and not gathered.add(sent):
        return gathered.cut(truncate=truncate)
    return gathered.whole()
