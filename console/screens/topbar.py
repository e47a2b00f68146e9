"""The first line of every screen: who and where, how fresh, and the three limits one works within."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container, Horizontal

from console.format import number, plain
from console.live.health import Freshness
from console.screens.view import View
from widgets.gauge import gauge
from widgets.spans import Spans, clip
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


_GAP: Spans = (("  ", ""),)


def badge(view: View) -> Spans:
    """How fresh the data is; each state has its own sign and word, so it reads without colour."""
    state, detail = view.freshness
    sign, tone = _BADGES[state]
    shown = f"{sign} {state}"
    if state is Freshness.OFFLINE and detail:
        return ((shown, tone), (f", {detail}", tone))
    return ((shown, tone), (f" {detail}", tone)) if detail else ((shown, tone),)


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


class TopBar(Container):
    """The first line; the limits take a line of their own in a narrow terminal."""

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
        who = f"{plain(view.project, 60)} · {plain(view.user.email, 80)}" if view.user else ""
        role = f" {plain(view.user.role, 20) or 'no role'}" if view.user else ""
        limits = (*mailbox(view), *_GAP, *llm(view), *_GAP, *sent(view))
        shown: dict[str, Spans] = {
            "who": ((who, ""), (role, "muted")),
            "badge": badge(view),
            "limits-beside": limits,
            "limits-below": limits,
        }
        for name, pieces in shown.items():
            self.query_one(f"#{name}", Line).show(pieces)
