"""The email queue's screen: what is shown, why a mail waits, and what may be done with which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from console.live import feeds
from console.live.feed import Doc
from console.live.session import BackendError
from console.screens.email import reading
from console.screens.email.choosing import STATUSES, Choice, merged
from leadgen.model.documents import EmailJob
from leadgen.model.status import EmailStatus
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import settled

pytestmark = pytest.mark.usefixtures("no_frames")
DONE = {"emailId": "x", "status": "HELD", "changed": True, "message": "The mail is held."}


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statuses that were asked for beyond the live window."""
    asked: list[str] = []

    def of_status(_session: Any, status: str) -> Sequence[Doc]:
        asked.append(status)
        return [doc_of("old0001", status)]

    monkeypatch.setattr(reading, "of_status", of_status)
    return asked


def doc_of(name: str, status: str, **more: Any) -> Doc:
    """A mail."""
    return Doc(name, EmailJob.from_firestore({**recorded.email(3, status), **more}), 1)


def app_of(emails: list[dict[str, Any]] | None = None, **answers: Any) -> tuple[Any, Any]:
    """An app whose queue holds these mails."""
    windows = {**recorded.FULL, feeds.EMAILS: recorded.EMAILS if emails is None else emails}
    session = recorded.FakeSession(answers={"changeEmail": DONE, **answers})
    return recorded.recorded_app(windows, session=session)


def changes(behind: Any) -> list[dict[str, Any]]:
    """What the backend was asked to change."""
    return [body for endpoint, body, _ in behind.session.calls if endpoint == "changeEmail"]


async def opened(pilot: Any) -> None:
    """The screen."""
    await settled(pilot)
    await pilot.press("4")
    await settled(pilot)


def test_every_status_a_mail_rests_in_can_be_chosen() -> None:
    passing = {EmailStatus.DRAFTING, EmailStatus.SENDING}
    assert {s for s in STATUSES if s} == {str(s) for s in EmailStatus if s not in passing}


def test_the_filter_finds_a_text_and_its_opposite() -> None:
    mail = doc_of("m", "SENT", reason="outside 09–17").value
    assert Choice(text="OUTSIDE").takes(mail)
    assert not Choice(text="!outside").takes(mail)
    assert not Choice(text="nowhere").takes(mail)
    assert Choice(text="!nowhere").takes(mail)
    assert Choice("SENT").takes(mail)
    assert not Choice("QUEUED").takes(mail)


def test_a_mail_that_is_live_and_fetched_is_shown_once_as_it_is_now() -> None:
    live, old = doc_of("m", "SENT"), doc_of("m", "QUEUED")
    assert merged([live], [old, doc_of("n", "SENT")], Choice("SENT"))[0].value.status in {"SENT"}
    assert [d.id for d in merged([live], [old], Choice("QUEUED"))] == []


async def test_one_status_is_read_beyond_the_live_window(fetched: list[str]) -> None:
    app, _ = app_of()
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("f", "f")
        await settled(pilot)
        assert fetched == ["QUEUED", "HELD"]
        rows = app.screen.query_one("#mails").rows
        assert "old0001" in [row.key for row in rows]
        assert all(row.cells[2][0][0] == "held" for row in rows)


async def test_hold_and_release_go_by_the_status() -> None:
    emails = [recorded.email(0, "QUEUED"), recorded.email(1, "HELD")]
    app, behind = app_of(emails)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("o")
        await settled(pilot)
        await pilot.press("down", "o")
        await settled(pilot)
    assert [(c["emailId"], c["action"]) for c in changes(behind)] == [("email0000", "hold"), ("email0001", "release")]


async def test_cancel_asks_and_enter_alone_changes_nothing() -> None:
    app, behind = app_of([recorded.email(0, "QUEUED")])
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("c", "enter")
        await settled(pilot)
        assert not changes(behind)
        await pilot.press("c", "tab", "enter")
        await settled(pilot)
    assert [c["action"] for c in changes(behind)] == ["cancel"]


async def test_a_parked_mail_is_sent_again_only_with_consent() -> None:
    app, behind = app_of([recorded.email(0, "PARKED")])
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("a", "enter")
        await settled(pilot)
        assert not changes(behind)
        await pilot.press("a", "tab", "enter")
        await settled(pilot)
    assert changes(behind) == [{"emailId": "email0000", "action": "retry", "mayBeDeliveredTwice": True}]


async def test_a_failed_mail_is_queued_again_at_once() -> None:
    app, behind = app_of([recorded.email(0, "ERROR_API_FAILURE")])
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("a")
        await settled(pilot)
    assert changes(behind) == [{"emailId": "email0000", "action": "retry"}]


async def test_what_is_marked_is_changed_and_what_does_not_fit_is_left() -> None:
    emails = [recorded.email(0, "QUEUED"), recorded.email(1, "SENT"), recorded.email(2, "QUEUED")]
    app, behind = app_of(emails)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("space", "space", "space", "o")
        await settled(pilot)
        assert not app.screen._marked
    assert sorted(c["emailId"] for c in changes(behind)) == ["email0000", "email0002"]


async def test_a_sent_mail_can_not_be_changed_and_it_is_said() -> None:
    app, behind = app_of([recorded.email(0, "SENT")])
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("a", "o", "c", "s")
        await settled(pilot)
        assert [n.title for n in app._notifications] == ["Not now"] * 4
    assert not changes(behind)


async def test_a_refusal_is_told_and_others_are_done() -> None:
    def answer(body: dict[str, Any]) -> Any:
        if body["emailId"] == "email0001":
            raise BackendError("Conflict", "Mail email0001 is being sent (SENDING).", "Look later.")
        return DONE

    app, behind = app_of([recorded.email(0, "QUEUED"), recorded.email(1, "QUEUED")], changeEmail=answer)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("space", "space", "o")
        await settled(pilot)
        said = [(n.title, n.message) for n in app._notifications]
    assert said == [("1 refused, 1 done", "Mail email0001 is being sent (SENDING). Look later.")]
    assert len(changes(behind)) == 2


async def test_an_explanation_is_shown_until_the_mail_changes() -> None:
    told = {"reason": "daily cap of 200 reached", "expectedAt": "2026-11-19T15:04:30+00:00", "ahead": 3}
    app, behind = app_of([recorded.email(0, "QUEUED")], explainEmail=told)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("w")
        await settled(pilot)
        shown = dict(app.screen.query_one("#mail").lines)
        assert shown["why"][0][0] == "daily cap of 200 reached"
        assert shown["expected"][0][0] == "Thu Nov 19, 09:04"
        behind.live.replace(feeds.EMAILS, [{**recorded.email(0, "SENT"), "version": 2}])
        await settled(pilot)
        assert "daily cap" not in str(app.screen.query_one("#mail").lines)
