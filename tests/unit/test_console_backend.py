"""What the console says about the backend: what is deployed, whether it answers, what to type."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from console.backend import functions
from console.backend.look import look, tail
from console.backend.state import BackendState, FunctionState, advice
from console.client.problems import BackendError
from console.client.profile import Profile
from leadgen.model.functions import FUNCTIONS
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import settled

LOCAL = Profile("local", "demo-x", "key", "http://127.0.0.1:5001/demo-x/us-central1", firestore_host="127.0.0.1:8080")
DEPLOYED = Profile("prod", "acme-leads", "key", "https://us-central1-acme-leads.cloudfunctions.net")
SIGN_IN: Any = SimpleNamespace(id_token=lambda: "token")
KINDS = {"https_fn.on_request": "http", "scheduler_fn.on_schedule": "schedule"}


def test_the_list_of_functions_is_that_of_the_deployed_file() -> None:
    tree = ast.parse(Path("backend_functions/main.py").read_text(encoding="utf-8"))
    found = []
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        for decorator in (d for d in function.decorator_list if isinstance(d, ast.Call)):
            made_by = ast.unparse(decorator.func)
            found.append((function.name, KINDS.get(made_by, made_by.partition("_fn")[0])))
    assert sorted((f.name, f.kind) for f in FUNCTIONS) == sorted(found)


def backends(*names: str) -> Callable[[httpx.Request], httpx.Response]:
    """The emulator's answer to ``/backends``."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/backends":
            triggers: list[dict[str, Any]] = [{"name": n, "entryPoint": n, "httpsTrigger": {}} for n in names]
            triggers.append({"name": "harvestStep", "eventTrigger": {"eventType": "google.cloud.pubsub.topic.v1.x"}})
            return httpx.Response(200, json={"backends": [{"functionTriggers": triggers}]})
        assert request.headers["Authorization"] == "Bearer token"
        return httpx.Response(200, json={}, headers={"Date": format_datetime(datetime.now(UTC), usegmt=True)})

    return answer


def test_the_emulators_functions_are_compared_with_those_expected() -> None:
    http = httpx.Client(transport=httpx.MockTransport(backends("getConfig", "surprise")))
    by_name = {f.name: f for f in functions.found(LOCAL, http)}
    assert by_name["getConfig"].state == "ACTIVE"
    assert by_name["getConfig"].url.endswith("/us-central1/getConfig")
    assert by_name["surprise"].state == "UNEXPECTED"
    assert by_name["triggerHarvest"].state == "MISSING"


class Api:
    """The Cloud Functions client, answering from a list or with an error."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def list_functions(self, parent: str, timeout: float) -> Any:
        assert parent == "projects/acme-leads/locations/us-central1"
        assert timeout > 0
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_a_deployed_function_shows_state_revision_and_what_failed() -> None:
    from google.cloud.functions_v2 import Function

    deployed = Function(
        name="projects/acme-leads/locations/us-central1/functions/getConfig",
        state=Function.State.FAILED,
        update_time=datetime(2026, 11, 1, tzinfo=UTC),
        service_config={"revision": "getconfig-00007-abc"},
        url="https://x/getConfig",
        state_messages=[{"message": "the build failed"}],
    )
    scheduled = Function(
        name="projects/acme-leads/locations/us-central1/functions/sweepTick",
        state=Function.State.ACTIVE,
        labels={"deployment-scheduled": "true"},
    )
    by_name = {f.name: f for f in functions.found(DEPLOYED, client=Api([deployed, scheduled]))}
    got = by_name["getConfig"]
    assert (got.state, got.revision, got.detail) == ("FAILED", "getconfig-00007-abc", "the build failed")
    assert got.updated == datetime(2026, 11, 1, tzinfo=UTC)
    assert by_name["sweepTick"].kind == "schedule"


def _errors() -> list[tuple[Exception, str]]:
    from google.api_core.exceptions import PermissionDenied, ServiceUnavailable
    from google.auth.exceptions import DefaultCredentialsError

    return [
        (DefaultCredentialsError("none"), "no Google Cloud credentials"),
        (PermissionDenied("no"), "Cloud Functions Viewer on acme-leads"),
        (ServiceUnavailable("down"), "ServiceUnavailable"),
    ]


@pytest.mark.parametrize(("error", "said"), _errors(), ids=lambda v: type(v).__name__)
def test_who_may_not_see_what_is_deployed_is_told_what_to_do(error: Exception, said: str) -> None:
    with pytest.raises(BackendError) as refused:
        functions.found(DEPLOYED, client=Api(error))
    assert said in f"{refused.value.detail} {refused.value.hint}"


def test_a_look_measures_the_round_trip_and_reads_the_log(tmp_path: Path) -> None:
    log = tmp_path / "firebase.log"
    log.write_text("one\n\ntwo\n", encoding="utf-8")
    http = httpx.Client(transport=httpx.MockTransport(backends("getConfig")))
    state = look(LOCAL, SIGN_IN, log, http)
    assert state.round_trip_s is not None
    assert abs(state.clock_skew_s or 0) < 5
    assert (state.refusal, state.log) == ("", ("one", "two"))


def test_a_backend_that_is_down_is_said_not_raised() -> None:
    def down(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    state = look(LOCAL, SIGN_IN, None, httpx.Client(transport=httpx.MockTransport(down)))
    assert state.round_trip_s is None
    assert "leadgen local status" in state.refusal
    assert any("does not answer" in line for line in advice(state))


def test_a_refusal_and_a_wrong_clock_are_told() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/backends":
            return httpx.Response(200, json={"backends": []})
        told = {"title": "Forbidden", "detail": "You have no role."}
        return httpx.Response(403, content=json.dumps(told), headers={"Date": "Wed, 18 Nov 2020 20:00:00 GMT"})

    said = " ".join(advice(look(LOCAL, SIGN_IN, None, httpx.Client(transport=httpx.MockTransport(refuse)))))
    assert "getConfig answered 403. Forbidden. You have no role." in said
    assert "clock" in said
    assert "ahead" in said


def test_all_is_well_says_nothing() -> None:
    assert advice(BackendState("x", (FunctionState("getConfig", "http", "ACTIVE"),), round_trip_s=0.1)) == ()


def test_the_tail_is_bounded(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"\xff\xfe broken\n" + b"x" * 200_000 + b"\nlast\n")
    assert tail(log)[-1] == "last"
    assert len(tail(log)) <= 3
    assert tail(tmp_path / "none") == ()


async def test_the_screen_asks_when_it_is_shown_and_then_seldom() -> None:
    session = recorded.FakeSession()
    app, behind = recorded.recorded_app(session=session)
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        assert session.looks == 0
        await pilot.press("8")
        await settled(pilot)
        assert session.looks == 1
        behind.clock.advance(10)
        app.flush()
        await settled(pilot)
        assert session.looks == 1
        await pilot.press("l")
        await settled(pilot)
        assert session.looks == 2
