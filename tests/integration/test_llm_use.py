"""What surrounds the model's calls, on a real Firestore: kept answers, turns of campaigns, limits, the commands."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from typer.testing import CliRunner

from console.cli import llm as commands
from console.cli.app import app
from leadgen.api import work
from leadgen.api.auth import Caller
from leadgen.api.call import Call
from leadgen.api.endpoints import ENDPOINTS
from leadgen.environment import read_environment
from leadgen.llm.cache import Answers, Kept
from leadgen.llm.governor import Governor
from leadgen.llm.schema import Enrichment
from leadgen.model.documents import Contact, LeadData, ProcessorRequest
from leadgen.model.roles import Role
from leadgen.model.status import ContactStatus, RequestStatus
from leadgen.pipeline import wiring
from leadgen.pipeline.context import Context
from leadgen.pipeline.enrichment import AT_ONCE, enrich_waiting
from leadgen.settings import SettingsChange, update_settings
from leadgen.store.client import Collections
from leadgen.store.clock import SystemClock
from local.model.app import build_app
from local.model.settings import Settings
from local.serving import running

if TYPE_CHECKING:
    from google.cloud.firestore import Client

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class At:
    """A clock that shows what it is set to."""

    def __init__(self, moment: datetime = NOW) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


def test_an_answer_is_kept_for_thirty_days_and_nothing_of_the_post_with_it(firestore_db: Client) -> None:
    clock = At()
    answers = Answers(firestore_db, clock)
    kept = Kept(Enrichment(category="Plumbing", opener="I saw your ad."), "m/enrich-2")
    answers.keep({"a" * 64: kept})
    assert answers.find(["a" * 64, "b" * 64]) == {"a" * 64: kept}
    document = Collections(firestore_db).llm_cache.document("a" * 64).get().to_dict()
    assert document is not None
    assert set(document) == {"answer", "answeredBy", "expiresAt"}
    clock.moment += timedelta(days=30)
    assert answers.find(["a" * 64]) == {}, "Firestore deletes it some time later"


def test_a_damaged_answer_is_asked_for_anew(firestore_db: Client) -> None:
    Collections(firestore_db).llm_cache.document("c").set(
        {"answer": {"category": "Crime"}, "answeredBy": "m", "expiresAt": NOW + timedelta(days=9)}
    )
    assert Answers(firestore_db, At()).find(["c"]) == {}


def wait_for_model(db: Client, campaign: str, number: int, since: datetime) -> None:
    names, batch = Collections(db), db.batch()
    request = ProcessorRequest(
        city="austin", template_id=1, number_of_leads_to_process=number, status=RequestStatus.PROCESSING,
        request_timestamp=NOW,
    )  # fmt: skip
    batch.set(names.requests.document(campaign), request.to_firestore() | {"counts": {"waiting": number}})
    for n in range(number):
        contact = Contact(
            status=ContactStatus.PENDING_ENRICHMENT,
            request_id=campaign,
            lead_data_json=LeadData(title=f"Plumber {n}", body="We do drain cleaning.", phone="+15125550100"),
            created_at=NOW,
            last_updated=NOW,
            next_attempt_at=since + timedelta(seconds=n),
        )
        batch.set(names.contacts.document(f"{campaign}{n:03d}"), contact.to_firestore())
    batch.commit()


def test_a_small_campaign_has_its_turn_while_a_large_one_waits_before_it(firestore_db: Client) -> None:
    wait_for_model(firestore_db, "large", 100, NOW - timedelta(hours=1))
    wait_for_model(firestore_db, "small", 7, NOW - timedelta(minutes=1))
    asked: list[Counter[str]] = []

    class Asked:
        def enrich(self, leads: list[LeadData], websites: Any = None, campaigns: Any = ()) -> list[Any]:
            asked.append(Counter(campaigns))
            until = NOW + timedelta(seconds=30)
            return [SimpleNamespace(lead=lead, waiting_until=until, note="") for lead in leads]

    context = Context(firestore_db, read_environment(), clock=At(), sources=(), enricher=Asked)  # type: ignore[arg-type]
    enrich_waiting(context)
    assert asked == [Counter(large=AT_ONCE - 7, small=7)]


def test_limits_of_the_configuration_hold_for_the_very_next_call(firestore_db: Client) -> None:
    governor = Governor(firestore_db, owner="one")
    assert len(governor.take("m", {"c": 1}, tokens=900, micros=700_000).slots) == 1
    change = SettingsChange({"llmTokensPerMinute": 1000, "llmDollarsPerDay": 1}, "admin@example.com")
    update_settings(firestore_db, change, SystemClock())
    too_many = governor.take("m", {"c": 1}, tokens=900, micros=1)
    assert (too_many.slots, too_many.retry_at is not None) == ((), True)
    assert "money" in governor.take("m", {"c": 1}, tokens=1, micros=700_000).reason
    assert len(governor.take("m", {"c": 1}, tokens=1, micros=1).slots) == 1


@pytest.fixture
def model(tmp_path: Path) -> Iterator[str]:
    with running(build_app(Settings(tmp_path))) as base:
        yield base


@pytest.fixture
def session(firestore_db: Client, model: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {"URL": f"{model}/v1", "KEY": "local", "MODEL": "rules-1", "PRICE": "1/2"}.items():
        monkeypatch.setenv(f"LEADGEN_LLM_{name}", value)
    wiring._providers.cache_clear()
    context = Context(firestore_db, read_environment(), sources=())
    monkeypatch.setattr(work, "Context", SimpleNamespace(from_environment=lambda: context))

    def call(name: str) -> list[dict[str, Any]]:
        endpoint = ENDPOINTS[name]
        assert endpoint.role is Role.ADMIN
        answer = endpoint.work(Call(Caller(uid="u", email="a@example.com", role=Role.ADMIN), None))
        assert isinstance(answer, list)
        return [one.model_dump(by_alias=True, mode="json") for one in answer]

    found = SimpleNamespace(firestore=lambda: firestore_db, call=call)
    monkeypatch.setattr(commands, "open_session", lambda: found)
    yield
    wiring._providers.cache_clear()


def leadgen(*words: str) -> Any:
    return CliRunner().invoke(app, ["llm", *words])


@pytest.mark.usefixtures("session")
def test_the_test_makes_one_call_under_the_governor_and_the_status_shows_it(firestore_db: Client) -> None:
    tried = leadgen("test", "--json")
    assert tried.exit_code == 0, tried.output
    [one] = json.loads(tried.stdout)
    assert (one["ok"], one["model"]) == (True, "rules-1")
    assert one["dollars"] == pytest.approx((one["promptTokens"] + 2 * one["completionTokens"]) / 1e6)
    facts = json.loads(leadgen("status", "--json").stdout)
    assert (facts["used"], facts["limit"]) == (1, 20)
    assert facts["today"]["calls"] == 1
    assert facts["today"]["dollars"] == pytest.approx(one["dollars"])
    assert facts["today"]["reservedDollars"] == 0
    assert facts["providers"][one["provider"]]["tokens"] == one["promptTokens"] + one["completionTokens"]
    assert facts["campaigns"][0]["city"] == commands.NO_CAMPAIGN
    shown = leadgen("status")
    assert "1 of 20" in shown.stdout
    assert one["provider"] in shown.stdout


@pytest.mark.usefixtures("session")
def test_the_test_says_what_is_wrong_and_what_to_do(firestore_db: Client, model: str) -> None:
    fault = {"kind": "status", "status": 401}
    httpx.post(f"{model}/_standin/faults", json=fault, trust_env=False).raise_for_status()
    refused = leadgen("test")
    assert refused.exit_code == 1
    assert "LEADGEN_LLM_KEY" in refused.stderr
    Collections(firestore_db).governor.set({"limit": 0}, merge=True)
    paused = leadgen("test")
    assert paused.exit_code == 1
    assert "paused" in paused.stderr
    calls = httpx.get(f"{model}/_standin/calls", trust_env=False).json()["calls"]
    assert len(calls) == 1


@pytest.mark.usefixtures("session")
def test_an_earlier_days_account_is_kept_when_the_next_begins(firestore_db: Client) -> None:
    used = {"day": "2026-03-01", "providers": {"m": {"calls": 9, "promptTokens": 90, "micros": 2_500_000}}}
    Collections(firestore_db).governor.set({"limit": 5, "day": used})
    before = json.loads(leadgen("status", "--days", "3", "--json").stdout)
    assert (before["today"]["calls"], before["earlier"][0]["dollars"]) == (0, 2.5)
    assert len(Governor(firestore_db, owner="one").take("m", {"c": 1}).slots) == 1
    [earlier] = json.loads(leadgen("status", "--days", "3", "--json").stdout)["earlier"]
    assert (earlier["day"], earlier["calls"], earlier["cost"]) == ("2026-03-01", 9, "$2.50")
    assert json.loads(leadgen("status", "--json").stdout)["earlier"] == []
    assert "2026-03-01" in leadgen("status", "--days", "1").stdout


@pytest.mark.usefixtures("session")
def test_the_status_names_who_waits_with_the_campaigns_city(firestore_db: Client) -> None:
    wait_for_model(firestore_db, "campaign1", 1, NOW)
    Collections(firestore_db).governor.set({"limit": 1})
    governor = Governor(firestore_db, owner="one")
    governor.take("m", {"campaign1": 3})
    [waiting] = json.loads(leadgen("status", "--json").stdout)["waiting"]
    assert (waiting["campaign"], waiting["city"], waiting["calls"]) == ("campaign1", "austin", 2)
    shown = leadgen("status")
    assert "austin campaign" in shown.stdout
    assert "in use" in shown.stdout
