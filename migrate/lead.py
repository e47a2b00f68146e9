"""A lead as the columns and the JSON of a row describe it together."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from leadgen.model.ids import canonical_email, canonical_url
from leadgen.process.entries import is_comparable
from leadgen.process.identity import Marks
from migrate.convert import Unusable, values
from migrate.convert.emails import emails
from migrate.convert.phones import phones
from migrate.fields import LEAD, LEAD_KEYS, plain
from migrate.rows import RowReader, Rules

_LEAD_TEXTS = frozenset(LEAD) - {"phone", "email", "servicesRendered", "imageHash"}
"""Fields of a lead that are text, and come from a column or from the JSON."""
_TEXTS = (*(name for name in LEAD if name in _LEAD_TEXTS), "imageHash", "sourceUrl")
_CANONICAL_URL = re.compile(
    r"https?://[a-z0-9][a-z0-9.-]*/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]+)?\Z"
)
"""An address that is in its canonical form already: small letters, no port, a path, no fragment."""
_as_json = json.JSONEncoder(ensure_ascii=False).encode
_NO_RECORD: dict[str, Any] = {}
_NO_WORDS: list[str] = []
_NONE: tuple[str, ...] = ()


_NOBODY = Marks((), (), "", "")


def _silent(_assumption: str) -> None:
    return None


@dataclass
class Lead:
    """Who it is.

    Args:
        data: the fields of `LeadData`, camelCase, empty ones left out.
        phones: E.164, the contact's first.
        emails: the contact's first.
        source: where it was found, as written, or "".
        url: the same in canonical form.
        legacy: what has no field of its own, as text.
        marks: what identifies them.
    """

    data: dict[str, Any] = field(default_factory=dict)
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    source: str = ""
    url: str = ""
    legacy: dict[str, str] = field(default_factory=dict)
    marks: Marks = _NOBODY


def read_lead(row: RowReader, rules: Rules, json_field: str) -> Lead:
    """Read a lead. What a column says comes before what the JSON says; where both say something else, both are kept.

    Args:
        row: the row; problems are noted in it.
        rules: of the run.
        json_field: the field that holds the JSON.
    """
    lead = Lead()
    told = _from_json(row, json_field, lead)
    data = lead.data = row.texts(row.places_of(_TEXTS))
    lead.source = data.pop("sourceUrl", "")
    picture = data.pop("imageHash", "")
    for name, other in told.items():
        if name in _LEAD_TEXTS and (value := _chosen(lead, name, data.get(name, ""), other, json_field)):
            data[name] = value
    _read_services(row, lead, told, json_field)
    _read_picture(row, lead, picture, told)
    lead.phones = _read_phones(row, rules, lead, told, json_field)
    by_form = _read_emails(row, lead, told, json_field)
    lead.emails = tuple(by_form.values())
    _read_score(lead)
    lead.url = row.read("sourceUrl", canonical, "", lead.source) if lead.source else ""
    lead.marks = Marks(lead.phones, tuple(by_form), lead.data.get("imageHash", ""), lead.url)
    return lead


def _from_json(row: RowReader, json_field: str, lead: Lead) -> dict[str, Any]:
    """The known keys of the JSON; the others are kept as they are."""
    record = row.read(json_field, lambda raw: values.record(raw, row.say), _NO_RECORD)
    told: dict[str, Any] = {}
    for key, value in record.items():
        if value is None or value == "":
            continue
        name = _name_of(key)
        if name is not None and name not in told and not isinstance(value, dict):
            told[name] = json.dumps(value) if isinstance(value, list) else value
        else:
            lead.legacy[f"{json_field}.{key}"] = _as_text(value)
    return told


@lru_cache(maxsize=2_048)
def _name_of(key: str) -> str | None:
    """The field that a key of the JSON stands for."""
    return LEAD_KEYS.get(plain(key))


def _as_text(value: Any) -> str:
    if type(value) is int:
        return str(value)
    raw = value if isinstance(value, str) else _as_json(value)
    return values.text(raw.encode("utf-8", "replace").decode(), _silent)


def _chosen(lead: Lead, name: str, value: str, other: Any, json_field: str) -> str:
    said = values.optional(other, _silent)
    if value and said and said != value:
        lead.legacy[f"{json_field}.{name}"] = said
    return value or said


def _read_services(row: RowReader, lead: Lead, told: dict[str, Any], json_field: str) -> None:
    found = row.read("servicesRendered", lambda raw: values.words(raw, row.say), _NO_WORDS)
    other = told.get("servicesRendered")
    said = row.read(json_field, lambda raw: values.words(raw, row.say), _NO_WORDS, other) if other else _NO_WORDS
    together = list(dict.fromkeys([*found, *said])) if said else found
    if together:
        lead.data["servicesRendered"] = together


def _read_picture(row: RowReader, lead: Lead, found: str, told: dict[str, Any]) -> None:
    if not found and "imageHash" in told:
        found = values.optional(told["imageHash"], row.say)
    if not found:
        return
    found = found.lower().removeprefix("0x")
    if not found:
        return
    if not is_comparable(found):
        row.say("image hashes of another make are kept, and identify nobody")
    lead.data["imageHash"] = found


def _read_phones(row: RowReader, rules: Rules, lead: Lead, told: dict[str, Any], json_field: str) -> tuple[str, ...]:
    written = row.raw("phone")

    def convert(raw: Any) -> tuple[str, ...]:
        return phones(raw, rules.region, row.say).numbers

    found = row.read("phone", convert, _NONE)
    _keep_original(lead, "phone", written, found)
    also = _also(row, "phone", told, json_field, lead, convert, bool(found)) if "phone" in told else _NONE
    together = tuple(dict.fromkeys([*found, *also])) if also else found
    if together:
        lead.data["phone"] = together[0]
        if len(together) > 1:
            lead.data["phones"] = list(together)
    return together


def _read_emails(row: RowReader, lead: Lead, told: dict[str, Any], json_field: str) -> dict[str, str]:
    """The addresses by the form in which they are compared."""
    written = row.raw("email")

    def convert(raw: Any) -> tuple[str, ...]:
        return emails(raw, row.say)

    found = row.read("email", convert, _NONE)
    _keep_original(lead, "email", written, found)
    also = _also(row, "email", told, json_field, lead, convert, bool(found)) if "email" in told else _NONE
    by_form: dict[str, str] = {}
    for address in (*found, *also):
        by_form.setdefault(canonical_email(address), address)
    together = [*by_form.values()]
    if together:
        lead.data["email"] = together[0]
        if len(together) > 1:
            lead.data["emails"] = together
    return by_form


def _also(
    row: RowReader, name: str, told: dict[str, Any], json_field: str, lead: Lead, convert: Any, has_one: bool
) -> tuple[str, ...]:
    """What the JSON says; where it is unusable and a column was good, it is kept aside."""
    value = told[name]
    try:
        found: tuple[str, ...] = convert(value)
    except Unusable as error:
        if not has_one:
            row.fail(f"{json_field}.{name}", error.problem)
        lead.legacy[f"{json_field}.{name}"] = _as_text(value)
        return ()
    _keep_original(lead, f"{json_field}.{name}", value, found)
    return found


def _keep_original(lead: Lead, name: str, written: Any, found: tuple[str, ...]) -> None:
    if found and written != found[0]:
        lead.legacy[name] = values.text(written, _silent)


def _read_score(lead: Lead) -> None:
    score = lead.data.pop("websiteScore", None)
    if not score:
        return
    try:
        lead.data["websiteScore"] = max(0, min(100, values.whole(score, _silent)))
    except Unusable:
        lead.legacy["websiteScore"] = score


def canonical(written: str) -> str:
    """The address of a page in the form in which addresses are compared; "" for nothing.

    Raises:
        Unusable: it is none.
    """
    if not written:
        return ""
    if _CANONICAL_URL.match(written):
        return written
    if "://" not in written:
        raise Unusable("is no address of a page (http:// or https://)")
    try:
        return canonical_url(written)
    except ValueError:
        raise Unusable("is no address of a page") from None
