"""Templates, mails, and who must not be written to."""

from __future__ import annotations

from datetime import datetime

from leadgen.model.documents.base import Document
from leadgen.model.documents.leads import LeadData
from leadgen.model.status import EmailStatus


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


class Suppression(Document):
    """`suppressions/{hash}`: an email, phone or domain that must never be written to."""

    kind: str
    value: str
    reason: str
    created_by: str
    created_at: datetime
