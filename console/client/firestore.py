"""Firestore as the signed-in person: listeners see what the security rules let them see, and no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from console.client.profile import Profile
from console.client.signin import SignIn

if TYPE_CHECKING:
    from google.cloud.firestore import Client


def user_client(profile: Profile, sign_in: SignIn) -> Client:
    """A Firestore client with the person's ID token. Imports are heavy: call it off the screen's thread."""
    return _emulator_client(profile, sign_in) if profile.is_local else _service_client(profile, sign_in)


def _service_client(profile: Profile, sign_in: SignIn) -> Client:
    from google.cloud.firestore import Client
    from google.oauth2.credentials import Credentials

    def refresh(request: Any, scopes: Any) -> tuple[str, Any]:
        token = sign_in.id_token()
        return token, sign_in.expires_at().replace(tzinfo=None)

    return Client(project=profile.project_id, credentials=Credentials(token=None, refresh_handler=refresh))


def _emulator_client(profile: Profile, sign_in: SignIn) -> Client:
    import grpc
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.firestore import Client
    from google.cloud.firestore_v1.services.firestore import FirestoreClient
    from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

    # The library speaks to an emulator as its owner, past the rules; the interceptor makes it speak as the person.
    channel = grpc.intercept_channel(grpc.insecure_channel(profile.firestore_host), _interceptor(sign_in.id_token))
    client = Client(project=profile.project_id, credentials=AnonymousCredentials())
    client._emulator_host = profile.firestore_host
    client._transport = FirestoreGrpcTransport(host=profile.firestore_host, channel=channel)
    client._firestore_api_internal = FirestoreClient(transport=client._transport)
    return client


def _interceptor(token: Callable[[], str]) -> Any:
    import grpc

    class Details(grpc.ClientCallDetails):  # type: ignore[misc]
        def __init__(self, old: Any, metadata: list[tuple[str, Any]]) -> None:
            self.method = old.method
            self.timeout = old.timeout
            self.metadata = metadata
            self.credentials = old.credentials
            self.wait_for_ready = getattr(old, "wait_for_ready", None)
            self.compression = getattr(old, "compression", None)

    class AsPerson(
        grpc.UnaryUnaryClientInterceptor,  # type: ignore[misc]
        grpc.UnaryStreamClientInterceptor,  # type: ignore[misc]
        grpc.StreamStreamClientInterceptor,  # type: ignore[misc]
    ):
        def _as_person(self, details: Any) -> Any:
            kept = [(k, v) for k, v in (details.metadata or []) if k.lower() != "authorization"]
            return Details(details, [*kept, ("authorization", f"Bearer {token()}")])

        def intercept_unary_unary(self, proceed: Any, details: Any, request: Any) -> Any:
            return proceed(self._as_person(details), request)

        def intercept_unary_stream(self, proceed: Any, details: Any, request: Any) -> Any:
            return proceed(self._as_person(details), request)

        def intercept_stream_stream(self, proceed: Any, details: Any, requests: Any) -> Any:
            return proceed(self._as_person(details), requests)

    return AsPerson()
