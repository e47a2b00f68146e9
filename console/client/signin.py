"""Firebase Authentication over its REST API: signing in, and keeping the ID token fresh.

https://firebase.google.com/docs/reference/rest/auth
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx

from console.client.problems import BackendError, SignInProblem
from console.client.profile import Profile
from console.live.session import UserInfo

RENEW_AHEAD_S = 300.0
"""An ID token lives an hour; it is renewed this long before its end, so that no call meets its expiry."""
TIMEOUT_S = 15.0

_MESSAGES = {
    "EMAIL_NOT_FOUND": "No such user, or the password is wrong.",
    "INVALID_PASSWORD": "No such user, or the password is wrong.",
    "INVALID_LOGIN_CREDENTIALS": "No such user, or the password is wrong.",
    "USER_DISABLED": "This user was disabled by an administrator.",
    "USER_NOT_FOUND": "This user no longer exists.",
    "TOKEN_EXPIRED": "The sign-in was revoked.",
    "INVALID_REFRESH_TOKEN": "The sign-in is no longer valid.",
    "INVALID_EMAIL": "This is not an email address.",
    "TOO_MANY_ATTEMPTS_TRY_LATER": "Too many attempts; wait a few minutes.",
}


class SignIn:
    """A signed-in person: hands out a fresh ID token, from any thread.

    Args:
        profile: the project.
        refresh_token: proof of an earlier sign-in.
        http: the client used.
        now: seconds since 1970.
    """

    def __init__(
        self,
        profile: Profile,
        refresh_token: str,
        *,
        http: httpx.Client | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._profile = profile
        self._refresh_token = refresh_token
        self._http = http or httpx.Client(timeout=TIMEOUT_S, trust_env=not profile.is_local)
        self._now = now
        self._lock = threading.Lock()
        self._token = ""
        self._expires = 0.0

    def id_token(self) -> str:
        """A token good for at least some minutes.

        Raises:
            SignInProblem: the sign-in no longer holds.
            BackendError: the sign-in service does not answer and the token has run out.
        """
        with self._lock:
            if self._now() < self._expires - RENEW_AHEAD_S:
                return self._token
            try:
                self._renew()
            except SignInProblem:
                raise
            except BackendError:
                if self._now() >= self._expires:
                    raise
            return self._token

    def expires_at(self) -> datetime:
        """When the token now held runs out."""
        return datetime.fromtimestamp(self._expires, UTC)

    def forget_token(self) -> None:
        """Drop the token now held, so that the next call carries fresh claims."""
        with self._lock:
            self._expires = 0.0

    @property
    def refresh_token(self) -> str:
        """Proof of this sign-in; it may change with each renewal."""
        return self._refresh_token

    @property
    def user(self) -> UserInfo:
        """Who this is, by the claims of the token last held; only the first time is one asked for.

        Raises:
            SignInProblem, BackendError: there was none yet, and there is none to be had.
        """
        claims = _claims(self._token or self.id_token())
        uid = str(claims.get("user_id") or claims.get("sub") or "")
        return UserInfo(email=str(claims.get("email", "")), role=str(claims.get("role", "")), uid=uid)

    def _renew(self) -> None:
        answer = _post(
            self._http,
            f"{self._profile.token_url}/token?key={self._profile.api_key}",
            {"grant_type": "refresh_token", "refresh_token": self._refresh_token},
        )
        self._token = str(answer["id_token"])
        self._refresh_token = str(answer.get("refresh_token", self._refresh_token))
        self._expires = self._now() + _lifetime(answer, _claims(self._token))


def _lifetime(answer: dict[str, Any], claims: dict[str, Any]) -> float:
    """Seconds a new token is good for, by what the service says of itself: this machine's clock may be hours off."""
    try:
        if "exp" in claims and "iat" in claims:
            return float(claims["exp"]) - float(claims["iat"])
        return float(answer.get("expires_in", 3600))
    except (TypeError, ValueError):
        return 3600.0


def sign_in(profile: Profile, email: str, password: str, http: httpx.Client | None = None) -> str:
    """Sign in with email and password. Returns the refresh token.

    Raises:
        SignInProblem: the credentials are refused.
        BackendError: the service does not answer.
    """
    client = http or httpx.Client(timeout=TIMEOUT_S, trust_env=not profile.is_local)
    answer = _post(
        client,
        f"{profile.auth_url}/accounts:signInWithPassword?key={profile.api_key}",
        {"email": email, "password": password, "returnSecureToken": True},
    )
    return str(answer["refreshToken"])


def _post(http: httpx.Client, url: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        response = http.post(url, json=body)
        answer = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise BackendError(
            "The sign-in service does not answer",
            type(error).__name__,
            "Check the network; it is tried again by itself.",
            status=0,
        ) from None
    if response.status_code >= 500:
        said, hint = f"HTTP {response.status_code}", "Try again in a moment."
        raise BackendError("The sign-in service has trouble", said, hint, status=response.status_code)
    if response.status_code != 200:
        raise _refused(answer)
    return dict(answer)


def _refused(answer: Any) -> SignInProblem:
    error = answer.get("error", {}) if isinstance(answer, dict) else {}
    code = str(error.get("message", "")) if isinstance(error, dict) else str(error)
    code = code.partition(" ")[0]
    return SignInProblem(
        "Signing in was refused",
        _MESSAGES.get(code, f"Firebase says {code or 'no'}."),
        "Sign in again: leadgen auth login",
    )


def _claims(token: str) -> dict[str, Any]:
    """The token's claims, unchecked: for display only. The backend and the rules check the signature."""
    try:
        payload = token.split(".")[1]
        decoded = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return decoded if isinstance(decoded, dict) else {}
