"""Naming a thing by its id, or by the beginning of it, as lists show them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from console.cli.output import not_there

if TYPE_CHECKING:
    from google.cloud.firestore import Client

LENGTH = 32
"""Of a whole id. One is taken as it is: the backend says whether it is there."""


def whole_id(text: str, what: str, find: Callable[[str], Sequence[str]], listed_by: str) -> str:
    """The one id that begins so; ends the command if there is none, or several.

    Args:
        text: an id, or its beginning, as typed.
        what: what has the id, in one word that an s makes a plural.
        find: ids that begin so, all or some of them.
        listed_by: the command that shows them.
    """
    wanted = text.strip().lower()
    if len(wanted) == LENGTH:
        return wanted
    found = find(wanted) if wanted else []
    if not found:
        not_there(f"No {what} has an id that begins with {text!r}.", f"{listed_by} shows them.")
    if len(found) > 1:
        some = ", ".join(one[: max(8, _differ(found[0], found[1]))] for one in found[:2])
        not_there(f"Several {what}s have ids that begin with {text!r}: {some} …", "Type more of the one you mean.")
    return found[0]


def _differ(one: str, other: str) -> int:
    """How many characters tell two ids apart."""
    return next((at for at, pair in enumerate(zip(one, other, strict=False), 1) if pair[0] != pair[1]), LENGTH)


def contact_id(session: Any, text: str, listed_by: str = "leadgen contacts list") -> str:
    """The id of a contact; a lead is one.

    Args:
        session: the signed-in person's.
        text: its id, or the beginning of it.
        listed_by: the command that shows contacts.

    Raises:
        BackendError: Firestore does not answer, or the rules refuse.
    """
    return whole_id(text, "contact", lambda start: beginning(session.firestore(), "contacts", start), listed_by)


def beginning(db: Client, collection: str, start: str) -> list[str]:
    """Ids of a collection that begin so; two at most."""
    from console.client.watching import beginning_with

    return beginning_with(db, collection, start)
