"""The dashboard's screen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Container

from console.actions import bindings
from console.format import clock_time, plain
from console.live import feeds
from console.live.feed import Doc
from console.live.health import Freshness
from console.screens.dashboard import rows
from console.screens.dashboard.first_steps import first_steps
from console.screens.frame import LiveScreen
from console.screens.view import View
from widgets.lines import LineList
from widgets.pane import Pane
from widgets.spans import Spans, clip
from widgets.strip import FigureStrip
from widgets.table import LiveTable, Row

if TYPE_CHECKING:
    from console.app import LeadgenApp

_EMPTY = {
    feeds.REQUESTS: "No campaigns yet. Press 2 to start one.",
    feeds.SCHEDULES: "Nothing is scheduled. Choose a time in the form.",
    feeds.REVIEW: "Nothing waits for you.",
    feeds.EMAILS: "No mail yet.",
    feeds.ACTIVITY: "Nothing has happened yet.",
}
_UNKNOWN = {
    Freshness.OFFLINE: "not known yet",
    Freshness.SIGNED_OUT: "not signed in",
    Freshness.DENIED: "not permitted",
}
"""What a pane says that has nothing to show, while the line above the panes says why."""


def notice(view: View, feed: str, empty: str = "") -> Spans:
    """What an empty pane says: why it can't be read, that it is loading, or that there is nothing.

    Args:
        view: everything known.
        feed: what the pane shows.
        empty: how the screen says that there is nothing, if not as the dashboard does.
    """
    state, problem = view.freshness[0], view.problem(feed)
    if state in _UNKNOWN and not view.window(feed).loaded:
        return ((_UNKNOWN[state], "muted"),)
    if problem:
        return ((problem, "bad"),)
    return (((empty or _EMPTY[feed]) if view.window(feed).loaded else "loading …", "muted"),)


def note(view: View, feed: str) -> Spans:
    """What a pane says below its rows: trouble, or documents that could not be read."""
    if view.problem(feed) and view.window(feed).docs:
        return (("not current", "bad"),)
    damaged = view.window(feed).unreadable
    return ((f"{damaged} unreadable", "warn"),) if damaged else ()


def sending(view: View) -> Spans:
    """What the sender is about to do: when the next mail may leave, or what it waits for."""
    box = next((m for m in view.mailboxes if m.is_usable), None)
    if box is None:
        return ()
    if box.waits_for:
        return ((clip(plain(box.waits_for), 34), "muted"),)
    if box.next_send_at is not None and box.next_send_at > view.now:
        return ((f"next at {clock_time(box.next_send_at, view.zone, seconds=True)}", "muted"),)
    return ()


def titled(title: str, view: View, feed: str, bound: int) -> str:
    """A pane's title with the number of its rows; ``+`` if the listener's window is full and there may be more."""
    window = view.window(feed)
    if not window.loaded or (view.problem(feed) and not window.docs):
        return title
    count = len(window.docs) + window.unreadable
    return f"{title} {count}{'+' if count >= bound else ''}"


FRAME = 6
"""Cells of a pane's width that its frame takes beside the note."""


class DashboardScreen(LiveScreen):
    """Funnel, campaigns, review queue, email queue and activity."""

    NAME = "dashboard"
    AUTO_FOCUS = "#requests"
    """Begin where most is going on."""
    app: LeadgenApp
    BINDINGS = [*bindings("dashboard")]
    _view: View | None = None
    """What was shown last."""

    def parts(self) -> ComposeResult:
        """The panes."""
        yield Pane("Pipeline", FigureStrip(id="funnel"), id="pipeline")
        with Container(id="panes"):
            yield Pane("Requests", LiveTable(rows.REQUEST_COLUMNS, id="requests"), id="requests-pane")
            yield Pane("Review", LiveTable(rows.REVIEW_COLUMNS, id="review"), id="review-pane")
            yield Pane("Email queue", LiveTable(rows.EMAIL_COLUMNS, id="emails"), id="emails-pane")
            yield Pane("Activity", LineList(id="activity"), id="activity-pane")

    def on_screen_resume(self, _: events.ScreenResume) -> None:
        """Show what is known in the first picture and not after it."""
        if self._view is None:
            self.app.flush()

    def action_plots(self) -> None:
        """Figures over hours and days."""
        from console.screens.plots.screen import PlotsScreen

        self.app.push_screen(PlotsScreen())

    def show_view(self, view: View, changed: frozenset[str], reword: bool) -> None:
        """Bring each pane up to date."""
        self._view = view
        self._show_funnel(view)
        self._show_table(view, feeds.REQUESTS, "Requests", 50, changed, reword, rows.request_row)
        self._show_campaign_use()
        self._show_table(view, feeds.REVIEW, "Review", 100, changed, reword, rows.review_row)
        self._show_table(
            view, feeds.EMAILS, "Email queue", 100, changed, reword, lambda d, now: rows.email_row(d, now, view.zone)
        )
        self._show_activity(view)

    def _show_funnel(self, view: View) -> None:
        requests = view.window(feeds.REQUESTS)
        self.query_one(FigureStrip).show(rows.funnel(requests, view.history))
        campaigns = len(requests.docs)
        scope = "last 50 campaigns" if campaigns >= 50 else f"{campaigns} campaign{'' if campaigns == 1 else 's'}"
        pane = self.query_one("#pipeline", Pane)
        scopes = [scope, "a bar is 10 s"] if requests.loaded else []
        said = rows.fitting([*rows.model_use(view.governor, view.now), *scopes], pane.size.width - FRAME)
        pane.label("Pipeline", note(view, feeds.REQUESTS) or (((said, "muted"),) if said else ()))

    def _show_campaign_use(self) -> None:
        """Below the campaigns, what the model has cost the one under the cursor today."""
        view = self._view
        if view is None or note(view, feeds.REQUESTS):
            return
        key = self.query_one("#requests", LiveTable).cursor_key
        doc = next((doc for doc in view.window(feeds.REQUESTS).docs if doc.id == key), None)
        used = rows.model_use_of(view.governor, doc.id, doc.value.city, view.now) if doc is not None else []
        pane = self.query_one("#requests-pane", Pane)
        said = rows.fitting(used, pane.size.width - FRAME)
        pane.label(pane.title, ((said, "muted"),) if said else ())

    def on_live_table_highlighted(self, message: LiveTable.Highlighted) -> None:
        """The cursor is on another campaign."""
        if message.table.id == feeds.REQUESTS:
            self._show_campaign_use()

    def _show_table(
        self,
        view: View,
        feed: str,
        title: str,
        bound: int,
        changed: frozenset[str],
        reword: bool,
        row: Callable[[Doc, datetime], Row],
    ) -> None:
        table = self.query_one(f"#{feed}", LiveTable)
        table.notice(notice(view, feed))
        if feed in changed or reword:
            table.show([row(doc, view.now) for doc in view.window(feed).docs], view.clock)
        table.settle(view.clock)
        said = note(view, feed) or (sending(view) if feed == feeds.EMAILS else ())
        self.query_one(f"#{feed}-pane", Pane).label(titled(title, view, feed, bound), said)

    def _show_activity(self, view: View) -> None:
        said = notice(view, feeds.ACTIVITY)
        lines = first_steps(view) + rows.activity_lines(view.window(feeds.ACTIVITY), view.zone)
        self.query_one(LineList).show(lines, said[0][0])
        self.query_one("#activity-pane", Pane).label("Activity", note(view, feeds.ACTIVITY))
