"""Requests and responses of the endpoints about templates. Shared with the console."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr, model_validator

from leadgen.api.schemas import Address, LeadIn, Request, Response, TemplateId, Text

MAX_ALTERNATIVES = 9
MAX_DEFAULTS = 40
MAX_STEPS = 10

Subject = Annotated[StrictStr, Field(min_length=1, max_length=500)]
Body = Annotated[StrictStr, Field(min_length=1, max_length=200_000)]
Name = Annotated[StrictStr, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_]{0,39}$")]
Alternatives = Annotated[list[Subject], Field(max_length=MAX_ALTERNATIVES)]
Defaults = Annotated[dict[Name, Text], Field(max_length=MAX_DEFAULTS)]


class FindingOut(Response):
    """One thing a check of a template found."""

    level: Literal["error", "warning"]
    """An error keeps the template from being saved, a warning does not."""
    code: str
    part: str
    """subject, body, defaults or whole."""
    line: int
    """Counted from 1; 0 where no line can be named."""
    text: str


class FollowUpIn(Request):
    """One step of a sequence."""

    template_id: TemplateId
    after_days: Annotated[StrictInt, Field(ge=1, le=365)]
    """Days after the mail before it left."""


class SetSequence(Request):
    """Says what is sent after a template's mail to those who do not answer; no steps end the sequence."""

    template_id: TemplateId
    follow_ups: Annotated[list[FollowUpIn], Field(max_length=MAX_STEPS)]


class FollowUpOut(Response):
    """One step of a sequence."""

    template_id: int
    after_days: int


class TemplateOut(Response):
    """A template."""

    template_id: int
    template_name: str
    description: str
    base_subject: str
    base_body_html: str
    alternative_subjects: list[str] = []
    defaults: dict[str, str] = {}
    follow_ups: list[FollowUpOut] = []
    is_archived: bool
    created_at: datetime
    updated_at: datetime | None = None
    updated_by: str = ""
    version: int
    findings: list[FindingOut] = []
    """Warnings about what was just saved."""


class SaveTemplate(Request):
    """Creates a template or a new version of one."""

    template_id: TemplateId
    template_name: Annotated[StrictStr, Field(min_length=1, max_length=120)]
    description: Text = ""
    base_subject: Subject
    base_body_html: Body
    alternative_subjects: Alternatives = []
    defaults: Defaults = {}
    is_archived: StrictBool = False
    expected_version: Annotated[StrictInt, Field(ge=0)] | None = None
    """The version the change was made against, 0 for a new template; another one is a conflict."""


class ArchiveTemplate(Request):
    """Archives a template, or takes it out of the archive. An archived one is offered to nobody and sends nothing."""

    template_id: TemplateId
    archived: StrictBool = True


class Draft(Request):
    """What a template would say."""

    base_subject: Subject
    base_body_html: Body
    alternative_subjects: Alternatives = []
    defaults: Defaults = {}


ContactId = Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{32}$")]


class PreviewTemplate(Request):
    """Shows the mail a lead would get: of a saved template, of an earlier version, or of a draft."""

    template_id: TemplateId | None = None
    version: Annotated[StrictInt, Field(ge=1)] | None = None
    draft: Draft | None = None
    contact_id: ContactId | None = None
    lead_data: LeadIn | None = None
    """A lead that is no contact. Without either, a made-up one."""
    seed: Annotated[StrictStr, Field(max_length=100)] = ""
    """Draws another variation than the lead's own."""

    @model_validator(mode="after")
    def _one_of_each(self) -> PreviewTemplate:
        if (self.template_id is None) == (self.draft is None):
            raise ValueError("must have either templateId or draft")
        if self.contact_id is not None and self.lead_data is not None:
            raise ValueError("must not have both contactId and leadData")
        if self.version is not None and self.draft is not None:
            raise ValueError("must not have version beside draft")
        return self


class VariableOut(Response):
    """A variable of templates."""

    name: str
    """As a template writes it: greetingName, fields.price."""
    value: str
    """What it says for the lead of the preview, as plain text, shortened; empty if nothing is known."""


class Preview(Response):
    """A mail as it would be sent, or why it would not."""

    to: str
    to_name: str
    subject: str
    html: str
    text: str
    template_version: int
    variation: str
    """The subject's letter and the options drawn, such as B:0-2; empty if the template has no variations."""
    findings: list[FindingOut]
    refusal: str = ""
    """Why this mail would not leave; empty if nothing is known against it."""
    variables: list[VariableOut] = []
    """Every variable there is for this lead, also when the mail can't be made."""


class TestSend(PreviewTemplate):
    """Sends the mail a lead would get to the caller, and to nobody else."""

    __test__ = False
    account: Address = ""
    """The mailbox to send from; the first one that can, if empty."""


class TestSent(Response):
    """What became of it."""

    __test__ = False
    to: str
    account: str
    provider: str
    subject: str
    message: str
