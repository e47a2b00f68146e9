"""Undoes what programs do to addresses so that other programs miss them: XOR, ROT13, base64, shifts, backwards text."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterator
from urllib.parse import unquote

from leadgen.process.domains import is_end

MAX_LENGTH = 600
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,400}={0,2}\Z")
_ADDRESS = re.compile(r"(?:mailto:)?[\w.+'&%-]{1,64}@(?:[\w-]{1,63}\.){1,5}[\w-]{2,24}(?:\?.*)?\Z", re.IGNORECASE)
# The alphabets TYPO3's `linkTo_UnCryptMailto` turns its characters in, each for itself.
_WHEELS = ("+,-./0123456789:", "@ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_WHEEL_OF = {char: (wheel, place) for wheel in _WHEELS for place, char in enumerate(wheel)}


def decode_protected(encoded: str) -> str | None:
    """An address out of Cloudflare's email protection: the first byte is the key, the others are XORed with it."""
    try:
        data = bytes.fromhex(encoded.strip()[:MAX_LENGTH])
    except ValueError:
        return None
    if len(data) < 4:
        return None
    return bytes(byte ^ data[0] for byte in data[1:]).decode("utf-8", "replace").split("?", 1)[0]


def readings(value: str) -> Iterator[str]:
    """The ways a short string can be read as an address; only those that give one are yielded, the plainest first."""
    value = value.strip()[:MAX_LENGTH]
    marked = re.sub(r"\s?[\[({]\s?(?:at|@)\s?[\])}]\s?", "@", value, count=1, flags=re.IGNORECASE)
    marked = re.sub(r"\s?[\[({]\s?(?:dot|\.)\s?[\])}]\s?", ".", marked, flags=re.IGNORECASE)
    for candidate in (marked, unquote(marked), rot13(marked), marked[::-1], *_from_base64(value), shifted(value)):
        address = candidate.strip()
        if _ADDRESS.match(address) and is_end(_end(address)):
            yield address.split("?", 1)[0].removeprefix("mailto:")
            return


def _end(address: str) -> str:
    return address.split("?", 1)[0].rsplit(".", 1)[-1]


def rot13(text: str) -> str:
    """Each letter moved by half the alphabet."""
    return codecs.encode(text, "rot13")


def from_base64(value: str) -> str:
    """Text out of base64, also without its padding; empty where it is none."""
    if not _BASE64.match(value):
        return ""
    try:
        data = base64.b64decode(
            value.rstrip("=").replace("-", "+").replace("_", "/") + "=" * (-len(value.rstrip("=")) % 4)
        )
        return data.decode("utf-8")
    except (binascii.Error, ValueError):
        return ""


def _from_base64(value: str) -> list[str]:
    text = from_base64(value)
    return [text, text[::-1], rot13(text)] if text.isprintable() and text else []


def shifted(value: str) -> str:
    """A ``mailto:`` address whose characters were all moved by the same number of places; empty where it is none."""
    start = value[:7]
    if len(start) < 7 or start[0] not in _WHEEL_OF:
        return ""
    wheel, place = _WHEEL_OF[start[0]]
    offset = (place - wheel.find("m")) % len(wheel) if "m" in wheel else 0
    for key in {offset, offset - len(wheel)}:
        text = "".join(_turned(char, key) for char in value[:MAX_LENGTH])
        if text.lower().startswith("mailto:"):
            return text
    straight = "".join(chr(ord(char) - 1) for char in value[:MAX_LENGTH] if ord(char) > 1)
    return straight if straight.lower().startswith("mailto:") else ""


def _turned(char: str, key: int) -> str:
    known = _WHEEL_OF.get(char)
    return known[0][(known[1] - key) % len(known[0])] if known else char
