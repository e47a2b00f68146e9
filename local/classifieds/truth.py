"""What is right: for every link on the listings, what a correct harvest and triage makes of it.

Derived from the same data the pages are rendered from. `expected_outcomes` turns it into the result of a campaign.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from local.classifieds.generator import DEFAULT_POSTS_PER_CITY, DEFAULT_SEED, generate_city
from local.classifieds.model import FETCHABLE, City, Fetch, Post, Route
from local.classifieds.places import CITIES


@dataclass(frozen=True)
class PostTruth:
    """One listing link.

    Args:
        path: address of the post on the server.
        post_id: its number.
        advertiser: identity; reposts share it. None where the link leads nowhere.
        fetch: "ok", "slow", "flaky" (503 once), "dead" (404, 410), "broken" (500), "forbidden" (robots.txt).
        route: where it belongs after processing, unless it is a duplicate; None where the link leads nowhere.
        phones: E.164 numbers in the post.
        emails: addresses in the post, lower case; not those of the contact page.
        captcha_email: what the contact page reveals to a person, or "".
        category: key of the trade.
        business_name: as written in the ad, or "".
        same_as: post id this one can be linked to by its picture only, or "".
        cross_city: whether the advertiser also posts in another city.
        phone_style: how the numbers are written, see `disguise`.
        email_style: how the addresses are written, see `disguise`.
    """

    path: str
    post_id: str
    advertiser: str | None
    fetch: Fetch
    route: Route | None
    phones: frozenset[str]
    emails: frozenset[str]
    captcha_email: str
    category: str
    business_name: str
    same_as: str
    cross_city: bool
    phone_style: str
    email_style: str

    @property
    def is_fetchable(self) -> bool:
        """Whether a patient and obedient harvester ends up with the post's text."""
        return self.fetch in FETCHABLE


@dataclass(frozen=True)
class CityTruth:
    """The links of one city in listing order, newest first, and the addresses a demo suppresses."""

    city: str
    seed: int
    posts_per_city: int
    posts: tuple[PostTruth, ...]
    suppressions: tuple[str, ...]

    def by_path(self) -> dict[str, PostTruth]:
        """The links by path."""
        return {post.path: post for post in self.posts}

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON answer; sets become sorted lists."""
        posts = [{**asdict(post), "phones": sorted(post.phones), "emails": sorted(post.emails)} for post in self.posts]
        return {
            "city": self.city,
            "seed": self.seed,
            "posts_per_city": self.posts_per_city,
            "posts": posts,
            "suppressions": list(self.suppressions),
        }


@dataclass(frozen=True)
class AdvertiserOutcome:
    """What becomes of one advertiser: exactly one of `paths` is the lead, every other one a duplicate of it.

    Args:
        outcome: a route, "SUPPRESSED" (its address is on the suppression list), or "KNOWN" (all are duplicates,
            because the advertiser was known before).
        paths: the fetchable posts of the advertiser.
    """

    outcome: str
    paths: tuple[str, ...]

    @property
    def duplicates(self) -> int:
        """How many of the posts end as duplicates."""
        return len(self.paths) if self.outcome == "KNOWN" else len(self.paths) - 1


@dataclass(frozen=True)
class Outcomes:
    """The right result of a campaign.

    Args:
        advertisers: outcome by advertiser id.
        failures: paths that give no post, with "dead", "broken" or "forbidden".
        totals: number of posts by EMAIL, CAPTCHA, PHONE, NONE, SUPPRESSED, DUPLICATE, DEAD, BROKEN, FORBIDDEN.
    """

    advertisers: dict[str, AdvertiserOutcome]
    failures: dict[str, Fetch]
    totals: Counter[str]


def post_truth(post: Post) -> PostTruth:
    """What is right for one post."""
    advertiser = post.advertiser
    return PostTruth(
        path=post.path,
        post_id=post.post_id,
        advertiser=advertiser.id if advertiser else None,
        fetch=post.fetch,
        route=advertiser.route if advertiser else None,
        phones=frozenset(post.phones),
        emails=frozenset(post.emails),
        captcha_email=post.captcha_email,
        category=post.category,
        business_name=advertiser.business_name if advertiser else "",
        same_as=post.same_as,
        cross_city=bool(advertiser and advertiser.cross_city),
        phone_style=post.phone_style,
        email_style=post.email_style,
    )


def city_truth(city: City, seed: int) -> CityTruth:
    """What is right for a city that has been generated already."""
    posts = tuple(post_truth(post) for post in city.posts)
    return CityTruth(city.spec.slug, seed, len(posts), posts, city.suppressions)


def truth(seed: int = DEFAULT_SEED, city: str = "austin", posts_per_city: int = DEFAULT_POSTS_PER_CITY) -> CityTruth:
    """What is right for one city of the site.

    Raises:
        KeyError: the site has no such city.
    """
    return city_truth(generate_city(seed, CITIES[city], posts_per_city), seed)


def expected_outcomes(
    city: CityTruth,
    *,
    paths: Iterable[str] | None = None,
    suppressed: Iterable[str] = (),
    known: Iterable[str] = (),
) -> Outcomes:
    """What a campaign must come to, whichever post of an advertiser was processed first.

    Among the fetchable posts of one advertiser exactly one is new and goes the advertiser's route; all others are
    duplicates. An advertiser whose address is suppressed is SUPPRESSED instead of EMAIL.

    Args:
        city: what is right for the city.
        paths: links the campaign looked at; all of the city's by default.
        suppressed: addresses on the suppression list.
        known: advertiser ids met before, in another campaign or city.
    """
    chosen = None if paths is None else set(paths)
    blocked, met = {address.lower() for address in suppressed}, set(known)
    groups: dict[str, list[PostTruth]] = {}
    failures: dict[str, Fetch] = {}
    for post in city.posts:
        if chosen is not None and post.path not in chosen:
            continue
        if not post.is_fetchable or post.advertiser is None:
            failures[post.path] = post.fetch
        else:
            groups.setdefault(post.advertiser, []).append(post)
    advertisers = {name: _outcome(name, posts, blocked, met) for name, posts in groups.items()}
    return Outcomes(advertisers, failures, _totals(advertisers, failures))


def _outcome(name: str, posts: list[PostTruth], blocked: set[str], met: set[str]) -> AdvertiserOutcome:
    outcome: str = posts[0].route or "NONE"
    if name in met:
        outcome = "KNOWN"
    elif outcome == "EMAIL" and any(post.emails & blocked for post in posts):
        outcome = "SUPPRESSED"
    return AdvertiserOutcome(outcome, tuple(post.path for post in posts))


def _totals(advertisers: dict[str, AdvertiserOutcome], failures: dict[str, Fetch]) -> Counter[str]:
    totals: Counter[str] = Counter(fetch.upper() for fetch in failures.values())
    for outcome in advertisers.values():
        totals["DUPLICATE"] += outcome.duplicates
        if outcome.outcome != "KNOWN":
            totals[outcome.outcome] += 1
    return totals
