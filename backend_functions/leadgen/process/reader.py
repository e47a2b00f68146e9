"""One walk through a part of a page: its text, links, and whatever else may hold contact data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leadgen.process.visibility import Sheets
from leadgen.process.wordlist import word_set

MAX_WORK = 45_000
"""Nodes and attributes that are read; real pages have some thousands."""
MAX_LINKS = 500
MAX_ATTRIBUTES = 100
MAX_SCRIPT = 20_000
MAX_SCRIPTS = 20
MAX_DATA = 100

_BLOCKS = word_set(
    """
    address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption
    figure footer form h1 h2 h3 h4 h5 h6 header hr legend li main menu nav ol option p pre section summary
    table tbody tfoot thead tr ul
    """
)
_CELLS = frozenset({"td", "th"})
_SILENT = word_set(
    """
    script style noscript template head title iframe object embed svg math canvas audio video select textarea
    datalist
    """
)
_READ_ATTRIBUTES = ("aria-label", "title", "alt", "data-phone", "data-tel", "data-number", "data-email", "data-mail")
_UNREAD = frozenset({"class", "id", "style", "rel", "target", "src", "width", "height", "type"})
_FIRST_LETTERS = frozenset(name[0] for name in (*_READ_ATTRIBUTES, "data-", "on", "href", "action"))
_BREAK = "\x1e"
_TURNED = "turned text"
_Left = tuple[str, int, dict[str, str | None] | None]
_UNSEEN: _Left = ("", -1, None)
_BLANKS = "\t\r\f\v\xa0"
_SPACES = re.compile(r" {2,}")
_MAY_HOLD_MAIL = re.compile(r"@|%40|\\x40|\\u0040|mail|znvy|\b64\b|atob|obfus|crypt", re.IGNORECASE)


@dataclass(frozen=True)
class Link:
    """An <a> of the page, as written."""

    href: str
    text: str
    marks: frozenset[str] = frozenset()
    """Its rel and class tokens, in small letters."""


@dataclass
class Region:
    """What was read so far. Lists are in the order of the page and bounded."""

    links: list[Link] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)
    protected: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    data: list[Mapping[str, str]] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The visible text, tidied."""
        # However many blocks end and begin between two texts, a reader sees one new line.
        joined = "".join(self.pieces)
        for blank in _BLANKS:
            if blank in joined:
                joined = joined.replace(blank, " ")
        blocks = [stripped for part in joined.split(_BREAK) if (stripped := part.strip(" \n"))]
        lines = [line.strip() for line in _SPACES.sub(" ", "\n".join(blocks)).split("\n")]
        return _fewer_empty(lines)

    def take_text(self) -> str:
        """The text of what was read since the last call."""
        text = self.text
        self.pieces.clear()
        return text


def _fewer_empty(lines: list[str]) -> str:
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip()


def scheme_of(href: str) -> str:
    """Scheme of a link in small letters; empty for relative ones."""
    return href.split(":", 1)[0].strip().lower() if ":" in href[:12] else ""


def read_region(root: Any, sheets: Sheets, into: Region | None = None) -> Region:
    """Read an element and all below it that a reader sees.

    Args:
        root: node of the tree.
        sheets: what the page's style sheets hide.
        into: where to add what is found.
    """
    region = into if into is not None else Region()
    walk = _Walk(region, sheets)
    walk.read(root)
    return region


class _Walk:
    def __init__(self, region: Region, sheets: Sheets) -> None:
        self._region = region
        self._pieces = region.pieces
        self._sheets = sheets
        self._left = MAX_WORK

    def read(self, root: Any) -> None:
        """Depth first, without recursion. On the stack: a node to enter, or (tag, finish) of an element to leave."""
        stack: list[Any] = [root]
        while stack and self._left > 0:
            node = stack.pop()
            if type(node) is tuple:
                self._leave(*node)
                continue
            self._left -= 1
            following = node.next if node is not root else None
            if following is not None:
                stack.append(following)
            self._node(node, stack)
        # Too much of it: what was entered is left, so that what was read so far is whole.
        for node in reversed(stack):
            if type(node) is tuple:
                self._leave(*node)

    def _node(self, node: Any, stack: list[Any]) -> None:
        tag = node.tag
        if tag == "-text":
            text = node.text_content
            if text:
                self._pieces.append(text.replace("\n", " ").replace(_BREAK, ""))
        elif tag in _SILENT:
            self._silent(tag, node)
        elif tag[0] != "-":
            left = self._enter(tag, node)
            if left is not _UNSEEN:
                if left is not None:
                    stack.append(left)
                child = node.child
                if child is not None:
                    stack.append(child)

    def _enter(self, tag: str, node: Any) -> _Left | None:
        """What is to be done when the element is left: nothing (None), or the arguments of `_leave`."""
        values: dict[str, str | None] = node.attributes
        if "@" in tag:
            self._pieces.append(f" {tag} ")  # "Bob <bob@acme.com>", written without escaping
        mark = -1
        kept: dict[str, str | None] | None = None
        if values:
            self._left -= len(values)
            if self._sheets.is_hidden(values):
                return _UNSEEN
            self._attributes(tag, values)
            if (tag == "a" or tag == "area") and values.get("href"):
                mark, kept = len(self._pieces), values
        if (values or tag == "bdo") and self._sheets.is_turned(tag, values):
            return _TURNED, len(self._pieces), None
        if tag in _BLOCKS:
            self._pieces.append(_BREAK)
        elif tag in _CELLS:
            self._pieces.append(" ")
        elif tag == "br":
            self._pieces.append("\n")
        elif kept is None:
            return None
        return tag, mark, kept

    def _leave(self, tag: str, mark: int, values: dict[str, str | None] | None) -> None:
        pieces = self._pieces
        if tag == _TURNED:
            turned = "".join(pieces[mark:])[::-1]
            del pieces[mark:]
            pieces.append(turned)
        elif values is not None and len(self._region.links) < MAX_LINKS:
            self._region.links.append(_link(values, "".join(pieces[mark : mark + 60])))
        if tag in _BLOCKS:
            pieces.append(_BREAK)
        elif tag in _CELLS:
            pieces.append(" ")

    def _silent(self, tag: str, node: Any) -> None:
        region = self._region
        if tag == "script" and len(region.scripts) < MAX_SCRIPTS:
            text = node.text(deep=True) or ""
            if "json" not in (node.attributes.get("type") or "") and _MAY_HOLD_MAIL.search(text[:MAX_SCRIPT]):
                region.scripts.append(text[:MAX_SCRIPT])
        elif tag == "noscript" and len(region.attributes) < MAX_ATTRIBUTES:
            text = " ".join((node.text(deep=True, separator=" ") or "")[:2000].split())
            if "@" in text or " at " in text or "(at)" in text or "[at]" in text:
                region.attributes.append(text[:500])

    def _attributes(self, tag: str, values: dict[str, str | None]) -> None:
        region = self._region
        data: dict[str, str] = {}
        for name in values.keys() - _UNREAD:
            value = values[name]
            if not value or name[0] not in _FIRST_LETTERS:
                continue
            if name in _READ_ATTRIBUTES and len(region.attributes) < MAX_ATTRIBUTES:
                region.attributes.append(value[:500])
            if name == "data-cfemail":
                region.protected.append(value[:600])
            elif name.startswith("data-"):
                data[name[5:].lower()] = value[:400]
            elif name.startswith("on") or name == "href":
                self._script(name, value)
            elif name == "action" and tag == "form" and scheme_of(value.lstrip()) == "mailto":
                region.links.append(Link(value.strip()[:2000], ""))
        if data and len(region.data) < MAX_DATA:
            region.data.append({"class": (values.get("class") or "")[:200], **data} if values.get("class") else data)

    def _script(self, name: str, value: str) -> None:
        """Keep an event handler or a ``javascript:`` link that may put an address together."""
        runs = name != "href" or value[:20].lstrip().lower().startswith("javascript:")
        if runs and len(self._region.scripts) < MAX_SCRIPTS and _MAY_HOLD_MAIL.search(value[:2000]):
            self._region.scripts.append(value[:2000])


def _link(values: dict[str, str | None], text: str) -> Link:
    marks = f"{values.get('rel') or ''} {values.get('class') or ''}"[:500].lower().split()
    plain = " ".join(text[:600].replace(_BREAK, " ").split())[:300]
    return Link((values.get("href") or "").strip()[:2000], plain, frozenset(marks))
