"""Makes realistic databases of the earlier program, with the dirt that years of use leave, for demos and tests.

    python -m migrate.sample --rows 2000 --out legacy/ [--seed 1] [--dirt 0.1] [--style snake|camel|odd]

Everything in them is invented: the telephone numbers are of ranges that exist, the domains end in `.example`.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from migrate.convert import Unusable
from migrate.convert.phones import phones


def _split(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_FIRST = _split(
    "Maria James Aisha Wei Luz Hank Priya Owen Zoë José Anna Tomás Grace Ivan Noor Sam Ruth Diego Hana Björn"
)
_LAST = _split("Lopez Smith Okafor Chen Ortega Dorsey Nair Pratt Müller García Novak Silva Kim Petrov Haddad Reed Cole")
_TRADES = {
    "Plumbing": "leak repair, water heaters, drains",
    "Roofing": "roofs, gutters, flashing",
    "Moving": "local moves, packing, storage",
    "Photography": "weddings, portraits",
    "Detailing": "interior, ceramic coating, wax",
    "Landscaping": "mowing, trees, irrigation",
    "Painting": "interior, exterior, cabinets",
    "Tutoring": "math, SAT, Spanish",
}
_CITIES = {
    "austin": ("512", "737"),
    "Dallas, TX": ("214", "469"),
    "denver": ("303", "720"),
    "portland": ("503", "971"),
    "New York": ("212", "718"),
    "san-francisco": ("415", "628"),
    "chicago": ("312", "773"),
    "Phoenix": ("602", "480"),
}
_START = datetime(2023, 1, 2, tzinfo=UTC)
STYLES = {
    "snake": {},
    "camel": {
        "business_name": "businessName", "last_sent": "lastSent", "source_url": "sourceUrl", "image_hash": "imageHash",
        "services_rendered": "servicesRendered", "lead_data_json": "leadDataJson", "created_at": "createdAt",
        "template_id": "templateId", "lead_data": "leadData", "sent_at": "sentAt", "template_name": "templateName",
        "base_subject": "baseSubject", "base_body_html": "baseBodyHtml", "is_archived": "isArchived",
        "number_of_leads_to_process": "numberOfLeadsToProcess", "request_timestamp": "requestTimestamp",
    },
    "odd": {
        "phone": "Phone Number", "name": "contact_name", "email": "E-Mail Address", "business_name": "company",
        "services_rendered": "services", "lead_data_json": "raw_data", "image_hash": "phash", "city": "metro",
        "last_sent": "last_contacted", "source_url": "post_url", "template_id": "template", "sent_at": "date_sent",
        "lead_data": "payload", "base_subject": "subject", "base_body_html": "body_html", "is_archived": "archived",
        "number_of_leads_to_process": "num_leads", "request_timestamp": "requested_at",
    },
}  # fmt: skip
"""How the columns are called: the plan's names in two ways, and as another hand would have named them."""


@dataclass
class Sample:
    """A random earlier program.

    Args:
        rows: contacts.
        seed: the same seed gives the same databases.
        dirt: share of values that are odd, and of rows that repeat.
        style: one of `STYLES`.
    """

    rows: int
    seed: int = 1
    dirt: float = 0.1
    style: str = "snake"
    _rng: random.Random = field(init=False)
    _people: list[dict[str, Any]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)

    def write(self, folder: Path) -> tuple[Path, Path, Path]:
        """Write `master_contacts.db`, `email_engine.db` and `config.json`; their paths.

        Raises:
            FileExistsError: one of them is there already.
        """
        folder.mkdir(parents=True, exist_ok=True)
        paths = (folder / "master_contacts.db", folder / "email_engine.db", folder / "config.json")
        for path in paths:
            if path.exists():
                raise FileExistsError(f"{path} exists already")
        self._write_contacts(paths[0])
        self._write_email(paths[1])
        config = {
            "llm_transaction_limit": 30, "emails_per_day": 150, "start_hour": 9, "end_hour": "5pm",
            "min_interval": 60, "max_interval": 180, "sender_name": "Ada Lovelace", "company_name": "Contoso",
            "recontact_days": -3, "openai_api_key": "sk-not-a-real-key", "debug": True,
        }  # fmt: skip
        paths[2].write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        return paths

    def _name(self, column: str) -> str:
        return STYLES[self.style].get(column, column)

    def _create(self, connection: sqlite3.Connection, table: str, columns: str) -> str:
        """Make a table; the statement that fills it."""
        names = [tuple(part.split()) for part in columns.split(",")]
        listed = ", ".join(f'"{self._name(name)}" {kind}' for name, kind in names)
        connection.execute(f'CREATE TABLE "{table}" (id INTEGER PRIMARY KEY, {listed})')
        return f'INSERT INTO "{table}" VALUES (NULL{", ?" * len(names)})'

    def _write_contacts(self, path: Path) -> None:
        connection = sqlite3.connect(path)
        insert = self._create(
            connection,
            "contacts",
            "phone TEXT, name TEXT, email TEXT, last_sent TEXT, source_url TEXT, image_hash TEXT, business_name TEXT,"
            "category TEXT, services_rendered TEXT, status TEXT, city TEXT, lead_data_json TEXT, created_at TEXT",
        )
        connection.executemany(insert, self._contacts())
        connection.commit()
        connection.close()

    def _odd(self) -> bool:
        return self._rng.random() < self.dirt

    def _contacts(self) -> Iterator[tuple[Any, ...]]:
        for number in range(self.rows):
            repeats = self._people and self._odd() and self._odd()
            person = dict(self._rng.choice(self._people)) if repeats else self._person(number)
            if len(self._people) < 5000:
                self._people.append(person)
            yield self._contact_row(person, number)

    def _person(self, number: int) -> dict[str, Any]:
        rng = self._rng
        city, codes = rng.choice(list(_CITIES.items()))
        trade, services = rng.choice(list(_TRADES.items()))
        first, last = rng.choice(_FIRST), rng.choice(_LAST)
        business = f"{last} {trade}" if rng.random() < 0.8 else ""
        return {
            "phone": _number(rng, codes),
            "name": f"{first} {last}",
            "email": f"owner{number}@{last.lower().encode('ascii', 'ignore').decode() or 'x'}{number}.example",
            "business": business,
            "trade": trade,
            "services": services,
            "city": city,
            "number": number,
        }

    def _contact_row(self, person: dict[str, Any], number: int) -> tuple[Any, ...]:
        rng = self._rng
        created = _START + timedelta(minutes=rng.randrange(1_200_000))
        sent = created + timedelta(days=rng.randrange(1, 60)) if rng.random() < 0.4 else None
        email = person["email"] if rng.random() < 0.85 else ""
        lead = {
            "title": f"{person['trade']} same day",
            "websiteUrl": f"https://{person['number']}.example/",
            "body": f"{person['business'] or person['name']} offers {person['services']}.",
            "price": rng.randrange(30, 200),
        }
        return (
            self._phone(person["phone"]),
            person["name"] if not self._odd() else rng.choice([None, "", f" {person['name']}\x00", "N/A"]),
            self._email(email),
            self._time(sent),
            f"https://classifieds.example/{person['city'][:3].lower()}/{person['number']}",
            f"{rng.getrandbits(64):016x}" if rng.random() < 0.5 else None,
            person["business"],
            person["trade"],
            self._services(person["services"]),
            self._status(bool(email)),
            person["city"],
            json.dumps(lead) if not self._odd() else rng.choice(["", None, "{}", json.dumps(json.dumps(lead)), "{bad"]),
            self._time(created),
        )

    def _phone(self, number: str) -> Any:
        ten, rng = number[2:], self._rng
        usual = [f"({ten[:3]}) {ten[3:6]}-{ten[6:]}", f"{ten[:3]}-{ten[3:6]}-{ten[6:]}", ten, number]
        if not self._odd():
            return rng.choice(usual)
        other = f"{ten[:3]}.{ten[3:6]}.{ten[6:]}"
        return rng.choice([int(ten), f"1{ten}", f"{other} x12", f"Tel: {other}", "555-1234", "", None, b"\xff\x00\x01"])

    def _email(self, email: str) -> Any:
        if not email or not self._odd():
            return email
        name = email.split("@")[0]
        return self._rng.choice(
            [
                email.upper(),
                f"{name} <{email}>",
                f"{email}; second.{email}",
                f"mailto:{email}",
                f" {email} ",
                f"{name}@",
                "none",
            ]
        )

    def _services(self, services: str) -> Any:
        if not self._odd():
            return services
        parts = services.split(", ")
        return self._rng.choice([json.dumps(parts), str(parts), "; ".join(parts), "", None])

    def _status(self, has_email: bool) -> Any:
        rng = self._rng
        if not self._odd():
            return "PROCESSED" if has_email else rng.choice(["PENDING_CAPTCHA", "PHONE_ONLY"])
        return rng.choice(["processed", "Done", None, "unsubscribed", "Do not contact", "CAPTCHA_FAILED", "??"])

    def _time(self, moment: datetime | None) -> Any:
        if moment is None:
            return None
        if not self._odd():
            return moment.strftime("%Y-%m-%d %H:%M:%S")
        return self._rng.choice(
            [
                moment.isoformat(), int(moment.timestamp()), int(moment.timestamp() * 1000), str(moment.timestamp()),
                moment.strftime("%Y-%m-%dT%H:%M:%SZ"), moment.strftime("%m/%d/%Y %I:%M %p"),
                moment.strftime("%b %d, %Y %H:%M"), moment.strftime("%a, %d %b %Y %H:%M:%S +0000"), "", "yesterday",
            ]
        )  # fmt: skip

    def _write_email(self, path: Path) -> None:
        connection = sqlite3.connect(path)
        templates = self._create(
            connection,
            "templates",
            "template_name TEXT, description TEXT, base_subject TEXT, base_body_html TEXT, is_archived INTEGER,"
            "created_at TEXT",
        )
        connection.executemany(templates, self._templates())
        queue = self._create(
            connection,
            "email_queue",
            "template_id INTEGER, lead_data TEXT, city TEXT, status TEXT, created_at TEXT, sent_at TEXT",
        )
        connection.executemany(queue, self._mails())
        requests = self._create(
            connection,
            "processor_queue",
            "template_id INTEGER, city TEXT, number_of_leads_to_process INTEGER, request_timestamp TEXT, status TEXT",
        )
        connection.executemany(requests, self._requests())
        connection.execute("CREATE TABLE variation_storage (id INTEGER PRIMARY KEY, template_id INTEGER, body TEXT)")
        connection.executemany("INSERT INTO variation_storage VALUES (NULL, 1, ?)", [("Hi",), ("Hello",)])
        connection.commit()
        connection.close()

    def _templates(self) -> Iterator[tuple[Any, ...]]:
        yield (
            "First hello",
            "To all trades",
            "Hello {{ name or 'there' }}",
            "<p>Hi {{ greetingName }}</p>",
            0,
            self._time(_START),
        )
        yield "Follow up", "", "About {{ businessName }}", "<p>{{ opener }}</p>", "no", self._time(_START)
        yield "Old style", "", "Hi [NAME]", "<p>Dear {{ first_name }}</p>", "yes", self._time(_START)

    def _mails(self) -> Iterator[tuple[Any, ...]]:
        rng = self._rng
        for _ in range(self.rows // 2):
            person = rng.choice(self._people)
            created = _START + timedelta(minutes=rng.randrange(1_200_000))
            status = rng.choice(["SENT", "SENT", "SENT", "QUEUED", "ERROR_NO_EMAIL", "ERROR_API_FAILURE"])
            sent = created + timedelta(hours=rng.randrange(1, 90)) if status == "SENT" else None
            lead = {"phone": person["phone"], "email": person["email"], "name": person["name"], "city": person["city"]}
            if self._odd():
                status = rng.choice(["sent", "Pending", "sending", "cancelled", "??", "skipped"])
            yield rng.choice([1, 2]), json.dumps(lead), person["city"], status, self._time(created), self._time(sent)

    def _requests(self) -> Iterator[tuple[Any, ...]]:
        rng = self._rng
        for number in range(max(3, self.rows // 100)):
            asked = _START + timedelta(hours=number * 7)
            status = "COMPLETED" if number else "PENDING"
            yield rng.choice([1, 2]), rng.choice(list(_CITIES)), rng.randrange(10, 200), self._time(asked), status


def _number(rng: random.Random, codes: tuple[str, ...]) -> str:
    while True:
        ten = f"{rng.choice(codes)}{rng.randrange(200, 1000)}{rng.randrange(10_000):04d}"
        try:
            return phones(ten, "US", lambda _: None).numbers[0]
        except Unusable:
            continue


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, required=True, help="how many contacts")
    parser.add_argument("--out", type=Path, required=True, help="the folder they are written to")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dirt", type=float, default=0.1, help="share of odd values, 0 to 1")
    parser.add_argument("--style", choices=sorted(STYLES), default="snake", help="how columns are called")
    wish = parser.parse_args()
    try:
        paths = Sample(wish.rows, wish.seed, wish.dirt, wish.style).write(wish.out)
    except FileExistsError as error:
        parser.error(str(error))
    for path in paths:
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
