"""The app without its live data: session, work that may block, messages, the operator's own settings, roles."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from textual.worker import Worker, WorkerState

from console.actions import doing
from console.actions.keymap import checked
from console.format import plain
from console.keys_in_turn import KeysInTurn
from console.live.clock import Clock
from console.live.session import BackendError, Session, SignedOut
from console.preferences import Preferences
from console.sheet import Sheet
from console.theme import THEMES, next_theme, theme_named

if TYPE_CHECKING:
    from textual.theme import Theme

    from console.review import Companion, Event

_RANKS = ("", "viewer", "operator", "admin")


class ConsoleApp(KeysInTurn):
    """What every screen may rely on.

    Args:
        settings: what the operator has set for themselves; `None` for the console as it comes.
    """

    _coloured: tuple[Theme, dict[str, str]] | None = None

    def __init__(self, settings: Preferences | None = None) -> None:
        super().__init__()
        self.session: Session | None = None
        self.settings = settings or Preferences(Path())
        self.keys, self._unusable = checked(self.settings.table("keys"))
        for theme in THEMES:
            self.register_theme(theme)
        # Textual paints in greys then; see the style sheet for what else changes. https://no-color.org
        self.set_class(self.no_color, "-monochrome")
        self.theme = theme_named(self.settings.text("look", "theme")).name
        self.stylesheet = Sheet(variables=self.get_css_variables())
        self.before_quit: list[Callable[[], str]] = []
        """Asked before the console is left; what they say is put to the operator first."""
        self._is_leaving = False

    def apply_settings(self) -> None:
        """Put the operator's keys in force, and say which of the settings can't be used."""
        self.set_keymap(dict(self.keys.keys))
        for problem in (*self.settings.problems, *self._unusable):
            self.tell("A setting of yours can't be used", problem, severity="warning")

    @property
    def clock(self) -> Clock:
        """Time."""
        raise NotImplementedError

    @property
    def scope(self) -> str:
        """The name of the screen shown, or "" for a dialog."""
        return str(getattr(self.screen, "NAME", ""))

    def get_css_variables(self) -> dict[str, str]:
        """The theme's colours, worked out once for a theme: the library asks four times before the first paint."""
        theme = self.current_theme
        if self._coloured is None or self._coloured[0] is not theme:
            self._coloured = theme, super().get_css_variables()
        self.theme_variables = self._coloured[1]
        return self.theme_variables

    # -- what is outside the screen

    def to_terminal(self, sequence: str) -> None:
        """Write a control sequence, in order with what is painted. Nothing is written where there is no terminal."""
        driver = self._driver
        if driver is not None and not driver.is_headless and not driver.is_web:
            driver.write(sequence)

    def make_browser(self, on_event: Callable[[Event], None]) -> Companion:
        """The operator's browser beside the console; nothing starts before its first page is opened."""
        from console.review import Companion, browser_profile

        session = self.session
        project, person = (session.project_label, session.user.uid or session.user.email) if session else ("", "")
        reads = self.settings.flag("review", "read_clipboard", False)
        return Companion(on_event, browser_profile(project, person), read_clipboard=reads)

    async def action_quit(self) -> None:
        """Leave the console; if something would be lost by it, after a question."""
        from console.screens.confirm import ConfirmScreen

        said = [text for text in (ask() for ask in self.before_quit) if text]
        if not said or self._is_leaving:
            self.exit()
            return
        self._is_leaving = True

        def answered(is_yes: bool | None) -> None:
            self._is_leaving = False
            if is_yes:
                self.exit()

        self.push_screen(ConfirmScreen("Leave the console", " ".join(said), "Leave"), answered)

    # -- messages

    def tell(
        self, title: str, text: str, *, severity: Literal["information", "warning", "error"] = "information"
    ) -> None:
        """Show a message for a while; its text is shown as it is."""
        self.notify(plain(text, 400), title=plain(title, 100), severity=severity, timeout=8, markup=False)

    # -- work that may block

    def in_worker(self, task: Callable[[], None], name: str) -> None:
        """Run a blocking task in a thread. If it raises, a message says so."""
        self.run_worker(task, name=name, thread=True, exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A failed worker becomes a message on screen."""
        if event.state is WorkerState.ERROR:
            self.tell(f"{event.worker.name} failed", str(event.worker.error), severity="error")

    def ask(
        self,
        endpoint: str,
        body: dict[str, Any] | None,
        then: Callable[[Any], None],
        failed: Callable[[BackendError], None] | None = None,
        *,
        idempotency_key: str | None = None,
        revision: int | None = None,
    ) -> None:
        """Call an endpoint in a worker.

        Args:
            endpoint: its name.
            body: the JSON body, or `None`.
            then: takes the answer, in the screen's thread.
            failed: takes the error, in the screen's thread; if `None` a message tells it.
            idempotency_key: the same key makes the same thing once.
            revision: the configuration's revision that a change was made against.
        """
        self.work(
            lambda session: session.call(endpoint, body, idempotency_key=idempotency_key, revision=revision),
            then,
            failed,
            name=endpoint,
        )

    def work(
        self,
        task: Callable[[Session], Any],
        then: Callable[[Any], None],
        failed: Callable[[BackendError], None] | None = None,
        *,
        name: str,
    ) -> None:
        """Run a task that may block, with the session, in a worker; what comes of it comes back to the screen."""
        session, on_error = self.session, failed or self.tell_error
        if session is None:
            hint = "Try again in a moment."
            on_error(BackendError("Not connected yet", "The sign-in is not through.", hint, status=0))
            return

        def run() -> None:
            try:
                result = task(session)
            except SignedOut as error:
                signed_out = BackendError("Signed out", str(error), "leadgen auth login", status=401)
                self.call_from_thread(on_error, signed_out)
            except BackendError as error:
                self.call_from_thread(on_error, error)
            except Exception as error:
                logging.getLogger(__name__).debug("%s failed", name, exc_info=True)
                said = plain(f"{type(error).__name__}: {error}".removesuffix(": "), 300)
                self.call_from_thread(on_error, BackendError(f"{name} failed", said))
            else:
                self.call_from_thread(then, result)

        self.in_worker(run, name)

    def tell_error(self, error: BackendError) -> None:
        """Say what the backend refused and why."""
        told = [f"{f.get('field')}: {f.get('allowed')}" for f in error.fields if isinstance(f, dict)]
        self.tell(error.title, " ".join(part for part in (error.detail, *told, error.hint) if part), severity="error")

    # -- settings of the operator's own

    def keep(self, table: str, key: str, value: Any) -> None:
        """Keep a choice for the next time; if it can't be written, a message says so."""
        if self.settings.path == Path():
            return
        try:
            self.settings = self.settings.saved(table, key, value)
        except OSError as error:
            self.tell("The choice could not be kept", str(error), severity="warning")

    # -- roles

    async def run_action(self, action: Any, default_namespace: Any = None, namespaces: Any = None) -> bool:
        """Run an action, unless the person's role does not cover it."""
        if isinstance(action, str) and self._refuses(action):
            return True
        return await super().run_action(action, default_namespace, namespaces)

    def covers(self, needed: str) -> bool:
        """Whether the person's role covers another; `True` while it is not known, for the backend decides anyway."""
        role = self.session.user.role if self.session is not None else "admin"
        return needed == "viewer" or role not in _RANKS or _RANKS.index(role) >= _RANKS.index(needed)

    def _refuses(self, action: str) -> bool:
        entry = doing(action, self.scope, "everywhere")
        if entry is None or self.covers(entry.role):
            return False
        role = self.session.user.role if self.session is not None else ""
        self.tell(
            "Your role does not cover this",
            f"{entry.help} It takes the role {entry.role}; yours is {role or 'none'}. Ask an administrator.",
            severity="warning",
        )
        return True

    def action_theme(self) -> None:
        """The next theme; kept for the next time."""
        self.theme = next_theme(self.theme).name
        self.keep("look", "theme", self.theme)
