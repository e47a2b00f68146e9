"""Reads and changes `config/settings`.

A change is validated as the whole configuration it would lead to, and written in one commit with the revision it
replaces and with the Governor's limits: there is no moment at which two of them disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leadgen.model.config import Settings, StoredSettings
from leadgen.model.errors import Conflict, FieldProblem, InvalidInput
from leadgen.model.validation import validate
from leadgen.store.client import Collections
from leadgen.store.clock import Clock
from leadgen.store.journal import entry, note
from leadgen.store.records import Commit, Record, read, retrying

if TYPE_CHECKING:
    from google.cloud.firestore import Client

_BOOKKEEPING = {"revision", "updatedAt", "updatedBy"}


@dataclass(frozen=True)
class SettingsChange:
    """A wish to change the configuration.

    Args:
        changes: fields to set, camelCase; `workingHours` and `sendIntervalSeconds` may be given in part.
        user: who changes it, for the history.
        expected_revision: the revision the user was looking at; `None` to change whatever is there.
    """

    changes: dict[str, Any]
    user: str
    expected_revision: int | None = None


def read_settings(db: Client) -> StoredSettings:
    """The configuration now in force; the defaults until someone changes it."""
    record = read(Collections(db).settings, StoredSettings)
    return record.value if record else StoredSettings()


def update_settings(db: Client, wish: SettingsChange, clock: Clock) -> StoredSettings:
    """Change the configuration.

    Returns:
        The configuration now in force.

    Raises:
        InvalidInput: a field is unknown or out of its bounds; nothing was changed.
        Conflict: someone else changed it since `expected_revision`.
    """
    unknown = _BOOKKEEPING & wish.changes.keys()
    if unknown or not wish.changes:
        raise _not_a_change(sorted(unknown))
    return retrying(lambda: _update_once(db, wish, clock))


def _update_once(db: Client, wish: SettingsChange, clock: Clock) -> StoredSettings:
    names = Collections(db)
    record = read(names.settings, StoredSettings)
    current = record.value if record else StoredSettings()
    _check_revision(current, wish.expected_revision)
    wanted = _validated(current, wish.changes)
    if record is not None and _values(current) == wanted.model_dump(by_alias=True):
        return current
    stored = StoredSettings(
        **wanted.model_dump(), revision=current.revision + 1, updated_at=clock.now(), updated_by=wish.user
    )
    commit = _write(db, record, stored)
    commit.create(names.settings_history.document(f"{current.revision:06d}"), current)
    commit.merge(names.governor, stored.governor_limits())
    text = f"{wish.user} changed the configuration: {', '.join(sorted(wish.changes))}"
    note(db, commit, entry(clock.now(), "config.changed", text))
    commit.run()
    return stored


def _write(db: Client, record: Record[StoredSettings] | None, stored: StoredSettings) -> Commit:
    commit = Commit(db)
    if record is None:
        return commit.create(Collections(db).settings, stored)
    return commit.change(record, stored.to_firestore())


def _values(settings: StoredSettings) -> dict[str, Any]:
    dumped = settings.model_dump(by_alias=True)
    return {key: value for key, value in dumped.items() if key not in _BOOKKEEPING}


def _validated(current: StoredSettings, changes: dict[str, Any]) -> Settings:
    merged = _values(current)
    for key, value in changes.items():
        before = merged.get(key)
        merged[key] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
    return validate(Settings, merged, what="configuration")


def _check_revision(current: StoredSettings, expected: int | None) -> None:
    if expected is not None and expected != current.revision:
        raise Conflict(
            f"The configuration is at revision {current.revision}, changed by {current.updated_by or 'nobody yet'}; "
            f"your change was made against revision {expected}.",
            hint="Look at the present values and decide again.",
        )


def _not_a_change(unknown: list[str]) -> InvalidInput:
    if not unknown:
        return InvalidInput("The request changes nothing.", hint="Name at least one setting, such as dailyCap.")
    return InvalidInput(
        f"{', '.join(unknown)} can't be set; the backend keeps it.",
        fields=tuple(FieldProblem(field, "", "is kept by the backend") for field in unknown),
    )
