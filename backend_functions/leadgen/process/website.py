"""How good a business's website is, from its home page alone: 0–100, with the reasons in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from leadgen.process.document import Document, Page
from leadgen.process.emails import find_emails
from leadgen.process.phones import find_phones

_YEAR = re.compile(
    r"(?:©|\(c\)|copyright|&copy;)\D{0,40}?((?:19|20)\d\d)(?:\s?[-–—]\s?((?:19|20)\d\d))?", re.IGNORECASE
)
_PARKED = re.compile(
    r"domain (?:is|may be) for sale|buy this domain|under construction|coming soon|site (?:is )?not (?:yet )?published"
    r"|parked (?:free|domain)|default web page|it works!|account suspended|index of /",
    re.IGNORECASE,
)
_DATED_TAGS = ("font", "center", "marquee", "frameset", "blink")


@dataclass(frozen=True)
class WebsiteScore:
    """A score and what was found, what is missing first."""

    score: int
    reasons: list[str]


@dataclass(frozen=True)
class _Check:
    points: int
    earned: int
    reason: str


def score_website(
    html: str, url: str, elapsed_s: float, headers: Mapping[str, str], *, today: date, region: str = "US"
) -> WebsiteScore:
    """Score a fetched home page. The points: safe 15, mobile 20, found 15, contact 20, speed 15, fresh 15.

    Args:
        html: the page, decoded.
        url: where it was found after redirects.
        elapsed_s: seconds from request to the last byte.
        headers: of the response; names in any case.
        today: for its freshness.
        region: where the business is, for its telephone number.

    A page that says it is parked, for sale or under construction gets at most 10.
    """
    page = Page(html)
    document = page.document()
    fields = {name.lower(): value for name, value in headers.items()}
    checks = [
        _safety(url, fields),
        _mobile(page),
        *_findable(page, document),
        *_contact(document, region),
        _speed(elapsed_s, len(html)),
        _freshness(document.text, fields, today),
    ]
    score = sum(check.earned for check in checks)
    ordered = sorted(checks, key=lambda check: check.earned - check.points)
    reasons = [check.reason for check in ordered]
    if any(page.nodes(tag) for tag in _DATED_TAGS):
        score, reasons = max(0, score - 10), ["It is built with markup of the 1990s.", *reasons]
    if _PARKED.search(f"{document.title}\n{document.text[:2000]}") or len(document.text) < 40:
        score, reasons = min(score, 10), ["There is no real content: parked, empty or under construction.", *reasons]
    return WebsiteScore(max(0, min(100, score)), reasons)


def _safety(url: str, headers: Mapping[str, str]) -> _Check:
    if urlsplit(url).scheme != "https":
        return _Check(15, 0, "It is not served over TLS; browsers call it not secure.")
    if "strict-transport-security" in headers:
        return _Check(15, 15, "It is served over TLS, always.")
    return _Check(15, 13, "It is served over TLS.")


def _mobile(page: Page) -> _Check:
    content = " ".join(node.attributes.get("content") or "" for node in page.nodes("meta[name=viewport i]")[:3])
    if "width=device-width" in content.replace(" ", ""):
        return _Check(20, 20, "It fits a phone's screen.")
    return _Check(20, 0, "It is not made for phones (no viewport).")


def _findable(page: Page, document: Document) -> list[_Check]:
    titled = 10 <= len(document.title) <= 120
    described = any(
        (node.attributes.get("content") or "").strip() for node in page.nodes("meta[name=description i]")[:3]
    )
    title = "Its title says what it is." if titled else "Its title says little."
    description = (
        "It has a description for search engines." if described else "It has no description for search engines."
    )
    return [_Check(8, 8 if titled else 0, title), _Check(7, 7 if described else 0, description)]


def _contact(document: Document, region: str) -> list[_Check]:
    said = document.text + "\n\n" + "\n\n".join(f"phone: {number}" for number in document.facts.telephones[:5])
    phone = bool(find_phones(said, region=region, tel_links=document.tel_links))
    email = bool(find_emails(document, allow_reserved_domains=True))
    reasons = (
        "It shows a telephone number." if phone else "It shows no telephone number.",
        "It shows an email address." if email else "It shows no email address.",
    )
    return [_Check(10, 10 if phone else 0, reasons[0]), _Check(10, 10 if email else 0, reasons[1])]


def _speed(elapsed_s: float, size: int) -> _Check:
    for limit, points in ((0.5, 15), (1.0, 12), (2.0, 8), (4.0, 4)):
        if elapsed_s <= limit:
            earned = points if size < 1_000_000 else min(points, 8)
            return _Check(15, earned, f"It answered in {elapsed_s:.1f} s.")
    return _Check(15, 0, f"It is slow: {elapsed_s:.1f} s for the page alone.")


def _freshness(text: str, headers: Mapping[str, str], today: date) -> _Check:
    years = [int(year) for match in _YEAR.finditer(text[-20_000:]) for year in match.groups() if year]
    changed = _changed(headers.get("last-modified", ""))
    if changed:
        years.append(changed.year)
    years = [year for year in years if year <= today.year]
    if not years:
        return _Check(15, 6, "Nothing says when it was last changed.")
    age = today.year - max(years)
    if age == 0:
        return _Check(15, 15, "It was kept up this year.")
    if age == 1:
        return _Check(15, 12, "It was last changed a year ago.")
    return _Check(15, 6 if age <= 3 else 0, f"It was last changed in {max(years)}.")


def _changed(written: str) -> datetime | None:
    try:
        return parsedate_to_datetime(written) if written else None
    except ValueError:
        return None
