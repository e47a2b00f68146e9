"""The documents as they are stored: camelCase in Firestore, snake_case in Python.

Field names and meanings are those of the migration plan; what was added says why.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from leadgen.model.status import BatchStatus, ContactStatus, EmailStatus, EndReason, RequestStatus


class Document(BaseModel):
    """Base of all stored documents. Unknown fields are left aside, not refused: an older reader must not fail."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    def to_firestore(self) -> dict[str, Any]:
        """The document as Firestore takes it: camelCase keys, no absent fields, statuses as plain strings."""
        data: dict[str, Any] = _plain(self.model_dump(by_alias=True, exclude_none=True))
        return data

    @classmethod
    def from_firestore(cls, data: dict[str, Any]) -> Self:
        """Read a stored document.

        Raises:
            pydantic.ValidationError: a field is missing or of a wrong type.
        """
        return cls.model_validate(data)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


class LeadData(Document):
    """What is known about a lead, as templates and reviewers see it."""

    name: str = ""
    business_name: str = ""
    phone: str = ""
    email: str = ""
    website_url: str = ""
    category: str = ""
    services_rendered: list[str] = []
    city: str = ""
    title: str = ""
    body: str = ""
    opener: str = ""
    language: str = ""
    website_score: int | None = None
    website_reason: str = ""
    image_hash: str = ""
    contact_url: str = ""
    """The page behind the CAPTCHA, for the operator's browser."""
    phones: list[str] = []
    emails: list[str] = []
    enriched_by: str = ""
    """``rules``, or the model and prompt version."""
    note: str = ""


class Contact(Document):
    """`contacts/{contactId}`: one person or business."""

    phone: str = ""
    name: str = ""
    email: str = ""
    last_sent: datetime | None = None
    source_url: str = ""
    image_hash: str = ""
    business_name: str = ""
    category: str = ""
    services_rendered: list[str] = []
    status: ContactStatus
    city: str = ""
    lead_data_json: LeadData = Field(default_factory=LeadData)
    request_id: str = ""
    """The campaign that found the lead."""
    source_id: str = ""
    template_id: int = 0
    timezone: str = ""
    gate: str = "none"
    attempts: int = 0
    """CAPTCHA attempts so far."""
    next_attempt_at: datetime | None = None
    """When a waiting model call may be tried again."""
    suppressed_by: str = ""
    intake_outcome: str = ""
    """What triage decided first. A batch that is done again after a crash counts this, not what happened since."""
    created_at: datetime
    last_updated: datetime


class Identity(Document):
    """`identities/{hash}`: whose phone, email or picture this is."""

    kind: str
    value: str
    contact_id: str
    source_url: str
    created_at: datetime


class Suppression(Document):
    """`suppressions/{hash}`: an email, phone or domain that must never be written to."""

    kind: str
    value: str
    reason: str
    created_by: str
    created_at: datetime


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
    """Review leads that came to nothing: given up, suppressed, or somebody known after all."""
    duplicates: int = 0
    suppressed: int = 0
    no_contact: int = 0
    dead: int = 0
    resolved: int = 0
    """Review leads whose address a person found; counted in `queued` too."""
    sent: int = 0
    """Mails that left."""
    failed: int = 0
    """Mails that will not leave without a person's help."""


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
    counts: Counts = Field(default_factory=Counts)
    in_flight: int = 0
    """Posts handed to the Processor and not yet reported back."""
    next_batch: int = 0
    next_page_url: str = ""
    """The listing page to read next; empty before the first and after the last."""
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


class Template(Document):
    """`templates/{templateId}`."""

    template_id: int
    template_name: str
    description: str = ""
    base_subject: str
    base_body_html: str
    is_archived: bool = False
    created_at: datetime
    updated_at: datetime | None = None
    updated_by: str = ""
    version: int = 1


class EmailJob(Document):
    """`emailQueue/{jobId}`: one mail to one lead."""

    template_id: int
    lead_data: LeadData
    city: str
    status: EmailStatus
    created_at: datetime
    sent_at: datetime | None = None
    timezone: str
    contact_id: str = ""
    request_id: str = ""
    source_id: str = ""
    queued_by: str = ""
    epoch: int = 0
    """Fencing token: every change of hands raises it, and every write names the one it knows."""
    lease_owner: str = ""
    lease_until: datetime | None = None
    not_before: datetime | None = None
    """The earliest time this mail may leave; `reason` says why."""
    reason: str = ""
    attempts: int = 0
    account: str = ""
    immutable_id: str = ""
    internet_message_id: str = ""
    subject: str = ""
    error: str = ""
    updated_at: datetime | None = None


class Activity(Document):
    """`activity/{id}`: something an operator wants to know happened."""

    at: datetime
    kind: str
    text: str
    request_id: str = ""
    expires_at: datetime
