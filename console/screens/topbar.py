"""The first line of every screen: who and where, how fresh, and the three limits one works within."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Horizontal

from console.format import number, plain
from console.live.health import Freshness
from console.screens.view import View
from widgets.gauge import gauge
from widgets.spans import Spans, clip, width
from widgets.text import Line

_BADGES: dict[Freshness, tuple[str, str]] = {
    Freshness.CONNECTING: ("◌", "muted"),
    Freshness.LIVE: ("●", "good"),
    Freshness.STALE: ("◐", "warn"),
    Freshness.OFFLINE: ("○", "bad"),
    Freshness.DENIED: ("⊘", "bad"),
    Freshness.SIGNED_OUT: ("⊘", "bad"),
    Freshness.PAUSED: ("‖", "accent"),
}


WIDE_FROM = 100
"""Columns of a terminal from which on the limits stand beside the rest."""
_GAP: Spans = (("  ", ""),)
_LEAST_EMAIL = 8
_LEAST_WHO = 28
"""Cells for a project, a person and a role, each so that it can be told from others."""
_TAKEN = 11
"""Cells of the first line that are neither who, nor badge, nor limits: its padding, the name, and what follows it."""


def badge(view: View) -> Spans:
    """How fresh the data is; each state has its own sign and word, so it reads without colour."""
    state, detail = view.freshness
    sign, tone = _BADGES[state]
    shown = f"{sign} {state}"
    if state is Freshness.OFFLINE and detail:
        return ((shown, tone), (f", {detail}", tone))
    return ((shown, tone), (f" {detail}", tone)) if detail else ((shown, tone),)


def who(view: View, cells: int) -> Spans:
    """The project, the person and the role in force.

    The role is never cut: it says what can be done here. Too long an address is cut first, then the project.

    Args:
        view: everything known.
        cells: how much room there is.
    """
    if view.user is None:
        return ()
    project, email = plain(view.project, 60), plain(view.user.email, 80)
    role = f" {plain(view.user.role, 20) or 'no role'}"
    room = cells - width(((f" · {role}", ""),))
    email = clip(email, max(_LEAST_EMAIL, room - width(((project, ""),))))
    project = clip(project, max(1, room - width(((email, ""),))))
    return ((f"{project} · {email}", ""), (role, "muted"))


def mailbox(view: View) -> Spans:
    """The sending account, or that there is none."""
    if not view.window("mailboxes").loaded:
        return (("✉ –", "muted"),)
    boxes = view.mailboxes
    if not boxes:
        return (("✉ ", "warn"), ("no mailbox", "warn"))
    first = boxes[0]
    name = clip(plain(first.account, 80), 26)
    if not first.is_usable:
        return ((f"✉ {name} ", "warn"), ("sign in again", "warn"))
    if first.paused:
        return ((f"✉ {name} ", "warn"), ("paused", "warn"))
    lost = sum(box.state == "NEEDS_REAUTH" for box in boxes)
    if lost:
        return (("✉ ", "muted"), (name, ""), (f" +{lost} to sign in again", "warn"))
    more = f" +{len(boxes) - 1}" if len(boxes) > 1 else ""
    return (("✉ ", "muted"), (name, ""), (more, "muted"))


def llm(view: View) -> Spans:
    """How much of the minute's model calls is used."""
    governor = view.governor
    if governor is None:
        return (("LLM –", "muted"),)
    if governor.limit <= 0:
        return (("LLM ", "muted"), ("paused", "warn"))
    return gauge("LLM", governor.used(view.now), governor.limit, 6)


def sent(view: View) -> Spans:
    """Mails sent in the last 24 hours, and how many may be."""
    count, settings = view.sent_today(), view.settings
    if count is None:
        return (("sent –", "muted"),)
    shown: Spans = (("sent ", "muted"), (number(count), ""))
    if settings is None:
        return shown
    if settings.sending_paused:
        return (*shown, (" paused", "warn"))
    return (*shown, (f"/{number(settings.daily_cap * max(1, sum(m.is_usable for m in view.mailboxes)))}", "muted"))


def _joined(parts: list[Spans]) -> Spans:
    return tuple(piece for number, part in enumerate(parts) for piece in ((*_GAP, *part) if number else part))


class TopBar(Container):
    """The first line; the limits take a line of their own in a narrow terminal."""

    _view: View | None = None
    """What was shown last."""

    def compose(self) -> ComposeResult:
        """What one is connected to, and the limits."""
        with Horizontal(id="top-link"):
            yield Line((("leadgen", "accent"),), id="brand")
            yield Line(id="who")
            yield Line(id="badge")
            yield Line(id="limits-beside")
        yield Line(id="limits-below")

    def show(self, view: View) -> None:
        """Bring it up to date."""
        self._view = view
        fresh, cells = badge(view), self.outer_size.width or self.app.size.width
        room = cells - _TAKEN - width((*_GAP, *fresh))
        limits = [mailbox(view), llm(view), sent(view)]
        beside = _joined(limits)
        if cells >= WIDE_FROM:
            while room - width((*_GAP, *beside)) < _LEAST_WHO and len(limits) > 1:
                # A long word for the trouble takes the room of the mailbox first: Email and Backend show that, too.
                beside = _joined(limits := limits[1:])
            room -= width((*_GAP, *beside))
        shown: dict[str, Spans] = {
            "who": who(view, room),
            "badge": fresh,
            "limits-beside": beside,
            "limits-below": _joined(limits),
        }
        for name, pieces in shown.items():
            self.query_one(f"#{name}", Line).show(pieces)

    def on_resize(self, _: events.Resize) -> None:
        """There is more room, or less."""
        if self._view is not None:
            self.show(self._view)
