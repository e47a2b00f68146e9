"""What follows from a mail that came in.

Everything may be done again: the consequences and the note that they are done (`inboxEvents`) are one commit, and what
is done before it comes out the same the second time. A mail whose note exists is left alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from leadgen.mail.clean import one_line, paragraph
from leadgen.mail.inbox.classify import BOUNCED, Kind, Verdict
from leadgen.mail.inbox.incoming import Incoming
from leadgen.mail.inbox.matching import Match, standing_contact
from leadgen.mail.optout import opt_out, read_token
from leadgen.mail.records import MailJob
from leadgen.mail.sequences import put_off_follow_ups, stop_waiting
from leadgen.model.documents import Contact, InboxEvent, ProcessorRequest, Suppression
from leadgen.model.errors import InvalidInput
from leadgen.model.ids import canonical_email, digest, suppression_id
from leadgen.model.status import ContactStatus, is_legal
from leadgen.store.client import Collections
from leadgen.store.records import Commit, Record, create, read, retrying

if TYPE_CHECKING:
    from google.cloud.firestore import Client

KEPT = timedelta(days=400)
AWAY = timedelta(days=4)
"""How long a follow-up waits after an automatic reply."""
_TEXT = 500
_RANK = {"": 0, "soft": 1, "blocked": 2, "hard": 3}
_BOUNCE_KINDS = {Kind.HARD_BOUNCE: "hard", Kind.BLOCKED: "blocked", Kind.SOFT_BOUNCE: "soft"}


def event_id(account: str, mail: Incoming) -> str:
    """Id of the note on a mail: the same for the same mail in another folder, and after a mailbox was read anew."""
    return digest("inbox", canonical_email(account), mail.key)


def is_done(db: Client, account: str, mail: Incoming) -> bool:
    """Whether the consequences of a mail are done."""
    return read(Collections(db).inbox_events.document(event_id(account, mail)), InboxEvent) is not None


def act(
    db: Client, account: str, mail: Incoming, verdict: Verdict, match: Match | None, now: datetime, token_key: str = ""
) -> bool:
    """Do what follows from a mail.

    Args:
        db: the Firestore client.
        account: the mailbox it came into.
        mail: the mail.
        verdict: what it is.
        match: the mail of ours it is about.
        now: the present moment.
        token_key: key of the opt-out tokens.

    Returns:
        Whether anything follows from it that had not been done before.

    Raises:
        Unavailable: a document is being changed by too many at once; nothing is lost, do it again.
    """
    addresses = _to_suppress(mail, verdict, match, token_key)
    if (match is None and not addresses) or verdict.kind is Kind.UNRELATED or is_done(db, account, mail):
        return False
    at = min(mail.received_at or now, now)
    _suppress(db, addresses, verdict, at)
    contact = standing_contact(db, match.job.value.contact_id) if match is not None else None
    if match is not None:
        _stop(db, match.job, contact, verdict, at, now)
    note = _note(account, mail, verdict, match, contact, at, now)
    if verdict.kind is Kind.SENT_BY_HAND:
        return create(Collections(db).inbox_events.document(event_id(account, mail)), note)
    return retrying(lambda: _commit(db, event_id(account, mail), note, verdict, match, at, now))


def _to_suppress(mail: Incoming, verdict: Verdict, match: Match | None, token_key: str) -> list[str]:
    """Addresses that must not be written to any more: the one we wrote to, and the one the wish came from."""
    ours = canonical_email(match.job.value.lead_data.email) if match is not None else ""
    if verdict.kind is Kind.HARD_BOUNCE:
        return [ours] if ours else []
    if verdict.kind is not Kind.OPT_OUT:
        return []
    named = ""
    if verdict.token:
        try:
            named = read_token(token_key, verdict.token)
        except InvalidInput:
            named = ""  # not ours; the sender's wish stands all the same
    return [one for one in dict.fromkeys([named, ours, mail.sender]) if one]


def _suppress(db: Client, addresses: list[str], verdict: Verdict, at: datetime) -> None:
    for address in addresses:
        if verdict.kind is Kind.OPT_OUT:
            opt_out(db, address, at, reason="asked by mail not to be written to")
            continue
        why = one_line(f"does not exist: {verdict.bounce.reason if verdict.bounce else ''}", 200)
        entry = Suppression(kind="email", value=address, reason=why, created_by="bounce", created_at=at)
        create(Collections(db).suppressions.document(suppression_id("email", address)), entry)


def _stop(
    db: Client, job: Record[MailJob], contact: Record[Contact] | None, verdict: Verdict, at: datetime, now: datetime
) -> None:
    people = [one for one in dict.fromkeys([job.value.contact_id, contact.id if contact else ""]) if one]
    if verdict.kind is Kind.AUTO_REPLY:
        put_off_follow_ups(db, people, at + AWAY, "they are away, says an automatic reply", now)
        return
    why = _WHY.get(verdict.kind)
    if why is not None:
        thread_only = verdict.kind in BOUNCED or verdict.kind is Kind.SENT_BY_HAND
        stop_waiting(db, people, f"{why} on {at:%Y-%m-%d}", at, now, follow_ups_only=thread_only)


_WHY = {
    Kind.REPLY: "they answered",
    Kind.OPT_OUT: "they asked not to be written to",
    Kind.HARD_BOUNCE: "the mail before it came back",
    Kind.SOFT_BOUNCE: "the mail before it came back",
    Kind.BLOCKED: "the mail before it came back",
    Kind.SENT_BY_HAND: "you wrote to them yourself",
}


def _note(
    account: str,
    mail: Incoming,
    verdict: Verdict,
    match: Match | None,
    contact: Record[Contact] | None,
    at: datetime,
    now: datetime,
) -> InboxEvent:
    job = match.job if match is not None else None
    return InboxEvent(
        account=account,
        kind=str(verdict.kind),
        at=at,
        sender=one_line(mail.sender, 320),
        subject=one_line(mail.subject, 200),
        text=paragraph(verdict.text, _TEXT),
        reason=verdict.bounce.reason if verdict.bounce is not None else "",
        job_id=job.id if job is not None else "",
        contact_id=contact.id if contact is not None else "",
        request_id=job.value.request_id if job is not None else "",
        matched_by=match.by if match is not None else "",
        expires_at=now + KEPT,
    )


def _commit(
    db: Client, note_id: str, note: InboxEvent, verdict: Verdict, match: Match | None, at: datetime, now: datetime
) -> bool:
    where = Collections(db)
    note_ref = where.inbox_events.document(note_id)
    if read(note_ref, InboxEvent) is not None:
        return False
    commit = Commit(db).create(note_ref, note)
    job = read(match.job.ref, MailJob) if match is not None else None
    if job is not None:
        changes, counter = _of_mail(job.value, verdict, at)
        if changes:
            commit.change(job, {**changes, "updatedAt": now})
        if counter and job.value.request_id:
            request = read(where.requests.document(job.value.request_id), ProcessorRequest)
            if request is not None:
                commit.increase(request.ref, {f"counts.{counter}": 1})
        contact = standing_contact(db, job.value.contact_id)
        told = _of_contact(contact.value, verdict, at) if contact is not None else {}
        if contact is not None and told:
            commit.change(contact, {**told, "lastUpdated": now})
    commit.run()
    return True


def _of_mail(job: MailJob, verdict: Verdict, at: datetime) -> tuple[dict[str, Any], str]:
    """Fields of the mail that change, and the campaign's counter that rises: for the first such event alone."""
    if verdict.kind is Kind.REPLY:
        return _earliest("repliedAt", job.replied_at, at), "" if job.replied_at else "replied"
    if verdict.kind is Kind.OPT_OUT:
        return _earliest("optedOutAt", job.opted_out_at, at), "" if job.opted_out_at else "optedOut"
    if verdict.kind is Kind.AUTO_REPLY:
        newer = job.auto_replied_at is None or at > job.auto_replied_at
        return {"autoRepliedAt": at} if newer else {}, ""
    kind = _BOUNCE_KINDS.get(verdict.kind, "")
    if not kind:
        return {}, ""
    changes = _earliest("bouncedAt", job.bounced_at, at)
    if _RANK[kind] > _RANK[job.bounce_kind]:
        changes |= {"bounceKind": kind, "bounceReason": verdict.bounce.reason if verdict.bounce else ""}
    return changes, "" if job.bounced_at else "bounced"


def _earliest(field: str, known: datetime | None, at: datetime) -> dict[str, Any]:
    return {field: at} if known is None or at < known else {}


def _of_contact(contact: Contact, verdict: Verdict, at: datetime) -> dict[str, Any]:
    if verdict.kind is Kind.REPLY and (contact.replied_at is None or at > contact.replied_at):
        return {"repliedAt": at, "reply": paragraph(verdict.text, _TEXT)}
    if verdict.kind is Kind.OPT_OUT:
        told = _earliest("optedOutAt", contact.opted_out_at, at)
        if is_legal(contact.status, ContactStatus.SUPPRESSED):
            told |= {"status": str(ContactStatus.SUPPRESSED), "suppressedBy": "their own wish, by mail"}
        return told
    if verdict.kind in BOUNCED and (contact.bounced_at is None or at > contact.bounced_at):
        return {"bouncedAt": at, "bounceReason": verdict.bounce.reason if verdict.bounce else ""}
    return {}
