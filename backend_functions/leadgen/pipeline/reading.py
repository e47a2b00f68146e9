"""Reads the posts of a batch: pages, their pictures, and what they say."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.harvest.sources import Source
from leadgen.model.documents import LeadData
from leadgen.model.ids import canonical_email
from leadgen.pipeline.context import Context, PageReader
from leadgen.pipeline.rules import post_selectors
from leadgen.pipeline.suppression import suppression_keys
from leadgen.process.identity import Marks, recognise
from leadgen.process.images import image_hash
from leadgen.process.post import ExtractedPost, extract_post
from leadgen.process.provenance import CERTAIN_ENOUGH, MAX_ALTERNATIVES, Statement, said_by_post

MAX_PICTURES = 2
"""Pictures of a post that are asked for, the second only if the first identifies nobody."""
_DRAWINGS = (".svg", ".ico")

log = logging.getLogger("leadgen.pipeline")


@dataclass(frozen=True)
class ReadPost:
    """A post that was read.

    Args:
        url: its address.
        post: what it shows.
        image_hash: of the picture that identifies its author, or "".
    """

    url: str
    post: ExtractedPost
    image_hash: str

    def marks(self) -> Marks:
        """What identifies its author."""
        # A fax machine is often shared, and nobody answers it.
        voices = (phone for phone in self.post.phones if phone.kind != "fax")
        phones = tuple(dict.fromkeys(p.e164 for p in voices if p.confidence >= CERTAIN_ENOUGH))
        emails = tuple(dict.fromkeys(canonical_email(e.address) for e in self.post.emails))
        return Marks(phones, emails, self.image_hash, self.url)

    def refusable(self) -> list[tuple[str, str]]:
        """(kind, value) of everything by which its author may have asked not to be written to, a fax among it."""
        phones = (phone.e164 for phone in self.post.phones if phone.confidence >= CERTAIN_ENOUGH)
        return suppression_keys(self.marks().emails, dict.fromkeys(phones))

    def says(self, at: datetime, request_id: str) -> tuple[Statement, ...]:
        """What it says about its author, with where it says so."""
        return tuple(said_by_post(self.post, self.url, self.image_hash, at, request_id))

    def lead(self, city: str) -> LeadData:
        """What is known about its author so far."""
        marks, post = self.marks(), self.post
        faxes = (phone.e164 for phone in post.phones if phone.kind == "fax" and phone.confidence >= CERTAIN_ENOUGH)
        return LeadData(
            business_name=post.business_name,
            phone=next(iter(marks.phones), ""),
            email=next(iter(marks.emails), ""),
            website_url=next(iter(post.website_urls), ""),
            city=city,
            title=post.title,
            body=post.body,
            language=post.language,
            image_hash=self.image_hash,
            contact_url=post.contact_url,
            phones=list(marks.phones),
            emails=list(marks.emails),
            faxes=list(dict.fromkeys(faxes))[:MAX_ALTERNATIVES],
            fields=post.further(),
        )


@dataclass(frozen=True)
class UnreadPost:
    """A post that could not be read.

    Args:
        url: the post.
        retryable: whether it may be there later.
        reason: what happened.
        was_asked: whether the site was asked for it at all; not, when the pace of the host left no room.
    """

    url: str
    retryable: bool
    reason: str
    was_asked: bool = True


def read_posts(context: Context, source: Source, urls: list[str], city: str = "") -> list[ReadPost | UnreadPost]:
    """Read posts side by side, in the order given. Pictures are asked for only where they may tell who somebody is.

    Args:
        context: the parts.
        source: the site.
        urls: the posts.
        city: key of the city they were found in, which may have a region for phones of its own.
    """
    demo, index = bool(context.env.local_hosts), context.identities.present

    def is_stranger(post: ReadPost) -> bool:
        marks = post.marks()
        return not (marks.strong() and recognise(marks, index))

    async def run() -> list[ReadPost | UnreadPost]:
        async with context.open_reader(source) as reader:
            reads = (read_post(reader, source, url, demo=demo, city=city, wants_picture=is_stranger) for url in urls)
            return await asyncio.gather(*reads)

    return asyncio.run(run())


async def read_post(
    reader: PageReader,
    source: Source,
    url: str,
    *,
    demo: bool = False,
    city: str = "",
    wants_picture: Callable[[ReadPost], bool] = lambda post: True,
) -> ReadPost | UnreadPost:
    """Read one post, with its picture; never raises for what the site does.

    Pages and pictures are worked through in threads, so that a heavy one does not keep the others from being fetched.

    Args:
        reader: reads pages politely.
        source: the site.
        url: the post.
        demo: addresses under the reserved ``.example`` are somebody's, as on the demo site.
        city: key of the city it was found in, for its region of phones.
        wants_picture: whether the picture of a post is worth asking for, by what its text says.
    """
    try:
        page = await (reader.get(url, charset=source.charset) if source.charset else reader.get(url))
        post = await asyncio.to_thread(_extract, source, page.text, page.final_url, demo=demo, city=city)
    except FetchError as error:
        return UnreadPost(url, error.retryable, error.reason, was_asked=error.kind is not FetchKind.PACED)
    except Exception as error:
        # One page that breaks a parser must not cost the other posts of the batch.
        log.error("post %s can't be read: %s", url, type(error).__name__)
        return UnreadPost(url, retryable=False, reason=f"the page can't be read ({type(error).__name__})")
    without = ReadPost(url, post, "")
    return replace(without, image_hash=await _picture(reader, post)) if wants_picture(without) else without


def _extract(source: Source, html: str, url: str, *, demo: bool, city: str) -> ExtractedPost:
    return extract_post(
        html,
        url,
        post_selectors(source.post),
        region=source.region_of(city),
        relay_domains=source.policy.relay_domains,
        allow_reserved_domains=demo,
    )


async def _picture(reader: PageReader, post: ExtractedPost) -> str:
    """Hash of the first picture that identifies anybody; one that can't be had is no reason to lose a lead."""
    worth = [url for url in post.image_urls if not urlsplit(url).path.lower().endswith(_DRAWINGS)]
    for url in worth[:MAX_PICTURES]:
        with contextlib.suppress(FetchError):
            found = await asyncio.to_thread(image_hash, await reader.get_bytes(url))
            if found:
                return found
    return ""
