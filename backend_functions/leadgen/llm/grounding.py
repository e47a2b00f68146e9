"""Holding a model's answer to the facts: what the post does not say is replaced by what the rules found in it."""

from __future__ import annotations

import re
import unicodedata

from leadgen.llm.schema import Enrichment
from leadgen.llm.website import bounded_score
from leadgen.model.documents import LeadData

_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]{4,}")
_STEM = 5
"""So many first letters of a word count, so that "drains" is found in a post that says "drain"."""


def grounded(answer: Enrichment, lead: LeadData, measured: Enrichment) -> Enrichment:
    """The answer as far as the post bears it out.

    Names must stand in the post. A service must share a word with it. Each number in the opener must be in the post,
    and the opener must name something the post says. The website's score stays near the measured one.

    Args:
        answer: of the model.
        lead: whose title and text it was shown.
        measured: what the rules found, used in place of what can't be borne out.
    """
    post = f"{lead.title}\n{lead.body}"
    plain = _plain(post)
    stems = _stems(post)
    services = [item for item in answer.services_rendered if _stems(item) & stems or _plain(item) in plain]
    known = stems | _stems(lead.city)
    score = bounded_score(measured.website_score, answer.website_score)
    own_reason = bool(answer.website_reason) and answer.website_score == score is not None
    return answer.model_copy(
        update={
            "business_name": _said(answer.business_name, plain) or measured.business_name,
            "contact_name": _said(answer.contact_name, plain) or measured.contact_name,
            "services_rendered": services or measured.services_rendered,
            "language": answer.language or measured.language,
            "website_score": score,
            "website_reason": answer.website_reason if own_reason else measured.website_reason,
            "opener": answer.opener if _borne_out(answer.opener, post, known) else measured.opener,
        }
    )


def _borne_out(opener: str, post: str, known: set[str]) -> bool:
    numbers = set(_NUMBER.findall(opener))
    return bool(_stems(opener) & known) and numbers <= set(_NUMBER.findall(post))


def _said(name: str, plain: str) -> str:
    wanted = _plain(name)
    return name if wanted and wanted in plain else ""


def _plain(text: str) -> str:
    """Letters and digits alone, case and accents aside, so that spelling variants of one name agree."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def _stems(text: str) -> set[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return {word[:_STEM] for word in _WORD.findall(folded)}
