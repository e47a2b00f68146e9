"""The one registry of what the operator can do: keys, help and palette are all made from it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True)
class Action:
    """Something the operator can do.

    Args:
        id: name that a keymap can refer to.
        key: the keys that do it, separated by commas; empty if only the palette does.
        command: its name in the palette, as ``noun: verb``; empty keeps it out of the palette.
        help: one sentence.
        action: the Textual action it runs.
        scope: ``everywhere``, or the name of the screen or kind of widget it belongs to.
        label: a word for the key bar; empty keeps it out.
        shown_key: how the key is written, where that differs.
    """

    id: str
    key: str
    command: str
    help: str
    action: str
    scope: str = "everywhere"
    label: str = ""
    shown_key: str = ""

    @property
    def key_text(self) -> str:
        """The keys as the operator reads them."""
        return self.shown_key or self.key.replace(",", " ")


@dataclass(frozen=True)
class ScreenEntry:
    """A screen that exists.

    Args:
        name: its mode.
        key: the number that switches to it.
        title: its title.
    """

    name: str
    key: str
    title: str


SCREENS = (ScreenEntry("dashboard", "1", "Dashboard"), ScreenEntry("campaigns", "2", "Campaigns"))
"""The screens in the order of their keys; 3 to 8 are kept for review, email, contacts, templates, config, backend."""

_GENERAL = (
    Action("help", "question_mark", "help: show", "List what can be done here.", "help", label="help", shown_key="?"),
    Action("palette", "", "", "Find any command by its name.", "", shown_key="Ctrl+P"),
    Action("pause", "p", "live view: pause or resume", "Freeze the view; data keeps arriving behind it.", "pause",
           label="pause"),
    Action("zoom", "z", "pane: zoom", "Zoom the focused pane, or end the zoom.", "zoom", label="zoom"),
    Action("reconnect", "r", "connection: retry now", "Drop the connection and make a new one.", "reconnect"),
    Action("theme", "t", "theme: switch between dark and light", "Change the colours.", "theme"),
    Action("next", "tab", "", "Go to the next pane or field.", "app.focus_next", shown_key="Tab"),
    Action("previous", "shift+tab", "", "Go to the previous pane or field.", "app.focus_previous",
           shown_key="Shift+Tab"),
    Action("quit", "q", "console: quit", "Leave the console. The backend goes on working.", "quit", label="quit"),
)  # fmt: skip

_TABLE = (
    Action("table.move", "", "", "Move by one row.", "", scope="table", shown_key="↑ ↓ j k"),
    Action("table.page", "", "", "Move by a page.", "", scope="table", shown_key="PgUp PgDn"),
    Action("table.edge", "", "", "Go to the first or the last row.", "", scope="table", shown_key="g G"),
)

_CAMPAIGNS = (
    Action("campaign.start", "ctrl+s", "campaign: start", "Start or schedule the campaign in the form.", "start",
           scope="campaigns", shown_key="Ctrl+S"),
    Action("campaign.leave", "escape", "", "Leave the form for the list of campaigns.", "leave_form",
           scope="campaigns", shown_key="Esc"),
    Action("campaign.new", "n", "campaign: new", "Go to the form.", "new", scope="campaigns"),
    Action("schedule.list", "s", "schedule: choose", "Go to the schedules.", "schedules", scope="campaigns",
           label="schedules"),
    Action("schedule.pause", "space", "schedule: pause or resume", "Pause or resume the chosen schedule.",
           "toggle_schedule", scope="campaigns", shown_key="Space"),
    Action("schedule.run", "x", "schedule: run now", "Start the chosen schedule's campaign now.", "run_schedule",
           scope="campaigns"),
    Action("schedule.remove", "d", "schedule: remove", "Remove the chosen schedule, after a question.",
           "remove_schedule", scope="campaigns"),
    Action("form.complete", "", "", "In the city: take over the suggestion.", "", scope="campaigns", shown_key="→"),
)  # fmt: skip


def _switches() -> tuple[Action, ...]:
    return tuple(
        Action(f"go.{s.name}", s.key, f"go to: {s.title.lower()}", f"Show {s.title}.", f"show('{s.name}')")
        for s in SCREENS
    )


ACTIONS = (*_switches(), *_GENERAL, *_TABLE, *_CAMPAIGNS)


def of_scope(*scopes: str) -> tuple[Action, ...]:
    """The actions of these scopes, in order."""
    return tuple(action for scope in scopes for action in ACTIONS if action.scope == scope)


def bindings(scope: str) -> list[Binding]:
    """Textual bindings of a scope's actions."""
    return [
        Binding(action.key, action.action, action.help, show=False, id=action.id)
        for action in of_scope(scope)
        if action.key and action.action
    ]
