"""What is written on mails that wait: until when, and why. It stays true when the configuration changes.

A mail's `notBefore` is a lower bound: caps, hours and holidays, worked out for the whole line at once. The minutes
between two mails are not in it; a mail that only waits for its turn is simply due, and what it is told when the
operator asks (`leadgen email explain`) is worked out then. So a mail is written to once when it begins to wait, and
again only when somebody changes the rules.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from leadgen.mail import queue
from leadgen.mail.boxes import turns
from leadgen.mail.deps import MailDeps
from leadgen.mail.pacing import Planned, Wait, plan, without_pauses
from leadgen.mail.records import MailJob
from leadgen.mail.session import Session
from leadgen.model.config import Settings
from leadgen.store.records import Raced, Record, change

LONG = timedelta(minutes=10)
"""Shorter waits are not written down: they would be over before anyone reads of them."""
_PAGE = 300


def put_line_off(deps: MailDeps, settings: Settings, sessions: list[Session]) -> int:
    """Note on the mails that are due how long caps or a pause keep them, where that is long; how many there were."""
    now = deps.clock.now()
    line = queue.due(deps.db, now, limit=_PAGE)
    written = 0
    for job, planned in _planned(settings, sessions, line, now):
        if planned.at - now > LONG:
            written += queue.postpone(job, Wait(planned.at, planned.reason), now)
    return written


def judge_again(deps: MailDeps, settings: Settings, sessions: list[Session]) -> int:
    """Work out anew what the waiting mails wait for, after somebody changed the rules; how many changed.

    Mails that wait for another reason, such as a failure that is tried again later, keep their time.
    """
    now, changed = deps.clock.now(), 0
    page = queue.put_off(deps.db, now, limit=_PAGE)
    waiting: list[Record[MailJob]] = []
    while page:
        waiting += [job for job in page if job.value.waits_for == "pace"]
        page = queue.put_off(deps.db, now, after=page[-1], limit=_PAGE) if len(page) == _PAGE else []
    waiting.sort(key=lambda job: (job.value.created_at, job.id))
    for job, planned in _planned(settings, sessions, waiting, now):
        if planned.at - now > LONG:
            before = (job.value.not_before, job.value.reason)
            changed += before != (planned.at, planned.reason) and queue.postpone(
                job, Wait(planned.at, planned.reason), now
            )
        else:
            changed += _release(job, now)
    return changed


def _planned(
    settings: Settings, sessions: list[Session], line: list[Record[MailJob]], now: datetime
) -> list[tuple[Record[MailJob], Planned]]:
    boxes, others = turns(sessions)
    zones = [job.value.timezone for job in line]
    return list(zip(line, plan(without_pauses(settings), boxes, zones, now, others=others), strict=True))


def _release(job: Record[MailJob], now: datetime) -> bool:
    try:
        change(job, {"notBefore": now, "reason": "", "waitsFor": "", "updatedAt": now})
    except Raced:
        return False
    return True
