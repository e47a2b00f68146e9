"""Templates, mails, and who must not be written to."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import field_serializer

from leadgen.model.documents.base import Document
from leadgen.model.documents.leads import LeadData
from leadgen.model.status import EmailStatus, MailboxState

ProviderName = Literal["graph", "gmail", "smtp", "outbox"]
"""Ways of sending: Microsoft Graph, the Gmail API, any SMTP server, or the dry run."""

WaitsFor = Literal["", "pace", "retry", "turn"]
"""What the `notBefore` of a waiting mail was worked out from: hours, caps and pauses, which the configuration can
change; a failure that is tried again later; or another mail to the same address."""


class Template(Document):
    """`templates/{templateId}`."""

    template_id: int
    template_name: str
    description: str = ""
    base_subject: str
    base_body_html: str
    alternative_subjects: list[str] = []
    """Further subject lines; which one a lead gets is drawn for each lead, and noted with the mail."""
    defaults: dict[str, str] = {}
    """What a variable says where a lead's own field is empty; a name no lead has is a constant of the template."""
    is_archived: bool = False
    created_at: datetime
    updated_at: datetime | None = None
    updated_by: str = ""
    version: int = 1
    """Raised by every save that changes what it says; `templates/{id}/versions/{version}` keeps each."""


class TemplateVersion(Document):
    """`templates/{templateId}/versions/{version}`: what a template said, for the mails that were made of it."""

    template_id: int
    version: int
    template_name: str
    description: str = ""
    base_subject: str
    base_body_html: str
    alternative_subjects: list[str] = []
    defaults: dict[str, str] = {}
    saved_at: datetime
    saved_by: str = ""


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
    template_version: int = 0
    """Version of the template it was made of; 0 until it is made."""
    variation: str = ""
    """Which variation this lead got: the subject's letter and the options drawn, such as ``B:0-2``; "" if none."""
    error: str = ""
    attempted_at: datetime | None = None
    """When the send that may or may not have happened was begun."""
    may_have_left: bool = False
    """Nobody could say whether it left, when it was parked for a person; sending it again may deliver it twice."""
    waits_for: WaitsFor = ""
    thread_account: str = ""
    """The mailbox that wrote to this lead before: a follow-up in the same thread leaves from no other one."""
    agent_epoch: int = 0
    """Under which agent it was sent last, and as which of its mails; finds mails that no pace has counted yet."""
    agent_seq: int = 0
    updated_at: datetime | None = None


class Mailbox(Document):
    """`mailboxes/{id}`: a sending account. Readable by the console; holds no secret."""

    account: str
    """What the mailbox is known by: the address it signs in with, in canonical form."""
    provider: ProviderName = "graph"
    address: str = ""
    """The address its mails come from; empty if it is the account's name."""
    display_name: str = ""
    user_id: str = ""
    """The operator who signed it in; its secrets are bound to both."""
    server: str = ""
    """SMTP only, for display: host and port."""
    state: MailboxState = MailboxState.ACTIVE
    reason: str = ""
    """Why the state is what it is."""
    paused: bool = False
    paused_reason: str = ""
    paused_by: str = ""
    """Who paused it; empty if the program did."""
    daily_cap: int | None = None
    """Mails in any rolling 24 hours; `None` for the configuration's."""
    ramp_start: date | None = None
    """The first day of a new mailbox's ramp; `None` for none."""
    connected_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def sender(self) -> str:
        """The address its mails come from."""
        return self.address or self.account

    @property
    def is_usable(self) -> bool:
        """Whether mail may leave through it, as far as sign-in and pause go."""
        return self.state is MailboxState.ACTIVE and not self.paused

    @field_serializer("ramp_start")
    def _day(self, value: date | None) -> str | None:
        return value.isoformat() if value is not None else None  # Firestore has no type for a day


class Suppression(Document):
    """`suppressions/{hash}`: an email, phone or domain that must never be written to."""

    kind: str
    value: str
    reason: str
    created_by: str
    created_at: datetime
