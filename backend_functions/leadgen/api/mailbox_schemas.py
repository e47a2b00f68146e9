"""Requests and responses of the endpoints about mailboxes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictInt, StrictStr

from leadgen.api.schemas import Address, Request, Response, Text

SignInId = Annotated[StrictStr, Field(min_length=8, max_length=200)]
Account = Annotated[StrictStr, Field(min_length=3, max_length=320)]


def _day(value: str) -> str:
    if value:
        try:
            right = date.fromisoformat(value).isoformat() == value
        except ValueError:
            right = False
        if not right:
            raise ValueError("must be a date as YYYY-MM-DD, or empty")
    return value


def _mail_port(value: int) -> int:
    if not 1 <= value <= 65535:
        raise ValueError("must be a port from 1 to 65535; 587 for STARTTLS, 465 for TLS")
    return value


class GmailCallback(Request):
    """What Google's sign-in page sent back to the console's loopback address."""

    code: Annotated[StrictStr, Field(max_length=8000)] = ""
    state: Annotated[StrictStr, Field(max_length=2000)] = ""
    error: Annotated[StrictStr, Field(max_length=200)] = ""


class DeviceSignInBegun(Response):
    """What the person does on any device with a browser."""

    sign_in_id: str
    user_code: str
    """To be entered at `verificationUrl`."""
    verification_url: str
    interval: int
    """Seconds to wait between two polls."""


class PollDeviceSignIn(Request):
    """Asks whether the person has finished."""

    sign_in_id: SignInId


class DeviceSignInPolled(Response):
    """Whether the mailbox is signed in."""

    done: bool
    account: str = ""
    message: str


class AddSmtpMailbox(Request):
    """Adds a mailbox behind an SMTP server. The sign-in is tried first."""

    address: Account
    display_name: Annotated[StrictStr, Field(max_length=200)] = ""
    host: Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$")]
    port: Annotated[StrictInt, AfterValidator(_mail_port)] = 587
    security: Literal["starttls", "tls"] = "starttls"
    username: Annotated[StrictStr, Field(max_length=320)] = ""
    """Empty for the address."""
    password: Annotated[StrictStr, Field(min_length=1, max_length=1000)]


class ChangeMailbox(Request):
    """Pauses, resumes, limits, signs out or removes a mailbox."""

    account: Address
    action: Literal["pause", "resume", "limit", "signOut", "remove"]
    reason: Text = ""
    """With `pause`."""
    daily_cap: Annotated[StrictInt, Field(ge=0, le=10_000)] | None = None
    """With `limit`: mails in any rolling 24 hours; absent for the configuration's `dailyCap`."""
    ramp_start: Annotated[StrictStr, AfterValidator(_day)] = ""
    """With `limit`: the first day of a new mailbox's ramp; empty for none."""


class MailboxChanged(Response):
    """How the mailbox stands now."""

    account: str
    state: str
    paused: bool
    changed: bool
    """Whether this call did it; if not, it was so before."""
    message: str
    connected_at: datetime | None = None
