"""The pictures of the ads: real JPEG and PNG files, painted from a seed.

Large soft patches of colour make pictures of different subjects far apart for a perceptual hash, as photographs are;
the same subject at another size or quality stays close, as a re-uploaded photograph does.
"""

from __future__ import annotations

import colorsys
import io
import random
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from local.classifieds.model import Picture

_PAINTED = (600, 450)
_Colour = tuple[int, int, int]


def _palette(rng: random.Random) -> list[_Colour]:
    """Muted tones around two hues, from dark to light."""
    hues = (rng.random(), rng.random())
    tones = []
    for step in range(8):
        red, green, blue = colorsys.hls_to_rgb(rng.choice(hues), 0.18 + 0.09 * step, rng.uniform(0.15, 0.5))
        tones.append((int(red * 255), int(green * 255), int(blue * 255)))
    return tones


def _background(tones: list[_Colour], rng: random.Random) -> Image.Image:
    columns, rows = 6, 5
    patches = Image.new("RGB", (columns, rows))
    for column in range(columns):
        for row in range(rows):
            patches.putpixel((column, row), rng.choice(tones))
    return patches.resize(_PAINTED, Image.Resampling.BICUBIC)


def _shapes(draw: ImageDraw.ImageDraw, tones: list[_Colour], rng: random.Random) -> None:
    width, height = _PAINTED
    for _ in range(rng.randint(4, 7)):
        x, y = rng.randint(-60, width), rng.randint(-60, height)
        w, h = rng.randint(80, 260), rng.randint(80, 220)
        match rng.randrange(4):
            case 0:
                draw.ellipse((x, y, x + w, y + h), fill=rng.choice(tones))
            case 1:
                draw.rounded_rectangle((x, y, x + w, y + h), radius=rng.randint(4, 40), fill=rng.choice(tones))
            case 2:
                draw.polygon(((x, y + h), (x + w // 2, y), (x + w, y + h)), fill=rng.choice(tones))
            case _:
                draw.line((x, y, x + w, y + h), fill=rng.choice(tones), width=rng.randint(10, 40))


def _print_caption(draw: ImageDraw.ImageDraw, caption: str, rng: random.Random) -> None:
    font = ImageFont.load_default(30)
    left, top, right, bottom = draw.textbbox((0, 0), caption, font=font)
    x = rng.randint(20, max(20, _PAINTED[0] - int(right - left) - 40))
    y = rng.randint(20, _PAINTED[1] - 70)
    draw.rounded_rectangle((x - 12, y - 8, x + right + 12, y + bottom + 10), radius=8, fill=(250, 250, 246))
    draw.text((x - left, y - top + 4), caption, font=font, fill=(24, 32, 44))


def paint(subject: str, caption: str) -> Image.Image:
    """The picture of a subject; the same subject and caption always give the same pixels."""
    rng = random.Random(f"picture/{subject}")
    tones = _palette(rng)
    image = _background(tones, rng)
    draw = ImageDraw.Draw(image)
    _shapes(draw, tones, rng)
    _print_caption(draw, caption, rng)
    return image


def encode(picture: Picture) -> bytes:
    """The file of a picture as a post carries it."""
    image = paint(picture.subject, picture.caption)
    if picture.size != _PAINTED:
        image = image.resize(picture.size, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    if picture.is_png:
        image.save(buffer, "PNG", optimize=True)
    else:
        image.save(buffer, "JPEG", quality=picture.quality)
    return buffer.getvalue()


@lru_cache(maxsize=512)
def image_bytes(picture: Picture) -> bytes:
    """`encode` with a memory, since the same pictures are asked for again and again."""
    return encode(picture)
