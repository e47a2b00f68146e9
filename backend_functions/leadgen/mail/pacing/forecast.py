"""When waiting mails will leave, worked out by playing the rules forward.

Two uses. What is written on a waiting mail is a lower bound: the caps and windows alone, for how long each of the mails
before it pauses is not known yet; nothing then has to be written again while the line moves on. What the operator is
told when they ask includes the pauses, taken as the middle between their bounds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush

from leadgen.mail.pacing.hours import known_zone, lead_wait
from leadgen.mail.pacing.mailbox import Pace, after_sending
from leadgen.mail.pacing.moments import DAY, Wait
from leadgen.mail.pacing.rotation import Box, next_turn
from leadgen.model.config import SendInterval, Settings

_HORIZON = 30 * DAY
_MOST_STEPS = 20_000


@dataclass(frozen=True)
class Planned:
    """When a mail may leave.

    Args:
        at: not before; the present moment if nothing but its turn stands in the way.
        reason: what it waits for; empty if nothing.
        is_open: whether nobody knows when that ends, for a person must end it; then `at` says when to look again.
    """

    at: datetime
    reason: str
    is_open: bool = False


def without_pauses(settings: Settings) -> Settings:
    """The configuration with no pauses between mails, for the lower bound."""
    return settings.model_copy(update={"send_interval_seconds": SendInterval(min=0.0, max=0.0), "pause_after": 0})


def plan(
    settings: Settings, boxes: Sequence[Box], timezones: Sequence[str], now: datetime, *,
    others: Sequence[Pace] = (), chance: float = 0.0,
) -> list[Planned]:  # fmt: skip
    """When each of the waiting mails may leave.

    Args:
        settings: the configuration.
        boxes: the mailboxes that may send.
        timezones: of the leads, first in line first.
        now: the present moment.
        others: the memory of mailboxes that can't send at present.
        chance: where between the bounds each pause ends.
    """
    line = _Line(settings, list(boxes), list(others), now, chance)
    planned: list[Planned] = [Planned(now, "")] * len(timezones)
    for number, told in line.play(timezones):
        planned[number] = told
    return planned


@dataclass
class _Line:
    settings: Settings
    boxes: list[Box]
    others: list[Pace]
    now: datetime
    chance: float

    def play(self, timezones: Sequence[str]) -> list[tuple[int, Planned]]:
        """The number of each and when it leaves; those beyond the horizon with the time that is known of them."""
        later = [(self.now, number, "") for number in range(len(timezones))]
        ready: deque[tuple[int, str]] = deque()
        done: list[tuple[int, Planned]] = []
        moment = self.now
        for _ in range(_MOST_STEPS):
            while later and later[0][0] <= moment:
                _, number, why = heappop(later)
                ready.append((number, why))
            if not ready:
                if not later or later[0][0] - self.now > _HORIZON:
                    break
                moment = later[0][0]
                continue
            number, why = ready[0]
            closed = self._closed(timezones[number], moment)
            if closed is not None:
                ready.popleft()
                if closed.is_open:
                    done.append((number, Planned(closed.until, closed.reason, is_open=True)))
                else:
                    heappush(later, (closed.until, number, closed.reason))
                continue
            turn = next_turn(self.settings, self.boxes, moment, others=self.others)
            if turn.wait is None:
                ready.popleft()
                done.append((number, Planned(moment, why)))
                self._sent(turn.account, moment)
            elif turn.wait.is_open:
                done += [(each, Planned(turn.wait.until, turn.wait.reason, is_open=True)) for each, _ in ready]
                ready.clear()
            elif self._moves_on(turn.wait, moment):
                until, reason = turn.wait.until, turn.wait.reason
                done += [(each, Planned(self._working_time(timezones[each], until), reason)) for each, _ in ready]
                ready.clear()
            else:
                moment = turn.wait.until
                reason = turn.wait.reason
                ready = deque((each, reason) for each, _ in ready)
        left = [(number, at, why) for at, number, why in later] + [(number, moment, why) for number, why in ready]
        return done + [(number, Planned(at, why)) for number, at, why in left]

    def _closed(self, timezone: str, moment: datetime) -> Wait | None:
        return lead_wait(self.settings, timezone, moment) if known_zone(timezone) is not None else None

    def _working_time(self, timezone: str, moment: datetime) -> datetime:
        """The first working time there, from this moment on."""
        closed = self._closed(timezone, moment)
        return closed.until if closed is not None else moment

    def _moves_on(self, wait: Wait, moment: datetime) -> bool:
        """Whether the wait is as long whenever one asks, as that for the place of a mail whose fate is unknown is."""
        turn = next_turn(self.settings, self.boxes, moment + timedelta(seconds=1), others=self.others)
        return turn.wait is not None and turn.wait.until > wait.until

    def _sent(self, account: str, moment: datetime) -> None:
        self.boxes = [
            replace(b, pace=after_sending(b.pace, self.settings, moment, self.chance), last_sent=moment)
            if b.account == account
            else b
            for b in self.boxes
        ]
