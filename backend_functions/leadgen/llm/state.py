"""`governor/llm`: the Governor's document. One document, because a limit is exact only where everybody reads it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, StrictInt, model_validator

from leadgen.llm.decide import Limits, State
from leadgen.llm.fairness import Ticket
from leadgen.llm.spending import Day, Use
from leadgen.llm.window import GREATEST_LIMIT, Cap, Pace, unknown, used
from leadgen.model.config import Settings
from leadgen.model.documents import Document
from leadgen.model.grants import pack, unpack

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROS = 1_000_000
DEFAULT_LIMIT: int = Settings().llm_transaction_limit

Limit = Annotated[StrictInt, Field(ge=0, le=GREATEST_LIMIT)]
"""Calls in any rolling window; the bounds are those of `Settings.llm_transaction_limit`. 0 pauses all calls."""
Count = Annotated[StrictInt, Field(ge=0)]
Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]


class WaitingCampaign(Document):
    """A campaign that went without; see `Ticket`."""

    campaign: str
    calls: Count
    since: StrictInt
    returns: StrictInt
    until: StrictInt


class UseDocument(Document):
    """What was used; see `Use`."""

    calls: Count = 0
    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    micros: Count = 0
    unpriced: Count = 0


class DayDocument(Document):
    """The account of a day; see `Day`. Also `llmUsage/{day}`, once the day is over."""

    day: str = ""
    reserved: dict[str, Count] = {}
    providers: dict[str, UseDocument] = {}
    campaigns: dict[str, UseDocument] = {}


class ProviderLimits(Document):
    """Limits of one provider alone."""

    limit: Limit = GREATEST_LIMIT
    tokens_per_minute: Count = 0
    dollars_per_day: Dollars = 0.0


class GovernorState(Document):
    """The whole document. A field that is not as it must be makes the Governor refuse, never guess."""

    limit: Limit = DEFAULT_LIMIT
    tokens_per_minute: Count = 0
    """Tokens in any rolling minute; 0 for no bound."""
    dollars_per_day: Dollars = 0.0
    """What a day (UTC) may cost; 0 for no bound."""
    providers: dict[str, ProviderLimits] = {}
    log: bytes | None = b""
    """Grants that may still count; see `leadgen.model.grants`. `None` if what is stored there can't be read, as after a
    change of its format: nobody knows how many count, so the limit is used up for one window (see `state`)."""
    log_names: list[str] = []
    waiting: list[WaitingCampaign] = []
    day: DayDocument = Field(default_factory=DayDocument)
    holds: dict[str, StrictInt] = {}
    """Until when a provider asked everyone to wait (HTTP 429 with Retry-After), in milliseconds since the epoch."""
    recent: list[str] = []
    updated_at: datetime | None = None
    used_in_window: int = 0
    """Grants that counted when the document was last written."""
    last_refused_at: datetime | None = None
    """When someone last had to go without; noted every few seconds at most."""
    waiting_until: datetime | None = None
    """When whoever last had to go without was told to come back."""
    waiting_reason: str = ""
    """Why."""

    @model_validator(mode="before")
    @classmethod
    def _read_log(cls, data: dict[str, Any]) -> dict[str, Any]:
        try:
            unpack(data.get("log", b""), data.get("logNames", []))
        except ValueError:
            return {**data, "log": None, "logNames": []}
        return data

    def state(self, today: str, now_ms: int, pace: Pace) -> State:
        """What decisions are made from, with an account of today.

        Args:
            today: the day, as YYYY-MM-DD (UTC).
            now_ms: when the document was read, in milliseconds since the epoch.
            pace: the lengths.
        """
        day = _day(self.day) if self.day.day == today else Day(today)
        log = unknown(now_ms, pace) if self.log is None else unpack(self.log, self.log_names)
        return State(
            total=_limits(self.limit, self.tokens_per_minute, self.dollars_per_day),
            providers={
                name: _limits(one.limit, one.tokens_per_minute, one.dollars_per_day)
                for name, one in self.providers.items()
            },
            log=log,
            tickets=tuple(Ticket(t.campaign, t.calls, t.since, t.returns, t.until) for t in self.waiting),
            day=day,
            holds=self.holds,
            recent=tuple(self.recent),
        )


def stored(state: State) -> dict[str, Any]:
    """The parts of the document that a decision may change, as Firestore takes them."""
    log, names = pack(state.log)
    return {
        "log": log,
        "logNames": names,
        "waiting": [
            WaitingCampaign(
                campaign=t.campaign, calls=t.calls, since=t.since, returns=t.returns, until=t.until
            ).to_firestore()
            for t in state.tickets
        ],
        "day": day_document(state.day).to_firestore(),
        "recent": list(state.recent),
        "usedInWindow": used(state.log),
    }


def day_document(day: Day) -> DayDocument:
    """The account of a day as it is stored."""
    return DayDocument(
        day=day.day,
        reserved=dict(day.reserved),
        providers=_stored_uses(day.providers.items()),
        campaigns=_stored_uses(day.campaigns.items()),
    )


def to_ms(moment: datetime) -> int:
    """Milliseconds since the epoch, rounded down."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def from_ms(value: int) -> datetime:
    """The moment that many milliseconds after the epoch."""
    return _EPOCH + timedelta(milliseconds=value)


def configure_limit_changes(limit: int) -> dict[str, Any]:
    """The change that sets the limit, to be written with `set(..., merge=True)`.

    A lower limit holds for the very next grant, a higher one is made use of within five seconds.

    Args:
        limit: calls in any rolling minute, 0 to 6000; 0 pauses them.

    Raises:
        pydantic.ValidationError: the limit is not a whole number within the bounds.
    """
    return {"limit": Settings(llm_transaction_limit=limit).llm_transaction_limit}


def _limits(calls: int, tokens: int, dollars: float) -> Limits:
    return Limits(Cap(calls, tokens), round(dollars * _MICROS))


def _day(document: DayDocument) -> Day:
    return Day(document.day, document.reserved, _uses(document.providers), _uses(document.campaigns))


def _uses(documents: dict[str, UseDocument]) -> dict[str, Use]:
    return {
        name: Use(one.calls, one.prompt_tokens, one.completion_tokens, one.micros, one.unpriced)
        for name, one in documents.items()
    }


def _stored_uses(uses: Iterable[tuple[str, Use]]) -> dict[str, UseDocument]:
    return {
        name: UseDocument(
            calls=one.calls,
            prompt_tokens=one.prompt_tokens,
            completion_tokens=one.completion_tokens,
            micros=one.micros,
            unpriced=one.unpriced,
        )
        for name, one in uses
    }
