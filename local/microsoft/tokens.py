"""Codes and tokens: what was granted to which application on whose behalf, until when, and whether it was used."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.microsoft.accounts import Account, Client, Directory
from local.microsoft.database import Database
from local.microsoft.errors import LoginError
from local.microsoft.settings import KnobStore
from local.microsoft.signing import SigningKey, base64url

OIDC_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})
_GRAPH_PREFIX = "https://graph.microsoft.com/"
_DEFAULT_SCOPES = ("Mail.ReadWrite", "Mail.Send", "User.Read")
_USER_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, no digits: nothing to misread (RFC 8628, 6.1)


@dataclass(frozen=True)
class Grant:
    """One stored code or token."""

    kind: str
    secret: str
    account: str | None
    client_id: str
    facts: dict[str, Any]
    expires: float
    used: float | None
    revoked: bool


class GrantStore:
    """Codes and tokens on disk."""

    def __init__(self, database: Database, clock: Callable[[], float], knobs: KnobStore) -> None:
        self._database, self._clock, self._knobs = database, clock, knobs

    def add(self, kind: str, account: str | None, client_id: str, facts: dict[str, Any], lifetime: float) -> str:
        """Store a new grant and return its secret."""
        secret = secrets.token_urlsafe(48)
        self._database.run(
            "INSERT INTO grants (kind, secret, account, client_id, json, expires) VALUES (?, ?, ?, ?, ?, ?)",
            *(kind, secret, account, client_id, json.dumps(facts), self._clock() + lifetime),
        )
        return secret

    def find(self, kind: str, secret: str) -> Grant | None:
        row = self._database.row("SELECT * FROM grants WHERE kind = ? AND secret = ?", kind, secret)
        return _grant(row) if row else None

    def find_device(self, user_code: str) -> Grant | None:
        """The device sign-in a person typed the code of."""
        wanted = user_code.replace("-", "").strip().upper()
        for row in self._database.rows("SELECT * FROM grants WHERE kind = 'device'"):
            grant = _grant(row)
            if grant.facts["user_code"] == wanted:
                return grant
        return None

    def mark_used(self, grant: Grant) -> bool:
        """Use a grant up; False when somebody did before."""
        done = self._database.run(
            "UPDATE grants SET used = ? WHERE kind = ? AND secret = ? AND used IS NULL",
            *(self._clock(), grant.kind, grant.secret),
        )
        return done.rowcount == 1

    def answer_device(self, grant: Grant, account: str | None) -> None:
        """Note what the person at the device page decided; None means refused."""
        facts = json.dumps({**grant.facts, "status": "approved" if account else "declined"})
        self._database.run(
            "UPDATE grants SET account = ?, json = ? WHERE kind = 'device' AND secret = ?", account, facts, grant.secret
        )

    def revoke(self, account: str, kinds: tuple[str, ...]) -> int:
        """Revoke an account's grants of some kinds; returns how many."""
        marks = ",".join("?" * len(kinds))
        statement = f"UPDATE grants SET revoked = 1 WHERE account = ? AND revoked = 0 AND kind IN ({marks})"
        return self._database.run(statement, account, *kinds).rowcount

    def check_refresh(self, secret: str, client_id: str) -> Grant:
        """A refresh token that still works. Raises LoginError otherwise."""
        grant, now = self.find("refresh", secret), self._clock()
        if grant is None or grant.client_id != client_id:
            raise LoginError("invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.")
        reuse_over = grant.used is not None and now >= grant.used + self._knobs.current.refresh_reuse_seconds
        if grant.revoked or reuse_over:
            text = "The provided grant has expired due to it being revoked, a fresh auth token is needed."
            raise LoginError("invalid_grant", 50173, text)
        if now >= grant.expires:
            text = "The refresh token has expired due to inactivity."
            raise LoginError("invalid_grant", 700082, text)
        return grant

    def add_device(self, client_id: str, scope: str) -> tuple[str, str]:
        """Begin a device sign-in (RFC 8628); returns device code and user code."""
        user_code = "".join(secrets.choice(_USER_CODE_LETTERS) for _ in range(9))
        facts = {"user_code": user_code, "scope": scope, "status": "pending"}
        return self.add("device", None, client_id, facts, self._knobs.current.device_code_lifetime), user_code


def _grant(row: Any) -> Grant:
    return Grant(
        kind=row["kind"],
        secret=row["secret"],
        account=row["account"],
        client_id=row["client_id"],
        facts=json.loads(row["json"]),
        expires=row["expires"],
        used=row["used"],
        revoked=bool(row["revoked"]),
    )


class TokenService:
    """Issues tokens for what was granted, and tells whose an access token is."""

    def __init__(
        self, grants: GrantStore, directory: Directory, key: SigningKey, clock: Callable[[], float], knobs: KnobStore
    ) -> None:
        self.grants, self.key = grants, key
        self._directory, self._clock, self._knobs = directory, clock, knobs

    def issue(
        self, account: Account, client_id: str, scope: str, origin: str, *, nonce: str | None, client_info: bool
    ) -> dict[str, Any]:
        """The token endpoint's answer: access token, and id and refresh token when their scopes were asked for."""
        asked = scope.split()
        resource_scopes = _resource_scopes(asked)
        lifetime = self._knobs.current.token_lifetime
        names = [name.removeprefix(_GRAPH_PREFIX) for name in resource_scopes]
        access = self.grants.add("access", account.address, client_id, {"scopes": names}, lifetime)
        answer: dict[str, Any] = {
            "token_type": "Bearer",
            "scope": " ".join(resource_scopes + [name for name in asked if name in OIDC_SCOPES - {"offline_access"}]),
            "expires_in": int(lifetime),
            "ext_expires_in": int(lifetime),
            "access_token": access,
        }
        if "offline_access" in asked:
            answer["refresh_token"] = self.grants.add(
                "refresh", account.address, client_id, {"scope": scope}, self._knobs.current.refresh_token_lifetime
            )
        if "openid" in asked:
            answer["id_token"] = self.key.sign(self._claims(account, client_id, origin, nonce))
        if client_info:
            info = {"uid": account.object_id, "utid": account.tenant_id}
            answer["client_info"] = base64url(json.dumps(info).encode())
        return answer

    def holder(self, access_token: str) -> tuple[Account, frozenset[str]] | None:
        """Whose access token this is and what it allows; None when it is unknown, expired or revoked."""
        grant = self.grants.find("access", access_token)
        if grant is None or grant.revoked or self._clock() >= grant.expires or grant.account is None:
            return None
        account = self._directory.find(grant.account)
        return (account, frozenset(grant.facts["scopes"])) if account else None

    def _claims(self, account: Account, client_id: str, origin: str, nonce: str | None) -> dict[str, Any]:
        now = int(self._clock())
        # The subject is pairwise: another application sees another value (OpenID Connect Core, 8.1).
        subject = hashlib.sha256(f"{account.object_id}:{client_id}".encode()).digest()
        claims: dict[str, Any] = {
            "aud": client_id,
            "iss": f"{origin}/{account.tenant_id}/v2.0",
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "name": account.name,
            "oid": account.object_id,
            "preferred_username": account.principal,
            "email": account.address,
            "sub": base64url(subject),
            "tid": account.tenant_id,
            "uti": secrets.token_urlsafe(16),
            "ver": "2.0",
        }
        return {**claims, "nonce": nonce} if nonce else claims


def _resource_scopes(asked: list[str]) -> list[str]:
    named = [name for name in asked if name not in OIDC_SCOPES]
    if any(name.endswith("/.default") or name == ".default" for name in named):
        return [*named, *_DEFAULT_SCOPES]
    return named or ["User.Read"]


def check_verifier(facts: dict[str, Any], verifier: str | None) -> None:
    """Compare a PKCE verifier with the challenge of the authorization request (RFC 7636, 4.6). Raises LoginError."""
    challenge = facts.get("code_challenge")
    if not challenge:
        return
    if not verifier:
        text = "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE."
        raise LoginError("invalid_grant", 50148, text)
    hashed = base64url(hashlib.sha256(verifier.encode("utf-8", "replace")).digest())
    expected = verifier if facts.get("code_challenge_method") == "plain" else hashed
    if not hmac.compare_digest(expected.encode("utf-8", "replace"), challenge.encode("utf-8", "replace")):
        text = "The Code_Verifier does not match the code_challenge supplied in the authorization request."
        raise LoginError("invalid_grant", 501481, text)


def check_client(client: Client | None, client_id: str, secret: str | None) -> None:
    """Check an application's secret. Raises LoginError; an application nobody registered passes as a public one."""
    if client is None:
        return
    if client.secret is None:
        if secret:
            text = "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."
            raise LoginError("invalid_client", 700025, text, 401)
    elif not secret:
        text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        raise LoginError("invalid_client", 7000218, text, 401)
    elif not hmac.compare_digest(secret.encode(), client.secret.encode()):
        text = (
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{client_id}'."
        )
        raise LoginError("invalid_client", 7000215, text, 401)


def basic_credentials(header: str | None) -> tuple[str, str] | None:
    """Client id and secret out of an HTTP Basic header (RFC 6749, 2.3.1), or None."""
    if not header or not header.lower().startswith("basic "):
        return None
    try:
        name, _, secret = base64.b64decode(header[6:], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, secret
