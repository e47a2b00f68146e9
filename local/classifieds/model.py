"""What the demo site is made of: cities, advertisers and their posts, as immutable values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

# How a post answers when it is fetched.
#   ok         200
#   slow       200 after a pause
#   flaky      503 with Retry-After the first time, then 200
#   dead       404 or 410
#   broken     500, always
#   forbidden  disallowed by robots.txt; must not be fetched at all
Fetch = Literal["ok", "slow", "flaky", "dead", "broken", "forbidden"]

# Where a post belongs once it has been processed.
#   EMAIL    it shows an email address that may be written to
#   CAPTCHA  no address in the post, but one behind the contact page
#   PHONE    a phone number and nothing else
#   NONE     no way to reach the advertiser
Route = Literal["EMAIL", "CAPTCHA", "PHONE", "NONE"]

FETCHABLE: frozenset[Fetch] = frozenset({"ok", "slow", "flaky"})


@dataclass(frozen=True)
class CitySpec:
    """A city the site serves.

    Args:
        slug: the name in addresses ("austin").
        label: the name people read ("Austin, TX").
        timezone: IANA name.
        area_codes: telephone area codes of the city.
        tag: short mark that keeps domains of one city apart from those of all others ("atx").
        flavours: words local businesses like in their names.
        districts: parts of town.
        zips: zip codes.
    """

    slug: str
    label: str
    timezone: str
    area_codes: tuple[str, ...]
    tag: str
    flavours: tuple[str, ...]
    districts: tuple[str, ...]
    zips: tuple[str, ...]


@dataclass(frozen=True)
class Trade:
    """A kind of service, with the words its ads are written in."""

    key: str
    label: str
    names: tuple[str, ...]
    titles: tuple[str, ...]
    services: tuple[str, ...]
    pitches: tuple[str, ...]
    price: tuple[int, int]
    licence: str = ""


@dataclass(frozen=True)
class Picture:
    """One picture as one post carries it.

    Args:
        name: file name under /images/; every upload has its own.
        subject: what is seen on it; equal subjects are the same picture.
        caption: words printed on the picture.
        size: width and height in pixels.
        quality: JPEG quality; 0 means PNG.
    """

    name: str
    subject: str
    caption: str
    size: tuple[int, int] = (600, 450)
    quality: int = 88

    @property
    def is_png(self) -> bool:
        """Whether the picture is a PNG file rather than a JPEG one."""
        return self.quality == 0


@dataclass(frozen=True)
class Advertiser:
    """Who placed a post: the identity that all reposts share.

    Args:
        id: "austin-0007"; stable for a seed and a number of posts.
        category: key of the trade ("plumbing").
        business_name: as written in the ads; empty when a person advertises under a first name.
        contact_name: the person.
        route: where every post of this advertiser belongs.
        phones: E.164 numbers, the main one first.
        emails: addresses the advertiser uses, the main one first.
        website: path of the advertiser's own page on this server, or empty.
        site_phone: number the advertiser's own page shows, or empty.
        site_email: address the advertiser's own page shows, or empty.
        cross_city: whether the advertiser posts in more than one city.
    """

    id: str
    category: str
    business_name: str
    contact_name: str
    route: Route
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    website: str = ""
    site_phone: str = ""
    site_email: str = ""
    cross_city: bool = False


@dataclass(frozen=True)
class Piece:
    """A run of text in a post; a link when `href` is given, spelt in character references when `entities`."""

    text: str
    href: str = ""
    entities: bool = False


@dataclass(frozen=True)
class Block:
    """A paragraph ("p") of pieces, or a list ("ul") with one piece per item."""

    kind: Literal["p", "ul"]
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Post:
    """One link on a listing page and what is behind it.

    Args:
        post_id: number of the post, unique within its city.
        city: slug of the city.
        path: address of the post on this server.
        fetch: how it answers.
        title: heading.
        category: key of the trade.
        posted: when it was posted (aware).
        price: what the listing shows, or empty.
        district: part of town.
        advertiser: who placed it; None where the link leads nowhere.
        blocks: the text.
        phones: E.164 numbers the post shows, in whatever disguise.
        emails: addresses the post shows, in whatever disguise.
        phone_style: how the numbers are written (see `disguise`), or empty.
        email_style: how the addresses are written (see `disguise`), or empty.
        gated: whether the post has a contact page behind a CAPTCHA.
        captcha_email: what that page reveals, or empty.
        pictures: what the post shows.
        json_ld: whether the contact is repeated (or, for style "json_ld", only given) as structured data.
        encoding: charset the page is served in.
        status: HTTP status of dead and broken posts.
        same_as: post id this one can only be linked to by its picture, or empty.
    """

    post_id: str
    city: str
    path: str
    fetch: Fetch
    title: str
    category: str
    posted: datetime
    price: str = ""
    district: str = ""
    advertiser: Advertiser | None = None
    blocks: tuple[Block, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phone_style: str = ""
    email_style: str = ""
    gated: bool = False
    captcha_email: str = ""
    pictures: tuple[Picture, ...] = ()
    json_ld: bool = False
    encoding: str = "utf-8"
    status: int = 200
    same_as: str = ""

    @property
    def contact_path(self) -> str:
        """Address of the contact page."""
        return self.path.removesuffix(".html") + "/contact"


@dataclass(frozen=True)
class City:
    """A city with its posts, newest first, and the addresses a demo puts on the suppression list."""

    spec: CitySpec
    posts: tuple[Post, ...]
    suppressions: tuple[str, ...] = field(default=())
