"""Requests and responses of the endpoints about single mails."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictStr

from leadgen.api.schemas import Request, Response

EmailId = Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{32}$")]


class ChangeEmail(Request):
    """Holds, releases, cancels or retries a mail, or says that a parked one did leave."""

    email_id: EmailId
    action: Literal["hold", "release", "cancel", "retry", "sent"]
    may_be_delivered_twice: StrictBool = False
    """Consent, needed to retry a mail of which nobody knows whether it left."""


class EmailChanged(Response):
    """How the mail stands now."""

    email_id: str
    status: str
    changed: bool
    """`false` if it stood so before."""
    message: str


class ExplainEmail(Request):
    """Asks why a mail has not left."""

    email_id: EmailId


class EmailExplained(Response):
    """Why a mail has not left, and when it will."""

    email_id: str
    status: str
    reason: str
    not_before: datetime | None = None
    """The earliest moment it may leave (UTC)."""
    expected_at: datetime | None = None
    """When it will leave, as far as can be told now (UTC)."""
    ahead: int | None = None
    """Mails before it in the line."""
    account: str = ""
    """The mailbox it left from, or is bound to."""
