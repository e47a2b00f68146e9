"""Where a trial looks: as the environment says, else as a running local stack says, else in the product itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadgen.trial.places import Places, find_places

STACK = {"LEADGEN_SOURCES": "/stack/sources", "LEADGEN_LOCAL_HOSTS": "127.0.0.1:4711"}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in STACK:
        monkeypatch.delenv(name, raising=False)


def test_a_running_stack_names_its_sources_and_its_hosts() -> None:
    assert find_places(STACK) == Places(Path("/stack/sources"), frozenset({"127.0.0.1:4711"}))


def test_the_environment_goes_before_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADGEN_SOURCES", "/mine")
    monkeypatch.setenv("LEADGEN_LOCAL_HOSTS", "LOCALHOST:81")
    assert find_places(STACK) == Places(Path("/mine"), frozenset({"localhost:81"}))


def test_without_either_it_is_the_products_own_folder_and_no_host_of_this_machine() -> None:
    places = find_places({})
    assert (places.sources / "example.toml").is_file()
    assert places.local_hosts == frozenset()
    assert not places.is_local("http://127.0.0.1:4711/")
