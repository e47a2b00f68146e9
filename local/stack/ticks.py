"""The clock of scheduled functions, which the emulators lack.

A minute of a schedule lasts `tick_seconds`; 5 by default, so that a demonstration need not wait, and 60 is real time.
Each function is called as Cloud Scheduler calls it, by HTTP, and is never called again before it has answered: a
function slower than its schedule gets fewer ticks, not a queue of them, for the emulator would start another process
for each.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from local.stack import schedule, web
from local.stack.functions import Function

DEFAULT_TICK_SECONDS = 5.0


@dataclass
class _Job:
    function: Function
    schedule: schedule.Every | schedule.Cron
    running: Future[None] | None = None
    calls: int = 0
    skipped: int = 0
    failures: int = 0
    last_problem: str = field(default="")


class Clock:
    """Decides who is due in each minute of the schedule's time.

    Args:
        functions: the functions; only scheduled ones matter.
        call: calls one function and returns a problem, or "" when all went well.
        submit: runs a call in the background.
        report: told of problems, once each time they change.
    """

    def __init__(
        self,
        functions: list[Function],
        call: Callable[[Function, datetime], str],
        submit: Callable[[Callable[[], None]], Future[None]],
        report: Callable[[str], None] = print,
    ) -> None:
        self._call = call
        self._submit = submit
        self._report = report
        self._jobs: list[_Job] = []
        for function in functions:
            if function.schedule is not None:
                try:
                    self._jobs.append(_Job(function, schedule.parse(function.schedule, function.timezone)))
                except (ValueError, KeyError, OSError) as unreadable:
                    report(f"the schedule of {function.name} cannot be read, it never ticks: {unreadable}")

    def advance(self, elapsed_minutes: int, moment: datetime) -> None:
        """Call every function due in this minute, except those still busy with their last call."""
        for job in self._jobs:
            if not job.schedule.is_due(elapsed_minutes, moment):
                continue
            if job.running is not None and not job.running.done():
                job.skipped += 1
                continue
            job.calls += 1
            job.running = self._submit(self._work(job, moment))

    def _work(self, job: _Job, moment: datetime) -> Callable[[], None]:
        def work() -> None:
            problem = self._call(job.function, moment)
            if problem:
                job.failures += 1
            if problem and problem != job.last_problem:
                self._report(f"tick of {job.function.name}: {problem}")
            job.last_problem = problem

        return work

    def summary(self) -> str:
        """One line for the status."""
        return "; ".join(
            f"{job.function.name}: {job.calls} calls"
            + (f", {job.skipped} left out while busy" if job.skipped else "")
            + (f", {job.failures} failed, last: {job.last_problem or 'well'}" if job.failures else "")
            for job in self._jobs
        )


class Ticker:
    """Runs a clock in a thread.

    Args:
        functions: the functions of the stack.
        functions_origin: the Functions emulator, http://host:port.
        project: project id.
        tick_seconds: how long a minute of the schedules lasts.
        report: told of problems.
    """

    def __init__(
        self,
        functions: list[Function],
        functions_origin: str,
        project: str,
        tick_seconds: float = DEFAULT_TICK_SECONDS,
        report: Callable[[str], None] = print,
    ) -> None:
        self._origin = functions_origin
        self._project = project
        self._tick_seconds = tick_seconds
        self._stop = threading.Event()
        self._paused = threading.Event()
        self.generation = 0
        scheduled = [function for function in functions if function.kind == "schedule"]
        self._pool = ThreadPoolExecutor(max_workers=max(1, len(scheduled)), thread_name_prefix="tick")
        self.clock = Clock(functions, self._call, self._pool.submit, report)
        self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)

    def start(self) -> None:
        """Begin; the first minute is over one tick from now."""
        self._thread.start()

    def pause(self) -> None:
        """Call nobody until `resume`."""
        self._paused.set()

    def resume(self, generation: int) -> None:
        """Go on; background functions are now known under this generation."""
        self.generation = generation
        self._paused.clear()

    def stop(self) -> None:
        """Call nobody any more; calls under way are not waited for."""
        self._stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        began, began_at = time.monotonic(), datetime.now(UTC)
        elapsed = 0
        while not self._stop.wait(max(0.0, began + (elapsed + 1) * self._tick_seconds - time.monotonic())):
            # After a machine's sleep the missed minutes are left out, not caught up.
            elapsed = max(elapsed + 1, int((time.monotonic() - began) / self._tick_seconds))
            if not self._paused.is_set():
                self.clock.advance(elapsed, began_at + timedelta(minutes=elapsed))

    def _call(self, function: Function, moment: datetime) -> str:
        del moment  # the schedule's time runs faster than the clock on the wall; functions are told the latter
        url = f"{self._origin}/functions/projects/{self._project}/triggers/{function.trigger(self.generation)}"
        headers = {
            "X-CloudScheduler": "true",
            "X-CloudScheduler-JobName": f"firebase-schedule-{function.name}-{function.region}",
            "X-CloudScheduler-ScheduleTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        try:
            status, text = web.request("POST", url, {}, headers=headers, timeout_s=function.timeout_s + 10)
        except OSError as failure:
            return f"no answer: {failure}"
        return "" if status < 300 else f"HTTP {status} {text[:200]}"
