"""The opt-out page: looking does nothing, one POST does it, and no other token or method does anything."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask, Response, request

from leadgen.api import unsubscribe as page
from leadgen.mail.optout import make_token, opt_out, opt_out_link
from leadgen.model.documents import Suppression
from leadgen.model.ids import suppression_id
from tests.memory_firestore import MemoryFirestore

KEY = "the-key-of-this-deployment"
MARIA = "maria@lonestar.example"


@pytest.fixture
def db(monkeypatch: pytest.MonkeyPatch) -> MemoryFirestore:
    memory = MemoryFirestore()
    monkeypatch.setattr(page, "firestore_client", lambda: memory)
    monkeypatch.setenv("LEADGEN_TOKEN_KEY", KEY)
    return memory


def visit(method: str, token: str | None, **options: Any) -> Response:
    query = {"token": token} if token is not None else {}
    with Flask("test").test_request_context("/unsubscribe", method=method, query_string=query, **options):
        return page.unsubscribe(request)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_nothing_but_a_post_opts_out(db: MemoryFirestore, method: str) -> None:
    answer = visit(method, make_token(KEY, MARIA))
    assert db.all("suppressions") == {}
    assert answer.status_code == (200 if method in ("GET", "HEAD") else 405)


def test_the_page_asks_and_the_post_does_it_once_for_all(db: MemoryFirestore) -> None:
    token = make_token(KEY, MARIA)
    shown = visit("GET", token).get_data(as_text=True)
    assert MARIA in shown
    assert "<form method=post>" in shown
    for _ in range(3):
        assert "will not write" in visit("POST", token).get_data(as_text=True)
    (entry,) = db.all("suppressions").values()
    assert (entry["kind"], entry["value"], entry["createdBy"]) == ("email", MARIA, "recipient")


def test_one_click_of_a_mail_program_works(db: MemoryFirestore) -> None:
    """RFC 8058 §3.1: a POST of List-Unsubscribe=One-Click to the address of the header, without cookies."""
    token = opt_out_link(KEY, MARIA, "https://go.example").partition("token=")[2]
    assert visit("POST", token, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert len(db.all("suppressions")) == 1


@pytest.mark.parametrize(
    "token",
    [
        None,
        "",
        "x",
        "<script>alert(1)</script>",
        "A" * 5000,
        make_token("the-key-of-another", MARIA),
        make_token(KEY, MARIA)[:-4],
        make_token(KEY, MARIA)[:22] + make_token(KEY, "other@x.example")[22:],
        "ä",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forged_or_foreign_token_gets_a_page_that_says_what_to_do(
    db: MemoryFirestore, token: str | None, method: str
) -> None:
    answer = visit(method, token)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "not valid" in text
    assert "STOP" in text
    assert "<script" not in text
    assert db.all("suppressions") == {}


def test_a_token_of_an_earlier_key_works_while_the_key_is_remembered(
    db: MemoryFirestore, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = make_token(KEY, MARIA)
    monkeypatch.setenv("LEADGEN_TOKEN_KEY", f"new,{KEY}")
    assert visit("POST", token).status_code == 200
    monkeypatch.setenv("LEADGEN_TOKEN_KEY", "new")
    assert visit("GET", token).status_code == 400


def test_a_failing_store_is_told_and_not_taken_for_done(db: MemoryFirestore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "firestore_client", lambda: 1 / 0)
    answer = visit("POST", make_token(KEY, MARIA))
    assert answer.status_code == 503
    assert "try again" in answer.get_data(as_text=True)


def test_who_opts_out_of_an_entry_made_by_us_makes_it_their_own(db: MemoryFirestore) -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    entry = Suppression(kind="email", value=MARIA, reason="x", created_by="op@contoso.example", created_at=now)
    db.collection("suppressions").document(suppression_id("email", MARIA)).create(entry.to_firestore())
    assert opt_out(db, MARIA, now) is False  # type: ignore[arg-type]
    (kept,) = db.all("suppressions").values()
    assert kept["createdBy"] == "recipient"


def test_the_page_is_not_framed_kept_or_told_on(db: MemoryFirestore) -> None:
    headers = visit("GET", make_token(KEY, MARIA)).headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")
