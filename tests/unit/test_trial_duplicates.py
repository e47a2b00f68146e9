"""Posts of one author are known again within a run, by the Processor's own rule."""

from __future__ import annotations

from leadgen.process.identity import Marks
from leadgen.trial.duplicates import AuthorsMet

PHONE, OTHER_PHONE = "+15125550134", "+15125550156"
PICTURE = "a7201cab4fb52b4e"
NEARLY = "a7201cab4fb52b4f"


def post(name: str, *, phones: tuple[str, ...] = (), emails: tuple[str, ...] = (), picture: str = "") -> Marks:
    return Marks(phones, emails, picture, f"https://ads.example/{name}")


def test_a_phone_or_an_email_gives_an_author_away_also_along_a_chain() -> None:
    met = AuthorsMet()
    assert met.meet(post("1", phones=(PHONE,), emails=("joe@acme.com",))) is None
    assert met.meet(post("2", emails=("joe@acme.com",))) == "https://ads.example/1"
    assert met.meet(post("3", phones=(PHONE,), emails=("shop@acme.com",))) == "https://ads.example/1"
    assert met.meet(post("4", emails=("shop@acme.com",))) == "https://ads.example/1"
    assert met.meet(post("5", phones=(OTHER_PHONE,))) is None


def test_a_picture_decides_only_where_a_post_shows_nothing_else() -> None:
    met = AuthorsMet()
    assert met.meet(post("1", phones=(PHONE,), picture=PICTURE)) is None
    assert met.meet(post("2", phones=(OTHER_PHONE,), picture="0f0f3c3c5a5a9696")) is None
    assert met.meet(post("3", picture=NEARLY)) == "https://ads.example/1"
    assert met.meet(post("4", picture="ffffffff00000000")) is None


def test_posts_without_any_mark_are_nobodys_duplicates() -> None:
    met = AuthorsMet()
    assert met.meet(post("1")) is None
    assert met.meet(post("2")) is None


def test_the_same_post_twice_is_not_its_own_duplicate() -> None:
    met = AuthorsMet()
    assert met.meet(post("1", phones=(PHONE,))) is None
    assert met.meet(post("1", phones=(PHONE,))) is None
