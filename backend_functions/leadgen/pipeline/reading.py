"""Reads the posts of a batch: pages, their pictures, and what they say."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass

from leadgen.harvest.failures import FetchError
from leadgen.harvest.sources import Source
from leadgen.model.documents import LeadData
from leadgen.model.ids import canonical_email
from leadgen.pipeline.context import Context, PageReader
from leadgen.process.identity import Marks
from leadgen.process.images import image_probes
from leadgen.process.post import ExtractedPost, PostSelectors, extract_post

CERTAIN_ENOUGH = 0.5
"""Phones below this confidence are shown, but identify nobody."""

log = logging.getLogger("leadgen.pipeline")


@dataclass(frozen=True)
class ReadPost:
    """A post that was read.

    Args:
        url: its address.
        post: what it shows.
        image_probes: hashes of its picture: its own first, then those a copy may have; empty without one.
    """

    url: str
    post: ExtractedPost
    image_probes: tuple[str, ...]

    @property
    def image_hash(self) -> str:
        """The picture's own hash, or ""."""
        return next(iter(self.image_probes), "")

    def marks(self) -> Marks:
        """What identifies its author."""
        phones = tuple(dict.fromkeys(p.e164 for p in self.post.phones if p.confidence >= CERTAIN_ENOUGH))
        emails = tuple(dict.fromkeys(canonical_email(e.address) for e in self.post.emails))
        return Marks(phones, emails, self.image_hash, self.url, self.image_probes)

    def lead(self, city: str) -> LeadData:
        """What is known about its author so far."""
        marks, post = self.marks(), self.post
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
        )


@dataclass(frozen=True)
class UnreadPost:
    """A post that could not be read.

    Args:
        url: the post.
        retryable: whether it may be there later.
        reason: what happened.
    """

    url: str
    retryable: bool
    reason: str


def read_posts(context: Context, source: Source, urls: list[str]) -> list[ReadPost | UnreadPost]:
    """Read posts side by side, in the order given."""

    async def run() -> list[ReadPost | UnreadPost]:
        async with context.open_reader(source) as reader:
            return await asyncio.gather(*(_read(context, source, reader, url) for url in urls))

    return asyncio.run(run())


async def _read(context: Context, source: Source, reader: PageReader, url: str) -> ReadPost | UnreadPost:
    try:
        page = await reader.get(url)
        post = _extract(context, source, page.text, page.final_url)
    except FetchError as error:
        return UnreadPost(url, error.retryable, error.reason)
    except Exception as error:
        # One page that breaks a parser must not cost the other posts of the batch.
        log.error("post %s can't be read: %s", url, type(error).__name__)
        return UnreadPost(url, retryable=False, reason=f"the page can't be read ({type(error).__name__})")
    return ReadPost(url, post, await _picture(reader, post))


def _extract(context: Context, source: Source, html: str, url: str) -> ExtractedPost:
    rules = source.post
    selectors = PostSelectors(
        title=rules.title,
        body=rules.body,
        images=rules.images,
        contact_link=rules.contact_link,
        contact_gate=rules.contact_gate,
    )
    return extract_post(
        html,
        url,
        selectors,
        region=source.region,
        relay_domains=source.policy.relay_domains,
        allow_reserved_domains=bool(context.env.local_hosts),
    )


async def _picture(reader: PageReader, post: ExtractedPost) -> tuple[str, ...]:
    """Hashes of the first picture, if it identifies anybody; one that can't be had is no reason to lose a lead."""
    for url in post.image_urls[:1]:
        with contextlib.suppress(FetchError):
            return tuple(image_probes(await reader.get_bytes(url)))
    return ()
