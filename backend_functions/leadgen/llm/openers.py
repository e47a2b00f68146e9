"""The line a mail begins with, made of what the post says and nothing else."""

from __future__ import annotations

from leadgen.llm.clean import clean_text
from leadgen.llm.schema import Category

LINES: dict[str, tuple[str, str]] = {
    "en": ("I came across your ad", " for {}"),
    "es": ("Vi su anuncio", " sobre {}"),
    "fr": ("J'ai vu votre annonce", " pour {}"),
    "pt": ("Vi o seu anúncio", " sobre {}"),
    "de": ("Ich habe Ihre Anzeige gesehen", ": {}"),
    "it": ("Ho visto il suo annuncio", " per {}"),
    "vi": ("Tôi thấy quảng cáo của anh chị", " về {}"),
    "ru": ("Я увидел ваше объявление", ": {}"),
    "zh": ("我看到了您的广告", "：{}"),
}
"""By language: what is said in any case, and what is said of a service."""
_PLACES = {"en": " in {}", "es": " en {}"}
"""In other languages the place would have to be inflected, and is left out."""


def write_opener(services: list[str], category: Category, city: str, language: str) -> str:
    """The opener; in English where the language has no line of its own.

    Args:
        services: what the post offers; the first is named.
        category: named where there is no service, in English alone.
        city: as the source calls it.
        language: ISO 639-1 code.
    """
    code = language if language in LINES else "en"
    base, about = LINES[code]
    offer = services[0] if services else (category.lower() if code == "en" and category != "Other" else "")
    place = clean_text(city.replace("-", " ").replace("_", " ").title() if city.islower() else city, 40)
    said = about.format(offer if code == "de" else lower_first(offer)) if offer else ""
    where = _PLACES.get(code, "").format(place) if place else ""
    return f"{base}{said}{where}{'。' if code == 'zh' else '.'}"


def lower_first(text: str) -> str:
    """ "Drain cleaning" → "drain cleaning", but "AC repair" and "EV chargers" stay."""
    return text[0].lower() + text[1:] if len(text) > 1 and text[1].islower() else text
