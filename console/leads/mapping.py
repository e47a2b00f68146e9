"""Which column is which field: guessed from the headings, and then from what stands in the columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

from console.leads.tables import Line, Table
from leadgen.model.errors import FieldProblem, InvalidInput

FIELDS = {
    "name": "name of the person",
    "firstName": "first name; joined with the last name",
    "lastName": "last name",
    "businessName": "name of the business",
    "phone": "phone number",
    "email": "email address",
    "websiteUrl": "website",
    "category": "trade",
    "servicesRendered": "services; several with commas or semicolons between them",
    "city": "city",
    "title": "title of the ad",
    "body": "text of the ad, or notes",
    "contactUrl": "page behind a CAPTCHA where the address is",
    "sourceUrl": "where the lead was found",
    "timezone": "timezone, such as America/Chicago",
}
"""The fields a column can be, each with what it is."""

_SYNONYMS: dict[str, str] = {
    "name": "name, full name, contact, contact name, contact person, person, owner, owner name, customer, "
    "customer name, client, client name, lead, lead name, nombre, nom, ansprechpartner",
    "firstName": "first name, firstname, given name, forename, first, vorname, prenom",
    "lastName": "last name, lastname, surname, family name, last, nachname",
    "businessName": "business name, business, company, company name, organization, organisation, organization name, "
    "account name, account, employer, firm, dba, trading name, firma, unternehmen, empresa, entreprise, societe",
    "phone": "phone, phone number, telephone, telephone number, tel, mobile, mobile phone, mobile number, cell, "
    "cell phone, work phone, business phone, main phone, home phone, primary phone, phone 1 value, contact number, "
    "number, telefon, telefonnummer, handy, telefono, telephone portable",
    "email": "email, e mail, email address, e mail address, mail, mail address, contact email, work email, "
    "business email, primary email, email 1 value, correo, correo electronico, courriel, adresse email",
    "websiteUrl": "website, website url, web, web site, homepage, home page, url, site, domain, web page, webseite, "
    "company website, business website, sitio web, site web",
    "category": "category, trade, industry, type, business type, profession, branch, branche, sector, categoria",
    "servicesRendered": "services, services rendered, service, services offered, specialties, leistungen, servicios",
    "city": "city, town, location, locality, business city, mailing city, stadt, ort, ciudad, ville",
    "title": "title, ad title, headline, subject, post title, betreff",
    "body": "body, description, text, ad, ad text, post, notes, note, comment, comments, message, "
    "details, remark, remarks, beschreibung",
    "contactUrl": "contact url, contact page, reply url, reply link",
    "sourceUrl": "source url, source, link, post url, ad url, listing url, found at, quelle",
    "timezone": "timezone, time zone, tz, zeitzone",
}
_BY_HEADING = {
    heading.strip(): field for field, headings in _SYNONYMS.items() for heading in (*headings.split(","), field.lower())
}
_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[A-Za-z]{2,}")
_PHONE = re.compile(r"\+?[\d\s().\-/]{7,20}(?:\s*(?:x|ext\.?)\s*\d+)?", re.IGNORECASE)
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_SAMPLE = 50

Mapped = tuple[str, ...]
"""The field of each column; empty for one that is left aside."""


def folded(heading: str) -> str:
    """A heading as it is compared: without accents, case and punctuation, with words apart, and e-mail as one word."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", heading)
    bare = "".join(c for c in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(c))
    words = " ".join(re.sub(r"[^a-z0-9]+", " ", bare.casefold()).split())
    return re.sub(r"\be mail", "email", words)


def guess(table: Table) -> Mapped:
    """Which column is which field; each field once, the first column that fits it best."""
    wanted = [_BY_HEADING.get(folded(heading), "") for heading in table.headings]
    for number, field in enumerate(wanted):
        found = _by_content([_cell(line, number) for line in table.lines[:_SAMPLE]])
        # "Contact" and "Web" are names of columns that hold addresses, too.
        if not field or (field in {"websiteUrl", "name"} and found in {"email", "phone"}):
            wanted[number] = found
    return once(wanted)


def once(wanted: Sequence[str]) -> Mapped:
    """A mapping in which no field comes twice: the first column keeps it."""
    seen: set[str] = set()
    out: list[str] = []
    for field in wanted:
        out.append("" if field in seen else field)
        seen.add(field)
    return tuple(out)


def _cell(line: Line, number: int) -> str:
    return line.cells[number] if number < len(line.cells) else ""


def _by_content(cells: Sequence[str]) -> str:
    filled = [cell for cell in cells if cell]
    if len(filled) < 1:
        return ""
    for field, pattern in (("email", _EMAIL), ("websiteUrl", _URL), ("phone", _PHONE)):
        if sum(bool(pattern.fullmatch(cell)) for cell in filled) >= 0.8 * len(filled):
            return field
    return ""


def from_file(path: Path, table: Table) -> Mapped:
    """A mapping written down: lines of ``field = heading`` in TOML; columns it does not name are left aside.

    Raises:
        InvalidInput: it can't be read, names no field, or no heading of the table.
    """
    import tomllib

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(
            f"The mapping {path} can't be read: {error}.", hint='Lines such as: phone = "Tel."'
        ) from None
    return from_names(content, table)


def from_names(wanted: Mapping[str, object], table: Table) -> Mapped:
    """A mapping from fields to headings; see `from_file`."""
    by_heading = {heading.casefold(): number for number, heading in reversed(list(enumerate(table.headings)))}
    out = [""] * len(table.headings)
    problems: list[FieldProblem] = []
    for field, heading in wanted.items():
        place = by_heading.get(str(heading).strip().casefold())
        if field not in FIELDS:
            problems.append(FieldProblem(field, str(heading)[:80], f"one of {', '.join(FIELDS)}"))
        elif place is None:
            problems.append(FieldProblem(field, str(heading)[:80], f"one of {', '.join(table.headings)}"[:400]))
        else:
            out[place] = field
    if problems:
        raise InvalidInput(
            "The mapping does not fit.", hint="Name fields and headings as listed.", fields=tuple(problems)
        )
    return tuple(out)
