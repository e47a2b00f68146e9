"""The contact page of the demo site opens to a person who reads the picture, and to nothing else."""

from __future__ import annotations

import io
import random
import re
import threading
from collections.abc import Iterator

import httpx
import pytest
from PIL import Image
from selectolax.lexbor import LexborHTMLParser

from local.classifieds.app import Settings, build_app
from local.classifieds.captcha import LIFETIME_SECONDS, Challenge, Challenges, draw
from local.classifieds.truth import truth
from local.serving import running

GATED = [post for post in truth().posts if post.route == "CAPTCHA" and post.fetch == "ok"]
PAGE = GATED[0].path.replace(".html", "/contact")
OTHER_PAGE = GATED[1].path.replace(".html", "/contact")


class Clock:
    """Time that moves when told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(clock: Clock) -> Iterator[httpx.Client]:
    settings = Settings(clock=clock, captcha_rng=random.Random(3))
    with running(build_app(settings)) as url, httpx.Client(base_url=url, timeout=10, trust_env=False) as http:
        yield http


def token_on(html: str) -> str:
    field = LexborHTMLParser(html).css_first('input[name="token"]')
    assert field is not None
    return str(field.attributes["value"])


def answer_to(site: httpx.Client, token: str) -> str:
    return str(site.get(f"/_standin/captcha/{token}").raise_for_status().json()["answer"])


def post(site: httpx.Client, token: str, answer: str, page: str = PAGE) -> httpx.Response:
    return site.post(page, data={"token": token, "answer": answer})


def test_right_answer_shows_the_address(site: httpx.Client) -> None:
    token = token_on(site.get(PAGE).text)
    shown = post(site, token, f" {answer_to(site, token)} ")
    assert shown.status_code == 200
    link = LexborHTMLParser(shown.text).css_first('a[href^="mailto:"]')
    assert link is not None
    assert link.attributes["href"] == f"mailto:{GATED[0].captcha_email}"
    assert link.text() == GATED[0].captcha_email


def test_every_gate_reveals_what_is_right(site: httpx.Client) -> None:
    for gated in GATED[1:]:
        page = gated.path.replace(".html", "/contact")
        token = token_on(site.get(page).text)
        assert gated.captcha_email in post(site, token, answer_to(site, token), page).text


def test_page_gives_neither_answer_nor_address_away(site: httpx.Client) -> None:
    answer = site.get(PAGE)
    token = token_on(answer.text)
    assert GATED[0].captcha_email not in answer.text
    assert answer.text.count(token) == 2  # the hidden field and the picture's address
    text = answer.text
    for known in (token, GATED[0].post_id, 'maxlength="12"'):
        text = text.replace(known, "")
    challenge = Challenges(Clock(), random.Random(3))
    twin = challenge.find(challenge.issue(PAGE))
    assert twin is not None
    assert twin.answer == answer_to(site, token)
    assert twin.question not in text
    assert re.search(rf"\b{twin.answer}\b", text) is None


def test_challenge_is_a_labelled_form_with_a_picture(site: httpx.Client) -> None:
    page = LexborHTMLParser(site.get(PAGE).text)
    field = page.css_first("input#answer")
    assert field is not None
    assert page.css_first('label[for="answer"]') is not None
    assert "autofocus" in field.attributes
    assert page.css_first("form button[type=submit]") is not None
    image = page.css_first("form img")
    assert image is not None
    assert image.attributes["alt"]
    picture = site.get(str(image.attributes["src"]))
    assert picture.headers["Content-Type"] == "image/png"
    assert Image.open(io.BytesIO(picture.content)).size == (320, 110)


@pytest.mark.parametrize("wrong", ["", "999", "-", "١٢", "1e1", "a" * 5000])
def test_wrong_answer_gives_a_new_challenge_and_ends_the_old_one(site: httpx.Client, wrong: str) -> None:
    token = token_on(site.get(PAGE).text)
    right = answer_to(site, token)
    refused = post(site, token, wrong)
    assert refused.status_code == 403
    assert GATED[0].captcha_email not in refused.text
    assert token_on(refused.text) != token
    assert post(site, token, right).status_code == 403


def test_right_answer_counts_once(site: httpx.Client) -> None:
    token = token_on(site.get(PAGE).text)
    right = answer_to(site, token)
    assert post(site, token, right).status_code == 200
    assert post(site, token, right).status_code == 403
    assert site.get(f"/captcha/{token}.png").status_code == 404
    assert site.get(f"/_standin/captcha/{token}").status_code == 404


def test_of_many_at_once_one_gets_through(site: httpx.Client) -> None:
    token = token_on(site.get(PAGE).text)
    right = answer_to(site, token)
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(post(site, token, right).status_code)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert sorted(statuses) == [200] + [403] * 7


def test_challenge_expires(site: httpx.Client, clock: Clock) -> None:
    token = token_on(site.get(PAGE).text)
    right = answer_to(site, token)
    clock.now += LIFETIME_SECONDS
    assert post(site, token, right).status_code == 403


def test_challenge_opens_only_its_own_page(site: httpx.Client) -> None:
    token = token_on(site.get(PAGE).text)
    refused = post(site, token, answer_to(site, token), OTHER_PAGE)
    assert refused.status_code == 403
    assert GATED[1].captcha_email not in refused.text


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "0" * 24 + ".9999999999.AAAA", "../../etc"])
def test_invented_tokens_are_refused(site: httpx.Client, token: str) -> None:
    assert post(site, token, "12").status_code == 403


def test_posts_without_a_gate_have_no_contact_page(site: httpx.Client) -> None:
    open_post = next(post for post in truth().posts if post.route == "PHONE")
    assert site.get(open_post.path.replace(".html", "/contact")).status_code == 404


def test_open_challenges_are_bounded_and_expired_ones_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.classifieds.captcha._LARGEST_MEMORY", 5)
    clock = Clock()
    challenges = Challenges(clock, random.Random(1))
    tokens = [challenges.issue(PAGE) for _ in range(8)]
    assert [challenges.find(token) is not None for token in tokens] == [False] * 3 + [True] * 5
    clock.now += LIFETIME_SECONDS
    assert challenges.find(tokens[-1]) is None


def test_picture_depends_on_the_challenge_alone() -> None:
    challenge = Challenge(PAGE, "17 + 6", "23", 0.0, picture_seed=5)
    other = Challenge(PAGE, "18 + 6", "24", 0.0, picture_seed=5)
    assert draw(challenge) == draw(challenge)
    assert draw(challenge) != draw(other)
