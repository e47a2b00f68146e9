"""Listing pages that were harvested to the end: what they said then, so that a campaign that comes again asks for news
only (RFC 9110 §13.1) and looks up no post a second time.

A page is remembered in the commit that claims the last of its posts, so what is remembered is claimed. If the site then
answers "not modified", nothing on the page is left to claim, whoever claimed it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from leadgen.harvest.page import Validators
from leadgen.harvest.sources import Source
from leadgen.model.documents import ListingPage
from leadgen.model.ids import digest, host_id
from leadgen.store.client import Collections
from leadgen.store.records import read

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

KEPT = timedelta(days=30)
_SETTLED = timedelta(seconds=60)
"""A Last-Modified has a resolution of a second: until it is this old, the page may have changed again under the same
date (RFC 9110 §8.8.2.2)."""
_PORTS = {"http": 80, "https": 443}


def page_ref(db: Client, url: str) -> DocumentReference:
    """Where a listing page is remembered."""
    parts = urlsplit(url)
    host = host_id(f"{parts.hostname}:{parts.port or _PORTS.get(parts.scheme, 0)}")
    return Collections(db).hosts.document(host).collection("pages").document(digest("page", url))


def recall(db: Client, url: str, source: Source, now: datetime) -> ListingPage | None:
    """What a listing page said when it was harvested to the end; `None` if that is not known, too long ago, or was read
    by other rules. One document read."""
    record = read(page_ref(db, url), ListingPage)
    if record is None:
        return None
    page = record.value
    return page if page.url == url and page.expires_at > now and page.definition == rules_of(source) else None


def remembered(
    url: str, source: Source, request_id: str, *, next_url: str, marks: str, validators: Validators, now: datetime
) -> ListingPage:
    """The document of a page of which every post is claimed.

    Args:
        url: its cursor.
        source: the site.
        request_id: the campaign that claimed the last of it.
        next_url: the cursor of the page after it.
        marks: marks of all its posts, joined.
        validators: of the version that was read.
        now: the present moment.
    """
    usable = _settled(validators, now)
    return ListingPage(
        url=url,
        etag=usable.etag,
        last_modified=usable.last_modified,
        final_url=usable.url,
        next_url=next_url,
        marks=marks,
        definition=rules_of(source),
        request_id=request_id,
        read_at=now,
        expires_at=now + KEPT,
    )


def validators_of(page: ListingPage | None) -> Validators | None:
    """What to ask the site with whether the page is still the same; `None` if it named nothing."""
    if page is None or not (page.etag or page.last_modified):
        return None
    return Validators(page.etag, page.last_modified, page.final_url)


def rules_of(source: Source) -> str:
    """A hash of the rules a source's listings are read by."""
    return digest("listing", repr(source.listing), source.charset, repr(sorted(source.hosts)))


def _settled(validators: Validators, now: datetime) -> Validators:
    if not validators.last_modified:
        return validators
    try:
        moment = parsedate_to_datetime(validators.last_modified)
        is_settled = moment.tzinfo is not None and moment + _SETTLED <= now
    except (ValueError, OverflowError):
        is_settled = False
    return validators if is_settled else replace(validators, last_modified="")
