"""Bodies: bounded in size and decompressed safely."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from leadgen.harvest.body import BadEncoding, TooLarge, read_body


class Chunks:
    """A body that arrives in pieces; counts how much of it was asked for."""

    def __init__(self, data: bytes, size: int = 1000) -> None:
        self.data, self.size, self.sent = data, size, 0

    async def readany(self) -> bytes:
        piece = self.data[self.sent : self.sent + self.size]
        self.sent += len(piece)
        return piece


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("name", "pack"),
    [("", bytes), ("gzip", gzip.compress), ("deflate", zlib.compress), ("Deflate", _raw_deflate), ("identity", bytes)],
)
@pytest.mark.parametrize("size", [1, 77, 1_000_000])
async def test_every_encoding_we_ask_for_is_undone(name: str, pack: Callable[[bytes], bytes], size: int) -> None:
    text = bytes(range(256)) * 50
    assert await read_body(Chunks(pack(text), size), name, len(text)) == text


@pytest.mark.parametrize("size", [1, 5, 1000])
async def test_a_gzip_of_several_members_is_read_whole(size: int) -> None:
    assert await read_body(Chunks(gzip.compress(b"one ") + gzip.compress(b"two"), size), "gzip", 100) == b"one two"


@pytest.mark.parametrize("padding", [b"\0" * 100, b"\r\n", b"<!-- served by cache -->"])
async def test_what_follows_the_compressed_body_is_left_aside(padding: bytes) -> None:
    assert await read_body(Chunks(gzip.compress(b"page") + padding, 7), "gzip", 1000) == b"page"


async def test_members_that_say_nothing_count_as_they_are_sent() -> None:
    endless = Chunks(gzip.compress(b"") * 10_000)
    with pytest.raises(TooLarge):
        await read_body(endless, "gzip", 5000)
    assert endless.sent <= 6000


async def test_a_bomb_is_dropped_at_the_limit() -> None:
    bomb = Chunks(gzip.compress(b"\0" * 50_000_000))
    with pytest.raises(TooLarge):
        await read_body(bomb, "gzip", 10_000)
    assert bomb.sent <= 2000


async def test_a_bomb_in_one_piece_does_not_fill_the_memory() -> None:
    packed = gzip.compress(b"\0" * 50_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            await read_body(Chunks(packed, len(packed)), "gzip", 10_000)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


async def test_an_endless_body_is_dropped_at_the_limit() -> None:
    endless = Chunks(b"x" * 1_000_000)
    with pytest.raises(TooLarge):
        await read_body(endless, "", 5000)
    assert endless.sent <= 6000


async def test_a_body_of_exactly_the_limit_passes() -> None:
    assert len(await read_body(Chunks(gzip.compress(b"x" * 5000)), "gzip", 5000)) == 5000


async def test_truncating_gives_the_beginning() -> None:
    assert await read_body(Chunks(gzip.compress(b"abcdef" * 9999)), "gzip", 6, truncate=True) == b"abcdef"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("br", b"anything"),
        ("gzip", b"not gzip at all"),
        ("gzip", gzip.compress(b"x" * 9999, mtime=0)[:20]),
        ("gzip", gzip.compress(b"x" * 9999, mtime=0)[:-4]),
        ("gzip", b"\x1f"),
        ("deflate", zlib.compress(b"x" * 9999)[:-2]),
        ("gzip, gzip", b""),
    ],
)
async def test_a_body_that_is_not_what_it_says_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(BadEncoding):
        await read_body(Chunks(data), name, 100_000)
