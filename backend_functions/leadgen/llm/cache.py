"""Answers kept by what was asked: a repost costs no grant and no call.

The name of an answer is a hash of what the prompt says of the post, whoever answers it: of its words and numbers, so
that a repost in capitals, with other blanks, marks or pictures, is the same. Of a website that is its
address, score and findings; not its text, of which something is different on every visit. Only the answer is kept,
nothing of the post, and it is held against the facts of each lead anew.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import ValidationError

from leadgen.llm.prompt import BODY_LENGTH, PROMPT_VERSION, TITLE_LENGTH
from leadgen.llm.schema import Enrichment
from leadgen.llm.website import WebsiteFacts
from leadgen.model.documents import Document, LeadData
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.clock import Clock
from leadgen.store.records import Commit, Raced

if TYPE_CHECKING:
    from google.cloud.firestore import Client

KEPT = timedelta(days=30)

_log = logging.getLogger(__name__)


class KeptAnswer(Document):
    """`llmCache/{key}`. Firestore deletes it some time after `expires_at`."""

    answer: Enrichment
    answered_by: str
    """Model and prompt."""
    expires_at: datetime


@dataclass(frozen=True)
class Kept:
    """An answer and who gave it."""

    answer: Enrichment
    by: str


def content_key(lead: LeadData, website: WebsiteFacts | None) -> str:
    """The name of an answer: the same for the same content and prompt, in 64 hexadecimal digits."""
    content = {
        "prompt": PROMPT_VERSION,
        "title": _words(lead.title[:TITLE_LENGTH]),
        "body": _words(lead.body[:BODY_LENGTH]),
        "city": lead.city,
        "website": None if website is None else [website.url, website.score, list(website.reasons)],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _words(text: str) -> list[str]:
    """The words and numbers of a text, case and ornament aside."""
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold())


class Answers:
    """The kept answers. Whatever fails, the worst is a call that was not necessary.

    Args:
        db: the Firestore client.
        clock: the present moment.
    """

    def __init__(self, db: Client, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def find(self, keys: Collection[str]) -> dict[str, Kept]:
        """Those that are kept, in one round trip."""
        if not keys:
            return {}
        names = Collections(self._db).llm_cache
        found: dict[str, Kept] = {}
        try:
            for snapshot in self._db.get_all([names.document(key) for key in sorted(set(keys))], timeout=RPC_TIMEOUT_S):
                kept = _read(snapshot.to_dict() if snapshot.exists else None, self._clock.now())
                if kept is not None:
                    found[snapshot.id] = kept
        except _store_errors() as error:
            _log.warning("the kept answers can't be read: %s", type(error).__name__)
        return found

    def keep(self, answers: Mapping[str, Kept]) -> None:
        """Keep these, in one commit."""
        if not answers:
            return
        names = Collections(self._db).llm_cache
        expires = self._clock.now() + KEPT
        commit = Commit(self._db)
        for key, one in answers.items():
            commit.put(names.document(key), KeptAnswer(answer=one.answer, answered_by=one.by, expires_at=expires))
        try:
            commit.run()
        except _store_errors() as error:
            _log.warning("answers can't be kept: %s", type(error).__name__)


def _read(data: dict[str, object] | None, now: datetime) -> Kept | None:
    try:
        document = KeptAnswer.from_firestore(data) if data else None
    except ValidationError:
        return None
    if document is None or document.expires_at <= now:
        return None
    return Kept(document.answer, document.answered_by)


def _store_errors() -> tuple[type[Exception], ...]:
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError

    return (Raced, GoogleAPIError, GoogleAuthError, OSError)
