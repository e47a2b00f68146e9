"""Who may work on a lead behind a CAPTCHA, and which report counts. Pure: no store, no clock of its own.

A lead is claimed for a while; the claim's epoch is the fencing token. A claim that runs out needs nobody to clear it:
the next one is measured against the time. Its report still counts as long as nobody else has claimed the lead since.
A report ends the claim it was made under and may be taken back by who made it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadgen.model.documents import CaptchaReport, Contact, Review
from leadgen.model.errors import Conflict, NotAllowed
from leadgen.model.status import ContactStatus, EmailStatus

LEASE = timedelta(minutes=10)
"""How long a claim holds unless it is renewed; as long as sites give a person for a CAPTCHA."""
_TAKE_NEXT = "Nothing was changed. Take the next lead."
_WAITS = ContactStatus.PENDING_CAPTCHA

STOPPABLE = frozenset(
    {
        EmailStatus.QUEUED,
        EmailStatus.HELD,
        EmailStatus.ERROR_NO_EMAIL,
        EmailStatus.ERROR_API_FAILURE,
        EmailStatus.CANCELLED,
    }
)
"""A mail that has not left and will not unless it is queued."""


@dataclass(frozen=True)
class Person:
    """An operator.

    Args:
        uid: their Firebase uid; identifies them.
        name: their email, for others to read.
        is_admin: whether they may take back what others reported.
    """

    uid: str
    name: str
    is_admin: bool = False


@dataclass(frozen=True)
class Said:
    """A report as it comes in.

    Args:
        id: of the call; the same call repeated has the same.
        success: whether an address was found.
        email: the address, canonical; "" for a failure.
        epoch: the claim it is made under; `None` if the caller names none.
    """

    id: str
    success: bool
    email: str
    epoch: int | None


def review_of(contact: Contact) -> Review:
    """A copy of where the lead stands with the operators."""
    return contact.review.model_copy(deep=True) if contact.review is not None else Review()


def is_held(review: Review | None, now: datetime) -> bool:
    """Whether an operator holds the lead at that moment."""
    return review is not None and bool(review.lease_owner) and (review.lease_until or now) > now


def claim(
    lead_id: str, contact: Contact, person: Person, now: datetime, claim_id: str = "", renew: int | None = None
) -> Review:
    """The lead in the hands of an operator.

    Args:
        lead_id: for messages.
        contact: the lead.
        person: who claims it. Claiming again in another window ends the claim of the first one.
        now: the present moment.
        claim_id: of the call; the same one again is the same claim.
        renew: the epoch of a claim to be prolonged, instead of a new one.

    Raises:
        Conflict: it does not wait for a CAPTCHA, somebody else has it, or the claim to be renewed is over.
    """
    if contact.status is not _WAITS:
        raise _not_waiting(lead_id, contact)
    review = review_of(contact)
    if renew is not None:
        _check_epoch(lead_id, review, person, renew, now)
    elif claim_id and claim_id == review.claim_id:
        _check_epoch(lead_id, review, person, review.epoch, now)
    else:
        if is_held(review, now) and review.lease_owner != person.uid:
            raise _held(lead_id, review)
        review.epoch += 1
        review.claim_id, review.lease_since = claim_id, now
    review.lease_owner, review.lease_name, review.lease_until = person.uid, person.name, now + LEASE
    return review


def release(contact: Contact, person: Person, now: datetime, epoch: int | None) -> Review | None:
    """The lead given back unsolved; `None` if this operator does not hold it (any more), which is no error.

    Args:
        contact: the lead.
        person: who gives it back.
        now: the present moment.
        epoch: the claim that ends; `None` for whichever the operator has.
    """
    review = review_of(contact)
    if review.lease_owner != person.uid or (epoch is not None and epoch != review.epoch):
        return None
    _end_lease(review)
    review.released_at = now
    return review


def earlier_report(lead_id: str, contact: Contact, person: Person, said: Said) -> CaptchaReport | None:
    """The report this one repeats, if it does.

    Raises:
        Conflict: it was taken back since.
    """
    review, last = review_of(contact), review_of(contact).report
    if said.id and said.id == review.undone_id:
        raise Conflict(
            f"That report on lead {lead_id} was taken back by {review.undone_by} at {_when(review.undone_at)}.",
            hint="Claim the lead to work on it again.",
        )
    if last is None or last.by_uid != person.uid or contact.status is not last.status:
        return None
    if said.id and said.id == last.id:
        return last
    same = (last.success, last.email) == (said.success, said.email)
    # Without an epoch a second failure can't be told from a repeated one; a second solution can only be a repeat.
    known = said.epoch == last.epoch or (said.epoch is None and said.success)
    return last if same and known else None


def accept(lead_id: str, contact: Contact, person: Person, said: Said, now: datetime) -> int:
    """Whether a report that is no repeat counts.

    Returns:
        The epoch it is made under.

    Raises:
        Conflict: the lead does not wait, somebody else has it, or the claim is over; says who and since when.
    """
    if contact.status is not _WAITS:
        raise _not_waiting(lead_id, contact)
    review = review_of(contact)
    if said.epoch is not None:
        _check_epoch(lead_id, review, person, said.epoch, now)
        return review.epoch
    if is_held(review, now) and review.lease_owner != person.uid:
        raise _held(lead_id, review)
    return review.epoch if review.lease_owner == person.uid else review.epoch + 1


def reported(review: Review, report: CaptchaReport) -> Review:
    """The claim is over, and this is what came of it."""
    if review.lease_owner == report.by_uid and review.lease_since is not None:
        report.seconds = max(0, int((report.at - review.lease_since).total_seconds()))
    _end_lease(review)
    review.epoch, review.report = report.epoch, report
    return review


def take_back(lead_id: str, contact: Contact, person: Person, epoch: int | None) -> CaptchaReport | None:
    """The report that is to be taken back; `None` if it was before.

    Args:
        lead_id: for messages.
        contact: the lead.
        person: who asks.
        epoch: of the report; `None` for the last one.

    Raises:
        Conflict: there is none, or the lead has changed since.
        NotAllowed: it is somebody else's.
    """
    review = review_of(contact)
    report = review.report
    if report is None or (epoch is not None and epoch != report.epoch):
        if review.undone_epoch >= 0 and epoch in (None, review.undone_epoch):
            return None
        last = f"; the last one is {report.by}'s of {_when(report.at)}" if report is not None else ""
        raise Conflict(f"There is no such report on lead {lead_id} to take back{last}.", hint="Nothing was changed.")
    if report.by_uid != person.uid and not person.is_admin:
        raise NotAllowed(f"This report is {report.by}'s.", hint="They, or an administrator, can take it back.")
    if contact.status is not report.status or (report.success and contact.email != report.email):
        raise Conflict(
            f"Lead {lead_id} has changed since that report: it is {contact.status} now.", hint="Nothing was changed."
        )
    if contact.status is ContactStatus.SUPPRESSED:
        raise Conflict(
            f"Lead {lead_id} is suppressed: {report.email} must not be written to.",
            hint="That can't be taken back here.",
        )
    return report


def check_mail(status: EmailStatus, sent_at: datetime | None) -> None:
    """Refuse to take back a report whose mail may have left.

    Raises:
        Conflict: it has, may have, or is about to; says which.
    """
    if status in STOPPABLE:
        return
    reason, hint = {
        EmailStatus.SENT: (f"left at {_when(sent_at)}", "It can't be called back."),
        EmailStatus.DRAFTING: ("is being sent at this moment", "Look again in a minute."),
        EmailStatus.SENDING: ("is being sent at this moment", "Look again in a minute."),
        EmailStatus.SUPPRESSED: ("was stopped: the address must not be written to", "Nothing is left to take back."),
    }.get(status, ("may have left; the mailbox is being asked", "Look again when that is known."))
    raise Conflict(f"This report's mail {reason}.", hint=hint)


def taken_back(review: Review, report: CaptchaReport, person: Person, now: datetime) -> Review:
    """The lead as if that report had not been; a late repeat of it is refused."""
    review.report = None
    review.undone_epoch, review.undone_id = report.epoch, report.id
    review.undone_by, review.undone_at = person.name, now
    if report.status is not _WAITS:
        _end_lease(review)
    return review


def _end_lease(review: Review) -> None:
    review.lease_owner = review.lease_name = ""
    review.lease_since = review.lease_until = None


def _check_epoch(lead_id: str, review: Review, person: Person, epoch: int, now: datetime) -> None:
    if (review.lease_owner, review.epoch) == (person.uid, epoch):
        return
    if is_held(review, now) and review.lease_owner != person.uid:
        raise _held(lead_id, review)
    report = review.report
    if report is not None and report.epoch == epoch:
        what = f"ended with {report.by}'s report at {_when(report.at)}"
    elif review.undone_epoch == epoch:
        what = f"ended; its report was taken back by {review.undone_by} at {_when(review.undone_at)}"
    elif review.lease_owner == person.uid:
        what = "ended when you claimed the lead again, perhaps in another window"
    else:
        what = "is over: it was given back, or ran out and somebody else had the lead"
    raise Conflict(f"Your claim of lead {lead_id} {what}.", hint="Nothing was changed. Claim it again to go on.")


def _held(lead_id: str, review: Review) -> Conflict:
    return Conflict(
        f"Lead {lead_id} is with {review.lease_name or 'another operator'} until {_when(review.lease_until)}.",
        hint=_TAKE_NEXT,
    )


def _not_waiting(lead_id: str, contact: Contact) -> Conflict:
    report = review_of(contact).report
    known = f" with {contact.email}" if contact.email else ""
    if report is None or report.status is not contact.status:
        into = f" into {contact.merged_into}" if contact.merged_into else ""
        return Conflict(
            f"Lead {lead_id} does not wait for a CAPTCHA: it is {contact.status}{into}{known}.", hint=_TAKE_NEXT
        )
    did = "resolved" if report.success else "given up"
    return Conflict(
        f"Lead {lead_id} was {did} by {report.by} at {_when(report.at)}: it is {contact.status}{known}.",
        hint=_TAKE_NEXT,
    )


def _when(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment is not None else "an unknown time"
