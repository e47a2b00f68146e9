"""What the contacts' screen says of itself."""

from __future__ import annotations

from console.contacts.expression import BadFilter
from console.contacts.keeper import Keeper
from console.contacts.listing import Listing, Question
from console.format import number, plain
from console.live import feeds
from console.live.health import Freshness
from console.screens.view import View
from widgets.spans import Spans

_WAITING = {
    Freshness.SIGNED_OUT: "Nobody is signed in.",
    Freshness.OFFLINE: "Not connected.",
}


def title(found: int | None, total: int, question: Question, marks: int, keeper: Keeper | None) -> tuple[str, Spans]:
    """The list's title, and what stands at its foot: marks, the order, how far the copy is."""
    text = "Contacts"
    if found is not None and (total or not is_under_way(total, keeper)):
        text = f"Contacts {number(found)}" + (f" of {number(total)}" if question.text else "")
    pieces: list[tuple[str, str]] = []
    if marks:
        pieces.append((f"{number(marks)} marked  ", "accent"))
    pieces += progress(keeper)
    arrow = "↓" if question.order.descending else "↑"
    pieces.append((f"{arrow} {question.order.field}", "muted"))
    return text, tuple(pieces)


def progress(keeper: Keeper | None) -> Spans:
    """How far the local copy is, if it is not level."""
    if keeper is None:
        return ()
    if keeper.problem:
        return (("not current  ", "bad"),)
    now = keeper.progress
    if now.filling and now.there:
        return ((f"reading {number(now.here)} of {number(now.there)}  ", "warn"),)
    return (("reading …  ", "warn"),) if now.filling else ()


def notice(question: Question, listing: Listing | None, keeper: Keeper | None, view: View) -> Spans:
    """What an empty list says."""
    if keeper is None:
        return ((_WAITING.get(view.freshness[0], "connecting …"), "muted"),)
    if keeper.problem and not (listing is not None and listing.total):
        return ((plain(keeper.problem, 400), "bad"),)
    if listing is None or is_under_way(listing.total, keeper) or (not listing.total and _holds_contacts(view)):
        return (("reading the contacts …", "muted"),)
    if question.text and listing.total:
        return ((f"No contact is {plain(question.text, 100)}. Esc takes the filter off.", "muted"),)
    return (("No contacts yet: start a campaign (2), or import leads of your own (i).", "muted"),)


def is_under_way(total: int, keeper: Keeper | None) -> bool:
    """Whether the list is empty only because the copy is being filled, or was filled after the list was made."""
    return not total and (keeper is None or keeper.progress.filling or keeper.progress.here > 0)


def _holds_contacts(view: View) -> bool:
    """Whether the listener has contacts, which the copy takes over in a moment."""
    return bool(view.window(feeds.CONTACTS).docs)


def filter_line(error: BadFilter) -> Spans:
    """What is wrong with a filter, and what may stand there."""
    return ((f"Character {error.at + 1}: {plain(error.problem, 120)}. ", "bad"), (plain(error.allowed, 300), "muted"))
