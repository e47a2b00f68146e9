"""How good a business's website is, from its home page alone: 0–100, with the reasons in words.

Pure: a fetched page goes in, or the news that there is none, and a score with its reasons comes out. This is the only
place where websites are scored; what a model makes of one is held near it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import urlsplit

from leadgen.process.document import Document, Page
from leadgen.process.emails import find_emails
from leadgen.process.phones import find_phones
from leadgen.process.website_signs import content_cap, is_hosted

REASONS_KEPT = 12
SUMMARY_LENGTH = 160
_UNREACHED_SCORE = {"broken": 5, "silent": 5, "no-page": 10}

_YEAR = re.compile(
    r"(?:©|\(c\)|copyright|&copy;)\D{0,40}?((?:19|20)\d\d)(?:\s?[-–—]\s?((?:19|20)\d\d))?", re.IGNORECASE
)
_DATED_TAGS = ("font", "center", "marquee", "frameset", "blink")
_DATED_PENALTY = 10
_SLOW = "It is slow: {:.1f} s for the page alone."

Failure = Literal["broken", "silent", "no-page"]
"""Why there is no page: the server says so (404, 500 …), it does not answer, or it answers with something else."""


@dataclass(frozen=True)
class WebsiteScore:
    """What was found at a website's address.

    Args:
        score: 0 to 100; `None` where it can't be told, and the reason says why.
        reasons: what costs most first; whole sentences.
        lacking: how many of the reasons name something that is missing or wrong; those stand first.
        reachable: whether a page was had; `None` if nobody looked.
        title: of the page.
        description: its meta description.
        text: the beginning of its visible text.
        mobile_ready: whether it is laid out for small screens.
        has_contact: whether it shows a telephone number, an address or a form.
        has_structured_data: whether it carries schema.org data.
    """

    score: int | None
    reasons: tuple[str, ...]
    lacking: int = 1
    reachable: bool | None = None
    title: str = ""
    description: str = ""
    text: str = ""
    mobile_ready: bool = False
    has_contact: bool = False
    has_structured_data: bool = False

    @property
    def summary(self) -> str:
        """The reasons that matter most, whole sentences, at most `SUMMARY_LENGTH` characters."""
        named = self.reasons[: self.lacking] or ("Nothing of what was checked is missing.",)
        summary = named[0]
        for reason in named[1:]:
            if len(summary) + 1 + len(reason) > SUMMARY_LENGTH:
                break
            summary += f" {reason}"
        return summary[:SUMMARY_LENGTH]


@dataclass(frozen=True)
class _Check:
    points: int
    earned: int
    reason: str

    @property
    def is_lacking(self) -> bool:
        """Whether it names a fault; one that earned half of its points is not perfect, but no fault either."""
        return self.earned * 2 < self.points


def score_website(
    html: str, url: str, elapsed_s: float, headers: Mapping[str, str], *, today: date, region: str = "US"
) -> WebsiteScore:
    """Score a fetched home page.

    The points: TLS 15, phone layout 20, title 7, description 6, structured data 6, telephone 10, email or form 10,
    speed 12, freshness 10, a domain of its own 4. Markup of the 1990s costs 10. A page that is parked, under
    construction, shows an error or only sends visitors on gets no more than its cap (see `website_signs`).

    Args:
        html: the page, decoded.
        url: where it was found after redirects.
        elapsed_s: seconds from request to the last byte.
        headers: of the response; names in any case.
        today: for its freshness.
        region: ISO 3166 code of the country the business is in, for its telephone number.
    """
    page = Page(html)
    document = page.document(url=url)
    fields = {name.lower(): value for name, value in headers.items()}
    reachability = _contact(page, document, region)
    structured = _structured(page, document)
    checks = [
        _safety(url, fields),
        _mobile(page),
        *_findable(page, document),
        structured,
        *reachability,
        _speed(elapsed_s, len(html)),
        _freshness(document.text, fields, today),
        _own_domain(url),
    ]
    score, reasons, lacking = _summed(checks, dated=any(page.nodes(tag) for tag in _DATED_TAGS))
    cap = content_cap(page, document)
    if cap is not None:
        score, reasons, lacking = min(score, cap.most), [cap.reason, *reasons], lacking + 1
    return WebsiteScore(
        score=max(0, min(100, score)),
        reasons=tuple(reasons[:REASONS_KEPT]),
        lacking=min(lacking, REASONS_KEPT),
        reachable=True,
        title=document.title[:200],
        description=_description(page)[:300],
        text=" ".join(document.text[:4000].split())[:1500],
        mobile_ready=checks[1].earned > 0,
        has_contact=any(check.earned for check in reachability),
        has_structured_data=structured.earned > 0,
    )


def no_page(failure: Failure, reason: str) -> WebsiteScore:
    """The score of an address that leads to no page: low, for whoever follows the link sees nothing either.

    Args:
        failure: what kind of nothing.
        reason: a whole sentence.
    """
    return WebsiteScore(_UNREACHED_SCORE[failure], (reason,), reachable=failure == "no-page")


def not_scored(reason: str) -> WebsiteScore:
    """No score, and why: nobody looked, was let in, or would learn anything about this business there."""
    return WebsiteScore(None, (reason,))


def home_page(url: str, shared_hosts: Iterable[str] = ()) -> str:
    """The address of the home page of a website that an ad links to, perhaps to one of its inner pages.

    Args:
        url: an absolute http(s) address.
        shared_hosts: `host` or `host:port` of sites that keep the pages of many businesses; there, as with the known
            site builders, the whole path names one of them.
    """
    parts = urlsplit(url)
    shared = parts.netloc.lower() in shared_hosts or is_hosted(parts.hostname or "")
    if not shared:
        return f"{parts.scheme}://{parts.netloc}/"
    return f"{parts.scheme}://{parts.netloc}{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"


def _summed(checks: list[_Check], *, dated: bool) -> tuple[int, list[str], int]:
    score = sum(check.earned for check in checks)
    ordered = sorted(checks, key=lambda check: (not check.is_lacking, check.earned - check.points))
    reasons = [check.reason for check in ordered]
    lacking = sum(check.is_lacking for check in checks)
    if dated:
        return score - _DATED_PENALTY, ["It is built with markup of the 1990s.", *reasons], lacking + 1
    return score, reasons, lacking


def _safety(url: str, headers: Mapping[str, str]) -> _Check:
    if urlsplit(url).scheme != "https":
        return _Check(15, 0, "It is not served over TLS; browsers call it not secure.")
    if "strict-transport-security" in headers:
        return _Check(15, 15, "It is served over TLS, always.")
    return _Check(15, 13, "It is served over TLS.")


def _mobile(page: Page) -> _Check:
    content = " ".join(node.attributes.get("content") or "" for node in page.nodes("meta[name=viewport i]")[:3])
    if "width=device-width" in content.replace(" ", "").lower():
        return _Check(20, 20, "It fits a phone's screen.")
    return _Check(20, 0, "It is not made for phones (no viewport).")


def _description(page: Page) -> str:
    nodes = page.nodes("meta[name=description i]")[:3]
    return next((text for node in nodes if (text := " ".join((node.attributes.get("content") or "").split()))), "")


def _findable(page: Page, document: Document) -> list[_Check]:
    titled = 10 <= len(document.title) <= 120
    described = bool(_description(page))
    title = "Its title says what it is." if titled else "Its title says little."
    description = (
        "It has a description for search engines." if described else "It has no description for search engines."
    )
    return [_Check(7, 7 if titled else 0, title), _Check(6, 6 if described else 0, description)]


def _structured(page: Page, document: Document) -> _Check:
    facts = document.facts
    if facts.types or facts.business_name or page.nodes("[itemscope][itemtype*='schema.org' i]"):
        return _Check(6, 6, "It carries structured data about the business.")
    return _Check(6, 0, "It carries no structured data.")


def _contact(page: Page, document: Document, region: str) -> list[_Check]:
    said = document.text + "\n\n" + "\n\n".join(f"phone: {number}" for number in document.facts.telephones[:5])
    phone = bool(find_phones(said, region=region, tel_links=document.tel_links))
    email = bool(find_emails(document, allow_reserved_domains=True))
    form = not email and bool(page.nodes("form textarea"))
    written = "It shows an email address." if email else "It has a contact form."
    reasons = (
        "It shows a telephone number." if phone else "It shows no telephone number.",
        written if email or form else "It shows no email address and no contact form.",
    )
    return [_Check(10, 10 if phone else 0, reasons[0]), _Check(10, 10 if email or form else 0, reasons[1])]


def _speed(elapsed_s: float, size: int) -> _Check:
    for limit, points in ((0.5, 12), (1.0, 10), (2.0, 6), (4.0, 3)):
        if elapsed_s <= limit:
            earned = points if size < 1_000_000 else min(points, 6)
            told = "It answered in {:.1f} s." if earned >= 6 else _SLOW
            return _Check(12, earned, told.format(elapsed_s))
    return _Check(12, 0, _SLOW.format(elapsed_s))


def _freshness(text: str, headers: Mapping[str, str], today: date) -> _Check:
    years = [int(year) for match in _YEAR.finditer(text[-20_000:]) for year in match.groups() if year]
    changed = _changed(headers.get("last-modified", ""))
    if changed:
        years.append(changed.year)
    years = [year for year in years if year <= today.year]
    if not years:
        return _Check(10, 5, "Nothing says when it was last changed.")
    age = today.year - max(years)
    if age == 0:
        return _Check(10, 10, "It was kept up this year.")
    if age == 1:
        return _Check(10, 8, "It was last changed a year ago.")
    return _Check(10, 4 if age <= 3 else 0, f"It was last changed in {max(years)}.")


def _changed(written: str) -> datetime | None:
    try:
        return parsedate_to_datetime(written) if written else None
    except (ValueError, IndexError, OverflowError):
        return None


def _own_domain(url: str) -> _Check:
    if is_hosted(urlsplit(url).hostname or ""):
        return _Check(4, 0, "It has no domain of its own.")
    return _Check(4, 4, "It has a domain of its own.")
