"""The review screen: leads whose address is behind a CAPTCHA, worked with the operator's browser beside the console."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message

from console.actions import bindings
from console.format import plain
from console.live import feeds
from console.live.feed import Doc
from console.live.session import BackendError
from console.review import BrowserMissing, Event, Lead, NoDisplay
from console.screens.asking import AskScreen
from console.screens.confirm import ConfirmScreen
from console.screens.dashboard.screen import note, notice
from console.screens.frame import LiveScreen
from console.screens.review import card, reading, rows
from console.screens.review.address import problem
from console.screens.review.desk import LONGEST_LEASE_S, WINDOW, Desk
from console.screens.review.hand import Hand, PageState
from console.screens.review.leaving import give_back
from console.screens.review.ports import Severity
from console.screens.review.turns import holder
from console.screens.view import View
from widgets.lines import LineList
from widgets.pane import Pane
from widgets.spans import Spans
from widgets.table import LiveTable


class ReviewScreen(LiveScreen):
    """A list, the lead's card, the address that is proposed, and what the operator has done."""

    NAME = "review"
    CSS_PATH = "screen.tcss"
    BINDINGS = [*bindings("review")]

    class Happened(Message):
        """Something happened in the browser."""

        def __init__(self, event: Event) -> None:
            super().__init__()
            self.event = event

    def __init__(self) -> None:
        super().__init__()
        self._view: View | None = None
        self.desk = Desk(self, self._clock, self._now)
        self._browser: Any = None
        self._operator: Mapping[str, Any] | None = None
        self._second = -1
        self._carded = ""
        self._copied = ""

    def parts(self) -> ComposeResult:
        """The panes."""
        with Container(id="review"):
            yield Pane("Review", LiveTable(rows.COLUMNS, id="leads"), id="leads-pane")
            with Vertical(id="review-right"):
                yield Pane("Address", LineList(id="address"), id="address-pane")
                yield Pane("Lead", LineList(id="lead"), id="lead-pane")
                yield Pane("Yours", LineList(id="yours"), id="yours-pane")

    def on_mount(self) -> None:
        """Begin in the list."""
        self.query_one("#leads").focus()
        self.app.before_quit.append(self._unfinished)
        self.watch(self.app, "app_focus", self.desk.active, init=False)

    def on_screen_resume(self, _: events.ScreenResume) -> None:
        """Read how the operator does."""
        self._read_operator()

    async def on_unmount(self) -> None:
        """Give back what is in hand, and end the browser."""
        self.app.before_quit.remove(self._unfinished)
        await asyncio.gather(asyncio.to_thread(self._give_back), asyncio.to_thread(self._close_browser))

    # -- what the desk works through

    def _clock(self) -> float:
        return self.app.clock.monotonic()

    def _now(self) -> Any:
        return self.app.clock.now()

    def ask(
        self,
        endpoint: str,
        body: dict[str, Any],
        then: Callable[[Any], None],
        failed: Callable[[BackendError], None],
        idempotency_key: str | None,
    ) -> None:
        """Call an endpoint."""
        self.app.ask(endpoint, body, then, failed, idempotency_key=idempotency_key)

    def open(self, lead: Lead) -> None:
        """Show a page in the browser."""
        self._copied = ""
        self._window().open(lead)

    def prepare(self, lead: Lead) -> None:
        """Load a page behind it."""
        self._window().prepare(lead)

    def choose(self, lead: str) -> None:
        """Put the cursor on a lead."""
        table = self.query_one("#leads", LiveTable)
        place = next((i for i, row in enumerate(table.rows) if row.key == lead), None)
        if place is not None:
            table.action_move(place - table.cursor)

    def changed(self) -> None:
        """Show it anew; the flush need not be waited for."""
        if self.is_mounted and self._view is not None and self.query("#address"):
            with self.app.batch_update():
                self._show_all(self._view)

    def say(self, title: str, text: str, severity: Severity) -> None:
        """Tell something in passing."""
        self.app.tell(title, text, severity=severity)

    def _window(self) -> Any:
        if self._browser is None:
            self._browser = self.app.make_browser(self._heard)
        return self._browser

    def _heard(self, event: Event) -> None:
        # In the browser's thread: it must not wait for the screen.
        self.post_message(self.Happened(event))

    @on(Happened)
    def _happened(self, message: Happened) -> None:
        event, hand = message.event, self.desk.hand
        elsewhere = isinstance(event, (NoDisplay, BrowserMissing)) and hand is not None and hand.lead == event.lead
        if elsewhere and self._copied != event.lead:
            self._copied = event.lead
            self.app.copy_to_clipboard(plain(self.desk.hand.url if self.desk.hand else "", 2000))
        self.desk.happened(event)

    # -- showing

    def show_view(self, view: View, changed: frozenset[str], reword: bool) -> None:
        """Bring the panes up to date, and do what is due."""
        self._view = view
        if feeds.REVIEW in changed or reword:
            me = view.user.email if view.user is not None else ""
            self.desk.waiting(view.window(feeds.REVIEW).docs, me)
        self.desk.tick()
        second = int(view.clock)
        if feeds.REVIEW in changed or reword or second != self._second:
            self._second = second
            self._show_all(view)
        self.query_one("#leads", LiveTable).settle(view.clock)

    def _show_all(self, view: View) -> None:
        self._show_list(view)
        self._show_lead(view)
        calls = self.desk.delivery.outbox.calls
        lines = rows.yours(self._operator, calls, view.clock)
        self.query_one("#yours", LineList).show(lines, "What you report is listed here; u takes the last one back.")

    @property
    def _not_delivered(self) -> int:
        return len([call for call in self.desk.delivery.outbox.open if call.tries])

    def _show_list(self, view: View) -> None:
        desk, hand = self.desk, self.desk.hand
        table = self.query_one("#leads", LiveTable)
        table.notice(notice(view, feeds.REVIEW))
        shown = []
        for doc in desk.docs:
            mine = hand is not None and hand.lead == doc.id
            left = max(0.0, hand.until - view.clock) if hand is not None and hand.epoch is not None else LONGEST_LEASE_S
            left = -1.0 if hand is not None and hand.lost else left
            done, known = not mine and desk.is_reported(doc.id), desk.foretold.get(doc.id, "")
            row = rows.row(doc, view.now, in_hand=mine, left=left, me=desk.me, done=done, foretold=known)
            shown.append(row)
        table.show(shown, view.clock)
        free = len([doc for doc in desk.docs if not holder(doc, view.now)])
        count = f"{len(desk.docs)}{'+' if len(desk.docs) >= WINDOW else ''}"
        held = len(desk.docs) - free
        title = f"Review {count}" if view.window(feeds.REVIEW).loaded else "Review"
        said: Spans = ((f"{held} being worked on", "muted"),) if held else ()
        kept = self._not_delivered
        said = ((f"{kept} not delivered {'· ' if held else ''}", "warn"), *said) if kept else said
        self.query_one("#leads-pane", Pane).label(title, note(view, feeds.REVIEW) or said)

    @property
    def chosen(self) -> Doc | None:
        """The lead under the cursor."""
        return self.desk.doc(self.query_one("#leads", LiveTable).cursor_key or "")

    @property
    def _hand_here(self) -> Hand | None:
        """The lead in hand, if the cursor is on it, or if it has left the list."""
        hand, doc = self.desk.hand, self.chosen
        if hand is not None and (doc is None or doc.id == hand.lead or self.desk.doc(hand.lead) is None):
            return hand
        return None

    def _show_lead(self, view: View) -> None:
        desk, doc, here = self.desk, self.chosen, self._hand_here
        lines = card.card(doc, desk.docs, view.now, view.zone) if doc is not None else ()
        panel = self.query_one("#lead", LineList)
        panel.show(lines, "")
        if doc is not None and doc.id != self._carded:
            self._carded = doc.id
            panel.scroll_home(animate=False)
        if here is not None:
            address = card.proposal(here)
        else:
            address = card.free(doc, view.now, desk.me, desk.remark, may_work=self.app.covers("operator"))
        self.query_one("#address", LineList).show(address, "Nothing waits for you.")
        self.query_one("#address-pane", Pane).label(self._address_title(), card.lease(desk.hand, view.clock))

    def _address_title(self) -> str:
        hand = self.desk.hand
        if hand is None or hand is self._hand_here:
            return "Address"
        return f"Address · {plain(hand.name, 30)} is in hand"

    @on(LiveTable.Highlighted)
    def _another(self) -> None:
        self.desk.active()
        if self._view is not None:
            self._show_lead(self._view)

    @on(LiveTable.Selected)
    async def _selected(self) -> None:
        await self.app.run_action("screen.take")  # as its key does, so that the role is asked

    def _read_operator(self) -> None:
        if self.app.session is None:
            return

        def read(found: Mapping[str, Any] | None) -> None:
            self._operator = found
            self.changed()

        # Without them the screen works as well.
        self.app.work(reading.of_operator, read, lambda _: None, name="operator's statistics")

    def counted(self) -> None:
        """The operator's statistics have changed."""
        self._read_operator()

    # -- doing

    def action_take(self) -> None:
        """Take the lead under the cursor; or accept what is proposed; or open the page again."""
        self.desk.active()
        here = self._hand_here
        if here is None or here.lost:
            doc = self.chosen
            if doc is not None:
                self.desk.take(doc.id)
            return
        if here.address and here.is_claimed:
            if here.is_settled(self._clock()):
                self._accept(here.address)
        elif here.page not in {PageState.OPEN, PageState.OPENING, PageState.NONE, PageState.NO_BROWSER}:
            self.desk.reopen()
        elif here.page is PageState.OPEN:
            self.app.tell("No address yet", "Solve what the page asks. e types one, f reports that there is none.")

    def _accept(self, address: str) -> None:
        wrong = self.desk.accept(address)
        if wrong:
            self.app.tell("Not reported", wrong, severity="warning")

    def action_edit(self) -> None:
        """Edit the address proposed, or type one."""
        self.desk.active()
        hand = self.desk.hand
        if hand is None or not hand.is_claimed:
            self.app.tell("No lead in hand", "Take one first: Enter.")
            return

        def typed(text: str | None) -> None:
            present = self.desk.hand
            if text is None:
                return
            if present is None or present.lead != hand.lead or not present.is_claimed:
                self.app.tell(
                    "Not reported", f"{hand.name} is not in hand any more. You typed {text}.", severity="warning"
                )
            else:
                self._accept(text)

        hint = "As it stands in the page. It is reported at once, and the next lead is opened."
        check = lambda text: problem(text, hand.relays)  # noqa: E731
        self.app.push_screen(AskScreen(f"Address of {plain(hand.name, 50)}", hand.address, hint, check), typed)

    def action_another(self) -> None:
        """Propose another of the addresses seen."""
        self.desk.active()
        self.desk.another_address()

    def action_fail(self) -> None:
        """Report that no address is to be had; asked only if that is the last try."""
        self.desk.active()
        hand = self.desk.hand
        if hand is None or not hand.is_claimed:
            self.app.tell("No lead in hand", "Take one first: Enter.")
            return
        if not hand.gives_up:
            self.desk.fail()
            return

        def answered(is_yes: bool | None) -> None:
            present = self.desk.hand
            if is_yes and present is not None and present.lead == hand.lead:
                self.desk.fail()

        question = (
            f"{hand.name} has failed {hand.attempts} times before: it is offered to nobody again. u takes it back."
        )
        self.app.push_screen(ConfirmScreen("Give up", question, "Give up"), answered)

    def action_skip(self) -> None:
        """Give the lead back and take the next."""
        self.desk.active()
        self.desk.skip()

    def action_stop(self) -> None:
        """Give the lead back and take no other."""
        self.desk.stop()

    def action_undo(self) -> None:
        """Take the last report back."""
        self.desk.active()
        self.desk.undo()

    def action_step(self, by: int) -> None:
        """The next lead that nobody else has, or the one before."""
        self.desk.active()
        view, table = self._view, self.query_one("#leads", LiveTable)
        if view is None or not table.rows:
            return
        free = [doc.id for doc in self.desk.docs if holder(doc, view.now) in {"", self.desk.me}]
        keys = [row.key for row in table.rows]
        around = [keys[(table.cursor + by * step) % len(keys)] for step in range(1, len(keys))]
        wanted = next((key for key in around if key in free), None)
        if wanted is not None:
            self.choose(wanted)

    def action_page(self) -> None:
        """Open the lead's page again; without a browser, copy its address."""
        self.desk.active()
        hand = self.desk.hand
        if hand is not None and hand.page is PageState.NO_BROWSER:
            self.app.copy_to_clipboard(plain(hand.url, 2000))
            self.app.tell("Copied", hand.url)
        elif hand is not None:
            self.desk.reopen()

    def retry_now(self) -> None:
        """The connection is made anew: try again what got no answer."""
        self.desk.hurry()

    # -- leaving

    def _unfinished(self) -> str:
        kept = [call for call in self.desk.delivery.outbox.open if call.is_report]
        if not kept:
            return ""
        names = ", ".join(f"{call.name} ({call.address or 'no address'})" for call in kept[:3])
        return f"{len(kept)} of your reports did not reach the backend yet and would be lost: {names}."

    def _give_back(self) -> None:
        hand, session = self.desk.hand, self.app.session
        if hand is not None and hand.epoch is not None and session is not None:
            give_back(session, hand.lead, hand.epoch)

    def _close_browser(self) -> None:
        if self._browser is not None:
            self._browser.close()
