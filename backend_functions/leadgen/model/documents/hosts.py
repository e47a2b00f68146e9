"""What all workers share about the hosts they read."""

from __future__ import annotations

from datetime import datetime

from leadgen.model.documents.base import Document


class Host(Document):
    """`hosts/{hash of host and port}`: what all workers share about one host. Who may ask when is `harvest.hosts`'s."""

    host: str
    """Host and port, such as ``example.com:443``."""
    next_free_at: datetime
    """Nobody has a turn on the host from here on; by Firestore's clock."""
    interval_s: float = 0.0
    """The pause that the last turn was taken for."""
    owner: str = ""
    """Who has the last turn."""
    hold_until: datetime | None = None
    """Nobody asks the host anything before, because it said so or because it fails."""
    pause_s: float = 0.0
    """The pause that its answers ask for; see `harvest.hosts.health`, as for the next four."""
    latency_s: float = 0.0
    usual_s: float = 0.0
    error_rate: float = 0.0
    troubles: int = 0
    expires_at: datetime
    """Forgotten after this, if nobody asks it any more."""


class HostAnswer(Document):
    """`hosts/{host}/robots/{hash of the URL}`: what the host answered when it was asked for its robots.txt."""

    url: str
    status: int
    body: bytes = b""
    location: str = ""
    retry_at: datetime | None = None
    asked_at: datetime
    expires_at: datetime


class ListingPage(Document):
    """`hosts/{host}/pages/{hash of the URL}`: a listing page every post of which is claimed, and how to ask whether it
    still says the same (RFC 9110 §13.1)."""

    url: str
    etag: str = ""
    last_modified: str = ""
    final_url: str = ""
    """The address that named these two, where the page redirects."""
    next_url: str = ""
    marks: str = ""
    """Its posts, each by the first digits of its id; see `harvest.claiming`."""
    definition: str = ""
    """Hash of the rules it was read by: under other rules it may say something else."""
    request_id: str = ""
    """The campaign that claimed the last of its posts."""
    read_at: datetime
    expires_at: datetime
