"""The form that starts a campaign, now or later."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Button, Input, Select

from console.screens.campaigns.choices import Choices
from console.screens.campaigns.entry import AGAIN, NOW, ONCE, Entry, WhenEntry
from widgets.spans import Spans
from widgets.text import Line

_ROWS = (("city", "City"), ("template", "Template"), ("leads", "Leads"))
_WHEN_ROWS = (
    ("at", "At", "such as 2026-12-01 09:00", "once"),
    ("days", "Days", "such as mon-fri", "again"),
    ("time", "Time", "such as 09:00", "again"),
    ("zone", "Zone", "the city's", "once again"),
    ("ends", "Ends", "never", "again"),
)
"""Id, label, placeholder, and for which kinds the row is there."""
_KINDS = (("now", NOW), ("once, later", ONCE), ("again and again", AGAIN))
_HINTS_SHOWN = 3


class CampaignForm(Vertical):
    """City, template, number of leads and when, each with a line for what is wrong with it."""

    class Changed(Message):
        """Something was filled in."""

        def __init__(self, entry: Entry) -> None:
            super().__init__()
            self.entry = entry

    class Submitted(Message):
        """The operator wants to start."""

        def __init__(self, entry: Entry) -> None:
            super().__init__()
            self.entry = entry

    def __init__(self) -> None:
        super().__init__(id="form")
        self._choices = Choices()
        self._schedule_id = ""
        """The schedule that is being changed; empty while a new campaign is filled in."""

    def compose(self) -> ComposeResult:
        """The fields."""
        fields = {
            "city": Input(id="city", placeholder="type to search", compact=True),
            "template": Select[int]((), id="template", prompt="choose", compact=True),
            "leads": Input(id="leads", placeholder="such as 50", type="integer", max_length=9, compact=True),
        }
        for name, label in _ROWS:
            with Horizontal(classes="field"):
                yield Line(((label, "muted"),), classes="label")
                yield fields[name]
            yield Line(id=f"{name}-said", classes="said")
        with Horizontal(classes="field"):
            yield Line((("When", "muted"),), classes="label")
            yield Select(_KINDS, id="when", allow_blank=False, value=NOW, compact=True)
        for name, label, placeholder, kinds in _WHEN_ROWS:
            with Horizontal(classes=f"field when {kinds}"):
                yield Line(((label, "muted"),), classes="label")
                yield Input(id=name, placeholder=placeholder, max_length=60, compact=True)
            yield Line(id=f"{name}-said", classes=f"said slim when {kinds}")
        yield Line(id="next-said", classes="said")
        with Horizontal(id="form-foot"):
            yield Button("Start", id="start", variant="primary", compact=True)
            yield Line((("Ctrl+S", "muted"),), id="form-said")

    def on_mount(self) -> None:
        """A caret that stands still is calmer, and pictures stay the same."""
        for field in self.query(Input):
            field.cursor_blink = False
        self.explain({})

    @property
    def entry(self) -> Entry:
        """What is filled in."""
        template = self.query_one("#template", Select).value
        return Entry(
            self.query_one("#city", Input).value,
            template if isinstance(template, int) and not isinstance(template, bool) else None,
            self.query_one("#leads", Input).value,
            self._when,
            self._schedule_id,
        )

    @property
    def _when(self) -> WhenEntry:
        kind = str(self.query_one("#when", Select).value)
        if kind == NOW:
            return WhenEntry()
        return WhenEntry(kind, **{name: self.query_one(f"#{name}", Input).value for name, *_ in _WHEN_ROWS})

    def offer(self, choices: Choices) -> None:
        """Offer other choices; what was filled in stays if it still can be chosen."""
        before = self.entry
        self._choices = choices
        city = self.query_one("#city", Input)
        city.suggester = SuggestFromList([c.name for c in choices.cities], case_sensitive=False)
        template = self.query_one("#template", Select)
        template.set_options((f"{t.id} {t.name}", t.id) for t in choices.templates)
        if any(t.id == before.template for t in choices.templates):
            template.value = before.template
        elif choices.templates:
            # One less thing to choose; what it says stands beside the form.
            template.value = choices.templates[0].id
        self.explain({})

    def explain(self, problems: dict[str, str]) -> None:
        """Say what is wrong beneath each field; beneath the city, what could be typed."""
        for name, _ in _ROWS:
            said: Spans = ((problems[name], "bad"),) if name in problems else ()
            if name == "city" and not said:
                said = self._city_hint()
            self.query_one(f"#{name}-said", Line).show(said)
        for name, *_ in _WHEN_ROWS:
            line = self.query_one(f"#{name}-said", Line)
            line.show(((problems[name], "bad"),) if name in problems else ())
            line.set_class(name in problems, "-wrong")

    def preview(self, pieces: Spans) -> None:
        """Say when it would run next."""
        self.query_one("#next-said", Line).show(pieces)

    def say(self, pieces: Spans) -> None:
        """Say something beside the button."""
        self.query_one("#form-said", Line).show(pieces or (("Ctrl+S", "muted"),))

    def busy(self, busy: bool) -> None:
        """Whether a start is under way."""
        self.query_one("#start", Button).disabled = busy

    def clear(self) -> None:
        """Make ready for another campaign; the template stays, it is usually the same."""
        emptied = ["city", "leads"]
        if self._schedule_id:
            emptied += [name for name, *_ in _WHEN_ROWS]
        self._schedule_id = ""
        with self.prevent(Input.Changed, Select.Changed):
            for name in emptied:
                self.query_one(f"#{name}", Input).value = ""
            self.query_one("#when", Select).set_options(_KINDS)
            self.query_one("#when", Select).value = NOW
        self._arrange(self.entry)
        self.preview(())
        self.explain({})

    def fill(self, entry: Entry) -> None:
        """Show a schedule to be changed: one can't start now, and a template that is no more must be chosen anew."""
        self._schedule_id = entry.schedule_id
        texts = {"city": entry.city, "leads": entry.leads} | {n: getattr(entry.when, n) for n, *_ in _WHEN_ROWS}
        template = self.query_one("#template", Select)
        with self.prevent(Input.Changed, Select.Changed):
            for name, text in texts.items():
                self.query_one(f"#{name}", Input).value = text
            when = self.query_one("#when", Select)
            when.set_options(kind for kind in _KINDS if kind[1] != NOW)
            when.value = entry.when.kind
            template.clear()
            if any(t.id == entry.template for t in self._choices.templates) and entry.template is not None:
                template.value = entry.template
        self._arrange(self.entry)
        self.explain({})
        self.say(())

    def _arrange(self, entry: Entry) -> None:
        """Show the fields that the kind of start needs."""
        self.set_class(entry.when.kind == ONCE, "-once")
        self.set_class(entry.when.kind == AGAIN, "-again")
        label = "Change" if self._schedule_id else "Start" if entry.when.kind == NOW else "Schedule"
        self.query_one("#start", Button).label = label
        city = self._choices.city(entry.city)
        self.query_one("#zone", Input).placeholder = (city.timezone if city else "") or "the city's"

    def _city_hint(self) -> Spans:
        typed = self.entry.city
        found = self._choices.matching(typed)
        exact = self._choices.city(typed)
        if exact is not None:
            return ((exact.label or exact.name, "good"),)
        if not self._choices.cities:
            return ()
        if not found:
            return (("no city like this", "warn"),)
        names = " · ".join(c.name for c in found[:_HINTS_SHOWN])
        more = len(found) - _HINTS_SHOWN
        return ((f"{names} +{more}" if more > 0 else names, "muted"),)

    @on(Input.Changed)
    @on(Select.Changed)
    def _something_changed(self) -> None:
        entry = self.entry
        self._arrange(entry)
        self.explain({})
        self.say(())
        self.post_message(self.Changed(entry))

    @on(Input.Blurred, "#city")
    def _city_left(self) -> None:
        """Whoever goes on to the next field takes over the city that is suggested."""
        going_on = self.screen.focused
        if going_on is None or isinstance(going_on, Button) or self not in going_on.ancestors:
            return
        city = self.query_one("#city", Input)
        suggested = self._choices.completed(city.value)
        if suggested and self._choices.city(city.value) is None:
            city.value = suggested

    @on(Input.Submitted)
    @on(Button.Pressed, "#start")
    def _submit(self) -> None:
        self.post_message(self.Submitted(self.entry))
