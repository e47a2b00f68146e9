"""Calling the operator when leads begin to wait: when, how often, and with nothing that acts on the terminal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import attention
from console.attention import APART_S, Attention
from console.live import feeds
from console.preferences import load
from tests.snapshots import recorded
from tests.snapshots.scenes.review import held, lead
from tests.snapshots.scenes.scene import settled


def look(one: Attention, ids: str, now: float, *, away: bool = True, free: int | None = None) -> str:
    names = {name: f"Lead {name}" for name in ids}
    return one.look(names, len(ids) if free is None else free, is_away=away, now=now).text


def test_what_waits_when_the_console_opens_is_no_news_and_what_begins_is_told_once() -> None:
    one = Attention()
    assert look(one, "ab", 0) == ""
    assert look(one, "abc", 1) == "Lead c waits for review"
    assert look(one, "abc", 500) == ""
    assert look(one, "abcde", 501) == "2 leads wait for review"


def test_calls_are_apart_and_what_came_in_between_is_told_with_the_next() -> None:
    one = Attention()
    look(one, "", 0)
    assert look(one, "a", 1) != ""
    assert [look(one, "ab", 2), look(one, "abc", 1 + APART_S - 1)] == ["", ""]
    assert look(one, "abc", 1 + APART_S) == "2 leads wait for review"


def test_who_looks_at_the_leads_is_not_called_nor_for_what_is_gone_again_or_with_others() -> None:
    one = Attention()
    look(one, "", 0)
    assert look(one, "a", 1, away=False) == ""
    assert look(one, "a", 2) == "", "it was seen"
    assert look(one, "ab", 3, free=0) == "", "somebody works on them"
    assert look(one, "a", 4) == ""
    assert look(one, "ab", 5) != ""


def test_the_title_tells_the_number() -> None:
    one = Attention()
    assert one.look({"a": "A"}, 1, is_away=False, now=0).title == "(1) leadgen"
    assert one.look({}, 0, is_away=False, now=1).title == "leadgen"


_WHOLE = re.compile(r"\x1b\](?:9;leadgen: |777;notify;leadgen;|2;)([^\x00-\x1f\x7f-\x9f]*)\x1b\\")


@given(st.text())
def test_nothing_in_a_name_can_act_on_the_terminal(name: str) -> None:
    for made in (
        attention.notification(name, {"TERM": "xterm"}),
        attention.notification(name, {"TERM": "foot"}),
        attention.title(name),
    ):
        found = _WHOLE.fullmatch(made)
        assert found is not None
    assert ";" not in attention.notification(name, {"VTE_VERSION": "1"}).split("leadgen;", 1)[1]


def test_notifications_are_as_the_terminal_knows_them() -> None:
    assert attention.notification("x", {"TERM": "xterm-kitty"}) == "\x1b]9;leadgen: x\x1b\\"
    assert attention.notification("x", {"TERM": "rxvt-unicode"}) == "\x1b]777;notify;leadgen;x\x1b\\"
    inside = attention.notification("x", {"TERM": "screen", "TMUX": "1"})
    assert inside == "\x1bPtmux;\x1b\x1b]9;leadgen: x\x1b\x1b\\\x1b\\"
    assert not attention.is_able({"TERM": "linux"})
    assert attention.is_able({"TERM": "xterm-256color"})


@pytest.mark.parametrize(
    ("setting", "rings", "writes"),
    [
        ("", True, ["22;2t", "]2;leadgen", "]2;(1) leadgen", "]9;leadgen: Hill Country", "23;2t"]),
        ("bell = false\ndesktop = false", False, ["22;2t", "]2;leadgen", "]2;(1) leadgen", "23;2t"]),
        ("title = false", True, ["]9;leadgen: Hill Country"]),
        ("bell = false\ndesktop = false\ntitle = false", False, []),
    ],
)
async def test_the_operator_is_called_as_they_have_set_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, rings: bool, writes: list[str]
) -> None:
    for name in ("TMUX", "VTE_VERSION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    (tmp_path / "console.toml").write_text(f"[notify]\n{setting}\n")
    app, world = recorded.recorded_app({**recorded.FULL, feeds.REVIEW: []})
    app.settings = load(tmp_path / "console.toml")
    written: list[str] = []
    rung: list[int] = []
    monkeypatch.setattr(app, "to_terminal", written.append)
    monkeypatch.setattr(app, "bell", lambda: rung.append(1))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        world.live.replace(feeds.REVIEW, [lead(0)])
        await settled(pilot)
        await settled(pilot)
    assert len(rung) == rings
    assert len(written) == len(writes)
    assert all(part in sequence for part, sequence in zip(writes, written, strict=True)), written


async def test_leads_others_have_call_nobody_and_a_viewer_is_never_called(monkeypatch: pytest.MonkeyPatch) -> None:
    for role, waiting in (("operator", [lead(0, review=held("bob"))]), ("viewer", [lead(0)])):
        app, world = recorded.recorded_app({**recorded.FULL, feeds.REVIEW: []}, session=recorded.FakeSession(role=role))
        rung: list[Any] = []
        monkeypatch.setattr(app, "bell", lambda rung=rung: rung.append(1))
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(pilot)
            world.live.replace(feeds.REVIEW, waiting)
            await settled(pilot)
        assert not rung


async def test_quiet_is_one_command_and_is_kept(tmp_path: Path) -> None:
    app, _ = recorded.recorded_app()
    app.settings = load(tmp_path / "console.toml")
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.action_quiet()
        assert load(tmp_path / "console.toml").table("notify") == {"bell": False, "desktop": False, "title": False}
        app.action_quiet()
        assert load(tmp_path / "console.toml").flag("notify", "bell", False)
