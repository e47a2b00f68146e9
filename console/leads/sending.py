"""Leads handed to the backend one by one, with what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from console.contacts.export import guarded, write
from console.leads.checking import Checked, Lead, Reject
from console.leads.tables import Table
from console.live.session import BackendError, Session

OUTCOMES = {
    "QUEUED": "queued",
    "REVIEW": "review",
    "PHONE_ONLY": "phone only",
    "SUPPRESSED": "suppressed",
    "WAITING": "waiting for the model",
    "DUPLICATE": "duplicate",
}
"""The words for what became of a lead; one that has an address but no template is ``kept``."""
_TRIES = 3
_NO_ANSWER = "does not answer"


@dataclass(frozen=True)
class Result:
    """What became of a lead.

    Args:
        lead: the lead.
        outcome: a word of `OUTCOMES`, ``kept``, or ``refused``.
        contact_id: the contact it is; empty if it was refused.
        reason: why it was refused.
    """

    lead: Lead
    outcome: str
    contact_id: str = ""
    reason: str = ""


@dataclass
class Import:
    """An import: sends, and keeps what became of each row.

    Args:
        leads: what is sent.
        template: the template of their mails; `None` for no mail.
        pause: waits for some seconds before a lead is tried again.
    """

    leads: Sequence[Lead]
    template: int | None
    pause: Callable[[float], None]
    results: list[Result] = field(default_factory=list)
    stopped: bool = False
    broken: str = ""
    """Why it could not go on; the rows that are left can be sent later."""

    def stop(self) -> None:
        """End after the lead that is under way; may be called from any thread."""
        self.stopped = True

    def run(self, session: Session, tell: Callable[[Result], None] = lambda _: None) -> None:
        """Send what was not sent yet. The same lead twice is the same contact, so a lost answer does no harm.

        Args:
            session: the signed-in person; must not be called in the screen's thread.
            tell: takes each result.
        """
        for lead in self.leads[len(self.results) :]:
            if self.stopped:
                return
            result = self._sent(session, lead)
            if result is None:
                return
            self.results.append(result)
            tell(result)

    def _sent(self, session: Session, lead: Lead) -> Result | None:
        for attempt in range(_TRIES):
            try:
                answer = session.call("processLead", lead.body(self.template), idempotency_key=lead.key(self.template))
            except BackendError as error:
                if _NO_ANSWER in error.title:
                    self.broken = " ".join(part for part in (error.title + ".", error.detail) if part)
                    if attempt + 1 < _TRIES:
                        self.pause(2.0**attempt)
                    continue
                return Result(lead, "refused", reason=_reason(error))
            self.broken = ""
            return Result(lead, self._word(answer), str(answer.get("leadId", "")))
        return None

    def _word(self, answer: dict[str, object]) -> str:
        outcome = str(answer.get("outcome", ""))
        if outcome == "QUEUED" and self.template is None:
            return "kept"
        return OUTCOMES.get(outcome, outcome.lower().replace("_", " "))

    @property
    def counts(self) -> Counter[str]:
        """How many leads had which outcome."""
        return Counter(result.outcome for result in self.results)

    @property
    def left(self) -> int:
        """How many were not sent."""
        return len(self.leads) - len(self.results)


def _reason(error: BackendError) -> str:
    told = [f"{one.get('field')} {one.get('allowed')}" for one in error.fields if isinstance(one, dict)]
    return "; ".join(told) or error.detail or error.title


def rejects_path(file: Path) -> Path:
    """Where the rejects of a file are written: beside it, under a name that is free."""
    for number in range(1, 1000):
        ending = "" if number == 1 else f"-{number}"
        path = file.with_name(f"{file.stem}-rejects{ending}.csv")
        if not path.exists():
            return path
    raise FileExistsError(f"There are too many files of rejects beside {file}.")


def write_rejects(path: Path, table: Table, rejects: Iterable[Reject]) -> int:
    """Write rows that were not taken, as they were, each with its line and the reason.

    Raises:
        OSError: the file can't be written.
    """
    width = max((len(table.headings), *(len(line.cells) for line in table.lines)), default=0)
    headings = [*table.headings, *("" for _ in range(width - len(table.headings))), "line", "reason"]
    rows = (
        [*(guarded(cell) for cell in one.line.cells), *("" for _ in range(width - len(one.line.cells))),
         str(one.line.number), guarded(one.reason)]
        for one in rejects
    )  # fmt: skip
    return write(path, rows, headings)


def refused(checked: Checked, done: Import | None) -> list[Reject]:
    """All rows that were not taken: those rejected here and those the backend refused, in the order of the table."""
    later = [Reject(r.lead.line, r.reason) for r in done.results if r.outcome == "refused"] if done else []
    return sorted([*checked.rejects, *later], key=lambda one: one.line.number)
