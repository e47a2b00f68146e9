"""Filling a template in for one lead."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from jinja2 import Template as JinjaTemplate
from jinja2.exceptions import TemplateError, TemplateSyntaxError
from jinja2.runtime import Context
from jinja2.utils import missing
from markupsafe import Markup

from leadgen.mail.clean import MAX_SUBJECT, one_line
from leadgen.mail.inlining import inline_html
from leadgen.mail.plaintext import finish, to_text
from leadgen.mail.sandbox import MAX_OUTPUT, MAX_STEPS, OWN, STEPS, limited_range
from leadgen.mail.templates.compiled import ENDING, TEXT, Compiled, Subject, compiled
from leadgen.mail.templates.variables import signature_text
from leadgen.model.config import Settings
from leadgen.model.documents import LeadData, Template

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_AT_ONCE = 100
"""Pieces of a mail that are made before its size is looked at again."""
_BROKEN = (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError, LookupError)


class Rendered(NamedTuple):
    """A filled-in template.

    Args:
        subject: on one line.
        html: the body as it is sent, with the ending in its place.
        text: the same as plain text, without the ending.
        template_version: of which version it was made.
        variation: which variation the lead got: the subject's letter and the options drawn, such as ``B:0-2``.
        is_document: `html` is a whole document.
        shows_signature: the signature is in it.
    """

    subject: str
    html: str
    text: str
    template_version: int = 0
    variation: str = ""
    is_document: bool = False
    shows_signature: bool = False


class Unrenderable(Exception):
    """This template can't be filled in for this lead; the message says where and why, fit for the operator."""


def render(
    template: Template,
    lead: LeadData,
    settings: Settings,
    *,
    seed: str = "",
    ending: str = "",
    signature: str = "",
) -> Rendered:
    """Fill a template in for one lead.

    Args:
        template: what to say.
        lead: to whom; its values are data, whatever they look like.
        settings: sender and signature.
        seed: decides which variations are drawn; the same seed always draws the same.
        ending: HTML that is set right before the body's end.
        signature: HTML that comes before the ending, unless the template has a place for the signature.

    Raises:
        Unrenderable: the template is broken, uses what it may not, its subject comes out empty, or it has no place
            for the ending.
    """
    label = f"template {template.template_id}"
    try:
        return _rendered(compiled(template), template, lead, settings, seed, (signature, ending))
    except TemplateSyntaxError as error:
        raise Unrenderable(f"{label}, line {error.lineno}: {error.message}") from error
    except _BROKEN as error:
        raise Unrenderable(f"{label}: {one_line(str(error), 200)}") from error


def _rendered(
    ready: Compiled, template: Template, lead: LeadData, settings: Settings, seed: str, below: tuple[str, str]
) -> Rendered:
    drawn = _draw(ready, template, seed)
    ending = below[1] if ready.shows_signature else below[0] + below[1]
    values = _values(ready, lead, settings)
    values.update(drawn.numbers)
    values[ENDING] = Markup(ending)
    page = _Page(values, shared=not ready.assigns)
    subject = one_line(page.fill(drawn.subject.template), MAX_SUBJECT)
    html = page.fill(ready.html)
    text = _text_of(ready, page, settings)
    if not subject:
        raise ValueError("the subject is empty for this lead")
    if html.rfind(ending) < 0:  # from the end, where it is
        raise ValueError("the place of the footer, before </body>, is within a condition")
    return Rendered(
        subject=subject,
        html=inline_html(html) if ready.inline_later else html,
        text=to_text(html.replace(ending, "", 1)) if text is None else text,
        template_version=template.version,
        variation=drawn.name,
        is_document=ready.is_document,
        shows_signature=ready.shows_signature,
    )


def _values(ready: Compiled, lead: LeadData, settings: Settings) -> _Values:
    values = _Values(ready.constants)
    for name, getter in ready.fields:
        values[name] = getter(lead, settings) or ready.defaults.get(name, "")
    if "range" in ready.uses:
        values["range"] = limited_range
    return values


def _text_of(ready: Compiled, page: _Page, settings: Settings) -> str | None:
    if ready.text is None:
        return None
    if ready.shows_signature:
        page.values["signature"] = signature_text(settings.signature_html)
    return finish(page.fill(ready.text))


class _Values(dict[str, Any]):
    """The variables of a mail; one that is not there is `missing`, as Jinja's compiled code expects."""

    def __missing__(self, name: str) -> Any:
        return missing


class _Context(Context):
    """What a compiled template that sets no variables looks them up in; there are no globals and no blocks.

    Args:
        values: the variables.
    """

    def __init__(self, values: _Values) -> None:
        super().__init__(TEXT, values, None, {})
        self.resolve_or_missing = values.__getitem__  # type: ignore[method-assign,assignment]  # no detour


class _Page:
    """What the parts of one mail are filled in with.

    Args:
        values: the variables.
        shared: the parts set no variables, so that one Jinja context serves them all.
    """

    def __init__(self, values: _Values, *, shared: bool) -> None:
        self.values = values
        self._context = _Context(values) if shared else None

    def fill(self, template: JinjaTemplate) -> str:
        """Run a compiled template; each has a budget of its own."""
        self.values[STEPS] = [MAX_STEPS]
        # What `Template.new_context` does, without copying the globals: there are none.
        context = self._context or Context(template.environment, self.values, None, {})
        stream = template.root_render_func(context)
        whole = ""
        while True:
            some = list(islice(stream, _AT_ONCE))
            whole += "".join(some)
            if len(whole) > MAX_OUTPUT:
                raise ValueError(f"the mail grows beyond {MAX_OUTPUT} characters")
            if len(some) < _AT_ONCE:
                return whole


@dataclass(frozen=True)
class _Drawn:
    """The variations of one lead.

    Args:
        subject: the subject line.
        numbers: which option of each variation, by the variable that tells it to the template.
        name: how it is recorded.
    """

    subject: Subject
    numbers: dict[str, int]
    name: str


def _draw(ready: Compiled, template: Template, seed: str) -> _Drawn:
    """Draw the subject and the options: from the seed alone, so whoever asks again gets the same."""
    if len(ready.subjects) == 1 and not ready.options and not ready.subjects[0].options:
        return _Drawn(ready.subjects[0], {}, "")
    chance = _Chance(f"{template.template_id}\x1f{seed}")
    chosen = chance.below(len(ready.subjects))
    subject = ready.subjects[chosen]
    body = [chance.below(options) for options in ready.options]
    line = [chance.below(options) for options in subject.options]
    numbers = {f"{OWN}{number}": drawn for number, drawn in enumerate(body)}
    numbers.update({f"{OWN}{subject.first + number}": drawn for number, drawn in enumerate(line)})
    options = "-".join(str(drawn) for drawn in (*line, *body))
    return _Drawn(subject, numbers, f"{_LETTERS[chosen]}:{options}" if options else _LETTERS[chosen])


class _Chance:
    """Even draws that depend on nothing but a seed (SHA-256 in counter mode)."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode("utf-8", "surrogatepass")
        self._bytes = b""
        self._block = 0

    def below(self, count: int) -> int:
        """A number from 0 to `count` - 1; `count` is small beside 2^32, so none is preferred measurably."""
        if len(self._bytes) < 4:
            self._bytes = hashlib.sha256(self._seed + self._block.to_bytes(4, "big")).digest()
            self._block += 1
        number, self._bytes = int.from_bytes(self._bytes[:4], "big"), self._bytes[4:]
        return number % count
