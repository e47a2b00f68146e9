"""One walk through a part of a page: its text, links, and whatever else may hold contact data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

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
_READ_ATTRIBUTES = word_set("aria-label title alt data-phone data-tel data-number data-email data-mail")
_UNREAD = frozenset({"class", "id", "style", "rel", "target", "src", "width", "height", "type"})
_FIRST_LETTERS = frozenset(name[0] for name in (*_READ_ATTRIBUTES, "data-", "on", "href", "action"))
_BREAK = "\x1e"
_AROUND = dict.fromkeys(_BLOCKS, _BREAK) | dict.fromkeys(_CELLS, " ") | {"br": "\n"}
"""What stands before and behind the text of an element; behind <br> there is none."""
_Values = dict[str, str | None]
_TURNED: _Values = {}
_Left = tuple[str, int, _Values | None]
"""What to write when an element is left, where its text begins, and its attributes if it is a link (or `_TURNED`)."""
_UNSEEN: _Left = ("", -1, None)
_BLANKS = "\t\r\f\v\xa0"
_SPACES = re.compile(r" {2,}")
_UNTIDY = re.compile(r"\n(?:\s|(?<=\s\n))")
_MAY_HOLD_MAIL = re.compile(r"@|%40|\\x40|\\u0040|mail|znvy|\b64\b|atob|obfus|crypt", re.IGNORECASE)


class Link(NamedTuple):
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
        text = "\n".join([stripped for part in joined.split(_BREAK) if (stripped := part.strip(" \n"))])
        if "  " in text:
            text = _SPACES.sub(" ", text)
        if _UNTIDY.search(text) is None:
            return text.strip()
        return _fewer_empty([line.strip() for line in text.split("\n")])

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
        """Depth first. On the stack: the elements around the node, with what is to be done when each is left."""
        stack: list[tuple[int, _Left | None]] = []
        # Depth of the outermost element around the node that is not seen; 0 where there is none.
        unseen = 0
        for node in root.traverse(include_text=True):
            if stack and stack[-1][0] != (around := node.parent.mem_id):
                self._leave_up_to(around, stack)
                if len(stack) < unseen:
                    unseen = 0
            if unseen:
                stack.append((node.mem_id, None))
                continue
            if self._left <= 0:
                break
            self._left -= 1
            tag = node.tag
            if tag == "-text":
                self._text(node.text_content)
                continue
            left = self._node(tag, node)
            stack.append((node.mem_id, None if left is _UNSEEN else left))
            if left is _UNSEEN:
                unseen = len(stack)
        # Too much of it: what was entered is left, so that what was read so far is whole.
        self._leave_up_to(0, stack)

    def _leave_up_to(self, around: int, stack: list[tuple[int, _Left | None]]) -> None:
        """Leave all elements inside of one."""
        while stack and stack[-1][0] != around:
            left = stack.pop()[1]
            if left is not None:
                self._leave(left)

    def _text(self, text: str | None) -> None:
        if text:
            self._pieces.append(text.replace("\n", " ").replace(_BREAK, ""))

    def _node(self, tag: str, node: Any) -> _Left | None:
        """What is to be done when the node is left; nothing for None."""
        if tag in _SILENT:
            self._silent(tag, node)
            return _UNSEEN
        return self._enter(tag, node) if tag[0] != "-" else None

    def _enter(self, tag: str, node: Any) -> _Left | None:
        values: _Values = node.attributes
        pieces = self._pieces
        if "@" in tag:
            pieces.append(f" {tag} ")  # "Bob <bob@acme.com>", written without escaping
        link: _Values | None = None
        mark = len(pieces)
        if values:
            self._left -= len(values)
            styled = self._sheets.may_style(tag, values)
            if styled and self._sheets.is_hidden(values):
                return _UNSEEN
            if not _UNREAD.issuperset(values):
                self._attributes(tag, values)
            if styled and self._sheets.is_turned(tag, values):
                return "", mark, _TURNED
            if (tag == "a" or tag == "area") and values.get("href"):
                link = values
        around = _AROUND.get(tag)
        if around is None:
            return ("", mark, link) if link is not None else None
        pieces.append(around)
        return ("" if around == "\n" else around, mark, link)

    def _leave(self, left: _Left) -> None:
        behind, mark, link = left
        pieces = self._pieces
        if link is _TURNED:
            turned = "".join(pieces[mark:])[::-1]
            del pieces[mark:]
            pieces.append(turned)
        elif link is not None and len(self._region.links) < MAX_LINKS:
            self._region.links.append(_link(link, "".join(pieces[mark : mark + 60])))
        if behind:
            pieces.append(behind)

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

    def _attributes(self, tag: str, values: _Values) -> None:
        region = self._region
        data: dict[str, str] = {}
        for name, value in values.items():
            if not value or name in _UNREAD or name[0] not in _FIRST_LETTERS:
                continue
            if name == "href" or name.startswith("on"):
                # Nearly all links lead somewhere and run nothing.
                if name != "href" or value[0] in "jJ" or value[0].isspace():
                    self._script(name, value)
                continue
            if name in _READ_ATTRIBUTES and len(region.attributes) < MAX_ATTRIBUTES:
                region.attributes.append(value[:500])
            if name == "data-cfemail":
                region.protected.append(value[:600])
            elif name.startswith("data-"):
                data[name[5:].lower()] = value[:400]
            elif name == "action" and tag == "form" and scheme_of(value.lstrip()) == "mailto":
                region.links.append(Link(value.strip()[:2000], ""))
        if data and len(region.data) < MAX_DATA:
            region.data.append({"class": (values.get("class") or "")[:200], **data} if values.get("class") else data)

    def _script(self, name: str, value: str) -> None:
        """Keep an event handler or a ``javascript:`` link that may put an address together."""
        start = value[:20]
        runs = name != "href" or (":" in start and start.lstrip().lower().startswith("javascript:"))
        if runs and len(self._region.scripts) < MAX_SCRIPTS and _MAY_HOLD_MAIL.search(value[:2000]):
            self._region.scripts.append(value[:2000])


def _link(values: _Values, text: str) -> Link:
    plain = " ".join(text[:600].replace(_BREAK, " ").split())[:300]
    href = values.get("href") or ""
    return Link(href.strip()[:2000], plain, _marks(f"{values.get('rel') or ''} {values.get('class') or ''}"[:500]))


@lru_cache(maxsize=1_024)
def _marks(written: str) -> frozenset[str]:
    return frozenset(written.lower().split())
