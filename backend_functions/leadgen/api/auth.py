"""Who calls: a Firebase ID token in the Authorization header, and the role among its custom claims."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from leadgen.model.errors import NotAllowed, NotSignedIn, Unavailable
from leadgen.model.roles import Role

_HINT = "Sign in again: leadgen auth login"


@dataclass(frozen=True)
class Caller:
    """A signed-in person."""

    uid: str
    email: str
    role: Role


@lru_cache(maxsize=1)
def _app() -> Any:
    import firebase_admin

    project = os.environ.get("GOOGLE_CLOUD_PROJECT") or os.environ.get("GCLOUD_PROJECT", "")
    return firebase_admin.initialize_app(options={"projectId": project}, name="leadgen-auth")


def authenticate(header: str | None, needed: Role) -> Caller:
    """The caller behind an Authorization header.

    Args:
        header: the header's value, `Bearer <Firebase ID token>`.
        needed: the least role that may do this.

    Raises:
        NotSignedIn: no token, or one that is malformed, expired, revoked, or of another project.
        NotAllowed: the role does not suffice.
        Unavailable: the token could not be checked.
    """
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn("The request carries no Firebase ID token.", hint=_HINT)
    claims = _verify(token.strip())
    try:
        role = Role(str(claims.get("role", "")))
    except ValueError:
        raise NotAllowed(
            f"{claims.get('email') or 'This user'} has no role.",
            hint="An administrator gives one: leadgen admin set-role EMAIL operator",
        ) from None
    if not role.covers(needed):
        raise NotAllowed(f"This needs the role {needed}; {claims.get('email') or 'you'} has the role {role}.")
    return Caller(uid=str(claims["uid"]), email=str(claims.get("email", "")), role=role)


def _verify(token: str) -> dict[str, Any]:
    from firebase_admin import auth, exceptions

    try:
        claims: dict[str, Any] = auth.verify_id_token(token, app=_app(), check_revoked=True)
    except (auth.ExpiredIdTokenError, auth.RevokedIdTokenError):
        raise NotSignedIn("The sign-in has expired or was revoked.", hint=_HINT) from None
    except (auth.UserDisabledError, auth.UserNotFoundError):
        raise NotSignedIn("This user was disabled or removed.", hint="Ask an administrator.") from None
    except (auth.InvalidIdTokenError, ValueError):
        raise NotSignedIn("The token is not one of this project's.", hint=_HINT) from None
    except (auth.CertificateFetchError, exceptions.FirebaseError) as error:
        raise Unavailable(f"The sign-in could not be checked ({type(error).__name__}).", hint="Try again.") from None
    return claims
