"""The contacts' screen: what is shown, found, marked and done, and that nothing moves by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from console.contacts import records
from console.contacts.sync import Progress
from console.live import feeds
from console.live.session import BackendError
from console.preferences import Preferences
from console.screens.contacts import columns, list_screen
from tests.snapshots import recorded
from tests.snapshots.contacts_recorded import contact, contacts_app, key
from tests.snapshots.scenes.scene import settled

pytestmark = pytest.mark.usefixtures("no_frames")
SIZE = (120, 36)
LISTED = {"added": 1, "known": 0, "rejected": []}


async def opened(pilot: Any) -> Any:
    """The screen."""
    await settled(pilot)
    await pilot.press("5")
    await settled(pilot)
    return pilot.app.screen.query_one("#people")


async def pressed(pilot: Any, *keys: str) -> None:
    """Press keys, and wait until what they begin is done."""
    await pilot.press(*keys)
    await settled(pilot)
    await settled(pilot)


def keys_of(table: Any) -> list[str]:
    return [table._rows[n].key for n in range(len(table._rows))]


def told(app: Any) -> str:
    return " ".join(f"{one.title}: {one.message}" for one in app._notifications)


def calls(behind: Any, *endpoints: str) -> list[tuple[str, Any]]:
    return [(name, body) for name, body, _ in behind.session.calls if name in endpoints]


async def test_a_filter_finds_and_is_taken_off_again() -> None:
    app, _ = contacts_app()
    async with app.run_test(size=SIZE) as pilot:
        table = await opened(pilot)
        assert len(table._rows) == 64
        await pressed(pilot, "/", *"city:denver -email:*", "enter")
        few = len(table._rows)
        assert 0 < few < 64
        assert table.has_focus
        await pressed(pilot, "/", *" zebra", "enter")
        assert len(table._rows) == 0
        await pressed(pilot, "escape")
        assert len(table._rows) == 64


async def test_a_filter_is_tried_while_it_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    app, _ = contacts_app()
    monkeypatch.setattr(list_screen, "TYPING_S", 0.01)
    async with app.run_test(size=SIZE) as pilot:
        table = await opened(pilot)
        await pilot.press("/", *"zebra")
        while len(table._rows):
            await pilot.pause()
        assert isinstance(app.focused, Input)


async def test_a_bad_filter_keeps_what_was_found_and_says_where_it_is_bad() -> None:
    app, _ = contacts_app()
    async with app.run_test(size=SIZE) as pilot:
        table = await opened(pilot)
        await pressed(pilot, "/", *"score:high", "enter")
        said = app.screen.query_one("#contacts-said").text
        assert "Character 7" in said
        assert ">50" in said
        assert len(table._rows) == 64


async def test_the_cursor_stays_on_its_contact_when_others_change(tmp_path: Path) -> None:
    app, behind = contacts_app()
    async with app.run_test(size=SIZE) as pilot:
        table = await opened(pilot)
        await pressed(pilot, *("down",) * 3)
        at = table.cursor_key
        newer = {**contact(40), "lastUpdated": recorded.NOW, "businessName": "Newest"}
        behind.keeper.copy.put([records.row(key(40), newer, 2)])
        behind.clock.advance(5)
        await settled(pilot)
        await settled(pilot)
        assert table.cursor_key == at
        assert table.cursor == 4
        assert keys_of(table)[0] == key(40)
        assert table.scroll_offset.y == 0


@pytest.mark.usefixtures("frames")
async def test_a_changed_row_in_sight_is_painted_anew_and_marked() -> None:
    app, behind = contacts_app()
    async with app.run_test(size=SIZE) as pilot:
        table = await opened(pilot)
        behind.keeper.copy.put([records.row(key(2), {**contact(2), "businessName": "Other name"}, 9)])
        await settled(pilot)
        assert table._rows[2].cells[1][0][0] == "Other name"
        assert key(2) in table._changed
        behind.clock.advance(5)
        app.flush()
        assert not table._changed


async def test_order_and_columns_are_kept_for_the_next_time(tmp_path: Path) -> None:
    settings = Preferences(tmp_path / "console.toml")
    app, _ = contacts_app(settings=settings)
    async with app.run_test(size=SIZE) as pilot:
        table = await opened(pilot)
        await pressed(pilot, "s", "g", "enter")
        first = [table._rows[n].cells[1][0][0].casefold() for n in range(20)]
        assert first == sorted(first)
        await pressed(pilot, "c", "down", "space", "escape")
        assert [c.title for c in table.columns][:3] == ["", "business", "email"]
        kept = app.settings
    app, _ = contacts_app(settings=kept)
    async with app.run_test(size=SIZE) as pilot:
        table = await opened(pilot)
        assert [c.title for c in table.columns][:3] == ["", "business", "email"]
        assert app.screen._question.order.text == "business"


def test_kept_columns_that_are_damaged_do_no_harm() -> None:
    assert columns.read(["nothing", "phone:x", "city:9999", "city"]) == (columns.Shown("city", 12),)
    assert columns.read([]) == columns.read(columns.DEFAULT)
    only = columns.read(["city"])
    assert columns.with_shown(only, "city") == only
    assert columns.moved(only, "city", 1) == only


async def test_marks_ranges_and_all() -> None:
    app, _ = contacts_app()
    async with app.run_test(size=SIZE) as pilot:
        table = await opened(pilot)
        order = keys_of(table)
        await pressed(pilot, "space", "down", "down", "w")
        assert app.screen._marked == set(order[:4])
        await pressed(pilot, "escape")
        assert not app.screen._marked
        await pressed(pilot, "g", "shift+down", "shift+down")
        assert app.screen._marked == set(order[:3])
        await pressed(pilot, "A")
        assert len(app.screen._marked) == 64


async def test_suppress_and_undo_take_off_only_what_was_put_on() -> None:
    app, behind = contacts_app(
        answers={"importSuppressions": lambda body: LISTED if "@" in body["entries"][0]["value"]
                 else {"added": 0, "known": 1, "rejected": []}, "unsuppress": {"message": "off"}}
    )  # fmt: skip
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pressed(pilot, "x")
        wanted = [body["entries"][0] for _, body in calls(behind, "importSuppressions")]
        assert [one["kind"] for one in wanted] == ["email", "phone"]
        await pressed(pilot, "u")
        assert [body["value"] for _, body in calls(behind, "unsuppress")] == [wanted[0]["value"]]
        await pressed(pilot, "u")
        assert len(calls(behind, "unsuppress")) == 1


async def test_several_are_suppressed_after_a_question_only() -> None:
    app, behind = contacts_app(answers={"importSuppressions": LISTED})
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pressed(pilot, "space", "space", "x", "enter")
        assert not calls(behind, "importSuppressions")
        await pressed(pilot, "x", "tab", "enter")
        assert len(calls(behind, "importSuppressions")) == 4


async def test_a_refused_suppression_is_told_and_a_viewer_is_spared_the_way() -> None:
    app, _ = contacts_app(answers={"importSuppressions": BackendError("No", "The backend is down.", "Later.")})
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pressed(pilot, "x")
        assert "The backend is down" in told(app)
    app, behind = contacts_app(role="viewer")
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pressed(pilot, "x", "m", "i")
        assert not calls(behind, "importSuppressions")
        assert "takes the role operator" in told(app)


async def test_two_marked_are_merged_after_a_question_and_parted_again() -> None:
    done = {"message": "Contact stands for both now."}
    app, behind = contacts_app(answers={"mergeContacts": done, "unmergeContact": done})
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pressed(pilot, "m")
        assert "Mark two" in told(app)
        await pressed(pilot, "space", "space", "m", "enter")
        assert not calls(behind, "mergeContacts")
        await pressed(pilot, "m", "tab", "enter")
        assert calls(behind, "mergeContacts")[0][1] == {"contactId": key(0), "otherId": key(1)}
        await pressed(pilot, *("down",) * 5)
        assert app.screen._key == key(7)
        await pressed(pilot, "p", "tab", "enter")
        assert calls(behind, "unmergeContact")[0][1] == {"contactId": key(7)}


async def test_export_writes_what_is_shown_or_marked_and_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app, _ = contacts_app()
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pressed(pilot, "e", "enter")
        path = tmp_path / "contacts-2026-11-18.csv"
        assert len(path.read_text(encoding="utf-8-sig").splitlines()) == 65
        await pressed(pilot, "space", "e", "enter")
        assert "is there already" in app.screen.query_one("#ask-said").text
        app.screen.query_one("#ask-text").value = "marked.csv"
        await pressed(pilot, "enter")
        assert len((tmp_path / "marked.csv").read_text(encoding="utf-8-sig").splitlines()) == 2


async def test_copy_open_and_history(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: asked.append(url) or True)
    app, _ = contacts_app()
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pressed(pilot, "y", "o", "enter")
        assert app.clipboard == "office0@lone-star.example"
        assert asked == ["https://austin.example/post/7101"]
        heads = [head for head, _ in app.screen.query_one("#person").lines]
        assert heads.count("mail") == 2
        assert {"stands for", "campaign", "or phone", "may be"} <= set(heads)


async def test_what_the_listener_holds_goes_to_the_copy() -> None:
    app, behind = contacts_app()
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        behind.live.replace(feeds.CONTACTS, [{"id": key(3), "lastUpdated": recorded.NOW, "version": 7, "status": "X"}])
        await settled(pilot)
        rows, window = behind.keeper.offered[-1]
        assert [one[0] for one in rows] == [key(3)]
        assert window == next(feed.window for feed in feeds.console_feeds() if feed.name == feeds.CONTACTS)


async def test_the_title_tells_how_far_the_copy_is() -> None:
    app, behind = contacts_app(progress=Progress(64, 1240, 5, filling=True))
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        note = "".join(text for text, _ in app.screen.query_one("#people-pane").note)
        assert "reading 64 of 1,240" in note
        behind.keeper.progress, behind.keeper.problem = Progress(64), "Firestore can't be reached."
        await settled(pilot)
        note = "".join(text for text, _ in app.screen.query_one("#people-pane").note)
        assert "not current" in note


async def test_a_copy_that_breaks_is_told_and_made_anew() -> None:
    app, behind = contacts_app()
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        app.screen._reader.close()
        await pressed(pilot, "down")
        assert "again" in behind.keeper.asked
        assert "can't be read" in told(app)


async def test_a_file_is_mapped_sent_and_its_rejects_are_written(tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("company;whom;tel\nLone;Ada;512-236-1234\nHill;Ben;12\n", encoding="utf-16")
    answer = {"leadId": "k", "outcome": "PHONE_ONLY", "created": True}
    app, behind = contacts_app(answers={"processLead": answer})
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pressed(pilot, "i")
        app.screen.query_one("#import-path").value = str(file)
        await pressed(pilot, "enter")
        assert app.screen._mapped == ("businessName", "", "phone")
        await pressed(pilot, "down", "right")
        assert app.screen._mapped == ("businessName", "name", "phone")
        await pressed(pilot, "ctrl+s")
        bodies = [body for _, body in calls(behind, "processLead")]
        assert bodies == [{"leadData": {"businessName": "Lone", "name": "Ada", "phone": "+15122361234"}}]
        assert "1 phone only" in app.screen.query_one("#import-said").text
        assert "bad phone" in (tmp_path / "leads-rejects.csv").read_text(encoding="utf-8-sig")
        await pressed(pilot, "ctrl+s")
        assert len(calls(behind, "processLead")) == 1
        await pressed(pilot, "escape")
        assert app.screen.NAME == "contacts"


async def test_an_import_is_stopped_and_goes_on_where_it_was(tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("phone\n5122361234\n5122361235\n")
    app, behind = contacts_app()

    def answer(_body: Any) -> Any:
        if app.screen._import.stopped is False and len(calls(behind, "processLead")) == 1:
            app.screen._import.stop()
        return {"leadId": "k", "outcome": "DUPLICATE", "created": False}

    behind.session.answers["processLead"] = answer
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pressed(pilot, "i")
        app.screen.query_one("#import-path").value = str(file)
        await pressed(pilot, "enter", "ctrl+s")
        await settled(pilot)
        assert "Stopped. 1 are left" in app.screen.query_one("#import-said").text
        await pressed(pilot, "ctrl+s")
        assert "Done: 2 duplicate" in app.screen.query_one("#import-said").text


async def test_contacts_that_are_still_being_read_are_not_told_as_none() -> None:
    app, behind = contacts_app([], Progress(0, filling=True), windows={**recorded.FULL, feeds.CONTACTS: []})

    def said() -> str:
        return "".join(text for text, _ in app.screen.query_one("#people")._notice)

    def titled() -> str:
        return str(app.screen.query_one("#people-pane").title)

    async with app.run_test(size=SIZE) as pilot:
        table = await opened(pilot)
        assert ("reading" in said(), titled()) == (True, "Contacts")
        # The copy is full, but the list was made before: no time has passed, so it can't have been made again.
        behind.keeper.progress = Progress(1)
        app.flush()
        assert ("reading" in said(), titled()) == (True, "Contacts")
        behind.keeper.copy.put([records.row(key(0), contact(0), 1)])
        await settled(pilot)
        await settled(pilot)
        assert (len(table._rows), titled()) == (1, "Contacts 1"), "without waiting for the next second"


@pytest.mark.parametrize("listened", [0, 1])
async def test_there_are_none_only_if_neither_copy_nor_listener_has_any(listened: int) -> None:
    held = [{"id": key(0), **contact(0)}] * listened
    app, _ = contacts_app([], Progress(0), windows={**recorded.FULL, feeds.CONTACTS: held})
    async with app.run_test(size=SIZE) as pilot:
        table = await opened(pilot)
        said = "".join(text for text, _ in table._notice)
        assert said.startswith("reading" if listened else "No contacts yet: start a campaign (2)")
