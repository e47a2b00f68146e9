"""Names, telephone numbers and addresses for advertisers: believable, unique, and nobody's."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator

from local.classifieds.model import CitySpec, Trade

RELAY_DOMAIN = "reply.demo.example"

_FIRST = (
    "Maria",
    "James",
    "Linda",
    "Robert",
    "Aisha",
    "Daniel",
    "Carmen",
    "Kevin",
    "Mei",
    "Anthony",
    "Rosa",
    "Tyler",
    "Nadia",
    "Marcus",
    "Elena",
    "Greg",
    "Fatima",
    "Luis",
    "Hannah",
    "Omar",
    "Janet",
    "Victor",
    "Sofia",
    "Dale",
    "Ruth",
    "Andre",
    "Paula",
    "Sam",
    "Irene",
    "Walt",
    "Yolanda",
    "Chris",
    "Beth",
    "Ivan",
    "Tanya",
    "Joel",
)
_LAST = (
    "Lopez",
    "Carter",
    "Nguyen",
    "Bailey",
    "Okafor",
    "Reyes",
    "Schmidt",
    "Howard",
    "Kim",
    "Delgado",
    "Price",
    "Hansen",
    "Walker",
    "Ibarra",
    "Foster",
    "Patel",
    "Quinn",
    "Moreno",
    "Barnes",
    "Chavez",
    "Doyle",
    "Fischer",
    "Grant",
    "Haley",
    "Jensen",
    "Keller",
    "Lang",
    "Mercer",
    "Novak",
    "Ochoa",
    "Parks",
    "Rowe",
    "Santos",
    "Tate",
    "Vance",
)
_OFFICES = ("info", "hello", "office", "contact", "quotes", "booking", "jobs", "service")
# Directory assistance and its like; every other 555 number belongs to nobody.
_TAKEN_LINES = (1212, 4334)


def slugify(text: str) -> str:
    """Lower-case letters and digits only."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def numbers(spec: CitySpec, rng: random.Random) -> Iterator[str]:
    """Numbers of a city, each once, in E.164.

    The range 555-0100 to 555-0199 is reserved for fiction (North American Numbering Plan Administrator); its last ten
    are left to businesses that advertise in two cities. A very large site goes on into the unassigned rest of 555.
    """
    fiction = [f"+1{area}555{line:04d}" for area in spec.area_codes for line in range(100, 190)]
    rng.shuffle(fiction)
    rest = (
        f"+1{area}555{line:04d}" for line in range(200, 10_000) if line not in _TAKEN_LINES for area in spec.area_codes
    )
    return itertools.chain(fiction, rest)


class NameBook:
    """Hands out names of one city, none of them twice."""

    def __init__(self, spec: CitySpec, rng: random.Random) -> None:
        self._spec = spec
        self._rng = rng
        self._slugs: set[str] = set()
        self._mailboxes: set[str] = set()

    def person(self) -> str:
        """First and last name; these may repeat, as they do."""
        return f"{self._rng.choice(_FIRST)} {self._rng.choice(_LAST)}"

    def business(self, trade: Trade) -> str:
        """A business name of which no other in the city has the like."""
        for attempt in itertools.count():
            name = self._rng.choice(trade.names)
            pattern = self._rng.choice(
                ("{flavour} {name}", "{flavour} {name}", "{last} {name}", "{last} & Sons {name}")
            )
            business = pattern.format(
                flavour=self._rng.choice(self._spec.flavours), last=self._rng.choice(_LAST), name=name
            )
            if attempt > 50:
                business += f" {attempt}"
            if slugify(business) not in self._slugs:
                self._slugs.add(slugify(business))
                return business
        raise AssertionError("unreachable: the loop has no end")

    def domain(self, business: str) -> str:
        """The domain of a business, under a top-level domain reserved for examples (RFC 2606)."""
        return f"{slugify(business)}-{self._spec.tag}.example"

    def business_address(self, business: str, person: str) -> str:
        """An address at the business's own domain."""
        name = self._rng.choice((*_OFFICES, slugify(person.split()[0])))
        return self._unique(name, self.domain(business))

    def personal_address(self, person: str) -> str:
        """An address at a mail provider many people use."""
        first, last = (slugify(part) for part in person.split())
        name = self._rng.choice((f"{first}.{last}", f"{first}{last}", f"{first[0]}{last}", f"{first}_{last}"))
        host = self._rng.choice((f"{self._spec.slug}mail.example.com", f"post-{self._spec.tag}.example.net"))
        return self._unique(f"{name}{self._rng.randrange(10, 99)}", host)

    def relay_address(self) -> str:
        """An address of the site's own relay, new for every post."""
        return self._unique(f"{self._spec.tag}-{self._rng.getrandbits(40):010x}", RELAY_DOMAIN)

    def _unique(self, name: str, domain: str) -> str:
        address = f"{name}@{domain}"
        for number in itertools.count(2):
            if address not in self._mailboxes:
                self._mailboxes.add(address)
                return address
            address = f"{name}{number}@{domain}"
        raise AssertionError("unreachable: the loop has no end")
