"""A challenge that a person at a browser solves: a short calculation, drawn as a distorted picture.

The answer never leaves the server. Each challenge is bound to one page, is signed, expires, and is used up by the
first answer to it, right or wrong.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import math
import random
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter, ImageFont

LIFETIME_SECONDS = 600.0
_LARGEST_MEMORY = 10_000
_SIZE = (320, 110)


@dataclass(frozen=True)
class Challenge:
    """An open challenge.

    Args:
        page: path of the page it opens.
        question: the sum as drawn, "17 + 6".
        answer: what a person types.
        expires: clock time in seconds.
        picture_seed: what the distortion is drawn from.
    """

    page: str
    question: str
    answer: str
    expires: float
    picture_seed: int


class Challenges:
    """The open challenges of a server.

    Args:
        clock: gives the time in seconds.
        rng: source of the sums; cryptographic unless a test says otherwise.
        key: signs the tokens; new for every server unless given.
    """

    def __init__(self, clock: Callable[[], float], rng: random.Random | None = None, key: bytes | None = None) -> None:
        self._clock = clock
        self._rng = rng or secrets.SystemRandom()
        self._key = key or secrets.token_bytes(32)
        self._open: dict[str, Challenge] = {}

    def issue(self, page: str) -> str:
        """Open a challenge for a page and give its token."""
        self._forget_expired()
        expires = self._clock() + LIFETIME_SECONDS
        nonce = f"{self._rng.getrandbits(96):024x}"
        token = f"{nonce}.{int(expires)}.{self._sign(nonce, int(expires), page)}"
        question, answer = self._sum()
        self._open[token] = Challenge(page, question, answer, expires, self._rng.getrandbits(64))
        return token

    def find(self, token: str) -> Challenge | None:
        """The open challenge of a token; None when it was never issued, is used up or has expired."""
        challenge = self._open.get(token)
        if challenge is None or challenge.expires <= self._clock():
            return None
        return challenge

    def redeem(self, token: str, page: str, answer: str) -> bool:
        """Use a challenge up; True only for the right answer, in time, on the page it was issued for."""
        challenge = self.find(token)
        self._open.pop(token, None)
        if challenge is None or not self._is_signed(token, page):
            return False
        given = re.sub(r"\s", "", answer)
        return hmac.compare_digest(given.encode(), challenge.answer.encode())

    def clear(self) -> None:
        """Close all challenges."""
        self._open.clear()

    def _sum(self) -> tuple[str, str]:
        first, second = self._rng.randrange(11, 60), self._rng.randrange(2, 10)
        if self._rng.random() < 0.5:
            return f"{first} + {second}", str(first + second)
        return f"{first} - {second}", str(first - second)

    def _sign(self, nonce: str, expires: int, page: str) -> str:
        digest = hmac.new(self._key, f"{nonce}.{expires}.{page}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:18]).decode()

    def _is_signed(self, token: str, page: str) -> bool:
        nonce, expires, signature = token.split(".")
        return hmac.compare_digest(signature.encode(), self._sign(nonce, int(expires), page).encode())

    def _forget_expired(self) -> None:
        now = self._clock()
        self._open = {token: one for token, one in self._open.items() if one.expires > now}
        while len(self._open) >= _LARGEST_MEMORY:
            del self._open[next(iter(self._open))]


def _glyph(text: str, rng: random.Random) -> Image.Image:
    font = ImageFont.load_default(rng.randint(56, 64) if text.isdigit() else 72)
    glyph = Image.new("L", (74, 90), 0)
    ImageDraw.Draw(glyph).text((37, 45), text, font=font, fill=255, anchor="mm")
    # An upside-down minus is a minus; more than this and a 6 begins to look like a 9.
    return glyph.rotate(rng.uniform(-16, 16), resample=Image.Resampling.BICUBIC)


def _wave(image: Image.Image, rng: random.Random) -> Image.Image:
    """Shift each column up or down along a sine."""
    amplitude, period, phase = rng.uniform(3, 6), rng.uniform(70, 120), rng.uniform(0, math.tau)
    out = Image.new(image.mode, image.size, (246, 248, 251))
    for x in range(image.width):
        shift = round(amplitude * math.sin(math.tau * x / period + phase))
        out.paste(image.crop((x, 0, x + 1, image.height)), (x, shift))
    return out


def draw(challenge: Challenge) -> bytes:
    """The picture of a challenge as a PNG file; readable for people, the text is nowhere else on the page."""
    rng = random.Random(challenge.picture_seed)
    image = Image.new("RGB", _SIZE, (246, 248, 251))
    canvas = ImageDraw.Draw(image)
    for _ in range(200):
        x, y = rng.randrange(_SIZE[0]), rng.randrange(_SIZE[1])
        shade = rng.randrange(170, 225)
        canvas.ellipse((x, y, x + 2, y + 2), fill=(shade, shade, min(255, shade + 15)))
    x = rng.randint(10, 24)
    for text in challenge.question.replace(" ", ""):
        ink = (rng.randint(20, 80), rng.randint(30, 80), rng.randint(70, 140))
        image.paste(ink, (x, rng.randint(4, 16)), _glyph(text, rng))
        x += rng.randint(46, 54) if text.isdigit() else 58
    image.paste((90, 98, 120), (x, 10), _glyph("=", random.Random(1)))
    for _ in range(2):
        points = [(step, rng.randint(15, 95)) for step in range(-10, _SIZE[0] + 40, 55)]
        canvas.line(points, fill=(165, 172, 198), width=2, joint="curve")
    buffer = io.BytesIO()
    _wave(image, rng).filter(ImageFilter.SMOOTH).save(buffer, "PNG")
    return buffer.getvalue()
