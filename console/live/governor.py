"""The LLM Governor's document as the console shows it: what is used, who waits until when, what the day has cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from leadgen.model.grants import GrantEntry, unpack

WINDOW_S = 60.0
_MICROS = 1_000_000


@dataclass(frozen=True)
class Waiting:
    """A campaign that went without.

    Args:
        campaign: its id, or "" for leads without one.
        calls: how many it waits for.
        since: since when.
        returns: when it was told to come back.
        until: how long its place is kept, in seconds since the epoch.
    """

    campaign: str
    calls: int
    since: datetime
    returns: datetime
    until: float


@dataclass(frozen=True)
class Used:
    """What was used on a day.

    Args:
        calls: calls that began.
        tokens: sent and answered.
        dollars: what they cost.
        unpriced: calls among them whose price nobody knows, which are not in the dollars.
    """

    calls: int
    tokens: int
    dollars: float
    unpriced: int = 0

    @property
    def cost(self) -> str:
        """The dollars in words, with what is not known of them."""
        if self.unpriced and self.unpriced == self.calls:
            return "price unknown"
        known = f"${self.dollars:.4f}" if 0 < self.dollars < 1 else f"${self.dollars:,.2f}"
        return f"{known} + {self.unpriced} of unknown price" if self.unpriced else known


@dataclass(frozen=True)
class Governor:
    """The LLM Governor's document.

    Args:
        limit: calls that may begin in any minute.
        grants: those that may still count.
        tokens_per_minute: tokens in any minute; 0 for no bound.
        dollars_per_day: what a day may cost; 0 for no bound.
        waiting: who went without.
        holds: until when a provider asked everybody to wait.
        day: the day of the account, as YYYY-MM-DD (UTC).
        reserved: dollars that calls under way, or lost ones, may still cost.
        providers: what was used on that day, by provider.
        campaigns: the same by campaign.
        reason: why somebody last went without.
        is_full: whether the grants can't be read, which counts as a limit used up.
    """

    limit: int
    grants: tuple[GrantEntry, ...] = ()
    tokens_per_minute: int = 0
    dollars_per_day: float = 0.0
    waiting: tuple[Waiting, ...] = ()
    holds: Mapping[str, datetime] = field(default_factory=dict)
    day: str = ""
    reserved: float = 0.0
    providers: Mapping[str, Used] = field(default_factory=dict)
    campaigns: Mapping[str, Used] = field(default_factory=dict)
    reason: str = ""
    is_full: bool = False

    def used(self, now: datetime) -> int:
        """How many calls count against the limit at a moment: each until a minute after it had begun at the latest."""
        if self.is_full:
            return self.limit
        return sum(grant.n for grant in self.grants if grant.shuts / 1000 + WINDOW_S > now.timestamp())

    def tokens(self, now: datetime) -> int:
        """How many tokens count."""
        return sum(grant.tokens for grant in self.grants if grant.shuts / 1000 + WINDOW_S > now.timestamp())

    def waiting_at(self, now: datetime) -> tuple[Waiting, ...]:
        """Who waits at a moment; a place that nobody came back for has lapsed."""
        return tuple(one for one in self.waiting if one.until > now.timestamp())

    def held_at(self, now: datetime) -> dict[str, datetime]:
        """Which providers are left alone at a moment, until when."""
        return {name: until for name, until in sorted(self.holds.items()) if until > now}

    def is_of(self, now: datetime) -> bool:
        """Whether the account is that of today."""
        return self.day == now.astimezone(UTC).date().isoformat()

    def spent(self, now: datetime) -> Used:
        """What was used today, by all."""
        return self.total if self.is_of(now) else Used(0, 0, 0.0)

    @property
    def total(self) -> Used:
        """What was used on the day of the account, by all."""
        ones = self.providers.values()
        return Used(
            sum(one.calls for one in ones),
            sum(one.tokens for one in ones),
            sum(one.dollars for one in ones),
            sum(one.unpriced for one in ones),
        )


def read_governor(data: Mapping[str, Any]) -> Governor:
    """The governor's document; its moments are milliseconds since the epoch, its money millionths of a dollar."""
    day = data.get("day") or {}
    grants = _grants(data)
    return Governor(
        limit=int(data["limit"]) if "limit" in data else _usual_limit(),
        grants=grants or (),
        tokens_per_minute=int(data.get("tokensPerMinute") or 0),
        dollars_per_day=float(data.get("dollarsPerDay") or 0),
        waiting=tuple(_waiting(one) for one in data.get("waiting") or []),
        holds={str(name): _moment(until) for name, until in (data.get("holds") or {}).items()},
        day=str(day.get("day", "")),
        reserved=sum((day.get("reserved") or {}).values()) / _MICROS,
        providers=_uses(day.get("providers")),
        campaigns=_uses(day.get("campaigns")),
        reason=str(data.get("waitingReason") or ""),
        is_full=grants is None,
    )


def _usual_limit() -> int:
    """The limit of a project whose Governor was never asked and never told, so that nothing is written down yet."""
    from leadgen.model.config import Settings

    return Settings().llm_transaction_limit


def _grants(data: Mapping[str, Any]) -> tuple[GrantEntry, ...] | None:
    """The log; `None` if it can't be read, as before the first call after an update that changed its format."""
    try:
        return unpack(data.get("log", b""), data.get("logNames", []))
    except ValueError:
        return None


def _waiting(one: Mapping[str, Any]) -> Waiting:
    return Waiting(
        campaign=str(one["campaign"]),
        calls=int(one["calls"]),
        since=_moment(one["since"]),
        returns=_moment(one["returns"]),
        until=float(one["until"]) / 1000,
    )


def _uses(data: Mapping[str, Any] | None) -> dict[str, Used]:
    return {
        str(name): Used(
            calls=int(one.get("calls", 0)),
            tokens=int(one.get("promptTokens", 0)) + int(one.get("completionTokens", 0)),
            dollars=int(one.get("micros", 0)) / _MICROS,
            unpriced=int(one.get("unpriced", 0)),
        )
        for name, one in (data or {}).items()
    }


def _moment(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(float(milliseconds) / 1000, UTC)
