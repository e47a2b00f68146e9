"""The server that all workers of a test run share: one is started, and it ends after its last user."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.one_for_all import one_for_all


class Server:
    """Counts how often it was started and ended."""

    def __init__(self) -> None:
        self.started, self.ended = 0, threading.Event()

    @contextmanager
    def run(self) -> Iterator[str]:
        self.started += 1
        yield f"server {self.started}"
        self.ended.set()


def test_it_is_started_once_and_ends_after_its_last_user(tmp_path: Path) -> None:
    server, leave = Server(), threading.Event()
    owner_has_it, seen = threading.Event(), []

    def own() -> None:
        with one_for_all(tmp_path, server.run) as address:
            seen.append(address)
            owner_has_it.set()
            assert leave.wait(10)

    owner = threading.Thread(target=own)
    owner.start()
    assert owner_has_it.wait(10)
    with one_for_all(tmp_path, server.run) as address, one_for_all(tmp_path, server.run) as again:
        leave.set()
        owner.join(0.3)
        assert owner.is_alive(), "it waits for us"
        assert not server.ended.is_set()
        assert {address, again, *seen} == {"server 1"}
    owner.join(10)
    assert server.ended.is_set()
    with one_for_all(tmp_path, server.run) as address:
        assert address == "server 2"


def test_a_start_that_fails_is_tried_by_the_next(tmp_path: Path) -> None:
    @contextmanager
    def fails() -> Iterator[str]:
        raise OSError("no Java")
        yield ""

    with pytest.raises(OSError, match="no Java"), one_for_all(tmp_path, fails):
        raise AssertionError
    with one_for_all(tmp_path, Server().run) as address:
        assert address == "server 1"
