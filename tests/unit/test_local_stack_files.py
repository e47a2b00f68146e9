"""What the local stack finds and writes: ports, tools, the functions folder, its state, its lock."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local.stack import Stack, StackError, emulators, ports, processes, standins, toolchain, warmup
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
