"""The source of a template as a list of pieces: plain text, `{{ … }}` and `{% … %}`, told apart by Jinja's own lexer.

Variations are written ``[[Hello|Hi|Good day]]``: two square brackets mean nothing to Jinja, to HTML or to a style
sheet, and inside ``{{ … }}`` they are left alone. They become conditions on a number that is drawn for each lead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from jinja2.exceptions import TemplateSyntaxError

from leadgen.mail.sandbox import MAX_SOURCE, OWN, MailEnvironment

MAX_SLOTS = 40
MAX_OPTIONS = 50


class Kind(Enum):
    """What a piece of a template is."""

    TEXT = "text"
    SHOW = "show"
    """`{{ … }}`"""
    DO = "do"
    """`{% … %}`"""


@dataclass(frozen=True)
class Piece:
    """A piece of a template.

    Args:
        kind: what it is.
        text: its source, without whitespace control: what that strips is stripped already.
        line: where it begins, counted from 1.
    """

    kind: Kind
    text: str
    line: int


def joined(pieces: list[Piece]) -> str:
    """The pieces as one source."""
    return "".join(piece.text for piece in pieces)


def parse(environment: MailEnvironment, source: str) -> list[Piece]:
    """The pieces of a source; of comments only their lines are kept.

    Raises:
        TemplateSyntaxError: it is too long, or a bracket, quote or name is not as Jinja has it; carries the line.
    """
    if len(source) > MAX_SOURCE:
        raise TemplateSyntaxError(f"the template is longer than {MAX_SOURCE} characters", 1)
    return list(_pieces(environment, source))


_BEGINS = {
    "variable_begin": ("{{", "}}", Kind.SHOW),
    "block_begin": ("{%", "%}", Kind.DO),
    "comment_begin": ("{#", "#}", Kind.DO),
}


def _pieces(environment: MailEnvironment, source: str) -> Iterator[Piece]:
    inside: list[str] = []
    begun = 1
    kind, close = Kind.TEXT, ""
    for line, token, text in environment.lex(source):
        if token in _BEGINS:
            opening, close, kind = _BEGINS[token]
            inside, begun = [opening], line
        elif token in ("variable_end", "block_end", "comment_end"):
            yield Piece(kind, "".join([*inside, close]), begun)
            inside = []
        elif token == "comment":
            inside.append("\n" * text.count("\n"))  # only the lines after it keep their numbers
        elif inside:
            if token == "name" and text.startswith("_"):
                raise TemplateSyntaxError(f"names can't begin with an underscore: {text!r}", line)
            inside.append(text)
        elif token == "data":
            yield from _literal(text, line)
    if inside:
        raise TemplateSyntaxError(f"a {inside[0]} is not closed by {close}", begun)


def _literal(text: str, line: int) -> Iterator[Piece]:
    """Text; what looks like template syntax in it (from a raw block) is written so that it stays text."""
    for part in re.split(r"(\{\{|\{%|\{#)", text):
        if part in ("{{", "{%", "{#"):
            yield Piece(Kind.SHOW, f'{{{{ "{part}" }}}}', line)
        elif part:
            yield Piece(Kind.TEXT, part, line)
            line += part.count("\n")


@dataclass(frozen=True)
class _Mark:
    """``[[``, ``|`` or ``]]``."""

    text: str
    line: int


_MARKS = re.compile(r"(\[\[|\]\]|\|)")


class Spinner:
    """Turns variations into conditions, numbering them from `first`.

    Args:
        first: the number of the first variation.
    """

    def __init__(self, first: int = 0) -> None:
        self.options: list[int] = []
        """How many options each variation has."""
        self._first = first

    def spin(self, pieces: list[Piece]) -> list[Piece]:
        """The pieces with conditions instead of variations.

        Raises:
            TemplateSyntaxError: a ``[[`` is not closed, or there are too many; carries the line.
        """
        stream = list(self._marked(pieces))
        spun, rest = self._run(stream, 0, None)
        assert rest == len(stream), "everything is read at the outermost level"
        return spun

    def _marked(self, pieces: list[Piece]) -> Iterator[Piece | _Mark]:
        for piece in pieces:
            if piece.kind is not Kind.TEXT or not _MARKS.search(piece.text):
                yield piece
                continue
            line = piece.line
            for part in _MARKS.split(piece.text):
                if _MARKS.fullmatch(part):
                    yield _Mark(part, line)
                elif part:
                    yield Piece(Kind.TEXT, part, line)
                    line += part.count("\n")

    def _run(self, stream: list[Piece | _Mark], at: int, opened: _Mark | None) -> tuple[list[Piece], int]:
        """Read to the end, or to the ``]]`` that closes `opened`."""
        options: list[list[Piece]] = [[]]
        while at < len(stream):
            item = stream[at]
            at += 1
            if isinstance(item, Piece):
                options[-1].append(item)
            elif item.text == "[[":
                inner, at = self._run(stream, at, item)
                options[-1].extend(inner)
            elif item.text == "|" and opened is not None:
                options.append([])
            elif item.text == "]]" and opened is not None:
                return self._closed(options, opened), at
            else:
                options[-1].append(Piece(Kind.TEXT, item.text, item.line))
        if opened is not None:
            raise TemplateSyntaxError("a [[ is not closed by ]]", opened.line)
        return options[0], at

    def _closed(self, options: list[list[Piece]], opened: _Mark) -> list[Piece]:
        line = opened.line
        if len(options) == 1:
            return [Piece(Kind.TEXT, "[[", line), *options[0], Piece(Kind.TEXT, "]]", line)]
        if len(options) > MAX_OPTIONS or len(self.options) >= MAX_SLOTS:
            raise TemplateSyntaxError(f"at most {MAX_SLOTS} variations of {MAX_OPTIONS} options each", line)
        name = f"{OWN}{self._first + len(self.options)}"
        self.options.append(len(options))
        made: list[Piece] = []
        for number, option in enumerate(options):
            last = number == len(options) - 1
            words = "else" if last else f"{'elif' if number else 'if'} {name} == {number}"
            made += [Piece(Kind.DO, f"{{% {words} %}}", line), *option]
        return [*made, Piece(Kind.DO, "{% endif %}", line)]


_WHOLE = re.compile(r"<(?:html|head|body|!doctype)\b", re.IGNORECASE)
_IN_TAG = re.compile(r"<(?=[a-zA-Z/!?])|>")
_BEGIN, _END = "\ue000", "\ue001"
MARK = re.compile(f'<!--leadgen-(\\d+)-->|{_BEGIN}(\\d+){_END}(?:="")?')
"""A hidden piece. Where a mark stands for an attribute, a writer of HTML gives it an empty value: part of the mark."""


def hidden(pieces: list[Piece]) -> tuple[str, list[str]]:
    """The source with marks in place of its syntax, for an HTML parser; and what the marks stand for.

    A statement between elements is a comment, which parsers leave where it is, even inside a table; everything else is
    a word of two characters from Unicode's private use area around a number.
    """
    # A parser would move what comes first, a condition say, out of the body that it opens by itself.
    whole = any(piece.kind is Kind.TEXT and _WHOLE.search(piece.text) for piece in pieces)
    out: list[str] = [] if whole else ["<body>"]
    found: list[str] = []
    in_tag = False
    for piece in pieces:
        if piece.kind is Kind.TEXT:
            out.append(piece.text)
            turns = _IN_TAG.findall(piece.text)
            in_tag = turns[-1] == "<" if turns else in_tag
            continue
        comment = piece.kind is Kind.DO and not in_tag
        out.append(f"<!--leadgen-{len(found)}-->" if comment else f"{_BEGIN}{len(found)}{_END}")
        found.append(piece.text)
    return "".join(out), found


def mark_number(match: re.Match[str]) -> int:
    """Which piece a mark stands for."""
    return int(match[1] or match[2])


def can_be_hidden(pieces: list[Piece]) -> bool:
    """Whether none of the text looks like a mark."""
    return not any(piece.kind is Kind.TEXT and MARK.search(piece.text) for piece in pieces)
