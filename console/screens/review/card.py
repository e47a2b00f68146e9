"""A lead as a card, and its address as it is proposed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, tzinfo

from console.format import ago, phone, plain, when
from console.live.feed import Doc
from console.review import AddressSeen
from console.screens.review.hand import Hand, PageState
from console.screens.review.rows import countdown
from console.screens.review.turns import holder, name_of
from widgets.spans import Spans

Lines = tuple[tuple[str, Spans], ...]
_BODY = 4000
_NUMBER = re.compile(r"\+?\(?\d(?:[\s().\-–—·/]{0,3}\d){6,14}")


def card(doc: Doc, docs: Sequence[Doc], now: datetime, zone: tzinfo | None) -> Lines:
    """All there is to say about a lead.

    Args:
        doc: the lead.
        docs: the leads that wait, to name possible duplicates among them.
        now: the present moment.
        zone: the operator's timezone.
    """
    lead, post = doc.value, doc.value.lead_data_json
    lines: list[tuple[str, Spans]] = [("who", ((name_of(doc), "strong"),))]
    others = [phone(number) for number in post.phones if number != lead.phone]
    numbers = " · ".join([phone(lead.phone) or "none found", *others[:4]])
    lines.append(("phone", ((numbers, "" if lead.phone else "muted"),)))
    about = " · ".join(part for part in (plain(lead.category, 60), plain(lead.city, 60)) if part)
    if about:
        lines.append(("what", ((about, ""),)))
    if lead.attempts:
        lines.append(("tried", ((f"{lead.attempts} without an address", "warn"),)))
    for twin in lead.possible_duplicates[:3]:
        lines.append(("twin?", ((_twin(twin.contact_id, docs), "warn"), (f" {plain(twin.reason, 120)}", "muted"))))
    if post.title:
        lines.append(("", (("", ""),)))
        lines.append(("", highlighted(post.title, lead.phone, base="strong")))
    for part in post.body[:_BODY].splitlines():
        if part.strip():
            lines.append(("", highlighted(part, lead.phone)))
    lines.append(("", (("", ""),)))
    lines.append(("from", ((plain(lead.source_url, 200), "muted"),)))
    lines.append(("found", ((f"{when(lead.created_at, now, zone)}, {ago(lead.created_at, now)}", "muted"),)))
    for name, origin in sorted(lead.provenance.items()):
        said = f"“{plain(origin.snippet, 120)}” " if origin.snippet else ""
        lines.append((plain(name, 8).lower(), ((f"{said}{plain(origin.extractor, 40)}", "muted"),)))
    return tuple(lines)


def _twin(contact: str, docs: Sequence[Doc]) -> str:
    known = next((doc for doc in docs if doc.id == contact), None)
    return name_of(known) if known is not None else plain(contact, 40)


def highlighted(text: str, number: str, base: str = "") -> Spans:
    """A text in which the places are set off where a phone number is written, in whatever way."""
    shown = plain(text, _BODY)
    digits = "".join(c for c in number if c.isdigit())[-10:]
    pieces: list[tuple[str, str]] = []
    done = 0
    for found in _NUMBER.finditer(shown):
        written = "".join(c for c in found[0] if c.isdigit())
        if len(digits) >= 7 and written.endswith(digits[-7:]) and digits.endswith(written[-10:]):
            pieces += [(shown[done : found.start()], base), (found[0], "accent")]
            done = found.end()
    return (*(piece for piece in pieces if piece[0]), (shown[done:], base))


# -- the address


def free(doc: Doc | None, now: datetime, me: str, remark: str, *, may_work: bool) -> Lines:
    """What can be done with the lead under the cursor, while none is in hand, or another."""
    lines: list[tuple[str, Spans]] = []
    if remark:
        lines.append(("", ((remark, "good"),)))
    if doc is None:
        return tuple(lines)
    name = holder(doc, now)
    if name and name != me:
        until = countdown((doc.value.review.lease_until - now).total_seconds())
        lines.append(("", ((f"{plain(name, 80)} works on it for {until} more, unless they prolong it.", "warn"),)))
    elif not may_work:
        lines.append(("", (("Your role may look at these leads, not work on them.", "muted"),)))
    else:
        if name:
            lines.append(("", (("You have it in another window; Enter takes it over.", "warn"),)))
        lines.append(("", (("Enter takes this lead and opens its contact page in your browser.", ""),)))
    return tuple(lines)


SOON_S = 120.0
"""From when on the end of a claim is told in a warning colour."""


def lease(hand: Hand | None, clock: float) -> Spans:
    """How long the lead in hand is the operator's.

    Args:
        hand: the lead.
        clock: monotonic seconds.
    """
    if hand is None or hand.epoch is None:
        return ()
    if hand.lost:
        return (("no longer yours", "bad"),)
    left = hand.until - clock
    if left <= 0:
        return (("ran out; yours unless somebody takes it", "warn"),)
    return ((f"yours for {countdown(left)}", "warn" if left < SOON_S else "accent"),)


_WAYS = {
    PageState.CLOSED: "Enter opens it again · e types an address · s gives the lead back",
    PageState.CRASHED: "Enter starts it again · e types an address · s gives the lead back",
    PageState.DOWN: "Enter tries again · s gives the lead back for later",
    PageState.REMOVED: "f reports that there is no address · Enter opens it again",
    PageState.NO_BROWSER: "o copies it again · e types what you find · f failed · s skip",
}


def proposal(hand: Hand) -> Lines:
    """The lead in hand: what is proposed, or what the page is doing."""
    lines: list[tuple[str, Spans]] = []
    seen = hand.proposal
    if hand.lost:
        lines.append(("!", ((plain(hand.lost, 300), "bad"),)))
        kept = f" Seen: {plain(hand.address, 100)}." if hand.address else ""
        lines.append(("", ((f"{kept} Enter claims it again · n and Enter take the next".strip(), "muted"),)))
        return tuple(lines)
    if hand.waiting:
        lines.append(("!", ((f"{plain(hand.waiting, 250)} It is asked again by itself.", "warn"),)))
    if seen is not None:
        lines.append(("✉", ((plain(hand.address, 200), "accent"),)))
        lines.append(("", ((f"“{plain(seen.where, 160)}”", ""), (f" {_how(seen)}", "muted"))))
    lines += _page(hand, bool(seen))
    others = [one for one in hand.choices if one.address != hand.address]
    for one in others[:3]:
        lines.append(("·", ((plain(one.address, 100), ""), (f" {_how(one)}", "muted"))))
    if hand.is_claimed and (seen or others):
        ways = [
            "Enter accepts" if seen else "",
            ("a proposes another" if seen else "a proposes it") if others else "",
            "e edits" if seen else "e types",
            "f failed",
            "s skip",
        ]
        lines.append(("", ((" · ".join(way for way in ways if way), "muted"),)))
    return tuple(lines)


def _page(hand: Hand, has_proposal: bool) -> list[tuple[str, Spans]]:
    if hand.page is PageState.NONE:
        return [] if hand.waiting else [("", (("claiming …", "muted"),))]
    if hand.page is PageState.OPENING:
        return [("", (("The page is being opened in your browser …", "muted"),))]
    if hand.page is PageState.OPEN:
        if has_proposal:
            return []
        title = f"“{plain(hand.said, 80)}” is open. " if hand.said else "The page is open. "
        return [("", ((f"{title}Solve what it asks there; the address that comes up is proposed here.", ""),))]
    lines: list[tuple[str, Spans]] = [("!", ((plain(hand.said, 300), "muted" if has_proposal else "warn"),))]
    if hand.page is PageState.NO_BROWSER:
        lines.append(("", (("Open this in a browser elsewhere (it is copied):", ""),)))
        lines.append(("", ((plain(hand.url, 300), "accent"),)))
    if not has_proposal:
        lines.append(("", ((_WAYS[hand.page], "muted"),)))
    return lines


def _how(seen: AddressSeen) -> str:
    kinds = {"mailto": "a link", "copied": "you copied it", "clipboard": "from the clipboard", "typed": "you typed it"}
    kind = kinds.get(seen.kind, seen.kind)
    return f"{plain(kind, 30)}, {'after you began' if seen.appeared else 'there from the start'}"
