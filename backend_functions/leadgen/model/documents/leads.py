"""Leads: who they are and where it is known from."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from leadgen.model.documents.base import Document
from leadgen.model.documents.review import Review
from leadgen.model.status import ContactStatus


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
    faxes: list[str] = []
    """Nobody answers them, but whoever asked not to be written to may have named one."""
    enriched_by: str = ""
    """``rules``, or the model and prompt version."""
    note: str = ""
    fields: dict[str, str] = {}
    """Further values of the post, such as its price, by the names that the site's definition gives them."""


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
    review: Review | None = None
    """Who works on its CAPTCHA, and what was reported; absent until somebody did."""
    next_attempt_at: datetime | None = None
    """When a waiting model call may be tried again."""
    suppressed_by: str = ""
    replied_at: datetime | None = None
    """When they answered last."""
    reply: str = ""
    """The beginning of what they wrote then."""
    opted_out_at: datetime | None = None
    bounced_at: datetime | None = None
    """When a mail to them came back last."""
    bounce_reason: str = ""
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
