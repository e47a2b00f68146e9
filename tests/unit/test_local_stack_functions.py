"""The functions folder a stack runs, its firebase.json, and the list of functions that main.py declares."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from functions_framework._http.gunicorn import GunicornApplication
from gunicorn.config import Keepalive

from local.stack import StackError, emulators, functions, toolchain
from local.stack.nursery import keep_idle_connections
from local.stack.state import Folder

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


@pytest.fixture(scope="module")
def nursery() -> Iterator[str]:
    """The address of a nursery that has what the list of functions takes, and nothing else."""
    with running_nursery() as address:
        yield address


@contextlib.contextmanager
def running_nursery() -> Iterator[str]:
    bare = "from local.stack import nursery; nursery._LIBRARIES = (); nursery.main()"
    with tempfile.TemporaryDirectory() as short:
        address = Path(short) / "nursery"
        with subprocess.Popen([sys.executable, "-c", bare, str(address)], cwd=toolchain.REPOSITORY) as process:
            while not address.exists():
                assert process.poll() is None
                time.sleep(0.01)
            yield str(address)
            process.terminate()


def staged(folder: Path, main: str) -> Path:
    (folder / "main.py").write_text(main)
    functions.stage(folder, folder / "staged")
    return folder / "staged"


def test_main_is_asked_for_its_functions_with_the_environment_of_the_stack(tmp_path: Path, nursery: str) -> None:
    folder = staged(
        tmp_path,
        "import os\nfrom firebase_functions import https_fn\n"
        "@https_fn.on_request(region=os.environ['NÄME'], timeout_sec=7)\ndef hello(request): ...\n",
    )
    found = functions.discover(folder, {**os.environ, "NÄME": "mars=1"}, nursery)
    assert [(one.name, one.region, one.timeout_s) for one in found] == [("hello", "mars=1", 7)]
    assert functions.parse(json.loads((folder / "functions.yaml").read_text())) == found


def test_what_functions_import_late_is_there_before_and_never_older_than_its_file(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").write_text("VALUE = 'first'\n")
    (tmp_path / "core" / "broken.py").write_text("VALUE = 1 / 0\n")
    (tmp_path / "plain.py").write_text("")
    folder = staged(
        tmp_path,
        "import sys\nfrom firebase_functions import https_fn\nthere = 'core' in sys.modules\nimport core\n"
        "@https_fn.on_request(region=f'{core.VALUE}-{there}')\n"
        "def hello(request):\n    import core.broken\n    from core import VALUE\n    import json, plain\n",
    )

    def seen(address: str) -> str:
        return functions.discover(folder, dict(os.environ), address)[0].region

    with running_nursery() as address:
        assert [seen(address) for _ in range(2)] == ["first-False", "first-True"]
        (tmp_path / "plain.py").write_text("changed = True\n")
        assert seen(address) == "first-False"
        (tmp_path / "plain.py").unlink()
        (tmp_path / "core" / "__init__.py").write_text("VALUE = 'second'\n")
        assert [seen(address) for _ in range(2)] == ["second-False", "second-False"]
        (tmp_path / "core" / "__init__.py").write_text("VALUE = 'first'\n")  # of the same size, but newer
        assert seen(address) == "first-False"
        (tmp_path / "other").mkdir()
        assert functions.discover(staged(tmp_path / "other", MAIN), dict(os.environ), address) == []


@pytest.mark.parametrize("there", [True, False], ids=["nursery", "alone"])
def test_a_main_that_cannot_be_imported_is_shown_with_its_error(tmp_path: Path, nursery: str, there: bool) -> None:
    folder = staged(tmp_path, "raise RuntimeError('broken on purpose')\n")
    with pytest.raises(StackError, match="broken on purpose"):
        functions.discover(folder, dict(os.environ), nursery if there else "/no/such/nursery")


def test_a_main_that_leaves_is_no_list_of_no_functions(tmp_path: Path, nursery: str) -> None:
    folder = staged(tmp_path, "import os\nos._exit(0)\n")
    with pytest.raises(StackError, match="cannot be imported"):
        functions.discover(folder, dict(os.environ), nursery)


def test_a_main_that_takes_too_long_is_told_and_ended(
    tmp_path: Path, nursery: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(functions, "_DISCOVERY_TIMEOUT_S", 2.0)
    folder = staged(
        tmp_path, "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(600)\n"
    )
    with pytest.raises(StackError, match="took longer than 2 s"):
        functions.discover(folder, dict(os.environ), nursery)
    pid = folder / "pid"
    if pid.exists():  # on a very slow machine it had not come so far
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(int(pid.read_text())).wait(timeout=20)


def test_a_worker_never_closes_a_connection_before_the_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keepalive, "default", Keepalive.default)
    nodes_agent_keeps_s = 5  # https://nodejs.org/docs/latest-v20.x/api/http.html#httpglobalagent
    keep_idle_connections()
    worker = GunicornApplication(None, "127.0.0.1", 1, False)  # what functions-framework starts
    assert worker.cfg.keepalive > 2 * nodes_agent_keeps_s


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
