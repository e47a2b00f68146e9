"""What is allowed in a definition and yet probably not meant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from ipaddress import ip_address
from urllib.parse import urlsplit

from leadgen.harvest.sources.source import Source
from leadgen.harvest.sources.tables import FeedRules, ListingRules, SitemapRules
from leadgen.harvest.sources.turning import NoPaging
from leadgen.model.errors import FieldProblem
from leadgen.model.patterns import bounded_pattern

_SHORT_REACH = 1_000
_OLD_DAYS = 365
_MANY_AT_A_TIME = 4


def advise(source: Source, today: date) -> tuple[FieldProblem, ...]:
    """Warnings for the author of a valid definition; `allowed` says what to do or to check.

    Args:
        source: the source.
        today: the present date, to tell whether the terms were read long ago.
    """
    found = [*_policy(source, today), *_pace(source), *_listing(source), *_post(source), *_cities(source)]
    return tuple(FieldProblem(f"{source.file or source.id}: {key}", value, advice) for key, value, advice in found)


_Advice = Iterator[tuple[str, str, str]]


def _policy(source: Source, today: date) -> _Advice:
    acknowledged = source.policy.acknowledged_on
    if not source.is_acknowledged:
        yield "policy", "not acknowledged", "nothing is harvested until acknowledged_by and acknowledged_on are set"
    elif acknowledged is not None and acknowledged > today:
        yield "policy.acknowledged_on", str(acknowledged), "this date is in the future; check it"
    elif acknowledged is not None and (today - acknowledged).days > _OLD_DAYS:
        yield "policy.acknowledged_on", str(acknowledged), "terms change: read them again and renew the date"


def _pace(source: Source) -> _Advice:
    if _is_local(source.base_url):
        return
    if source.delay_seconds < 0.5:
        yield "source.delay_seconds", f"{source.delay_seconds:g}", "very fast for a site of others; 1 or more is usual"
    if source.concurrency > _MANY_AT_A_TIME:
        yield "source.concurrency", str(source.concurrency), "many at a time for a site of others; 1 or 2 are usual"
    if source.base_url.startswith("http://"):
        yield "source.base_url", source.base_url, "pages can be changed on their way; most sites serve https://"


def _listing(source: Source) -> _Advice:
    rules = source.listing
    if isinstance(rules, ListingRules) and isinstance(rules.turning, NoPaging) and rules.paging is None:
        yield "listing", "no paging", "only the first page is read; say next_link or [listing.paging]"
    if isinstance(rules, SitemapRules) and not rules.post_pattern:
        yield "listing.post_pattern", "(missing)", "without it, every page in the sitemap counts as a post"
    if not rules.post_pattern:
        return
    pattern = bounded_pattern(rules.post_pattern)
    yield from _short_reach("listing.post_pattern", rules.post_pattern)
    if not isinstance(rules, FeedRules | SitemapRules):
        for city in source.cities:
            if pattern.search(city.listing_url):
                yield "listing.post_pattern", rules.post_pattern, f"it fits the listing {city.listing_url} too"
                return


def _post(source: Source) -> _Advice:
    rules = source.post
    if rules.body.strip().lower() in ("body", "html", "*"):
        yield "post.body", rules.body, "menus and other posts' contacts are read too; select the advertiser's text"
    if not rules.title and "title" not in rules.fields:
        yield "post.title", "(missing)", "the page's <title> is taken, which often holds the site's name too"
    if rules.contact_gate != "none" and not rules.contact_link:
        yield "post.contact_link", "(missing)", f'without it, contact_gate = "{rules.contact_gate}" has no effect'
    for name, entries in rules.fields.items():
        for entry in entries:
            if entry.regex:
                yield from _short_reach(f"post.fields.{name}.regex", entry.regex)


def _cities(source: Source) -> _Advice:
    seen: dict[str, str] = {}
    for city in source.cities:
        other = seen.setdefault(city.listing_url, city.key)
        if other != city.key:
            yield f"cities.{city.key}.listing_url", city.listing_url, f"it is the listing of {other} too"


def _short_reach(key: str, pattern: str) -> _Advice:
    reach = bounded_pattern(pattern).reach
    if reach < _SHORT_REACH:
        allowed = f"only the first {reach} characters are read, as it could take long; write [^/]+ in place of .+"
        yield key, pattern, allowed


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
