"""What is wrong with the HTML of a template, with lines: tags that don't match, pictures without words, unsafe links.

The template's own syntax is hidden first, line breaks kept, so that lines are those of the author's file.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

from leadgen.mail.template_source import Kind, Piece
from leadgen.mail.templates.findings import Finding, error, warning

_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
# HTML closes these by itself where the next one begins or the parent ends.
_MAY_STAY_OPEN = frozenset(
    ("p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option", "html", "head", "body")
)
_RUNS = frozenset(("script", "iframe", "object", "embed", "applet", "form"))
_LINKS = {"a": "href", "area": "href", "img": "src", "link": "href"}


def lint_markup(pieces: list[Piece]) -> list[Finding]:
    """The findings, in order of their lines."""
    reader = _Reader()
    for piece in pieces:
        reader.feed(piece.text if piece.kind is Kind.TEXT else "x" + "\n" * piece.text.count("\n"))
    reader.close()
    return sorted([*reader.findings, *reader.left_open()], key=lambda finding: finding.line)


class _Reader(HTMLParser):
    """Collects findings while it reads."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.findings: list[Finding] = []
        self._open: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag opens."""
        line = self.getpos()[0]
        self.findings.extend(_attributes(tag, dict(attrs), line))
        if tag in _RUNS:
            text = f"mail programs do not run <{tag}>; leave it out"
            self.findings.append(error("active-content", "body", line, text))
        if tag not in _VOID:
            self._open.append((tag, line))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag that closes itself."""
        self.findings.extend(_attributes(tag, dict(attrs), self.getpos()[0]))

    def handle_endtag(self, tag: str) -> None:
        """A tag closes: whatever was opened since and must be closed was not."""
        if tag in _VOID or tag == "p":
            self._open = _without_last(self._open, tag)
            return
        if tag not in (name for name, _ in self._open):
            text = f"</{tag}> closes nothing"
            self.findings.append(warning("broken-html", "body", self.getpos()[0], text))
            return
        while self._open:
            name, line = self._open.pop()
            if name == tag:
                return
            self.findings.extend(_unclosed(name, line))

    def left_open(self) -> Iterator[Finding]:
        """What is never closed."""
        for name, line in self._open:
            yield from _unclosed(name, line)


def _without_last(opened: list[tuple[str, int]], tag: str) -> list[tuple[str, int]]:
    for at in reversed(range(len(opened))):
        if opened[at][0] == tag:
            return opened[:at] + opened[at + 1 :]
    return opened


def _unclosed(tag: str, line: int) -> Iterator[Finding]:
    if tag not in _MAY_STAY_OPEN:
        yield warning("broken-html", "body", line, f"<{tag}> is not closed")


def _attributes(tag: str, attrs: dict[str, str | None], line: int) -> Iterator[Finding]:
    if tag == "img" and not (attrs.get("alt") or "").strip():
        yield warning("missing-alt", "body", line, "<img> has no alt text, which is all that many readers see of it")
    address = (attrs.get(_LINKS.get(tag, "")) or "").strip()
    scheme = address.partition(":")[0].lower() if ":" in address else ""
    if scheme == "http":
        yield warning("http-link", "body", line, f"{address[:80]} is not encrypted; use https")
    elif scheme in ("javascript", "vbscript", "data", "file"):
        yield error("unsafe-link", "body", line, f"a {scheme}: address has no place in a mail")
    for name in attrs:
        if name.startswith("on"):
            yield error("active-content", "body", line, f"mail programs do not run {name}; leave it out")
