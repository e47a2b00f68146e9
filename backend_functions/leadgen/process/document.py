"""From HTML to what a reader sees: one parse per page, text with its structure, links, and attributes worth reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from leadgen.model.errors import InvalidInput
from leadgen.process.bounds import bounded
from leadgen.process.facts import BusinessFacts
from leadgen.process.page_facts import read_facts
from leadgen.process.phones import number_link
from leadgen.process.reader import Link, Region, read_region, scheme_of
from leadgen.process.visibility import Sheets

__all__ = ["MAX_TEXT", "BusinessFacts", "Document", "Link", "Page"]

MAX_TEXT = 200_000
_SPOKEN_META = (
    "meta[name=description],meta[property='og:description'],meta[property='og:title'],meta[name='reply-to' i],"
    "meta[property='og:email'],meta[property='business:contact_data:email'],meta[name=contact i],meta[name=email i]"
)


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
        scripts: inline scripts and event handlers of the region that may put an address together.
        data: for each element with data attributes its class and those attributes, without "data-".
    """

    text: str
    title: str = ""
    links: tuple[Link, ...] = ()
    attributes: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    facts: BusinessFacts = field(default_factory=BusinessFacts)
    source: str = field(default="", repr=False)
    scripts: tuple[str, ...] = field(default=(), repr=False)
    data: tuple[Mapping[str, str], ...] = field(default=(), repr=False)

    @property
    def tel_links(self) -> tuple[str, ...]:
        """Numbers of links that dial, send a text message or open a chat, as written."""
        return tuple(written for link in self.links if (written := number_link(link.href)))

    @property
    def mail_links(self) -> tuple[Link, ...]:
        """Links that open a mail."""
        return tuple(link for link in self.links if scheme_of(link.href) == "mailto")


class Page:
    """A parsed page. Pathological pages are cut to size first (see `bounds`), so parsing takes bounded time.

    Args:
        html: the page, decoded.
    """

    def __init__(self, html: str) -> None:
        self.source = bounded(html)
        self._tree: Any = LexborHTMLParser(self.source)
        self._sheets = Sheets(self._tree)

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
        return " ".join(read_region(nodes[0], self._sheets).text.split())[:MAX_TEXT] if nodes else ""

    def texts_of(self, selector: str, most: int) -> list[str]:
        """Visible texts of the first elements found, each on one line; those without text are left out."""
        read = (read_region(node, self._sheets).text for node in self.nodes(selector)[:most])
        return [text for one in read if (text := " ".join(one.split())[:MAX_TEXT])]

    def document(self, body: str = "", title: str = "", url: str = "") -> Document:
        """The readable part of the page.

        Args:
            body: selector of the region to read; the whole page when empty or not found.
            title: selector of the heading; <title> when empty or not found.
            url: address of the page, to tell the site's own structured data from the advertiser's.

        Raises:
            InvalidInput: a selector can't be read.
        """
        found = [node for node in _outermost(self.nodes(body)) if node.tag not in ("body", "html")]
        whole = not found
        regions = found or ([self._tree.body] if self._tree.body is not None else [])
        read = Region()
        texts = [read_region(region, self._sheets, read).take_text() for region in regions]
        heading = self.text_of(title) or self._page_title()
        return Document(
            text="\n".join(texts)[:MAX_TEXT],
            title=heading,
            links=tuple(read.links),
            attributes=tuple(read.attributes + self._meta(whole)),
            protected=tuple(read.protected),
            facts=read_facts(self._tree, self.source, url=url, of_the_site=whole),
            source=self.source,
            scripts=tuple(read.scripts),
            data=tuple(read.data),
        )

    def _page_title(self) -> str:
        node = self._tree.css_first("title")
        return " ".join((node.text() or "").split())[:1000] if node is not None else ""

    def _meta(self, whole: bool) -> list[str]:
        # On a post's page the site's own contact data stands in its head.
        selector = _SPOKEN_META if whole else _SPOKEN_META.partition(",meta[name='reply-to'")[0]
        found = self._tree.css(selector)
        return [content[:2000] for node in found[:20] if (content := node.attributes.get("content"))]


def _outermost(nodes: list[Any]) -> list[Any]:
    # A selector may find an element and its descendants; each text is read once.
    known = {node.mem_id for node in nodes[:200]}
    return [node for node in nodes[:200] if not any(parent.mem_id in known for parent in _ancestors(node))]


def _ancestors(node: Any) -> Iterator[Any]:
    parent = node.parent
    while parent is not None and parent.is_element_node:
        yield parent
        parent = parent.parent
