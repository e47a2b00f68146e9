"""The listing page at a campaign's cursor: what it says now, and what is known about its posts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from leadgen.harvest.claiming import PageClaims, Selection, marks_in
from leadgen.harvest.known_pages import page_ref, recall, remembered, validators_of
from leadgen.harvest.listing import Listing
from leadgen.harvest.plan import Claim
from leadgen.harvest.reading import ListingReader
from leadgen.harvest.sources import Source
from leadgen.model.documents import ListingPage, Post, ProcessorRequest
from leadgen.model.ids import post_id
from leadgen.store.client import Collections
from leadgen.store.records import Commit, read_all

if TYPE_CHECKING:
    from google.cloud.firestore import Client


@dataclass
class OpenPage:
    """The listing page at the cursor.

    Args:
        url: its cursor.
        listing: its links; those of the version known if the site says that it is unchanged.
        claims: what is known about its posts.
        known: what it said when a campaign had claimed all of it; `None` if that never happened.
        met_again: posts of an unchanged page, all of them claimed, that are to be counted as known.
    """

    url: str
    listing: Listing
    claims: PageClaims
    known: ListingPage | None
    met_again: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether it shows no post at all."""
        return not self.listing.post_urls and not (self.known and self.listing.not_modified)

    def select(self, db: Client, wanted: Claim) -> Selection:
        """Choose posts to claim, and look up before what has to be.

        Args:
            db: Firestore.
            wanted: how many.
        """
        rooms = Collections(db)
        posts = wanted.most if self.claims.left <= wanted.most else wanted.posts
        while urls := self.claims.to_look_up(posts):
            found = read_all(db, [rooms.posts.document(post_id(url)) for url in urls], Post)
            self.claims.learn(urls, {key: record.value.request_id for key, record in found.items()})
        selection = self.claims.select(posts)
        return replace(selection, known=selection.known + self.met_again)

    def remember(self, db: Client, commit: Commit, source: Source, request_id: str, now: datetime) -> None:
        """Add to the commit that claims the last of its posts what the page says, unless that is known."""
        if self.listing.not_modified or not self.listing.post_urls:
            return
        page = remembered(
            self.url,
            source,
            request_id,
            next_url=self.listing.next_url,
            marks=self.claims.all_marks(),
            validators=self.listing.validators,
            now=now,
        )
        same = {"request_id", "read_at", "expires_at"}
        if self.known is None or self.known.model_dump(exclude=same) != page.model_dump(exclude=same):
            commit.put(page_ref(db, self.url), page)


def open_page(db: Client, reader: ListingReader, request_id: str, request: ProcessorRequest, place: Place) -> OpenPage:
    """Read the page at the cursor, or learn that it still says what it said when all of it was claimed.

    Args:
        db: Firestore.
        reader: reads listing pages.
        request_id: the campaign.
        request: the campaign as it was read.
        place: the page.

    Raises:
        FetchError: it can't be had.
    """
    # A page that the campaign has begun is read whole: what remains of it is known from nowhere else.
    known = recall(db, place.url, place.source, place.now) if not request.page_done else None
    listing = reader.read(place.url, place.source, validators_of(known))
    is_own = known is not None and known.request_id == request_id
    if known is not None and listing.not_modified:
        met_again = 0 if is_own else len(marks_in(known.marks))
        listing = replace(listing, next_url=known.next_url)
        return OpenPage(place.url, listing, PageClaims((), request_id), known, met_again)
    claims = PageClaims(
        listing.post_urls,
        request_id,
        done=request.page_done,
        remembered=marks_in(known.marks) if known is not None else frozenset(),
        counts_remembered=not is_own,
        looks_first=request.looks_first or known is not None,
    )
    return OpenPage(place.url, listing, claims, known)


@dataclass(frozen=True)
class Place:
    """A page of a listing.

    Args:
        url: its cursor.
        source: the site.
        now: the present moment.
    """

    url: str
    source: Source
    now: datetime
