"""Source definitions: a new site is a file, not code.

A definition says where the listings are, how posts and their fields are found, how the contact is gated, how fast the
site may be read, and what its policy allows. A source whose policy nobody acknowledged harvests nothing. The format is
described in docs/sources.md.
"""

from __future__ import annotations

from leadgen.harvest.sources.advice import advise
from leadgen.harvest.sources.choosing import require_acknowledged, source_for_city
from leadgen.harvest.sources.loading import load_sources, read_definition, read_source
from leadgen.harvest.sources.source import City, Source
from leadgen.harvest.sources.tables import FeedRules, FieldTable, ListingRules, Policy, PostRules, SitemapRules
from leadgen.harvest.sources.turning import NextLink, NoPaging, Offset, PageNumber, Paging

__all__ = [
    "City",
    "FeedRules",
    "FieldTable",
    "ListingRules",
    "NextLink",
    "NoPaging",
    "Offset",
    "PageNumber",
    "Paging",
    "Policy",
    "PostRules",
    "SitemapRules",
    "Source",
    "advise",
    "load_sources",
    "read_definition",
    "read_source",
    "require_acknowledged",
    "source_for_city",
]
