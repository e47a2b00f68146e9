"""Where a domain ends in running text: "acme.com.Call us" and "acme.com欢迎" both name acme.com."""

from __future__ import annotations

import re

from leadgen.process.placeholders import FILE_ENDINGS
from leadgen.process.top_level import COMMON, is_top_level

_HOST = re.compile(r"[^\W_](?:[\w-]{0,62})(?:\.[^\W_][\w-]{0,62}){1,6}")
_FIRST_RUN = re.compile(r"[a-z]+|[A-Z]+(?![a-z])")
_RESERVED_TOP = "example"
"""Kept for documentation (RFC 2606 §2), and of use to a local demo."""


def read_domain(text: str, start: int) -> tuple[str, int] | None:
    """The domain written at a place, and where it ends; None where there is none that could receive mail."""
    match = _HOST.match(text, start, start + 255)
    if match is None:
        return None
    labels = match[0].split(".")
    while len(labels) > 1:
        last = known_end(labels[-1], labels[-2])
        if last:
            domain = ".".join([*labels[:-1], last])
            return domain, start + len(domain)
        if labels[-1].lower().rstrip("-_") in FILE_ENDINGS:
            return None
        labels.pop()
    return None


def known_end(label: str, before: str) -> str:
    """The part of a label that ends a domain, or "".

    Args:
        label: as written; what follows an address may be stuck to it ("comCall", "com512", "com欢迎").
        before: the label in front of it; "service.Call" is the end of a sentence.
    """
    name = label.rstrip("-_")
    if is_end(name):
        sentence = name[0].isupper() and name[1:].islower() and before.islower() and before.isascii()
        return "" if sentence and name.lower() not in COMMON - {"me", "at", "it", "us", "be", "es"} else name
    first = _FIRST_RUN.match(name)
    stuck = (
        first is not None and first[0].lower() in COMMON and name[first.end() : first.end() + 1] not in ("", "-", "_")
    )
    return first[0] if first is not None and stuck else ""


def is_end(label: str) -> bool:
    """Whether a domain can end in this label; reserved ones count, for they are refused later and by name."""
    return label.lower() == _RESERVED_TOP or (is_top_level(label) and label.lower() not in FILE_ENDINGS)
