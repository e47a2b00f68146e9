"""The campaigns' screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from console.actions import bindings
from console.format import plain
from console.live import feeds
from console.live.session import BackendError
from console.screens import FIELDS
from console.screens.campaigns import rows, schedule_rows
from console.screens.campaigns.choices import Choices, load_choices
from console.screens.campaigns.entry import NOW, Entry, Keys, problems, refusals
from console.screens.campaigns.form import CampaignForm
from console.screens.campaigns.preflight import preflight
from console.screens.campaigns.schedule_actions import ScheduleActions
from console.screens.campaigns.schedule_editing import entry_of
from console.screens.campaigns.schedule_rows import next_of
from console.screens.dashboard.screen import note, notice, titled
from console.screens.view import View
from widgets.lines import LineList
from widgets.pane import Pane
from widgets.spans import Spans
from widgets.table import LiveTable

if TYPE_CHECKING:
    from console.base import ConsoleApp


_SCHEDULE_KEYS: Spans = (
    ("space", "accent"), (" pause ", "muted"), ("x", "accent"), (" run ", "muted"), ("e", "accent"),
    (" edit ", "muted"), ("d", "accent"), (" remove", "muted"),
)  # fmt: skip

_NOTHING_CHOSEN = {
    feeds.REQUESTS: "Choose a campaign to see how it went.",
    feeds.SCHEDULES: "Choose a schedule to see when it runs.",
}


def _most_leads() -> int:
    from leadgen.api.schemas import MAX_LEADS

    return MAX_LEADS


class CampaignsScreen(ScheduleActions):
    """A form, what would stop it, and the campaigns and schedules there are."""

    NAME = "campaigns"
    CSS_PATH = [FIELDS, "screen.tcss"]
    BINDINGS = [*bindings("campaigns")]
    app: ConsoleApp

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
        """The backend took a campaign or a schedule on."""

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
        self._choices_wanted = True
        self._asking = False
        self._starting = False
        self._detailed = feeds.REQUESTS
        """The list whose chosen row the details are about."""

    def parts(self) -> ComposeResult:
        """The panes."""
        with Horizontal(id="campaigns"):
            with Vertical(id="campaigns-left"):
                yield Pane("New campaign", CampaignForm(), id="form-pane")
                yield Pane("Preflight", LineList(id="preflight"), id="preflight-pane")
            with Vertical(id="campaigns-right"):
                yield Pane("Campaigns", LiveTable(rows.COLUMNS, id="requests"), id="requests-pane")
                yield Pane("Schedules", LiveTable(schedule_rows.COLUMNS, id="schedules"), id="schedules-pane")
                yield Pane("Details", LineList(id="detail"), id="detail-pane")

    def on_mount(self) -> None:
        """Begin in the list: a key pressed on the way here is a command, not a letter of a city."""
        self.query_one("#requests", LiveTable).focus()

    # -- showing

    def show_view(self, view: View, changed: frozenset[str], reword: bool) -> None:
        """Bring the panes up to date."""
        self._view = view
        if self._choices_wanted and not self._asking and self.app.session is not None:
            self._ask_for_choices()
        renewed = bool(changed & {feeds.REQUESTS, feeds.SCHEDULES}) or reword
        self._show_requests(view, renewed)
        self._show_schedules(view, renewed)
        if renewed:
            self._show_detail()
            self._show_next_run()
        self._show_preflight()

    def _show_requests(self, view: View, renewed: bool) -> None:
        table = self.query_one("#requests", LiveTable)
        table.notice(notice(view, feeds.REQUESTS, "No campaigns yet. Press n to begin one."))
        if renewed:
            docs = view.window(feeds.REQUESTS).docs
            table.show([rows.row(doc, view.now, view.zone) for doc in docs], view.clock)
        table.settle(view.clock)
        title = titled("Campaigns", view, feeds.REQUESTS, 50)
        self.query_one("#requests-pane", Pane).label(title, note(view, feeds.REQUESTS))

    def _show_schedules(self, view: View, renewed: bool) -> None:
        table = self.query_one("#schedules", LiveTable)
        table.notice(notice(view, feeds.SCHEDULES))
        if renewed:
            docs = schedule_rows.ordered(view.window(feeds.SCHEDULES).docs)
            campaigns = self._campaigns()
            table.show([schedule_rows.row(doc, campaigns, view.now, view.zone) for doc in docs], view.clock)
        table.settle(view.clock)
        title = titled("Schedules", view, feeds.SCHEDULES, 100)
        keys = _SCHEDULE_KEYS if table.has_focus and table.rows else ()
        self.query_one("#schedules-pane", Pane).label(title, note(view, feeds.SCHEDULES) or keys)

    def _campaigns(self) -> dict[str, Any]:
        docs = self._view.window(feeds.REQUESTS).docs if self._view is not None else ()
        return {doc.id: doc.value for doc in docs}

    def _show_detail(self) -> None:
        if self._view is None:
            return
        chosen, now, zone = self._chosen(self._detailed), self._view.now, self._view.zone
        lines: tuple[tuple[str, Spans], ...] = ()
        if chosen is not None and self._detailed == feeds.SCHEDULES:
            lines = schedule_rows.detail(chosen, self._campaigns(), now, zone)
        elif chosen is not None:
            lines = rows.detail(chosen, now, zone)
        self.query_one("#detail", LineList).show(lines, _NOTHING_CHOSEN[self._detailed])

    def _show_next_run(self) -> None:
        """When what is in the form would run next."""
        if self._view is None:
            return
        form = self.query_one(CampaignForm)
        city = self._choices.city(form.entry.city) if self._choices else None
        form.preview(next_of(form.entry.when, city.timezone if city else "", self._view.now))

    def _show_preflight(self) -> None:
        if self._view is None:
            return
        city = self._choices.city(self.query_one(CampaignForm).entry.city) if self._choices else None
        checks = preflight(self._view, city, self._choices)
        lines = tuple(
            (check.sign, ((check.text, "" if check.verdict == "good" else check.verdict),)) for check in checks
        )
        self.query_one("#preflight", LineList).show(lines)

    @on(LiveTable.Highlighted)
    def _another_row(self) -> None:
        self._show_detail()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The details are about the list that has the focus, or had it last."""
        if event.widget.id in {feeds.REQUESTS, feeds.SCHEDULES}:
            self._detailed = event.widget.id
            self._show_detail()
        if self._view is not None:
            self._show_schedules(self._view, False)

    @on(CampaignForm.Changed)
    def _form_changed(self) -> None:
        self._show_preflight()
        self._show_next_run()

    # -- what can be chosen

    def on_screen_resume(self, _: events.ScreenResume) -> None:
        """Ask again: a template may have been made on another screen."""
        self._choices_wanted = True

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
        self._asking = self._choices_wanted = False
        if message.choices != self._choices:
            self._choices = message.choices
            self.query_one(CampaignForm).offer(message.choices)
            self._show_preflight()

    @on(ChoicesFailed)
    def _choices_failed(self, message: ChoicesFailed) -> None:
        error = message.error
        if self._choices is None:
            self.query_one(CampaignForm).say((("The backend does not tell what can be chosen.", "bad"),))
            self.app.tell(error.title, f"{error.detail} {error.hint}", severity="error")
        # What was known before still serves. Asked again after a while.
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
        choices = self._choices
        if choices is None:
            form.explain({"city": "City: which there are is not known yet. Try again in a moment."})
            return
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
        # Out of the fields at once, so that the next key is a command and not one more digit.
        self.set_focus(self.query_one(f"#{feeds.SCHEDULES if entry.schedule_id else feeds.REQUESTS}", LiveTable))
        form.busy(True)
        form.say((("sending …", "muted"),))
        endpoint, body, key = entry.endpoint, entry.body(choices), self._keys.key(entry)

        def start() -> None:
            try:
                answer = session.call(endpoint, body, idempotency_key=key)
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
            self._empty_form()
        later = message.entry.when.kind != NOW
        done = "changed" if message.entry.schedule_id else "scheduled" if later else "started"
        form.say(((f"{done} ✓", "good"),))
        title = f"{'Schedule' if message.entry.schedule_id else 'Campaign'} {done}"
        self.app.tell(title, str(message.answer.get("message") or "It shows in the list in a moment."))

    @on(CampaignRefused)
    def _refused(self, message: CampaignRefused) -> None:
        self._starting = False
        form, error = self.query_one(CampaignForm), message.error
        form.busy(False)
        form.explain(refusals(error.fields))
        entry = form.entry
        asked = "changed" if entry.schedule_id else "started" if entry.when.kind == NOW else "scheduled"
        form.say(((f"not {asked}", "bad"),))
        self.app.tell(error.title, f"{error.detail} {error.hint}", severity="error")

    # -- going about

    def action_leave_form(self) -> None:
        """Leave the form for the list; a schedule that was being changed stays as it is."""
        changing = self.query_one(CampaignForm).entry.schedule_id
        if changing:
            self._empty_form()
        self.query_one("#schedules" if changing else "#requests", LiveTable).focus()

    def _empty_form(self) -> None:
        self.query_one(CampaignForm).clear()
        self._name_form()

    def action_new(self) -> None:
        """Go to the form."""
        if self.query_one(CampaignForm).entry.schedule_id:
            self._empty_form()
        # At once, so that what is typed next goes into the field.
        self.set_focus(self.query_one("#city", Input))

    def edit(self, schedule_id: str, schedule: Any) -> None:
        """Put a schedule into the form."""
        if self._choices is None:
            self.app.tell("One moment", "The cities and templates are not known yet.", severity="warning")
            return
        self.query_one(CampaignForm).fill(entry_of(schedule_id, schedule, self._choices))
        self._name_form()
        self._show_next_run()
        self._show_preflight()
        self.set_focus(self.query_one("#city", Input))

    def _name_form(self) -> None:
        changing = self.query_one(CampaignForm).entry.schedule_id
        self.query_one("#form-pane", Pane).label("Change the schedule" if changing else "New campaign")
