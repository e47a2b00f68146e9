"""What is known of a lead's website, and the score measured from it.

The score is computed from facts. A model may shade it, but neither it nor the page it reads can decide it.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from leadgen.llm.clean import clean_text

MODEL_LEEWAY = 15
"""How far a model's score may be from the measured one."""
_TEXT_LENGTH = 1500
_HOSTED = (
    "facebook.com", "instagram.com", "linktr.ee", "wixsite.com", "weebly.com", "blogspot.com", "wordpress.com",
    "business.site", "sites.google.com", "godaddysites.com", "square.site", "yelp.com", "carrd.co",
)  # fmt: skip


@dataclass(frozen=True)
class WebsiteFacts:
    """A website as it was found.

    Args:
        url: its address.
        reachable: whether it answered with a page; `None` if nobody looked.
        title: the page's title.
        description: its meta description.
        text: the beginning of its visible text.
        mobile_ready: whether it declares a viewport for small screens.
        has_contact: whether the page shows a form, a phone number or an address.
        has_structured_data: whether it carries JSON-LD.
    """

    url: str
    reachable: bool | None = None
    title: str = ""
    description: str = ""
    text: str = ""
    mobile_ready: bool = False
    has_contact: bool = False
    has_structured_data: bool = False


def facts_from_html(url: str, html: str) -> WebsiteFacts:
    """Read the facts off a page. The page is data: its text is bounded and nothing in it is run."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(html)
    structured = tree.css_first('script[type="application/ld+json"]') is not None
    viewport = tree.css_first('meta[name="viewport"]') is not None
    contact = tree.css_first('form, a[href^="mailto:"], a[href^="tel:"]') is not None
    described = tree.css_first('meta[name="description"]')
    title = tree.css_first("title")
    title_text = title.text() if title else ""
    for node in tree.css("script, style, noscript, template, head"):
        node.decompose()
    body = tree.body
    return WebsiteFacts(
        url=url,
        reachable=True,
        title=clean_text(title_text, 120),
        description=clean_text((described.attributes.get("content") or "") if described else "", 200),
        text=clean_text(body.text(separator=" ") if body else "", _TEXT_LENGTH),
        mobile_ready=viewport,
        has_contact=contact,
        has_structured_data=structured,
    )


def score_website(facts: WebsiteFacts | None) -> tuple[int | None, str]:
    """The measured score, 0 to 100, and its reason; `None` if there is no website to score."""
    if facts is None or not facts.url:
        return None, "The post names no website."
    if facts.reachable is False:
        return 5, "The website did not answer."
    parts = urlsplit(facts.url if "://" in facts.url else f"https://{facts.url}")
    host = (parts.hostname or "").removeprefix("www.")
    own = not any(host == name or host.endswith(f".{name}") for name in _HOSTED)
    points: list[tuple[bool, int, str]] = [
        (own, 20, "a domain of its own"),
        (parts.scheme == "https", 15, "https"),
    ]
    if facts.reachable:
        points += [
            (bool(facts.title), 10, "a title"),
            (facts.mobile_ready, 20, "a layout for phones"),
            (facts.has_contact, 15, "a way to get in touch"),
            (bool(facts.description), 10, "a description for search engines"),
            (facts.has_structured_data, 10, "structured data"),
        ]
    score = sum(value for met, value, _ in points if met)
    missing = [name for met, _, name in points if not met]
    looked = "" if facts.reachable else "Judged by its address alone. "
    return score, looked + (f"It lacks {_listed(missing)}." if missing else "Nothing of what was checked is missing.")


def bounded_score(measured: int | None, proposed: int | None) -> int | None:
    """A model's score, held within `MODEL_LEEWAY` of the measured one."""
    if measured is None or proposed is None:
        return measured
    return max(0, measured - MODEL_LEEWAY, min(100, measured + MODEL_LEEWAY, proposed))


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
