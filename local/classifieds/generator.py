"""From a seed to a site: who advertises in a city, what they post, and how each post answers.

Everything drawn for a city comes from generators seeded with the site's seed and the city's name, so a further city
changes nothing in the others.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from local.classifieds.disguise import (
    DISGUISED_EMAIL_STYLES,
    DISGUISED_PHONE_STYLES,
    PLAIN_EMAIL_STYLES,
    PLAIN_PHONE_STYLES,
)
from local.classifieds.model import Advertiser, Block, City, CitySpec, Picture, Piece, Post, Route
from local.classifieds.people import NameBook, numbers, slugify
from local.classifieds.places import CITIES, TRAVELLERS, Traveller
from local.classifieds.plan import Kind, Slot, make_plan
from local.classifieds.trades import TRADES
from local.classifieds.writing import HOSTILE_TITLE, Contact, text_for, title_for

DEFAULT_SEED = 7
DEFAULT_POSTS_PER_CITY = 120
SUPPRESSIONS = 3

# When the newest post was made, on its city's clock; fixed, so that a seed gives the same bytes on any day.
NEWEST = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

_ROUTES: dict[Kind, Route] = {"email": "EMAIL", "captcha": "CAPTCHA", "phone": "PHONE", "none": "NONE"}
_KINDS: dict[str, Kind] = {"EMAIL": "email", "CAPTCHA": "captcha", "PHONE": "phone"}


class _CityBuilder:
    """Builds one city; each concern draws from a generator of its own."""

    def __init__(self, seed: int, spec: CitySpec, count: int) -> None:
        self._spec = spec
        self._seed = seed
        self._count = count
        self._names = NameBook(spec, self._rng("names"))
        self._numbers: Iterator[str] = numbers(spec, self._rng("numbers"))
        self._advertisers: dict[int, Advertiser] = {}
        self._travellers = {one.slug: one for one in TRAVELLERS if spec.slug in (one.home, one.away)}

    def _rng(self, concern: str) -> random.Random:
        return random.Random(f"{self._seed}/{self._spec.slug}/{self._count}/{concern}")

    def build(self) -> City:
        kinds = [(one.slug, _KINDS[one.route]) for one in self._travellers.values()]
        slots = make_plan(self._count, kinds, self._rng("plan"))
        sizes = Counter(slot.root for slot in slots)
        people = self._rng("people")
        for slot in slots:
            if not slot.is_repost and slot.kind in _ROUTES:
                self._advertisers[slot.index] = self._advertiser(slot, sizes[slot.index], people)
        ids, times = self._ids_and_times()
        posts = []
        positions: dict[int, int] = {}
        for slot, post_id, posted in zip(slots, ids, times, strict=True):
            # The root of a group is its oldest post, so it is the last to come by.
            position = positions.get(slot.root, 0)
            positions[slot.root] = position + 1
            posts.append(self._post(slot, position, post_id, posted, slots, ids))
        return City(self._spec, tuple(posts), self._suppressions(slots, sizes))

    def _ids_and_times(self) -> tuple[list[str], list[datetime]]:
        rng = self._rng("times")
        # The fourth digit is 0 or 1, which no exchange begins with: a post id is never a telephone number.
        number = 7_710_400_000 + rng.randrange(1_500_000)
        moment = NEWEST.replace(tzinfo=ZoneInfo(self._spec.timezone))
        ids, times = [], []
        for _ in range(self._count):
            ids.append(str(number))
            times.append(moment)
            number -= rng.randrange(3, 60)
            moment -= timedelta(minutes=rng.randrange(3, 40), seconds=rng.randrange(60))
        return ids, times

    def _advertiser(self, slot: Slot, size: int, rng: random.Random) -> Advertiser:
        if slot.traveller:
            return traveller_as_advertiser(self._travellers[slot.traveller])
        trade = TRADES[rng.choice(tuple(TRADES))]
        person = self._names.person()
        business = self._names.business(trade) if rng.random() < 0.75 else ""
        phones = self._phones(slot, size, rng)
        emails = self._emails(slot, size, business, person, rng)
        website = ""
        if business and rng.random() < 0.35:
            website = f"/w/{slugify(business)}-{self._spec.tag}/"
        # The website shows only what all posts of the advertiser share, so visiting it changes no outcome.
        return Advertiser(
            id=f"{self._spec.slug}-{slot.index:04d}",
            category=trade.key,
            business_name=business,
            contact_name=person,
            route=_ROUTES[slot.kind],
            phones=phones,
            emails=emails,
            website=website,
            site_phone=phones[0] if phones and slot.link in ("", "phone", "both") else "",
            site_email=emails[0] if slot.kind == "email" and slot.link in ("", "email", "both") else "",
        )

    def _phones(self, slot: Slot, size: int, rng: random.Random) -> tuple[str, ...]:
        if slot.link == "image" or slot.kind == "none":
            return ()
        chance = {"email": 0.55, "captcha": 0.8}.get(slot.kind, 1.0)
        if slot.link not in ("phone", "both") and rng.random() > chance:
            return ()
        count = 2 if size == 1 and rng.random() < 0.08 else 1
        return tuple(next(self._numbers) for _ in range(count))

    def _emails(self, slot: Slot, size: int, business: str, person: str, rng: random.Random) -> tuple[str, ...]:
        if slot.kind not in ("email", "captcha"):
            return ()
        # Posts linked by their telephone number alone each give another address.
        count = size if slot.kind == "email" and slot.link == "phone" else 1
        own_domain = bool(business) and rng.random() < 0.7
        return tuple(
            self._names.business_address(business, person) if own_domain else self._names.personal_address(person)
            for _ in range(count)
        )

    def _post(
        self, slot: Slot, position: int, post_id: str, posted: datetime, slots: list[Slot], ids: list[str]
    ) -> Post:
        rng = self._rng(f"post/{slot.index}")
        district = rng.choice(self._spec.districts)
        path = f"/{self._spec.slug}/services/{post_id}.html"
        advertiser = self._advertisers.get(slot.root)
        if advertiser is None:
            return self._dead_end(slot, path, post_id, posted, district, rng)
        trade = TRADES[advertiser.category]
        phones, emails = self._shown(slot, position, advertiser)
        contact = Contact(
            name=advertiser.contact_name.split()[0],
            phones=phones,
            phone_style=_style(rng, 0.6, PLAIN_PHONE_STYLES, DISGUISED_PHONE_STYLES) if phones else "",
            emails=emails,
            email_style=_style(rng, 0.75, PLAIN_EMAIL_STYLES, DISGUISED_EMAIL_STYLES) if emails else "",
            gated=slot.kind == "captcha" or (slot.kind == "email" and rng.random() < 0.15),
            website=advertiser.website if rng.random() < 0.8 else "",
        )
        title = title_for(trade, advertiser.business_name, district, rng)
        if slot.hostile:
            title = HOSTILE_TITLE.replace("{title}", title)
        return Post(
            post_id=post_id,
            city=self._spec.slug,
            path=path,
            fetch=slot.fetch,
            title=title,
            category=trade.key,
            posted=posted,
            price=f"${rng.randrange(*trade.price)}" if rng.random() < 0.5 else "",
            district=district,
            advertiser=advertiser,
            blocks=text_for(
                self._spec,
                trade,
                advertiser.business_name,
                district,
                contact,
                rng,
                hostile=slot.hostile,
                latin=slot.latin,
            ),
            phones=phones,
            emails=emails,
            phone_style=contact.phone_style,
            email_style=contact.email_style,
            gated=contact.gated,
            captcha_email=self._behind_the_gate(contact, advertiser, rng),
            pictures=self._pictures(slot, slots, advertiser, post_id, rng),
            json_ld=contact.email_style == "json_ld" or rng.random() < 0.2,
            encoding="iso-8859-1" if slot.latin else "utf-8",
            same_as=ids[slot.root] if slot.is_repost and slot.link == "image" else "",
        )

    def _dead_end(
        self, slot: Slot, path: str, post_id: str, posted: datetime, district: str, rng: random.Random
    ) -> Post:
        trade = TRADES[rng.choice(tuple(TRADES))]
        status = {"dead": rng.choice((404, 410)), "broken": 500}.get(slot.kind, 200)
        blocks: tuple[Block, ...] = ()
        if slot.kind == "forbidden":
            path = f"/private/{self._spec.slug}/services/{post_id}.html"
            blocks = (
                Block("p", (Piece(f"Members only. Write to member-{post_id}@private-{self._spec.tag}.example."),)),
            )
        return Post(
            post_id=post_id,
            city=self._spec.slug,
            path=path,
            fetch=slot.fetch,
            title=title_for(trade, "", district, rng),
            category=trade.key,
            posted=posted,
            district=district,
            blocks=blocks,
            status=status,
        )

    def _shown(self, slot: Slot, position: int, advertiser: Advertiser) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Which of the advertiser's numbers and addresses this post shows."""
        if slot.kind != "email":
            return advertiser.phones, ()
        if slot.link == "phone":
            return advertiser.phones, (advertiser.emails[position],)
        if slot.link == "email" and slot.is_repost:
            return (), advertiser.emails
        return advertiser.phones, advertiser.emails

    def _behind_the_gate(self, contact: Contact, advertiser: Advertiser, rng: random.Random) -> str:
        if not contact.gated:
            return ""
        if contact.emails:
            return contact.emails[0]
        # A fifth of the advertisers hide behind the site's relay.
        hides = random.Random(f"{self._seed}/{advertiser.id}/relay").random() < 0.2
        return self._names.relay_address() if hides else advertiser.emails[0]

    def _pictures(
        self, slot: Slot, slots: list[Slot], advertiser: Advertiser, post_id: str, rng: random.Random
    ) -> tuple[Picture, ...]:
        caption = advertiser.business_name or TRADES[advertiser.category].label
        shared = f"{self._seed}/{advertiser.id}/main"
        own = f"{self._seed}/{advertiser.id}/{post_id}"
        if slot.link == "image":
            # In every other pair the repost carries the picture at another size and quality.
            again = slot.is_repost and (slot.root // 60) % 2 == 1
            return (_picture(f"{post_id}_1", shared, caption, again=again),)
        if rng.random() < 0.3:
            return ()
        main = shared if not slot.is_repost or rng.random() < 0.6 else f"{own}/1"
        pictures = [_picture(f"{post_id}_1", main, caption, again=slot.is_repost and rng.random() < 0.5)]
        for number in range(2, 2 + rng.choice((0, 0, 1, 2))):
            png = rng.random() < 0.2
            pictures.append(_picture(f"{post_id}_{number}", f"{own}/{number}", caption, png=png))
        return tuple(pictures)

    def _suppressions(self, slots: list[Slot], sizes: dict[int, int]) -> tuple[str, ...]:
        """Addresses of advertisers with one ordinary post each, among the newest."""
        addresses = [
            self._advertisers[slot.index].emails[0]
            for slot in slots[:40]
            if slot.kind == "email" and slot.is_free and sizes[slot.index] == 1
        ]
        return tuple(self._rng("suppressions").sample(addresses, min(SUPPRESSIONS, len(addresses))))


def _style(rng: random.Random, plain_share: float, plain: tuple[str, ...], disguised: tuple[str, ...]) -> str:
    return rng.choice(plain if rng.random() < plain_share else disguised)


def _picture(name: str, subject: str, caption: str, *, again: bool = False, png: bool = False) -> Picture:
    if png:
        return Picture(f"{name}.png", subject, caption, size=(320, 240), quality=0)
    if again:
        return Picture(f"{name}.jpg", subject, caption, size=(480, 360), quality=62)
    return Picture(f"{name}.jpg", subject, caption)


def traveller_as_advertiser(traveller: Traveller) -> Advertiser:
    """The identity of a business that advertises in two cities; the same in both."""
    email = f"hello@{traveller.slug}.example"
    has_email = traveller.route in ("EMAIL", "CAPTCHA")
    return Advertiser(
        id=f"travelling-{traveller.slug}",
        category=traveller.category,
        business_name=traveller.business_name,
        contact_name=traveller.contact_name,
        route=traveller.route,
        phones=(traveller.phone,),
        emails=(email,) if has_email else (),
        website=f"/w/{traveller.slug}/",
        site_phone=traveller.phone,
        site_email=email if traveller.route == "EMAIL" else "",
        cross_city=True,
    )


def generate_city(seed: int, spec: CitySpec, posts_per_city: int = DEFAULT_POSTS_PER_CITY) -> City:
    """All of one city, the same for the same arguments on any machine.

    Raises:
        ValueError: `posts_per_city` is below 1.
    """
    if posts_per_city < 1:
        raise ValueError(f"posts_per_city must be at least 1, not {posts_per_city}")
    return _CityBuilder(seed, spec, posts_per_city).build()


def generate_site(
    seed: int = DEFAULT_SEED,
    posts_per_city: int = DEFAULT_POSTS_PER_CITY,
    cities: Iterable[CitySpec] | None = None,
) -> dict[str, City]:
    """Every city of the site by slug; `cities` defaults to those of `places`."""
    specs = CITIES.values() if cities is None else cities
    return {spec.slug: generate_city(seed, spec, posts_per_city) for spec in specs}
