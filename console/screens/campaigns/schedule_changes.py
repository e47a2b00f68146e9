"""Pausing, resuming, removing and running a schedule, as the campaigns' screen asks the backend for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.message import Message

from console.format import number, plain
from console.live.session import BackendError, Session
from console.screens.campaigns.entry import Keys


class ScheduleChanged(Message):
    """The backend changed a schedule."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__()
        self.answer = answer


class ScheduleNotChanged(Message):
    """The backend did not, or could not say whether it did."""

    def __init__(self, error: BackendError) -> None:
        super().__init__()
        self.error = error


class ScheduleChanges:
    """Asks the backend for changes, each of them once however often its key is pressed.

    Args:
        in_worker: runs a blocking task under a name.
        tell: takes the message on how it went; called in the worker.
        keys: makes Idempotency-Keys.
    """

    def __init__(
        self, in_worker: Callable[[Callable[[], None], str], None], tell: Callable[[Message], Any], keys: Keys
    ) -> None:
        self._in_worker = in_worker
        self._tell = tell
        self._keys = keys
        self._under_way: set[tuple[str, str]] = set()

    def ask(self, session: Session, schedule_id: str, action: str) -> None:
        """Ask for a change.

        Args:
            session: the session.
            schedule_id: the schedule.
            action: ``pause``, ``resume``, ``remove`` or ``run``.
        """
        wish = (schedule_id, action)
        if wish in self._under_way:
            return
        self._under_way.add(wish)
        key = self._keys.key(wish)

        def call() -> None:
            body = {"scheduleId": schedule_id, "action": action}
            try:
                answer = session.call("changeSchedule", body, idempotency_key=key)
            except BackendError as error:
                self._tell(ScheduleNotChanged(error))
            except Exception as error:
                self._tell(ScheduleNotChanged(BackendError("The change failed", plain(error, 300))))
            else:
                self._keys.succeeded(wish)
                self._tell(ScheduleChanged(answer if isinstance(answer, dict) else {}))
            finally:
                self._under_way.discard(wish)

        self._in_worker(call, "schedule")


def removal_question(schedule: Any) -> str:
    """What is asked before a schedule is removed."""
    from leadgen.model.recurrence import recurrence_text

    what = f"{plain(schedule.city, 40)}, {number(schedule.number_of_leads_to_process)} leads"
    rule = plain(recurrence_text(schedule.recurrence), 60)
    return f"Remove the schedule for {what}, {rule}? Campaigns it has started go on; it starts no other."
