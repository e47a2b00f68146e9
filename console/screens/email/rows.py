"""Mails as rows and lines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from console.format import long_ago, plain, short_zone, when
from console.live.feed import Doc
from console.screens.dashboard.rows import email_moment
from console.screens.view import View
from console.screens.wording import EMAIL_TONES
from widgets.spans import Spans
from widgets.table import Column, Row

COLUMNS = (
    Column("", 1),
    Column("time", 6),
    Column("status", 10),
    Column("business", 0),
    Column("city", 10, from_width=100),
    Column("reason", 24, from_width=70),
    Column("tz", 3, right=True),
)
_NEEDS_A_PERSON = {
    "PARKED": "Nobody knows whether it left. Look into the mailbox: s notes it as sent, a sends it again, c cancels.",
    "HELD": "It waits for you: o lets it go, c cancels it.",
    "ERROR_API_FAILURE": "It was given up. a queues it again when the cause is mended.",
    "ERROR_NO_EMAIL": "It has no address that can be written to.",
    "UNKNOWN": "The answer to the send was lost; the mailbox is being asked. Nothing is sent blindly.",
    "CANCELLED": "It will not be sent, unless a queues it again.",
    "SUPPRESSED": "It will never be sent.",
}


def row(doc: Doc, now: datetime, zone: tzinfo | None, *, marked: bool) -> Row:
    """A mail in the list."""
    email = doc.value
    word, tone = EMAIL_TONES.get(str(email.status), (plain(email.status, 20).lower(), ""))
    cells: tuple[Spans, ...] = (
        (("▸" if marked else "", "accent"),),
        ((when(email_moment(email), now, zone), "muted"),),
        ((word, tone),),
        ((who(email), ""),),
        ((plain(email.city, 40), "muted"),),
        ((plain(email.error or email.reason, 200), "muted"),),
        ((short_zone(email.timezone, now), "muted"),),
    )
    return Row(doc.id, cells, doc.updated)


def who(email: Any) -> str:
    """Who a mail is for."""
    lead = email.lead_data
    return plain(lead.business_name or lead.name or lead.email or "a lead without a name", 120)


def detail(
    doc: Doc, now: datetime, zone: tzinfo | None, told: Mapping[str, Any] | None = None
) -> tuple[tuple[str, Spans], ...]:
    """All there is to say about a mail.

    Args:
        doc: the mail.
        now: the moment.
        zone: the operator's timezone.
        told: the backend's explanation, if it was asked for.
    """
    email = doc.value
    lines: list[tuple[str, Spans]] = []
    word, tone = EMAIL_TONES.get(str(email.status), (str(email.status).lower(), ""))
    lines.append(("for", ((who(email), "strong"), (f"  {plain(email.lead_data.email, 120)}", ""))))
    lines.append(("status", ((word, tone), (f", {long_ago(email_moment(email), now)}", "muted"))))
    if email.subject:
        lines.append(("subject", ((plain(email.subject, 200), ""),)))
    lines += _waiting(email, now, zone, told)
    why = _NEEDS_A_PERSON.get(str(email.status))
    if why:
        lines.append(("", ((why, "warn" if str(email.status) in {"PARKED", "ERROR_API_FAILURE"} else "muted"),)))
    version = f", version {email.template_version}" if getattr(email, "template_version", 0) else ""
    variation = f", variation {plain(email.variation, 20)}" if getattr(email, "variation", "") else ""
    lines.append(("template", ((f"{email.template_id}{version}{variation}", ""),)))
    if email.account:
        lines.append(("mailbox", ((plain(email.account, 80), ""),)))
    if email.attempts:
        lines.append(("attempts", ((str(email.attempts), ""),)))
    by = f", by {plain(email.queued_by, 60)}" if email.queued_by else ""
    lines.append(("since", ((f"{when(email.created_at, now, zone)}{by}", "muted"),)))
    lines.append(("id", ((doc.id, "muted"),)))
    return tuple(lines)


def _waiting(email: Any, now: datetime, zone: tzinfo | None, told: Mapping[str, Any] | None) -> list[tuple[str, Spans]]:
    """Why it has not left and when it will: what is written down, or better what the backend has just said."""
    if told:
        lines: list[tuple[str, Spans]] = [("why", ((plain(told.get("reason", ""), 300), "accent"),))]
        for name, key in (("not before", "notBefore"), ("expected", "expectedAt")):
            moment = _moment(told.get(key))
            if moment is not None:
                lines.append((name, ((_exactly(moment, now, zone), "accent"),)))
        if told.get("ahead") is not None:
            lines.append(("ahead", ((f"{told['ahead']} mails", ""),)))
        return lines
    lines = []
    if email.error or email.reason:
        lines.append(("why", ((plain(email.error or email.reason, 300), "bad" if email.error else ""),)))
    if email.not_before is not None and email.not_before > now and str(email.status) in {"QUEUED", "UNKNOWN"}:
        # Where a person must end what it waits for, this is no promise: `w` asks the backend for one.
        lines.append(("next look", ((_exactly(email.not_before, now, zone), ""), (" · w says more", "muted"))))
    return lines


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return None


def _exactly(moment: datetime, now: datetime, zone: tzinfo | None) -> str:
    local, today = moment.astimezone(zone), now.astimezone(zone)
    return local.strftime("%H:%M:%S") if local.date() == today.date() else local.strftime("%a %b %d, %H:%M")


def boxes(view: View) -> tuple[tuple[str, Spans], ...]:
    """The mailboxes: what each has sent in the last 24 hours, and when it sends next or what it waits for."""
    lines: list[tuple[str, Spans]] = []
    cap = getattr(view.settings, "daily_cap", None)
    for box in view.mailboxes:
        sent = f"{box.sent_since(view.now):,}" + (f"/{cap:,}" if cap else "")
        lines.append(("✉", ((plain(box.account, 60), ""),)))
        lines.append(("", ((f"{sent} in 24 h", "muted"),)))
        lines += [("", said) for said in (_next(box, view),) if said]
    if getattr(view.settings, "sending_paused", False):
        lines.insert(0, ("", (("Sending is paused in the configuration.", "warn"),)))
    return tuple(lines)


def _next(box: Any, view: View) -> Spans:
    if not box.is_usable:
        return (("must sign in again", "bad"),)
    if box.paused:
        return (("paused", "warn"),)
    if getattr(view.settings, "sending_paused", False):
        # Said once, above all of them.
        return ()
    if box.waits_for:
        return ((f"{plain(box.waits_for, 120)}", "muted"),)
    if box.next_send_at is not None and box.next_send_at > view.now:
        return ((f"next at {_exactly(box.next_send_at, view.now, view.zone)}", "muted"),)
    return ()
