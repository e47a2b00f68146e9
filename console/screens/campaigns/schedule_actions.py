"""The part of the campaigns' screen that changes the schedule under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on

from console.live import feeds
from console.screens.campaigns.entry import Keys
from console.screens.campaigns.schedule_changes import (
    ScheduleChanged,
    ScheduleChanges,
    ScheduleNotChanged,
    removal_question,
)
from console.screens.confirm import ConfirmScreen
from console.screens.frame import LiveScreen
from console.screens.view import View
from widgets.table import LiveTable

if TYPE_CHECKING:
    from console.base import ConsoleApp


class ScheduleActions(LiveScreen):
    """A screen with a table of schedules, ``#schedules``, whose keys change them."""

    app: ConsoleApp

    def __init__(self) -> None:
        super().__init__()
        self._view: View | None = None
        self._changes = ScheduleChanges(lambda task, name: self.app.in_worker(task, name), self.post_message, Keys())

    def _chosen(self, feed: str) -> Any:
        """The document under the cursor of a list, or `None`."""
        key = self.query_one(f"#{feed}", LiveTable).cursor_key
        docs = self._view.window(feed).docs if self._view is not None else ()
        return next((doc.value for doc in docs if doc.id == key), None)

    def action_schedules(self) -> None:
        """Go to the schedules."""
        self.query_one("#schedules", LiveTable).focus()

    def action_toggle_schedule(self) -> None:
        """Pause the chosen schedule, or resume it."""
        schedule = self._schedule_in_focus()
        if schedule is not None:
            self._change("pause" if str(schedule.status) == "ACTIVE" else "resume")

    def action_run_schedule(self) -> None:
        """Start the chosen schedule's campaign now."""
        if self._schedule_in_focus() is not None:
            self._change("run")

    def action_edit_schedule(self) -> None:
        """Change the chosen schedule in the form."""
        schedule = self._schedule_in_focus()
        key = self.query_one("#schedules", LiveTable).cursor_key
        if schedule is not None and key is not None:
            self.edit(key, schedule)

    def edit(self, schedule_id: str, schedule: Any) -> None:
        """Put a schedule into the form."""
        raise NotImplementedError

    def action_remove_schedule(self) -> None:
        """Remove the chosen schedule, after a question."""
        schedule = self._schedule_in_focus()
        if schedule is None:
            return
        key = self.query_one("#schedules", LiveTable).cursor_key

        def answered(yes: bool | None) -> None:
            if yes and key is not None:
                self._change("remove", key)

        self.app.push_screen(ConfirmScreen("Remove a schedule", removal_question(schedule), "Remove"), answered)

    def _schedule_in_focus(self) -> Any:
        if not self.query_one("#schedules", LiveTable).has_focus and self.focused is not None:
            self.notify("Press s to choose a schedule first.", timeout=3)
            return None
        return self._chosen(feeds.SCHEDULES)

    def _change(self, action: str, schedule_id: str | None = None) -> None:
        session = self.app.session
        chosen = schedule_id or self.query_one("#schedules", LiveTable).cursor_key
        if session is not None and chosen is not None:
            self._changes.ask(session, chosen, action)

    @on(ScheduleChanged)
    def _schedule_changed(self, message: ScheduleChanged) -> None:
        self.app.tell("Schedule", str(message.answer.get("message") or "It shows in the list in a moment."))

    @on(ScheduleNotChanged)
    def _schedule_not_changed(self, message: ScheduleNotChanged) -> None:
        error = message.error
        self.app.tell(error.title, f"{error.detail} {error.hint}", severity="error")
