"""Checking a template before it is saved: everything that is wrong with it, each with its line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from jinja2 import meta, nodes
from jinja2.exceptions import TemplateError, TemplateSyntaxError

from leadgen.mail.plaintext import visible_text
from leadgen.mail.sandbox import OWN, MailEnvironment
from leadgen.mail.template_source import Piece, Spinner, joined, parse
from leadgen.mail.templates.compiled import HTML, TEXT
from leadgen.mail.templates.findings import Finding, Part, error, warning
from leadgen.mail.templates.markup_lint import lint_markup
from leadgen.mail.templates.rendering import Rendered, Unrenderable, render
from leadgen.mail.templates.variables import GETTERS, KNOWN, NAMES
from leadgen.model.config import Settings
from leadgen.model.documents import LeadData, Template
from leadgen.model.errors import FieldProblem, InvalidInput

LONGEST_SUBJECT = 70
"""Characters of a subject that most mail programs show."""
_MIN_TEXT = 80
_SHOUTED = 0.3
_TRIALS = 12
_PROBE = "leadgen-footer-probe"
_HARMLESS = "quiet words"
_NO_DEFAULT = frozenset({"signature", "servicesRendered", "services_rendered", "email", "fields", "range"})
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,39}")

SAMPLE_LEAD = LeadData(
    name="Maria Lopez",
    business_name="Lone Star Plumbing",
    phone="+15125550142",
    email="maria@example.com",
    website_url="https://example.com",
    category="Plumbing",
    services_rendered=["Leak repair", "Water heaters"],
    city="austin",
    title="Plumber, same day",
    opener="I saw that you repair water heaters on weekends.",
)
SAMPLE_SETTINGS = Settings(sender_name="Ada Lovelace", company_name="Contoso", signature_html="<p>Ada</p>")


def lint(template: Template) -> list[Finding]:
    """What is wrong with a template, errors first; no errors means that it can be used."""
    found = [*_lint_defaults(template), *_lint_sources(template)]
    if any(finding.level == "error" for finding in found):
        # The rest is tried all the same: whoever mends an error wants to know of everything at once.
        found += [finding for finding in _trials(_mended(template)) if finding.code != "unrenderable"]
    else:
        found += _trials(template)
    return sorted(dict.fromkeys(found), key=lambda finding: finding.level != "error")


def _mended(template: Template) -> Template:
    """The template with something harmless in place of what is wrong with it, so that the rest can be filled in."""
    sources = (template.base_subject, *template.alternative_subjects)
    subjects = [source for source in sources if _undeclared(source, TEXT) is not None] or [_HARMLESS]
    body = template.base_body_html
    if _undeclared(body, HTML) is None:
        body = f"<p>{_HARMLESS}</p>"
    defaults = {name: value for name, value in template.defaults.items() if not _wrong_default(name)}
    unknown = set[str]().union(_undeclared(body, HTML) or (), *(_undeclared(one, TEXT) or () for one in subjects))
    words = {name: _HARMLESS for name in unknown - KNOWN if not _wrong_default(name)}
    return template.model_copy(
        update={
            "base_subject": subjects[0],
            "alternative_subjects": subjects[1:],
            "base_body_html": body,
            "defaults": {**words, **defaults},
        }
    )


def _undeclared(source: str, environment: MailEnvironment) -> set[str] | None:
    """The variables that a source uses; `None` if it is empty or can't be used at all."""
    if not source.strip():
        return None
    try:
        return meta.find_undeclared_variables(environment.prepare(joined(Spinner().spin(parse(environment, source)))))
    except (TemplateError, ValueError, RecursionError):
        return None


def _lint_defaults(template: Template) -> Iterator[Finding]:
    for name in template.defaults:
        problem = _wrong_default(name)
        if problem:
            yield error("bad-default", "defaults", 0, problem)


def _wrong_default(name: str) -> str:
    """Why a name can't have a default; "" if it can."""
    if not _NAME.fullmatch(name) or name.startswith(OWN):
        return f"{name[:40]!r} is not a name of a variable"
    return f"{name} can't have a default" if name in _NO_DEFAULT else ""


def _lint_sources(template: Template) -> Iterator[Finding]:
    known = KNOWN | template.defaults.keys()
    for number, subject in enumerate((template.base_subject, *template.alternative_subjects)):
        name = f"subject {chr(ord('A') + number)}" if template.alternative_subjects else "subject"
        yield from _lint_source("subject", name, subject, TEXT, known)
    yield from _lint_source("body", "body", template.base_body_html, HTML, known)
    try:
        yield from lint_markup(parse(HTML, template.base_body_html))
    except TemplateSyntaxError:
        return  # told already


def _lint_source(
    part: Part, name: str, source: str, environment: MailEnvironment, known: frozenset[str]
) -> Iterator[Finding]:
    if not source.strip():
        yield error("empty", part, 0, f"The {name} is empty.")
        return
    try:
        pieces: list[Piece] = Spinner().spin(parse(environment, source))
        tree = environment.prepare(joined(pieces))
    except TemplateSyntaxError as problem:
        line = problem.lineno or 1
        yield error("syntax", part, line, f"The {name}, line {line}: {problem.message}.")
        return
    except (TemplateError, ValueError, RecursionError):
        yield error("syntax", part, 1, f"The {name} is too complicated.")
        return
    for unknown in sorted(meta.find_undeclared_variables(tree) - known):
        if not unknown.startswith(OWN):
            line = _line_of(unknown, tree)
            yield error("unknown-variable", part, line, f"The {name}, line {line}: there is no variable {unknown!r}.")


def _line_of(name: str, tree: nodes.Template) -> int:
    return min((node.lineno for node in tree.find_all(nodes.Name) if node.name == name), default=1)


def _trials(template: Template) -> Iterator[Finding]:
    """Fill it in for a lead of whom all is known, and for one of whom nothing is, in several variations."""
    ending = f"<p>{_PROBE}</p>"
    told: set[str] = set()
    for who, lead in (("a complete lead", SAMPLE_LEAD), ("a lead of whom only the address is known", LeadData())):
        for seed in range(_TRIALS):
            try:
                rendered = render(template, lead, SAMPLE_SETTINGS, seed=str(seed), ending=ending)
            except Unrenderable as problem:
                yield error("unrenderable", "whole", 0, f"It can't be filled in for {who}: {problem}.")
                return
            for finding in _lint_rendered(rendered, who):
                if finding.code not in told:
                    told.add(finding.code)
                    yield finding
            if not rendered.variation:
                break


def _lint_rendered(rendered: Rendered, who: str) -> Iterable[Finding]:
    text, pictures = rendered.text, len(re.findall(r"<img\b", rendered.html, re.IGNORECASE))
    if not text:
        problem = f"For {who} the body has no text; a mail of pictures alone is read as spam."
        yield error("image-only", "body", 0, problem)
    elif pictures and len(text) < _MIN_TEXT:
        problem = f"{pictures} pictures and only {len(text)} characters of text look like spam."
        yield warning("image-only", "body", 0, problem)
    if _PROBE not in visible_text(rendered.html):
        problem = "Nobody would see the footer with your address and the way to opt out"
        why = "something before the end is hidden or not closed (a comment, <title>, <style>, …)"
        yield error("no-opt-out", "body", 0, f"{problem}: {why}.")
    if len(rendered.subject) > LONGEST_SUBJECT:
        length = len(rendered.subject)
        problem = f"The subject has {length} characters for {who}; mail programs show about {LONGEST_SUBJECT}."
        yield warning("long-subject", "subject", 0, problem)
    if _shouts(rendered.subject):
        yield warning("shouting", "subject", 0, "The subject shouts: many capitals or !!! are read as spam.")
    if _shouts(text):
        yield warning("shouting-body", "body", 0, "The body shouts: many capitals or !!! are read as spam.")


def _shouts(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    capitals = sum(char.isupper() for char in letters)
    return "!!" in text or (len(letters) >= 12 and capitals > _SHOUTED * len(letters))


def check_template(template: Template) -> list[Finding]:
    """Refuse a template that can't be used, when it is saved.

    Returns:
        What one may think about: the warnings.

    Raises:
        InvalidInput: names each problem with its line.
    """
    found = lint(template)
    problems = [finding for finding in found if finding.level == "error"]
    if problems:
        names = {"subject": "baseSubject", "body": "baseBodyHtml", "defaults": "defaults", "whole": "baseBodyHtml"}
        fields = tuple(FieldProblem(names[problem.part], "", problem.text) for problem in problems)
        raise InvalidInput(
            " ".join(problem.text for problem in problems), hint=f"Variables are: {', '.join(NAMES)}.", fields=fields
        )
    return found


def draft(
    subject: str, body: str, alternatives: Iterable[str] = (), defaults: dict[str, str] | None = None
) -> Template:
    """A template that was never saved, to be checked or looked at."""
    return Template(
        template_id=0,
        template_name="",
        base_subject=subject,
        base_body_html=body,
        alternative_subjects=list(alternatives),
        defaults=defaults or {},
        created_at=datetime.now(UTC),
    )


__all__ = ["GETTERS", "SAMPLE_LEAD", "SAMPLE_SETTINGS", "Finding", "check_template", "draft", "lint"]
