"""Enrichment on a real Firestore: a repost costs no call, and each field says where it is from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from leadgen.environment import read_environment
from leadgen.llm.cache import Answers
from leadgen.llm.client import ModelClient
from leadgen.llm.enrich import Enricher
from leadgen.llm.governor import Governor
from leadgen.llm.prompt import PROMPT_VERSION
from leadgen.llm.providers import Provider
from leadgen.llm.spending import Price
from leadgen.model.documents import Contact, LeadData, ProcessorRequest
from leadgen.model.status import ContactStatus, RequestStatus
from leadgen.pipeline.context import Context
from leadgen.pipeline.enrichment import enrich_waiting
from leadgen.store.client import Collections
from leadgen.store.clock import SystemClock
from local.model.app import build_app
from local.model.settings import Settings
from local.serving import running
from tests.counting import counted
from tests.support import Broker

if TYPE_CHECKING:
    from google.cloud.firestore import Client

BODY = (
    "Hays Pipe Works – Joe. We do drain cleaning, repipes and toilets. Licensed and insured, and we answer the phone."
)


@pytest.fixture
def model(tmp_path: Path) -> Iterator[str]:
    with running(build_app(Settings(tmp_path))) as base:
        yield base


def waiting(db: Client, name: str, body: str, phone: str) -> None:
    now = datetime.now(UTC)
    contact = Contact(
        status=ContactStatus.PENDING_ENRICHMENT,
        request_id="campaign",
        source_url="https://site.example/1",
        lead_data_json=LeadData(title="Licensed plumber", body=body, city="austin", phone=phone),
        created_at=now,
        last_updated=now,
        next_attempt_at=now - timedelta(seconds=1),
    )
    Collections(db).contacts.document(name).set(contact.to_firestore())


def test_reposts_cost_no_call_and_every_field_says_where_it_is_from(firestore_db: Client, model: str) -> None:
    names = Collections(firestore_db)
    request = ProcessorRequest(
        city="austin", template_id=1, number_of_leads_to_process=9, status=RequestStatus.PROCESSING,
        request_timestamp=datetime.now(UTC),
    )  # fmt: skip
    names.requests.document("campaign").set(request.to_firestore())
    client = ModelClient(f"{model}/v1", "local", "rules-1", price=Price(1.0, 2.0))
    governor, clock = Governor(firestore_db, owner="one"), SystemClock()
    enricher = Enricher(governor, [Provider("one", client)], clock, answers=Answers(firestore_db, clock))
    context = Context(
        firestore_db, read_environment(), publisher=Broker(), sources=(), enricher=lambda: enricher
    )  # fmt: skip

    waiting(firestore_db, "a", BODY, "+15125550100")
    waiting(firestore_db, "b", BODY, "+15125550101")
    assert enrich_waiting(context) == 2
    waiting(firestore_db, "c", f"★ {BODY.upper()} ★", "+15125550102")
    assert enrich_waiting(context) == 1
    client.close()

    calls = httpx.get(f"{model}/_standin/calls", trust_env=False).json()["calls"]
    assert len(calls) == 1
    account = names.governor.get().to_dict() or {}
    assert account["day"]["campaigns"]["campaign"]["calls"] == 1
    assert account["day"]["campaigns"]["campaign"]["micros"] > 0
    found: dict[str, Any] = names.contacts.document("a").get().to_dict() or {}
    assert found["status"] == ContactStatus.PHONE_ONLY
    said = found["provenance"]
    assert set(said) == {"businessName", "name", "category", "servicesRendered", "language", "opener"}
    assert {one["extractor"] for one in said.values()} == {f"rules-1/{PROMPT_VERSION}"}
    assert "Hays Pipe Works" in said["businessName"]["snippet"]
    assert "drain cleaning" in said["servicesRendered"]["snippet"]
    assert {one["sourceUrl"] for one in said.values()} == {"https://site.example/1"}
    assert {one["requestId"] for one in said.values()} == {"campaign"}


def test_what_the_account_needs_is_written_along_with_grants_and_not_for_each_lead(
    firestore_db: Client, model: str
) -> None:
    client = ModelClient(f"{model}/v1", "local", "rules-1", price=Price(1.0, 2.0))
    provider, clock = Provider("one", client), SystemClock()
    with counted(firestore_db) as meter:
        enricher = Enricher(
            Governor(firestore_db, owner="one"), [provider], clock, answers=Answers(firestore_db, clock)
        )
        leads = [LeadData(title=f"Plumber {n}", body=BODY, city="austin") for n in range(12)]
        results = enricher.enrich(leads, campaigns=["campaign"] * 12)
    client.close()
    assert all(result.lead.enriched_by != "rules" for result in results)
    written = meter.total.by_collection
    assert written["write", "governor"] <= 2, "one for the grants, one for what they used"
    assert written["write", "llmCache"] == 12
    assert meter.total.writes <= 2 + 12
