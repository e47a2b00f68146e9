"""Rows as leads, or what is wrong with them. The backend checks again; this tells it before anything is sent."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from console.leads.mapping import Mapped
from console.leads.tables import Line, Table

LIMITS = {
    "name": 500, "businessName": 500, "phone": 60, "email": 320, "websiteUrl": 2000, "category": 500, "city": 500,
    "title": 500, "body": 20_000, "contactUrl": 2000,
}  # fmt: skip
"""The longest value of each field, in characters, as the endpoint takes them."""
_ABOUT = frozenset({"sourceUrl", "timezone"})
MAX_SERVICES = 50


@dataclass(frozen=True)
class Lead:
    """A row that can be sent.

    Args:
        line: the row.
        data: fields of ``leadData`` as the endpoint names them.
        about: ``sourceUrl`` and ``timezone``, where given.
    """

    line: Line
    data: dict[str, Any]
    about: dict[str, str] = field(default_factory=dict)

    def body(self, template: int | None) -> dict[str, Any]:
        """The request for ``processLead``.

        Args:
            template: the template of its mail; `None` for no mail.
        """
        return {"leadData": self.data, **self.about, **({"templateId": template} if template else {})}

    def key(self, template: int | None) -> str:
        """The same for the same request, whenever it is sent."""
        text = json.dumps(self.body(template), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(f"lead\x1f{text}".encode()).hexdigest()[:48]


@dataclass(frozen=True)
class Reject:
    """A row that can't be sent.

    Args:
        line: the row.
        reason: what is wrong with it.
    """

    line: Line
    reason: str


@dataclass(frozen=True)
class Checked:
    """A table's rows.

    Args:
        leads: those that can be sent.
        rejects: the others.
        checks: all of them in the order of the table.
    """

    leads: tuple[Lead, ...]
    rejects: tuple[Reject, ...]
    checks: tuple[Lead | Reject, ...]


def check(table: Table, mapped: Mapped, city: str = "", region: str = "US") -> Checked:
    """Sort the rows of a table.

    Args:
        table: the table.
        mapped: the field of each column.
        city: for rows that name none.
        region: country of the phone numbers that name none.
    """
    seen: dict[str, int] = {}
    checks: list[Lead | Reject] = []
    for line in table.lines:
        one = _lead(line, mapped, city, region)
        if isinstance(one, Lead):
            one = _not_twice(one, seen)
        checks.append(one)
    leads = tuple(one for one in checks if isinstance(one, Lead))
    return Checked(leads, tuple(one for one in checks if isinstance(one, Reject)), tuple(checks))


def _not_twice(lead: Lead, seen: dict[str, int]) -> Lead | Reject:
    marks = [lead.data[name] for name in ("phone", "email") if lead.data.get(name)] or [lead.data.get("contactUrl", "")]
    known = next((seen[mark] for mark in marks if mark in seen), None)
    for mark in marks:
        seen.setdefault(mark, lead.line.number)
    return lead if known is None else Reject(lead.line, f"the same person as line {known}")


def _lead(line: Line, mapped: Mapped, city: str, region: str) -> Lead | Reject:
    values = {name: line.cells[n] for n, name in enumerate(mapped) if name and n < len(line.cells) and line.cells[n]}
    names = [values.pop("firstName", ""), values.pop("lastName", "")]
    if not values.get("name") and any(names):
        values["name"] = " ".join(name for name in names if name)
    about = {name: values.pop(name) for name in _ABOUT & values.keys()}
    data: dict[str, Any] = dict(values)
    problem = _cleaned(data, region) or _about_problem(about)
    if problem:
        return Reject(line, problem)
    if not any(data.get(name) for name in ("phone", "email", "contactUrl")):
        return Reject(line, "no phone, no email and no contact page")
    if city and not data.get("city"):
        data["city"] = city
    return Lead(line, data, about)


def _cleaned(data: dict[str, Any], region: str) -> str:
    """Bring the values into the form in which they are sent; says what is wrong with the first bad one."""
    problem = _reached(data, region)
    if problem:
        return problem
    if "servicesRendered" in data:
        parts = [part.strip()[:500] for part in re.split(r"[;,|]", data["servicesRendered"])]
        data["servicesRendered"] = [part for part in parts if part][:MAX_SERVICES]
    site = data.get("websiteUrl", "")
    if site and "://" not in site:
        data["websiteUrl"] = f"https://{site}"
    too_long = next((name for name, most in LIMITS.items() if len(data.get(name, "")) > most), "")
    return f"{too_long} has more than {LIMITS[too_long]} characters" if too_long else ""


def _reached(data: dict[str, Any], region: str) -> str:
    """Phone and email in canonical form; says what is wrong with them."""
    for name in ("phone", "email"):
        if data.get(name):
            # The guard against formulas that our own export and others put before a value.
            data[name] = data[name].lstrip("'").strip()
    phone, email = data.get("phone", ""), data.get("email", "")
    if phone:
        data["phone"] = as_phone(phone, region)
        if not data["phone"]:
            return f"bad phone {phone[:40]!r}"
    if email:
        data["email"], problem = as_email(email)
        return problem
    return ""


def _about_problem(about: dict[str, str]) -> str:
    from console.when import is_zone

    if len(about.get("sourceUrl", "")) > 2000:
        return "sourceUrl has more than 2000 characters"
    if about.get("timezone") and not is_zone(about["timezone"]):
        return f"{about['timezone'][:40]!r} is no timezone"
    return ""


def as_phone(text: str, region: str = "US") -> str:
    """A number in E.164; empty if it is none. What spreadsheets make of numbers is undone: ``5.12555E+09`` is not."""
    import phonenumbers

    plain = text[:-2] if re.fullmatch(r"\d{7,15}\.0", text, re.ASCII) else text
    try:
        number = phonenumbers.parse(plain, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number) or "E+" in text.upper():
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def as_email(text: str) -> tuple[str, str]:
    """An address as it is compared, and what is wrong with it; ``Ada <ada@example.com>`` and ``mailto:`` are read."""
    from email_validator import EmailNotValidError, validate_email

    from leadgen.model.ids import canonical_email

    bare = text.removeprefix("mailto:")
    named = re.fullmatch(r"[^<>]*<\s*([^<>\s]+)\s*>", bare)
    bare = named.group(1) if named else bare
    if bare.count("@") > 1 or re.search(r"[;,\s]", bare):
        return "", f"bad email {text[:60]!r}: one address only"
    try:
        return canonical_email(validate_email(bare, check_deliverability=False).normalized), ""
    except EmailNotValidError as error:
        return "", f"bad email {text[:60]!r}: {str(error).rstrip('.')}"


def fields_shown(mapped: Sequence[str]) -> list[str]:
    """The fields a preview shows, in the order of their importance."""
    order = ("businessName", "name", "phone", "email", "city", "category")
    there = {*mapped, *({"name"} if {"firstName", "lastName"} & set(mapped) else ())}
    return [name for name in order if name in there]
