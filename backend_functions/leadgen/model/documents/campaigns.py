"""Campaigns, the posts they claim, and what happened."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from leadgen.model.documents.base import Document
from leadgen.model.status import BatchStatus, EndReason, RequestStatus


class Counts(Document):
    """How a campaign stands. Raised with atomic increments in the same commit as the change they count.

    Two sums always hold: harvested = found + duplicates + suppressed + noContact + dead + what is in flight, and
    found = waiting + queued + review + phoneOnly + unresolved.
    """

    harvested: int = 0
    """Posts claimed by this campaign."""
    known: int = 0
    """Links on the listings that some campaign had claimed before."""
    found: int = 0
    """New leads."""
    waiting: int = 0
    """New leads that wait for their model call."""
    queued: int = 0
    """New leads that got a place in the email queue, including those whose mail has left since."""
    review: int = 0
    """New leads whose address waits behind a CAPTCHA."""
    phone_only: int = 0
    unresolved: int = 0
    """New leads that came to nothing: given up, suppressed later, or somebody known after all."""
    duplicates: int = 0
    cross_city: int = 0
    """Of the duplicates, those whose author was first met in another city."""
    suppressed: int = 0
    no_contact: int = 0
    dead: int = 0
    resolved: int = 0
    """Review leads whose address a person found; counted in `queued` too."""
    sent: int = 0
    """Mails that left."""
    failed: int = 0
    """Mails that will not leave without a person's help."""
    follow_ups: int = 0
    """Follow-ups that left; not counted in `sent`."""
    replied: int = 0
    """Mails that a person answered."""
    bounced: int = 0
    """Mails that came back."""
    opted_out: int = 0
    """Mails that were answered with the wish not to be written to."""


class ProcessorRequest(Document):
    """`processorQueue/{requestId}`: a campaign."""

    template_id: int
    city: str
    number_of_leads_to_process: int
    request_timestamp: datetime
    status: RequestStatus
    requested_by: str = ""
    source_id: str = ""
    fingerprint: str = ""
    """Hash of the request body, to tell a repeat of an Idempotency-Key from its misuse."""
    schedule_id: str = ""
    """The schedule that started it, or ""."""
    counts: Counts = Field(default_factory=Counts)
    in_flight: int = 0
    """Posts handed to the Processor and not yet reported back."""
    next_batch: int = 0
    next_page_url: str = ""
    """The listing page to read next; empty before the first and after the last."""
    page_done: str = ""
    """Posts of that page that are dealt with, each by the first digits of its id; see `harvest.claiming`."""
    looks_first: bool = False
    """Posts are looked up before they are claimed: the last ones looked at held some that were claimed already."""
    pages_read: int = 0
    listing_done: bool = False
    end_reason: EndReason | None = None
    message: str = ""
    lease_owner: str = ""
    lease_until: datetime | None = None
    attempts: int = 0
    """Failures in a row of the listing page at the cursor."""
    next_attempt_at: datetime | None = None
    updated_at: datetime | None = None
    completed_at: datetime | None = None


class Post(Document):
    """`posts/{hash of the URL}`: the claim on one post."""

    url: str
    request_id: str
    batch: int
    claimed_at: datetime


class Batch(Document):
    """`processorQueue/{requestId}/batches/{number}`: posts that travel together, in one message and one commit."""

    urls: list[str]
    status: BatchStatus
    published_at: datetime
    lease_owner: str = ""
    lease_until: datetime | None = None
    attempts: int = 0
    """How often it was published again because nobody took it or its worker fell silent."""
    tries: int = 0
    """How often a worker took it."""
    retry_at: datetime | None = None
    """When posts that could not be read are worth another try; `None` if none waits for one."""
    outcomes: dict[str, str] = {}
    """Post id → outcome, of the posts done so far."""
    done_at: datetime | None = None


class Activity(Document):
    """`activity/{id}`: something an operator wants to know happened."""

    at: datetime
    kind: str
    text: str
    request_id: str = ""
    expires_at: datetime
