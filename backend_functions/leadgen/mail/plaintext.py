"""The plain-text alternative of an HTML mail.

Of a template it is made once, as a template of its own: the template's syntax is hidden behind marks, the HTML is
turned into text, and the marks are turned back. Filling that in costs a fraction of reading the HTML of every mail.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from leadgen.mail.template_source import MARK, Piece, can_be_hidden, hidden, mark_number

_BLOCKS = frozenset(
    (
        *("address", "article", "blockquote", "div", "dl", "dt", "dd", "fieldset", "footer", "form"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table"),
        *("tr", "ul"),
    )
)
_SPACED = frozenset(["blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"])
_SKIPPED = frozenset({"script", "style", "head", "title", "template", "noscript"})
_MAX_DEPTH = 200
_LINK = re.compile(" \x02(.*?)\x03", re.DOTALL)
"""A link whose address only the lead's data will tell: shown if it turns out to be one that can be followed."""


_UNTIDY = (("\t", " "), ("\xa0", " "), ("  ", " "), (" \n", "\n"), ("\n ", "\n"), ("\n\n\n", "\n\n"))
"""What conditions leave behind; the same as `_tidy`, at a tenth of its cost."""


def to_text(html: str) -> str:
    """What the mail says, for readers without HTML: paragraphs, list points, and the address behind each link."""
    return _tidy(_Writer([]).read(html))


def text_template(pieces: list[Piece]) -> str | None:
    """A template of the plain text, for `finish` after it was filled in; what is filled in must not be escaped.

    Returns:
        `None` if the template's syntax stands where it can't be carried over; then the text is made from the HTML of
        each mail, by `to_text`.
    """
    if not can_be_hidden(pieces):
        return None
    source, found = hidden(pieces)
    text = _tidy(_Writer(found).read(source))
    if re.search(r"\{[{%#]", text):
        return None  # the author's own text, written with entities
    kept = [mark_number(match) for match in MARK.finditer(text)]
    lost = (found[number] for number in set(range(len(found))) - set(kept))
    # Marks in a tag are left out with it, conditions as a whole; a variable that is set there would be missed.
    if kept != sorted(set(kept)) or any(re.match(r"\{%\s*set\b", piece) for piece in lost):
        return None
    return MARK.sub(lambda match: found[mark_number(match)], text)


def finish(text: str) -> str:
    """The text of a mail from its filled-in template."""
    if "\x02" in text:
        text = _LINK.sub(lambda match: _shown(match[1]), text)
    for untidy, tidy in _UNTIDY:
        while untidy in text:
            text = text.replace(untidy, tidy)
    return text.strip()


def _tidy(text: str) -> str:
    text = re.sub(r"[ \t\xa0]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _shown(href: str) -> str:
    href = href.strip()
    return f" ({href.removeprefix('mailto:')})" if href.startswith(("http://", "https://", "mailto:")) else ""


class _Writer:
    """Writes what an HTML document says.

    Args:
        found: what its marks stand for.
    """

    def __init__(self, found: list[str]) -> None:
        self._found = found
        self._pieces: list[str] = []

    def read(self, html: str) -> str:
        """The text, not tidied yet."""
        root = LexborHTMLParser(html).body
        if root is not None:
            self._walk(root, 0)
        return "".join(self._pieces)

    def _walk(self, node: LexborNode, depth: int) -> None:
        child = node.child
        while child is not None:
            self._visit(child, depth)
            child = child.next

    def _visit(self, node: LexborNode, depth: int) -> None:
        tag = node.tag
        if tag == "-text":
            self._pieces.append(re.sub(r"\s+", " ", node.text_content or ""))
            return
        if tag == "-comment" and self._found:
            self._pieces.extend(match[0] for match in MARK.finditer(node.html or ""))
            return
        if tag is None or tag in _SKIPPED or tag.startswith(("-", "_")) or depth > _MAX_DEPTH:
            return
        if tag == "br":
            self._pieces.append("\n")
            return
        margin = "\n\n" if tag in _SPACED else "\n" if tag in _BLOCKS else ""
        self._pieces.append(margin + ("- " if tag == "li" else ""))
        start = len(self._pieces)
        self._walk(node, depth + 1)
        if tag == "a":
            self._pieces.append(self._target(node, "".join(self._pieces[start:])))
        self._pieces.append(" " if tag in {"td", "th"} else margin)

    def _target(self, link: LexborNode, label: str) -> str:
        href = (link.attributes.get("href") or "").strip()
        if self._found and MARK.search(href):
            if self._resolved(href).removeprefix("mailto:") in self._resolved(label):
                return ""
            return f" \x02{href}\x03"
        shown = _shown(href)
        return "" if shown[2:-1] in label else shown

    def _resolved(self, text: str) -> str:
        return MARK.sub(lambda match: self._found[mark_number(match)], text)


_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])", re.IGNORECASE)


def visible_text(html: str) -> str:
    """What of a document can be seen, roughly: not what lies in an element that is hidden by its own style."""
    tree = LexborHTMLParser(html)
    for node in list(tree.css("[style], [hidden]")):
        attributes = node.attributes
        if "hidden" in attributes or _HIDING.search(attributes.get("style") or ""):
            node.decompose()
    root = tree.body
    return _tidy(_Writer([]).read(root.html or "")) if root is not None else ""
