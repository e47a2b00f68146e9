"""The campaigns' screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from console.actions import bindings
from console.format import plain
from console.live import feeds
from console.live.session import BackendError
from console.screens.campaigns import rows
from console.screens.campaigns.choices import Choices, load_choices
from console.screens.campaigns.entry import Entry, Keys, problems, refusals
from console.screens.campaigns.form import CampaignForm
from console.screens.campaigns.preflight import preflight
from console.screens.dashboard.screen import note, notice, titled
from console.screens.frame import LiveScreen
from console.screens.view import View
from widgets.lines import LineList
from widgets.pane import Pane
from widgets.table import LiveTable

if TYPE_CHECKING:
    from console.app import LeadgenApp


def _most_leads() -> int:
    from leadgen.api.schemas import MAX_LEADS

    return MAX_LEADS


class CampaignsScreen(LiveScreen):
    """A form, what would stop it, and the campaigns there are."""

    NAME = "campaigns"
    BINDINGS = [*bindings("campaigns")]
    app: LeadgenApp

    class ChoicesLoaded(Message):
        """The backend told which cities and templates there are."""

        def __init__(self, choices: Choices) -> None:
            super().__init__()
            self.choices = choices

    class ChoicesFailed(Message):
        """The backend could not tell."""

        def __init__(self, error: BackendError) -> None:
            super().__init__()
            self.error = error

    class CampaignStarted(Message):
        """The backend took a campaign on."""

        def __init__(self, entry: Entry, answer: dict[str, Any]) -> None:
            super().__init__()
            self.entry = entry
            self.answer = answer

    class CampaignRefused(Message):
        """The backend did not, or could not say whether it did."""

        def __init__(self, error: BackendError) -> None:
            super().__init__()
            self.error = error

    def __init__(self, keys: Keys | None = None) -> None:
        super().__init__()
        self._keys = keys or Keys()
        self._choices: Choices | None = None
        self._asking = False
        self._starting = False
        self._view: View | None = None

    def parts(self) -> ComposeResult:
        """The panes."""
        with Horizontal(id="campaigns"):
            with Vertical(id="campaigns-left"):
                yield Pane("New campaign", CampaignForm(), id="form-pane")
                yield Pane("Preflight", LineList(id="preflight"), id="preflight-pane")
            with Vertical(id="campaigns-right"):
                yield Pane("Campaigns", LiveTable(rows.COLUMNS, id="requests"), id="requests-pane")
                yield Pane("Details", LineList(id="detail"), id="detail-pane")

    def on_mount(self) -> None:
        """Begin in the form: that is what one comes here for."""
        self.query_one("#city", Input).focus()

    # -- showing

    def show_view(self, view: View, changed: frozenset[str], reword: bool) -> None:
        """Bring the panes up to date."""
        self._view = view
        if self._choices is None and not self._asking and self.app.session is not None:
            self._ask_for_choices()
        table = self.query_one("#requests", LiveTable)
        table.notice(notice(view, feeds.REQUESTS))
        if feeds.REQUESTS in changed or reword:
            docs = view.window(feeds.REQUESTS).docs
            table.show([rows.row(doc, view.now, view.zone) for doc in docs], view.clock)
            self._show_detail()
        table.settle(view.clock)
        title = titled("Campaigns", view, feeds.REQUESTS, 50)
        self.query_one("#requests-pane", Pane).label(title, note(view, feeds.REQUESTS))
        self._show_preflight()

    def _show_detail(self) -> None:
        if self._view is None:
            return
        key = self.query_one("#requests", LiveTable).cursor_key
        docs = self._view.window(feeds.REQUESTS).docs
        chosen = next((doc.value for doc in docs if doc.id == key), None)
        lines = rows.detail(chosen, self._view.now, self._view.zone) if chosen is not None else ()
        self.query_one("#detail", LineList).show(lines, "Choose a campaign to see how it went.")

    def _show_preflight(self) -> None:
        if self._view is None:
            return
        city = self._choices.city(self.query_one(CampaignForm).entry.city) if self._choices else None
        checks = preflight(self._view, city)
        lines = tuple(
            (check.sign, ((check.text, "" if check.verdict == "good" else check.verdict),)) for check in checks
        )
        self.query_one("#preflight", LineList).show(lines)

    @on(LiveTable.Highlighted)
    def _another_campaign(self) -> None:
        self._show_detail()

    @on(CampaignForm.Changed)
    def _form_changed(self) -> None:
        self._show_preflight()

    # -- what can be chosen

    def _ask_for_choices(self) -> None:
        session = self.app.session
        if session is None:
            return
        self._asking = True

        def ask() -> None:
            try:
                self.post_message(self.ChoicesLoaded(load_choices(session)))
            except BackendError as error:
                self.post_message(self.ChoicesFailed(error))
            except Exception as error:
                self.post_message(self.ChoicesFailed(BackendError("Unexpected answer", str(error))))

        self.app.in_worker(ask, "choices")

    @on(ChoicesLoaded)
    def _choices_loaded(self, message: ChoicesLoaded) -> None:
        self._asking = False
        self._choices = message.choices
        self.query_one(CampaignForm).offer(message.choices)
        self._show_preflight()

    @on(ChoicesFailed)
    def _choices_failed(self, message: ChoicesFailed) -> None:
        error = message.error
        self.query_one(CampaignForm).say((("The backend does not tell what can be chosen.", "bad"),))
        self.app.tell(error.title, f"{error.detail} {error.hint}", severity="error")
        # Asked again after a while, or when the operator reconnects or comes back to the screen.
        self.set_timer(15.0, self._forget_failure, name="choices-again")

    def _forget_failure(self) -> None:
        self._asking = False

    # -- starting

    def action_start(self) -> None:
        """Start the campaign in the form."""
        self._start(self.query_one(CampaignForm).entry)

    @on(CampaignForm.Submitted)
    def _submitted(self, message: CampaignForm.Submitted) -> None:
        self._start(message.entry)

    def _start(self, entry: Entry) -> None:
        form, session = self.query_one(CampaignForm), self.app.session
        if self._starting:
            return
        choices = self._choices or Choices()
        found = problems(entry, choices, _most_leads())
        form.explain(found)
        if found:
            first = next(iter(found))
            self.query_one(f"#{first}").focus()
            return
        if session is None:
            form.say((("Not connected yet.", "warn"),))
            return
        self._starting = True
        form.busy(True)
        form.say((("starting …", "muted"),))
        body, key = entry.body(choices), self._keys.key(entry)

        def start() -> None:
            try:
                answer = session.call("triggerHarvest", body, idempotency_key=key)
            except BackendError as error:
                self.post_message(self.CampaignRefused(error))
            except Exception as error:
                self.post_message(self.CampaignRefused(BackendError("The start failed", plain(error, 300))))
            else:
                self.post_message(self.CampaignStarted(entry, answer if isinstance(answer, dict) else {}))

        self.app.in_worker(start, "start")

    @on(CampaignStarted)
    def _started(self, message: CampaignStarted) -> None:
        self._starting = False
        self._keys.succeeded(message.entry)
        form = self.query_one(CampaignForm)
        form.busy(False)
        if form.entry == message.entry:
            with form.prevent(Input.Changed):
                form.clear()
            form.explain({})
        form.say((("started ✓", "good"),))
        self.app.tell("Campaign started", str(message.answer.get("message") or "It shows in the list in a moment."))

    @on(CampaignRefused)
    def _refused(self, message: CampaignRefused) -> None:
        self._starting = False
        form, error = self.query_one(CampaignForm), message.error
        form.busy(False)
        form.explain(refusals(error.fields))
        form.say((("not started", "bad"),))
        self.app.tell(error.title, f"{error.detail} {error.hint}", severity="error")

    # -- going about

    def action_leave_form(self) -> None:
        """Leave the form for the list."""
        self.query_one("#requests", LiveTable).focus()

    def action_new(self) -> None:
        """Go to the form."""
        self.query_one("#city", Input).focus()
