"""The console's app: one session, one live source, one timer; the rest is in the screens."""

from __future__ import annotations

import gc
import importlib
import logging
import time
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path
from typing import Protocol

from textual.binding import Binding
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from console import preferences
from console.actions import SCREENS, bindings
from console.base import ConsoleApp
from console.format import plain
from console.live import feeds
from console.live.clock import Clock, SystemClock
from console.live.feed import Window
from console.live.health import Freshness, Health, LinkState
from console.live.history import History
from console.live.session import BackendError, Session, SignedOut
from console.live.store import LiveStore
from console.preferences import Preferences
from console.screens.dashboard.rows import funnel_counts
from console.screens.frame import LiveScreen
from console.screens.palette import ActionCommands, Palette
from console.screens.view import View
from console.signals import Signals

FLUSH_S = 0.25
SIGN_IN_RETRY_S = 15.0


class Live(Protocol):
    """Where live data comes from."""

    @property
    def store(self) -> LiveStore:
        """What is known."""
        ...

    @property
    def health(self) -> Health:
        """How fresh it is."""
        ...

    def start(self) -> None:
        """Begin to listen."""
        ...

    def stop(self) -> None:
        """End it."""
        ...

    def reconnect(self) -> None:
        """Make a new connection at once."""
        ...


def supervised(session: Session, clock: Clock) -> Live:
    """The console's feeds under supervision."""
    from console.live.supervisor import Supervisor

    return Supervisor(session, feeds.console_feeds(), LiveStore(), clock)


def _maker(made_by: str) -> Callable[[], Screen[None]]:
    def make() -> Screen[None]:
        # Imported when first shown: the first paint is the dashboard's.
        module, _, name = made_by.partition(":")
        screen: Screen[None] = getattr(importlib.import_module(module), name)()
        return screen

    return make


class LeadgenApp(ConsoleApp):
    """The operator's console.

    Args:
        session_factory: signs in; runs in a worker, may block.
        clock: time.
        zone: the timezone times are shown in; `None` for the machine's.
        make_live: where live data comes from.
        settings: what the operator has set for themselves; `None` for the console as it comes.
    """

    TITLE = "leadgen"
    CSS_PATH = Path(__file__).parent.parent / "styles.tcss"
    MODES = {entry.name: _maker(entry.made_by) for entry in SCREENS}
    DEFAULT_MODE = "dashboard"
    COMMANDS = {ActionCommands}
    BINDINGS = [*bindings("everywhere"), Binding("ctrl+c", "quit", show=False)]

    def __init__(
        self,
        session_factory: Callable[[], Session],
        *,
        clock: Clock | None = None,
        zone: tzinfo | None = None,
        make_live: Callable[[Session, Clock], Live] = supervised,
        settings: Preferences | None = None,
    ) -> None:
        super().__init__(settings)
        self._session_factory = session_factory
        self._clock = clock or SystemClock()
        self._zone = zone
        self._make_live = make_live
        self._live: Live | None = None
        self.history = History()
        """How the counts moved since the console opened."""
        self._sign_in = Health()
        self._frozen: View | None = None
        self._paused_at: float | None = None
        self._complained = ""
        self.signals = Signals(self)
        self._flush_ms = 0.0

    # -- beginning and end

    def on_mount(self) -> None:
        """Paint first, then sign in and listen."""
        self.apply_settings()
        self.set_interval(FLUSH_S, self.flush)
        self.call_after_refresh(self._painted)

    def on_unmount(self) -> None:
        """End the listeners."""
        self.signals.end()
        if self._live is not None:
            self._live.stop()

    def _painted(self) -> None:
        if not gc.isenabled():
            # Off while it was starting; see console.quick. What was made by then stays, so it is not looked at again.
            gc.freeze()
            gc.enable()
        self._sign_in_later()

    def _sign_in_later(self) -> None:
        if self.session is not None:
            return

        def sign_in() -> None:
            try:
                session = self._session_factory()
                _ = session.user  # Asks the network, once, so it is asked for here and not by the screen.
                live = self._make_live(session, self._clock)
            except SignedOut as error:
                self.call_from_thread(self._sign_in_failed, LinkState.SIGNED_OUT, str(error))
            except BackendError as error:
                said = plain(f"{error.title} ({error.detail}). {error.hint}", 400)
                self.call_from_thread(self._sign_in_failed, LinkState.OFFLINE, said)
            except Exception as error:
                logging.getLogger(__name__).debug("no session", exc_info=True)
                said = plain(f"The session could not be opened: {error}", 400)
                self.call_from_thread(self._sign_in_failed, LinkState.OFFLINE, said)
            else:
                self.call_from_thread(self._signed_in, session, live)

        self.in_worker(sign_in, "sign-in")

    def opening(self, said: str) -> None:
        """Say what the sign-in waits for; from any thread.

        Raises:
            SignedOut: the operator has left, so there is nobody to wait for.
        """
        if not self.is_running:
            raise SignedOut("The console was closed.")
        self._sign_in = Health(message=plain(said, 300))

    def _signed_in(self, session: Session, live: Live) -> None:
        self.session, self._live = session, live
        live.start()
        self.flush()

    def _sign_in_failed(self, state: LinkState, message: str) -> None:
        retry_at = self._clock.monotonic() + SIGN_IN_RETRY_S
        self._sign_in = Health(state, retry_at=retry_at, message=message)
        self.set_timer(SIGN_IN_RETRY_S, self._sign_in_later)

    # -- showing

    @property
    def clock(self) -> Clock:
        """Time."""
        return self._clock

    @property
    def is_current(self) -> bool:
        """Whether every listener has answered and the data on screen is live."""
        return self._live is not None and self._live.health.settled and self.view().freshness[0] is Freshness.LIVE

    @property
    def live_message(self) -> str:
        """What is wrong with the connection, if something is."""
        return (self._live.health if self._live else self._sign_in).message

    def view(self) -> View:
        """Everything known at this moment."""
        session, live = self.session, self._live
        return View(
            windows=live.store.windows() if live else {},
            health=live.health if live else self._sign_in,
            now=self._clock.now(),
            clock=self._clock.monotonic(),
            zone=self._zone,
            user=session.user if session else None,
            project=session.project_label if session else "",
            backend=session.backend_label if session else "",
            history=self.history,
        )

    def flush(self) -> None:
        """Show what arrived since the last time. Nothing that goes wrong here ends the app."""
        began = time.perf_counter()
        try:
            self._show_now()
            if self._live is not None:
                self.signals.look(self._live.store.windows().get(feeds.REVIEW, Window()))
            self._flush_ms = (time.perf_counter() - began) * 1000
        except Exception as error:
            logging.getLogger(__name__).exception("the view could not be shown")
            if str(error) != self._complained:
                self._complained = str(error)
                self.tell("Part of the screen could not be shown", str(error), severity="error")

    def _show_now(self) -> None:
        screen = next((s for s in self.screen_stack if isinstance(s, LiveScreen)), None)
        if screen is None:
            return
        if self._frozen is not None:
            screen.show(self._freeze(self._frozen), frozenset())
            return
        changed = self._live.store.take() if self._live else frozenset()
        view = self.view()
        requests = view.window(feeds.REQUESTS)
        if requests.loaded:
            self.history.note(funnel_counts(requests), view.clock)
        screen.show(view, changed)

    def _freeze(self, view: View) -> View:
        from dataclasses import replace

        return replace(view, clock=self._clock.monotonic(), paused_at=self._paused_at)

    # -- actions

    def action_show(self, mode: str) -> None:
        """Switch to a screen."""
        self.switch_mode(mode)
        self.call_after_refresh(self.flush)

    def action_help(self) -> None:
        """List what can be done here."""
        from console.screens.help import HelpScreen

        name = self.screen.NAME if isinstance(self.screen, LiveScreen) else ""
        if name:
            self.push_screen(HelpScreen(name, self.keys))

    def action_command_palette(self) -> None:
        """Show everything that can be done here."""
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    def action_zoom(self) -> None:
        """Zoom the focused pane of the present screen."""
        if isinstance(self.screen, LiveScreen):
            self.screen.action_zoom()

    def action_jump(self) -> None:
        """Go to a pane or field by its letter."""
        from console.screens.jump import JumpScreen, places

        targets = places(self.screen.focus_chain)

        def go(chosen: Widget | None) -> None:
            if chosen is not None:
                chosen.focus()

        if targets and not isinstance(self.screen, ModalScreen):
            self.push_screen(JumpScreen(targets), go)

    def action_debug(self) -> None:
        """Show what the console itself is doing."""
        from console.screens.debug import DebugScreen, facts

        if not isinstance(self.screen, ModalScreen):
            size = self.size
            self.push_screen(DebugScreen(lambda: facts(self.view(), self._flush_ms, (size.width, size.height))))

    def action_migrations(self) -> None:
        """Show what was moved from the earlier program."""
        from console.screens.migrations.screen import MigrationsScreen

        if not isinstance(self.screen, ModalScreen):
            self.push_screen(MigrationsScreen())

    def action_pause(self) -> None:
        """Freeze the view, or let it live again."""
        if self._frozen is None:
            self._frozen, self._paused_at = self.view(), self._clock.monotonic()
        else:
            self._frozen = self._paused_at = None
        self.flush()

    def action_quiet(self) -> None:
        """Switch the calls for leads that begin to wait off, or on."""
        self.signals.switch()

    def action_reconnect(self) -> None:
        """Make a new connection at once."""
        if isinstance(self.screen, LiveScreen):
            self.screen.retry_now()
        if self._live is not None:
            self._live.reconnect()
        else:
            self._sign_in_later()


def console_app(open_session: Callable[[Callable[[str], None]], Session]) -> LeadgenApp:
    """The console with the operator's own settings.

    Args:
        open_session: signs in; runs in a worker after the first paint, and tells what it does if that takes a while.
    """
    from console.client.folder import settings_path

    own = preferences.load(settings_path().with_name(preferences.FILE_NAME))
    app = LeadgenApp(lambda: open_session(app.opening), settings=own)
    return app


def run(session_factory: Callable[[], Session]) -> None:
    """Run the console until the operator leaves it.

    Args:
        session_factory: signs in; runs in a worker after the first paint.
    """
    console_app(lambda _: session_factory()).run()
