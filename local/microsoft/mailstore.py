"""The mailboxes: messages in folders, their ids, and what becomes of one that is sent."""

from __future__ import annotations

import base64
import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.microsoft.accounts import Account, Directory
from local.microsoft.database import Database
from local.microsoft.deliveries import Deliveries
from local.microsoft.errors import bad_request, item_not_found
from local.microsoft.mime import recipient, to_mime
from local.microsoft.settings import KnobStore
from local.microsoft.times import iso

FOLDERS = {
    "inbox": "Inbox",
    "drafts": "Drafts",
    "sentitems": "Sent Items",
    "deleteditems": "Deleted Items",
    "junkemail": "Junk Email",
    "archive": "Archive",
    "outbox": "Outbox",
}
_FOLDER_SPACE = uuid.UUID("8f5f2d53-6c7c-49f5-8a38-64c1c6f4c0aa")


@dataclass(frozen=True)
class Message:
    """One stored message. `submitted` is when it was sent, as long as its copy is not in Sent Items yet."""

    number: int
    mailbox: str
    immutable_id: str
    regular_id: str
    folder: str
    submitted: float | None
    content: dict[str, Any]


def folder_id(mailbox: str, name: str) -> str:
    """The id of a well-known folder; folders' ids never change."""
    raw = b"\x00folder" + uuid.uuid5(_FOLDER_SPACE, f"{mailbox.lower()}/{name}").bytes * 2
    return "AQMkAD" + base64.urlsafe_b64encode(raw).decode("ascii")


def find_folder(mailbox: str, key: str) -> str:
    """The well-known name of a folder given by name or id. Raises GraphError (404)."""
    if key.lower() in FOLDERS:
        return key.lower()
    for name in FOLDERS:
        if folder_id(mailbox, name) == key:
            return name
    raise item_not_found()


def _new_id(prefix: str) -> str:
    return prefix + base64.urlsafe_b64encode(secrets.token_bytes(66)).decode("ascii")


class MailStore:
    """All mailboxes of the stand-in."""

    def __init__(
        self,
        database: Database,
        deliveries: Deliveries,
        directory: Directory,
        clock: Callable[[], float],
        knobs: KnobStore,
    ) -> None:
        self._database, self._directory, self._clock, self._knobs = database, directory, clock, knobs
        self.deliveries = deliveries

    # --- reading -------------------------------------------------------------------------------------------------

    def find(self, mailbox: str, message_id: str) -> Message:
        """A message by either of its ids. Raises GraphError (404)."""
        self.settle()
        row = self._database.row(
            "SELECT * FROM messages WHERE mailbox = ? AND (immutable_id = ? OR regular_id = ?)",
            *(mailbox, message_id, message_id),
        )
        if row is None or self._is_hidden(row):
            raise item_not_found()
        return _message(row)

    def messages(self, mailbox: str, folder: str | None = None) -> list[Message]:
        """The messages of a folder, or of the whole mailbox."""
        self.settle()
        where, values = ("AND folder = ?", [folder]) if folder else ("", [])
        rows = self._database.rows(f"SELECT * FROM messages WHERE mailbox = ? {where}", mailbox, *values)
        return [_message(row) for row in rows if not self._is_hidden(row)]

    def counts(self, mailbox: str, folder: str) -> tuple[int, int]:
        """How many messages a folder holds, and how many of them are unread."""
        messages = self.messages(mailbox, folder)
        return len(messages), sum(1 for message in messages if not message.content.get("isRead"))

    def _is_hidden(self, row: Any) -> bool:
        return row["submitted"] is not None and self._knobs.current.sent_lag_shows == "missing"

    # --- changing ------------------------------------------------------------------------------------------------

    def create_draft(self, account: Account, given: dict[str, Any]) -> Message:
        """A new draft from the properties a client gave, already checked."""
        return self._insert(account, "drafts", {"isRead": True, **given, "isDraft": True})

    def receive(self, account: Account, given: dict[str, Any], folder: str = "inbox") -> Message:
        """Put a message into a folder as if it had arrived."""
        answered = given.get("In-Reply-To") or ""
        conversation = given.get("conversationId") or self._conversation_of(account.address, answered)
        content = {"isRead": False, **given, "isDraft": False}
        if conversation:
            content["conversationId"] = conversation
        return self._insert(account, folder, content)

    def _conversation_of(self, mailbox: str, message_id: str) -> str | None:
        if not message_id:
            return None
        row = self._database.row(
            "SELECT json_extract(content, '$.conversationId') AS conversation FROM messages "
            "WHERE mailbox = ? AND json_extract(content, '$.internetMessageId') = ?",
            *(mailbox, message_id),
        )
        return row["conversation"] if row else None

    def _insert(self, account: Account, folder: str, given: dict[str, Any]) -> Message:
        now = iso(self._clock())
        owner = recipient(account.address, account.name)
        content = {
            "createdDateTime": now,
            "receivedDateTime": now,
            "sentDateTime": now,
            "internetMessageId": f"<{secrets.token_hex(16)}@{account.domain}>",
            "conversationId": _new_id("AAQkAD")[:80] + "=",
            "conversationIndex": base64.b64encode(secrets.token_bytes(22)).decode("ascii"),
            "sender": given.get("from") or owner,
            "from": owner,
            **given,
            "lastModifiedDateTime": now,
            "changeKey": base64.b64encode(secrets.token_bytes(18)).decode("ascii"),
        }
        immutable_id, regular_id = _new_id("AAkALg"), _new_id("AAMkAD")
        with self._database.transaction():
            self._database.run(
                "INSERT INTO messages (mailbox, immutable_id, regular_id, folder, content) VALUES (?, ?, ?, ?, ?)",
                *(account.address, immutable_id, regular_id, folder, json.dumps(content)),
            )
            self._note_change(account.address, folder, immutable_id, regular_id)
        return self._load(immutable_id)

    def update(self, message: Message, changes: dict[str, Any]) -> Message:
        """Change properties, already checked, of a message."""
        stamp = {
            "lastModifiedDateTime": iso(self._clock()),
            "changeKey": base64.b64encode(secrets.token_bytes(18)).decode("ascii"),
        }
        content = {**message.content, **changes, **stamp}
        with self._database.transaction():
            self._database.run("UPDATE messages SET content = ? WHERE number = ?", json.dumps(content), message.number)
            self._note_change(message.mailbox, message.folder, message.immutable_id, message.regular_id)
        return self._load(message.immutable_id)

    def move(self, message: Message, folder: str) -> Message:
        """Move a message: the regular id changes, the immutable one stays."""
        if message.folder == folder:
            return message
        regular_id = _new_id("AAMkAD")
        with self._database.transaction():
            self._note_change(message.mailbox, message.folder, message.immutable_id, message.regular_id)
            self._database.run(
                "UPDATE messages SET folder = ?, regular_id = ?, submitted = NULL, due = NULL WHERE number = ?",
                *(folder, regular_id, message.number),
            )
            self._note_change(message.mailbox, folder, message.immutable_id, regular_id)
        return self._load(message.immutable_id)

    def delete(self, message: Message) -> None:
        """Delete as Outlook does: first into Deleted Items, from there for good."""
        if message.folder != "deleteditems":
            self.move(message, "deleteditems")
            return
        with self._database.transaction():
            self._database.run("DELETE FROM messages WHERE number = ?", message.number)
            self._note_change(message.mailbox, message.folder, message.immutable_id, message.regular_id)

    # --- sending -------------------------------------------------------------------------------------------------

    def send(self, account: Account, message: Message, *, keep_copy: bool = True) -> None:
        """Deliver a draft and put its copy into Sent Items, at once or after the set lag.

        Raises:
            GraphError: 404 ErrorItemNotFound when the message is no draft (any more). Graph answers the same,
                since a draft ceases to exist the moment it is submitted; so a second send never delivers again.
        """
        self.check_draft(message)
        now, lag = self._clock(), self._knobs.current.sent_lag_seconds
        with self._database.transaction():
            eml = self.deliveries.record(account, message.immutable_id, message.content, now)
            self._database.run(
                "UPDATE messages SET submitted = ?, due = ? WHERE number = ?", now, now + lag, message.number
            )
            self._note_change(message.mailbox, message.folder, message.immutable_id, message.regular_id)
            if not keep_copy:
                self._database.run("DELETE FROM messages WHERE number = ?", message.number)
            self._hand_over(account, message.content, eml)
        self.settle()

    def check_draft(self, message: Message) -> None:
        """Raises GraphError (404) when a message is not there to be sent."""
        if not message.content["isDraft"] or message.submitted is not None:
            raise item_not_found()

    def mime(self, message: Message) -> bytes:
        """A message as mail: what arrived as it arrived, everything else as it would leave."""
        raw = message.content.get("rawMime")
        return base64.b64decode(raw) if raw else to_mime(message.content, self._clock())

    def _hand_over(self, sender: Account, content: dict[str, Any], eml: bytes) -> None:
        people = [*content.get("toRecipients", []), *content.get("ccRecipients", []), *content.get("bccRecipients", [])]
        found = (self._directory.find(str(person["emailAddress"].get("address", ""))) for person in people)
        for account in dict.fromkeys(found):
            if account is None or account == sender:
                continue
            shown = {key: value for key, value in content.items() if key in _TRAVELLING}
            self.receive(account, {**shown, "rawMime": base64.b64encode(eml).decode("ascii")})

    def settle(self) -> None:
        """Complete what is due: sent messages whose lag is over appear in Sent Items."""
        rows = self._database.rows("SELECT * FROM messages WHERE due IS NOT NULL AND due <= ?", self._clock())
        for row in rows:
            message, sent = _message(row), iso(row["submitted"])
            with self._database.transaction():
                moved = self.move(message, "sentitems")
                stamps = {"isDraft": False, "isRead": True, "sentDateTime": sent, "receivedDateTime": sent}
                self.update(moved, stamps)

    # --- inside --------------------------------------------------------------------------------------------------

    def _load(self, immutable_id: str) -> Message:
        row = self._database.row("SELECT * FROM messages WHERE immutable_id = ?", immutable_id)
        if row is None:
            raise item_not_found()
        return _message(row)

    def _note_change(self, mailbox: str, folder: str, immutable_id: str, regular_id: str) -> None:
        self._database.run(
            "INSERT INTO changes (mailbox, folder, immutable_id, regular_id) VALUES (?, ?, ?, ?)",
            *(mailbox, folder, immutable_id, regular_id),
        )


_TRAVELLING = {
    *("subject", "body", "from", "sender", "toRecipients", "ccRecipients", "replyTo", "importance"),
    *("internetMessageId", "internetMessageHeaders", "In-Reply-To", "References", "attachments"),
}


def _message(row: Any) -> Message:
    return Message(
        number=row["number"],
        mailbox=row["mailbox"],
        immutable_id=row["immutable_id"],
        regular_id=row["regular_id"],
        folder=row["folder"],
        submitted=row["submitted"],
        content=json.loads(row["content"]),
    )


def destination(mailbox: str, body: dict[str, Any]) -> str:
    """The folder a move request names. Raises GraphError."""
    wanted = body.get("destinationId")
    if not isinstance(wanted, str):
        raise bad_request("The destinationId parameter is missing.", "ErrorInvalidRequest")
    return find_folder(mailbox, wanted)
