"""One instance of the soak: threads that ask the Governor for calls and make them, until the process is killed."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from leadgen.llm.book import Slot
from leadgen.llm.governor import Governor
from leadgen.llm.spending import Use
from leadgen.llm.window import Pace

_BODY = json.dumps({"model": "rules-1", "messages": [{"role": "user", "content": "A plumber in Austin."}]})
_HEADERS = {"Authorization": "Bearer local", "Content-Type": "application/json"}
_LONGEST_NAP_S = 2.0


@dataclass(frozen=True)
class Task:
    """What an instance is to do.

    Args:
        owner: its name.
        project: the Firestore project.
        model_url: the stand-in.
        pace: the Governor's lengths.
        threads: how many.
        seed: of its jitter.
    """

    owner: str
    project: str
    model_url: str
    pace: Pace
    threads: int
    seed: int


def run(task: Task) -> None:
    """Ask and call for ever."""
    from google.cloud.firestore import Client

    governor = Governor(Client(project=task.project), owner=task.owner, pace=task.pace, rng=random.Random(task.seed))
    threads = [threading.Thread(target=_calls, args=(task, governor, number)) for number in range(task.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _calls(task: Task, governor: Governor, number: int) -> None:
    parts = urlsplit(task.model_url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    connection.connect()
    while True:
        grants = governor.take("one", {f"campaign-{number % 2}": 1})
        for slot in grants.slots:
            _call(connection, slot)
        if grants.retry_at is not None:
            wait = grants.retry_at.timestamp() - time.time()
            time.sleep(min(max(wait, 0.001), _LONGEST_NAP_S))


def _call(connection: http.client.HTTPConnection, slot: Slot) -> None:
    time.sleep(max(0.0, slot.opens_at - time.monotonic()))
    if time.monotonic() >= slot.lapses_at:
        slot.skipped()
        return
    connection.request("POST", "/v1/chat/completions", _BODY, _HEADERS)
    slot.begun()
    connection.getresponse().read()
    slot.answered()
    slot.ended(Use(1))
