"""On the demo site every post is read as the site's own list of what is right says."""

from __future__ import annotations

import pytest

from leadgen.model.status import PostOutcome
from leadgen.process.images import hash_distance, image_hash
from leadgen.process.post import PostSelectors, extract_post
from leadgen.process.triage import triage

generator = pytest.importorskip("local.classifieds.generator")

from local.classifieds.images import encode  # noqa: E402
from local.classifieds.model import Picture  # noqa: E402
from local.classifieds.pages import post_page  # noqa: E402
from local.classifieds.people import RELAY_DOMAIN  # noqa: E402
from local.classifieds.places import CITIES  # noqa: E402
from local.classifieds.truth import post_truth  # noqa: E402

SELECTORS = PostSelectors("h1#post-title", "section#posting-body", "figure.gallery img", "a.reply", "captcha")
OUTCOMES = {
    "EMAIL": PostOutcome.QUEUED,
    "CAPTCHA": PostOutcome.REVIEW,
    "PHONE": PostOutcome.PHONE_ONLY,
    "NONE": PostOutcome.NO_CONTACT,
}


@pytest.mark.parametrize("city", sorted(CITIES))
def test_every_post_is_read_right(city: str) -> None:
    made = generator.generate_city(20, CITIES[city])
    for post in made.posts:
        truth = post_truth(post)
        if not truth.is_fetchable:
            continue
        found = extract_post(
            post_page(post, made),
            f"http://127.0.0.1:8080{post.path}",
            SELECTORS,
            relay_domains=[RELAY_DOMAIN],
            allow_reserved_domains=True,
        )
        assert {phone.e164 for phone in found.phones} == truth.phones, post.phone_style
        assert {email.address.lower() for email in found.emails} == truth.emails, post.email_style
        outcome = triage(has_email=bool(found.emails), gate=found.gate, has_phone=bool(found.phones), suppressed=False)
        assert outcome is OUTCOMES[str(truth.route)]
        assert len(found.image_urls) == len(post.pictures)


def test_the_same_picture_uploaded_again_is_known() -> None:
    for subject in range(30):
        first = encode(Picture("a.jpg", f"s{subject}", "Acme"))
        again = encode(Picture("b.jpg", f"s{subject}", "Acme", size=(480, 360), quality=62))
        value = image_hash(first) or ""
        assert hash_distance(value, image_hash(again) or "") <= 2
