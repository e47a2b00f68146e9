"""A filled-in template becomes a mail: signature, footer, a whole document, both forms of the body."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from leadgen.mail.clean import one_line
from leadgen.mail.footer import footer
from leadgen.mail.optout import make_token, opt_out_link
from leadgen.mail.providers.base import Message
from leadgen.mail.recipients import sendable
from leadgen.mail.templates import Rendered, Unrenderable, render
from leadgen.mail.templates.variables import clean_signature, signature_text
from leadgen.model.config import Settings
from leadgen.model.documents import LeadData, Template
from leadgen.model.ids import canonical_email

_DRY_RUN = "outbox"
_PLAIN_IN_MAILTO = "!$'*+:@"


@dataclass(frozen=True)
class Composed(Message):
    """A mail, with what is recorded of how it was made.

    Args:
        template_version: the version of the template.
        variation: which variation the lead got; see `Rendered`.
    """

    template_version: int = 0
    variation: str = ""

    def recorded(self) -> dict[str, Any]:
        """Fields of the mail's document."""
        return {"subject": self.subject, "templateVersion": self.template_version, "variation": self.variation}


def compose(
    template: Template,
    lead: LeadData,
    settings: Settings,
    *,
    account: str,
    token_key: str = "",
    public_url: str = "",
    seed: str = "",
) -> Composed:
    """The mail for one lead.

    Args:
        template: what to say.
        lead: to whom.
        settings: sender, address and signature.
        account: the address it leaves from; "STOP" mails go there.
        token_key: key of the opt-out link.
        public_url: where the opt-out link leads, or empty for none.
        seed: decides which variation the lead gets; the lead's address if empty.

    Raises:
        Unrenderable: the template can't be filled in for this lead, or nobody could opt out of the mail.
    """
    address = canonical_email(lead.email)
    link = opt_out_link(token_key, address, public_url)
    problem = opt_out_problem(account, link)
    if problem:
        raise Unrenderable(problem)
    end = footer(settings, link)
    signature = clean_signature(settings.signature_html)
    rendered = render(template, lead, settings, seed=seed or address, ending=end.html, signature=signature)
    below = "" if rendered.shows_signature else signature_text(settings.signature_html)
    return Composed(
        to=sendable(address),
        to_name=one_line(lead.name or lead.business_name, 200),
        subject=rendered.subject,
        html=_document(rendered),
        text="\n\n".join(part for part in (rendered.text, below, end.text) if part),
        list_unsubscribe=_list_unsubscribe(account, link, _token(token_key, address, link)),
        template_version=rendered.template_version,
        variation=rendered.variation,
    )


def opt_out_problem(account: str, link: str) -> str:
    """Why nobody could opt out of a mail; empty if they can: by the link, or by an answer to the mailbox.

    Args:
        account: the address it leaves from; the dry run's mails leave nowhere.
        link: the opt-out link, or empty.
    """
    if link or "@" in account or account == _DRY_RUN:
        return ""
    return (
        "there is no way to opt out: the mailbox takes no answers, and LEADGEN_PUBLIC_URL and a token key are not set"
    )


def as_test(message: Composed, to: str) -> Composed:
    """The mail as a test for its author: marked, and to nobody else."""
    return replace(message, to=to, to_name="", subject=one_line(f"[Test] {message.subject}", 200))


def _document(rendered: Rendered) -> str:
    if rendered.is_document:
        return rendered.html
    return f'<!doctype html><html><head><meta charset="utf-8"></head><body>{rendered.html}</body></html>'


def _token(token_key: str, address: str, link: str) -> str:
    """The recipient's opt-out token; it tells whom a mail from another of their addresses is about."""
    return link.partition("token=")[2] or (make_token(token_key, address) if token_key else "")


def _list_unsubscribe(account: str, link: str, token: str) -> str:
    """RFC 2369: mail first, then the page, which takes the POST of RFC 8058 as well."""
    subject = f"STOP%20{token}" if token else "STOP"
    mailto = _mailto(account)
    ways = ([f"<{mailto}?subject={subject}>"] if mailto else []) + ([f"<{link}>"] if link else [])
    return ", ".join(ways)


@lru_cache(maxsize=64)
def _mailto(account: str) -> str:
    """The address as a URI: what means something else there, and what is not ASCII, is encoded (RFC 6068 §2)."""
    return f"mailto:{quote(sendable(account), safe=_PLAIN_IN_MAILTO)}" if "@" in account else ""
