"""What a report on a CAPTCHA changes besides the lead: statistics, the campaign's counts, the journal."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from leadgen.model.documents import CaptchaReport, Contact, Operator, ProcessorRequest
from leadgen.pipeline.unit import differences
from leadgen.review.statistics import counted, uncounted
from leadgen.store.client import Collections
from leadgen.store.journal import entry, note
from leadgen.store.records import Commit, Record, read

if TYPE_CHECKING:
    from google.cloud.firestore import Client


def add_report(db: Client, commit: Commit, report: CaptchaReport) -> None:
    """Count a report for its operator, in the commit that applies it: a repeat is not counted."""
    record = read(Collections(db).operators.document(report.by_uid), Operator)
    before = record.value if record is not None else Operator()
    _write(db, commit, report.by_uid, record, counted(before, report))


def remove_report(db: Client, commit: Commit, report: CaptchaReport, now: datetime) -> None:
    """Count a report no longer, in the commit that takes it back."""
    record = read(Collections(db).operators.document(report.by_uid), Operator)
    if record is not None:
        _write(db, commit, report.by_uid, record, uncounted(record.value, report, now))


def _write(db: Client, commit: Commit, uid: str, record: Record[Operator] | None, after: Operator) -> None:
    if record is None:
        commit.create(Collections(db).operators.document(uid), after)
    else:
        commit.change(record, differences(record.value.to_firestore(), after.to_firestore()))


def count_in_campaign(
    db: Client, commit: Commit, request_id: str, amounts: dict[str, int], *, wary: bool = False
) -> None:
    """Add to a campaign's counts, if it still exists.

    Args:
        db: Firestore.
        commit: the commit they belong to.
        request_id: the campaign, or "".
        amounts: by the names of `Counts`.
        wary: an earlier try was refused, perhaps because the campaign is gone: look first.
    """
    if not request_id:
        return
    ref = Collections(db).requests.document(request_id)
    if not wary or read(ref, ProcessorRequest) is not None:
        commit.increase(ref, {f"counts.{name}": amount for name, amount in amounts.items()})


def told(
    db: Client, commit: Commit, contact: Contact, kind: str, what: str, report: CaptchaReport, by: str = ""
) -> None:
    """An entry in the journal about a lead's CAPTCHA."""
    lead = contact.business_name or contact.lead_data_json.title or contact.phone or "a lead"
    text = f"CAPTCHA of {lead}: {what} ({by or report.by})"
    note(db, commit, entry(report.at, kind, text, contact.request_id))
