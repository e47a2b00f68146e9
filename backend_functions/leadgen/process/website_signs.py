"""Signs by which a website is no real one: a place that tells nothing of the business, or a page without content."""

from __future__ import annotations

import re
from dataclasses import dataclass

from leadgen.process.document import Document, Page
from leadgen.process.links import host_of
from leadgen.process.wordlist import word_set

_SHORT_PAGE = 600
"""Characters of visible text below which a page is taken at its word when it says "coming soon"."""
_EMPTY_PAGE = 40
_HEAD = 2000

_HOSTED = word_set(
    """
    wixsite.com weebly.com blogspot.com wordpress.com business.site sites.google.com godaddysites.com square.site
    carrd.co webnode.page webnode.com jimdosite.com jimdofree.com yolasite.com strikingly.com mystrikingly.com
    site123.me netlify.app vercel.app github.io web.app webflow.io myshopify.com squarespace.com
    """
)
_TELLS_NOTHING = word_set(
    """
    facebook.com fb.com fb.me instagram.com twitter.com x.com youtube.com youtu.be tiktok.com linkedin.com
    pinterest.com snapchat.com threads.net nextdoor.com whatsapp.com wa.me t.me telegram.me m.me messenger.com
    reddit.com tumblr.com vimeo.com flickr.com linktr.ee
    google.com goo.gl maps.app.goo.gl g.page bing.com apple.com bit.ly tinyurl.com t.co
    yelp.com yellowpages.com superpages.com manta.com mapquest.com foursquare.com bbb.org angi.com angieslist.com
    thumbtack.com houzz.com homeadvisor.com porch.com bark.com craigslist.org gumtree.com tripadvisor.com
    opentable.com doordash.com ubereats.com grubhub.com etsy.com ebay.com amazon.com booksy.com vagaro.com
    styleseat.com rover.com care.com taskrabbit.com upwork.com fiverr.com
    paypal.com paypal.me venmo.com cash.app zellepay.com
    """
)
_FOR_SALE = re.compile(
    r"\bdomain (?:name )?(?:is|may be) (?:available )?for sale\b|\bbuy this domain\b"
    r"|\bthis domain (?:has|is) (?:expired|parked)\b"
    r"|\bmake an offer on this domain\b|\bparked free\b|\bparked domain\b|\baccount (?:has been )?suspended\b"
    r"|\bsite (?:is )?not (?:yet )?published\b|\bdefault web page\b|\bwelcome to nginx\b"
    r"|\bthis is a default (?:index )?page\b",
    re.IGNORECASE,
)
_NOT_YET = re.compile(
    r"\bunder construction\b|\bcoming soon\b|\blaunching soon\b|\bit works!|\bindex of /|\bhello world\b"
    r"|\bunder maintenance\b|\bwebsite is being (?:built|updated)\b|\bpr[oó]ximamente\b|\ben construcci[oó]n\b",
    re.IGNORECASE,
)
_BROKEN = re.compile(
    r"\berror establishing a database connection\b|\bfatal error:|\bparse error:|\bwarning: +mysqli?_"
    r"|\bthere has been a critical error on (?:this|your) website\b|\binternal server error\b"
    r"|\b(?:404|403|500|502|503)\b.{0,20}\b(?:not found|forbidden|error|bad gateway|unavailable)\b"
    r"|\bserver error in '/' application\b|\bbandwidth limit exceeded\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ScoreCap:
    """The most a page can score, and why."""

    most: int
    reason: str


def is_hosted(host: str) -> bool:
    """Whether a host belongs to a site builder, so that the business has no domain of its own."""
    return _is_below(host, _HOSTED)


def tells_nothing(url: str) -> str:
    """The name of the social network, directory or shortener an address leads to; empty if it is none."""
    host = host_of(url)
    return "" if is_hosted(host) else next((name for name in _TELLS_NOTHING if _is_below(host, {name})), "")


def content_cap(page: Page, document: Document) -> ScoreCap | None:
    """Why a page is no home page of a business at work; `None` if it seems to be one."""
    text = document.text
    head = f"{document.title}\n{text[:_HEAD]}"
    short = len(text) < _SHORT_PAGE
    if short and _BROKEN.search(head):
        return ScoreCap(10, "It shows an error instead of content.")
    if _FOR_SALE.search(document.title) or (len(text) < 4 * _SHORT_PAGE and _FOR_SALE.search(head)):
        return ScoreCap(10, "There is no real content: the domain is parked or for sale.")
    if _NOT_YET.search(document.title) or (short and _NOT_YET.search(head)):
        return ScoreCap(10, "There is no real content: it is under construction.")
    if len(text) >= _EMPTY_PAGE:
        return None
    if page.nodes("meta[http-equiv=refresh i][content*='url' i]"):
        return ScoreCap(30, "It only sends visitors on to another address.")
    if page.nodes("frameset, frame, iframe"):
        return ScoreCap(20, "It only shows another page in a frame.")
    if page.nodes("script[src], script[type=module]"):
        return ScoreCap(40, "It shows nothing before its scripts have run; search engines may see as little.")
    return ScoreCap(10, "There is no real content: it is empty.")


def _is_below(host: str, names: frozenset[str] | set[str]) -> bool:
    host = host.lower().rstrip(".")
    return any(host == name or host.endswith(f".{name}") for name in names)
