"""What is found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PhoneKind = Literal["voice", "fax"]


@dataclass(frozen=True)
class FoundPhone:
    """A number and where it was found.

    Args:
        e164: the number in E.164 form ("+15125550134"), without its extension.
        text: how it was written.
        confidence: 0–1, see the package.
        start: position in the text that was read; -1 for a link.
        end: end of the position, exclusive; -1 for a link.
        extension: digits to dial after the call is answered; may be empty.
        kind: "fax" where the text says so of this number alone; else "voice".
    """

    e164: str
    text: str
    confidence: float
    start: int
    end: int
    extension: str = ""
    kind: PhoneKind = "voice"
