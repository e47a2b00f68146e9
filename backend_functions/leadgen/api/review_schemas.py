"""Requests and responses of the endpoints about CAPTCHAs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StrictBool, StrictInt

from leadgen.api.schemas import Address, ContactId, Request, Response

Epoch = Annotated[StrictInt, Field(ge=0, le=2**53 - 1)]


class ClaimCaptcha(Request):
    """Claims a lead for the caller, or prolongs a claim."""

    lead_id: ContactId | None = None
    """The lead; without it the one whose turn it is."""
    epoch: Epoch | None = None
    """With a lead: the claim that is to be prolonged."""


class CaptchaClaimed(Response):
    """A lead that is the caller's until `leaseUntil`, with what is needed to work on it."""

    lead_id: str
    epoch: int
    """The claim. A report that names it counts only while nobody else has claimed the lead since."""
    lease_until: datetime
    contact_url: str
    """The page behind the CAPTCHA, for the operator's own browser."""
    source_url: str
    relay_domains: list[str]
    """Addresses of these domains are the site's own and are not taken."""
    title: str
    business_name: str
    phone: str
    city: str
    attempts: int
    max_attempts: int


class ReleaseCaptcha(Request):
    """Gives a lead back unsolved."""

    lead_id: ContactId
    epoch: Epoch | None = None
    """The claim that ends; without it whichever the caller has."""


class CaptchaReleased(Response):
    """Whether the caller had the lead."""

    lead_id: str
    changed: bool
    message: str


class ResolveCaptcha(Request):
    """The operator's report on a CAPTCHA."""

    lead_id: ContactId
    captcha_success: StrictBool
    extracted_email: Address = ""
    epoch: Epoch | None = None
    """The claim it is made under. Without it the report counts if nobody else has the lead."""


class CaptchaResolved(Response):
    """How the lead stands now."""

    lead_id: str
    status: str
    email_id: str
    attempts: int
    epoch: int = 0
    """Names the report, to take it back."""


class UndoCaptcha(Request):
    """Takes back a report."""

    lead_id: ContactId
    epoch: Epoch | None = None
    """Of the report; without it the last one."""


class CaptchaUndone(Response):
    """How the lead stands now."""

    lead_id: str
    status: str
    attempts: int
    changed: bool
    """Whether this call did it; if not, it was so before."""
    message: str
