"""Signing a Gmail mailbox in: Google's OAuth 2.0 for installed applications, with PKCE.

Sources: developers.google.com/identity/protocols/oauth2/native-app, …/identity/openid-connect/openid-connect,
developers.google.com/workspace/gmail/api/auth/scopes. Google's library would ask for a client of its own for each of
three steps and verifies what came over TLS from the token endpoint anyway (OpenID Connect Core §3.1.3.7, 6 allows to
rely on TLS there); three requests are simpler and each has its timeout.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import ssl
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import httpx

from leadgen.environment import Environment
from leadgen.model.documents import Mailbox
from leadgen.model.errors import InvalidInput, Unavailable
from leadgen.outlook import pending
from leadgen.outlook.signed_in import is_address, keep
from leadgen.outlook.vault import Secret
from leadgen.store.clock import Clock

if TYPE_CHECKING:
    from google.cloud.firestore import Client

GMAIL_SCOPE = "https://www.googleapis.com/auth/gmail.modify"
"""Drafts and sending need gmail.compose; finding a mail again by its Message-ID needs reading; this one is both."""
SCOPES = f"openid email profile {GMAIL_SCOPE}"
BEGIN_AGAIN = "Begin again: leadgen auth gmail."
TIMEOUT_S = 15.0
_ISSUERS = frozenset({"https://accounts.google.com", "accounts.google.com"})
_SKEW_S = 300.0

_REFUSALS = {
    "access_denied": "The sign-in was declined.",
    "admin_policy_enforced": "The administrator of this Google Workspace has to allow the application first.",
    "disallowed_useragent": "Google does not allow signing in from this browser; use another one.",
    "invalid_client": "Google refused the application; check LEADGEN_GOOGLE_CLIENT_ID and _SECRET.",
    "invalid_grant": "Google no longer accepts the code: it was used already or it expired.",
    "org_internal": "The application is only for people of another organization.",
    "redirect_uri_mismatch": "The redirect address is not registered; check LEADGEN_GOOGLE_REDIRECT_URI.",
}


def begin(db: Client, env: Environment, user_id: str, clock: Clock) -> str:
    """Start a sign-in.

    Args:
        db: the Firestore client.
        env: the Google application and the key that protects the flow.
        user_id: the operator; only the same one may complete it.
        clock: the present moment.

    Returns:
        The address to open in the operator's browser.

    Raises:
        TokenKeyProblem: there is no usable key.
        Unavailable: no application is configured.
    """
    if not env.google_client_id:
        raise Unavailable(
            "No Google application is configured.",
            hint="Make an OAuth client in Google Cloud and set LEADGEN_GOOGLE_CLIENT_ID and _SECRET.",
        )
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    flow = {"nonce": nonce, "verifier": verifier, "redirectUri": env.google_redirect_uri}
    pending.keep(db, env, user_id, state, {"gmail": flow}, clock)
    query = {
        "client_id": env.google_client_id,
        "redirect_uri": env.google_redirect_uri,
        "response_type": "code",
        "scope": SCOPES,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "access_type": "offline",
        "prompt": "consent select_account",  # without consent Google gives a refresh token the first time only
    }
    return f"{env.google_login_url}/o/oauth2/v2/auth?{urlencode(query)}"


def complete(
    db: Client, env: Environment, user_id: str, *, code: str = "", state: str = "", error: str = "", clock: Clock
) -> Mailbox:
    """Finish a sign-in with what Google sent to the redirect address.

    Args:
        db: the Firestore client.
        env: the Google application and the key that protects the flow.
        user_id: the operator who calls; must be the one who began.
        code: the authorization code.
        state: names the sign-in.
        error: Google's error code instead of a code.
        clock: the present moment.

    Raises:
        InvalidInput: the state is missing, unknown, expired or used; or Google refused.
        NotAllowed: the sign-in was begun by someone else.
        Unavailable: Google does not answer.
    """
    flow = pending.take(db, env, user_id, state, clock, BEGIN_AGAIN).get("gmail")
    if error or not isinstance(flow, dict):
        pending.refuse("Google", _REFUSALS, error, "", BEGIN_AGAIN)
    answer = _token_call(
        env,
        {
            "grant_type": "authorization_code",
            "code": pending.code_of(code, BEGIN_AGAIN),
            "redirect_uri": str(flow["redirectUri"]),
            "code_verifier": str(flow["verifier"]),
        },
    )
    if "error" in answer:
        pending.refuse("Google", _REFUSALS, str(answer["error"]), "", BEGIN_AGAIN)
    now = clock.now()
    claims = _checked_claims(env, answer, str(flow["nonce"]), now)
    secret = _secret(answer, str(answer.get("refresh_token") or ""), now)
    if secret is None or not secret["refreshToken"] or GMAIL_SCOPE not in str(answer.get("scope", "")).split():
        raise InvalidInput("Google did not grant permission to write mail.", hint=f"Tick the box. {BEGIN_AGAIN}")
    name = str(claims.get("name") or "")
    return keep(db, env, clock, "gmail", str(claims["email"]), secret, user_id=user_id, display_name=name)


def _checked_claims(env: Environment, answer: dict[str, Any], nonce: str, now: datetime) -> dict[str, Any]:
    """The id token's claims, checked as OpenID Connect Core §3.1.3.7 says."""
    try:
        payload = str(answer["id_token"]).split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        right = (
            (claims["iss"] in _ISSUERS or claims["iss"] == env.google_login_url)
            and claims["aud"] == env.google_client_id
            and secrets.compare_digest(str(claims["nonce"]), nonce)
            and float(claims["exp"]) > now.timestamp() - _SKEW_S
        )
    except (KeyError, IndexError, ValueError, TypeError):
        right, claims = False, {}
    if not right:
        raise InvalidInput("Google's answer does not belong to this sign-in.", hint=BEGIN_AGAIN)
    if not is_address(str(claims.get("email") or "")) or claims.get("email_verified") is not True:
        raise InvalidInput("Google did not say which mailbox was signed in.", hint="Sign in with a Gmail account.")
    return dict(claims)


def _secret(answer: dict[str, Any], refresh_token: str, now: datetime) -> Secret | None:
    if not isinstance(answer.get("access_token"), str):
        return None
    expires = now.timestamp() + float(answer.get("expires_in") or 0)
    return {"accessToken": answer["access_token"], "expiresAt": expires, "refreshToken": refresh_token}


def _token_call(env: Environment, form: dict[str, str]) -> dict[str, Any]:
    credentials = {"client_id": env.google_client_id}
    if env.google_client_secret:
        credentials["client_secret"] = env.google_client_secret
    answer = _post(env, "/token", form | credentials)
    try:
        body = answer.json()
    except ValueError:
        body = None
    if answer.status_code >= 500 or answer.status_code == httpx.codes.TOO_MANY_REQUESTS or not isinstance(body, dict):
        raise _no_answer(env, f"HTTP {answer.status_code}")
    return body


def _post(env: Environment, path: str, form: dict[str, str]) -> httpx.Response:
    verify: ssl.SSLContext | bool = ssl.create_default_context(cafile=env.ca_file) if env.ca_file else True
    try:
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False, verify=verify) as client:
            return client.post(f"{env.google_token_url}{path}", data=form)
    except httpx.HTTPError as error:
        raise _no_answer(env, type(error).__name__) from error


def _no_answer(env: Environment, what: str) -> Unavailable:
    return Unavailable(
        f"Google's login service at {urlsplit(env.google_token_url).netloc} did not answer ({what}).",
        hint="Try again in a minute; if it stays so, check the network and LEADGEN_GOOGLE_TOKEN_URL.",
    )


class GoogleTokens:
    """Refreshes the tokens of Gmail mailboxes; see `vault.Tokens`.

    Args:
        env: the Google application.
        clock: the present moment.
    """

    def __init__(self, env: Environment, clock: Clock) -> None:
        self._env = env
        self._clock = clock

    def refresh(self, secret: Secret, account: str) -> Secret | None:
        """See `vault.Tokens.refresh`."""
        used = str(secret.get("refreshToken", ""))
        answer = _token_call(self._env, {"grant_type": "refresh_token", "refresh_token": used})
        if answer.get("error") == "invalid_grant":  # revoked, expired, or the password was changed
            return None
        # Google seldom sends a new refresh token; the used one stays good then.
        fresh = _secret(answer, str(answer.get("refresh_token") or used), self._clock.now())
        if fresh is None:
            error = str(answer.get("error", ""))
            shown = error[:40] if error.replace("_", "").isalpha() else "no reason"
            raise Unavailable(
                f"Google gave no token for {account} ({shown}).",
                hint="It will be tried again; if it stays so, check LEADGEN_GOOGLE_CLIENT_ID and _SECRET.",
            )
        return fresh

    def revoke(self, secret: Secret) -> str:
        """See `vault.Tokens.revoke`."""
        answer = _post(self._env, "/revoke", {"token": str(secret.get("refreshToken", ""))})
        if answer.status_code >= 500:
            raise _no_answer(self._env, f"HTTP {answer.status_code}")
        return "Google has ended the permission." if answer.is_success else "Google had ended the permission before."
