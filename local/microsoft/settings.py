"""What the stand-in is started with, and the knobs that can be turned while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from local.microsoft.accounts import DEMO_ACCOUNTS, Account, Client
from local.microsoft.database import Database


class Knobs(BaseModel):
    """Everything adjustable at run time, in seconds unless the name says otherwise (JSON names are camelCase)."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")

    token_lifetime: float = Field(default=3600, gt=0)
    code_lifetime: float = Field(default=600, gt=0)
    refresh_token_lifetime: float = Field(default=90 * 86400, gt=0)
    refresh_reuse_seconds: float = Field(default=600, ge=0)
    """How long a refresh token still works after it was exchanged for the next one; 0 revokes it at once."""
    device_code_lifetime: float = Field(default=900, gt=0)
    device_interval: int = Field(default=5, ge=1)
    delta_lifetime: float = Field(default=30 * 86400, gt=0)
    sent_lag_seconds: float = Field(default=0, ge=0)
    """How long after a send the copy in Sent Items takes to appear."""
    sent_lag_shows: Literal["missing", "draft"] = "missing"
    """What a reader sees meanwhile under the message's id: 404, or still the draft."""
    max_concurrent: int | None = Field(default=None, ge=1)
    """Requests at a time per mailbox; Exchange Online allows 4."""
    max_messages_per_minute: int | None = Field(default=None, ge=1)
    """Messages sent per mailbox in any 60 s; Exchange Online allows 30."""
    retry_after_form: Literal["seconds", "date"] = "seconds"


@dataclass(frozen=True)
class Settings:
    """What the stand-in is started with; `clock` gives seconds since the epoch and is replaced in tests."""

    data_dir: Path
    accounts: tuple[Account, ...] = DEMO_ACCOUNTS
    clients: tuple[Client, ...] = ()
    knobs: Knobs = field(default_factory=Knobs)
    clock: Callable[[], float] = time.time


class KnobStore:
    """The current knobs; a change survives a restart, `reset` goes back to what the process was started with."""

    def __init__(self, database: Database, initial: Knobs) -> None:
        self._database = database
        self._initial = initial
        saved = database.read_value("knobs")
        self.current = Knobs.model_validate({**initial.model_dump(by_alias=True), **saved}) if saved else initial

    def change(self, changes: dict[str, object]) -> Knobs:
        """Apply some changes. Raises pydantic.ValidationError for an unknown name or an impossible value."""
        saved = {**(self._database.read_value("knobs") or {}), **changes}
        changed = Knobs.model_validate({**self._initial.model_dump(by_alias=True), **saved})
        self._database.write_value("knobs", saved)
        self.current = changed
        return changed

    def reset(self) -> None:
        self.current = self._initial
