"""Email templates: checking them when they are saved, and filling them in.

Variables, in the plan's camelCase and in snake_case alike; an unknown field of a lead is an empty text, so
`{{ name or 'there' }}` works:

    name, businessName, phone, email, websiteUrl, category, city, title, opener
    services           the services as a phrase: "gutters, roofs and fences"
    servicesRendered   the same as a list, for loops
    greetingName       the first name, else the business's name, else "there"
    senderName, companyName, signature   from the configuration
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import nh3
from jinja2 import Template as Compiled
from jinja2 import meta, nodes
from jinja2.exceptions import TemplateError, TemplateSyntaxError
from markupsafe import Markup
from pydantic.alias_generators import to_snake

from leadgen.mail.clean import MAX_SUBJECT, one_line, paragraph, web_address
from leadgen.mail.inlining import inline_html, inline_source
from leadgen.mail.plaintext import to_text
from leadgen.mail.sandbox import MAX_OUTPUT, MAX_STEPS, STEPS, MailEnvironment
from leadgen.model.config import Settings
from leadgen.model.documents import LeadData, Template
from leadgen.model.errors import FieldProblem, InvalidInput

_TEXT, _HTML = MailEnvironment(html=False), MailEnvironment(html=True)

_SAMPLE_LEAD = LeadData(
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
_SAMPLE_SETTINGS = Settings(sender_name="Ada Lovelace", company_name="Contoso", signature_html="<p>Ada</p>")


@dataclass(frozen=True)
class Rendered:
    """A filled-in template. `html` is the body as it is sent, before footer and wrapping; `text` says the same."""

    subject: str
    html: str
    text: str


class Unrenderable(Exception):
    """This template can't be filled in for this lead; the message says where and why, fit for the operator."""


@dataclass(frozen=True)
class _Ready:
    subject: Compiled
    body: Compiled
    inline_later: bool


def variables(lead: LeadData, settings: Settings) -> dict[str, Any]:
    """What a template can name. Values are data: never parsed as a template, and escaped in HTML."""
    services = [text for text in (one_line(item, 200) for item in lead.services_rendered[:50]) if text]
    named: dict[str, Any] = {
        "name": one_line(lead.name),
        "businessName": one_line(lead.business_name),
        "phone": one_line(lead.phone),
        "email": one_line(lead.email),
        "websiteUrl": web_address(lead.website_url),
        "category": one_line(lead.category),
        "city": one_line(lead.city),
        "title": one_line(lead.title),
        "opener": paragraph(lead.opener),
        "services": _phrase(services),
        "servicesRendered": services,
        "greetingName": _greeting_name(lead),
        "senderName": one_line(settings.sender_name),
        "companyName": one_line(settings.company_name),
        "signature": Markup(nh3.clean(settings.signature_html)),
    }
    return named | {to_snake(name): value for name, value in named.items()}


def _greeting_name(lead: LeadData) -> str:
    first = one_line(lead.name).split(" ")[0].strip(",.;:")
    return first or one_line(lead.business_name) or "there"


def _phrase(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


KNOWN = frozenset(variables(LeadData(), Settings())) | {"range"}
"""Every name a template may use."""


def _compile(environment: MailEnvironment, source: str) -> Compiled:
    try:
        return environment.from_string(environment.prepare(source))
    except (SyntaxError, RecursionError, MemoryError) as error:  # from Python's compiler, on absurdly nested source
        raise TemplateSyntaxError("the template is too complicated", 1) from error


@lru_cache(maxsize=64)
def _ready(template_id: int, version: int, subject: str, body: str) -> _Ready:
    """Compiled and inlined once per template version; the texts are part of the key, so nothing stale is ever used."""
    inlined = inline_source(body)
    return _Ready(_compile(_TEXT, subject), _compile(_HTML, body if inlined is None else inlined), inlined is None)


def _fill(compiled: Compiled, values: dict[str, Any]) -> str:
    pieces: list[str] = []
    size = 0
    for piece in compiled.generate(values | {STEPS: [MAX_STEPS]}):
        size += len(piece)
        if size > MAX_OUTPUT:
            raise Unrenderable(f"the mail grows beyond {MAX_OUTPUT} characters")
        pieces.append(piece)
    return "".join(pieces)


def render(template: Template, lead: LeadData, settings: Settings) -> Rendered:
    """Fill a template in for one lead.

    Raises:
        Unrenderable: the template is broken, uses what it may not, or its subject comes out empty.
    """
    label = f"template {template.template_id}"
    values = variables(lead, settings)
    try:
        ready = _ready(template.template_id, template.version, template.base_subject, template.base_body_html)
        subject = one_line(_fill(ready.subject, values), MAX_SUBJECT)
        body = _fill(ready.body, values)
    except TemplateSyntaxError as error:
        raise Unrenderable(f"{label}, line {error.lineno}: {error.message}") from error
    except (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError, LookupError) as error:
        raise Unrenderable(f"{label}: {one_line(str(error), 200)}") from error
    if not subject:
        raise Unrenderable(f"{label}: the subject is empty for this lead")
    html = inline_html(body) if ready.inline_later else body
    return Rendered(subject, html, to_text(html))


def lint(template: Template) -> list[str]:
    """What is wrong with a template, one sentence each; empty when it can be used."""
    parts = (("subject", template.base_subject, _TEXT), ("body", template.base_body_html, _HTML))
    problems = [problem for name, source, environment in parts for problem in _lint_source(name, source, environment)]
    if problems:
        return problems
    return list(_trial(template))


def _lint_source(part: str, source: str, environment: MailEnvironment) -> Iterable[str]:
    if not source.strip():
        yield f"The {part} is empty."
        return
    try:
        tree = environment.prepare(source)
    except TemplateSyntaxError as error:
        yield f"The {part}, line {error.lineno}: {error.message}."
        return
    for name in sorted(meta.find_undeclared_variables(tree) - KNOWN):
        line = min((node.lineno for node in tree.find_all(nodes.Name) if node.name == name), default=1)
        yield f"The {part}, line {line}: there is no variable {name!r}."


def _trial(template: Template) -> Iterable[str]:
    """Fill it in for a lead of whom all is known, and for one of whom nothing is."""
    for who, lead in (("a complete lead", _SAMPLE_LEAD), ("a lead of whom only the address is known", LeadData())):
        try:
            rendered = render(template, lead, _SAMPLE_SETTINGS)
        except Unrenderable as error:
            yield f"It can't be filled in for {who}: {error}."
            return
        if not rendered.text:
            yield f"For {who} the body has no text; a mail of pictures alone is read as spam."
            return


def check_template(subject: str, body: str) -> None:
    """Refuse a template that can't be used, when it is saved.

    Args:
        subject: its `baseSubject`.
        body: its `baseBodyHtml`.

    Raises:
        InvalidInput: names each problem with its line.
    """
    draft = Template(
        template_id=0, template_name="", base_subject=subject, base_body_html=body, created_at=datetime.now(UTC)
    )
    problems = lint(draft)
    if problems:
        known = ", ".join(sorted(name for name in KNOWN if "_" not in name and name != "range"))
        fields = tuple(
            FieldProblem("baseSubject" if "The subject" in text else "baseBodyHtml", "", text) for text in problems
        )
        raise InvalidInput(" ".join(problems), hint=f"Variables are: {known}.", fields=fields)
