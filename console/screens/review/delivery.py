"""Sends what is in the outbox, one call at a time, and tells what the backend said."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from console.live.session import BackendError
from console.screens.review.outbox import Outbox, Sent, State

if TYPE_CHECKING:
    from console.screens.review.ports import Ports

AFTER = {
    "PROCESSED": "mail queued",
    "DUPLICATE": "another contact's address; no mail",
    "SUPPRESSED": "must not be written to; no mail",
    "CAPTCHA_FAILED": "given up",
    "PENDING_CAPTCHA": "waits again",
}
"""What a report made of the lead."""


class Delivery:
    """The outbox at work.

    Args:
        ports: see there.
        clock: monotonic seconds.
        decided: told when the backend has answered a call.
    """

    def __init__(self, ports: Ports, clock: Callable[[], float], decided: Callable[[Sent], None]) -> None:
        self._ports, self._clock, self._decided = ports, clock, decided
        self.outbox = Outbox()

    def send(self, call: Sent) -> None:
        """Send it as soon as what was before it is through."""
        self.outbox.add(call)
        self.pump()

    def has_report(self, lead: str) -> bool:
        """Whether the last that was sent about a lead is a report on it."""
        last = next((call for call in reversed(self.outbox.calls) if call.lead == lead), None)
        return last is not None and last.is_report

    def pump(self) -> None:
        """Make the next call, if it is time."""
        call = self.outbox.due(self._clock())
        if call is not None:
            self._ports.ask(call.endpoint, call.body, partial(self._done, call), partial(self._failed, call), call.key)

    def undo_last(self) -> Sent | None:
        """Take the last report back; gives it, or `None` if there is none."""
        report = self.outbox.last_report()
        if report is not None:
            report.undone = True
            body = {"leadId": report.lead, "epoch": report.body["epoch"]}
            self.send(Sent("undoCaptcha", report.lead, report.name, body))
        return report

    def _done(self, call: Sent, answer: Any) -> None:
        if not call.is_open:
            return
        call.state = State.DONE
        known = answer if isinstance(answer, dict) else {}
        call.status = str(known.get("status") or "")
        call.said = AFTER.get(call.status, str(known.get("message") or "done"))
        if call.status == "PROCESSED" and not known.get("emailId"):
            call.said = "it has its address"
        if call.is_report and call.status in {"DUPLICATE", "SUPPRESSED"}:
            self._ports.say(call.name, f"{call.address}: {call.said}.", "warning")
        self._finish(call)

    def _failed(self, call: Sent, error: BackendError) -> None:
        if not call.is_open:
            return
        self.outbox.failed(call, error, self._clock())
        if call.is_open:
            if call.is_report and call.tries == 1:
                self._ports.say("Not delivered yet", f"{call.name}: kept, and sent again by itself.", "warning")
            self._ports.changed()
            return
        if call.endpoint == "undoCaptcha":
            # It stands, and is still the last one.
            for report in self.outbox.calls:
                if report.is_report and (report.lead, report.body["epoch"]) == (call.lead, call.body["epoch"]):
                    report.undone = False
        if call.endpoint != "releaseCaptcha":
            what = "Not taken back" if call.endpoint == "undoCaptcha" else "Not taken"
            kept = f" You reported {call.address}." if call.address else ""
            self._ports.say(f"{what}: {call.name}", f"{call.said}{kept}", "error")
        self._finish(call)

    def _finish(self, call: Sent) -> None:
        self._decided(call)
        self._ports.changed()
        self.pump()
