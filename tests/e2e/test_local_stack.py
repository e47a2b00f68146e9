"""The local stack keeps its promises with the real emulators: warm, side by side, durable, and gone when it is gone."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.stack import Stack, StackError, StackInfo, java, processes, toolchain, web

PATIENCE_S = 40.0
MAIN = """
import json, os
from firebase_functions import firestore_fn, https_fn, pubsub_fn, scheduler_fn

def database():
    from google.cloud import firestore
    return firestore.Client(project=os.environ["GCLOUD_PROJECT"])

@https_fn.on_request()
def hello(request):
    database().collection("calls").add({"path": request.path})
    seen = {name: value for name, value in os.environ.items() if name.startswith("LEADGEN_")}
    return https_fn.Response(json.dumps(seen), content_type="application/json")

@firestore_fn.on_document_created(document="in/{id}")
def copyDocument(event):
    database().collection("out").document(event.params["id"]).set({"seen": True})

@pubsub_fn.on_message_published(topic="work")
def takeMessage(event):
    database().collection("worked").add(event.data.message.json)

@scheduler_fn.on_schedule(schedule="every 1 minutes")
def beat(event):
    database().collection("beats").add({"job": event.job_name})
"""
STANDIN = """
import os
from aiohttp import web
from local.serving import base_arguments, serve

arguments = base_arguments("a stand-in for tests").parse_args()
memory = arguments.data_dir / "memory"

async def read(request):
    return web.Response(text=memory.read_text() if memory.exists() else "")

async def write(request):
    memory.write_text(await request.text())
    return web.Response()

async def reset(request):
    memory.unlink(missing_ok=True)
    return web.json_response({})

async def die(request):
    os._exit(3)

app = web.Application()
app.add_routes([web.get("/memory", read), web.put("/memory", write), web.post("/die", die)])
app.add_routes([web.post("/_standin/reset", reset)])
serve(app, port=arguments.port, ready_file=arguments.ready_file)
"""
DEFINITION = """
from local.stack.standins import StandIn

ONE = (StandIn("memory", "memory_standin", describe=lambda ready, folder: {"LEADGEN_LLM_URL": ready["url"] + "/v1"}),)
"""


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A functions folder and a stand-in of the tests' own, in a folder whose name holds a space."""
    folder = tmp_path_factory.mktemp("stack material") / "with space"
    (folder / "functions").mkdir(parents=True)
    (folder / "functions" / "main.py").write_text(MAIN)
    (folder / "memory_standin.py").write_text(STANDIN)
    (folder / "memory_standins.py").write_text(DEFINITION)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        patch.delenv("LEADGEN_STACK_DIR", raising=False)
        patch.delenv("LEADGEN_TICK_SECONDS", raising=False)
        yield folder


def make_stack(material: Path, name: str) -> Stack:
    return Stack(
        name,
        material / f"stack {name}",
        source=material / "functions",
        standins="memory_standins:ONE",
        tick_seconds=1.0,
        owned=True,
    )


@pytest.fixture(scope="module")
def first(material: Path) -> Iterator[Stack]:
    """A stack, started by two callers at the same moment."""
    stack = make_stack(material, "first")
    infos: list[StackInfo] = []
    callers = [
        threading.Thread(target=lambda: infos.append(make_stack(material, "first").up(timeout_s=120))) for _ in range(2)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(timeout=150)
    try:
        assert len(infos) == 2
        assert infos[0].run == infos[1].run
        yield stack
    finally:
        stack.down()


def wait_for(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (result := condition()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)
    return result


def info_of(stack: Stack) -> StackInfo:
    info = stack.status()
    assert info is not None
    return info


def documents(info: StackInfo, path: str) -> list[dict[str, Any]]:
    url = (
        f"http://{info.firestore_host}/v1/projects/{info.project_id}/databases/(default)/documents/{path}?pageSize=300"
    )
    status, text = web.request("GET", url, headers={"Authorization": "Bearer owner"})
    assert status == 200, text
    found: list[dict[str, Any]] = json.loads(text).get("documents", [])
    return found


def create_document(info: StackInfo, path: str, name: str) -> None:
    url = f"http://{info.firestore_host}/v1/projects/{info.project_id}/databases/(default)/documents/{path}?documentId={name}"
    status, text = web.request("POST", url, {"fields": {}}, headers={"Authorization": "Bearer owner"})
    assert status == 200, text


def create_user(info: StackInfo, email: str) -> None:
    url = f"http://{info.auth_host}/identitytoolkit.googleapis.com/v1/accounts:signUp?key=local"
    status, text = web.request("POST", url, {"email": email, "password": "secret-enough"})
    assert status == 200, text


def users(info: StackInfo) -> list[str]:
    url = f"http://{info.auth_host}/identitytoolkit.googleapis.com/v1/projects/{info.project_id}/accounts:query"
    status, text = web.request("POST", url, {}, headers={"Authorization": "Bearer owner"})
    assert status == 200, text
    return [user["email"] for user in json.loads(text).get("userInfo", [])]


def publish(info: StackInfo, payload: dict[str, Any]) -> None:
    data = base64.b64encode(json.dumps(payload).encode()).decode()
    url = f"http://{info.pubsub_host}/v1/projects/{info.project_id}/topics/work:publish"
    status, text = web.request("POST", url, {"messages": [{"data": data}]})
    assert status == 200, text


def assert_a_next_start_is_quick() -> None:
    """Java has kept the emulators' classes when it ended, theirs and not those of `java -version`."""
    files = toolchain.find_emulators(toolchain.find_firebase_tools())
    assert files.firestore
    assert files.pubsub
    for emulator in (toolchain.runnable_jar(files.firestore, java.KEPT), files.pubsub):
        sizes = [one.stat().st_size for one in java.KEPT.glob(f"{emulator.stem}-*.jsa")]
        assert sizes, emulator
        assert min(sizes) > 10 * 2**20, emulator


def test_functions_answer_and_know_the_stand_ins(first: Stack) -> None:
    info = info_of(first)
    status, text = web.request("GET", f"{info.functions_url}/hello")
    assert status == 200
    seen = json.loads(text)
    assert seen["LEADGEN_LLM_URL"] == info.standins["memory"]["url"] + "/v1"
    assert seen["LEADGEN_TOKEN_KEY"]


def test_warming_up_does_not_call_the_functions(first: Stack) -> None:
    paths = [document["fields"]["path"]["stringValue"] for document in documents(info_of(first), "calls")]
    assert all("robots" not in path for path in paths)


def test_triggers_messages_and_ticks_arrive(first: Stack) -> None:
    info = info_of(first)
    create_document(info, "in", "a")
    publish(info, {"n": 1})
    wait_for(lambda: documents(info, "out"))
    wait_for(lambda: documents(info, "worked"))
    beats = wait_for(lambda: documents(info, "beats"))
    assert beats[0]["fields"]["job"]["stringValue"] == "firebase-schedule-beat-us-central1"


def test_every_part_is_healthy_and_up_is_idempotent(first: Stack) -> None:
    info = info_of(first)
    assert {part.state for part in info.parts.values()} == {"up"}
    assert first.up().pid == info.pid


def test_a_killed_stand_in_comes_back_on_its_port_with_its_memory(first: Stack) -> None:
    url = info_of(first).standins["memory"]["url"]
    web.request("PUT", f"{url}/memory", "kept")
    with pytest.raises(OSError):  # noqa: PT011 - whatever the broken connection raises
        web.request("POST", f"{url}/die")

    def is_back() -> bool:
        try:
            return web.request("GET", f"{url}/memory")[1] == '"kept"'
        except OSError:
            return False

    wait_for(is_back)
    wait_for(lambda: info_of(first).parts["memory"].state == "up")
    assert info_of(first).parts["memory"].restarts == 1


def test_reset_empties_everything_and_the_stack_goes_on(first: Stack) -> None:
    info = info_of(first)
    create_document(info, "kept", "a")
    create_user(info, "someone@example.com")
    web.request("PUT", f"{info.standins['memory']['url']}/memory", "x")
    first.reset()
    assert documents(info, "kept") == []
    assert documents(info, "out") == []
    assert users(info) == []
    assert web.request("GET", f"{info.standins['memory']['url']}/memory")[1] == ""
    create_document(info, "in", "b")
    publish(info, {"n": 2})
    wait_for(lambda: documents(info, "out"))
    assert len(wait_for(lambda: documents(info, "worked"))) == 1
    wait_for(lambda: documents(info, "beats"))


def test_a_second_stack_runs_beside_and_keeps_its_data_over_kill_and_down(first: Stack, material: Path) -> None:
    second = make_stack(material, "second")
    try:
        info = second.up(timeout_s=120)
        other = info_of(first)
        assert set(info.ports.values()).isdisjoint(other.ports.values())
        create_document(info, "only", "here")
        create_user(info, "someone@example.com")
        assert documents(other, "only") == []
        second.save()

        os.kill(info.pid, signal.SIGKILL)
        wait_for(lambda: not processes.marked(info.run))
        assert second.status() is None

        again = second.up(timeout_s=120)
        assert again.ports == info.ports
        assert len(documents(again, "only")) == 1
        assert users(again) == ["someone@example.com"]
        create_document(again, "only", "too")
        second.down()
        assert processes.marked(again.run) == []
        assert second.status() is None
        assert_a_next_start_is_quick()
        assert (material / "stack second" / "data" / "firebase-export-metadata.json").is_file()
        assert info_of(first).run == other.run
        assert web.request("GET", f"{other.functions_url}/hello")[0] == 200
    finally:
        second.down()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_during_the_start_in_the_foreground_leaves_nothing(
    material: Path, tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "local.stack", "run", "--name", "front", "--root", str(tmp_path / "front")]
    command += ["--source", str(material / "functions"), "--standins", "memory_standins:ONE"]
    with subprocess.Popen(command, cwd=toolchain.REPOSITORY, stdout=subprocess.PIPE, start_new_session=True) as front:
        assert front.stdout is not None
        for line in front.stdout:
            if b"starting the Firebase emulators" in line:
                break
        run = wait_for(lambda: Stack("front", tmp_path / "front")._folder.read()).run
        assert processes.marked(run)
        front.send_signal(number)
        code = front.wait(timeout=PATIENCE_S)
    if number != signal.SIGKILL:
        assert code == 0
    wait_for(lambda: not processes.marked(run))


def test_the_stack_ends_with_its_owner(material: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from local.stack import Stack; "
        "Stack('owned', Path(sys.argv[1]), source=Path(sys.argv[2]), standins='memory_standins:ONE', owned=True)"
        ".up(lambda line: print(line, flush=True))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "owned"), str(material / "functions")]
    with subprocess.Popen(command, cwd=toolchain.REPOSITORY, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        for line in owner.stdout:
            if b"starting the stand-ins" in line:
                break
        run = wait_for(lambda: Stack("owned", tmp_path / "owned")._folder.read()).run
        owner.kill()
    wait_for(lambda: not processes.marked(run))


def test_a_missing_stand_in_fails_clearly_and_leaves_nothing(material: Path, tmp_path: Path) -> None:
    (material / "ghost_standins.py").write_text(DEFINITION.replace("memory_standin", "there_is_none"))
    stack = Stack("ghost", tmp_path / "ghost", source=material / "functions", standins="ghost_standins:ONE")
    with pytest.raises(StackError, match="there_is_none"):
        stack.up(timeout_s=60)
    recorded = stack._folder.read()
    assert recorded is not None
    wait_for(lambda: not processes.marked(recorded.run))
    assert stack.status() is None
    stack.down()
