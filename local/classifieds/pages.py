"""The site's pages as HTML, RSS and XML."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape

from local.classifieds.model import Advertiser, City, Piece, Post
from local.classifieds.plan import PAGE_SIZE
from local.classifieds.trades import TRADES
from local.classifieds.websites import NEWEST_YEAR, TEMPLATES, Manner

_FOLDER = Path(__file__).parent / "templates"
_RSS_LENGTH = 25


def _as_html(piece: Piece) -> Markup:
    if piece.entities:
        return Markup("".join(f"&#{ord(letter)};" for letter in piece.text))
    if piece.href:
        return Markup('<a href="{}">{}</a>').format(piece.href, piece.text)
    return escape(piece.text)


def _national(e164: str) -> str:
    digits = e164.removeprefix("+1")
    return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"


def _rfc2822(moment: datetime) -> str:
    return format_datetime(moment)


_environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True)
_environment.filters.update(as_html=_as_html, national=_national, rfc2822=_rfc2822)


def _render(template: str, **values: Any) -> str:
    return _environment.get_template(template).render(**values)


def style_sheet() -> str:
    """The site's CSS."""
    return (_FOLDER / "style.css").read_text("utf-8")


def index_page(cities: Iterable[City]) -> str:
    """The list of cities."""
    return _render("index.html", cities=list(cities))


def page_count(city: City) -> int:
    """Number of listing pages of a city, at least 1."""
    return max(1, -(-len(city.posts) // PAGE_SIZE))


def listing_page(city: City, page: int) -> str:
    """One listing page; pages count from 1."""

    def link_to(number: int) -> str:
        base = f"/{city.spec.slug}/services"
        return base if number == 1 else f"{base}?page={number}"

    posts = city.posts[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    return _render("listing.html", city=city, posts=posts, page=page, pages=page_count(city), link_to=link_to)


def _json_ld(post: Post, city: City) -> dict[str, Any] | None:
    """The contact as schema.org data, for posts that carry it."""
    if not post.json_ld or post.advertiser is None:
        return None
    business = post.advertiser.business_name
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "LocalBusiness" if business else "Person",
        "name": business or post.advertiser.contact_name,
        "areaServed": city.spec.label,
    }
    if post.phones:
        data["telephone"] = post.phones[0]
    if post.emails:
        data["email"] = post.emails[0]
    return data


def post_page(post: Post, city: City) -> str:
    """A post."""
    return _render(
        "post.html",
        post=post,
        city=city,
        label=TRADES[post.category].label,
        json_ld=_json_ld(post, city),
        charset=post.encoding,
    )


def contact_page(post: Post, city: City, token: str, problem: str = "") -> str:
    """The contact page with a challenge."""
    return _render("contact.html", post=post, city=city, token=token, problem=problem)


def revealed_page(post: Post, city: City) -> str:
    """The contact page once a person has passed."""
    return _render("revealed.html", post=post, city=city)


def website_page(advertiser: Advertiser, city: City, manner: Manner = "plain") -> str:
    """An advertiser's own page; see `websites` for the manners."""
    trade, label = TRADES[advertiser.category], city.spec.label
    return _render(TEMPLATES[manner], advertiser=advertiser, trade=trade, label=label, year=NEWEST_YEAR)


def message_page(heading: str, text: str) -> str:
    """A page that says what went wrong."""
    return _render("message.html", heading=heading, text=text)


def rss_feed(city: City, origin: str) -> str:
    """The newest ads a crawler may fetch; those that went away since are still in it, as in life."""
    posts = [post for post in city.posts if post.fetch != "forbidden"][:_RSS_LENGTH]
    return _render("rss.xml", city=city, posts=posts, origin=origin)


def sitemap(cities: Iterable[City], origin: str) -> str:
    """All listing pages and all living posts."""
    paths = ["/"]
    for city in cities:
        paths.append(f"/{city.spec.slug}/services")
        paths += [post.path for post in city.posts if post.fetch in ("ok", "slow", "flaky")]
    return _render("sitemap.xml", paths=paths, origin=origin)
