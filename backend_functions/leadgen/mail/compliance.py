"""What must hold before a mail may leave, and the footer every mail carries.

Sources: CAN-SPAM, 15 U.S.C. §7704(a): a valid postal address, a working way to opt out, no mail after an opt-out; and
the policy each source of leads was acknowledged with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from email_validator import EmailNotValidError, validate_email

from leadgen.mail.clean import one_line, paragraph, web_address
from leadgen.mail.pacing import known_zone
from leadgen.model.config import Settings
from leadgen.model.documents import EmailJob, LeadData, Suppression
from leadgen.model.ids import canonical_email, suppression_id
from leadgen.model.status import EmailStatus

_RELAYS = frozenset({"craigslist.org"})
"""Hosts whose addresses forward to a person for one conversation; no source can declare them to be real ones."""


@dataclass(frozen=True)
class SourcePolicy:
    """What the source of a lead allows.

    Args:
        may_email: whether its terms, as acknowledged, let us write to people found there.
        relay_domains: domains whose addresses are relays of the site, never a person's own.
    """

    may_email: bool
    relay_domains: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Refusal:
    """Why a mail does not leave.

    Args:
        status: what becomes of it; QUEUED means it waits until the configuration is put right.
        reason: for the operator.
    """

    status: EmailStatus
    reason: str


def settings_problem(settings: Settings) -> str:
    """What the configuration lacks before anything may be sent; empty when it is complete."""
    if not settings.postal_address.strip():
        return "no postal address is configured (required by law in every mail); set postalAddress"
    if not (settings.sender_name.strip() or settings.company_name.strip()):
        return "no sender is configured; set senderName or companyName"
    return ""


def suppression_keys(lead: LeadData) -> dict[str, tuple[str, str]]:
    """Ids of the suppressions that would forbid writing to this lead, each with its kind and value."""
    address = canonical_email(lead.email)
    domain = address.rpartition("@")[2]
    labels = domain.split(".")
    wanted = [("email", address), ("phone", lead.phone.strip())]
    wanted += [("domain", ".".join(labels[start:])) for start in range(min(len(labels) - 1, 6))]
    return {suppression_id(kind, value): (kind, value) for kind, value in wanted if value}


def preflight(
    job: EmailJob,
    settings: Settings,
    lead: LeadData,
    suppressions: Mapping[str, Suppression],
    source: SourcePolicy,
    last_sent: datetime | None,
    now: datetime,
) -> Refusal | None:
    """Whether this mail must not leave, with the first reason found.

    Args:
        job: the mail.
        settings: the configuration.
        lead: the recipient.
        suppressions: those that exist among `suppression_keys(lead)`, by id.
        source: the policy of the source the lead came from.
        last_sent: when this contact was written to last.
        now: the present moment.
    """
    problem = settings_problem(settings)
    if problem:
        return Refusal(EmailStatus.QUEUED, problem)
    return (
        _address_refusal(lead.email, source)
        or _suppression_refusal(suppressions)
        or _recontact_refusal(settings, last_sent, now)
        or _source_refusal(job, source)
    )


def _address_refusal(email: str, source: SourcePolicy) -> Refusal | None:
    if not email.strip():
        return Refusal(EmailStatus.ERROR_NO_EMAIL, "the lead has no email address")
    problem = address_problem(email)
    if problem:
        return Refusal(EmailStatus.ERROR_NO_EMAIL, f"the email address is not valid: {problem}")
    domain = canonical_email(email).rpartition("@")[2]
    if any(domain == relay or domain.endswith(f".{relay}") for relay in _RELAYS | source.relay_domains):
        return Refusal(EmailStatus.ERROR_NO_EMAIL, f"{domain} is a relay of the site, not the lead's own address")
    return None


def address_problem(email: str) -> str:
    """What is wrong with an address (RFC 5321, RFC 6531); empty when it can be written to. Asks no network."""
    if len(email) > 320:
        return "it is longer than 320 characters"
    try:
        domain = validate_email(email.strip(), check_deliverability=False, globally_deliverable=False).ascii_domain
    except EmailNotValidError as error:
        return one_line(str(error), 200).rstrip(".")
    return "" if "." in domain else "its domain has no dot"


def _suppression_refusal(suppressions: Mapping[str, Suppression]) -> Refusal | None:
    for entry in suppressions.values():
        what = {"email": "the address", "phone": "the phone number"}.get(entry.kind, f"the domain {entry.value}")
        why = f": {one_line(entry.reason, 100)}" if entry.reason else ""
        return Refusal(EmailStatus.SUPPRESSED, f"{what} is suppressed{why}")
    return None


def _recontact_refusal(settings: Settings, last_sent: datetime | None, now: datetime) -> Refusal | None:
    if last_sent is None:
        return None
    free = last_sent + timedelta(days=settings.recontact_days)
    if now >= free:
        return None
    return Refusal(EmailStatus.SUPPRESSED, f"written to on {last_sent:%Y-%m-%d}; not again before {free:%Y-%m-%d}")


def _source_refusal(job: EmailJob, source: SourcePolicy) -> Refusal | None:
    if not source.may_email:
        where = job.source_id or "this source"
        return Refusal(EmailStatus.HELD, f"the policy of {where} does not allow mail to people found there")
    if known_zone(job.timezone) is None:
        return Refusal(EmailStatus.HELD, f"{one_line(job.timezone, 60) or 'no timezone'} is not a known timezone")
    return None


@dataclass(frozen=True)
class Footer:
    """The end of every mail, for both of its forms."""

    html: str
    text: str


def footer(settings: Settings, link: str) -> Footer:
    """Who writes, where they are, and how to hear no more of them.

    Args:
        settings: the configuration; `settings_problem` must be empty.
        link: the recipient's own opt-out link, if there is one.
    """
    sender, company = one_line(settings.sender_name, 200), one_line(settings.company_name, 200)
    who = ", ".join(part for part in (sender, company) if part)
    address = ", ".join(paragraph(settings.postal_address, 500).splitlines())
    stop = "Reply STOP and we will not write to you again."
    lines_html, lines_text = [escape(who), escape(address)], [who, address]
    safe = web_address(link)
    if safe:
        href = escape(safe, quote=True)
        lines_html.append(f'<a href="{href}">Unsubscribe</a>, or reply STOP, and we will not write to you again.')
        lines_text += [f"Unsubscribe: {safe}", stop]
    else:
        lines_html.append(stop)
        lines_text.append(stop)
    style = "margin-top:24px;padding-top:12px;border-top:1px solid #ddd;color:#666;font-size:12px;line-height:1.5"
    return Footer(f'<div style="{style}">{"<br>".join(lines_html)}</div>', "\n".join(["-- ", *lines_text]))
