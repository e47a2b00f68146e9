"""The same picture is known again; different ones are kept apart; hostile and plain ones are refused."""

from __future__ import annotations

import io
import random
import struct
import zlib
from functools import cache

import imagehash
import pytest
from PIL import Image, ImageDraw, ImageFilter

from leadgen.process.images import SAME_PICTURE, hash_distance, image_hash

COUNT = 30


def picture(seed: int) -> Image.Image:
    """Soft patches with shapes on them, as far apart as photographs are."""
    rng = random.Random(seed)
    patches = Image.new("RGB", (7, 5))
    patches.putdata([(rng.randrange(256), rng.randrange(256), rng.randrange(256)) for _ in range(35)])
    image = patches.resize((640, 480), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y, size = rng.randrange(640), rng.randrange(480), rng.randrange(30, 160)
        draw.ellipse((x, y, x + size, y + size), fill=(rng.randrange(256), rng.randrange(256), rng.randrange(256)))
    return image.filter(ImageFilter.GaussianBlur(1))


def saved(image: Image.Image, kind: str = "JPEG", **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"compress_level": 1} | options if kind == "PNG" else options))
    return buffer.getvalue()


def copies(image: Image.Image) -> list[bytes]:
    return [
        saved(image, quality=50),
        saved(image.resize((320, 240)), quality=80),
        saved(image.resize((256, 192)), "PNG"),
        saved(image.resize((960, 720)), quality=75),
        saved(image, "WEBP", quality=70),
    ]


@cache
def originals() -> list[Image.Image]:
    return [picture(seed) for seed in range(COUNT)]


@cache
def hashes() -> list[str]:
    return [image_hash(saved(image, "PNG")) or "" for image in originals()]


def test_the_value_is_that_of_imagehash() -> None:
    assert [str(imagehash.phash(image)) for image in originals()] == hashes()
    assert all(len(value) == 16 for value in hashes())


def test_copies_are_the_same_picture_by_distance_and_mostly_by_value() -> None:
    values, total = 0, 0
    for image, original in zip(originals(), hashes(), strict=True):
        for copy in copies(image):
            value = image_hash(copy) or ""
            assert hash_distance(value, original) <= SAME_PICTURE
            values += value == original
            total += 1
    assert 0.8 <= values / total < 1.0, "were they all equal, no distance would be needed"


def test_different_pictures_are_far_apart() -> None:
    nearest = min(hash_distance(a, b) for place, a in enumerate(hashes()) for b in hashes()[:place])
    assert nearest > SAME_PICTURE


def test_transparency_is_read_as_on_a_white_page() -> None:
    image = originals()[0].convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 320, 480))
    white = originals()[0].copy()
    white.paste("white", (0, 0, 320, 480))
    assert hash_distance(image_hash(saved(image, "PNG")) or "", image_hash(saved(white, "PNG")) or "") <= SAME_PICTURE


def _bomb(side: int) -> bytes:
    """A PNG that says it is huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        saved(picture(1))[:500],
        _bomb(60_000),
        _bomb(8_000),
        saved(Image.new("RGB", (1, 1))),
        saved(picture(1).resize((40, 40)), "PNG"),
        saved(Image.new("RGB", (400, 300), (200, 180, 10))),
        saved(Image.new("RGBA", (400, 300), (0, 0, 0, 0)), "PNG"),
        b"\x00" * 13_000_000,
    ],
    ids=["empty", "text", "svg", "cut", "bomb", "large", "pixel", "icon", "plain", "clear", "heavy"],
)
def test_what_identifies_nobody_has_no_hash(content: bytes) -> None:
    assert image_hash(content) is None
