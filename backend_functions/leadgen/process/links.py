"""Which links of a post lead to the advertiser's own website."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit, urlunsplit

from leadgen.process.document import Link
from leadgen.process.wordlist import word_set

MAX_WEBSITES = 10

_SOCIAL = word_set(
    """
    facebook.com fb.com fb.me instagram.com twitter.com x.com t.co youtube.com youtu.be tiktok.com
    linkedin.com pinterest.com snapchat.com threads.net nextdoor.com yelp.com whatsapp.com wa.me t.me
    telegram.me m.me messenger.com reddit.com tumblr.com vimeo.com flickr.com google.com goo.gl
    maps.app.goo.gl apple.com bing.com paypal.com paypal.me venmo.com cash.app zellepay.com bbb.org angi.com
    thumbtack.com houzz.com homeadvisor.com craigslist.org bit.ly tinyurl.com linktr.ee
    """
)
_SAYS_WEBSITE = re.compile(
    r"\b(?:web ?sites?|web ?page|home ?page|our site|my site|visit us|see our work|our work|portfolio|sitio web"
    r"|p[aá]gina web|more about us|about us and prices)\b",
    re.IGNORECASE,
)
_MARKS = frozenset({"website", "external", "homepage", "business-site", "site-link", "web"})
_WRITTEN = re.compile(r"(?<![\w@./-])(?:https?://|www\.)[^\s<>\"'()]{3,300}", re.IGNORECASE)
_BARE = re.compile(
    r"(?<![\w@./-])[a-z0-9](?:[a-z0-9-]{1,60}[a-z0-9])\.(?:com|net|org|biz|us|co)(?![\w@-]|\.\w)", re.IGNORECASE
)


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


def website_urls(links: Iterable[Link], text: str, base: str, mail_domains: Iterable[str] = ()) -> tuple[str, ...]:
    """Addresses of the advertiser's websites, each once, in order.

    A link counts when it leads to another host that is no social network, or when its words, rel or class say that it
    is a website (as where a site hosts the pages of its advertisers itself). Addresses written in the text count too.

    Args:
        links: links of the post.
        text: text of the post.
        base: address of the post.
        mail_domains: domains of the addresses found, which are no websites when written without "www.".
    """
    own = host_of(base)
    found: dict[str, None] = {}
    for link in links:
        url = absolute(link.href, base)
        if url is None or _is_social(host_of(url)):
            continue
        says = bool(_MARKS & link.marks) or _SAYS_WEBSITE.search(link.text) is not None
        if says or not _same_site(host_of(url), own):
            found[url] = None
    if "." in text:
        known = frozenset(mail_domains)
        for pattern in (_WRITTEN, _BARE):
            for match in pattern.finditer(text):
                written = match[0].rstrip(".,;:!?")
                url = absolute(written if "://" in written else f"http://{written}", base)
                host = host_of(url) if url else ""
                if url and host not in known and not _is_social(host) and not _same_site(host, own):
                    found.setdefault(url, None)
    return tuple(_one_per_host(found))[:MAX_WEBSITES]


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


def _is_social(host: str) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in _SOCIAL)


def _same_site(host: str, own: str) -> bool:
    return host == own or host.endswith(f".{own}") or own.endswith(f".{host}")
