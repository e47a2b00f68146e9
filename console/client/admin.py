"""Users and roles, for whoever administers the project; the only part of the client that needs administrator rights.

In production it uses Application Default Credentials (https://cloud.google.com/docs/authentication); the emulator
needs none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from console.client.problems import BackendError
from console.client.profile import Profile

ROLES = ("viewer", "operator", "admin")


class Admin:
    """Creates users and gives roles through firebase-admin.

    Args:
        profile: the project.
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    def _app(self) -> Any:
        import os

        import firebase_admin

        name = f"leadgen-admin-{self._profile.name}"
        if self._profile.is_local:
            host = self._profile.auth_url.removeprefix("http://").partition("/")[0]
            os.environ["FIREBASE_AUTH_EMULATOR_HOST"] = host
        else:
            os.environ.pop("FIREBASE_AUTH_EMULATOR_HOST", None)
        try:
            return firebase_admin.get_app(name)
        except ValueError:
            return firebase_admin.initialize_app(options={"projectId": self._profile.project_id}, name=name)

    def create_user(self, email: str, password: str) -> str:
        """Create a user, or set the password of the one that exists. Returns the uid.

        Raises:
            BackendError: Firebase refused, with its reason.
        """
        from firebase_admin import auth

        app = self._app()
        with _explained(f"user {email}"):
            try:
                return str(auth.create_user(email=email, password=password, email_verified=True, app=app).uid)
            except auth.EmailAlreadyExistsError:
                user = auth.get_user_by_email(email, app=app)
                auth.update_user(user.uid, password=password, app=app)
                return str(user.uid)

    def set_role(self, email: str, role: str) -> None:
        """Give a user a role; sign-ins made before are revoked, so that nobody keeps an old role.

        Raises:
            BackendError: the role is unknown, or Firebase refused.
        """
        from firebase_admin import auth

        if role not in ROLES:
            raise BackendError("No such role", role, f"Roles are {', '.join(ROLES)}.")
        app = self._app()
        with _explained(f"user {email}"):
            user = auth.get_user_by_email(email, app=app)
            auth.set_custom_user_claims(user.uid, {**(user.custom_claims or {}), "role": role}, app=app)
            auth.revoke_refresh_tokens(user.uid, app=app)


@contextmanager
def _explained(what: str) -> Iterator[None]:
    from firebase_admin import auth, exceptions
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except auth.UserNotFoundError:
        raise BackendError("No such user", what, "Create it: leadgen admin create-user EMAIL") from None
    except GoogleAuthError as error:
        hint = "Give them: gcloud auth application-default login"
        raise BackendError("No administrator credentials", f"{what}: {error}", hint) from None
    except (exceptions.FirebaseError, ValueError) as error:
        raise BackendError("Firebase refused", f"{what}: {error}") from None
