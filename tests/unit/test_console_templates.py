"""The templates' screen: nothing written is lost, the preview is of what is written, a save names its version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.live.session import BackendError
from console.screens.templates import browser
from console.screens.templates.draft import Desk, Draft
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import settled
from tests.snapshots.scenes.templates import PREVIEW, TEMPLATES, previewed

pytestmark = pytest.mark.usefixtures("no_frames")


def desk() -> Desk:
    """A desk with the saved templates."""
    made = Desk()
    made.take(TEMPLATES)
    return made


def changed(draft: Draft | None, **fields: Any) -> Draft:
    """A draft with other content."""
    assert draft is not None
    return Draft(**{**draft.__dict__, **fields})


def test_what_is_written_stays_when_templates_are_read_anew() -> None:
    made = desk()
    made.write(changed(made.current(1), body="mine"))
    made.take([{**TEMPLATES[0], "baseBodyHtml": "theirs", "version": 5}, *TEMPLATES[1:]])
    current = made.current(1)
    assert current is not None
    assert current.body == "mine"
    assert made.is_behind(1)
    assert made.revert(1) == made.saved[1]
    assert not made.is_behind(1)


def test_writing_back_what_is_saved_is_no_change() -> None:
    made = desk()
    made.write(changed(made.current(1), name="other"))
    made.write(changed(made.current(1), name="Introduction"))
    assert not made.written


def test_a_new_template_gets_a_free_number_and_archived_ones_come_last() -> None:
    made = desk()
    assert made.new().template_id == 4
    assert made.new().template_id == 5
    assert made.numbers() == [1, 2, 4, 5, 3]


def test_the_page_in_the_browser_can_run_nothing() -> None:
    page = browser.page({"subject": "<script>1</script>", "to": "a@x", "html": '"><script>alert(1)</script>'})
    assert "<script>" not in page
    assert 'sandbox=""' in page
    assert "default-src 'none'" in page


def test_without_a_browser_the_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webbrowser.open", lambda _uri: False)
    path, opened = browser.show(PREVIEW)
    assert not opened
    assert "Hi Dana" in Path(path).read_text(encoding="utf-8")
    path.unlink()


def app_of(role: str = "admin", **answers: Any) -> tuple[Any, Any]:
    """An app whose backend knows the templates."""
    given = {"getTemplates": TEMPLATES, "previewTemplate": PREVIEW, **answers}
    return recorded.recorded_app(session=recorded.FakeSession(role=role, answers=given))


def bodies(behind: Any, endpoint: str) -> list[dict[str, Any]]:
    """What an endpoint was asked."""
    return [body for name, body, _ in behind.session.calls if name == endpoint]


async def opened(pilot: Any) -> None:
    """The screen with its first preview."""
    await settled(pilot)
    await pilot.press("6")
    await previewed(pilot)


async def test_the_preview_is_of_what_is_written_not_of_what_is_saved() -> None:
    app, behind = app_of()
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("enter", "Z")
        await previewed(pilot)
        assert bodies(behind, "previewTemplate")[-1]["draft"]["baseBodyHtml"].startswith("Z<p>Hi")
        assert not bodies(behind, "saveTemplate")


async def test_fast_typing_asks_once_and_for_the_last_state() -> None:
    app, behind = app_of()
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        before = len(bodies(behind, "previewTemplate"))
        await pilot.press("enter", *"abcdef")
        await previewed(pilot)
        asked = bodies(behind, "previewTemplate")[before:]
        assert asked[-1]["draft"]["baseBodyHtml"].startswith("abcdef<p>")
        assert len(asked) <= 3


async def test_a_save_names_the_version_and_the_list_shows_the_new_one() -> None:
    def save(body: dict[str, Any]) -> Any:
        return {**body, "version": body["expectedVersion"] + 1}

    app, behind = app_of(role="operator", saveTemplate=save)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("enter", "Z", "ctrl+s")
        await settled(pilot)
        (body,) = bodies(behind, "saveTemplate")
        assert (body["templateId"], body["expectedVersion"]) == (1, 4)
        assert body["baseBodyHtml"].startswith("Z<p>")
        assert not app.screen._desk.written
        assert app.screen._desk.saved[1].version == 5


async def test_a_conflict_keeps_what_was_written() -> None:
    conflict = BackendError("Conflict", "The template is at version 5.", "Look at it and decide again.")
    app, _ = app_of(saveTemplate=conflict)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("enter", "Z", "ctrl+s")
        await settled(pilot)
        assert app.screen._desk.written[1].body.startswith("Z")
        assert any(n.title == "Conflict" for n in app._notifications)


async def test_a_project_without_templates_gets_the_starter_templates_once() -> None:
    kept: list[dict[str, Any]] = []

    def save(body: dict[str, Any]) -> Any:
        kept.append({**body, "version": 1, "isArchived": False, "alternativeSubjects": [], "defaults": {}})
        return kept[-1]

    app, behind = app_of(role="operator", getTemplates=lambda _body: list(kept), saveTemplate=save)
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await pilot.press("6")
        await settled(pilot)
        await pilot.press("s")
        await previewed(pilot)
        assert [(one["templateId"], one["expectedVersion"]) for one in kept] == [(1, 0), (2, 0), (3, 0)]
        assert app.screen._desk.numbers() == [1, 2, 3]
        assert app.screen.query_one("#name").value == kept[0]["templateName"]
        await pilot.press("s")
        await settled(pilot)
        assert len(kept) == len(bodies(behind, "saveTemplate")) == 3
        assert any("already" in n.message for n in app._notifications)


async def test_a_viewer_saves_nothing_and_is_told_what_it_takes() -> None:
    app, behind = app_of(role="viewer")
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("enter", "Z", "ctrl+s")
        await settled(pilot)
        assert not bodies(behind, "saveTemplate")
        assert any("role operator" in n.message for n in app._notifications)


async def test_looking_at_another_template_loses_nothing() -> None:
    app, _ = app_of()
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("enter", "Z", "escape", "down")
        await previewed(pilot)
        await pilot.press("up")
        await previewed(pilot)
        assert app.screen.query_one("#body").text.startswith("Z<p>")
        await pilot.press("u")
        await previewed(pilot)
        assert app.screen.query_one("#body").text.startswith("<p>Hi")


async def test_a_refused_preview_says_what_is_wrong() -> None:
    wrong = BackendError(
        "The request is not valid", "…", "", [{"field": "draft.baseSubject", "allowed": "is too long"}]
    )
    app, _ = app_of(previewTemplate=wrong)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        assert "is too long" in str(app.screen.query_one("#check").lines)


async def test_archiving_asks_first() -> None:
    app, behind = app_of(archiveTemplate={})
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("x", "enter")
        await settled(pilot)
        assert not bodies(behind, "archiveTemplate")
        await pilot.press("x", "tab", "enter")
        await settled(pilot)
        assert bodies(behind, "archiveTemplate") == [{"templateId": 1, "archived": True}]


async def test_a_test_mail_goes_once_and_is_what_is_written() -> None:
    app, behind = app_of(testSend={"message": "Sent to grace@example.com."})
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("m")
        await settled(pilot)
        ((_, body, key),) = [call for call in behind.session.calls if call[0] == "testSend"]
        assert key
        assert body["draft"]["baseSubject"] == TEMPLATES[0]["baseSubject"]
        assert any("grace@example.com" in n.message for n in app._notifications)


async def test_templates_that_can_not_be_read_are_said_and_asked_for_again() -> None:
    app, _ = app_of(getTemplates=BackendError("The backend does not answer", "", "leadgen local status"))
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await pilot.press("6")
        await settled(pilot)
        said: Callable[[], str] = lambda: "".join(text for text, _ in app.screen.query_one("#list")._notice)  # noqa: E731
        assert "does not answer" in said()
