"""The templates' screen."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.timer import Timer
from textual.widgets import Input, TextArea

from console.actions import bindings
from console.format import plain
from console.live import feeds
from console.live.session import BackendError
from console.screens.confirm import ConfirmScreen
from console.screens.frame import LiveScreen
from console.screens.templates import browser, rows
from console.screens.templates.draft import Desk, Draft
from console.screens.view import View
from console.starter import save_starter_templates
from widgets.lines import LineList
from widgets.pane import Pane
from widgets.table import LiveTable

PREVIEW_AFTER_S = 0.4
"""The preview is asked for when nothing was typed for so long."""
MADE_UP = ("", "a made-up lead")
_LEADS = 20


class TemplatesScreen(LiveScreen):
    """A list, an editor, and what a lead would get."""

    NAME = "templates"
    CSS_PATH = "screen.tcss"
    BINDINGS = [*bindings("templates")]

    def __init__(self) -> None:
        super().__init__()
        self._view: View | None = None
        self._desk = Desk()
        self._number: int | None = None
        self._loaded = self._loading = False
        self._filling = False
        self._preview: Mapping[str, Any] | None = None
        self._asked: dict[str, Any] | None = None
        self._asking = False
        self._timer: Timer | None = None
        self._lead = 0
        self._seed = ""
        self._saving = False

    def parts(self) -> ComposeResult:
        """The panes."""
        with Container(id="templates"):
            with Vertical(id="templates-left"):
                yield Pane("Templates", LiveTable(rows.COLUMNS, id="list"), id="list-pane")
                yield Pane("Check", LineList(id="check"), id="check-pane")
                yield Pane("Variables", LineList(id="variables"), id="variables-pane")
            with Vertical(id="templates-editor"):
                yield Pane("Name", Input(id="name", compact=True), id="name-pane")
                yield Pane("Subject", Input(id="subject", compact=True), id="subject-pane")
                yield Pane("Body (HTML)", TextArea(id="body", show_line_numbers=True), id="body-pane")
            yield Pane("Preview", LineList(id="preview"), id="preview-pane")

    def on_mount(self) -> None:
        """Begin in the list."""
        self.query_one("#list").focus()

    # -- showing

    def show_view(self, view: View, changed: frozenset[str], reword: bool) -> None:
        """Bring the panes up to date."""
        self._view = view
        if not self._loaded and not self._loading and self.app.session is not None:
            self._load()

    def on_screen_resume(self, _: events.ScreenResume) -> None:
        """Templates may have changed meanwhile."""
        self._loaded = False

    def _load(self) -> None:
        self._loading = True
        if not self._desk.saved:
            self.query_one("#list", LiveTable).notice((("loading …", "muted"),))
        self.app.ask("getTemplates", None, self._take, self._not_loaded)

    def _take(self, answer: Any) -> None:
        self._loading, self._loaded = False, True
        self._desk.take(answer if isinstance(answer, list) else [])
        self.query_one("#list", LiveTable).notice((("None yet. n begins one, s saves three to start with.", "muted"),))
        self._show_list()
        if self._number is None or self._desk.current(self._number) is None:
            numbers = self._desk.numbers()
            if numbers:
                self._open(numbers[0])
        elif self._number not in self._desk.written:
            self._open(self._number)

    def _not_loaded(self, error: BackendError) -> None:
        self.query_one("#list", LiveTable).notice(((f"{error.title}. {error.hint}".strip(), "bad"),))
        # Asked again after a while, or when the operator comes back to the screen.
        self.set_timer(15.0, self._forget_failure)

    def _forget_failure(self) -> None:
        self._loading = False

    def _show_list(self) -> None:
        clock = self._view.clock if self._view is not None else 0.0
        self.query_one("#list", LiveTable).show(rows.rows(self._desk), clock)
        unsaved = len(self._desk.written)
        note = ((f"{unsaved} unsaved", "warn"),) if unsaved else ()
        self.query_one("#list-pane", Pane).label(f"Templates {len(self._desk.numbers())}", note)

    def _show_preview(self) -> None:
        draft = self._draft
        if draft is None:
            return
        wait = "asking …" if self._asking else "Nothing to show yet."
        self.query_one("#preview", LineList).show(rows.preview(self._preview, wait))
        checked = rows.findings(self._preview, draft, self._desk.is_behind(draft.template_id))
        self.query_one("#check", LineList).show(checked, "✓ Nothing is wrong with it." if self._preview else "")
        self.query_one("#variables", LineList).show(rows.variables(self._preview))
        self.query_one("#preview-pane", Pane).label(f"Preview: {plain(self._lead_at_hand[1], 40)}")

    # -- the editor

    @property
    def _draft(self) -> Draft | None:
        return self._desk.current(self._number) if self._number is not None else None

    def _open(self, number: int) -> None:
        draft = self._desk.current(number)
        if draft is None:
            return
        self._number, self._filling = number, True
        with self.prevent(Input.Changed, TextArea.Changed):
            self.query_one("#name", Input).value = draft.name
            self.query_one("#subject", Input).value = draft.subject
            self.query_one("#body", TextArea).load_text(draft.body)
        self._filling = False
        self._preview, self._seed = None, ""
        self._show_preview()
        self._preview_soon(0.05)

    def on_live_table_highlighted(self, message: LiveTable.Highlighted) -> None:
        """Another template is under the cursor."""
        if message.table.id == "list":
            self._open(int(message.key))

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        """Enter goes into the body."""
        if message.table.id == "list":
            self.query_one("#body").focus()

    @on(Input.Changed)
    @on(TextArea.Changed)
    def _typed(self) -> None:
        draft = self._draft
        if draft is None or self._filling:
            return
        written = replace(
            draft,
            name=self.query_one("#name", Input).value,
            subject=self.query_one("#subject", Input).value,
            body=self.query_one("#body", TextArea).text,
        )
        if written == draft:
            return
        self._desk.write(written)
        self._show_list()
        self._preview_soon(PREVIEW_AFTER_S)

    def action_leave(self) -> None:
        """Leave the editor for the list."""
        self.query_one("#list").focus()

    def action_new(self) -> None:
        """Begin a new template."""
        draft = self._desk.new()
        self._show_list()
        self._go_to(draft.template_id)
        self.set_focus(self.query_one("#name"))

    def _go_to(self, number: int) -> None:
        table = self.query_one("#list", LiveTable)
        place = next((i for i, row in enumerate(table.rows) if row.key == str(number)), None)
        if place is not None:
            table.action_move(place - table.cursor)
        self._open(number)

    def action_revert(self) -> None:
        """Put the template back to what is saved."""
        if self._number is None or self._number not in self._desk.written:
            return
        saved = self._desk.revert(self._number)
        self._show_list()
        numbers = self._desk.numbers()
        if saved is not None:
            self._open(saved.template_id)
        elif numbers:
            self._go_to(numbers[0])

    # -- the preview

    @property
    def _lead_at_hand(self) -> tuple[str, str]:
        """The contact the preview is made for, and its name; leads of the live windows are at hand."""
        leads = [MADE_UP]
        if self._view is not None:
            for doc in self._view.window(feeds.EMAILS).docs[:_LEADS]:
                lead = doc.value.lead_data
                if doc.value.contact_id:
                    leads.append((doc.value.contact_id, lead.business_name or lead.name or lead.email))
        return leads[self._lead % len(leads)]

    def action_next_lead(self) -> None:
        """Preview with another lead."""
        self._lead += 1
        self._preview_soon(0.0)

    def action_draw(self) -> None:
        """Preview another variation."""
        self._seed = secrets.token_hex(4)
        self._preview_soon(0.0)

    def _preview_soon(self, after: float) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(max(after, 0.01), self._ask_preview)

    def _wish(self) -> dict[str, Any] | None:
        draft = self._draft
        if draft is None or draft.problems().keys() & {"subject", "body"}:
            return None
        contact, _ = self._lead_at_hand
        more = {"contactId": contact} if contact else {}
        return {"draft": draft.content, **more, **({"seed": self._seed} if self._seed else {})}

    def _ask_preview(self) -> None:
        self._timer = None
        wish = self._wish()
        if wish is None:
            self._preview = None
            self._show_preview()
            return
        if self._asking:
            # One question at a time; what was typed meanwhile is asked for when the answer is there.
            return
        self._asking, self._asked = True, wish
        self.app.ask("previewTemplate", wish, self._previewed, self._not_previewed)

    def _previewed(self, answer: Any) -> None:
        self._asking = False
        self._preview = answer if isinstance(answer, dict) else {}
        self._show_preview()
        if self._wish() != self._asked:
            self._preview_soon(PREVIEW_AFTER_S)

    def _not_previewed(self, error: BackendError) -> None:
        self._asking = False
        told = [{"level": "error", "part": f.get("field", ""), "line": 0, "text": str(f.get("allowed", ""))}
                for f in error.fields if isinstance(f, dict)]  # fmt: skip
        said = {"level": "error", "part": "whole", "line": 0, "text": f"{error.title}. {error.detail}"}
        self._preview = {"findings": told or [said], "text": "", "refusal": ""}
        self._show_preview()
        if self._wish() != self._asked:
            self._preview_soon(PREVIEW_AFTER_S)

    def action_browser(self) -> None:
        """See the mail as HTML in the browser."""
        answer = self._preview
        if not answer or not answer.get("html"):
            self.app.tell("Nothing to show", "There is no preview yet.")
            return
        try:
            path, opened = browser.show(answer)
        except OSError as error:
            self.app.tell("The preview could not be written", str(error), severity="error")
            return
        said = "It is open in the browser." if opened else f"No browser here. Open it yourself: {path}"
        self.app.tell("Preview", said)

    # -- saving, archiving, trying out

    def action_save(self) -> None:
        """Save the template as a new version."""
        draft = self._draft
        if draft is None or self._saving:
            return
        if draft.template_id not in self._desk.written:
            self.app.tell("Nothing to save", "The template is as it was saved.")
            return
        wrong = draft.problems()
        if wrong:
            name, text = next(iter(wrong.items()))
            self.app.tell("Not saved", f"{name} {text}.", severity="error")
            self.query_one(f"#{name}").focus()
            return
        self._saving = True
        self.app.ask("saveTemplate", draft.body_to_save, self._saved, self._not_saved)

    def _saved(self, answer: Any) -> None:
        self._saving = False
        if not isinstance(answer, dict):
            return
        saved = Draft.of(answer)
        self._desk.saved[saved.template_id] = saved
        written = self._desk.written.get(saved.template_id)
        if written is not None and written.says_the_same(saved):
            del self._desk.written[saved.template_id]
        elif written is not None:
            # Something was typed while it was being saved: that is now a change of the new version.
            self._desk.written[saved.template_id] = replace(written, version=saved.version)
        self._show_list()
        self.app.tell("Saved", f"Template {saved.template_id} is at version {saved.version}.")

    def _not_saved(self, error: BackendError) -> None:
        self._saving = False
        self.app.tell_error(error)
        self._loaded = False  # perhaps somebody else was faster: read what is saved now

    def action_starter(self) -> None:
        """Save the templates to start with, beside those there are."""
        if self._saving:
            return
        self._saving = True
        self.app.work(save_starter_templates, self._started, self._not_saved, name="Saving the starter templates")

    def _started(self, saved: list[dict[str, Any]]) -> None:
        self._saving = False
        names = ", ".join(str(one["templateName"]) for one in saved)
        said = ("Saved", f"{names}.") if saved else ("Nothing to save", "All starter templates are there already.")
        self.app.tell(*said)
        self._load()

    def action_archive(self) -> None:
        """Offer it to nobody, or offer it again."""
        draft = self._draft
        if draft is None or draft.version == 0:
            return
        body = {"templateId": draft.template_id, "archived": not draft.archived}

        def do() -> None:
            self.app.ask("archiveTemplate", body, lambda _: self._load())

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                do()

        if draft.archived:
            do()
            return
        question = f"{draft.name} is offered to nobody, and mails that wait for it are not sent. x brings it back."
        self.app.push_screen(ConfirmScreen("Archive", question, "Archive"), answered)

    def action_test_send(self) -> None:
        """Send the mail to oneself."""
        wish = self._wish()
        if wish is None:
            self.app.tell("Nothing to send", "Subject and body must not be empty.", severity="warning")
            return

        def sent(answer: Any) -> None:
            self.app.tell("Test mail", str(answer.get("message", "")) if isinstance(answer, dict) else "It was sent.")

        self.app.ask("testSend", wish, sent, idempotency_key=secrets.token_hex(16))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Where there is room for one of them only, the editor shows while it has the focus."""
        self.set_class(event.widget.id in {"name", "subject", "body"}, "-editing")
