"""Two contacts turn out to be one person, or one turns out to be two after all.

**Merging.** One of the two stands for both from then on; the other keeps its document, is `MERGED`, and points to it.
The suppressed one survives; else the one that was written to; else the one whose mail waits; else the one that is
furthest; of equals the older. What the other knew and the survivor does not goes over, with where it is from. A mail
of the other that waits is cancelled, so that nobody is written to twice; while a mail to either is on its way (drafted,
being sent, unknown, parked) there is no merging. The other's campaign no longer counts it as queued, in review and so
on, but as `unresolved`.

**Undoing.** Both are again as they were, mails and counts too, as long as the merge is the last one of its survivor and
the survivor was not merged itself: several merges are undone in reverse. What came since stays where it is: with the
survivor what posts said since, and a mail that was sent. The two are noted as two people and not merged again unasked.

Whose a phone or an email is does not change: the log of identities only says who stands for whom.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from leadgen.model.documents import CancelledMail, Contact, ContactMerge, LeadData
from leadgen.model.errors import Conflict
from leadgen.model.ids import merge_id
from leadgen.model.status import ContactStatus, EmailStatus, check_transition
from leadgen.pipeline.unit import Held, UnitOfWork
from leadgen.process.entries import forward_entry
from leadgen.process.provenance import MAX_ALTERNATIVES, absorb, said_by_contact
from leadgen.process.threeway import restored
from leadgen.store.records import Record

WAITING = frozenset({EmailStatus.QUEUED, EmailStatus.HELD})
"""A mail that nobody works on and that may leave later."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_UNDER_WAY = frozenset({EmailStatus.DRAFTING, EmailStatus.SENDING, EmailStatus.UNKNOWN, EmailStatus.PARKED})
_FURTHEST_FIRST = (
    ContactStatus.PROCESSED,
    ContactStatus.PENDING_ENRICHMENT,
    ContactStatus.PENDING_CAPTCHA,
    ContactStatus.PHONE_ONLY,
    ContactStatus.CAPTCHA_FAILED,
    ContactStatus.DUPLICATE,
)
_BUCKET = {
    ContactStatus.PROCESSED: "queued",
    ContactStatus.PENDING_ENRICHMENT: "waiting",
    ContactStatus.PENDING_CAPTCHA: "review",
    ContactStatus.PHONE_ONLY: "phoneOnly",
}


@dataclass(frozen=True)
class Evidence:
    """Why two contacts are one.

    Args:
        by: the operator who says so, or "" for a post.
        reason: in words.
        source_url: the post, or "".
    """

    by: str
    reason: str
    source_url: str = ""


class Refused(Exception):
    """Two contacts can't be merged at present.

    Args:
        reason: why not.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def join(unit: UnitOfWork, one: Held, other: Held, evidence: Evidence) -> Held:
    """Plan the merge of two contacts, none of which is merged.

    Returns:
        The survivor.

    Raises:
        Refused: a mail to one of them is on its way.
    """
    for held in (one, other):
        if any(mail.job.status in _UNDER_WAY for mail in unit.mails_of(held.id)):
            raise Refused(f"a mail to contact {held.id} is on its way")
    survivor, merged = sorted((one, other), key=lambda held: _precedence(unit, held))
    before = survivor.contact.to_firestore()
    number = merged.contact.times_merged
    record_id = merge_id(merged.id, number)
    _take_over(survivor.contact, merged.contact)
    survivor.contact.merges.append(record_id)
    after = survivor.contact.to_firestore()
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    merge = ContactMerge(
        survivor_id=survivor.id,
        merged_id=merged.id,
        at=unit.now,
        by=evidence.by,
        reason=evidence.reason,
        source_url=evidence.source_url,
        before={key: before[key] for key in changed & before.keys()},
        after={key: after[key] for key in changed & after.keys()},
        merged_status=merged.contact.status,
        counts=_counts(unit, merged),
        cancelled=_cancel_mails(unit, merged, survivor.id),
    )
    for request_id, amounts in merge.counts.items():
        unit.count(request_id, amounts)
    check_transition(f"contact {merged.id}", merged.contact.status, ContactStatus.MERGED)
    merged.contact.status = ContactStatus.MERGED
    merged.contact.merged_into = survivor.id
    merged.contact.times_merged = number + 1
    unit.enter(forward_entry(merged.id, survivor.id))
    unit.add_merge(record_id, merge)
    return survivor


def _precedence(unit: UnitOfWork, held: Held) -> tuple[int, int, datetime, str]:
    """Who survives: the lower one."""
    contact = held.contact
    statuses = {mail.job.status for mail in unit.mails_of(held.id)}
    if contact.status is ContactStatus.SUPPRESSED:
        stage = 0
    elif EmailStatus.SENT in statuses or contact.last_sent is not None:
        stage = 1
    elif statuses & WAITING:
        stage = 2
    else:
        stage = 3
    known = contact.status in _FURTHEST_FIRST
    return stage, _FURTHEST_FIRST.index(contact.status) if known else 0, contact.created_at, held.id


def _take_over(survivor: Contact, merged: Contact) -> None:
    # An address makes a mail of a contact that has none; that is for a post to do, or for a person.
    aside = frozenset() if survivor.status is ContactStatus.PROCESSED else frozenset({"email"})
    absorb(survivor, said_by_contact(merged), only_aside=aside)
    survivor.lead_data_json.fields = survivor.lead_data_json.fields or dict(merged.lead_data_json.fields)
    add_faxes(survivor, merged.lead_data_json)
    survivor.cities += [c for c in (merged.city, *merged.cities) if c and c not in (survivor.city, *survivor.cities)]
    if merged.last_sent is not None:
        survivor.last_sent = max(merged.last_sent, survivor.last_sent or merged.last_sent)
    if merged.replied_at is not None and merged.replied_at > (survivor.replied_at or _NEVER):
        survivor.replied_at, survivor.reply = merged.replied_at, merged.reply
    if merged.bounced_at is not None and merged.bounced_at > (survivor.bounced_at or _NEVER):
        survivor.bounced_at, survivor.bounce_reason = merged.bounced_at, merged.bounce_reason
    survivor.opted_out_at = survivor.opted_out_at or merged.opted_out_at


def add_faxes(contact: Contact, lead: LeadData) -> None:
    """Note a lead's fax numbers with those of the contact that stands for it."""
    known = contact.lead_data_json
    known.faxes = list(dict.fromkeys((*known.faxes, *lead.faxes)))[:MAX_ALTERNATIVES]


def _counts(unit: UnitOfWork, merged: Held) -> dict[str, dict[str, int]]:
    """A lead that was written to stays counted as such; any other came to nothing."""
    contact = merged.contact
    bucket = _BUCKET.get(contact.status)
    was_sent = any(mail.job.status is EmailStatus.SENT for mail in unit.mails_of(merged.id))
    if not bucket or not contact.request_id or (bucket == "queued" and was_sent):
        return {}
    return {contact.request_id: {bucket: -1, "unresolved": 1}}


def _cancel_mails(unit: UnitOfWork, merged: Held, survivor_id: str) -> dict[str, CancelledMail]:
    cancelled = {}
    for mail in unit.mails_of(merged.id):
        if mail.job.status in WAITING:
            check_transition(f"mail {mail.id}", mail.job.status, EmailStatus.CANCELLED)
            cancelled[mail.id] = CancelledMail(status=mail.job.status, reason=mail.job.reason)
            mail.job.status = EmailStatus.CANCELLED
            mail.job.reason = _reason(survivor_id)
    return cancelled


def _reason(survivor_id: str) -> str:
    return f"the lead is the same person as contact {survivor_id}"


def part(unit: UnitOfWork, merged: Held, record: Record[ContactMerge], by: str) -> Held | None:
    """Plan the undoing of a merge.

    Args:
        unit: where it is planned.
        merged: the contact that is merged.
        record: the merge.
        by: the operator.

    Returns:
        The survivor, if it still exists.

    Raises:
        Conflict: another merge must be undone first.
    """
    merge = record.value
    survivor = unit.contact(merge.survivor_id)
    if survivor is not None:
        _check_order(survivor, record.id)
        now = survivor.contact.to_firestore()
        survivor.contact = Contact.from_firestore(restored(now, merge.before, merge.after))
        _keep_apart(survivor.contact, merged.id)
    check_transition(f"contact {merged.id}", merged.contact.status, merge.merged_status)
    merged.contact.status, merged.contact.merged_into = merge.merged_status, ""
    _keep_apart(merged.contact, merge.survivor_id)
    _queue_again(unit, merged, merge)
    for request_id, amounts in merge.counts.items():
        unit.count(request_id, {name: -amount for name, amount in amounts.items()})
    unit.enter(forward_entry(merged.id, merged.id))
    unit.change_merge(record, {"undoneAt": unit.now, "undoneBy": by})
    return survivor


def _check_order(survivor: Held, record_id: str) -> None:
    if survivor.contact.status is ContactStatus.MERGED:
        into = survivor.contact.merged_into
        raise Conflict(
            f"Contact {survivor.id} was itself merged into {into} since.",
            hint=f"Undo that first: leadgen contacts unmerge {survivor.id}",
        )
    if survivor.contact.merges[-1:] != [record_id]:
        raise Conflict(
            f"Other contacts were merged into {survivor.id} since.",
            hint=f"Undo those first, the latest first; leadgen contacts show {survivor.id} lists them.",
        )


def _keep_apart(contact: Contact, other_id: str) -> None:
    if other_id not in contact.kept_apart:
        contact.kept_apart.append(other_id)
    contact.possible_duplicates = [p for p in contact.possible_duplicates if p.contact_id != other_id]


def _queue_again(unit: UnitOfWork, merged: Held, merge: ContactMerge) -> None:
    """The mails that the merge cancelled wait again, unless somebody changed them since."""
    for mail in unit.mails_of(merged.id):
        earlier = merge.cancelled.get(mail.id)
        if earlier is None or mail.job.status is not EmailStatus.CANCELLED:
            continue
        if mail.job.reason == _reason(merge.survivor_id):
            mail.job.status, mail.job.reason = earlier.status, earlier.reason
