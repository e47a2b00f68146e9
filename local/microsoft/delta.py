"""Delta queries over a folder: what changed since a token, page by page.

Source: learn.microsoft.com/graph/delta-query-messages. Differences: a changed message is always shown whole (Graph may
show the changed properties alone), and a token that was forgotten by `reset` counts as unknown.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.microsoft.database import Database
from local.microsoft.errors import GraphError, bad_request, item_not_found
from local.microsoft.mailstore import MailStore, Message
from local.microsoft.settings import KnobStore


@dataclass(frozen=True)
class Cursor:
    """Where a reader of a folder stands: all changes up to `sequence` were told."""

    mailbox: str
    folder: str
    sequence: int
    first_round: bool
    options: dict[str, str]


@dataclass(frozen=True)
class Page:
    """Messages that are new or changed, ids that are gone, and where to go on."""

    entries: list[Message | tuple[str, str]]
    """A message, or the pair (immutable id, regular id) of one that left the folder."""
    next: Cursor
    complete: bool


class DeltaFeed:
    """Reads the log of changes and keeps the tokens handed out."""

    def __init__(self, database: Database, mail: MailStore, clock: Callable[[], float], knobs: KnobStore) -> None:
        self._database, self._mail, self._clock, self._knobs = database, mail, clock, knobs

    def page(self, cursor: Cursor, size: int) -> Page:
        """The next changes after a cursor, at most `size` of them."""
        self._mail.settle()
        rows = self._database.rows(
            "SELECT immutable_id, MAX(sequence) AS sequence, regular_id FROM changes "
            "WHERE mailbox = ? AND folder = ? AND sequence > ? GROUP BY immutable_id ORDER BY sequence",
            *(cursor.mailbox, cursor.folder, cursor.sequence),
        )
        entries: list[Message | tuple[str, str]] = []
        sequence, complete = cursor.sequence, True
        for row in rows:
            entry = self._entry(cursor, row)
            if entry is not None and len(entries) == size:
                complete = False
                break
            if entry is not None:
                entries.append(entry)
            sequence = row["sequence"]
        going_on = cursor.first_round and not complete
        return Page(entries, Cursor(cursor.mailbox, cursor.folder, sequence, going_on, cursor.options), complete)

    def _entry(self, cursor: Cursor, row: Any) -> Message | tuple[str, str] | None:
        try:
            message = self._mail.find(cursor.mailbox, row["immutable_id"])
        except GraphError:
            message = None
        if message is not None and message.folder == cursor.folder:
            return message
        return None if cursor.first_round else (row["immutable_id"], row["regular_id"])

    def save(self, cursor: Cursor) -> str:
        """Hand out a token for a cursor."""
        token = secrets.token_urlsafe(32)
        facts = json.dumps(cursor.__dict__)
        self._database.run(
            "INSERT INTO delta_tokens (token, json, issued) VALUES (?, ?, ?)", token, facts, self._clock()
        )
        return token

    def load(self, token: str, mailbox: str, folder: str) -> Cursor:
        """The cursor of a token.

        Raises:
            GraphError: 410 for a token that is unknown (`SyncStateNotFound`, as Outlook says it) or too old
                (`resyncRequired`); either way the reader starts over.
        """
        row = self._database.row("SELECT * FROM delta_tokens WHERE token = ?", token)
        if row is None:
            raise GraphError(410, "SyncStateNotFound", "The sync state generation is not found; resync is required.")
        if self._clock() >= row["issued"] + self._knobs.current.delta_lifetime:
            raise GraphError(410, "resyncRequired", "Resync required. The sync token has expired.")
        cursor = Cursor(**json.loads(row["json"]))
        if cursor.mailbox != mailbox:
            raise item_not_found()
        if cursor.folder != folder:
            raise bad_request("The sync token belongs to another folder.", "ErrorInvalidSyncStateData")
        return cursor
