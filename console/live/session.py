"""What the console needs of a signed-in session, whoever provides it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from console.backend.state import BackendState


class UserInfo(NamedTuple):
    """Who is signed in.

    Args:
        email: their address.
        role: the custom claim: viewer, operator or admin; empty if none was given.
        uid: identifies them; empty if it is not known.
    """

    email: str
    role: str
    uid: str = ""


class BackendError(Exception):
    """A call to the backend that did not succeed.

    Args:
        title: the kind of error, in a few words.
        detail: what happened and to what.
        hint: what to do about it.
        fields: mappings with ``field``, ``value`` and ``allowed``, one for each field at fault.
        status: of the HTTP answer; 0 if there was none, `None` if it is no matter of HTTP.
    """

    def __init__(
        self, title: str, detail: str = "", hint: str = "", fields: Sequence[Any] = (), *, status: int | None = None
    ) -> None:
        super().__init__(detail or title)
        self.title = title
        self.detail = detail
        self.hint = hint
        self.fields = tuple(fields)
        self.status = status

    @property
    def is_passing(self) -> bool:
        """Whether nothing was decided: no answer, trouble of the server's, or a sign-in that has run out.

        The same call with the same idempotency key may be made again.
        """
        return self.status is not None and (self.status in {0, 401, 408, 425, 429} or self.status >= 500)


class SignedOut(Exception):
    """There is no usable sign-in; the message says how to get one."""


class Session(Protocol):
    """The operator's connection to one project. Every method may block on the network: call them in a worker."""

    @property
    def user(self) -> UserInfo:
        """Who is signed in."""
        ...

    @property
    def project_label(self) -> str:
        """The project's name as the operator knows it."""
        ...

    @property
    def backend_label(self) -> str:
        """Where the backend is, in words."""
        ...

    def firestore(self) -> Client:
        """A Firestore client that acts as the signed-in user, under the security rules.

        Each call gives a client with a channel of its own; the caller closes it. gRPC spaces its reconnects on one
        channel up to two minutes apart, so a fresh channel is what makes "retry now" mean now.

        Raises:
            SignedOut: there is no usable sign-in.
        """
        ...

    def call(
        self,
        endpoint: str,
        body: dict[str, Any] | None,
        *,
        idempotency_key: str | None = None,
        revision: int | None = None,
    ) -> Any:
        """Call an endpoint of the backend and return its decoded answer.

        Args:
            endpoint: its name, such as ``triggerHarvest``.
            body: the JSON body; `None` for a request without one.
            idempotency_key: the same key makes the same thing once, however often it is asked for.
            revision: for ``updateConfig``: the revision the change was made against.

        Raises:
            BackendError: it did not succeed.
        """
        ...

    def look(self) -> BackendState:
        """How the backend is doing; what can't be found out is said in the answer."""
        ...
