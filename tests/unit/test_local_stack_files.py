"""What the local stack finds and writes: ports, tools, the functions folder, its state, its lock."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from local.stack import Stack, StackError, emulators, functions, ports, processes, standins, toolchain, warmup
from local.stack.state import FAILED, READY, STOPPING, Folder, PartHealth, StackInfo, SupervisorLock, version
from local.stack.supervisor import Options, Supervisor


def info(**changes: object) -> StackInfo:
    values = {"name": "x", "run": "r", "pid": os.getpid(), "created": 0.0, "phase": READY, "project_id": "demo-x"}
    return StackInfo(**{**values, "started_at": "2026-06-01T12:00:00+00:00", **changes})  # type: ignore[arg-type]


# -- ports


def test_free_ports_are_kept_and_taken_ones_replaced() -> None:
    with socket.socket() as taken:
        taken.bind((ports.HOST, 0))
        taken.listen()
        busy = taken.getsockname()[1]
        first = ports.choose(["a", "b"], rng=random.Random(1))
        again = ports.choose(["a", "b"], {**first, "b": busy}, rng=random.Random(2))
    assert again["a"] == first["a"]
    assert again["b"] not in (busy, first["a"])


def test_two_names_never_share_a_port() -> None:
    free = ports.choose(["a"])["a"]
    chosen = ports.choose(["a", "b"], {"a": free, "b": free})
    assert chosen["a"] == free
    assert chosen["b"] != free


# -- state


def test_state_survives_being_written_down(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    written = info(parts={"firebase": PartHealth("up", 7)}, microsoft={"url": "https://127.0.0.1:1"})
    folder.write(written)
    assert folder.read() == written


@pytest.mark.parametrize("content", ["", "{", "[]", '{"name": "x"}', '{"parts": {"a": 1}}'])
def test_a_damaged_state_file_counts_as_none(tmp_path: Path, content: str) -> None:
    folder = Folder(tmp_path)
    folder.state_file.write_text(content)
    assert folder.read() is None


def test_a_state_file_whose_pid_belongs_to_somebody_else_is_stale(tmp_path: Path) -> None:
    stack = Stack("x", tmp_path)
    lock = SupervisorLock(Folder(tmp_path))
    assert lock.acquire()
    Folder(tmp_path).write(info(created=1.0))
    assert stack.status() is None
    lock.release()


def test_a_state_file_without_a_supervisor_is_stale(tmp_path: Path) -> None:
    import psutil

    Folder(tmp_path).write(info(created=psutil.Process().create_time()))
    assert Stack("x", tmp_path).status() is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": "0.0.9/1"}, "0.0.9/1"),
        ({"version": "9.9/9", "aFieldToCome": 1}, "9.9/9"),
        ({"aFieldThatWas": 1, "version": None}, "an earlier one"),
    ],
)
def test_a_running_stack_of_another_version_is_told_at_once_with_what_to_do(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    stack, folder = Stack("other", tmp_path), Folder(tmp_path)
    mine = processes.started()
    folder.state_file.write_text(json.dumps({**json.loads(info(created=mine).to_json()), **changes}))
    assert stack.status() is None, "a file that outlived its supervisor is no stack"
    lock = SupervisorLock(folder)
    assert lock.acquire()
    try:
        for ask in (stack.up, stack.status, stack.save):
            with pytest.raises(StackError, match="leadgen --stack other local down") as told:
                ask()
            assert said in str(told.value)
        written = json.loads(folder.state_file.read_text())
        for ended in ({"phase": STOPPING}, {"pid": os.getpid() + 1}):
            folder.state_file.write_text(json.dumps({**written, **ended}))
            assert stack.status() is None, "it is on its way out, or another one is just starting"
    finally:
        lock.release()


def test_a_stack_of_this_version_is_found(tmp_path: Path) -> None:
    stack, folder = Stack("other", tmp_path), Folder(tmp_path)
    folder.write(info(created=processes.started(), version=version()))
    lock = SupervisorLock(folder)
    assert lock.acquire()
    try:
        assert stack.up().run == "r"
    finally:
        lock.release()


@pytest.mark.parametrize(("phase", "lost"), [(READY, True), (STOPPING, True), (FAILED, False), ("", False)])
def test_after_a_kill_the_next_start_says_what_was_lost(tmp_path: Path, phase: str, lost: bool) -> None:
    folder = Folder(tmp_path)
    if phase:
        folder.write(info(phase=phase, saved_at="2026-06-01T12:00:30+00:00"))
    said = Supervisor(Options("x", tmp_path))._sweep_last_run()
    assert ("2026-06-01T12:00:30" in said) == lost


def test_each_save_is_written_down_for_the_run_after_a_kill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulators, "save", lambda *_: None)
    supervisor = Supervisor(Options("x", tmp_path))
    supervisor.info.phase = READY
    supervisor._save()
    saved = Folder(tmp_path).written()["saved_at"]
    assert saved
    assert saved in Supervisor(Options("x", tmp_path))._sweep_last_run()


def test_only_one_supervisor_can_have_the_lock(tmp_path: Path) -> None:
    first, second = SupervisorLock(Folder(tmp_path)), SupervisorLock(Folder(tmp_path))
    assert first.acquire()
    assert not second.acquire(patience_s=0)
    assert second.holder() == os.getpid()
    first.release()
    assert second.holder() is None
    assert second.acquire(patience_s=0)
    second.release()


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from local.stack.state import *; "
        "lock = SupervisorLock(Folder(pathlib.Path(sys.argv[1]))); lock.acquire(); print('held', flush=True); input()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=toolchain.REPOSITORY) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert SupervisorLock(Folder(tmp_path)).holder() == holder.pid
        holder.kill()
    assert SupervisorLock(Folder(tmp_path)).holder() is None


def test_logs_are_rotated_and_the_oldest_dropped(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for number in range(6):
        folder.rotate_logs(keep=2)
        (folder.logs / "a.log").write_text(str(number))
    assert {path.name: path.read_text() for path in folder.logs.iterdir()} == {
        "a.log": "5",
        "a.log.1": "4",
        "a.log.2": "3",
    }


def test_a_client_gets_the_addresses_as_environment() -> None:
    variables = info(firestore_host="127.0.0.1:1", variables={"LEADGEN_LLM_URL": "u"}).environment()
    assert variables["FIRESTORE_EMULATOR_HOST"] == "127.0.0.1:1"
    assert variables["GOOGLE_CLOUD_PROJECT"] == "demo-x"
    assert variables["LEADGEN_LLM_URL"] == "u"


@pytest.mark.parametrize("name", ["", "../x", "A", "a b", "-a", "a-", "a" * 31])
def test_names_that_could_leave_the_folder_are_refused(name: str) -> None:
    with pytest.raises(StackError, match="not a name"):
        Stack(name)


def test_reset_of_a_stack_that_is_down_deletes_data_and_keeps_key_and_ports(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    key = standins.token_key(folder)
    folder.remember_ports({"auth": 1})
    for path in (folder.data, folder.data.with_name("data.old"), folder.standin_data("model")):
        path.mkdir(parents=True)
    Stack("x", tmp_path).reset()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ports.json", "token.key"]
    assert standins.token_key(folder) == key


def test_the_token_key_is_a_fernet_key_only_its_owner_can_read(tmp_path: Path) -> None:
    from cryptography.fernet import Fernet

    key = standins.token_key(Folder(tmp_path))
    assert Fernet(key).decrypt(Fernet(key).encrypt(b"x")) == b"x"
    assert (tmp_path / "token.key").stat().st_mode & 0o077 == 0


def test_a_start_that_failed_is_told_with_its_reason(tmp_path: Path) -> None:
    stack = Stack("x", tmp_path)
    Folder(tmp_path).write(info(phase=FAILED, error="no Java", run="mine"))
    with pytest.raises(StackError, match="no Java"):
        stack._check_failure("mine")


@pytest.mark.parametrize("text", ["fast", "-1", "0", "nan", "1e9"])
def test_a_nonsensical_tick_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    monkeypatch.setenv("LEADGEN_TICK_SECONDS", text)
    with pytest.raises(StackError, match="LEADGEN_TICK_SECONDS"):
        Stack("x", tmp_path)


# -- tools


def make_jar(path: Path, manifest: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", manifest)
    return path


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with an empty home and no emulators."""
    for name in (
        toolchain.FIRESTORE_VARIABLE,
        toolchain.PUBSUB_VARIABLE,
        "FIREBASE_EMULATORS_PATH",
        "CLOUDSDK_ROOT_DIR",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    tools = tmp_path / "firebase-tools" / "lib"
    (tools / "bin").mkdir(parents=True)
    (tools / "emulator").mkdir()
    table = {"firestore": {"downloadPathRelativeToCacheDir": "fs-v1.jar"}}
    (tools / "emulator" / "downloadableEmulatorInfo.json").write_text(json.dumps(table))
    return tools / "bin" / "firebase.js"


def test_the_emulator_is_looked_for_in_variable_cache_and_cloud_sdk_in_this_order(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdk = make_jar(tmp_path / "sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar", "")
    monkeypatch.setenv("CLOUDSDK_ROOT_DIR", str(tmp_path / "sdk"))
    assert toolchain.find_firestore_jar(bare) == sdk
    cached = make_jar(tmp_path / "home/.cache/firebase/emulators/fs-v1.jar", "")
    assert toolchain.find_firestore_jar(bare) == cached
    assert toolchain.find_emulators(bare).firestore is None  # firebase-tools finds its own cache
    named = make_jar(tmp_path / "named.jar", "")
    monkeypatch.setenv(toolchain.FIRESTORE_VARIABLE, str(named))
    assert toolchain.find_firestore_jar(bare) == named


def test_a_variable_that_names_no_file_is_an_error_not_ignored(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(toolchain.FIRESTORE_VARIABLE, "/no/such.jar")
    with pytest.raises(StackError, match=r"/no/such\.jar"):
        toolchain.find_emulators(bare)


def test_missing_node_says_how_to_get_it(bare: Path) -> None:
    with pytest.raises(StackError, match="apt-get install nodejs"):
        toolchain.find_node()


def test_missing_firebase_tools_says_how_to_get_them(bare: Path, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="make setup"):
        toolchain.find_firebase_tools(tmp_path)


def test_a_jar_without_main_class_gets_a_launcher_with_wrapped_lines(tmp_path: Path) -> None:
    jar = make_jar(tmp_path / ("long " * 30).strip() / "fs.jar", "Manifest-Version: 1.0\r\n")
    launcher = toolchain.runnable_jar(jar, tmp_path / "tools")
    with zipfile.ZipFile(launcher) as archive:
        manifest = archive.read("META-INF/MANIFEST.MF")
    assert all(len(line) <= 72 for line in manifest.split(b"\r\n"))
    unfolded = manifest.replace(b"\r\n ", b"").decode()
    assert f"Class-Path: {jar.as_uri()}" in unfolded
    assert f"Main-Class: {toolchain.FIRESTORE_MAIN_CLASS}" in unfolded


def test_a_jar_with_main_class_is_used_as_it_is(tmp_path: Path) -> None:
    jar = make_jar(tmp_path / "fs.jar", "Manifest-Version: 1.0\r\nMain-Class: x.Y\r\n")
    assert toolchain.runnable_jar(jar, tmp_path / "tools") == jar


# -- the functions folder and firebase.json

MAIN = "x = 1\n"


def make_repository(folder: Path) -> Path:
    source = folder / "backend"
    (source / "leadgen" / "__pycache__").mkdir(parents=True)
    (source / "venv").mkdir()
    (source / "main.py").write_text(MAIN)
    (folder / "firestore.rules").write_text("rules")
    (folder / "firestore.indexes.json").write_text("{}")
    config = {
        "functions": [
            {"source": "backend", "codebase": "default", "runtime": "python311", "ignore": ["venv"], "predeploy": []}
        ],
        "firestore": {"rules": "firestore.rules", "indexes": "firestore.indexes.json"},
    }
    (folder / "firebase.json").write_text(json.dumps(config))
    return folder / "firebase.json"


def test_the_generated_configuration_follows_the_deployed_one(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    deployed = make_repository(repository)
    before = sorted(str(path) for path in repository.rglob("*"))
    chosen = {name: 20_000 + number for number, name in enumerate(emulators.PORT_NAMES)}
    (tmp_path / "stack").mkdir()
    target = emulators.write_configuration(Folder(tmp_path / "stack"), deployed, chosen, None)
    generated = json.loads(target.read_text())
    assert generated["functions"][0]["ignore"] == ["venv"]
    assert generated["functions"][0]["runtime"] == f"python3{sys.version_info.minor}"
    assert (target.parent / generated["firestore"]["rules"]).read_text() == "rules"
    assert generated["emulators"]["firestore"]["port"] == chosen["firestore"]
    assert generated["emulators"]["firestore"]["websocketPort"] == chosen["firestore_websocket"]
    assert generated["emulators"]["ui"] == {"enabled": False}
    assert sorted(str(path) for path in repository.rglob("*")) == before  # nothing is written into the source


def test_each_stack_has_an_environment_of_its_own(tmp_path: Path) -> None:
    make_repository(tmp_path)
    (tmp_path / "backend" / "venv").rmdir()
    for name in ("one", "two"):
        functions.stage(tmp_path / "backend", tmp_path / name)
        assert (tmp_path / name / "main.py").read_text() == MAIN
        activate = tmp_path / name / "venv" / "bin" / "activate"
        answer = subprocess.run(
            ["sh", "-c", f'. "{activate}" && echo "$VIRTUAL_ENV"'], capture_output=True, text=True, check=True
        )
        assert answer.stdout.strip() == sys.prefix


def test_a_functions_folder_without_main_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"no main\.py"):
        functions.stage(tmp_path, tmp_path / "out")


def test_a_main_that_cannot_be_imported_is_shown_with_its_error(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("raise RuntimeError('broken on purpose')\n")
    functions.stage(tmp_path, tmp_path / "staged")
    with pytest.raises(StackError, match="broken on purpose"):
        functions.discover(tmp_path / "staged", dict(os.environ))


def test_functions_are_recognised_by_kind(tmp_path: Path) -> None:
    found = functions.parse(
        {
            "endpoints": {
                "a": {"httpsTrigger": {}, "timeoutSeconds": 300, "region": ["europe-west1"]},
                "b": {"eventTrigger": {"eventType": "x"}, "timeoutSeconds": None},
                "c": {"scheduleTrigger": {"schedule": "every 5 minutes", "timeZone": "America/Chicago"}},
            }
        }
    )
    assert [(f.name, f.kind, f.region, f.timeout_s) for f in found] == [
        ("a", "http", "europe-west1", 300),
        ("b", "event", "us-central1", 60),
        ("c", "schedule", "us-central1", 60),
    ]
    assert found[2].timezone == "America/Chicago"
    assert [f.trigger(3) for f in found] == ["europe-west1-a", "us-central1-b-3", "us-central1-c-3"]


def test_the_generation_is_the_highest_the_emulator_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = "Function x does not exist, valid functions are: us-central1-a2, us-central1-b-0, us-central1-b-3"
    monkeypatch.setattr(warmup.web, "request", lambda *args, **kwargs: (404, listing))
    assert warmup.generation("http://127.0.0.1:1", "demo-x") == 3


def test_no_proxy_and_no_real_credential_reaches_the_emulators() -> None:
    given = {
        "HTTPS_PROXY": "http://p",
        "http_proxy": "p",
        "GOOGLE_APPLICATION_CREDENTIALS": "k",
        "FIREBASE_TOKEN": "t",
        "A": "b",
    }
    kept = emulators.scrubbed_environment(given)
    assert kept.pop("NO_PROXY") == kept.pop("no_proxy") == "127.0.0.1,localhost,::1"
    assert kept == {"A": "b"}


# -- stand-ins


def test_a_missing_stand_in_is_named(tmp_path: Path) -> None:
    server = standins.StandIn("ghost", "local.there_is_no_such_thing")
    with pytest.raises(StackError, match="ghost is missing"):
        server.command(1, Folder(tmp_path))


def test_a_package_that_cannot_be_run_is_not_a_stand_in(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="missing"):
        standins.StandIn("setup", "email").command(1, Folder(tmp_path))


def test_microsoft_addresses_reach_the_functions(tmp_path: Path) -> None:
    ready = {"url": "https://127.0.0.1:1", "ca_file": "/ca.pem"}
    variables = standins.describe_microsoft(ready, Folder(tmp_path))
    assert variables["LEADGEN_MICROSOFT_AUTHORITY"] == "https://127.0.0.1:1/common"
    assert variables["LEADGEN_GRAPH_URL"] == "https://127.0.0.1:1/v1.0"
    assert variables["LEADGEN_CA_FILE"] == "/ca.pem"


def test_the_demo_source_names_the_sites_real_address(tmp_path: Path) -> None:
    import tomllib

    variables = standins.describe_classifieds({"url": "http://127.0.0.1:4711"}, Folder(tmp_path))
    definition = tomllib.loads((Path(variables["LEADGEN_SOURCES"]) / "demo.toml").read_text())
    assert definition["source"]["base_url"] == "http://127.0.0.1:4711"
    assert variables["LEADGEN_LOCAL_HOSTS"] == "127.0.0.1:4711"


# -- processes


def test_a_reused_pid_is_not_mistaken_for_the_process() -> None:
    since_boot = processes.started()
    assert processes.is_same_process(os.getpid(), since_boot)
    assert not processes.is_same_process(os.getpid(), since_boot - 60)


@pytest.mark.skipif(sys.platform != "linux", reason="the clock is set in psutil's reading of /proc/stat")
def test_a_process_stays_the_same_when_the_wall_clock_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil

    since_boot, boot = processes.started(), psutil.boot_time()
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: boot + 41.0)
    assert processes.is_same_process(os.getpid(), since_boot)


def test_another_stack_has_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo empties its stack first, so it must not be the one somebody works on."""
    monkeypatch.setenv("LEADGEN_STACK_DIR", str(tmp_path / "mine"))
    assert Stack().root == tmp_path / "mine"
    assert Stack("demo").root == tmp_path / "mine-demo"
