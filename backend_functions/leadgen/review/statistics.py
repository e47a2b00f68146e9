"""How an operator does: counts, and the seconds of the last leads."""

from __future__ import annotations

from datetime import datetime

from leadgen.model.documents import CaptchaReport, Operator
from leadgen.model.documents.review import RECENT


def counted(operator: Operator, report: CaptchaReport) -> Operator:
    """The statistics with a report."""
    done = operator.model_copy(deep=True)
    done.email, done.updated_at = report.by, report.at
    done.solved += report.success
    done.failed += not report.success
    if report.success and report.seconds is not None:
        done.recent_seconds = [*done.recent_seconds, report.seconds][-RECENT:]
    return done


def uncounted(operator: Operator, report: CaptchaReport, now: datetime) -> Operator:
    """The statistics of who made a report without it, once it was taken back."""
    done = operator.model_copy(deep=True)
    done.updated_at = now
    done.solved = max(0, done.solved - report.success)
    done.failed = max(0, done.failed - (not report.success))
    done.undone += 1
    if report.success and report.seconds in done.recent_seconds:
        last = len(done.recent_seconds) - 1 - done.recent_seconds[::-1].index(report.seconds)
        del done.recent_seconds[last]
    return done
