"""What tests of several folders share: the Firestore emulator, a client for it, and a whole local stack."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
import pytest
from _pytest.unraisableexception import gc_collect_iterations_key
from hypothesis import HealthCheck, settings

from local.stack import Stack, StackInfo, toolchain
from local.stack.firestore_alone import firestore_emulator as running_firestore
from tests.databases import Databases, empty
from tests.one_for_all import one_for_all

if TYPE_CHECKING:
    from google.cloud import firestore


# How long an example takes says how busy the machine is, not whether a promise holds.
settings.register_profile("leadgen", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("leadgen")

_ORDER = ("e2e/test_demo", "integration/", "e2e/test_local_stack", "snapshots/", "e2e/test_backend", "")


def pytest_configure(config: pytest.Config) -> None:
    """Collect without looking for garbage, each worker from another file on.

    Every worker imports all tests. What one has compiled the others find compiled, unless all are at the same file.
    """
    _trust_one_authority(config)
    gc.disable()
    config.stash[gc_collect_iterations_key] = 1  # five looks at everything, at the end, find no more than one
    worker = getattr(config, "workerinput", None)
    if worker is not None and config.args == ["tests"]:
        files = sorted(str(path) for path in (config.rootpath / "tests").rglob("test_*.py"))
        start = len(files) * int(worker["workerid"].removeprefix("gw")) // int(worker["workercount"])
        config.args = files[start:] + files[:start]


def _trust_one_authority(config: pytest.Config) -> None:
    """Tests talk to this machine alone; a client that reads all the web's authorities takes 40 ms to make."""
    if "SSL_CERT_FILE" not in os.environ:  # of the first process, for its workers and whatever tests start
        authority, end, _ = Path(certifi.where()).read_text("utf-8").partition("-----END CERTIFICATE-----\n")
        file = config.cache.mkdir("authority") / "one.pem"
        file.write_text(authority + end, "utf-8")
        os.environ["SSL_CERT_FILE"] = str(file)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, whole stacks one after another: parallel workers neither wait for one nor crowd the CPU."""
    items.sort(key=lambda item: (next(rank for rank, part in enumerate(_ORDER) if part in item.nodeid), item.path))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Cheaper pilots, where there are Textual apps; what was collected stays, so it is not looked at again."""
    gc.freeze()
    gc.enable()
    if "textual.app" in sys.modules:
        from tests import pilots

        pilots.install()


@pytest.fixture
def no_frames() -> Iterator[None]:
    """For tests that look at widgets and not at what a terminal shows."""
    from tests import pilots

    with pilots.no_frames():
        yield


@pytest.fixture
def frames(no_frames: None) -> Iterator[None]:
    """For a test among those that looks at what is painted, too."""
    from tests import pilots

    with pilots.frames():
        yield


@pytest.fixture(scope="session")
def firestore_emulator(tmp_path_factory: pytest.TempPathFactory, worker_name: str) -> Iterator[str]:
    """host:port of a Firestore emulator with the deployed rules; it ends with the session, even a killed one.

    The workers of a run share it, each with a project of its own: a second one would cost a second Java to warm up.
    """
    rules = toolchain.REPOSITORY / "firestore.rules"
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_name == "main" else base.parent) / "firestore"
    start = partial(running_firestore, rules if rules.is_file() else None, folder / "firestore.log")
    with one_for_all(folder, start) as address:
        yield address


@pytest.fixture(scope="session")
def worker_project(worker_name: str) -> str:
    """A project id of this test worker's own."""
    return f"demo-test-{worker_name}"


@pytest.fixture(scope="session")
def worker_name(request: pytest.FixtureRequest) -> str:
    """Name of the xdist worker; "main" when tests run in one process."""
    workerinput = getattr(request.config, "workerinput", None)
    return str(workerinput["workerid"]) if workerinput else "main"


@pytest.fixture
def firestore_db(
    firestore_emulator: str, worker_project: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[firestore.Client]:
    """A client on an empty database, with the rights of the backend."""
    from google.cloud import firestore

    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", worker_project)
    empty(worker_project)
    client = firestore.Client(project=worker_project)
    yield client
    client.close()


@pytest.fixture
def databases(firestore_db: firestore.Client) -> Iterator[Databases]:
    """Further databases, empty as well."""
    made = Databases(firestore_db.project)
    yield made
    made.close()


@pytest.fixture(scope="session")
def local_stack(tmp_path_factory: pytest.TempPathFactory, worker_name: str) -> Iterator[StackInfo]:
    """A whole local stack with the repository's functions and stand-ins; it ends when the session does.

    Its name is that of the test worker, so several of them run side by side.
    """
    stack = Stack(f"test-{worker_name}", tmp_path_factory.mktemp("stack"), owned=True)
    try:
        yield stack.up(progress=lambda line: print(f"stack: {line}"))
    finally:
        stack.down()
