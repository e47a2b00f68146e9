"""The demo site's content: the same for the same seed, varied, nobody's, and true to its list of what is right."""

from __future__ import annotations

import io
import itertools
import tomllib
from collections import Counter
from dataclasses import replace
from datetime import date

import imagehash
import phonenumbers
import pytest
from PIL import Image

from local.classifieds.generator import generate_city, generate_site
from local.classifieds.images import encode
from local.classifieds.model import City, CitySpec, Picture, Post
from local.classifieds.people import RELAY_DOMAIN
from local.classifieds.places import CITIES
from local.classifieds.source import source_toml
from local.classifieds.truth import CityTruth, PostTruth, expected_outcomes, truth

SEED = 7


@pytest.fixture(scope="module")
def site() -> dict[str, City]:
    return generate_site(SEED, 120)


@pytest.fixture(scope="module")
def truths() -> list[CityTruth]:
    return [truth(SEED, slug) for slug in CITIES]


def by_advertiser(posts: tuple[PostTruth, ...]) -> dict[str, list[PostTruth]]:
    groups: dict[str, list[PostTruth]] = {}
    for post in posts:
        if post.advertiser is not None:
            groups.setdefault(post.advertiser, []).append(post)
    return groups


def test_same_seed_gives_the_same_site_and_another_seed_another(site: dict[str, City]) -> None:
    assert generate_site(SEED, 120) == site
    assert generate_site(SEED + 1, 120) != site


def test_a_further_city_changes_nothing_in_the_others(site: dict[str, City]) -> None:
    reno = CitySpec("reno", "Reno, NV", "America/Los_Angeles", ("775",), "rno", ("Truckee",), ("Midtown",), ("1", "2"))
    larger = generate_site(SEED, 120, [reno, *reversed(CITIES.values())])
    assert {slug: larger[slug] for slug in site} == site
    assert len(larger["reno"].posts) == 120


@pytest.mark.parametrize("count", [1, 2, 19, 20, 21, 61, 300])
def test_any_number_of_posts_can_be_asked_for(count: int) -> None:
    posts = generate_city(SEED, CITIES["denver"], count).posts
    assert len(posts) == count
    assert len({post.path for post in posts}) == count
    assert [post.posted for post in posts] == sorted((post.posted for post in posts), reverse=True)


def test_posts_per_city_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        generate_city(SEED, CITIES["austin"], 0)


def test_first_sixty_links_of_austin_show_every_outcome() -> None:
    austin = truth()
    first = [post.path for post in austin.posts[:60]]
    totals = expected_outcomes(austin, paths=first, suppressed=austin.suppressions).totals
    assert totals["EMAIL"] >= 15
    assert totals["CAPTCHA"] >= 8
    assert totals["PHONE"] >= 6
    assert totals["DUPLICATE"] >= 3
    assert totals["SUPPRESSED"] >= 2
    assert min(totals["DEAD"], totals["NONE"], totals["BROKEN"], totals["FORBIDDEN"]) >= 1
    assert {"slow", "flaky"} <= {post.fetch for post in austin.posts[:60]}
    assert any(post.same_as for post in austin.posts[:60])


def test_the_mix_is_that_of_a_real_site(truths: list[CityTruth]) -> None:
    for city in truths:
        routes = Counter(post.route for post in city.posts)
        assert 0.40 <= routes["EMAIL"] / 120 <= 0.55
        assert 0.20 <= routes["CAPTCHA"] / 120 <= 0.30
        assert 0.15 <= routes["PHONE"] / 120 <= 0.25
        reposts = sum(len(posts) - 1 for posts in by_advertiser(city.posts).values())
        assert 0.09 <= reposts / 120 <= 0.15
        assert len(city.suppressions) == 3


def test_posts_of_one_advertiser_share_route_and_a_trace_pairwise(site: dict[str, City]) -> None:
    """So the outcome cannot depend on which of them is processed first."""
    for city in site.values():
        groups: dict[str, list[Post]] = {}
        for post in city.posts:
            if post.advertiser:
                groups.setdefault(post.advertiser.id, []).append(post)
        for posts in groups.values():
            for one, other in itertools.combinations(posts, 2):
                pictures = {p.subject for p in one.pictures} & {p.subject for p in other.pictures}
                if one.same_as or other.same_as:
                    assert pictures
                    assert (one.phones, one.emails, other.phones, other.emails) == ((), (), (), ())
                else:
                    assert set(one.phones) & set(other.phones) or set(one.emails) & set(other.emails)


def test_different_advertisers_share_nothing(site: dict[str, City]) -> None:
    owners: dict[str, set[str]] = {}
    for city in site.values():
        for post in city.posts:
            if post.advertiser is None:
                continue
            for trace in (
                *post.phones,
                *post.emails,
                post.captcha_email,
                post.advertiser.website,
                *(picture.subject for picture in post.pictures),
            ):
                owners.setdefault(trace, set()).add(post.advertiser.id)
    del owners[""]
    assert [trace for trace, ids in owners.items() if len(ids) > 1] == []


def test_route_follows_from_what_the_post_offers(truths: list[CityTruth]) -> None:
    for post in (post for city in truths for post in city.posts):
        if post.route == "EMAIL":
            assert post.emails
        elif post.route == "CAPTCHA":
            assert not post.emails
            assert post.captcha_email
        elif post.route == "PHONE":
            assert post.phones
            assert (post.emails, post.captcha_email) == (frozenset(), "")
        elif post.route == "NONE":
            assert (post.emails, post.captcha_email, post.phones) == (frozenset(), "", frozenset())
        else:
            assert post.fetch in ("dead", "broken", "forbidden")


def test_some_gates_reveal_the_relay_and_some_gated_posts_have_no_phone(truths: list[CityTruth]) -> None:
    gated = [post for city in truths for post in city.posts if post.route == "CAPTCHA"]
    relayed = [post for post in gated if post.captcha_email.endswith("@" + RELAY_DOMAIN)]
    assert 0 < len(relayed) < len(gated) / 2
    assert 0 < sum(not post.phones for post in gated) < len(gated) / 2


def test_numbers_are_valid_local_and_reserved_for_fiction(truths: list[CityTruth]) -> None:
    for city in truths:
        codes = CITIES[city.city].area_codes
        for post in city.posts:
            for phone in post.phones:
                assert phonenumbers.is_valid_number(phonenumbers.parse(phone))
                assert phone[5:10] == "55501"
                assert post.cross_city or phone[2:5] in codes


def test_a_very_large_city_still_uses_nobodys_numbers() -> None:
    posts = generate_city(SEED, CITIES["austin"], 1500).posts
    phones = {phone for post in posts for phone in post.phones}
    assert len(phones) > 500
    assert all(phone[5:8] == "555" for phone in phones)


def test_addresses_are_under_reserved_domains(truths: list[CityTruth]) -> None:
    reserved = (".example", ".example.com", ".example.net", ".example.org")
    for post in (post for city in truths for post in city.posts):
        for address in {*post.emails, post.captcha_email} - {""}:
            assert address.endswith(reserved)
            assert address == address.lower()


def test_businesses_that_travel_are_the_same_in_both_cities(truths: list[CityTruth]) -> None:
    seen: dict[str, list[PostTruth]] = {}
    for city in truths:
        for post in city.posts:
            if post.cross_city:
                seen.setdefault(str(post.advertiser), []).append(post)
    assert len(seen) == 4
    assert all(len(posts) == 2 for posts in seen.values())
    assert all(len({(post.phones, post.route) for post in posts}) == 1 for posts in seen.values())


def test_suppressed_addresses_belong_to_one_ordinary_post_each(truths: list[CityTruth]) -> None:
    for city in truths:
        for address in city.suppressions:
            (post,) = (post for post in city.posts if address in post.emails)
            assert (post.route, post.fetch) == ("EMAIL", "ok")
            assert [other.path for other in city.posts if other.advertiser == post.advertiser] == [post.path]


def test_expected_outcomes_add_up_and_know_of_earlier_campaigns() -> None:
    austin = truth()
    outcomes = expected_outcomes(austin, suppressed=austin.suppressions)
    assert sum(outcomes.totals.values()) == 120
    assert outcomes.totals["SUPPRESSED"] == 3
    again = expected_outcomes(austin, known=outcomes.advertisers).totals
    assert set(again) - {"DUPLICATE"} <= {"DEAD", "BROKEN", "FORBIDDEN"}
    assert sum(again.values()) == 120


def test_pictures_of_different_subjects_differ_and_copies_do_not(site: dict[str, City]) -> None:
    subjects: dict[str, str] = {}
    for post in site["austin"].posts:
        subjects.update((picture.subject, picture.caption) for picture in post.pictures)

    def look(picture: Picture) -> imagehash.ImageHash:
        return imagehash.phash(Image.open(io.BytesIO(encode(picture))))

    original = {subject: look(Picture("a.jpg", subject, caption)) for subject, caption in subjects.items()}
    for one, other in itertools.combinations(original.values(), 2):
        assert one - other >= 10
    for subject, caption in list(subjects.items())[:20]:
        copy = Picture("b.jpg", subject, caption, size=(480, 360), quality=62)
        assert original[subject] - look(copy) <= 4


def test_pairs_linked_by_picture_alone_are_same_bytes_or_a_copy(site: dict[str, City]) -> None:
    kinds = set()
    for city in site.values():
        posts = {post.post_id: post for post in city.posts}
        for post in (post for post in city.posts if post.same_as):
            (mine,), (theirs,) = post.pictures, posts[post.same_as].pictures
            assert mine.name != theirs.name
            kinds.add("same" if encode(mine) == encode(theirs) else "copy")
    assert kinds == {"same", "copy"}


def test_pictures_are_the_same_bytes_every_time() -> None:
    picture = Picture("a.jpg", "subject", "Rose City Movers")
    assert encode(picture) == encode(picture)
    assert encode(picture)[:3] == b"\xff\xd8\xff"
    assert encode(replace(picture, quality=0)).startswith(b"\x89PNG")


def test_source_definition_describes_the_site() -> None:
    source = tomllib.loads(source_toml("http://127.0.0.1:8123/", date(2026, 3, 3)))
    assert source["source"]["id"] == "demo"
    assert source["source"]["base_url"] == "http://127.0.0.1:8123"
    assert source["source"]["concurrency"] == 8
    assert source["source"]["delay_seconds"] == 0
    assert source["policy"] == {
        "acknowledged_by": "leadgen demo",
        "acknowledged_on": date(2026, 3, 3),
        "may_email": True,
        "relay_domains": [RELAY_DOMAIN],
    }
    assert set(source["cities"]) == set(CITIES)
    assert source["cities"]["denver"]["timezone"] == "America/Denver"
    assert source["post"]["contact_gate"] == "captcha"
