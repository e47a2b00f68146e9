"""What can be done everywhere, and in every list."""

from __future__ import annotations

from console.actions.action import Action

GENERAL = (
    Action("help", "question_mark", "help: show", "List what can be done here.", "help", label="help", shown_key="?"),
    Action("palette", "", "", "Find any command by its name.", "", shown_key="Ctrl+P"),
    Action("pause", "v", "live view: pause or resume", "Freeze the view; data keeps arriving behind it.", "pause",
           label="pause"),
    Action("zoom", "z", "pane: zoom", "Zoom the focused pane, or end the zoom.", "zoom", label="zoom"),
    Action("reconnect", "r", "connection: retry now", "Drop the connection and make a new one.", "reconnect"),
    Action("theme", "t", "theme: next", "The next colours: dark, light, contrast, colour-blind safe.", "theme"),
    Action("jump", "ctrl+o", "focus: jump", "Show a letter at each pane and field; the letter goes there.", "jump",
           shown_key="Ctrl+O"),
    Action("shell", "ctrl+z", "console: suspend", "Go to the shell; fg comes back.", "suspend_process",
           shown_key="Ctrl+Z"),
    Action("debug", "f12", "console: what it is doing", "Show memory, listeners and timings.", "debug",
           shown_key="F12"),
    Action("migrations", "", "migrations: show", "What was moved from the earlier program, and what stayed behind.",
           "migrations"),
    Action("next", "tab", "", "Go to the next pane or field.", "app.focus_next", shown_key="Tab"),
    Action("previous", "shift+tab", "", "Go to the previous pane or field.", "app.focus_previous",
           shown_key="Shift+Tab"),
    Action("quit", "q", "console: quit", "Leave the console. The backend goes on working.", "quit", label="quit"),
)  # fmt: skip

TABLE = (
    Action("table.move", "", "", "Move by one row.", "", scope="table", shown_key="↑ ↓ j k"),
    Action("table.page", "", "", "Move by a page.", "", scope="table", shown_key="PgUp PgDn"),
    Action("table.edge", "", "", "Go to the first or the last row.", "", scope="table", shown_key="g G"),
)

ACTIONS = (*GENERAL, *TABLE)
