"""All that is known of a contact, each value with where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from console.contacts.fields import state_word
from console.format import phone, plain, when
from console.screens.contacts.rows import STATE_TONES
from console.screens.wording import EMAIL_TONES
from widgets.spans import Spans

FIELDS = (
    ("businessName", "business"),
    ("name", "name"),
    ("phone", "phone"),
    ("email", "email"),
    ("websiteUrl", "website"),
    ("category", "category"),
    ("servicesRendered", "services"),
    ("city", "city"),
    ("language", "language"),
    ("websiteScore", "score"),
    ("websiteReason", "because"),
    ("opener", "opener"),
    ("note", "note"),
    ("imageHash", "picture"),
    ("title", "title"),
    ("body", "post"),
)
_LABELS = dict(FIELDS)
Line = tuple[str, Spans]
_Any = Mapping[str, Any]


def lines(
    contact_id: str, document: _Any, history: _Any | None, now: datetime, zone: tzinfo | None
) -> tuple[Line, ...]:
    """All there is to say about a contact.

    Args:
        contact_id: its id.
        document: its fields; moments as datetimes or ISO 8601 texts.
        history: what `console.contacts.history` read, if it was asked for.
        now: the moment.
        zone: the operator's timezone.
    """
    said = _Said(now, zone)
    out = [_status(document, said), *_history(document, history, said), *_values(document, said)]
    out += _others(document, said)
    source = plain(document.get("sourceUrl"), 300) if document.get("sourceUrl") else ""
    out += [("found at", ((source, "accent"),))] if source else []
    for name, label in (("createdAt", "found"), ("lastUpdated", "changed"), ("lastSent", "mailed")):
        moment = as_moment(document.get(name))
        if moment is not None:
            out.append((label, ((said.when(moment), "muted"),)))
    out.append(("id", ((contact_id, "muted"),)))
    return tuple(out)


class _Said:
    """Moments in the operator's words."""

    def __init__(self, now: datetime, zone: tzinfo | None) -> None:
        self._now, self._zone = now, zone

    def when(self, value: Any) -> str:
        moment = as_moment(value)
        if moment is None:
            return ""
        short = when(moment, self._now, self._zone)
        return short if ":" in short or moment.year == self._now.year else f"{short} {moment.year}"


def as_moment(value: Any) -> datetime | None:
    """A moment, as Firestore or the copy has it."""
    if isinstance(value, datetime):
        return value
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) and value else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo is not None else None


def _status(document: _Any, said: _Said) -> Line:
    word = state_word(str(document.get("status", "")), bool(document.get("lastSent")))
    pieces = [(word, STATE_TONES.get(word, ""))]
    if document.get("mergedInto"):
        pieces.append((f"  into {plain(document['mergedInto'], 40)}; p parts them again", "muted"))
    if document.get("suppressedBy"):
        pieces.append((f"  {plain(document['suppressedBy'], 200)}", "muted"))
    review = document.get("review")
    if word == "review" and isinstance(review, dict) and review.get("leaseName"):
        pieces.append((f"  {plain(review['leaseName'], 80)} works on it", "muted"))
    return ("status", tuple(pieces))


def _values(document: _Any, said: _Said) -> list[Line]:
    lead = _mapping(document.get("leadDataJson"))
    known = _mapping(document.get("provenance"))
    out: list[Line] = []
    for name, label in FIELDS:
        value = document.get(name) or lead.get(name)
        if value in (None, "", []):
            continue
        shown = ", ".join(str(one) for one in value) if isinstance(value, list) else value
        text = phone(shown) if name == "phone" else plain(shown, 600)
        out.append((label, ((text, "strong" if name in {"businessName", "phone", "email"} else ""),)))
        out += _source(known.get(name), said)
    out += [(plain(name, 14), ((plain(value, 200), ""),)) for name, value in _mapping(lead.get("fields")).items()]
    return out


def _source(value: Any, said: _Said) -> list[Line]:
    """Where a value comes from: the words it was read in, how certain, by what, when and where."""
    known = _mapping(value)
    if not known:
        return []
    certainty = known.get("certainty")
    parts = [
        f"“{plain(known['snippet'], 120)}”" if known.get("snippet") else "",
        plain(known.get("extractor") or "", 60),
        f"{certainty:.0%}" if isinstance(certainty, float) and certainty < 1 else "",
        said.when(known.get("at")),
        plain(known.get("sourceUrl") or "", 200),
    ]
    text = " · ".join(part for part in parts if part)
    return [("", ((text, "muted"),))] if text else []


def _others(document: _Any, said: _Said) -> list[Line]:
    """Other values that were seen, other cities, and who else it may be."""
    out: list[Line] = []
    for other in _listed(document.get("alternatives")):
        label = _LABELS.get(str(other.get("field")), plain(other.get("field"), 14))
        out.append((f"or {label}", ((plain(other.get("value"), 200), ""),)))
        out += _source(other.get("provenance"), said)
    cities = document.get("cities")
    if isinstance(cities, list) and cities:
        out.append(("also in", ((plain(", ".join(map(str, cities)), 200), ""),)))
    for other in _listed(document.get("possibleDuplicates")):
        text = f"{plain(other.get('contactId'), 40)}: {plain(other.get('reason'), 200)}"
        out.append(("may be", ((text, "warn"),)))
    return out


def _history(document: _Any, history: _Any | None, said: _Said) -> list[Line]:
    if history is None:
        return [("mails", (("Enter reads its mails, campaign and merges.", "muted"),))]
    out: list[Line] = []
    for entry in _listed(history.get("suppressions")):
        who = f", by {plain(entry.get('createdBy'), 80)}" if entry.get("createdBy") else ""
        text = f"{plain(entry.get('value'), 120)}: {plain(entry.get('reason'), 120)}{who}"
        out.append(("never write", ((text, "bad"),)))
    for mail in _listed(history.get("mails")):
        word, tone = EMAIL_TONES.get(str(mail.get("status")), (plain(mail.get("status"), 20).lower(), ""))
        moment = mail.get("sentAt") or mail.get("updatedAt") or mail.get("createdAt")
        told = plain(mail.get("subject") or mail.get("error") or mail.get("reason") or "", 120)
        text = f" {said.when(moment)}  template {mail.get('templateId')}  {told}".rstrip()
        out.append(("mail", ((word, tone), (text, "muted"))))
    if not _listed(history.get("mails")):
        out.append(("mails", (("none", "muted"),)))
    for merge in _listed(history.get("merges")):
        undone = ", undone" if merge.get("undoneAt") else ""
        text = f"{plain(merge.get('mergedId'), 40)} {said.when(merge.get('at'))}: {plain(merge.get('reason'), 160)}"
        out.append(("stands for", ((f"{text}{undone}", ""),)))
    campaign = _mapping(history.get("campaign"))
    if campaign:
        text = f"{plain(campaign.get('city'), 60)}, by {plain(campaign.get('requestedBy'), 80)}"
        out.append(("campaign", ((f"{text} {said.when(campaign.get('requestTimestamp'))}", ""),)))
    return out


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
