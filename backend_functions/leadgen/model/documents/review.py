"""A person's work on leads behind a CAPTCHA: who holds one, what was found, and how each operator does."""

from __future__ import annotations

from datetime import datetime

from leadgen.model.documents.base import Document
from leadgen.model.status import ContactStatus

RECENT = 50
"""Solved leads of which the seconds are kept, per operator."""


class CaptchaReport(Document):
    """What an operator last said of a lead, with all that is needed to take it back."""

    id: str
    """One per call, or per Idempotency-Key: tells a repeat from a second report."""
    by_uid: str
    by: str
    at: datetime
    epoch: int
    """The claim it was made under."""
    success: bool
    email: str = ""
    status: ContactStatus
    """What the lead became by it."""
    attempts: int = 0
    """Failures of the lead, this one included."""
    email_id: str = ""
    """The mail that waits because of it."""
    seconds: int | None = None
    """From claim to report; absent for a report without a claim."""
    is_owner: bool = False
    """Whether the identity log was told that the address is this lead's."""
    email_before: str = ""
    emails_before: list[str] = []


class Review(Document):
    """Where a lead behind a CAPTCHA stands with the operators (`review` of a contact)."""

    lease_owner: str = ""
    """Uid of the operator who works on it; nobody else does until `leaseUntil`."""
    lease_name: str = ""
    """The same operator's email."""
    lease_since: datetime | None = None
    lease_until: datetime | None = None
    epoch: int = 0
    """Fencing token: raised by every claim. A report under an earlier one, or one that is over, is refused."""
    claim_id: str = ""
    """Of the last claim, so that its repeat is not another one."""
    released_at: datetime | None = None
    """When it was last given back unsolved; those that wait longest since come first."""
    report: CaptchaReport | None = None
    undone_epoch: int = -1
    """Of the report that was taken back last, with who did it and when."""
    undone_id: str = ""
    undone_by: str = ""
    undone_at: datetime | None = None


class Operator(Document):
    """`operators/{uid}`: what an operator has done. Only counts and a bounded list, so it never grows."""

    email: str = ""
    solved: int = 0
    failed: int = 0
    undone: int = 0
    recent_seconds: list[int] = []
    """Of the last solved leads, from claim to report, the latest last."""
    updated_at: datetime | None = None
