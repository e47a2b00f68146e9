"""Which link of a city's listings is what: the mix of contact modes, reposts and failures, spread over all pages."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from local.classifieds.model import Fetch

PAGE_SIZE = 20

Kind = Literal["email", "captcha", "phone", "none", "dead", "broken", "forbidden"]
# What the posts of one advertiser have in common.
Link = Literal["", "phone", "email", "both", "image"]

# Share of each kind; what is left over is "email". "broken" is one page per city.
_SHARES: tuple[tuple[Kind, float], ...] = (
    ("captcha", 0.25),
    ("phone", 0.20),
    ("dead", 0.04),
    ("none", 0.03),
    ("forbidden", 0.017),
)
_REPOST_SHARE = 0.12
_REPOST_REACH = 40
_LARGEST_GROUP = 3
_CONTACTABLE = ("email", "captcha", "phone")


@dataclass
class Slot:
    """One listing link while the mix is being made.

    Args:
        index: position on the listings, 0 is the newest.
        kind: what is behind the link.
        fetch: how it answers.
        root: index of the slot whose advertiser placed this one; its own index unless it is a repost.
        link: what the posts of this advertiser share.
        traveller: slug of the business that also advertises in another city, or empty.
        latin: served as ISO-8859-1.
        hostile: carries text meant to mislead.
    """

    index: int
    kind: Kind
    fetch: Fetch = "ok"
    root: int = -1
    link: Link = ""
    traveller: str = ""
    latin: bool = False
    hostile: bool = False

    @property
    def is_repost(self) -> bool:
        """Whether another slot's advertiser placed this one."""
        return self.root != self.index

    @property
    def is_free(self) -> bool:
        """Whether nothing particular has been decided about this slot."""
        return self.fetch == "ok" and not (self.link or self.traveller or self.latin or self.hostile)


def _kinds(count: int, rng: random.Random) -> list[Kind]:
    """Kinds in listing order; each page of 20 gets its share, so a short campaign meets all of them."""
    kinds: list[Kind] = []
    placed: dict[Kind, int] = dict.fromkeys((kind for kind, _ in _SHARES), 0)
    for start in range(0, count, PAGE_SIZE):
        end = min(start + PAGE_SIZE, count)
        page: list[Kind] = []
        for kind, share in _SHARES:
            number = max(0, min(round(share * end) - placed[kind], end - start - len(page)))
            placed[kind] += number
            page += [kind] * number
        if start == PAGE_SIZE and len(page) < end - start:
            page.append("broken")
        page += ["email"] * (end - start - len(page))
        rng.shuffle(page)
        kinds += page
    return kinds


def _place_travellers(slots: list[Slot], travellers: list[tuple[str, Kind]], rng: random.Random) -> None:
    for slug, kind in travellers:
        free = [slot for slot in slots[:60] if slot.kind == kind and slot.is_free]
        if free:
            rng.choice(free).traveller = slug


def _place_image_pairs(slots: list[Slot], rng: random.Random) -> None:
    """One pair in every 60 posts has nothing but its picture in common."""
    for start in range(0, len(slots), 60):
        free = [slot for slot in slots[start : start + 60] if slot.kind == "captcha" and slot.is_free]
        if len(free) < 2:
            continue
        repost, root = sorted(rng.sample(free, 2), key=lambda slot: slot.index)
        repost.root = root.index
        repost.link = root.link = "image"


def _choose_link(kind: Kind, rng: random.Random) -> Link:
    if kind == "email":
        return rng.choice(("phone", "email", "both"))
    return "phone"


def _place_repost(page: list[Slot], slots: list[Slot], sizes: dict[int, int], rng: random.Random) -> bool:
    """Turn one slot of a page into a repost of an older one; False when none fits."""
    for repost in rng.sample(page, len(page)):
        if repost.kind not in _CONTACTABLE or not repost.is_free:
            continue
        older = slots[repost.index + 1 : repost.index + 1 + _REPOST_REACH]
        roots = [
            slot
            for slot in older
            if slot.kind == repost.kind
            and not slot.is_repost
            and not slot.traveller
            and slot.link != "image"
            and sizes.get(slot.index, 1) < _LARGEST_GROUP
        ]
        if roots:
            root = rng.choice(roots)
            root.link = repost.link = root.link or _choose_link(root.kind, rng)
            repost.root = root.index
            sizes[root.index] = sizes.get(root.index, 1) + 1
            return True
    return False


def _place_reposts(slots: list[Slot], rng: random.Random) -> None:
    sizes: dict[int, int] = {}
    for start in range(0, len(slots), PAGE_SIZE):
        page = slots[start : start + PAGE_SIZE]
        wanted = round(_REPOST_SHARE * (start + len(page)))
        while sum(slot.is_repost for slot in slots[: start + len(page)]) < wanted:
            if not _place_repost(page, slots, sizes, rng):
                break


def _place_failures(slots: list[Slot], rng: random.Random) -> None:
    """Every 40 posts one that fails once, every 60 one that is slow; any of them may be a repost."""
    for fetch, distance in (("flaky", 40), ("slow", 60)):
        for start in range(0, len(slots), distance):
            free = [
                slot
                for slot in slots[start : start + distance]
                if slot.kind in _CONTACTABLE and slot.fetch == "ok" and not slot.traveller
            ]
            if free:
                rng.choice(free).fetch = "flaky" if fetch == "flaky" else "slow"


def make_plan(count: int, travellers: list[tuple[str, Kind]], rng: random.Random) -> list[Slot]:
    """Decide what every listing link of a city is.

    Args:
        count: number of links.
        travellers: slug and kind of the businesses that also advertise elsewhere.
        rng: source of the decisions.
    """
    slots = [Slot(index, kind, root=index) for index, kind in enumerate(_kinds(count, rng))]
    for slot in slots:
        if slot.kind in ("dead", "broken", "forbidden"):
            slot.fetch = slot.kind
    _place_travellers(slots, travellers, rng)
    for mark in ("latin", "hostile"):
        free = [slot for slot in slots[:60] if slot.kind == "email" and slot.is_free]
        if free:
            setattr(rng.choice(free), mark, True)
    _place_image_pairs(slots, rng)
    _place_reposts(slots, rng)
    _place_failures(slots, rng)
    return slots
