"""The address of the next listing page, where pages are counted.

Pages are counted on until one shows no post, or the same posts as the page before it: sites answer a number beyond the
end with an empty page, with their last page again, or with their first. `max_pages` of the source bounds the rest.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote_plus, unquote_plus, urljoin, urlsplit, urlunsplit

from leadgen.harvest.cursor import Cursor, fingerprint
from leadgen.harvest.sources import Offset, PageNumber, Source

_LAST_NUMBER = 10_000_000


def counted_on(cursor: Cursor, paging: PageNumber | Offset, source: Source, posts: tuple[str, ...]) -> str:
    """The next page; empty where this one was the last.

    Args:
        cursor: the page that was read.
        paging: how pages are counted.
        source: the site, for the city the listing is of.
        posts: what the page shows.
    """
    seen = fingerprint(posts)
    number = _number(cursor, paging) + paging.step
    if not posts or seen == cursor.seen or number > _LAST_NUMBER:
        return ""
    if paging.parameter:
        address = with_parameter(cursor.address, paging.parameter, number)
        return str(Cursor(address, number=number, seen=seen))
    city = cursor.city or _city_of(cursor.address, source)
    listing = found.listing_url if (found := source.city(city)) is not None else cursor.address
    path = paging.url.replace("{page}", str(number)).replace("{offset}", str(number)).replace("{city}", city)
    return str(Cursor(urljoin(listing, path), number=number, seen=seen, city=city))


def with_parameter(address: str, name: str, value: int) -> str:
    """The address with a query parameter set; the others stay as they are written."""
    parts = urlsplit(address)
    pieces = [piece for piece in parts.query.split("&") if piece]
    kept = [piece for piece in pieces if unquote_plus(piece.partition("=")[0]) != name]
    query = "&".join([*kept, f"{quote_plus(name, safe='[]')}={value}"])
    return urlunsplit(parts._replace(query=query, fragment=""))


def _number(cursor: Cursor, paging: PageNumber | Offset) -> int:
    if cursor.number is not None:
        return cursor.number
    if paging.parameter:
        for piece in urlsplit(cursor.address).query.split("&"):
            name, _, value = piece.partition("=")
            if unquote_plus(name) == paging.parameter and value.isascii() and value.isdigit() and len(value) < 9:
                return int(value)
    return paging.first


def _city_of(address: str, source: Source) -> str:
    return next((city.key for city in source.cities if city.listing_url == address), "")


def start_of(cursor: Cursor, start: int) -> str:
    """The same page from another post on."""
    return str(replace(cursor, start=start))
