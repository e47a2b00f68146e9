"""Changing the suppression list: one entry, one off, or a whole file of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leadgen.model.documents import Suppression
from leadgen.model.errors import InvalidInput, NotAllowed
from leadgen.model.ids import suppression_id
from leadgen.model.validation import shown
from leadgen.pipeline.context import Context
from leadgen.pipeline.suppression import canonical_value
from leadgen.store.journal import entry, note, tell
from leadgen.store.records import Commit, create, read, read_all, retrying

_KINDS = ("email", "phone", "domain")
BY_RECIPIENT = "recipient"
"""Who made an entry that came from an opt-out."""


@dataclass(frozen=True)
class Entry:
    """An entry as it was handed in.

    Args:
        kind: email, phone or domain; empty to tell by the value.
        value: as it was typed.
        reason: why.
    """

    kind: str
    value: str
    reason: str


@dataclass(frozen=True)
class Rejected:
    """An entry that can't stand on the list.

    Args:
        index: its place among those handed in.
        value: shortened.
        reason: what is wrong with it.
    """

    index: int
    value: str
    reason: str


@dataclass(frozen=True)
class Added:
    """What became of many entries.

    Args:
        added: new on the list.
        known: there before, or named twice.
        rejected: the others.
    """

    added: int
    known: int
    rejected: list[Rejected]


def kind_of(value: str) -> str:
    """What a value is: with an @ inside an email, with letters a domain, else a phone."""
    text = value.strip()
    if "@" in text.strip("@"):
        return "email"
    return "domain" if any(char.isalpha() for char in text) else "phone"


def add(context: Context, wish: Entry, user: str) -> tuple[str, bool]:
    """Put one on the list.

    Returns:
        How it stands there, and whether it is new.

    Raises:
        InvalidInput: it is neither an email, nor a phone, nor a domain.
    """
    made = _made(context, wish, user)
    ref = context.names.suppressions.document(suppression_id(made.kind, made.value))
    return made.value, create(ref, made)


def remove(context: Context, wish: Entry, user: str, *, may_override: bool) -> tuple[str, bool]:
    """Take one off the list.

    Returns:
        How it stood there, and whether it did.

    Raises:
        InvalidInput: it is neither an email, nor a phone, nor a domain.
        NotAllowed: its owner opted out, and the user may not override that.
    """
    kind = wish.kind or kind_of(wish.value)
    value = canonical_value(kind, wish.value)
    ref = context.names.suppressions.document(suppression_id(kind, value))

    def attempt() -> bool:
        record = read(ref, Suppression)
        if record is None:
            return False
        if record.value.created_by == BY_RECIPIENT and not may_override:
            raise NotAllowed(
                f"{value} opted out ({record.value.reason}).",
                hint="Only an admin may take off who opted out, and only if they asked to be written to again.",
            )
        text = f"{user} took {kind} {value} off the suppression list: {wish.reason}"
        commit = Commit(context.db).delete(ref)
        note(context.db, commit, entry(context.clock.now(), "suppression.removed", text)).run()
        return True

    return value, retrying(attempt)


def add_all(context: Context, wishes: Sequence[Entry], user: str) -> Added:
    """Put many on the list; what is wrong with one concerns no other. Safe to repeat.

    Args:
        context: the parts.
        wishes: at most some hundreds, for one commit.
        user: who hands them in.
    """
    entries: dict[str, Suppression] = {}
    rejected: list[Rejected] = []
    accepted = 0
    for index, wish in enumerate(wishes):
        try:
            made = _made(context, wish, user)
        except InvalidInput as error:
            rejected.append(Rejected(index, shown(wish.value), _reason(error)))
            continue
        accepted += 1
        entries.setdefault(suppression_id(made.kind, made.value), made)
    added = retrying(lambda: _write_missing(context, entries)) if entries else 0
    if added:
        tell(context.db, entry(context.clock.now(), "suppression.added", f"{user} suppressed {added} (import)"))
    return Added(added, accepted - added, rejected)


def _write_missing(context: Context, entries: dict[str, Suppression]) -> int:
    """Create those that are not there; raises `Raced` if one came in between, so that it is tried anew."""
    where = context.names.suppressions
    there = read_all(context.db, [where.document(key) for key in entries], Suppression)
    missing = {key: made for key, made in entries.items() if key not in there}
    if missing:
        commit = Commit(context.db)
        for key, made in missing.items():
            commit.create(where.document(key), made)
        commit.run()
    return len(missing)


def _made(context: Context, wish: Entry, user: str) -> Suppression:
    kind = wish.kind.strip().lower() or kind_of(wish.value)
    if kind not in _KINDS:
        raise InvalidInput(f"kind is {shown(wish.kind)}; it must be one of {', '.join(_KINDS)}.")
    value = canonical_value(kind, wish.value)
    return Suppression(kind=kind, value=value, reason=wish.reason, created_by=user, created_at=context.clock.now())


def _reason(error: InvalidInput) -> str:
    return error.fields[0].allowed if error.fields else error.detail
