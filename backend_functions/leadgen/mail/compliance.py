"""What must hold before a mail may leave. What the address itself tells is `recipients`', the mail's end `footer`'s.

Sources: CAN-SPAM, 15 U.S.C. §7704(a): a valid postal address, a working way to opt out, no mail after an opt-out; and
the policy each source of leads was acknowledged with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadgen.mail.clean import one_line
from leadgen.mail.pacing import known_zone
from leadgen.mail.recipients import address_refusal, setting_refusal
from leadgen.model.config import Settings
from leadgen.model.documents import Contact, EmailJob, LeadData, Suppression
from leadgen.model.ids import canonical_email, suppression_id, suppression_values
from leadgen.model.status import EmailStatus


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


def suppression_keys(lead: LeadData, contact: Contact | None = None) -> dict[str, tuple[str, str]]:
    """Ids of the suppressions that would forbid writing to this lead, each with its kind and value.

    Whoever asks not to be written to names the number or address they think of, not the one we would use: so all that
    are known count, also a fax and those which another source gave.

    Args:
        lead: the recipient.
        contact: their document, if they have one; it may know more than the lead did when the mail was queued.
    """
    emails, phones = [lead.email, *lead.emails], [lead.phone, *lead.phones, *lead.faxes]
    if contact is not None:
        now = contact.lead_data_json
        emails += [contact.email, *now.emails, *_others(contact, "email")]
        phones += [contact.phone, *now.phones, *now.faxes, *_others(contact, "phone")]
    return {suppression_id(kind, value): (kind, value) for kind, value in suppression_values(emails, phones)}


def _others(contact: Contact, field: str) -> list[str]:
    return [other.value for other in contact.alternatives if other.field == field]


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
        suppressions: those that exist among the recipient's `suppression_keys`, by id.
        source: the policy of the source the lead came from.
        last_sent: when this contact was written to last.
        now: the present moment.
    """
    problem = settings_problem(settings)
    if problem:
        return Refusal(EmailStatus.QUEUED, problem)
    return (
        _address_refusal(lead.email, settings, source)
        or _suppression_refusal(lead, suppressions)
        or _recontact_refusal(settings, last_sent, now)
        or _source_refusal(job, source)
    )


def _address_refusal(email: str, settings: Settings, source: SourcePolicy) -> Refusal | None:
    wrong = address_refusal(email, source.relay_domains)
    if wrong:
        return Refusal(EmailStatus.ERROR_NO_EMAIL, wrong)
    unwanted = setting_refusal(email, settings)
    return Refusal(EmailStatus.HELD, unwanted) if unwanted else None


def _suppression_refusal(lead: LeadData, suppressions: Mapping[str, Suppression]) -> Refusal | None:
    own = {canonical_email(lead.email), lead.phone}
    for entry in suppressions.values():
        what = {"email": "the address", "phone": "the phone number"}.get(entry.kind, "the domain")
        what = what if entry.value in own else f"{what} {entry.value}"
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
