"""One worker's side of a host: its turns, its place in them, and what it has learned. Pure: time comes in as ticks.

Ticks are seconds of the worker's own clock, which only runs forward.
"""

from __future__ import annotations

import math
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadgen.harvest.hosts.floor import DRIFT, Block, most_slots
from leadgen.harvest.hosts.health import Health, health_of
from leadgen.harvest.politeness import Outcome
from leadgen.model.documents import Host

FIRST_TURN_S, FIRST_SLOTS = 4.0, 4
_SHORTEST_SLACK_S, _LONGEST_SLACK_S = 0.25, 5.0
_MOST_SAMPLES = 1000
_LOOK_AGAIN_S = 0.02
_WORTH_TELLING_S = 3.0
"""A shorter hold is over before the others could hear of it."""


@dataclass(frozen=True, slots=True)
class Sight:
    """When a document was read, by both clocks.

    Args:
        sent: tick before the request left.
        received: tick after the answer came.
        read_time: in between, by Firestore's clock.
    """

    sent: float
    received: float
    read_time: datetime

    def not_before(self, moment: datetime) -> float:
        """The first tick at which that moment has come for certain."""
        ahead = (moment - self.read_time).total_seconds()
        return self.received + ahead + abs(ahead) * DRIFT

    def not_after(self, moment: datetime) -> float:
        """The last tick at which that moment has not come for certain."""
        ahead = (moment - self.read_time).total_seconds()
        return self.sent + ahead - abs(ahead) * DRIFT

    def latest(self, tick: float) -> datetime:
        """What Firestore's clock shows at that tick, at the latest."""
        return self.read_time + timedelta(seconds=(tick - self.sent) * (1 + DRIFT))


@dataclass(slots=True)
class Turn:
    """A block in the worker's own ticks.

    Args:
        begins: no request may begin earlier.
        ends: by then the last request must have begun, and its pause be over.
        first_s: the pause that its beginning was fixed for, in seconds.
        last_s: the pause that its end was fixed for, in seconds; longer ones fit in, too.
        seen: when the host's document was read, as a tick.
        is_unsure: the document is being read again; until then nothing begins.
    """

    begins: float
    ends: float
    first_s: float
    last_s: float
    seen: float
    is_unsure: bool = False

    def earliest(self, pause_s: float) -> float:
        """When a request of that pause may begin; a longer one than the turn was taken for must come later."""
        return self.begins + max(0.0, pause_s - self.first_s)

    def fits(self, tick: float, pause_s: float) -> bool:
        """Whether a request of that pause may begin at that tick."""
        return self.earliest(pause_s) <= tick and tick + max(pause_s, self.last_s) <= self.ends


class Lane:
    """What a worker keeps of one host. Not safe in threads by itself.

    Args:
        host: host and port.
    """

    def __init__(self, host: str) -> None:
        self.host = host
        self.turns: list[Turn] = []
        self.own_end: datetime | None = None
        """End of the last turn, by Firestore's clock."""
        self.hold = -math.inf
        self.health = Health()
        self.samples: deque[tuple[Outcome, float]] = deque(maxlen=_MOST_SAMPLES)
        """What the host's document does not know yet."""
        self.is_alone = True
        """Nobody else had a turn since this worker's last one."""
        self.rtt_s = 0.0
        self.interval_s = 0.0
        """The pause that the rules asked for last."""
        self.waiting = 0
        """Requests that wait for their slot."""
        self.busy: list[Future[None]] | None = None
        """Who waits for the call to Firestore that is under way; `None` if none is."""
        self.not_soon: tuple[float, float] | None = None
        """(first tick of the next turn there is, tick until which that is believed)."""
        self._slots = self._slots_used = 0
        self._assigned, self._assigned_pause = -math.inf, 0.0
        self._begun, self._begun_pause = -math.inf, 0.0

    def pause_s(self, interval_s: float) -> float:
        """The pause in force for a request, in seconds of this worker's clock."""
        return max(interval_s, self.health.pause_s) * (1 + DRIFT)

    @property
    def slack_s(self) -> float:
        """How late this worker may be for its last slot: it has to get the answer of its own reservation first."""
        return min(_SHORTEST_SLACK_S + 4 * self.rtt_s, _LONGEST_SLACK_S)

    def slots_wanted(self, interval_s: float) -> int:
        """Slots to ask for: twice as many as before, because each turn costs a read and a write.

        Where others want their turn, too, no more than this worker turned out to use: what it leaves is lost to all.
        """
        interval = max(interval_s, self.health.pause_s)
        most = most_slots(interval)
        if self.is_alone:
            first = max(1, min(FIRST_SLOTS, int(FIRST_TURN_S / interval)), int(FIRST_TURN_S / interval / FIRST_SLOTS))
            wanted = max(self._slots * 2, first)
        else:
            used_up = self._slots_used >= self._slots
            wanted = self._slots * 2 if used_up else self._slots_used
        self._slots = min(max(wanted, self.waiting, 1), most)
        self._slots_used = 0
        return self._slots

    def take(self, block: Block, sight: Sight) -> None:
        """Enter a turn that was granted."""
        if self.turns and block.begins == self.own_end:
            turn = self.turns[-1]
            turn.ends, turn.last_s = sight.not_after(block.ends), max(block.interval_s, turn.last_s)
        else:
            begins, ends = sight.not_before(block.begins), sight.not_after(block.ends)
            self.turns.append(Turn(begins, ends, block.interval_s, block.interval_s, sight.received))
        self.own_end = block.ends
        self.not_soon = None

    def see(self, host: Host, sight: Sight) -> None:
        """Take in what the host's document says."""
        if host.hold_until is not None and host.hold_until > sight.read_time:
            self.hold = max(self.hold, sight.not_before(host.hold_until))
        self.health = health_of(host)
        for outcome, interval_s in self.samples:
            self.health = self.health.after(outcome, interval_s)

    def forget(self, samples: list[tuple[Outcome, float]]) -> None:
        """The document knows these now."""
        told = {id(sample) for sample in samples}
        while self.samples and id(self.samples[0]) in told:
            self.samples.popleft()

    def drop(self, turn: Turn) -> None:
        """Give a turn up."""
        self.turns = [one for one in self.turns if one is not turn]
        self.own_end = None  # what remains may not be prolonged over what was given up

    def known_wait(self, tick: float, deadline: float) -> float | None:
        """The first tick of the next turn there is, if it is known and beyond the deadline."""
        if self.not_soon is None or self.not_soon[1] <= tick or self.not_soon[0] <= deadline:
            return None
        return self.not_soon[0]

    def is_in_use(self, tick: float) -> bool:
        """Whether anything here is still worth keeping."""
        return self.waiting > 0 or self.hold > tick or any(turn.ends > tick for turn in self.turns)

    def next_slot(self, tick: float, interval_s: float, deadline: float) -> float | None:
        """Take the next slot, as a tick; `None` if there is none in this worker's turns.

        A slot after the deadline is given back at once: the caller sees that it is too late, and nothing was taken.
        """
        self.turns = [turn for turn in self.turns if turn.ends > tick]
        pause = self.pause_s(interval_s)
        for turn in self.turns:
            at = max(tick, turn.earliest(pause), self._assigned + max(pause, self._assigned_pause), self.hold)
            if turn.fits(at, pause):
                if at <= deadline:
                    self._assigned, self._assigned_pause = at, pause
                    self._slots_used += 1
                return at
        return None

    def unseen(self, tick: float, longest_s: float) -> Turn | None:
        """The turn that is about to be used for the first time and was granted so long ago that much may have happened
        since; `None` if there is none."""
        turn = next((one for one in self.turns if one.begins <= tick < one.ends), None)
        if turn is None or turn.is_unsure or self._begun >= turn.begins or tick - turn.seen <= longest_s:
            return None
        return turn

    def begin(self, tick: float, interval_s: float) -> float | None:
        """Begin a request now, if it may.

        Returns:
            0 if it begins; how long it must still wait, in seconds, if an earlier one began late; `None` if its slot is
            lost and it needs another.
        """
        pause = self.pause_s(interval_s)
        earliest = max(self._begun + max(pause, self._begun_pause), self.hold)
        at = max(tick, earliest)
        turn = next((one for one in self.turns if one.fits(at, pause)), None)
        if turn is None:
            return None
        if at > tick or turn.is_unsure:
            return max(at - tick, _LOOK_AGAIN_S)
        self._begun, self._begun_pause = tick, pause
        return 0.0

    def learn(self, outcome: Outcome, interval_s: float, tick: float) -> bool:
        """Take in how a request went; whether the others should be told now."""
        self.samples.append((outcome, interval_s))
        before, self.health = self.health, self.health.after(outcome, interval_s)
        if not outcome.is_trouble:
            return False
        asked = (outcome.retry_at - outcome.at).total_seconds() if outcome.retry_at is not None else 0.0
        until = tick + max(asked, self.health.hold_s())
        is_longer = until > self.hold + _WORTH_TELLING_S and until > tick + _WORTH_TELLING_S
        self.hold = max(self.hold, until)
        return is_longer or self.health.pause_s > before.pause_s
