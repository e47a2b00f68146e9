"""The Graph mail stand-in, running, with a mailbox: for the tests of what it does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.microsoft.settings import Settings
from local.microsoft.testing import Clock, RunningStandin, running_standin

JOB = "String {6f2c1f3e-9a51-4d7b-8f0a-0d5a1f0f9e11} Name leadgenJob"
ADA, GRACE = "ada@contoso.example", "grace@contoso.example"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def standin(tmp_path: Path, clock: Clock) -> Iterator[RunningStandin]:
    with running_standin(Settings(tmp_path, clock=clock)) as served:
        yield served


@pytest.fixture
def graph(standin: RunningStandin) -> Iterator[httpx.Client]:
    with standin.graph() as client:
        yield client


def draft(**more: Any) -> dict[str, Any]:
    return {
        "subject": "Hello there",
        "body": {"contentType": "HTML", "content": "<p>Good <b>morning</b></p><p>Ada</p>"},
        "toRecipients": [{"emailAddress": {"name": "Bob", "address": "bob@example.org"}}],
        **more,
    }


def create(graph: httpx.Client, **more: Any) -> dict[str, Any]:
    response = graph.post("me/messages", json=draft(**more))
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created


def error_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def job_property(value: str) -> list[dict[str, str]]:
    return [{"id": JOB, "value": value}]


def delta_round(graph: httpx.Client, link: str, page_size: int = 2) -> tuple[list[dict[str, Any]], str]:
    entries: list[dict[str, Any]] = []
    while True:
        prefer = f'IdType="ImmutableId", odata.maxpagesize={page_size}'
        response = graph.get(link, headers={"Prefer": prefer})
        assert response.status_code == 200, response.text
        answer = response.json()
        assert len(answer["value"]) <= page_size
        assert ("@odata.nextLink" in answer) != ("@odata.deltaLink" in answer)
        entries += answer["value"]
        if "@odata.deltaLink" in answer:
            return entries, answer["@odata.deltaLink"]
        link = answer["@odata.nextLink"]
