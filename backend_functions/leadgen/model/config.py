"""The configuration document `config/settings`, with the bounds of every value."""

from __future__ import annotations

from datetime import datetime, time
from functools import lru_cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, ConfigDict, Field, StrictBool, StrictInt, model_validator
from pydantic.alias_generators import to_camel

from leadgen.model.documents import Document, ProviderName


def _clock_time(value: str) -> str:
    if value == "24:00":
        return value
    if len(value) != 5:
        raise ValueError("must be a time of day as HH:MM, from 00:00 to 24:00")
    try:
        time.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a time of day as HH:MM, from 00:00 to 24:00") from None
    return value


@lru_cache(maxsize=1)
def _timezones() -> frozenset[str]:
    """Read once: the database is a folder of some 600 files, and every configuration that is read asks."""
    return frozenset(available_timezones())


def timezone_name(value: str) -> str:
    """The value, if it names a timezone of the IANA database; raises `ValueError` otherwise."""
    if value not in _timezones():
        raise ValueError("must be a timezone of the IANA database, such as America/Chicago")
    return value


ClockTime = Annotated[str, AfterValidator(_clock_time)]
Timezone = Annotated[str, AfterValidator(timezone_name)]
Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False, strict=True)]


class _Strict(Document):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class WorkingHours(_Strict):
    """When mail may leave, in the lead's own timezone. Days are 0 = Monday … 6 = Sunday."""

    start: ClockTime = "09:00"
    end: ClockTime = "17:00"
    days: list[Annotated[StrictInt, Field(ge=0, le=6)]] = [0, 1, 2, 3, 4]

    @model_validator(mode="after")
    def _in_order(self) -> WorkingHours:
        if self.start >= self.end:
            raise ValueError("start must be earlier than end")
        return self


class SendInterval(_Strict):
    """Bounds of the random pause between two mails, in seconds."""

    min: Seconds = 45.0
    max: Seconds = 120.0

    @model_validator(mode="after")
    def _in_order(self) -> SendInterval:
        if self.min > self.max:
            raise ValueError("min must not be greater than max")
        return self


class Settings(_Strict):
    """What an administrator can change. Every bound here is enforced by the backend and shown by the console."""

    llm_transaction_limit: Annotated[StrictInt, Field(ge=0, le=6000)] = 20
    """Model calls that may begin in any rolling minute, over all instances; 0 pauses them."""
    llm_tokens_per_minute: Annotated[StrictInt, Field(ge=0, le=1_000_000_000)] = 0
    """Tokens that model calls may use in any rolling minute; 0 for no bound."""
    llm_dollars_per_day: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False, strict=True)] = 0.0
    """What model calls may cost on a day (UTC); 0 for no bound."""
    working_hours: WorkingHours = Field(default_factory=WorkingHours)
    active_timezones: list[Timezone] = []
    """Timezones that are written to; empty means all."""
    email_provider: ProviderName = "graph"
    sending_paused: StrictBool = False
    send_interval_seconds: SendInterval = Field(default_factory=SendInterval)
    pause_after: Annotated[StrictInt, Field(ge=0, le=1000)] = 25
    """A longer pause after this many mails; 0 for none."""
    pause_seconds: Seconds = 600.0
    daily_cap: Annotated[StrictInt, Field(ge=0, le=10_000)] = 200
    """Mails per mailbox in any rolling 24 hours."""
    daily_cap_total: Annotated[StrictInt, Field(ge=0, le=100_000)] = 0
    """Mails of all mailboxes together in any rolling 24 hours; 0 for no bound besides those of the mailboxes."""
    ramp_first_day: Annotated[StrictInt, Field(ge=1, le=10_000)] = 20
    """Mails in 24 hours that a new mailbox may send on the first day of its ramp."""
    ramp_daily_growth: Annotated[float, Field(ge=1, le=3, allow_inf_nan=False, strict=True)] = 1.3
    """By how much a new mailbox's cap is multiplied with each day (UTC), until it reaches its daily cap."""
    skip_holidays: StrictBool = True
    """Whether mail waits on public holidays of the country the lead's timezone lies in."""
    harvest_requests_per_second: Annotated[float, Field(gt=0, le=50, allow_inf_nan=False, strict=True)] = 2.0
    recontact_days: Annotated[StrictInt, Field(ge=0, le=3650)] = 180
    allow_role_addresses: StrictBool = True
    """Whether mail may go to info@, sales@ and the like, which is how most small businesses are reached."""
    allow_disposable_addresses: StrictBool = False
    """Whether mail may go to throw-away addresses; nobody reads them, and they spoil the sender's repute."""
    bounce_pause_percent: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False, strict=True)] = 5.0
    """A mailbox is paused when more than this share of its last mails came back; 0 for never."""
    captcha_max_attempts: Annotated[StrictInt, Field(ge=1, le=20)] = 3
    sender_name: Annotated[str, Field(max_length=200)] = ""
    company_name: Annotated[str, Field(max_length=200)] = ""
    postal_address: Annotated[str, Field(max_length=500)] = ""
    """Required by CAN-SPAM (15 U.S.C. §7704(a)(5)); without it nothing is sent."""
    signature_html: Annotated[str, Field(max_length=10_000)] = ""

    def governor_limits(self) -> dict[str, int | float]:
        """What of it the LLM Governor's document holds; written in the same commit, it holds for the very next call."""
        return {
            "limit": self.llm_transaction_limit,
            "tokensPerMinute": self.llm_tokens_per_minute,
            "dollarsPerDay": float(self.llm_dollars_per_day),
        }


class StoredSettings(Settings):
    """The configuration with who changed it last."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    revision: int = 0
    updated_at: datetime | None = None
    updated_by: str = ""
