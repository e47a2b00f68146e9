"""Bodies: bounded in size, decompressed safely, decoded the way browsers do."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadgen.harvest.body import BadEncoding, TooLarge, decode_text, read_body


class Chunks:
    """A body that arrives in pieces; counts how much of it was asked for."""

    def __init__(self, data: bytes, size: int = 1000) -> None:
        self.data, self.size, self.sent = data, size, 0

    async def iter_chunked(self, n: int) -> AsyncIterator[bytes]:
        for start in range(0, len(self.data), self.size):
            self.sent += self.size
            yield self.data[start : start + self.size]


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("name", "pack"),
    [("", bytes), ("gzip", gzip.compress), ("deflate", zlib.compress), ("Deflate", _raw_deflate), ("identity", bytes)],
)
async def test_every_encoding_we_ask_for_is_undone(name: str, pack) -> None:
    text = bytes(range(256)) * 500
    assert await read_body(Chunks(pack(text), 77), name, len(text)) == text


async def test_a_gzip_of_several_members_is_read_whole() -> None:
    assert await read_body(Chunks(gzip.compress(b"one ") + gzip.compress(b"two"), 5), "gzip", 100) == b"one two"


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
        ("gzip, gzip", b""),
    ],
)
async def test_a_body_that_is_not_what_it_says_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(BadEncoding):
        await read_body(Chunks(data), name, 100_000)


@pytest.mark.parametrize(
    ("content", "content_type", "text"),
    [
        ("naïve €".encode(), "text/html", "naïve €"),
        ("naïve €".encode("cp1252"), "text/html", "naïve €"),
        ("naïve €".encode("cp1252"), "text/html; charset=ISO-8859-1", "naïve €"),
        ("Привет".encode("koi8-r"), 'text/html; charset="koi8-r"', "Привет"),
        ('<meta charset="shift_jis">日本'.encode("shift_jis"), "text/html", '<meta charset="shift_jis">日本'),
        ("\ufeffé".encode(), "text/html; charset=koi8-r", "é"),
        ("é".encode(), "text/html; charset=no-such-thing", "é"),
        (b"+ADw-script+AD4-", "text/html; charset=utf-7", "+ADw-script+AD4-"),
        (b"abc", "text/html; charset=base64", "abc"),
        (b"a\x00b", "text/html", "ab"),
        (b"\xff\xfe\xe9\x00", "text/html", "é"),
        ("é".encode("cp1252"), "text/html; charset=utf-8", "�"),
    ],
)
def test_text_is_decoded_as_browsers_do(content: bytes, content_type: str, text: str) -> None:
    assert decode_text(content, content_type) == text


@settings(deadline=None, derandomize=True)
@given(st.binary(max_size=200), st.text(max_size=40))
def test_no_bytes_and_no_header_make_decoding_fail(content: bytes, content_type: str) -> None:
    assert "\x00" not in decode_text(b"<meta charset=" + content, content_type)
    decode_text(content, f"text/html; charset={content_type}")
