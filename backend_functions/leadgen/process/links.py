"""Which links of a post lead to the advertiser's own website."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal
from urllib.parse import parse_qs, urljoin, urlsplit, urlunsplit

from leadgen.process.document import Link
from leadgen.process.wordlist import word_set

MAX_WEBSITES = 10

LinkKind = Literal["website", "social", "messenger", "directory", "map", "payment", "tracker", "shortener", "site"]

_HOSTS: dict[LinkKind, frozenset[str]] = {
    "social": word_set(
        """
        facebook.com fb.com fb.me instagram.com twitter.com x.com t.co youtube.com youtu.be tiktok.com linkedin.com
        lnkd.in pinterest.com pin.it snapchat.com threads.net reddit.com tumblr.com vimeo.com flickr.com medium.com
        behance.net dribbble.com soundcloud.com twitch.tv vk.com ok.ru bsky.app linktr.ee beacons.ai xing.com
        """
    ),
    "messenger": word_set(
        "whatsapp.com wa.me t.me telegram.me telegram.org m.me messenger.com viber.com signal.me line.me"
    ),
    "directory": word_set(
        """
        yelp.com bbb.org angi.com angieslist.com thumbtack.com houzz.com homeadvisor.com nextdoor.com yellowpages.com
        yp.com craigslist.org tripadvisor.com manta.com foursquare.com opentable.com booking.com airbnb.com zillow.com
        realtor.com trustpilot.com g2.com bark.com porch.com buildzoom.com superpages.com mapquest.com care.com
        google.com apple.com bing.com yahoo.com amazon.com ebay.com etsy.com wikipedia.org gelbeseiten.de
        checkatrade.com yell.com goo.gl apps.apple.com trustedshops.de provenexpert.com avvo.com
        healthgrades.com zocdoc.com
        """
    ),
    "map": word_set("maps.google.com maps.app.goo.gl maps.apple.com openstreetmap.org waze.com g.page"),
    "payment": word_set(
        "paypal.com paypal.me venmo.com cash.app zellepay.com square.link checkout.square.site buy.stripe.com"
    ),
    "shortener": word_set("bit.ly tinyurl.com ow.ly is.gd buff.ly rebrand.ly cutt.ly shorturl.at lnk.to"),
    "tracker": word_set(
        """
        doubleclick.net googletagmanager.com google-analytics.com googleadservices.com gstatic.com googleapis.com
        cloudflare.com jsdelivr.net unpkg.com fonts.googleapis.com hotjar.com sentry.io recaptcha.net addtoany.com
        sharethis.com statcounter.com w3.org schema.org ogp.me wordpress.org gmpg.org creativecommons.org
        wixpress.com parastorage.com adobe.com getfirefox.com mozilla.org microsoft.com
        """
    ),
}  # fmt: skip
_BY_HOST: dict[str, LinkKind] = {host: kind for kind, hosts in _HOSTS.items() for host in hosts}
_MAP_PATH = re.compile(r"^/maps?(?:/|$)", re.IGNORECASE)
_REDIRECTS = {
    "google.com": ("/url", "q"),
    "l.facebook.com": ("/l.php", "u"),
    "lm.facebook.com": ("/l.php", "u"),
    "l.instagram.com": ("/", "u"),
}
_TRACKING = re.compile(r"(?:utm_\w+|gclid|fbclid|msclkid|mc_[ce]id|igshid|_ga)=", re.IGNORECASE)
_SAYS_WEBSITE = re.compile(
    r"\b(?:web ?sites?|web ?page|home ?page|our site|my site|visit us|see our work|our work|portfolio|sitio web"
    r"|p[aá]gina web|more about us|about us and prices)\b",
    re.IGNORECASE,
)
_MARKS = frozenset({"website", "external", "homepage", "business-site", "site-link", "web"})
# Both begin with what is rare, because that is looked for fast.
_WRITTEN = re.compile(r"[hHwW](?<![\w@./-].)(?i:(?<=h)ttps?://|(?<=w)ww\.)[^\s<>\"'()]{3,300}")
_BARE_END = re.compile(r"\.(?:com|net|org|biz|us|co)(?![\w@-]|\.\w)", re.IGNORECASE)
_BARE = re.compile(r"(?<![\w@./-])[a-z0-9](?:[a-z0-9-]{1,60}[a-z0-9])\Z", re.IGNORECASE)
_LONGEST_LABEL = 62
# A link that stays on its host.
_WITHIN = re.compile(r"/?[\w.-]+(?:[/?#]|\Z)|[?#]|/\Z")


def absolute(href: str, base: str) -> str | None:
    """The http(s) address a link leads to, without its fragment; None for any other kind or what can't be read."""
    try:
        parts = urlsplit(urljoin(base, href.strip()))
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or len(href) > 2000:
        return None
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", parts.query, ""))


def host_of(url: str) -> str:
    """Host of an address in small letters, without "www."; empty where there is none."""
    try:
        return (urlsplit(url).hostname or "").lower().removeprefix("www.")
    except ValueError:
        return ""


def website_urls(
    links: Iterable[Link], text: str, base: str, mail_domains: Iterable[str] = (), *, stated: Iterable[str] = ()
) -> tuple[str, ...]:
    """Addresses of the advertiser's websites, each once, in order.

    A link counts when it leads to another host, or when its words, rel or class say that it is a website (as where a
    site hosts the pages of its advertisers itself). Addresses written in the text count too. Social networks,
    directories, maps and the like never do (see `link_kind`).

    Args:
        links: links of the post.
        text: text of the post.
        base: address of the post.
        mail_domains: domains of the addresses found, which are no websites when written without "www.".
        stated: addresses from structured data of the advertiser.
    """
    own = host_of(base)
    found: dict[str, None] = {}
    for link in links:
        says = bool(_MARKS & link.marks) or _SAYS_WEBSITE.search(link.text) is not None
        if not says and own not in _REDIRECTS and _WITHIN.match(link.href):
            continue
        url = _website(link.href, base)
        if url and (says or not _same_site(host_of(url), own)):
            found[url] = None
    others = [*stated, *(_written_in(text, frozenset(mail_domains)) if "." in text else ())]
    for written in others:
        url = _website(written, base)
        if url and not _same_site(host_of(url), own):
            found.setdefault(url, None)
    return tuple(_one_per_host(found))[:MAX_WEBSITES]


def _website(href: str, base: str) -> str:
    """The website behind a link; empty where it leads elsewhere."""
    url = absolute(href, base)
    url = unwrapped(url) if url else ""
    return url if url and link_kind(url) == "website" else ""


def _written_in(text: str, mail_domains: frozenset[str]) -> Iterator[str]:
    for written in (*(match[0].rstrip(".,;:!?") for match in _WRITTEN.finditer(text)), *_bare(text)):
        url = written if "://" in written else f"http://{written}"
        if host_of(url) not in mail_domains:
            yield url


def _bare(text: str) -> Iterator[str]:
    """Hosts written without anything in front, found from their ends."""
    for end in _BARE_END.finditer(text):
        label = _BARE.search(text, max(0, end.start() - _LONGEST_LABEL), end.start())
        if label is not None:
            yield label[0] + end[0]


def _one_per_host(urls: Iterable[str]) -> list[str]:
    # "http://www.acme.com/" and "https://acme.com/" are one website; a path on the same host may be another.
    seen: set[tuple[str, str]] = set()
    kept = []
    for url in urls:
        key = (host_of(url), urlsplit(url).path.rstrip("/"))
        if key not in seen:
            seen.add(key)
            kept.append(url)
    return kept


def link_kind(url: str, own_host: str = "") -> LinkKind:
    """What is behind an address: a website of somebody's own, or a page on one of the places everybody is on.

    Args:
        url: absolute http(s) address.
        own_host: host of the page it stands on; links to it are of kind "site".
    """
    host = host_of(url)
    if own_host and _same_site(host, own_host):
        return "site"
    labels = host.split(".")
    for start in range(max(1, len(labels) - 1)):
        kind = _BY_HOST.get(".".join(labels[start:]))
        if kind is not None:
            path = urlsplit(url).path
            return "map" if kind == "directory" and _MAP_PATH.match(path) else kind
    if labels[:-1] and labels[-2] == "google":  # google.de, google.com.br
        return "map" if labels[0] == "maps" or _MAP_PATH.match(urlsplit(url).path) else "directory"
    return "website"


def unwrapped(url: str) -> str:
    """The address behind a redirecting one of Google or Facebook, and without marks of campaigns."""
    try:
        parts = urlsplit(url)
        wrapper = _REDIRECTS.get(host_of(url))
        if wrapper and parts.path == wrapper[0]:
            target = next(iter(parse_qs(parts.query[:4000], max_num_fields=50).get(wrapper[1], ())), "")
            if target.startswith(("http://", "https://")) and (inner := absolute(target, target)):
                url, parts = inner, urlsplit(inner)
    except ValueError:
        return url
    if not _TRACKING.search(parts.query):
        return url
    kept = "&".join(field for field in parts.query.split("&") if not _TRACKING.match(field))
    return urlunsplit((parts.scheme, parts.netloc, parts.path, kept, ""))


def _same_site(host: str, own: str) -> bool:
    return host == own or host.endswith(f".{own}") or own.endswith(f".{host}")
