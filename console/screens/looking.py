"""What the modal screens share that show one look at Firestore."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from textual.screen import ModalScreen

from console.live.session import BackendError, Session

if TYPE_CHECKING:
    from console.app import LeadgenApp

Found = TypeVar("Found")


class LookingScreen(ModalScreen[None], Generic[Found]):
    """Looks when it opens and when the operator asks, one look at a time, and shows what it found."""

    LOOK = ""
    """What a look is called where its failure is told."""
    app: LeadgenApp

    def __init__(self) -> None:
        super().__init__()
        self.is_looking = False

    def on_mount(self) -> None:
        """Look at once: that is what the operator came for."""
        self.action_read()

    def action_read(self) -> None:
        """Look, unless that is under way."""
        if self.is_looking:
            return
        self.is_looking = True
        self.show_all()
        self.app.work(self.look(), self._arrived, self._missed, name=self.LOOK)

    def _arrived(self, found: Found) -> None:
        self.is_looking = False
        self.take(found)
        self.show_all()

    def _missed(self, error: BackendError) -> None:
        self.is_looking = False
        if self.told_elsewhere():
            self.app.tell_error(error)
        self.show_all(error)

    @abstractmethod
    def look(self) -> Callable[[Session], Found]:
        """What looks; it runs in a thread and may block."""

    @abstractmethod
    def take(self, found: Found) -> None:
        """Keep what a look found."""

    @abstractmethod
    def told_elsewhere(self) -> bool:
        """Whether a failure must be told outside the screen, because it goes on showing what it has."""

    @abstractmethod
    def show_all(self, error: BackendError | None = None) -> None:
        """Show what there is, or the failure where there is nothing yet; also before it is mounted."""
