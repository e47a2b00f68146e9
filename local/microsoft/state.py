"""Everything the handlers work with, tied together once per application."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from local.microsoft.accounts import Client, Directory
from local.microsoft.database import Database
from local.microsoft.settings import KnobStore, Settings
from local.microsoft.tokens import GrantStore, TokenService

if TYPE_CHECKING:
    from local.microsoft.delta import DeltaFeed
    from local.microsoft.faults import FaultRules
    from local.microsoft.limits import Limits
    from local.microsoft.mailstore import MailStore


class ClientRegistry:
    """The registered applications."""

    def __init__(self, database: Database, initial: tuple[Client, ...]) -> None:
        self._database, self._initial = database, initial

    def find(self, client_id: str) -> Client | None:
        row = self._database.row("SELECT json FROM clients WHERE client_id = ?", client_id)
        if row is None:
            return next((client for client in self._initial if client.client_id == client_id), None)
        facts = json.loads(row["json"])
        return Client(client_id, facts["secret"], tuple(facts["redirect_uris"]))

    def register(self, client: Client) -> None:
        facts = json.dumps({"secret": client.secret, "redirect_uris": client.redirect_uris})
        self._database.run("INSERT OR REPLACE INTO clients (client_id, json) VALUES (?, ?)", client.client_id, facts)


@dataclass(frozen=True)
class State:
    """The stand-in's parts."""

    settings: Settings
    database: Database
    knobs: KnobStore
    directory: Directory
    clients: ClientRegistry
    grants: GrantStore
    tokens: TokenService
    mail: MailStore
    delta: DeltaFeed
    limits: Limits
    faults: FaultRules

    def now(self) -> float:
        return self.settings.clock()


STATE = web.AppKey("state", State)
ALSO_FORGET: web.AppKey[list[Callable[[], None]]] = web.AppKey("also_forget", list)
"""What else a reset empties."""


def state_of(request: web.Request) -> State:
    """The state of the application that serves a request."""
    return request.app[STATE]


def origin_of(request: web.Request) -> str:
    """Scheme and host the client reached us under, e.g. `https://127.0.0.1:8443`."""
    return f"{request.scheme}://{request.host}"
