"""The end of every mail: who writes, where they are, and how to hear no more of them (15 U.S.C. §7704(a)(3), (5))."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from leadgen.mail.clean import escaped, one_line, paragraph, web_address
from leadgen.model.config import Settings

_STYLE = "margin-top:24px;padding-top:12px;border-top:1px solid #ddd;color:#666;font-size:12px;line-height:1.5"
_STOP = "Reply STOP and we will not write to you again."


class Footer(NamedTuple):
    """The end of a mail, for both of its forms."""

    html: str
    text: str


def footer(settings: Settings, link: str) -> Footer:
    """The footer for one recipient.

    Args:
        settings: the configuration; `settings_problem` must be empty.
        link: the recipient's own opt-out link, if there is one.
    """
    html, text = _sender(settings.sender_name, settings.company_name, settings.postal_address)
    if not _leads_somewhere(link.partition("?")[0]):
        return Footer(f"{html}{_STOP}</div>", f"{text}{_STOP}")
    ways = f'<a href="{escaped(link)}">Unsubscribe</a>, or reply STOP, and we will not write to you again.'
    return Footer(f"{html}{ways}</div>", f"{text}Unsubscribe: {link}\n{_STOP}")


@lru_cache(maxsize=16)
def _leads_somewhere(page: str) -> bool:
    """Whether the page, the same in all links, can be opened."""
    return bool(web_address(page))


@lru_cache(maxsize=16)
def _sender(sender_name: str, company_name: str, postal_address: str) -> tuple[str, str]:
    """What is the same for every recipient, in both forms."""
    who = ", ".join(part for part in (one_line(sender_name, 200), one_line(company_name, 200)) if part)
    address = ", ".join(paragraph(postal_address, 500).splitlines())
    return f'<div style="{_STYLE}">{escaped(who)}<br>{escaped(address)}<br>', f"-- \n{who}\n{address}\n"
