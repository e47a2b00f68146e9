"""What a check of a template found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]
Part = Literal["subject", "body", "defaults", "whole"]


@dataclass(frozen=True)
class Finding:
    """One thing about a template.

    Args:
        level: an error keeps the template from being saved, a warning does not.
        code: stable name of the rule, such as ``unknown-variable``.
        part: where it is.
        line: counted from 1; 0 where no line can be named.
        text: a sentence.
    """

    level: Level
    code: str
    part: Part
    line: int
    text: str


def error(code: str, part: Part, line: int, text: str) -> Finding:
    """A finding that keeps the template from being saved."""
    return Finding("error", code, part, line, text)


def warning(code: str, part: Part, line: int, text: str) -> Finding:
    """A finding to think about."""
    return Finding("warning", code, part, line, text)
