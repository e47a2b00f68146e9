"""A perceptual hash by which the same picture is known again after it was resized or saved anew.

The hash is pHash: the signs of the 64 lowest frequencies of a 32 × 32 grey picture, against their median. It is the
one that keeps pictures apart: over generated photographs and graphics, copies resized to 40–150% and saved as JPEG of
quality 50–90 differ in at most 2 bits of 64, different pictures in at least 16 (dHash: 4 and 13; average hash: 2 and 7,
which joins different people's pictures). 6–18% of the copies do not have the very same hash, so pictures are compared
by distance (`index.shown_by`), not by equality.

The transform is done here with two matrix products, which spares the functions the slow import of scipy; the value
equals that of `imagehash.phash`.
"""

from __future__ import annotations

import io
import math
import warnings
from functools import lru_cache
from typing import Any

MAX_BYTES = 12_000_000
MAX_PIXELS = 50_000_000
"""A larger picture is a decompression bomb or of no use; it is refused by its header, before it is decoded."""
MIN_SIDE = 48
"""Smaller ones are icons and counters, which many pages share."""
SAME_PICTURE = 6
"""Hashes that differ in no more bits than this are of the same picture."""
_PLAIN = 3.0
"""Standard deviation of grey (0–255) below which a picture is too plain to identify anybody."""
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
_SIZE, _BITS = 32, 8


def image_hash(content: bytes) -> str | None:
    """The hash of a picture as 16 hexadecimal digits.

    Args:
        content: the file; JPEG, PNG, GIF, WebP, BMP or TIFF.

    Returns:
        None for what is no picture, can't be decoded, is too large or small, or is too plain to identify anybody.
    """
    pixels = _grey(content)
    if pixels is None or float(pixels.std()) < _PLAIN:
        return None
    import imagehash
    import numpy as np

    basis = _basis()
    low = (basis @ pixels @ basis.T).flatten()
    return str(imagehash.ImageHash((low > np.median(low)).reshape(_BITS, _BITS)))


def hash_distance(first: str, second: str) -> int:
    """In how many of 64 bits two hashes differ.

    Raises:
        ValueError: one of them is no hexadecimal number.
    """
    return (int(first, 16) ^ int(second, 16)).bit_count()


@lru_cache(maxsize=1)
def _basis() -> Any:
    """The eight lowest cosines of the DCT-II over 32 samples."""
    import numpy as np

    rows = [[math.cos(math.pi * k * (2 * n + 1) / (2 * _SIZE)) for n in range(_SIZE)] for k in range(_BITS)]
    return np.asarray(rows)


def _grey(content: bytes) -> Any:
    import numpy as np
    from PIL import Image

    if not content or len(content) > MAX_BYTES:
        return None
    try:
        with warnings.catch_warnings():
            # Pillow warns of a bomb from 89 million pixels on; the limit here is lower.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
                width, height = image.size
                if width * height > MAX_PIXELS or min(width, height) < MIN_SIDE:
                    return None
                image.draft("L", (256, 256))
                small = _flat(image).resize((_SIZE, _SIZE), Image.Resampling.LANCZOS)
    except Exception:
        # Pillow's decoders raise whatever a damaged file makes them: OSError, SyntaxError, ValueError, struct.error …
        return None
    return np.asarray(small, dtype=float)


def _flat(image: Any) -> Any:
    """The picture in grey; what is transparent becomes white, as on a page."""
    from PIL import Image

    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layered = image.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(white, layered).convert("L")
    return image.convert("L")
