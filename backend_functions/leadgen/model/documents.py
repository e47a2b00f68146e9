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
    website_reasons: list[str] = []
    """Everything found at the website's home page, what costs most of the score first."""
    image_hash: str = ""
    contact_url: str = ""
    """The page behind the CAPTCHA, for the operator's browser."""
    phones: list[str] = []
    emails: list[str] = []
    enriched_by: str = ""
    """``rules``, or the model and prompt version."""
    note: str = ""


class Provenance(Document):
    """Where a fact about a lead comes from."""

    source_url: str = ""
    snippet: str = ""
    """The text it was read in, shortened."""
    at: datetime
    extractor: str = ""
    """What read it, with its version; a model's name and prompt version for what was enriched."""
    request_id: str = ""
    """The campaign that came upon it, or ""."""
    certainty: float = 1.0
    """0–1; 1 for what a person said."""


class Alternative(Document):
    """Another value of a field, which was not preferred; see `process.facts` for the rule."""

    field: str
    value: str
    provenance: Provenance


class PossibleDuplicate(Document):
    """Another contact that may be the same person, for the operator to decide."""

    contact_id: str
    reason: str
    source_url: str = ""
    at: datetime


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
    """What triage decided first. A lead that is handed in again is told this, not what happened since."""
    provenance: dict[str, Provenance] = {}
    """Where the values of `phone`, `email`, `businessName` … come from, by field."""
    alternatives: list[Alternative] = []
    """Other values that were seen; nothing that a post said is lost, up to a bound."""
    cities: list[str] = []
    """Other cities the person advertises in."""
    possible_duplicates: list[PossibleDuplicate] = []
    kept_apart: list[str] = []
    """Contacts that the operator said are other people: never merged with this one without being asked."""
    merged_into: str = ""
    """The contact that stands for this one, while it is `MERGED`."""
    merges: list[str] = []
    """Merges (`contactMerges`) by which others became this one, the latest last."""
    times_merged: int = 0
    """How often this contact was merged into another."""
    created_at: datetime
    last_updated: datetime


class CancelledMail(Document):
    """How a mail stood that a merge cancelled."""

    status: EmailStatus
    reason: str = ""


class ContactMerge(Document):
    """`contactMerges/{mergeId}`: two contacts that became one, with all that is needed to undo it."""

    survivor_id: str
    merged_id: str
    at: datetime
    by: str
    """The operator, or "" when a post's evidence was enough."""
    reason: str
    source_url: str = ""
    before: dict[str, Any] = {}
    """The survivor's fields that were changed, as they were. A field that was absent is absent."""
    after: dict[str, Any] = {}
    """The same as the merge left them."""
    merged_status: ContactStatus
    """The other's status before."""
    cancelled: dict[str, CancelledMail] = {}
    """Mails of the other that were taken back, by id."""
    counts: dict[str, dict[str, int]] = {}
    """What it added to campaigns' counts."""
    undone_at: datetime | None = None
    undone_by: str = ""


class IndexSegment(Document):
    """`identityIndex/{number}`: a piece of the log of who has which phone, email, picture and post."""

    generation: str
    """Tells this log from one that was deleted and begun anew."""
    blobs: list[bytes] = []
    """Entries, packed, one element per commit; see `process.entries`."""
    size: int = 0
    """Bytes in all blobs."""
    sealed: bool = False
    """Full: the log goes on in the next segment."""
    suppressed_until: datetime | None = None
    """Suppressions recorded before are in the log."""


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


class Host(Document):
    """`hosts/{hash of host and port}`: what all workers share about one host. Who may ask when is `harvest.hosts`'s."""

    host: str
    """Host and port, such as ``example.com:443``."""
    next_free_at: datetime
    """Nobody has a turn on the host from here on; by Firestore's clock."""
    interval_s: float = 0.0
    """The pause that the last turn was taken for."""
    owner: str = ""
    """Who has the last turn."""
    hold_until: datetime | None = None
    """Nobody asks the host anything before, because it said so or because it fails."""
    pause_s: float = 0.0
    """The pause that its answers ask for; see `harvest.hosts.health`, as for the next four."""
    latency_s: float = 0.0
    usual_s: float = 0.0
    error_rate: float = 0.0
    troubles: int = 0
    expires_at: datetime
    """Forgotten after this, if nobody asks it any more."""


class HostAnswer(Document):
    """`hosts/{host}/robots/{hash of the URL}`: what the host answered when it was asked for its robots.txt."""

    url: str
    status: int
    body: bytes = b""
    location: str = ""
    retry_at: datetime | None = None
    asked_at: datetime
    expires_at: datetime


class ListingPage(Document):
    """`hosts/{host}/pages/{hash of the URL}`: a listing page every post of which is claimed, and how to ask whether it
    still says the same (RFC 9110 §13.1)."""

    url: str
    etag: str = ""
    last_modified: str = ""
    final_url: str = ""
    """The address that named these two, where the page redirects."""
    next_url: str = ""
    marks: str = ""
    """Its posts, each by the first digits of its id; see `harvest.claiming`."""
    definition: str = ""
    """Hash of the rules it was read by: under other rules it may say something else."""
    request_id: str = ""
    """The campaign that claimed the last of its posts."""
    read_at: datetime
    expires_at: datetime


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
