"""From HTML to what a reader sees: one parse per page, text with its structure, links, and attributes worth reading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from leadgen.model.errors import InvalidInput
from leadgen.process.bounds import bounded
from leadgen.process.json_ld import BusinessFacts, read_facts
from leadgen.process.wordlist import word_set

MAX_NODES = 50_000
MAX_TEXT = 200_000
MAX_LINKS = 500
MAX_ATTRIBUTES = 100

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
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?:\.0*)?\s*(?:;|!|$)"
    r"|font-size\s*:\s*0(?:\.0+)?(?:px|em|rem|pt|%)?\s*(?:;|!|$)",
    re.IGNORECASE,
)
_RULE = re.compile(r"([^{}]{1,500})\{([^{}]{0,2000})\}")
_SIMPLE_SELECTOR = re.compile(r"([.#])([\w-]{1,80})\Z")
_BREAK = "\x1e"
# However many blocks end and begin between two texts, a reader sees one new line.
_BREAKS = re.compile(r"[ \t\n]*\x1e[ \t\x1e]*(?:\n[ \t\x1e]*)?")
_SPACES = re.compile(r"[ \t\r\f\v\xa0]+")
_READ_ATTRIBUTES = ("aria-label", "title", "alt", "data-phone", "data-tel", "data-number", "data-email", "data-mail")


@dataclass(frozen=True)
class Link:
    """An <a> of the page, as written."""

    href: str
    text: str
    marks: frozenset[str] = frozenset()
    """Its rel and class tokens, in small letters."""


@dataclass(frozen=True)
class Document:
    """The readable part of a page.

    Args:
        text: visible text of the selected region; blocks are lines, inline elements join without a space.
        title: the heading.
        links: links of the region, in order.
        attributes: attribute values that people read or that hide contact data (aria-label, alt, data-phone, meta).
        protected: values of Cloudflare's email protection, still encoded.
        facts: what JSON-LD and microdata say of the business.
        source: the HTML, to tell how something was written.
    """

    text: str
    title: str = ""
    links: tuple[Link, ...] = ()
    attributes: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    facts: BusinessFacts = field(default_factory=BusinessFacts)
    source: str = field(default="", repr=False)

    @property
    def tel_links(self) -> tuple[str, ...]:
        """Targets of links that dial or send a text message."""
        return tuple(_after_scheme(link.href) for link in self.links if _scheme(link.href) in ("tel", "sms", "callto"))

    @property
    def mail_links(self) -> tuple[Link, ...]:
        """Links that open a mail."""
        return tuple(link for link in self.links if _scheme(link.href) == "mailto")


def _scheme(href: str) -> str:
    return href.split(":", 1)[0].strip().lower() if ":" in href[:12] else ""


def _after_scheme(href: str) -> str:
    return href.split(":", 1)[1].strip().replace("%20", " ").replace("%2B", "+").lstrip("/")


class Page:
    """A parsed page. Pathological pages are cut to size first (see `bounds`), so parsing takes bounded time.

    Args:
        html: the page, decoded.
    """

    def __init__(self, html: str) -> None:
        self.source = bounded(html)
        self._tree: Any = LexborHTMLParser(self.source)
        self._hidden = _hidden_by_sheet(self._tree)

    def nodes(self, selector: str) -> list[Any]:
        """Elements a CSS selector finds; none for an empty one.

        Raises:
            InvalidInput: the selector can't be read.
        """
        if not selector:
            return []
        try:
            return list(self._tree.css(selector))
        except SelectolaxError:
            raise InvalidInput(
                f"The CSS selector {selector[:100]!r} can't be read.",
                hint="Correct it in the source definition; try it in a browser's developer tools first.",
            ) from None

    def text_of(self, selector: str) -> str:
        """Visible text of the first element found, on one line."""
        nodes = self.nodes(selector)
        return " ".join(self._visible(nodes[0]).split())[:MAX_TEXT] if nodes else ""

    def document(self, body: str = "", title: str = "") -> Document:
        """The readable part of the page.

        Args:
            body: selector of the region to read; the whole page when empty or not found.
            title: selector of the heading; <title> when empty or not found.

        Raises:
            InvalidInput: a selector can't be read.
        """
        regions = _outermost(self.nodes(body)) or ([self._tree.body] if self._tree.body is not None else [])
        links: list[Link] = []
        attributes: list[str] = []
        protected: list[str] = []
        for region in regions:
            self._collect(region, links, attributes, protected)
        heading = self.text_of(title) or self._page_title()
        return Document(
            text="\n".join(self._visible(region) for region in regions)[:MAX_TEXT],
            title=heading,
            links=tuple(links),
            attributes=tuple(attributes + self._meta()),
            protected=tuple(protected),
            facts=read_facts(self._tree),
            source=self.source,
        )

    def _page_title(self) -> str:
        node = self._tree.css_first("title")
        return " ".join(node.text().split())[:1000] if node is not None else ""

    def _meta(self) -> list[str]:
        found = self._tree.css("meta[name=description],meta[property='og:description'],meta[property='og:title']")
        return [content[:2000] for node in found[:10] if (content := node.attributes.get("content"))]

    def _collect(self, region: Any, links: list[Link], attributes: list[str], protected: list[str]) -> None:
        selector = "a[href],[data-cfemail]," + ",".join(f"[{name}]" for name in _READ_ATTRIBUTES)
        for node in region.css(selector)[: MAX_LINKS * 4]:
            values = node.attributes
            if self._is_hidden(values) or any(self._is_hidden(parent.attributes) for parent in _ancestors(node)):
                continue
            if values.get("data-cfemail"):
                protected.append(values["data-cfemail"])
            if node.tag == "a" and values.get("href") and len(links) < MAX_LINKS:
                links.append(_link(values, node.text(deep=True)[:300]))
            if len(attributes) < MAX_ATTRIBUTES:
                attributes += [value[:500] for name in _READ_ATTRIBUTES if (value := values.get(name))]

    def _is_hidden(self, values: dict[str, str | None]) -> bool:
        if not values:
            return False
        if "hidden" in values or ((style := values.get("style")) and _HIDDEN_STYLE.search(style)):
            return True
        if not self._hidden:
            return False
        names = {f".{name}" for name in (values.get("class") or "").split()} | {f"#{values.get('id')}"}
        return not self._hidden.isdisjoint(names)

    def _visible(self, root: Any) -> str:
        pieces: list[str] = []
        for node, leaving in _walk(root, self._enters):
            tag = node.tag
            if tag == "-text":
                pieces.append(_SPACES.sub(" ", (node.text_content or "").replace("\n", " ").replace(_BREAK, "")))
            elif tag in _BLOCKS:
                pieces.append(_BREAK)
            elif tag == "br" and not leaving:
                pieces.append("\n")
            elif tag in _CELLS:
                pieces.append(" ")
        return _tidy("".join(pieces))

    def _enters(self, node: Any) -> bool:
        return node.tag not in _SILENT and not self._is_hidden(node.attributes)


def _outermost(nodes: list[Any]) -> list[Any]:
    # A selector may find an element and its descendants; each text is read once.
    known = {node.mem_id for node in nodes[:200]}
    return [node for node in nodes[:200] if not any(parent.mem_id in known for parent in _ancestors(node))]


def _ancestors(node: Any) -> Iterator[Any]:
    parent = node.parent
    while parent is not None and parent.is_element_node:
        yield parent
        parent = parent.parent


def _walk(root: Any, enters: Any) -> Iterator[tuple[Any, bool]]:
    """Nodes in document order; each element that was entered is given once more, as left, behind its children."""
    stack: list[tuple[Any, bool]] = [(root, False)]
    for _ in range(MAX_NODES * 2):
        if not stack:
            return
        node, leaving = stack.pop()
        if leaving:
            yield node, True
            continue
        if node is not root and node.next is not None:
            stack.append((node.next, False))
        if node.tag == "-text":
            yield node, False
        elif node.is_element_node and enters(node):
            yield node, False
            stack.append((node, True))
            if node.child is not None:
                stack.append((node.child, False))


def _tidy(text: str) -> str:
    text = _BREAKS.sub("\n", text)
    lines = [line.strip() for line in _SPACES.sub(" ", text).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _link(values: dict[str, str | None], text: str) -> Link:
    marks = f"{values.get('rel') or ''} {values.get('class') or ''}".lower().split()
    return Link((values.get("href") or "").strip()[:2000], " ".join(text.split()), frozenset(marks))


def _hidden_by_sheet(tree: Any) -> frozenset[str]:
    """Classes and ids that the page's own style sheets hide, in rules of one simple selector."""
    names: set[str] = set()
    for sheet in tree.css("style")[:20]:
        css = sheet.text()[:100_000]
        if "none" not in css and "hidden" not in css:
            continue
        for rule in _RULE.finditer(css):
            if _HIDDEN_STYLE.search(rule[2]):
                simple = (_SIMPLE_SELECTOR.match(part.strip()) for part in rule[1].split(","))
                names |= {match[0] for match in simple if match}
    return frozenset(names)
