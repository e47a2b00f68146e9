"""What the desk works through: the backend, the browser, and the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

from console.live.session import BackendError
from console.review import Lead

Severity = Literal["information", "warning", "error"]


class Ports(Protocol):
    """What the desk works through."""

    def ask(
        self,
        endpoint: str,
        body: dict[str, Any],
        then: Callable[[Any], None],
        failed: Callable[[BackendError], None],
        idempotency_key: str | None,
    ) -> None:
        """Call an endpoint; the answer comes later."""

    def open(self, lead: Lead) -> None:
        """Show a page in the browser."""

    def prepare(self, lead: Lead) -> None:
        """Load a page behind it."""

    def choose(self, lead: str) -> None:
        """Put the cursor on a lead."""

    def changed(self) -> None:
        """Something is to be shown anew."""

    def say(self, title: str, text: str, severity: Severity) -> None:
        """Tell something in passing."""

    def counted(self) -> None:
        """The operator's statistics have changed."""
