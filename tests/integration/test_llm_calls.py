"""The whole path, Governor on Firestore and model over HTTP: what arrives at the provider never exceeds the limit."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from leadgen.llm.client import ModelClient
from leadgen.llm.enrich import Enricher
from leadgen.llm.governor import Governor
from leadgen.llm.providers import Provider
from leadgen.llm.state import configure_limit_changes
from leadgen.llm.window import Pace
from leadgen.model.documents import LeadData
from leadgen.store.client import Collections
from leadgen.store.clock import SystemClock
from local.model.app import build_app
from local.model.settings import Settings
from local.serving import running

if TYPE_CHECKING:
    from google.cloud.firestore import Client


def leads(instance: int, turn: int) -> list[LeadData]:
    """Three that nobody asked about before: what is known is not asked again."""
    body = "We do drain cleaning, repipes and toilets. Job {} of van {}, crew {}."
    return [
        LeadData(title="Licensed plumber", body=body.format(turn, instance, crew), city="austin") for crew in range(3)
    ]


PACE = Pace(window_s=2.0, use_within_s=1.0, travel_s=0.5, horizon_s=0.3)
LIMIT = 7


def test_calls_of_several_instances_arrive_within_the_limit_in_every_window(
    firestore_db: Client, tmp_path: Path
) -> None:
    Collections(firestore_db).governor.set(configure_limit_changes(LIMIT), merge=True)
    with running(build_app(Settings(tmp_path))) as base:
        client = ModelClient(f"{base}/v1", "local", "rules-1", 10.0)
        client.prepare()
        end = time.monotonic() + 6.0
        done: list[int] = []

        def instance(number: int) -> None:
            governor = Governor(firestore_db, owner=f"instance-{number}", pace=PACE)
            enricher = Enricher(governor, [Provider("one", client)], SystemClock())
            while time.monotonic() < end:
                results = enricher.enrich(leads(number, len(done)))
                done.append(sum(result.waiting_until is None for result in results))
                threading.Event().wait(0.05)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(instance, range(4)))
        client.close()
        arrivals = sorted(
            call["monotonic"] for call in httpx.get(f"{base}/_standin/calls", trust_env=False).json()["calls"]
        )
    assert len(arrivals) == sum(done) > LIMIT
    for index, first in enumerate(arrivals):
        assert sum(first <= moment < first + PACE.window_s for moment in arrivals[index:]) <= LIMIT
