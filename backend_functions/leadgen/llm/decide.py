"""What the Governor answers, decided from its document alone. Pure: no I/O, no clock, no chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from leadgen.llm.fairness import Ticket, shares, valid
from leadgen.llm.spending import Day, Use, affordable
from leadgen.llm.window import Cap, Entry, Log, Pace, compact, current, openings

PAUSED_RETRY_MS = 60_000
"""When to ask again while nothing lets a call through."""
SOONEST_RETRY_MS = 100
HANDFUL = 5
"""Calls that an instance had better take at once while all are in use: fewer cost too many writes."""
HELD = "The provider asked everyone to wait."
_SPENT = "The day's money for model calls is spent."
_UNPRICED = (
    "Nobody knows what a call to {} costs, and the day's money is limited: set LEADGEN_LLM_PRICE (or, for the second "
    "provider, LEADGEN_LLM_FALLBACK_PRICE), or lift the limit."
)
REMEMBERED = 24
"""Requests whose tokens are kept, so that each can find out whether a write it heard nothing of took place."""


@dataclass(frozen=True)
class Limits:
    """What is allowed, of one provider or of all together.

    Args:
        cap: calls and tokens in any window.
        micros: millionths of a dollar a day; 0 for no bound.
    """

    cap: Cap
    micros: int = 0


@dataclass(frozen=True)
class State:
    """The Governor's document.

    Args:
        total: limits on all providers together.
        providers: limits of one provider alone, by its name.
        log: the grants that may still count.
        tickets: who waits.
        day: today's account.
        holds: until when a provider asked everyone to wait, in milliseconds since the epoch, by its name.
        recent: tokens of the latest requests whose writes took place.
    """

    total: Limits
    providers: Mapping[str, Limits] = field(default_factory=dict)
    log: Log = ()
    tickets: tuple[Ticket, ...] = ()
    day: Day = field(default_factory=lambda: Day(""))
    holds: Mapping[str, int] = field(default_factory=dict)
    recent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wish:
    """What one instance asks for, at one moment, at one provider.

    Args:
        provider: who is to be called.
        calls: how many calls, by campaign.
        tokens: what each may use at most.
        micros: what each may cost at most, in millionths of a dollar; `None` if nobody knows.
        token: a name no other wish has.
    """

    provider: str
    calls: Mapping[str, int]
    tokens: int
    micros: int | None
    token: str

    @property
    def total(self) -> int:
        """Calls wished for, of all campaigns."""
        return sum(self.calls.values())


@dataclass(frozen=True)
class Amendment:
    """What became of an entry: by now it is known better when its calls began, and what they used.

    Absolute values, so that making it twice changes nothing.

    Args:
        owner: the wish it was granted to.
        opens: names the entry among those of the wish, together with `campaign`.
        campaign: see `opens`.
        n: calls that began or may still begin.
        shuts: by when they have arrived, in milliseconds since the epoch.
        tokens: what they used, or may still use.
    """

    owner: str
    opens: int
    campaign: str
    n: int
    shuts: int
    tokens: int


@dataclass(frozen=True)
class Settlement:
    """A call that ended, or never began: what it had reserved and what it used.

    Args:
        provider: who was called.
        campaign: for whom.
        day: the day it was reserved on.
        reserved: millionths of a dollar it had reserved.
        use: what it used; nothing, if it never began.
    """

    provider: str
    campaign: str
    day: str
    reserved: int
    use: Use


@dataclass(frozen=True)
class Verdict:
    """The answer to a wish.

    Args:
        state: the document afterwards.
        granted: the new entries, in the order in which they open.
        retry_ms: when to come back for the rest, in milliseconds since the epoch; `None` if all was granted.
        reason: why not all was granted, for a person to read.
        again_ms: before this moment there is nothing to be had of this provider, whoever asks; 0 if there may be.
        again_tokens: that holds for calls that may use so many tokens or more: smaller ones may find room.
        chunk_ms: how long it takes, in the long run, until as many come free as are taken at once.
        held: whether it is this provider that asked everyone to wait: another one may be free.
    """

    state: State
    granted: tuple[Entry, ...]
    retry_ms: int | None
    reason: str = ""
    again_ms: int = 0
    again_tokens: int = 0
    chunk_ms: int = 0
    held: bool = False

    @property
    def calls(self) -> int:
        """Calls granted."""
        return sum(entry.n for entry in self.granted)


@dataclass(frozen=True)
class _Wait:
    """Somebody goes without: since when, until when, and at whose pace."""

    now_ms: int
    retry_ms: int
    pace: Pace


def decide(state: State, wish: Wish, now_ms: int, pace: Pace) -> Verdict:
    """Grant what the limits allow and the others' turns leave.

    Args:
        state: the document as read, its account being of today (see `on_day`).
        wish: what is asked for.
        now_ms: when it was read, by the server's clock, in milliseconds since the epoch.
        pace: the lengths.
    """
    state = replace(state, log=current(state.log, now_ms, pace), tickets=valid(state.tickets, now_ms))
    until = state.holds.get(wish.provider, 0)
    if until > now_ms:
        return replace(_refused(state, wish, pace, now_ms, until, HELD), held=True, again_ms=until)
    if wish.micros is None and _is_limited(state, wish):
        return _refused(state, wish, pace, now_ms, now_ms + PAUSED_RETRY_MS, _UNPRICED.format(wish.provider))
    others = {t.campaign: t.calls for t in state.tickets if t.campaign not in wish.calls}
    chunk = max(1, state.total.cap.calls * pace.horizon_ms // pace.window_ms)
    opening = _openings(state, wish, now_ms, pace, wish.total + sum(others.values()) + chunk)
    if not opening:
        refused = _refused(state, wish, pace, now_ms, now_ms + PAUSED_RETRY_MS, _why_never(state, wish))
        return replace(refused, again_ms=refused.retry_ms or 0) if _is_paused(state, wish) else refused
    within = sum(1 for moment in opening if moment <= now_ms + pace.horizon_ms)
    paid = _affordable(state, wish)
    if paid == 0:
        return _refused(state, wish, pace, now_ms, now_ms + PAUSED_RETRY_MS, _SPENT)
    if _is_worth_waiting(opening, within, min(chunk, wish.total), now_ms, pace):
        within = 0
    free = within if paid is None else min(within, paid)
    given = shares(free, {**wish.calls, **others}, _had(state.log))
    own = {campaign: given[campaign] for campaign in wish.calls}
    entries = _entries(opening, own, wish, pace)
    rest = wish.total - sum(own.values())
    few = min(rest or wish.total, chunk)
    following = opening[min(sum(own.values()) + few, len(opening)) - 1]
    retry = max(following - pace.horizon_ms, now_ms + SOONEST_RETRY_MS)
    if paid is not None and paid < min(within, wish.total):
        after = _granted(state, wish, entries, own, _Wait(now_ms, now_ms + PAUSED_RETRY_MS, pace))
        return Verdict(after, entries, now_ms + PAUSED_RETRY_MS, _SPENT)
    again = retry if following > now_ms else 0
    tokens = wish.tokens if _are_tokens_limited(state, wish) else 0
    chunk_ms = min(chunk, HANDFUL) * pace.window_ms // state.total.cap.calls
    if not rest:
        after = _granted(state, wish, entries, own, None)
        return Verdict(after, entries, None, "", again, tokens, chunk_ms)
    after = _granted(state, wish, entries, own, _Wait(now_ms, retry, pace))
    reason = f"All {state.total.cap.calls} calls a minute are in use."
    return Verdict(after, entries, retry, reason, again, tokens, chunk_ms)


def amended(log: Log, amendments: Sequence[Amendment]) -> Log:
    """The log with what is known better by now. An entry can only be made to count shorter and for less."""
    known = {(one.owner, one.opens, one.campaign): one for one in amendments}
    changed: list[Entry] = []
    for entry in log:
        news = known.get((entry.owner, entry.opens, entry.campaign)) if entry.owner else None
        if news is not None:
            entry = replace(
                entry,
                n=min(entry.n, news.n),
                shuts=min(entry.shuts, max(news.shuts, entry.opens)),
                tokens=min(entry.tokens, news.tokens),
            )
        if entry.n > 0:
            changed.append(entry)
    return tuple(changed)


def settled(day: Day, settlements: Sequence[Settlement]) -> Day:
    """The account with the calls that ended. Yesterday's reservations are gone with yesterday's account."""
    for one in settlements:
        if one.day == day.day:
            day = day.with_reserved(one.provider, -one.reserved)
        if one.use != Use():
            day = day.with_use(one.provider, one.campaign, one.use)
    return day


def _openings(state: State, wish: Wish, now_ms: int, pace: Pace, most: int) -> list[int]:
    own = state.providers.get(wish.provider)
    found: list[int] = []
    beyond = 0
    for moment in openings(
        state.log, state.total.cap, wish.provider, own.cap if own else None, wish.tokens, now_ms, pace
    ):
        found.append(moment)
        beyond += moment > now_ms + pace.horizon_ms
        if len(found) >= most or beyond >= max(1, most - wish.total):
            break
    return found


def _is_worth_waiting(opening: Sequence[int], within: int, handful: int, now_ms: int, pace: Pace) -> bool:
    """Whether to take nothing now. Little by little would cost a write for every call: better a handful at once, if it
    is there in a moment."""
    if not within < handful <= len(opening):
        return False
    return opening[handful - 1] <= now_ms + 2 * pace.horizon_ms


def _limits(state: State, wish: Wish) -> list[Limits]:
    own = state.providers.get(wish.provider)
    return [state.total] if own is None else [state.total, own]


def _is_limited(state: State, wish: Wish) -> bool:
    return any(one.micros for one in _limits(state, wish))


def _is_paused(state: State, wish: Wish) -> bool:
    return any(one.cap.calls == 0 for one in _limits(state, wish))


def _are_tokens_limited(state: State, wish: Wish) -> bool:
    return any(one.cap.tokens for one in _limits(state, wish))


def _affordable(state: State, wish: Wish) -> int | None:
    if wish.micros is None:
        return None
    own = state.providers.get(wish.provider)
    bounds = [affordable(state.total.micros, state.day.committed(), wish.micros)]
    if own is not None:
        bounds.append(affordable(own.micros, state.day.committed(wish.provider), wish.micros))
    known = [bound for bound in bounds if bound is not None]
    return min(known) if known else None


def _why_never(state: State, wish: Wish) -> str:
    own = state.providers.get(wish.provider)
    if state.total.cap.calls == 0:
        return "Model calls are paused: the limit is 0."
    if own is not None and own.cap.calls == 0:
        return f"Calls to {wish.provider} are paused: its limit is 0."
    return f"A call may use {wish.tokens:,} tokens, more than the limit of tokens a minute lets through."


def _had(log: Log) -> dict[str, int]:
    had: dict[str, int] = {}
    for entry in log:
        had[entry.campaign] = had.get(entry.campaign, 0) + entry.n
    return had


def _entries(opening: Sequence[int], own: Mapping[str, int], wish: Wish, pace: Pace) -> tuple[Entry, ...]:
    """The earliest openings, dealt to the campaigns in turn."""
    # Grants that open close together open with the last of them, so that the log stays short whatever the limit.
    moments = opening[: wish.total]
    groups: dict[tuple[int, str], int] = {}
    last = 0
    for moment, campaign in sorted(zip(moments, _dealt(own), strict=False), reverse=True):
        last = last if last and last - moment <= pace.grain_ms else moment
        groups[last, campaign] = groups.get((last, campaign), 0) + 1
    return tuple(
        Entry(opens, opens + pace.use_within_ms, n, n * wish.tokens, wish.provider, campaign, wish.token)
        for (opens, campaign), n in sorted(groups.items())
    )


def _dealt(own: Mapping[str, int]) -> list[str]:
    left, order = dict(own), []
    while any(left.values()):
        for campaign in [name for name, calls in left.items() if calls]:
            left[campaign] -= 1
            order.append(campaign)
    return order


def _granted(
    state: State, wish: Wish, entries: tuple[Entry, ...], own: Mapping[str, int], waits: _Wait | None
) -> State:
    reserved = (wish.micros or 0) * sum(own.values())
    return replace(
        state,
        log=compact((*state.log, *entries)),
        tickets=_tickets(state.tickets, wish, own, waits),
        day=state.day.with_reserved(wish.provider, reserved) if reserved else state.day,
        recent=(*state.recent, wish.token)[-REMEMBERED:],
    )


def _refused(state: State, wish: Wish, pace: Pace, now_ms: int, retry_ms: int, reason: str) -> Verdict:
    return Verdict(_granted(state, wish, (), {}, _Wait(now_ms, retry_ms, pace)), (), retry_ms, reason)


def _tickets(tickets: Sequence[Ticket], wish: Wish, own: Mapping[str, int], waits: _Wait | None) -> tuple[Ticket, ...]:
    """The queue, in which the wish's campaigns have a new ticket for what they still want, and no other."""
    since = {ticket.campaign: ticket.since for ticket in tickets}
    kept = [ticket for ticket in tickets if ticket.campaign not in wish.calls]
    if waits is not None:
        until = waits.retry_ms + round(waits.pace.patience_s * 1000)
        kept += [
            Ticket(campaign, rest, since.get(campaign, waits.now_ms), waits.retry_ms, until)
            for campaign, calls in wish.calls.items()
            if (rest := calls - own.get(campaign, 0)) > 0
        ]
    return tuple(sorted(kept, key=lambda ticket: ticket.since))
