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

SIGN_IN_COMMANDS: dict[ProviderName, str] = {
    "graph": "leadgen auth outlook",
    "gmail": "leadgen auth gmail",
    "smtp": "leadgen mailbox add ADDRESS --smtp HOST",
}
"""What signs in a mailbox of each kind; the dry run needs none."""

WaitsFor = Literal["", "pace", "retry", "turn", "sequence"]
"""What the `notBefore` of a waiting mail was worked out from: hours, caps and pauses, which the configuration can
change; a failure that is tried again later; another mail to the same address; or the days of a sequence."""

BounceKind = Literal["", "hard", "blocked", "soft"]
"""Why a mail came back: the address is dead; the receiver refuses us; or it just did not arrive."""


class FollowUp(Document):
    """A step of a template's sequence."""

    template_id: int
    after_days: int
    """Days after the mail before it left."""


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
    follow_ups: list[FollowUp] = []
    """What is sent after this template's mail to those who do not answer, step by step; no part of its versions."""
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
    step: int = 0
    """Which step of a sequence it is; 0 for a mail that follows none."""
    sequence_id: int = 0
    """The template whose sequence it is a step of."""
    sequence_of: str = ""
    """The sequence's first mail."""
    sequence_began_at: datetime | None = None
    """When the first mail left; what the lead answered since stops it."""
    follows: str = ""
    """The mail before it in the sequence."""
    follows_sent_at: datetime | None = None
    in_reply_to: str = ""
    """Message-ID of the mail before it; it is sent as an answer to that one."""
    references: str = ""
    """Message-IDs of the whole thread (RFC 5322 §3.6.4)."""
    released_at: datetime | None = None
    """When a person put it into the queue again; what the lead answered before that stops it no more."""
    replied_at: datetime | None = None
    """When the lead answered first."""
    auto_replied_at: datetime | None = None
    """When a machine answered last: they are away, or a ticket was opened."""
    opted_out_at: datetime | None = None
    bounced_at: datetime | None = None
    """When it came back."""
    bounce_kind: BounceKind = ""
    bounce_reason: str = ""
    """The server's answer."""
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


class InboxState(Document):
    """`inboxes/{mailbox id}`: up to where a mailbox was read. No client reads it."""

    account: str
    started_at: datetime
    """Nothing that came in before that is read."""
    places: dict[str, str] = {}
    """Where reading goes on, by folder; what a place looks like is the provider's affair."""
    read_at: dict[str, datetime] = {}
    """Up to when each folder was read to its end."""
    next_at: datetime | None = None
    """The provider wants to be left alone until then."""
    problem: str = ""
    """Why it could not be read the last time."""
    bounces_from: datetime | None = None
    """Mails sent before that count no more for the share of those that came back: the mailbox was paused for them."""
    updated_at: datetime | None = None


class InboxEvent(Document):
    """`inboxEvents/{hash of mailbox and mail}`: a mail that came in and concerns us, and that its consequences are
    done: made in the same commit as they."""

    account: str
    kind: str
    """See `mail.inbox.classify.Kind`."""
    at: datetime
    """When it came in."""
    sender: str = ""
    subject: str = ""
    text: str = ""
    """The beginning of what the person wrote."""
    reason: str = ""
    """What the server said, for a mail that came back; for a hint, what it may answer."""
    job_id: str = ""
    """The mail it answers; "" if there is none for certain."""
    contact_id: str = ""
    request_id: str = ""
    matched_by: str = ""
    """How the mail it answers was found: ``message-id``, ``conversation`` or ``address``; ``hint`` if only maybe."""
    expires_at: datetime
