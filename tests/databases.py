"""Databases for tests that need several: the emulator takes five times as long to make one as to empty one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from local.stack import web

if TYPE_CHECKING:
    from google.cloud.firestore import Client


def empty(project: str) -> None:
    """Delete every document of a project of the emulator."""
    path = f"/emulator/v1/projects/{project}/databases/(default)/documents"
    status, text = web.request("DELETE", f"http://{os.environ['FIRESTORE_EMULATOR_HOST']}{path}", timeout_s=20)
    assert status == 200, text


class Databases:
    """As many as are used at the same moment; for several threads.

    Args:
        project: what their projects' names begin with.
    """

    def __init__(self, project: str) -> None:
        self._project = project
        self._idle: list[Client] = []
        self._made: list[Client] = []

    @contextmanager
    def one(self) -> Iterator[Client]:
        """A client on an empty database that is nobody else's for as long as the block lasts."""
        try:
            db = self._idle.pop()
        except IndexError:
            db = self._make()
        empty(db.project)
        yield db
        self._idle.append(db)  # not after a failure: something may still be writing to it

    def _make(self) -> Client:
        from google.cloud import firestore

        db = firestore.Client(project=f"{self._project}-{os.urandom(4).hex()}")
        self._made.append(db)
        return db

    def close(self) -> None:
        """Close the clients."""
        for db in self._made:
            db.close()
