"""Which mails are shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from console.live.feed import Doc
from console.screens.wording import EMAIL_TONES

STATUSES = ("", "QUEUED", "HELD", "UNKNOWN", "PARKED", "ERROR_API_FAILURE", "ERROR_NO_EMAIL", "SENT", "CANCELLED",
            "SUPPRESSED")  # fmt: skip
"""Statuses in the order in which they are gone through; the first one stands for all."""


@dataclass(frozen=True)
class Choice:
    """What is asked for.

    Args:
        status: one status only; "" for all.
        text: only mails that hold it; with a ``!`` before it, those that don't.
    """

    status: str = ""
    text: str = ""

    @property
    def words(self) -> str:
        """What is asked for, in words; "" for everything."""
        word = EMAIL_TONES.get(self.status, (self.status.lower(), ""))[0] if self.status else ""
        return " ".join(part for part in (word, f"/{self.text}" if self.text else "") if part)

    def next_status(self) -> Choice:
        """The same with the next status."""
        at = STATUSES.index(self.status)
        return replace(self, status=STATUSES[(at + 1) % len(STATUSES)])

    def takes(self, email: Any) -> bool:
        """Whether a mail is asked for."""
        if self.status and str(email.status) != self.status:
            return False
        inverse, text = self.text.startswith("!"), self.text.removeprefix("!").casefold()
        return not text or (text in _haystack(email)) is not inverse


def _haystack(email: Any) -> str:
    lead = email.lead_data
    parts = (lead.business_name, lead.name, lead.email, email.city, email.reason, email.error, email.subject)
    return " ".join((*parts, email.account, str(email.status))).casefold()


def merged(live: Iterable[Doc], fetched: Iterable[Doc], choice: Choice) -> list[Doc]:
    """The mails that are asked for, the live ones before those fetched, each once, what changed last first."""
    known: dict[str, Doc] = {doc.id: doc for doc in fetched}
    known.update({doc.id: doc for doc in live})
    wanted = [doc for doc in known.values() if choice.takes(doc.value)]
    return sorted(wanted, key=lambda doc: doc.value.updated_at or doc.value.created_at, reverse=True)
