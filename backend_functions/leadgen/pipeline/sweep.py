"""What the minute's tick does: it starts scheduled campaigns and picks up whatever an event or a worker lost.

Schedules share this tick rather than having one of their own: that would be one more function to keep warm, one more
job to pay for and one more worker on a small machine, for a single query. They come first, as they have a time to keep.
Each part is guarded by itself: one that fails is logged and leaves the others to do their work; the next run tries
again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from leadgen.harvest.sweep import sweep_requests
from leadgen.outlook.upkeep import keep_fresh
from leadgen.pipeline.context import Context
from leadgen.pipeline.enrichment import enrich_waiting
from leadgen.pipeline.harvesting import harvest_deps
from leadgen.pipeline.schedule_tick import start_due

log = logging.getLogger("leadgen.sweep")


def sweep(context: Context) -> None:
    """Pick up lost work.

    Raises:
        ExceptionGroup: parts that failed, after all were tried, so that the run is marked as failed.
    """
    failures: list[Exception] = []
    parts: tuple[tuple[str, Callable[[], int]], ...] = (
        ("schedules", lambda: start_due(context)),
        ("campaigns", lambda: sweep_requests(harvest_deps(context))),
        ("waiting leads", lambda: enrich_waiting(context)),
        ("mailboxes", lambda: keep_fresh(context.db, context.env, context.clock)),
    )
    for name, part in parts:
        try:
            done = part()
        except Exception as error:
            log.error("sweep: %s failed: %s: %s", name, type(error).__name__, error)
            failures.append(error)
        else:
            if done:
                log.info("sweep: %s: %d", name, done)
    if failures:
        raise ExceptionGroup("the sweep did not finish", failures)
