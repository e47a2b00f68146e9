"""What really left: every delivery is counted, and its mail lies on disk as an .eml file."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import unicodedata
from pathlib import Path
from typing import Any

from local.microsoft.accounts import Account
from local.microsoft.database import Database
from local.microsoft.mime import one_line, recipients, to_mime
from local.microsoft.times import iso


def slug(text: str) -> str:
    """A subject as part of a file name."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:60].strip("-") or "no-subject"


def write_bytes_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, path)


class Deliveries:
    """The record of delivered mail, in the database and as files under `mailboxes/<address>/sent/`."""

    def __init__(self, database: Database, data_dir: Path) -> None:
        self._database, self._data_dir, self._folder = database, data_dir, data_dir / "mailboxes"

    def record(self, account: Account, immutable_id: str, content: dict[str, Any], now: float) -> bytes:
        """Note a delivery and write its mail. Belongs inside the sender's transaction.

        The file is written before the record is committed: a crash in between leaves a file too many, which the
        next delivery of that number removes, never a record without its mail.
        """
        row = self._database.row(
            "SELECT COALESCE(MAX(mailbox_number), 0) + 1 AS next FROM deliveries WHERE mailbox = ?", account.address
        )
        number = row["next"] if row else 1
        data = to_mime(content, now)
        folder = self._folder / account.address / "sent"
        for stray in folder.glob(f"{number:04d}-*.eml"):
            stray.unlink()
        path = folder / f"{number:04d}-{slug(one_line(content.get('subject')))}.eml"
        write_bytes_atomically(path, data)
        properties = {prop["id"]: prop["value"] for prop in content.get("singleValueExtendedProperties", [])}
        facts = {
            "subject": content.get("subject", ""),
            **{key: _plain(content, f"{key}Recipients") for key in ("to", "cc", "bcc")},
            "extendedProperties": properties,
            "internetMessageHeaders": content.get("internetMessageHeaders", []),
        }
        self._database.run(
            "INSERT INTO deliveries (mailbox, mailbox_number, delivered, immutable_id, message_id, eml, json) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(
                account.address,
                number,
                now,
                immutable_id,
                content["internetMessageId"],
                str(path.relative_to(self._data_dir)),
                json.dumps(facts),
            ),
        )
        return data

    def all(self, mailbox: str | None = None) -> list[dict[str, Any]]:
        """Every delivery, oldest first."""
        return [
            {
                "number": row["number"],
                "account": row["mailbox"],
                **json.loads(row["json"]),
                "messageId": row["message_id"],
                "immutableId": row["immutable_id"],
                "deliveredAt": iso(row["delivered"]),
                "eml": str(self._data_dir / row["eml"]),
            }
            for row in self._database.rows("SELECT * FROM deliveries ORDER BY number")
            if mailbox is None or row["mailbox"] == mailbox
        ]

    def since(self, mailbox: str, moment: float) -> list[float]:
        """When each delivery of a mailbox after a moment was made, oldest first."""
        rows = self._database.rows(
            "SELECT delivered FROM deliveries WHERE mailbox = ? AND delivered > ? ORDER BY delivered", mailbox, moment
        )
        return [row["delivered"] for row in rows]

    def remove_files(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def _plain(content: dict[str, Any], key: str) -> list[str]:
    return [address for _, address in recipients(content.get(key, []))]
