"""From documents to the dashboard's rows: pure functions."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from console.format import about, ago, clock_time, number, phone, plain, short_zone, when
from console.live.feed import Doc, Window
from console.live.history import History
from console.screens.wording import EMAIL_TONES, OUTCOMES, found_of, processed, progress
from widgets.spans import Spans, clip
from widgets.strip import Figure
from widgets.table import Column, Row

if TYPE_CHECKING:
    from console.live.governor import Governor, Used

REQUEST_COLUMNS = (
    Column("city", 0),
    Column("tmpl", 3),
    Column("progress", 10),
    Column("leads", 8, right=True),
    Column("ago", 4, right=True, from_width=44),
    Column("outcomes", 56, from_width=110),
)
REVIEW_COLUMNS = (
    Column("phone", 12),
    Column("lead", 0),
    Column("city", 14, from_width=60),
    Column("tries", 5, right=True, from_width=60),
    Column("ago", 4, right=True),
)
EMAIL_COLUMNS = (
    Column("time", 6),
    Column("status", 10),
    Column("business", 0),
    Column("reason", 40, from_width=90),
    Column("tz", 3, right=True),
)


def funnel_counts(requests: Window) -> dict[str, int]:
    """The sums over the campaigns of the window."""
    counts = [request.counts for request in requests.values]
    return {
        "harvested": sum(c.harvested for c in counts),
        "processed": sum(processed(c) for c in counts),
        "review": sum(c.review for c in counts),
        "queued": sum(c.queued for c in counts),
        "sent": sum(c.sent for c in counts),
        "failed": sum(c.failed for c in counts),
    }


_FUNNEL_TONES = {"review": "warn", "sent": "good", "failed": "bad"}


def funnel(requests: Window, history: History) -> tuple[Figure, ...]:
    """The funnel's figures; a dash stands for what is not known yet."""
    return tuple(
        Figure(name, number(count) if requests.loaded else "–", history.bars(name), _FUNNEL_TONES.get(name, "accent"))
        for name, count in funnel_counts(requests).items()
    )


def model_use(governor: Governor | None, now: datetime) -> list[str]:
    """What model calls have used today (UTC), by all campaigns, what matters most first; nothing without any."""
    return _used("LLM today", governor.spent(now)) if governor is not None else []


def model_use_of(governor: Governor | None, campaign: str, city: str, now: datetime) -> list[str]:
    """The same of one campaign.

    Args:
        governor: the Governor's document.
        campaign: its id.
        city: where it harvests.
        now: the moment.
    """
    used = governor.campaigns.get(campaign) if governor is not None and governor.is_of(now) else None
    return _used(f"LLM {plain(city, 12)}", used) if used is not None else []


def _used(whose: str, used: Used) -> list[str]:
    if not used.calls:
        return []
    calls = f"{number(used.calls)} call{'' if used.calls == 1 else 's'}"
    return [f"{whose} {used.cost}", calls, f"{about(used.tokens)} tok"]


def fitting(parts: list[str], cells: int) -> str:
    """As many of the parts, from the first on, as there is room for."""
    kept = [part for part in parts if part]
    while len(kept) > 1 and len(" · ".join(kept)) > cells:
        kept.pop()
    return clip(" · ".join(kept), max(1, cells))


def request_row(doc: Doc, now: datetime) -> Row:
    """A campaign."""
    request = doc.value
    cells: tuple[Spans, ...] = (
        ((plain(request.city, 60), ""),),
        ((f"t{request.template_id}", "muted"),),
        progress(request, 10),
        found_of(request),
        ((ago(request.request_timestamp, now), "muted"),),
        ((outcomes(request.counts), "muted"),),
    )
    return Row(doc.id, cells, doc.updated)


def outcomes(counts: Any) -> str:
    """What became of a campaign's posts, leaving out what did not occur."""
    return " · ".join(f"{number(getattr(counts, name))} {words}" for name, words in OUTCOMES if getattr(counts, name))


def review_row(doc: Doc, now: datetime) -> Row:
    """A lead whose contact page is behind a CAPTCHA."""
    lead = doc.value
    what = lead.business_name or lead.category or lead.lead_data_json.title or lead.name or "a lead without a name"
    cells: tuple[Spans, ...] = (
        ((phone(lead.phone) or "no phone", "" if lead.phone else "muted"),),
        ((plain(what, 120), ""),),
        ((plain(lead.city, 60), "muted"),),
        ((str(lead.attempts), "muted"),),
        ((ago(lead.created_at, now), "muted"),),
    )
    return Row(doc.id, cells, doc.updated)


def email_moment(email: Any) -> datetime:
    """When what the row says happened: sent, or last changed."""
    moment: datetime = email.sent_at or email.updated_at or email.created_at
    return moment


def email_row(doc: Doc, now: datetime, zone: tzinfo | None) -> Row:
    """A mail."""
    email = doc.value
    word, tone = EMAIL_TONES.get(str(email.status), (plain(email.status, 20).lower(), ""))
    lead = email.lead_data
    who = lead.business_name or lead.name or lead.email or "a lead without a name"
    cells: tuple[Spans, ...] = (
        ((when(email_moment(email), now, zone), "muted"),),
        ((word, tone),),
        ((plain(who, 120), ""),),
        ((plain(email.error or email.reason, 200), "muted"),),
        ((short_zone(email.timezone, now), "muted"),),
    )
    return Row(doc.id, cells, doc.updated)


def _tone(kind: str) -> str:
    """The tone of an event by the last word of its kind, such as ``campaign.failed``."""
    return _KIND_TONES.get(kind.rpartition(".")[2], "")


_KIND_TONES = {"error": "bad", "failed": "bad", "limit": "warn", "paused": "warn"}


def activity_lines(window: Window, zone: tzinfo | None) -> tuple[tuple[str, Spans], ...]:
    """What happened, newest first."""
    return tuple(
        (clock_time(item.at, zone, seconds=True), ((plain(item.text, 400), _tone(item.kind)),))
        for item in window.values
    )
