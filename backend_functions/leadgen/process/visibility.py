"""What a reader of a page does not see, or sees backwards: styles of elements and simple rules of style sheets."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

MAX_SHEETS = 20
MAX_SHEET = 100_000
MAX_RULES = 4_000

_HIDDEN = re.compile(
    r"display\s*:\s*none|font-size\s*:\s*0(?:\.0+)?(?:px|em|rem|pt|%)?\s*(?:;|!|$)"
    r"|(?:left|top|right|text-indent|margin-left)\s*:\s*-\d{3,7}(?:px|em|rem|pt|%)",
    re.IGNORECASE,
)
_FADED = re.compile(r"visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?:\.0*)?\s*(?:;|!|$)", re.IGNORECASE)
# What moves into sight while the page is scrolled begins unseen.
_APPEARS = re.compile(r"transform|transition|animation|will-change", re.IGNORECASE)
_NO_SIZE = re.compile(r"(?:^|[;\s])(?:height|width)\s*:\s*0(?:px)?\s*(?:;|!|$)", re.IGNORECASE)
_CLIPPED = re.compile(r"overflow\s*:\s*hidden", re.IGNORECASE)
_BACKWARDS = re.compile(r"unicode-bidi\s*:\s*(?:bidi-override|isolate-override)", re.IGNORECASE)
_RIGHT_TO_LEFT = re.compile(r"direction\s*:\s*rtl", re.IGNORECASE)
_OPACITY = re.compile(r"opacity\s*:[^;]*", re.IGNORECASE)
_MATTERS = re.compile(r"none|hidden|collapse|font-size|-\d{3}|bidi", re.IGNORECASE)
_SIMPLE_SELECTOR = re.compile(r"([.#])([\w-]{1,80})\Z")


@lru_cache(maxsize=1_024)
def hides(style: str) -> bool:
    """Whether declarations hide an element: not displayed, without size or colour, or far outside of the window."""
    if _HIDDEN.search(style):
        return True
    if _FADED.search(style) and not _APPEARS.search(style):
        return True
    return _CLIPPED.search(style) is not None and _NO_SIZE.search(style) is not None


@lru_cache(maxsize=1_024)
def turns(style: str) -> bool:
    """Whether declarations show text from right to left whatever its letters: "moc.emca@bob" is read "bob@acme.com"."""
    return _BACKWARDS.search(style) is not None and _RIGHT_TO_LEFT.search(style) is not None


class Sheets:
    """Classes and ids that the page's own style sheets hide or turn, in rules of one simple selector.

    Args:
        tree: the parsed page.
    """

    def __init__(self, tree: Any) -> None:
        hidden: set[str] = set()
        turned: set[str] = set()
        left = MAX_RULES
        for sheet in tree.css("style")[:MAX_SHEETS]:
            css = (sheet.text() or "")[:MAX_SHEET]
            if not _MATTERS.search(css):
                continue
            rules = css.split("}")[:left]
            left -= len(rules)
            for rule in rules:
                selector, _, declarations = rule.rpartition("{")
                if not selector or len(selector) > 2_000 or not _MATTERS.search(declarations):
                    continue
                kind = _kept(declarations, hidden, turned)
                if kind is not None:
                    simple = (_SIMPLE_SELECTOR.match(part.strip()) for part in selector.split(","))
                    kind |= {match[0] for match in simple if match}
        self._hidden, self._turned = frozenset(hidden), frozenset(turned)
        self._names_any = bool(hidden or turned)

    def may_style(self, tag: str, values: dict[str, str | None]) -> bool:
        """Whether an element with these attributes could be hidden or turned at all; for most the answer is no."""
        return self._names_any or "style" in values or "hidden" in values or tag == "bdo"

    def is_hidden(self, values: dict[str, str | None]) -> bool:
        """Whether an element with these attributes is not seen."""
        if "hidden" in values:
            return True
        style = values.get("style")
        return (style is not None and hides(style[:2000])) or _named(values, self._hidden)

    def is_turned(self, tag: str, values: dict[str, str | None]) -> bool:
        """Whether the text of an element is shown backwards."""
        style = values.get("style")
        if style is None and not self._turned and tag != "bdo":
            return False
        if tag == "bdo":
            return (values.get("dir") or "").lower() == "rtl"
        return (style is not None and turns(style[:2000])) or _named(values, self._turned)


def _kept(declarations: str, hidden: set[str], turned: set[str]) -> set[str] | None:
    # Sheets fade things in far more often than they hide them that way, so opacity does not count here.
    if hides(_OPACITY.sub("", declarations[:2000])):
        return hidden
    return turned if turns(declarations[:2000]) else None


def _named(values: dict[str, str | None], names: frozenset[str]) -> bool:
    if not names:
        return False
    own = {f".{name}" for name in (values.get("class") or "")[:2000].split()} | {f"#{values.get('id')}"}
    return not names.isdisjoint(own)
