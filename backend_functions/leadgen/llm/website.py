"""What is known of a lead's website, for the prompt and for the record.

The score is measured elsewhere, from the home page. A model may shade it, but neither it nor the page it reads can
decide it.
"""

from __future__ import annotations

from dataclasses import dataclass

MODEL_LEEWAY = 15
"""How far a model's score may be from the measured one."""


@dataclass(frozen=True)
class WebsiteFacts:
    """A website as it was found.

    Args:
        url: its address.
        score: as measured, 0 to 100; `None` where nobody looked or it can't be told.
        reason: of the score, or of its absence; a sentence or two.
        reasons: everything that was found, what costs most first.
        reachable: whether it answered with a page; `None` if nobody looked.
        title: the page's title.
        description: its meta description.
        text: the beginning of its visible text.
        mobile_ready: whether it is laid out for small screens.
        has_contact: whether the page shows a form, a phone number or an address.
        has_structured_data: whether it carries schema.org data.
    """

    url: str
    score: int | None = None
    reason: str = ""
    reasons: tuple[str, ...] = ()
    reachable: bool | None = None
    title: str = ""
    description: str = ""
    text: str = ""
    mobile_ready: bool = False
    has_contact: bool = False
    has_structured_data: bool = False


def measured_score(facts: WebsiteFacts | None) -> tuple[int | None, str]:
    """The measured score and its reason; `None` where there is no website or nobody has looked at it."""
    if facts is None or not facts.url:
        return None, "The post names no website."
    return facts.score, facts.reason or "Nobody has looked at the website."


def bounded_score(measured: int | None, proposed: int | None) -> int | None:
    """A model's score, held within `MODEL_LEEWAY` of the measured one."""
    if measured is None or proposed is None:
        return measured
    return max(0, measured - MODEL_LEEWAY, min(100, measured + MODEL_LEEWAY, proposed))
