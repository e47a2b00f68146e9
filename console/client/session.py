"""A signed-in session: what the screens and the command line work with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.client.backend import Backend
from console.client.firestore import user_client
from console.client.profile import Profile
from console.client.signin import SignIn
from console.live.session import UserInfo

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from console.backend.state import BackendState


class Session:
    """A project and a person. Calls block on the network; keep them off the screen's thread.

    Args:
        profile: the project.
        sign_in: the person.
        log: the functions' log, if this machine has it.
    """

    def __init__(self, profile: Profile, sign_in: SignIn, log: Path | None = None) -> None:
        self.log = log
        self.profile = profile
        self.sign_in = sign_in
        self._backend = Backend(profile, sign_in)

    @property
    def user(self) -> UserInfo:
        """Who is signed in."""
        return self.sign_in.user

    @property
    def project_label(self) -> str:
        """The project, for the header line."""
        return self.profile.project_id

    @property
    def backend_label(self) -> str:
        """Where the functions are, for the header line."""
        return "local emulators" if self.profile.is_local else self.profile.functions_url

    def firestore(self) -> Client:
        """A Firestore client of its own channel, as this person."""
        return user_client(self.profile, self.sign_in)

    def call(
        self,
        endpoint: str,
        body: dict[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        revision: int | None = None,
    ) -> Any:
        """Call an endpoint; raises `BackendError`."""
        return self._backend.call(endpoint, body, idempotency_key=idempotency_key, revision=revision)

    def look(self) -> BackendState:
        """How the backend is doing; what can't be found out is said in the answer."""
        from console.backend.look import look

        return look(self.profile, self.sign_in, self.log)

    def cities(self) -> list[str]:
        """Cities that can be harvested."""
        return [str(city["city"]) for city in self.call("getCities") if city.get("acknowledged")]
