"""What a contact can be filtered, sorted and listed by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How the values of a field compare."""

    TEXT = "text"
    STATE = "state"
    NUMBER = "number"
    MOMENT = "moment"


@dataclass(frozen=True)
class Field:
    """One field of the copy.

    Args:
        name: what the operator calls it, in filters and headings.
        kind: how it compares.
        column: its column in the copy; texts stand there case-folded.
        help: what it is.
        width: cells it takes in a list.
        aliases: other names that are understood.
        shown: the column that is shown, where that differs from the one compared.
    """

    name: str
    kind: Kind
    column: str
    help: str
    width: int = 12
    aliases: tuple[str, ...] = ()
    shown: str = ""


_T, _S, _N, _M = Kind.TEXT, Kind.STATE, Kind.NUMBER, Kind.MOMENT

FIELDS = (
    Field("business", _T, "business_f", "name of the business", 26, ("company", "businessname"), "business"),
    Field("name", _T, "name_f", "name of the person", 18, ("person",), "name"),
    Field("phone", _T, "phone", "phone, as +15125550101 or any part of it", 13, ("tel", "number")),
    Field("email", _T, "email", "email address", 26, ("mail", "address")),
    Field("status", _S, "state", "how far it is", 12, ("state",)),
    Field("city", _T, "city_f", "city", 12, ("place",), "city"),
    Field("category", _T, "category_f", "trade", 14, ("trade",), "category"),
    Field("service", _T, "services_f", "services offered", 18, ("services",)),
    Field("score", _N, "score", "score of the website, 0 to 100", 5, ("websitescore",)),
    Field("sent", _M, "last_sent", "last mail sent", 6, ("lastsent",)),
    Field("updated", _M, "updated", "last change", 7, ("changed", "lastupdated")),
    Field("created", _M, "created", "when it was found", 7, ("found", "added")),
    Field("campaign", _T, "request_id", "id of the campaign that found it", 10, ("request", "requestid")),
    Field("site", _T, "source_id", "source definition it comes from", 12, ("source", "sourceid")),
    Field("url", _T, "url", "address of the post", 30, ("sourceurl",)),
    Field("template", _N, "template_id", "number of the template", 8, ("templateid",)),
    Field("attempts", _N, "attempts", "CAPTCHA attempts", 8),
    Field("language", _T, "language", "language of the post", 8, ("lang",)),
    Field("timezone", _T, "timezone", "timezone", 16, ("tz",)),
    Field("id", _T, "id", "id of the contact", 34),
)

STATES = {
    "enriching": "PENDING_ENRICHMENT",
    "review": "PENDING_CAPTCHA",
    "unsolved": "CAPTCHA_FAILED",
    "phone only": "PHONE_ONLY",
    "ready": "PROCESSED",
    "sent": "PROCESSED",
    "suppressed": "SUPPRESSED",
    "duplicate": "DUPLICATE",
    "merged": "MERGED",
}
"""The words for how far a contact is, and the status each stands for; a ready one that was written to is ``sent``."""

_WORDS = {status: word for word, status in STATES.items() if word != "sent"}
_BY_NAME = {name: field for field in FIELDS for name in (field.name, *field.aliases)}


def field_named(name: str) -> Field | None:
    """The field of that name or alias, in any case."""
    return _BY_NAME.get(name.casefold())


def state_word(status: str, was_sent: bool) -> str:
    """The word for how far a contact is.

    Args:
        status: its status.
        was_sent: whether a mail went to it.
    """
    word = _WORDS.get(status, status.lower().replace("_", " "))
    return "sent" if word == "ready" and was_sent else word
