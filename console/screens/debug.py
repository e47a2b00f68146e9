"""What the console itself is doing: for a report of a fault, and for the curious."""

from __future__ import annotations

import os
import platform
import sys
import threading
from collections.abc import Callable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen

from console.live.health import seconds
from console.screens.view import View
from widgets.lines import LineList
from widgets.spans import Spans

RENEW_S = 1.0


def _memory_mb() -> float | None:
    """What the process holds; `None` where the system does not tell."""
    try:
        import psutil

        return float(psutil.Process().memory_info().rss) / 1e6
    except (ImportError, OSError):
        return None


def facts(view: View, flush_ms: float, size: tuple[int, int]) -> tuple[tuple[str, Spans], ...]:
    """The facts, by name.

    Args:
        view: everything known.
        flush_ms: how long the last flush of changes took.
        size: columns and rows of the terminal.
    """
    from importlib.metadata import version

    memory = _memory_mb()
    lines: list[tuple[str, str]] = [
        ("leadgen", f"{version('leadgen')}, Textual {version('textual')}, Python {platform.python_version()}"),
        ("system", f"{platform.system()} {platform.release()}, {os.environ.get('TERM', 'no TERM')}"),
        ("terminal", f"{size[0]}×{size[1]}, {'colours' if not os.environ.get('NO_COLOR') else 'NO_COLOR'}"),
        ("project", f"{view.project or 'none'}, {view.backend or 'no backend'}"),
        ("memory", f"{memory:,.0f} MB" if memory is not None else "not told"),
        ("threads", str(threading.active_count())),
        ("modules", f"{len(sys.modules):,}"),
        ("flush", f"{flush_ms:.1f} ms"),
        ("connection", f"{view.health.state} {view.health.message}".strip()),
    ]
    for name, health in view.health.feeds.items():
        age = seconds(view.clock - health.confirmed_at) if health.confirmed_at is not None else "never"
        window = view.window(name)
        bad = f", {window.unreadable} unreadable" if window.unreadable else ""
        lines.append((name, f"{health.state}, confirmed {age} ago, {len(window.docs)} documents{bad}"))
    return tuple((name, ((text, ""),)) for name, text in lines)


class DebugScreen(ModalScreen[None]):
    """The facts, renewed every second.

    Args:
        read: gives them.
    """

    CSS_PATH = "debug.tcss"
    BINDINGS = [
        Binding("escape,q,f12", "dismiss", "Close", show=False),
        Binding("y", "copy", "Copy", show=False),
    ]

    def __init__(self, read: Callable[[], tuple[tuple[str, Spans], ...]]) -> None:
        super().__init__()
        self._read = read

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical(id="debug") as box:
            box.border_title = "What the console is doing"
            box.border_subtitle = "y copies · Esc closes"
            yield LineList(id="facts")

    def on_mount(self) -> None:
        """Show, and go on showing."""
        self._renew()
        self.set_interval(RENEW_S, self._renew)

    def _renew(self) -> None:
        self.query_one("#facts", LineList).show(self._read())

    def action_copy(self) -> None:
        """Copy the facts as text, for a report."""
        lines = self.query_one("#facts", LineList).lines
        self.app.copy_to_clipboard("\n".join(f"{name}: {''.join(t for t, _ in said)}" for name, said in lines))
        self.notify("Copied.", timeout=3)
