"""The mail agent's world as a fixture: Firestore, a mailbox at the Microsoft stand-in, a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.microsoft.settings import Settings as MicrosoftSettings
from local.microsoft.testing import running_standin
from tests.mail_world import (
    ADA,
    FAST,
    NOON,
    Death,
    Killed,
    Stall,
    World,
    changed,
    mortal_commits,
    recipients,
)

if TYPE_CHECKING:
    from google.cloud.firestore import Client


@pytest.fixture
def world(firestore_db: Client, tmp_path: Path) -> Iterator[World]:
    holder: list[World] = []

    def clock() -> float:
        return holder[0].moment.timestamp() if holder else NOON.timestamp()

    with running_standin(MicrosoftSettings(tmp_path / "microsoft", clock=clock)) as microsoft:
        made = World(firestore_db, microsoft)
        holder.append(made)
        with mortal_commits(made):
            made.furnish()
            yield made


__all__ = ["ADA", "FAST", "NOON", "Death", "Killed", "Stall", "World", "changed", "recipients", "world"]
