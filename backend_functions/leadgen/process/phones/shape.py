"""The shape of a text: what is figures, letters and signs in it. Regular expressions search it faster than the text."""

from __future__ import annotations

_SHAPES = bytes(
    ord("0") if chr(code).isdigit() else code if chr(code).islower() else ord(" ") for code in range(128)
)  # fmt: skip
_TABLE = _SHAPES + b" " * 128


def shape_of(low: str) -> str:
    """A text with a zero for every figure and a blank for all that is no Latin letter, as long as it was.

    So what begins with a figure or behind a sign begins with one fixed character, which is found fastest.

    Args:
        low: a folded text in small letters.
    """
    return low.encode("ascii", "replace").translate(_TABLE).decode("ascii")
