"""The email queue's screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from console.actions import bindings
from console.live import feeds
from console.live.feed import Doc
from console.live.session import BackendError
from console.screens.asking import AskScreen
from console.screens.confirm import ConfirmScreen
from console.screens.dashboard.screen import note, notice
from console.screens.email import reading, rows
from console.screens.email.choosing import Choice, merged
from console.screens.frame import LiveScreen
from console.screens.signing_in import no_mailbox
from console.screens.view import View
from widgets.lines import LineList
from widgets.pane import Pane
from widgets.table import LiveTable

_BODY = Mapping[str, Any]


class EmailScreen(LiveScreen):
    """What waits and why, what left, and what needs a person."""

    NAME = "email"
    CSS_PATH = "screen.tcss"
    BINDINGS = [*bindings("email")]

    def __init__(self) -> None:
        super().__init__()
        self._view: View | None = None
        self._choice = Choice()
        self._fetched: Sequence[Doc] = ()
        self._shown: dict[str, Doc] = {}
        self._marked: set[str] = set()
        self._told: dict[str, Mapping[str, Any]] = {}
        self._pending = 0
        self._results: list[tuple[str, bool]] = []

    def parts(self) -> ComposeResult:
        """The panes."""
        with Container(id="email"):
            yield Pane("Email queue", LiveTable(rows.COLUMNS, id="mails"), id="mails-pane")
            with Vertical(id="email-right"):
                yield Pane("Mail", LineList(id="mail"), id="mail-pane")
                yield Pane("Mailboxes", LineList(id="boxes"), id="boxes-pane")

    def on_mount(self) -> None:
        """Begin in the list."""
        self.query_one("#mails").focus()

    # -- showing

    def show_view(self, view: View, changed: frozenset[str], reword: bool) -> None:
        """Bring the panes up to date."""
        self._view = view
        if feeds.EMAILS in changed:
            # What was explained may no longer be so.
            self._told = {key: told for key, told in self._told.items() if self._is_as_explained(key)}
        if feeds.EMAILS in changed or reword:
            self._show_mails()
        if changed & {feeds.MAILBOXES, feeds.SETTINGS} or reword:
            self.query_one("#boxes", LineList).show(rows.boxes(view), no_mailbox(view))
        self.query_one("#mails", LiveTable).settle(view.clock)

    def _is_as_explained(self, key: str) -> bool:
        docs = self._view.window(feeds.EMAILS).docs if self._view is not None else ()
        new = next((doc for doc in docs if doc.id == key), None)
        old = self._shown.get(key)
        return new is None or (old is not None and new.updated == old.updated)

    def _show_mails(self) -> None:
        view = self._view
        if view is None:
            return
        window = view.window(feeds.EMAILS)
        docs = merged(window.docs, self._fetched, self._choice)
        self._shown = {doc.id: doc for doc in docs}
        self._marked &= self._shown.keys()
        table = self.query_one("#mails", LiveTable)
        asked = self._choice.words
        table.notice(((f"No mail here is {asked}.", "muted"),) if asked and window.docs else notice(view, feeds.EMAILS))
        table.show([rows.row(d, view.now, view.zone, marked=d.id in self._marked) for d in docs], view.clock)
        title = f"Email queue {len(docs)}" + (f" {asked}" if asked else "")
        marks = f"{len(self._marked)} marked " if self._marked else ""
        self.query_one("#mails-pane", Pane).label(title, ((marks, "accent"), *note(view, feeds.EMAILS)))
        self._show_mail()

    def _show_mail(self) -> None:
        doc, view = self._chosen, self._view
        lines = rows.detail(doc, view.now, view.zone, self._told.get(doc.id)) if doc is not None and view else ()
        self.query_one("#mail", LineList).show(lines, "Choose a mail." if self._shown else "")

    @property
    def _chosen(self) -> Doc | None:
        return self._shown.get(self.query_one("#mails", LiveTable).cursor_key or "")

    @on(LiveTable.Highlighted)
    def _another(self) -> None:
        self._show_mail()

    @on(LiveTable.Selected)
    def _opened(self) -> None:
        self.action_explain()

    # -- choosing

    def action_status(self) -> None:
        """One status only, then the next, then all."""
        self._choice = self._choice.next_status()
        self._fetched = ()
        self._show_mails()
        status = self._choice.status
        if not status:
            return

        def fetched(found: Sequence[Doc]) -> None:
            if self._choice.status == status:
                self._fetched = found
                self._show_mails()

        self.app.work(lambda session: reading.of_status(session, status), fetched, name="mails of one status")

    def action_filter(self) -> None:
        """Show the mails that hold a text."""

        def take(text: str | None) -> None:
            if text is not None:
                self._choice = replace(self._choice, text=text.strip())
                self._show_mails()

        hint = "A part of a name, an address, a city, a reason. With ! before it: those that don't hold it."
        self.app.push_screen(AskScreen("Filter", self._choice.text, hint), take)

    def action_mark(self) -> None:
        """Mark the mail, or take its mark off, and go on."""
        doc = self._chosen
        if doc is not None:
            self._marked ^= {doc.id}
            self.query_one("#mails", LiveTable).action_move(1)
            self._show_mails()

    def action_unmark(self) -> None:
        """Take off all marks; if there are none, the filter."""
        if self._marked:
            self._marked.clear()
        else:
            self._choice, self._fetched = Choice(), ()
        self._show_mails()

    # -- doing

    def action_explain(self) -> None:
        """Why it has not left, and when it will."""
        doc = self._chosen
        if doc is None:
            return

        def told(answer: Any) -> None:
            self._told[doc.id] = answer if isinstance(answer, dict) else {}
            self._show_mail()

        self.app.ask("explainEmail", {"emailId": doc.id}, told)

    def _targets(self, *statuses: str) -> list[Doc]:
        chosen = [self._shown[key] for key in self._shown if key in self._marked] or (
            [self._chosen] if self._chosen else []
        )
        fit = [doc for doc in chosen if str(doc.value.status) in statuses]
        if chosen and not fit:
            word = str(chosen[0].value.status).lower().replace("_", " ")
            what = "A mail that is" if len(chosen) == 1 else "Mails that are"
            self.app.tell("Not now", f"{what} {word} can't be changed so.", severity="warning")
        return fit

    def action_hold(self) -> None:
        """Hold back what is queued, or let go what is held."""
        docs = self._targets("QUEUED", "HELD")
        if docs:
            action = "release" if str(docs[0].value.status) == "HELD" else "hold"
            status = "HELD" if action == "release" else "QUEUED"
            self._change([doc for doc in docs if str(doc.value.status) == status], action)

    def action_cancel(self) -> None:
        """Never send it, after a question."""
        docs = self._targets("QUEUED", "HELD", "PARKED", "ERROR_NO_EMAIL", "ERROR_API_FAILURE")
        if docs:
            question = f"{_mails(docs)} will not be sent. You can queue it again later." if len(docs) == 1 else (
                f"{_mails(docs)} will not be sent. You can queue them again later.")  # fmt: skip
            self._confirmed("Don't send", question, "Don't send", docs, "cancel")

    def action_retry(self) -> None:
        """Queue it again."""
        docs = self._targets("PARKED", "CANCELLED", "ERROR_NO_EMAIL", "ERROR_API_FAILURE")
        doubtful = [d for d in docs if str(d.value.status) == "PARKED" or getattr(d.value, "may_have_left", False)]
        if doubtful:
            question = (
                f"Nobody knows whether {_mails(doubtful)} left. If so, it is delivered twice. "
                "Look into the mailbox first; s notes it as sent."
            )
            self._confirmed("Send again", question, "Send again", docs, "retry", {"mayBeDeliveredTwice": True})
        elif docs:
            self._change(docs, "retry")

    def action_sent(self) -> None:
        """A parked mail did leave."""
        docs = self._targets("PARKED")
        if docs:
            question = f"{_mails(docs)} did leave, as you saw in the mailbox. It is never sent again."
            self._confirmed("Note as sent", question, "It was sent", docs, "sent")

    def _confirmed(
        self, title: str, question: str, yes: str, docs: list[Doc], action: str, more: _BODY | None = None
    ) -> None:
        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self._change(docs, action, more)

        self.app.push_screen(ConfirmScreen(title, question, yes), answered)

    def _change(self, docs: list[Doc], action: str, more: _BODY | None = None) -> None:
        if self._pending:
            self.app.tell("One moment", "The mails before are still being changed.", severity="warning")
            return
        self._pending, self._results = len(docs), []
        for doc in docs:
            body = {"emailId": doc.id, "action": action, **(more or {})}
            self.app.ask("changeEmail", body, self._changed, self._refused)

    def _changed(self, answer: Any) -> None:
        said = str(answer.get("message", "Done.")) if isinstance(answer, dict) else "Done."
        self._one_done(said, True)

    def _refused(self, error: BackendError) -> None:
        self._one_done(" ".join(part for part in (error.detail or error.title, error.hint) if part), False)

    def _one_done(self, said: str, good: bool) -> None:
        self._pending -= 1
        self._results.append((said, good))
        if self._pending:
            return
        bad = [text for text, fine in self._results if not fine]
        done = len(self._results) - len(bad)
        if bad:
            self.app.tell(f"{len(bad)} refused, {done} done" if done else "Refused", bad[0], severity="error")
        else:
            self.app.tell("Done" if done == 1 else f"{done} mails", self._results[-1][0])
        self._marked.clear()
        self._show_mails()


def _mails(docs: Sequence[Doc]) -> str:
    return f"The mail to {rows.who(docs[0].value)}" if len(docs) == 1 else f"{len(docs)} mails"
