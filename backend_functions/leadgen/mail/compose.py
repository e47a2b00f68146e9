"""A filled-in template becomes a mail: signature, footer, a whole document, both forms of the body."""

from __future__ import annotations

import re

import nh3

from leadgen.mail.clean import one_line
from leadgen.mail.compliance import footer
from leadgen.mail.optout import opt_out_link
from leadgen.mail.plaintext import to_text
from leadgen.mail.providers.base import Message
from leadgen.mail.templates import render
from leadgen.model.config import Settings
from leadgen.model.documents import LeadData, Template
from leadgen.model.ids import canonical_email

_SIGNATURE_USED = re.compile(r"\{[{%][^}]*\bsignature\b")
_BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)
_DOCUMENT = re.compile(r"<html\b|<body\b", re.IGNORECASE)


def compose(
    template: Template, lead: LeadData, settings: Settings, *, account: str, token_key: str = "", public_url: str = ""
) -> Message:
    """The mail for one lead.

    Args:
        template: what to say.
        lead: to whom.
        settings: sender, address and signature.
        account: the mailbox it leaves from; "STOP" mails go there.
        token_key: key of the opt-out link.
        public_url: where the opt-out link leads, or empty for none.

    Raises:
        Unrenderable: the template can't be filled in for this lead.
    """
    rendered = render(template, lead, settings)
    link = opt_out_link(token_key, lead.email, public_url)
    end = footer(settings, link)
    signature = "" if _SIGNATURE_USED.search(template.base_body_html) else nh3.clean(settings.signature_html)
    text = "\n\n".join(part for part in (rendered.text, to_text(signature), end.text) if part)
    return Message(
        to=canonical_email(lead.email),
        to_name=one_line(lead.name or lead.business_name, 200),
        subject=rendered.subject,
        html=_document(rendered.html, signature + end.html),
        text=text,
        list_unsubscribe=_list_unsubscribe(account, link),
    )


def _document(body: str, addition: str) -> str:
    ends = list(_BODY_END.finditer(body))
    at = ends[-1].start() if ends else len(body)
    whole = body[:at] + addition + body[at:]
    if _DOCUMENT.search(body):
        return whole
    return f'<!doctype html><html><head><meta charset="utf-8"></head><body>{whole}</body></html>'


def _list_unsubscribe(account: str, link: str) -> str:
    """RFC 2369: mail first, then the page. One-click (RFC 8058) needs it covered by DKIM, which Graph can't give."""
    ways = ([f"<mailto:{account}?subject=STOP>"] if "@" in account else []) + ([f"<{link}>"] if link else [])
    return ", ".join(ways)
