"""Who is the same as whom: merges, and the log of marks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from leadgen.model.documents.base import Document
from leadgen.model.status import ContactStatus, EmailStatus


class CancelledMail(Document):
    """How a mail stood that a merge cancelled."""

    status: EmailStatus
    reason: str = ""


class ContactMerge(Document):
    """`contactMerges/{mergeId}`: two contacts that became one, with all that is needed to undo it."""

    survivor_id: str
    merged_id: str
    at: datetime
    by: str
    """The operator, or "" when a post's evidence was enough."""
    reason: str
    source_url: str = ""
    before: dict[str, Any] = {}
    """The survivor's fields that were changed, as they were. A field that was absent is absent."""
    after: dict[str, Any] = {}
    """The same as the merge left them."""
    merged_status: ContactStatus
    """The other's status before."""
    cancelled: dict[str, CancelledMail] = {}
    """Mails of the other that were taken back, by id."""
    counts: dict[str, dict[str, int]] = {}
    """What it added to campaigns' counts."""
    undone_at: datetime | None = None
    undone_by: str = ""


class IndexSegment(Document):
    """`identityIndex/{number}`: a piece of the log of who has which phone, email, picture and post."""

    generation: str
    """Tells this log from one that was deleted and begun anew."""
    blobs: list[bytes] = []
    """Entries, packed, one element per commit; see `process.entries`."""
    size: int = 0
    """Bytes in all blobs."""
    sealed: bool = False
    """Full: the log goes on in the next segment."""
    suppressed_until: datetime | None = None
    """Suppressions recorded before are in the log."""
