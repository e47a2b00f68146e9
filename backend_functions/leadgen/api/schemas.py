"""Requests and responses of the endpoints, as the migration plan names them. Shared with the console."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from leadgen.model.config import StoredSettings, Timezone, timezone_name
from leadgen.model.modeltest import ModelTested as ModelTested

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


def _local_moment(value: str) -> str:
    # Written back, it must be the same: fromisoformat() also takes weeks, seconds and zones.
    if value and _rewritten(value, lambda text: datetime.fromisoformat(text).isoformat(timespec="minutes")) != value:
        raise ValueError("must be a local date and time as YYYY-MM-DDTHH:MM, without a zone")
    if value and not FIRST_YEAR <= int(value[:4]) <= LAST_YEAR:
        raise ValueError(f"must be of a year from {FIRST_YEAR} to {LAST_YEAR}")
    return value


def _local_day(value: str) -> str:
    if value and _rewritten(value, lambda text: date.fromisoformat(text).isoformat()) != value:
        raise ValueError("must be a date as YYYY-MM-DD")
    return value


def _time_of_day(value: str) -> str:
    if value and _rewritten(value, lambda text: time.fromisoformat(text).isoformat(timespec="minutes")) != value:
        raise ValueError("must be a time of day as HH:MM, from 00:00 to 23:59")
    return value


def _rewritten(value: str, rewrite: Callable[[str], str]) -> str:
    try:
        return rewrite(value)
    except ValueError:
        return ""


FIRST_YEAR, LAST_YEAR = 2000, 2199
Weekday = Annotated[StrictInt, Field(ge=0, le=6)]
ScheduleId = Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{32}$")]


class When(Request):
    """When a schedule runs: once `at` a local date and time, or on `days` (0 = Monday … 6 = Sunday) at a local `time`.

    A local time that the clocks skip runs at the first moment after the gap; one that comes twice runs once.
    """

    at: Annotated[StrictStr, AfterValidator(_local_moment)] = ""
    days: Annotated[list[Weekday], Field(max_length=7)] = []
    time: Annotated[StrictStr, AfterValidator(_time_of_day)] = ""
    timezone: Annotated[StrictStr, AfterValidator(lambda name: name and timezone_name(name))] = ""
    """Empty for the city's."""
    until: Annotated[StrictStr, AfterValidator(_local_day)] = ""
    """The last day on which a recurring one runs; empty for no end."""

    @model_validator(mode="after")
    def _one_kind(self) -> When:
        once, again = bool(self.at), bool(self.days or self.time)
        if once == again or (again and not (self.days and self.time)):
            raise ValueError("must have either at, or both days and time")
        if once and self.until:
            raise ValueError("must not have until beside at: a single run has no end")
        return self


class ScheduleCampaign(Request):
    """Schedules a campaign; with a `scheduleId` it changes that schedule."""

    schedule_id: ScheduleId | None = None
    city: City
    template_id: TemplateId
    num_leads: Annotated[StrictInt, Field(ge=1, le=MAX_LEADS)]
    when: When
    max_runs: Annotated[StrictInt, Field(ge=1, le=10_000)] | None = None
    """A recurring schedule ends after this many campaigns."""

    @field_validator("max_runs")
    @classmethod
    def _of_a_recurring_one(cls, value: int | None, known: ValidationInfo) -> int | None:
        when = known.data.get("when")
        if value is not None and when is not None and when.at:
            raise ValueError("must be left out: this schedule runs once")
        return value


class ChangeSchedule(Request):
    """Pauses, resumes or removes a schedule, or starts its campaign at once."""

    schedule_id: ScheduleId
    action: Literal["pause", "resume", "remove", "run"]


class ScheduleOut(Response):
    """How a schedule stands now."""

    schedule_id: str
    status: str
    next_run_at: datetime | None = None
    """The next planned start, in UTC; absent unless the status is ACTIVE."""
    request_id: str = ""
    """The campaign that was started at once."""
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


ContactId = Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{32}$")]


class MergeContacts(Request):
    """Says that two contacts are one person."""

    contact_id: ContactId
    other_id: ContactId


class UnmergeContact(Request):
    """Undoes the merge of a contact."""

    contact_id: ContactId
    """The contact that was merged into another."""


class ContactsMerged(Response):
    """How two contacts stand to one another now."""

    survivor_id: str
    """The contact that stands for both, or stood."""
    merged_id: str
    """The other one."""
    changed: bool
    """Whether this call did it; if not, it was so before."""
    message: str


class Problem(Response):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    hint: str = ""
    fields: list[dict[str, Any]] = []
