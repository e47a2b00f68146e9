"""The plain-text alternative of an HTML mail."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "div",
        "dl",
        "dt",
        "dd",
        "fieldset",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    ]
)
_SPACED = frozenset(["blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"])
_SKIPPED = frozenset({"script", "style", "head", "title", "template", "noscript"})
_MAX_DEPTH = 200


def to_text(html: str) -> str:
    """What the mail says, for readers without HTML: paragraphs, list points, and the address behind each link."""
    root = LexborHTMLParser(html).body
    pieces: list[str] = []
    if root is not None:
        _walk(root, pieces, 0)
    text = re.sub(r"[ \t\xa0]+", " ", "".join(pieces))
    text = re.sub(r" *\n *", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _walk(node: LexborNode, pieces: list[str], depth: int) -> None:
    child = node.child
    while child is not None:
        _visit(child, pieces, depth)
        child = child.next


def _visit(node: LexborNode, pieces: list[str], depth: int) -> None:
    tag = node.tag
    if tag == "-text":
        pieces.append(re.sub(r"\s+", " ", node.text_content or ""))
        return
    if tag is None or tag in _SKIPPED or tag.startswith(("-", "_")) or depth > _MAX_DEPTH:
        return
    if tag == "br":
        pieces.append("\n")
        return
    margin = "\n\n" if tag in _SPACED else "\n" if tag in _BLOCKS else ""
    pieces.append(margin + ("- " if tag == "li" else ""))
    start = len(pieces)
    _walk(node, pieces, depth + 1)
    if tag == "a":
        pieces.append(_target(node, "".join(pieces[start:])))
    pieces.append(" " if tag in {"td", "th"} else margin)


def _target(link: LexborNode, label: str) -> str:
    href = (link.attributes.get("href") or "").strip()
    if not href.startswith(("http://", "https://", "mailto:")):
        return ""
    shown = href.removeprefix("mailto:")
    return "" if shown in label else f" ({shown})"
