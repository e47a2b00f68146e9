"""A version of a template, made ready once: parsed, its styles inlined, its plain text derived, all compiled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Template as JinjaTemplate
from jinja2 import meta
from jinja2.exceptions import TemplateSyntaxError

from leadgen.mail.clean import paragraph
from leadgen.mail.inlining import inline_source
from leadgen.mail.plaintext import text_template
from leadgen.mail.sandbox import OWN, MailEnvironment
from leadgen.mail.template_source import Kind, Piece, Spinner, joined, parse
from leadgen.mail.templates.variables import GETTERS, Getter
from leadgen.model.documents import Template

ENDING = f"{OWN}end"
"""The variable that holds signature and footer; its place is right before `</body>`, or at the end."""
TEXT, HTML = MailEnvironment(html=False), MailEnvironment(html=True)
CACHED = 128

_BODY_END = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
_SET = re.compile(r"\{%[-+]?\s*set\b")
_DOCUMENT = re.compile(r"<html\b|<body\b", re.IGNORECASE)


@dataclass(frozen=True)
class Subject:
    """One subject line.

    Args:
        template: compiled.
        first: number of its first variation.
        options: how many options each of its variations has.
    """

    template: JinjaTemplate
    first: int
    options: tuple[int, ...]


@dataclass(frozen=True)
class Compiled:
    """A version of a template, ready to be filled in.

    Args:
        subjects: the subject lines, `baseSubject` first.
        html: the body, with a place for its ending.
        text: its plain text, or `None` if it must be made from the HTML of each mail.
        options: how many options each variation of the body has.
        inline_later: styles must be inlined in each mail.
        is_document: the body is a whole HTML document.
        shows_signature: it has a place of its own for the signature.
        fields: the variables used, and how to get them.
        uses: all names it uses.
        assigns: it sets variables of its own.
        constants: what else it declares, by name.
        defaults: what stands for a field that is empty, by name.
    """

    subjects: tuple[Subject, ...]
    html: JinjaTemplate
    text: JinjaTemplate | None
    options: tuple[int, ...]
    inline_later: bool
    is_document: bool
    shows_signature: bool
    fields: tuple[tuple[str, Getter], ...]
    uses: frozenset[str]
    assigns: bool
    constants: dict[str, str]
    defaults: dict[str, str]


def compiled(template: Template) -> Compiled:
    """The template, ready. What was made once for a version is used again; the texts are part of the key, so nothing
    stale is ever used.

    Raises:
        TemplateSyntaxError: it is broken, or uses what it may not.
    """
    return _compiled(
        template.template_id,
        template.version,
        (template.base_subject, *template.alternative_subjects),
        template.base_body_html,
        tuple(template.defaults.items()),
    )


@lru_cache(maxsize=CACHED)
def _compiled(
    template_id: int, version: int, subjects: tuple[str, ...], body: str, defaults: tuple[tuple[str, str], ...]
) -> Compiled:
    del template_id, version
    spinner = Spinner()
    pieces = spinner.spin(parse(HTML, body))
    used: set[str] = set()
    ended = _with_ending(pieces)
    inlined = inline_source(ended)
    source = joined(ended) if inlined is None else inlined
    is_document = inlined is None or _DOCUMENT.search(source) is not None
    html = _compile(HTML, _with_doctype(source) if is_document else source, used)
    lines = _subjects(subjects, len(spinner.options), used)
    declared = {name: paragraph(value) for name, value in defaults}
    return Compiled(
        subjects=lines,
        html=html,
        text=_text(pieces, used),
        options=tuple(spinner.options),
        inline_later=inlined is None,
        is_document=is_document,
        shows_signature="signature" in used,
        fields=tuple((name, GETTERS[name]) for name in sorted(used & GETTERS.keys())),
        uses=frozenset(used),
        assigns=any(_SET.match(piece.text) for piece in pieces) or any(map(_SET.search, subjects)),
        constants={name: value for name, value in declared.items() if name not in GETTERS},
        defaults={name: value for name, value in declared.items() if name in GETTERS},
    )


def _with_doctype(source: str) -> str:
    """The document with a doctype; without one mail programs fall back to the rules of the nineties."""
    return source if source.lstrip()[:9].lower() == "<!doctype" else f"<!doctype html>{source}"


def _subjects(sources: tuple[str, ...], first: int, used: set[str]) -> tuple[Subject, ...]:
    lines = []
    for source in sources:
        spinner = Spinner(first)
        pieces = spinner.spin(parse(TEXT, source))
        lines.append(Subject(_compile(TEXT, joined(pieces), used), first, tuple(spinner.options)))
    return tuple(lines)


def _with_ending(pieces: list[Piece]) -> list[Piece]:
    """The body with a place for signature and footer."""
    for number in reversed(range(len(pieces))):
        piece = pieces[number]
        ends = list(_BODY_END.finditer(piece.text)) if piece.kind is Kind.TEXT else []
        body = [end for end in ends if end[0][2:6].lower() == "body"] or ends
        if body:
            at = body[-1].start()
            before, after = Piece(Kind.TEXT, piece.text[:at], piece.line), Piece(Kind.TEXT, piece.text[at:], piece.line)
            return [*pieces[:number], before, _ending(piece.line), after, *pieces[number + 1 :]]
    return [*pieces, _ending(1)]


def _ending(line: int) -> Piece:
    return Piece(Kind.SHOW, f"{{{{ {ENDING} }}}}", line)


def _text(pieces: list[Piece], used: set[str]) -> JinjaTemplate | None:
    source = text_template(pieces)
    if source is None:
        return None
    try:
        return _compile(TEXT, source, used)
    except TemplateSyntaxError:  # half of a condition was lost with the tag it stood in
        return None


def _compile(environment: MailEnvironment, source: str, used: set[str]) -> JinjaTemplate:
    """Compile a source, and note the variables it uses."""
    try:
        tree = environment.prepare(source)
        names = meta.find_undeclared_variables(tree)
        template: Any = environment.from_string(tree)
    except (SyntaxError, RecursionError, MemoryError, OverflowError) as error:  # Python's compiler, on absurd nesting
        raise TemplateSyntaxError("the template is too complicated", 1) from error
    used |= names
    ready: JinjaTemplate = template
    return ready
