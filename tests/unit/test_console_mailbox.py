"""The first line of the console tells how the mailboxes stand."""

from __future__ import annotations

import pytest

from console.live import feeds
from console.live.feed import Doc, Window
from console.live.shapes import Mailbox, read_mailbox
from console.screens.topbar import mailbox
from console.screens.view import View
from tests.snapshots import recorded


def shown(*boxes: Mailbox) -> str:
    """What the line says."""
    windows = {feeds.MAILBOXES: Window(tuple(Doc(box.account, box) for box in boxes), loaded=True)}
    return "".join(text for text, _ in mailbox(View(windows, recorded.live_health(), recorded.NOW, recorded.MONOTONIC)))


ADA = Mailbox("ada@example.com", "ACTIVE")


@pytest.mark.parametrize(
    ("boxes", "words"),
    [
        ((), "no mailbox"),
        ((ADA,), "ada@example.com"),
        ((ADA, Mailbox("bob@example.com", "ACTIVE")), "+1"),
        ((Mailbox("bob@example.com", "NEEDS_REAUTH"),), "bob@example.com sign in again"),
        ((ADA, Mailbox("bob@example.com", "NEEDS_REAUTH")), "+1 to sign in again"),
        ((Mailbox("bob@example.com", "ACTIVE", paused=True),), "paused"),
        ((Mailbox("a@example.com", "ACTIVE", paused=True), ADA), "ada@example.com +1"),
    ],
)
def test_the_line_says_what_the_operator_must_know(boxes: tuple[Mailbox, ...], words: str) -> None:
    assert words in shown(*boxes)


def test_a_mailbox_is_read_as_it_is_stored() -> None:
    box = read_mailbox({"account": "a@example.com", "state": "NEEDS_REAUTH", "paused": True, "reason": "gone"})
    assert (box.is_usable, box.paused, box.waits_for) == (False, True, "gone")
    assert read_mailbox({"account": "a@example.com", "state": "CONNECTED"}).is_usable  # of an earlier release
