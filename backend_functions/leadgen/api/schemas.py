"""Requests and responses of the endpoints, as the migration plan names them. Shared with the console."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr
from pydantic.alias_generators import to_camel

from leadgen.model.config import StoredSettings, Timezone

MAX_LEADS = 10_000
MAX_TEMPLATE_ID = 2**31 - 1


class Request(BaseModel):
    """Base of request bodies: a field nobody knows is an error, not a silent nothing."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class Response(BaseModel):
    """Base of response bodies. A reader ignores what a newer backend adds."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


Text = Annotated[StrictStr, Field(max_length=500)]
City = Annotated[StrictStr, Field(min_length=1, max_length=100)]
TemplateId = Annotated[StrictInt, Field(ge=1, le=MAX_TEMPLATE_ID)]
Address = Annotated[StrictStr, Field(max_length=320)]
Url = Annotated[StrictStr, Field(max_length=2000)]


class TriggerHarvest(Request):
    """Starts a campaign."""

    city: City
    template_id: TemplateId
    num_leads: Annotated[StrictInt, Field(ge=1, le=MAX_LEADS)]


class HarvestTriggered(Response):
    """The campaign, new or, for a repeated Idempotency-Key, the one made before."""

    request_id: str
    status: str
    message: str


class LeadIn(BaseModel):
    """A lead handed in from outside. Fields it does not name are ignored: exports carry all sorts of columns."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    name: Text = ""
    business_name: Text = ""
    phone: Annotated[StrictStr, Field(max_length=60)] = ""
    email: Address = ""
    website_url: Url = ""
    category: Text = ""
    services_rendered: Annotated[list[Text], Field(max_length=50)] = []
    city: Text = ""
    title: Text = ""
    body: Annotated[StrictStr, Field(max_length=20_000)] = ""
    contact_url: Url = ""


class ProcessLead(Request):
    """Submits a lead for enrichment and triage. With a template it is queued for mail, too."""

    lead_data: LeadIn
    source_url: Url = ""
    image_hash: Annotated[StrictStr, Field(pattern=r"^[0-9a-fA-F]{0,64}$")] = ""
    template_id: TemplateId | None = None
    timezone: Timezone | None = None


class LeadProcessed(Response):
    """What became of the lead."""

    lead_id: str
    outcome: str
    created: bool


class QueueEmail(Request):
    """Adds a lead to the email queue."""

    lead_data: LeadIn
    template_id: TemplateId
    city: City
    timezone: Timezone


class EmailQueued(Response):
    """The mail, new or already there: a lead gets a template once."""

    email_id: str
    status: str
    created: bool


class ResolveCaptcha(Request):
    """The operator's report on a CAPTCHA."""

    lead_id: Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{32}$")]
    captcha_success: StrictBool
    extracted_email: Address = ""


class CaptchaResolved(Response):
    """How the lead stands now."""

    lead_id: str
    status: str
    email_id: str
    attempts: int


class TemplateOut(Response):
    """A template."""

    template_id: int
    template_name: str
    description: str
    base_subject: str
    base_body_html: str
    is_archived: bool
    created_at: datetime
    version: int


class SaveTemplate(Request):
    """Creates a template or a new version of one."""

    template_id: TemplateId
    template_name: Annotated[StrictStr, Field(min_length=1, max_length=120)]
    description: Text = ""
    base_subject: Annotated[StrictStr, Field(min_length=1, max_length=500)]
    base_body_html: Annotated[StrictStr, Field(min_length=1, max_length=200_000)]
    is_archived: StrictBool = False


class AuthUrl(Response):
    """Where the user signs in with Microsoft."""

    auth_url: str


class OutlookCallback(Request):
    """What Microsoft's sign-in page sent back to the console's loopback address."""

    code: Annotated[StrictStr, Field(max_length=8000)] = ""
    state: Annotated[StrictStr, Field(max_length=2000)] = ""
    error: Annotated[StrictStr, Field(max_length=200)] = ""
    error_description: Annotated[StrictStr, Field(max_length=4000)] = ""
    session_state: Annotated[StrictStr, Field(max_length=2000)] = ""
    client_info: Annotated[StrictStr, Field(max_length=4000)] = ""


class Message(Response):
    """A sentence for the user."""

    message: str


class ConfigOut(StoredSettings):
    """The configuration, with who changed it last."""


class UpdateConfig(BaseModel):
    """The settings to change; those not named stay. Checked as a whole against the bounds of every setting."""

    model_config = ConfigDict(extra="allow")


class CancelCampaign(Request):
    """Stops a campaign. What is queued for mail stays queued."""

    request_id: Annotated[StrictStr, Field(pattern=r"^[0-9A-Za-z]{8,64}$")]


class CityOut(Response):
    """A city that can be harvested."""

    city: str
    label: str
    timezone: str
    source_id: str
    acknowledged: bool
    """Whether somebody acknowledged the source's terms; without that it harvests nothing."""


class Suppress(Request):
    """Puts an email, phone or domain on the list of those never to be written to."""

    kind: Literal["email", "phone", "domain"]
    value: Annotated[StrictStr, Field(min_length=3, max_length=320)]
    reason: Text = "asked for"


class Problem(Response):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    hint: str = ""
    fields: list[dict[str, Any]] = []
