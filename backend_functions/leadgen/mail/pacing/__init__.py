"""When a mail may leave: the rules, without any I/O. All moments are timezone-aware, in UTC.

A mail leaves when nothing says wait: the operator's pause, the provider's word (Retry-After), the daily cap of its
mailbox and that of all mailboxes (any rolling 24 hours), the provider's own limit (any rolling minute), the pause
between mails; and for the single mail the recipient's timezone, working hours and holidays.
"""

from leadgen.mail.pacing.fairness import PATIENCE, Waiting, free_places, has_precedence, next_place
from leadgen.mail.pacing.forecast import Planned, plan, without_pauses
from leadgen.mail.pacing.hours import in_window, known_zone, lead_wait, next_window_start
from leadgen.mail.pacing.mailbox import (
    Pace,
    after_sending,
    cap_of,
    interval_end,
    mailbox_wait,
    ramp_cap,
    total_wait,
)
from leadgen.mail.pacing.moments import (
    DAY,
    LOOK_AGAIN,
    MINUTE,
    Wait,
    ceil_second,
    latest,
    pack,
    rolling_wait,
    unpack,
)
from leadgen.mail.pacing.rotation import Box, Turn, next_turn

__all__ = [
    "DAY",
    "LOOK_AGAIN",
    "MINUTE",
    "PATIENCE",
    "Box",
    "Pace",
    "Planned",
    "Turn",
    "Wait",
    "Waiting",
    "after_sending",
    "cap_of",
    "ceil_second",
    "free_places",
    "has_precedence",
    "in_window",
    "interval_end",
    "known_zone",
    "latest",
    "lead_wait",
    "mailbox_wait",
    "next_place",
    "next_turn",
    "next_window_start",
    "pack",
    "plan",
    "ramp_cap",
    "rolling_wait",
    "total_wait",
    "unpack",
    "without_pauses",
]
