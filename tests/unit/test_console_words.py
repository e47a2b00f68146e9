"""Values as text, the registry of actions, the rules of the form and the preflight."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import format as text
from console.actions import ACTIONS, SCREENS
from console.live import feeds
from console.live.feed import Doc, Window
from console.live.governor import read_governor
from console.live.health import Health, seconds
from console.live.history import History
from console.live.session import UserInfo
from console.live.shapes import Mailbox, read_mailbox
from console.live.store import LiveStore
from console.screens.campaigns.choices import Choices, City, TemplateChoice
from console.screens.campaigns.entry import Entry, Keys, problems, refusals
from console.screens.campaigns.preflight import STOP, WARN, preflight
from console.screens.view import View
from leadgen.model.config import StoredSettings
from leadgen.model.grants import GrantEntry, pack
from tests.snapshots import recorded

NOW = recorded.NOW
CHOICES = Choices((City("austin", "Austin, TX", "America/Chicago"),), (TemplateChoice(1, "Introduction"),))


@given(st.text())
def test_plain_text_holds_nothing_that_acts_on_a_terminal(value: str) -> None:
    shown = text.plain(value)
    assert shown.isprintable() or all(c.isprintable() or c.isspace() for c in shown)
    assert not any(c in shown for c in "\x1b\x07\x08\r\n\t\u202e\u2066\u2028\u200b\x9b")
    assert text.plain(shown) == shown


def test_plain_text_keeps_words_and_markup_as_they_are() -> None:
    assert text.plain("a\n b\tc [red]d[/] \x1b[31me") == "a b c [red]d[/] [31me"
    assert len(text.plain("x" * 10_000, 50)) == 50


@pytest.mark.parametrize(
    ("ago", "said"), [(-60, "now"), (4, "now"), (40, "40s"), (61, "1m"), (3600, "1h"), (90_000, "1d")]
)
def test_ages(ago: int, said: str) -> None:
    assert text.ago(NOW - timedelta(seconds=ago), NOW) == said


@pytest.mark.parametrize(("age", "said"), [(0.04, "0.0s"), (0.3, "0.3s"), (9.96, "10s"), (14, "14s"), (3600, "60m")])
def test_badge_ages(age: float, said: str) -> None:
    assert seconds(age) == said


def test_zones_are_short_and_unknown_ones_do_no_harm() -> None:
    assert text.short_zone("America/Chicago", NOW) == "CT"
    assert text.short_zone("America/Phoenix", NOW) == "MT"
    assert text.short_zone("Mars/Olympus", NOW) == "Mars"
    assert text.short_zone("../etc/passwd", NOW) == "../e"


def test_every_action_has_its_own_id_and_no_key_means_two_things() -> None:
    assert len({a.id for a in ACTIONS}) == len(ACTIONS)
    for screen in SCREENS:
        keys = [k for a in ACTIONS if a.scope in {"everywhere", screen.name} for k in a.key.split(",") if k]
        assert len(keys) == len(set(keys))
    assert all(": " in a.command for a in ACTIONS if a.command)


@pytest.mark.parametrize("leads", ["", "0", "-1", "10001", "1e3", "٣", " ", "9" * 9, "5.5"])
def test_the_number_of_leads_is_a_whole_number_in_bounds(leads: str) -> None:
    assert "leads" in problems(Entry("austin", 1, leads), CHOICES, 10_000)


def test_a_city_is_known_by_name_or_label_in_any_case() -> None:
    for typed in ("austin", " AUSTIN ", "Austin, TX"):
        assert not problems(Entry(typed, 1, "50"), CHOICES, 10_000)
        assert Entry(typed, 1, "50").body(CHOICES)["city"] == "austin"
    assert problems(Entry("atlantis", 1, "50"), CHOICES, 10_000)["city"].startswith("City:")


def test_a_key_belongs_to_one_entry_until_it_succeeded() -> None:
    numbers = iter(range(100))
    keys = Keys(lambda: str(next(numbers)))
    first, other = Entry("austin", 1, "50"), Entry("austin", 1, "51")
    key = keys.key(first)
    assert keys.key(other) != key
    assert keys.key(first) == key, "going back to an entry whose fate is unknown must not start a second campaign"
    keys.succeeded(first)
    assert keys.key(first) != key


def test_refusals_name_the_field() -> None:
    assert refusals([{"field": "numLeads", "value": "0", "allowed": "1 or more"}, {"field": "x"}]) == {
        "leads": "Leads: 1 or more"
    }


def view(settings: StoredSettings | None, boxes: tuple[Mailbox, ...], role: str = "operator") -> View:
    """A view with this configuration and these mailboxes."""
    windows = {feeds.MAILBOXES: Window(tuple(Doc(b.account, b) for b in boxes), loaded=True)}
    if settings is not None:
        windows[feeds.SETTINGS] = Window((Doc("settings", settings),), loaded=True)
    return View(windows, recorded.live_health(), NOW, recorded.MONOTONIC, user=UserInfo("g@example.com", role))


READY = StoredSettings(postal_address="12 Main St")
BOX = Mailbox("ada@contoso.com", "ACTIVE")
AUSTIN = CHOICES.cities[0]


def said(shown: View, city: City | None, verdict: str) -> str:
    """The texts of that verdict."""
    return " ".join(c.text for c in preflight(shown, city) if c.verdict == verdict)


def test_preflight_finds_nothing_when_all_is_well() -> None:
    assert not said(view(READY, (BOX,)), AUSTIN, STOP)
    assert not said(view(READY, (BOX,)), AUSTIN, WARN)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"postal_address": " "}, "postal address"),
        ({"active_timezones": ["America/Denver"]}, "active timezones"),
    ],
)
def test_preflight_stops(change: dict[str, Any], word: str) -> None:
    assert word in said(view(READY.model_copy(update=change), (BOX,)), AUSTIN, STOP)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"sending_paused": True}, "paused"),
        ({"daily_cap": 0}, "daily cap"),
        ({"llm_transaction_limit": 0}, "Model calls"),
        ({"email_provider": "outbox"}, "outbox"),
    ],
)
def test_preflight_warns(change: dict[str, Any], word: str) -> None:
    assert word in said(view(READY.model_copy(update=change), (BOX,)), AUSTIN, WARN)


def test_preflight_knows_the_clock_of_the_city() -> None:
    evening = replace(view(READY, (BOX,)), now=datetime(2026, 11, 19, 1, 0, tzinfo=UTC))
    assert "Outside 09:00–17:00: Wed 19:00 there" in said(evening, AUSTIN, WARN)


def test_preflight_names_mailbox_source_role_and_unknown_configuration() -> None:
    assert "leadgen auth outlook" in said(view(READY, ()), AUSTIN, STOP)
    assert "sign in again" in said(view(READY, (replace(BOX, state="NEEDS_REAUTH"),)), AUSTIN, STOP)
    assert "terms" in said(view(READY, (BOX,)), replace(AUSTIN, acknowledged=False), STOP)
    assert "role" in said(view(READY, (BOX,), role="viewer"), AUSTIN, STOP)
    assert "not known" in said(view(None, (BOX,)), AUSTIN, WARN)
    stale = replace(view(READY, (BOX,)), health=Health())
    assert "not current" in said(stale, AUSTIN, WARN)


def test_the_governor_counts_what_still_counts() -> None:
    at = int(NOW.timestamp() * 1000)
    log, names = pack(GrantEntry(at - 62_000, at - ago, n, 10 * n) for ago, n in ((60_000, 9), (59_000, 3)))
    governor = read_governor({"limit": 20, "log": log, "logNames": names})
    assert (governor.limit, governor.used(NOW), governor.tokens(NOW)) == (20, 3, 30)


def test_a_log_of_another_format_is_shown_as_a_limit_used_up() -> None:
    governor = read_governor({"limit": 20, "log": [{"at": 1, "by": 2, "n": 3}]})
    assert (governor.used(NOW), governor.tokens(NOW)) == (20, 0)
    assert read_governor({"day": {"day": "2026-03-01"}}).used(NOW) == 0


def test_the_governor_says_who_waits_who_is_held_and_what_today_has_cost() -> None:
    at = int(NOW.timestamp() * 1000)
    waiting = [
        {"campaign": name, "calls": 4, "since": at - 9000, "returns": at + 21_000, "until": at + until}
        for name, until in (("here", 86_000), ("gone", -1))
    ]
    use = {"calls": 3, "promptTokens": 900, "completionTokens": 100, "micros": 250_000}
    unpriced = {"calls": 2, "promptTokens": 10, "completionTokens": 5, "unpriced": 2}
    day = {"day": NOW.date().isoformat(), "reserved": {"a/b": 1_500_000}, "providers": {"a/b": use, "local": unpriced},
           "campaigns": {"here": use}}  # fmt: skip
    held = {"a/b": at + 5000, "c": at - 1}
    governor = read_governor({"limit": 20, "waiting": waiting, "holds": held, "day": day})
    assert [(one.campaign, one.returns) for one in governor.waiting_at(NOW)] == [("here", NOW + timedelta(seconds=21))]
    assert governor.held_at(NOW) == {"a/b": NOW + timedelta(seconds=5)}
    assert governor.reserved == 1.5
    assert (governor.campaigns["here"].tokens, governor.campaigns["here"].cost) == (1000, "$0.2500")
    assert governor.providers["local"].cost == "price unknown"
    assert governor.spent(NOW).cost == "$0.2500 + 2 of unknown price"
    assert governor.spent(NOW + timedelta(days=1)).calls == 0


def test_mails_of_the_last_day_are_counted_from_the_mailbox() -> None:
    seconds_ = [int(NOW.timestamp()) - ago for ago in (90_000, 86_000, 5)]
    packed = b"".join(s.to_bytes(4, "big") for s in seconds_)
    assert read_mailbox({"account": "a@example.com", "sentLog": packed}).sent_since(NOW) == 2


def test_the_store_coalesces_and_marks_only_changes() -> None:
    store = LiveStore()
    for number in range(1000):
        store.replace("a", [Doc("x", number)])
    assert store.take() == {"a"}
    assert store.take() == frozenset()
    store.replace("a", [Doc("x", 999)])
    assert not store.is_dirty
    store.replace("b", [])
    assert store.take() == {"b"}
    assert store.window("b").loaded
    assert not store.window("c").loaded


def test_history_counts_increases_by_slice() -> None:
    history = History(slice_s=10, slices=3)
    for now, count in ((100, 50), (101, 53), (112, 54), (113, 40), (125, 41)):
        history.note({"sent": count}, now)
    assert history.bars("sent") == (3, 1, 1), "a count that falls is no negative bar"
    history.note({"sent": 41}, 500)
    assert history.bars("sent") == (0, 0, 0)
