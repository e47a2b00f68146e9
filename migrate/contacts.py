"""Rows of `contacts` as documents, and the rule by which two rows of one person become one.

**The rule.** Rows with the same telephone are one contact, and so are rows without a telephone and the row that has
their email. The first row (by its number) stands; what it lacks is taken from the later ones in their order; other
phones, emails and names are kept among the alternatives and other cities among the cities. The latest `lastSent`, the
earliest `createdAt`, the latest `lastUpdated`. Of two statuses SUPPRESSED wins, then whoever is furthest.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from leadgen.model.status import ContactStatus
from leadgen.process.identity import Marks
from migrate.convert import statuses, values
from migrate.convert.times import moment
from migrate.encode import decode
from migrate.keys import contact_of
from migrate.lead import Lead, read_lead
from migrate.places import zone_of_city
from migrate.reading import Row
from migrate.rows import RowReader, TableRows, Tally, latest

EXTRACTOR = "migration/1"
_LIKE = {"phone": "phones", "email": "emails"}
_RANK = {
    status: place
    for place, status in enumerate(
        ("SUPPRESSED", "PROCESSED", "PENDING_CAPTCHA", "PHONE_ONLY", "CAPTCHA_FAILED", "DUPLICATE")
    )
}
_PLAN_TEXTS = ("phone", "name", "email", "sourceUrl", "imageHash", "businessName", "category", "city")
_NAMES = {"phone": "phone", "email": "email", "name": "name", "businessName": "businessName", "imageHash": "imageHash"}
MAX_ALTERNATIVES = 20


class Person:
    """A contact on its way.

    Args:
        marks: what identifies it.
        document: as it is stored; without it `body` is the document.
        opted_out: why it must never be written to, or "".
        body: the document encoded, with the run in it, or b"".
    """

    def __init__(self, marks: Marks, document: dict[str, Any] | None, opted_out: str = "", body: bytes = b"") -> None:
        self.marks = marks
        self.opted_out = opted_out
        self.body = body
        self.keys: list[bytes] | None = None
        """See `migrate.keys.marks_of`, once they were made."""
        self._document = document
        self._id = ""

    def __reduce__(self) -> tuple[Any, ...]:
        """As few objects as possible: each person comes from the process that converts rows."""
        marks = self.marks
        marked = (marks.phones, marks.emails, marks.image_hash, marks.url)
        return _arrived, (*marked, self._document, self.opted_out, self.body, self.keys, self._id)

    @property
    def document(self) -> dict[str, Any]:
        """As it is stored. Whoever changes it must store it instead of the body."""
        if self._document is None:
            self._document = decode(self.body)
        return self._document

    def drop_document(self) -> None:
        """Keep the body alone: it is smaller, and travels better."""
        self._document = None

    @property
    def id(self) -> str:
        """Id of `contacts/{id}`."""
        if not self._id:
            self._id = contact_of(self.marks)
        return self._id


def _arrived(
    phones: tuple[str, ...], emails: tuple[str, ...], image: str, url: str, document: dict[str, Any] | None,
    opted_out: str, body: bytes, keys: list[bytes] | None, contact: str,
) -> Person:  # fmt: skip
    person = Person(Marks(phones, emails, image, url), document, opted_out, body)
    person.keys, person._id = keys, contact
    return person


class ContactRows(TableRows):
    """Makes contacts of rows."""

    def convert(self, raw: Row) -> Person:
        """The contact of a row.

        Raises:
            Rejected: with everything that is wrong with it.
        """
        row = self._reader(raw)
        lead = read_lead(row, self.rules, "leadDataJson")
        status, word = self._status(row, lead)

        def when(value: Any) -> datetime | None:
            return moment(value, self.rules.zone, row.say)

        sent, created = row.read("lastSent", when, None), row.read("createdAt", when, None)
        updated = row.read("lastUpdated", when, None)
        zone = row.read("timezone", lambda value: timezone(values.optional(value, row.say)), "")
        if not row.problems and not lead.marks.claims():
            row.fail("phone", "is empty, and so are email, picture and address: nothing says who it is")
        row.check(lead.marks if status == ContactStatus.SUPPRESSED else None)
        if created is None:
            created = sent or updated or self.changed_at
            row.say("rows without a date got that of their last mail or change, else that of the file")
        zone = zone or zone_for(lead, self.tally)
        legacy = {**lead.legacy, **row.kept(self._kept), "rows": f"{self.mapping.kind.name}:{row.number}"}
        if word and word != status:
            legacy["status"] = word
        document = contact_document(lead, status, created, latest(sent, updated, created) or created, zone)
        document["legacy"] = legacy
        if sent is not None:
            document["lastSent"] = sent
        opted_out = f"the earlier program had them as {word}" if status == ContactStatus.SUPPRESSED else ""
        if opted_out:
            document["suppressedBy"] = "migration"
        return Person(lead.marks, document, opted_out)

    def _status(self, row: RowReader, lead: Lead) -> tuple[str, str]:
        word = row.read("status", lambda value: statuses.word(value, row.say), "")
        if not word:
            row.say("rows without a status got one by whether they have an email")
        found = row.read(
            "status",
            lambda value: statuses.mapped(value, statuses.CONTACTS, self.mapping.statuses),
            statuses.WITH_ADDRESS,
            word or "PROCESSED",
        )
        if found in (statuses.WITH_ADDRESS, "PROCESSED", "PHONE_ONLY"):
            return ("PROCESSED" if lead.emails else "PHONE_ONLY"), word
        if found == ContactStatus.PENDING_CAPTCHA and not (lead.data.get("contactUrl") or lead.url):
            row.say("CAPTCHAs without an address to open became phone only")
            return ("PROCESSED" if lead.emails else "PHONE_ONLY"), word
        return found, word


def timezone(name: str) -> str:
    """A timezone's IANA name; "" for one nobody knows, the city then says more."""
    if not name:
        return ""
    from leadgen.model.config import timezone_name

    try:
        return timezone_name(name)
    except ValueError:
        return ""


def zone_for(lead: Lead, tally: Tally) -> str:
    """The timezone of a lead's city, else that of its number; "" where neither says."""
    city = lead.data.get("city", "")
    zone = zone_of_city(city) if city else ""
    if not zone and lead.phones:
        zone = _zone_of_number(lead.phones[0])
        if zone:
            tally.say("where the city is not known, the timezone is that of the phone number")
    if not zone:
        tally.note("no timezone is known; a mail to them is held")
    return zone


def _zone_of_number(number: str) -> str:
    import phonenumbers
    from phonenumbers.timezone import time_zones_for_number

    zones = time_zones_for_number(phonenumbers.parse(number))
    return zones[0] if len(zones) == 1 and "/" in zones[0] and not zones[0].startswith("Etc/") else ""


def contact_document(lead: Lead, status: str, created: datetime, updated: datetime, zone: str) -> dict[str, Any]:
    """A contact as it is stored, with every field of the plan."""
    data = lead.data
    document: dict[str, Any] = {name: data.get(name, "") for name in _PLAN_TEXTS}
    document |= {
        "sourceUrl": lead.source,
        "servicesRendered": data.get("servicesRendered", []),
        "status": status,
        "leadDataJson": data,
        "timezone": zone,
        "gate": "captcha" if status == ContactStatus.PENDING_CAPTCHA else "none",
        "createdAt": created,
        "lastUpdated": updated,
    }
    also = [("phone", number) for number in lead.phones[1:]] + [("email", address) for address in lead.emails[1:]]
    if also:
        document["alternatives"] = [_alternative(name, value, document) for name, value in also]
    return document


def _alternative(name: str, value: str, document: dict[str, Any]) -> dict[str, Any]:
    where = {"sourceUrl": document["sourceUrl"], "at": document["createdAt"], "extractor": EXTRACTOR, "certainty": 1.0}
    return {"field": name, "value": value, "provenance": where}


def merge(first: dict[str, Any], later: dict[str, Any]) -> None:
    """Take a later row of the same person into the document of the first; see the module for the rule."""
    aside = [a for a in first.get("alternatives", []) if isinstance(a, dict)]
    known = {(a["field"], a["value"]) for a in aside}
    for name in _NAMES:
        for value in (later[name], *(a["value"] for a in later.get("alternatives", []) if a["field"] == name)):
            if value and first[name] and value != first[name] and (name, value) not in known:
                known.add((name, value))
                aside.append(_alternative(name, value, later))
    if aside:
        first["alternatives"] = aside[:MAX_ALTERNATIVES]
    cities = first.get("cities", [])
    if later["city"] and first["city"] and later["city"] not in (first["city"], *cities):
        first["cities"] = [*cities, later["city"]][:20]
    _fill(first, later)
    _decide_status(first, later)
    first["createdAt"] = min(first["createdAt"], later["createdAt"])
    first["lastUpdated"] = max(first["lastUpdated"], later["lastUpdated"])
    sent = latest(first.get("lastSent"), later.get("lastSent"))
    if sent is not None:
        first["lastSent"] = sent
    _keep_legacy(first["legacy"], later["legacy"])


def _fill(first: dict[str, Any], later: dict[str, Any]) -> None:
    for name in (*_PLAN_TEXTS, "timezone"):
        first[name] = first[name] or later[name]
    data, more = first["leadDataJson"], later["leadDataJson"]
    services = list(dict.fromkeys([*first["servicesRendered"], *later["servicesRendered"]]))
    for name, value in more.items():
        data.setdefault(name, value)
    for name, several in _LIKE.items():
        together = list(dict.fromkeys(value for one in (data, more) for value in _values(one, name, several)))
        if len(together) > 1:
            data[several] = together
    first["servicesRendered"] = services
    if services:
        data["servicesRendered"] = services


def _values(data: dict[str, Any], name: str, several: str) -> list[str]:
    return data.get(several) or ([data[name]] if data.get(name) else [])


def _decide_status(first: dict[str, Any], later: dict[str, Any]) -> None:
    better = min(first["status"], later["status"], key=_RANK.__getitem__)
    if better == "PHONE_ONLY" and first["email"]:
        better = "PROCESSED"
    if better == "SUPPRESSED":
        first["suppressedBy"] = "migration"
    first["status"] = better
    first["gate"] = "captcha" if better == ContactStatus.PENDING_CAPTCHA else "none"


def _keep_legacy(first: dict[str, str], later: dict[str, str]) -> None:
    where = later["rows"]
    for name, value in later.items():
        if name == "rows":
            first["rows"] = f"{first['rows']} {value}"
        elif name not in first:
            first[name] = value
        elif first[name] != value:
            first[f"{name} ({where})"] = value
