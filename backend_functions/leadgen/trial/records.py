"""What was found, as the plain values that are printed: one object per post or page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from leadgen.model.ids import canonical_email
from leadgen.process.document import Page
from leadgen.process.page import ExtractedPage, json_ld_of
from leadgen.process.phones import FoundPhone

if TYPE_CHECKING:
    from leadgen.pipeline.reading import ReadPost, UnreadPost

Record = dict[str, Any]


def post_record(post: ReadPost, html: str, duplicate_of: str | None) -> Record:
    """A post that was read.

    Args:
        post: what it shows.
        html: its page.
        duplicate_of: an earlier post of the run by the same author, if there is one.
    """
    shown = post.post
    return {
        "url": post.url,
        "title": shown.title,
        "body": shown.body,
        "phones": _phones(shown.phones),
        "emails": [canonical_email(email.address) for email in shown.emails],
        "images": list(shown.image_urls),
        "imageHash": post.image_hash or None,
        "gate": shown.gate,
        "contactUrl": shown.contact_url or None,
        "jsonLd": list(json_ld_of(Page(html))) if "ld+json" in html.lower() else [],
        "duplicateOf": duplicate_of,
        "error": None,
    }


def unread_record(post: UnreadPost) -> Record:
    """A post that could not be read."""
    return {
        "url": post.url,
        "title": "",
        "body": "",
        "phones": [],
        "emails": [],
        "images": [],
        "imageHash": None,
        "gate": "none",
        "contactUrl": None,
        "jsonLd": [],
        "duplicateOf": None,
        "error": post.reason,
    }


def page_record(path: str, page: ExtractedPage) -> Record:
    """A page that was read."""
    return {
        "path": path,
        "title": page.title,
        "phones": _phones(page.phones),
        "emails": [{"address": one.address, "kind": one.kind, "text": one.text} for one in page.emails],
        "jsonLd": list(page.json_ld),
        "websites": list(page.websites),
        "images": list(page.images),
    }


def unread_page_record(path: str, reason: str) -> Record:
    """A page that could not be read: the same keys, and what happened."""
    empty = ExtractedPage("", (), (), (), (), ())
    return page_record(path, empty) | {"error": reason}


def _phones(phones: Iterable[FoundPhone]) -> list[dict[str, Any]]:
    return [{"e164": one.e164, "text": one.text, "confidence": one.confidence} for one in phones]
