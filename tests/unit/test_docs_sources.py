"""The reference of source definitions: its examples are valid, and it names every key there is."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
from pydantic import BaseModel

from leadgen.harvest.sources import Source, advise, read_definition
from leadgen.harvest.sources.tables import (
    CityTable,
    FeedRules,
    FieldTable,
    ListingRules,
    Policy,
    PostRules,
    SitemapRules,
    SourceTable,
)
from leadgen.harvest.sources.turning import Offset, PageNumber

TEXT = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
EXAMPLES = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)]
TABLES: list[type[BaseModel]] = [
    SourceTable, Policy, CityTable, ListingRules, FeedRules, SitemapRules, PageNumber, Offset, PostRules, FieldTable,
]  # fmt: skip


def _sources() -> list[Source]:
    return [read_definition("docs/sources.md", example) for example in EXAMPLES]


def test_every_example_is_a_definition() -> None:
    sources = _sources()
    assert {source.listing.kind for source in sources} == {"html", "rss", "sitemap"}
    assert len({source.id for source in sources}) == len(sources)


def test_no_example_is_one_that_advice_is_needed_for() -> None:
    for source in _sources():
        odd = {one.field.partition(": ")[2] for one in advise(source, date(2026, 3, 1))}
        assert odd <= {"policy"}, source.id


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_key_is_described(table: type[BaseModel]) -> None:
    missing = [name for name in table.model_fields if f"`{name}`" not in TEXT and f"`[post.{name}]`" not in TEXT]
    assert missing == []
