"""May we write to them at all? Suppressed emails, phones and whole domains."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from leadgen.model.documents import Suppression
from leadgen.model.ids import suppression_id
from leadgen.store.client import Collections
from leadgen.store.records import read_all

if TYPE_CHECKING:
    from google.cloud.firestore import Client


def suppression_keys(emails: Iterable[str], phones: Iterable[str]) -> list[tuple[str, str]]:
    """(kind, value) of everything that may be on the list for these addresses."""
    pairs: list[tuple[str, str]] = []
    for email in emails:
        pairs.append(("email", email))
        pairs.append(("domain", email.rpartition("@")[2]))
    pairs += [("phone", phone) for phone in phones]
    return list(dict.fromkeys(pairs))


def suppressed_among(db: Client, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Which of the keys are suppressed, and the reason; one round trip."""
    by_id = {suppression_id(kind, value): (kind, value) for kind, value in keys}
    names = Collections(db)
    found = read_all(db, [names.suppressions.document(i) for i in sorted(by_id)], Suppression)
    return {by_id[record_id]: record.value.reason for record_id, record in found.items()}
