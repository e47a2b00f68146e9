"""Pacing as a whole, over random lives of several mailboxes: caps, windows, holidays, DST, changes, lost answers.

The oracle knows nothing of the rules' code: it looks at wall clocks, calendars and lists of moments.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from leadgen.mail.pacing import (
    DAY,
    MINUTE,
    Box,
    Pace,
    after_sending,
    cap_of,
    lead_wait,
    next_turn,
    plan,
    without_pauses,
)
from leadgen.model.config import SendInterval, Settings, WorkingHours

PLACES = {
    "America/Chicago": "US",
    "America/New_York": "US",
    "Europe/Berlin": "DE",
    "Australia/Lord_Howe": "AU",
    "Asia/Kathmandu": "",
    "UTC": "",
}
# Days before the clocks change, before holidays, and a leap day.
STARTS = [
    datetime(2026, 3, 7, 20, tzinfo=UTC),
    datetime(2026, 3, 28, 12, tzinfo=UTC),
    datetime(2026, 4, 4, 3, tzinfo=UTC),
    datetime(2026, 10, 31, 20, tzinfo=UTC),
    datetime(2026, 11, 26, 15, tzinfo=UTC),
    datetime(2026, 12, 25, 9, tzinfo=UTC),
    datetime(2028, 2, 28, 22, tzinfo=UTC),
]
HALF_HOURS = st.integers(0, 24)
BOXES = st.tuples(st.sampled_from([None, 2, 50]), st.sampled_from([None, -1, 0, 3]))
"""A mailbox's own cap, and how many days ago its ramp began."""


def clock(half_hours: int) -> str:
    return f"{half_hours // 2:02}:{half_hours % 2 * 30:02}"


@st.composite
def configurations(draw: st.DrawFn) -> Settings:
    start = draw(HALF_HOURS)
    end = draw(st.integers(start + 6, 48))
    low = draw(st.sampled_from([0.0, 0.0, 45.0, 600.0]))
    return Settings(
        working_hours=WorkingHours(
            start=clock(start), end=clock(end), days=sorted(draw(st.sets(st.integers(0, 6), min_size=4)))
        ),
        active_timezones=draw(st.sampled_from([[], [], [], ["America/Chicago", "Europe/Berlin"]])),
        skip_holidays=draw(st.sampled_from([True, True, False])),
        send_interval_seconds=SendInterval(min=low, max=low + draw(st.sampled_from([0.0, 75.0, 3000.0]))),
        pause_after=draw(st.integers(0, 4)),
        pause_seconds=float(draw(st.sampled_from([0, 600, 20_000]))),
        daily_cap=draw(st.integers(1, 8)),
        daily_cap_total=draw(st.sampled_from([0, 0, 1, 5, 9])),
        ramp_first_day=draw(st.integers(1, 4)),
        ramp_daily_growth=draw(st.sampled_from([1.0, 1.3, 2.0])),
        sending_paused=draw(st.integers(0, 9)) == 9,
    )


@dataclass
class Mail:
    zone: str
    bound_to: str = ""
    sent_at: datetime | None = None


@dataclass
class Mailbox:
    pace: Pace
    last: datetime | None = None
    left: list[datetime] = field(default_factory=list)
    unknown: list[tuple[datetime, bool]] = field(default_factory=list)


class Life(RuleBasedStateMachine):
    """Some days of sending, by the same decisions as the agent's, in the same order."""

    @initialize(
        config=configurations(),
        start=st.sampled_from(STARTS),
        boxes=st.lists(BOXES, min_size=1, max_size=3),
        per_minute=st.sampled_from([0, 2]),
        seed=st.integers(0, 2**32),
    )  # fmt: skip
    def begin(
        self, config: Settings, start: datetime, boxes: list[tuple[int | None, int | None]], per_minute: int, seed: int
    ) -> None:
        self.settings, self.now, self.rng, self.per_minute = config, start, random.Random(seed), per_minute
        self.line: list[Mail] = []
        self.boxes: dict[str, Mailbox] = {}
        for number, (cap, age) in enumerate(boxes):
            ramp = None if age is None else start.date() - timedelta(days=age)
            self.boxes[f"box{number}"] = Mailbox(Pace(daily_cap=cap, ramp_start=ramp))

    # What happens.

    @rule(zone=st.sampled_from(sorted(PLACES)), number=st.integers(1, 6), bound=st.booleans())
    def mails_come(self, zone: str, number: int, bound: bool) -> None:
        to = self.rng.choice(sorted(self.boxes)) if bound else ""
        self.line += [Mail(zone, to) for _ in range(number)]

    @rule(seconds=st.sampled_from([0.3, 7.0, 61.0, 1800.0, 30_000.0, 90_000.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(
        zone=st.sampled_from([zone for zone, country in PLACES.items() if country]), hour=st.sampled_from([11, 12, 14])
    )
    def a_holiday_comes(self, zone: str, hour: int) -> None:
        local = self.now.astimezone(ZoneInfo(zone))
        days = (local.date() + timedelta(days=ahead) for ahead in range(1, 370))
        day = next(day for day in days if is_holiday(zone, day))
        self.now = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)

    @rule(config=configurations())
    def the_configuration_changes(self, config: Settings) -> None:
        self.settings = config

    @rule(answers_lost=st.booleans(), really_left=st.booleans())
    def tick(self, answers_lost: bool, really_left: bool) -> None:
        """Send whatever may leave now; in some ticks no answer comes."""
        for mail in [one for one in self.line if one.sent_at is None]:
            account = self.turn(mail, self.now)
            if account is None:
                continue
            if answers_lost:
                self.lose_answer(mail, account, really_left)
            else:
                self.send(mail, account)

    @rule()
    def lost_answers_are_found(self) -> None:
        for box in self.boxes.values():
            for moment, left in box.unknown:
                box.pace = replace(box.pace, in_flight=box.pace.in_flight - 1)
                if left:
                    box.left.remove(moment)
                    self.count(box)
            box.unknown.clear()

    # How the agent does it.

    def turn(self, mail: Mail, now: datetime) -> str | None:
        if lead_wait(self.settings, mail.zone, now) is not None:
            return None
        turn = next_turn(self.settings, self.views(), now, only=mail.bound_to)
        return turn.account if turn.wait is None else None

    def views(self) -> list[Box]:
        return [Box(name, box.pace, self.per_minute, box.last) for name, box in self.boxes.items()]

    def send(self, mail: Mail, account: str) -> None:
        self.check(mail, account)
        mail.sent_at = self.now
        self.count(self.boxes[account])

    def count(self, box: Mailbox) -> None:
        box.left.append(self.now)
        box.pace = after_sending(box.pace, self.settings, self.now, self.rng.random())
        box.last = self.now

    def lose_answer(self, mail: Mail, account: str, left: bool) -> None:
        self.check(mail, account)
        mail.sent_at = self.now
        box = self.boxes[account]
        box.unknown.append((self.now, left))
        box.pace = replace(box.pace, in_flight=box.pace.in_flight + 1)
        if left:
            box.left.append(self.now)

    # What must hold for a mail that leaves now.

    def check(self, mail: Mail, account: str) -> None:
        self.check_place(mail.zone, self.now)
        assert not self.settings.sending_paused
        assert mail.bound_to in ("", account)
        box = self.boxes[account]
        self.check_rolling([*box.left, self.now], self.cap(box), DAY)
        self.check_rolling([*box.left, self.now], self.per_minute, MINUTE)
        everything = [moment for one in self.boxes.values() for moment in one.left]
        self.check_rolling([*everything, self.now], self.settings.daily_cap_total, DAY)
        if box.last is not None and self.now - box.last < DAY:
            assert self.now - box.last >= timedelta(seconds=self.settings.send_interval_seconds.min)

    def cap(self, box: Mailbox) -> int:
        cap = self.settings.daily_cap if box.pace.daily_cap is None else box.pace.daily_cap
        if box.pace.ramp_start is not None:
            days = max((self.now.date() - box.pace.ramp_start).days, 0)
            cap = min(cap, int(self.settings.ramp_first_day * self.settings.ramp_daily_growth**days))
        assert cap == cap_of(self.settings, box.pace, self.now)[0]
        return cap

    def check_rolling(self, moments: list[datetime], cap: int, window: timedelta) -> None:
        assert not cap or sum(self.now - window < moment <= self.now for moment in moments) <= cap

    def check_place(self, zone: str, moment: datetime) -> None:
        """By the wall clock and the calendar of the place."""
        local, hours = moment.astimezone(ZoneInfo(zone)), self.settings.working_hours
        assert not self.settings.active_timezones or zone in self.settings.active_timezones
        assert local.weekday() in hours.days
        assert hours.start <= local.strftime("%H:%M") < hours.end
        assert not (self.settings.skip_holidays and is_holiday(zone, local.date()))

    @invariant()
    def what_is_foretold_lies_in_working_time(self) -> None:
        waiting = [mail for mail in getattr(self, "line", []) if mail.sent_at is None and not mail.bound_to]
        zones = [mail.zone for mail in waiting[:8]]
        if not zones or self.settings.sending_paused:
            return
        active = self.settings.active_timezones
        for mail_zone, foretold in zip(
            zones, plan(without_pauses(self.settings), self.views(), zones, self.now), strict=True
        ):
            assert foretold.at >= self.now
            if not active or mail_zone in active:
                assert foretold.at - self.now > timedelta(days=20) or self.is_fit(mail_zone, foretold.at)

    def is_fit(self, zone: str, moment: datetime) -> bool:
        self.check_place(zone, moment)
        return True

    @precondition(lambda self: any(mail.sent_at is None for mail in self.line))
    @rule()
    def nobody_waits_for_ever(self) -> None:
        """Left alone, every mail that may leave at all does, and no later than caps and hours demand."""
        if self.settings.sending_paused:
            return
        self.lost_answers_are_found()
        active = self.settings.active_timezones
        able = [mail for mail in self.line if mail.sent_at is None and (not active or mail.zone in active)]
        end = self.now + timedelta(days=30 + 14 * len(able))
        while any(mail.sent_at is None for mail in able):
            before = [mail.sent_at for mail in able]
            for mail in able:
                account = self.turn(mail, self.now) if mail.sent_at is None else None
                if account is not None:
                    self.send(mail, account)
            if [mail.sent_at for mail in able] == before:
                self.now = self.next_moment([mail for mail in able if mail.sent_at is None])
            assert self.now < end, f"{sum(mail.sent_at is None for mail in able)} mails wait for ever"

    def next_moment(self, waiting: list[Mail]) -> datetime:
        moments = []
        for mail in waiting:
            place = lead_wait(self.settings, mail.zone, self.now)
            wait = place or next_turn(self.settings, self.views(), self.now, only=mail.bound_to).wait
            assert wait is not None
            assert wait.until > self.now
            assert wait.reason
            moments.append(wait.until)
        return min(moments)


_CALENDARS: dict[tuple[str, int], holidays.HolidayBase] = {}


def is_holiday(zone: str, day: date) -> bool:
    country = PLACES[zone]
    if not country:
        return False
    if (country, day.year) not in _CALENDARS:
        _CALENDARS[country, day.year] = holidays.country_holidays(country, years=day.year)
    return day in _CALENDARS[country, day.year]


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=25, stateful_step_count=25)
