"""Marks for enrichment: labelled posts, and how much of an enrichment of them is right, field by field."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leadgen.llm.schema import Enrichment
from leadgen.model.documents import LeadData

DATA = Path(__file__).parent / "data" / "enrichment"
COLLECTIONS = ("seen", "held_out")
FIELDS = ("businessName", "contactName", "category", "language", "services", "servicesMadeUp", "opener")
"""What is marked. `services` is the share of the services in the posts that were found, `servicesMadeUp` the share of
those found that are none; of the others it is the share of posts in which the field is right."""


@dataclass(frozen=True)
class Labelled:
    """A post and what is true of it.

    Args:
        lead: the post, as the Processor leaves it.
        names: business name and contact name, each with all ways of writing it that are right; empty if the post
            gives none.
        category: those that are right.
        services: words by which to know each service the post offers.
        language: of the post.
        trap: what is there to be fallen for, or "".
    """

    lead: LeadData
    names: dict[str, list[str]]
    category: list[str]
    services: list[str]
    language: str
    trap: str


@dataclass
class Tally:
    """Right ones of so many."""

    right: int = 0
    total: int = 0

    def add(self, right: int, total: int = 1) -> None:
        """Count more."""
        self.right += right
        self.total += total

    @property
    def share(self) -> float:
        """The share of right ones."""
        return self.right / self.total if self.total else 0.0


def labelled(*collections: str) -> list[Labelled]:
    """The labelled posts of some collections, or of all."""
    lines = (line for name in collections or COLLECTIONS for line in (DATA / f"{name}.jsonl").open(encoding="utf-8"))
    return [_read(json.loads(line)) for line in lines]


def mark(
    posts: Iterable[Labelled],
    enrich: Callable[[LeadData], Enrichment],
    wrong: Callable[[str, Labelled, Any], None] = lambda field, post, got: None,
) -> dict[str, Tally]:
    """Enrich each post and count what is right.

    Args:
        posts: with what is true of them.
        enrich: describes one.
        wrong: is told the field, the post and what was said instead.
    """
    tallies = {field: Tally() for field in FIELDS}
    for post in posts:
        found = enrich(post.lead)
        for field, right, got in _plain_marks(post, found):
            tallies[field].add(right)
            if not right:
                wrong(field, post, got)
        said = [_folded(item) for item in found.services_rendered]
        missed = [one for one in post.services if not any(_folded(one) in item for item in said)]
        made_up = [item for item in said if not any(_folded(one) in item for one in post.services)]
        tallies["services"].add(len(post.services) - len(missed), len(post.services))
        tallies["servicesMadeUp"].add(len(made_up), max(1, len(said)))
        if missed or made_up:
            wrong("services", post, {"missed": missed, "madeUp": made_up})
    return tallies


def opener_is_right(post: Labelled, opener: str) -> bool:
    """Whether an opener is there, says nothing the post does not say, and names something it offers."""
    known = _words(f"{post.lead.title} {post.lead.body} {post.lead.city} {' '.join(post.category)}")
    text = _folded(f"{post.lead.title} {post.lead.body}")
    strange = {
        word for word in _words(opener) - _FRAME if word not in text and not any(word[:4] == one[:4] for one in known)
    }
    offered = [_folded(one) for one in post.services] + [_folded(one) for one in post.category]
    return bool(opener) and not strange and any(one in _folded(opener) for one in offered)


def _plain_marks(post: Labelled, found: Enrichment) -> Iterator[tuple[str, bool, Any]]:
    for field, got in (("businessName", found.business_name), ("contactName", found.contact_name)):
        yield field, _folded(got) in {_folded(one) for one in post.names[field] or [""]}, got
    yield "category", found.category in post.category, found.category
    yield "language", found.language == post.language, found.language
    yield "opener", opener_is_right(post, found.opener), found.opener


def _read(row: dict[str, Any]) -> Labelled:
    expect = row["expect"]
    return Labelled(
        LeadData(title=row["title"], body=row["body"], city=row["city"]),
        {field: expect[field] for field in ("businessName", "contactName")},
        expect["category"],
        expect["services"],
        expect["language"],
        row["trap"],
    )


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).casefold().replace("’", "'")).strip(" .")


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[^\W_]+", _folded(text)) if len(word) > 2 or word.isdigit()}


_FRAME = frozenset(
    """came across your for saw anuncio sobre ofrece servicio servicios annonce pour votre avec ihre anzeige für gesehen
    anúncio seu ich habe annunci ho visto tôi thấy quảng cáo của anh chị về увидел ваше объявление j'ai vu
    我看到了您的广告""".split()  # noqa: SIM905
)
"""Words of an opener that say nothing about the advertiser."""
