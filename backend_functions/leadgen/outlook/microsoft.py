"""MSAL, set up so that no call can hang, nothing in the environment redirects it, and other clouds can be named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from leadgen.environment import Environment
from leadgen.model.errors import Unavailable
from leadgen.outlook.signed_in import is_address
from leadgen.outlook.vault import Secret
from leadgen.store.clock import Clock

if TYPE_CHECKING:
    import msal

SCOPES = ["Mail.Send", "Mail.ReadWrite", "User.Read"]
"""Drafts need Mail.ReadWrite; MSAL itself adds openid, profile and offline_access."""

LOGIN_TIMEOUT_S = 15.0


class _Session(requests.Session):
    """A session whose every request has a timeout."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = kwargs.get("timeout") or LOGIN_TIMEOUT_S
        return super().request(*args, **kwargs)


def _session(env: Environment) -> _Session:
    session = _Session()
    # MSAL's own `verify=` loses to a REQUESTS_CA_BUNDLE in the environment, and a proxy variable would see the tokens.
    session.trust_env = False
    session.verify = env.ca_file or True
    return session


def application(
    env: Environment, cache: msal.SerializableTokenCache, *, public: bool = False
) -> msal.ClientApplication:
    """The registered application: confidential when it has a secret, else public (PKCE protects both).

    Args:
        env: names it.
        cache: takes its tokens.
        public: leave the secret out: MSAL offers the device code flow to public applications alone.

    Raises:
        Unavailable: no application is configured, or the login service does not answer.
    """
    import msal
    from msal.authority import WELL_KNOWN_AUTHORITY_HOSTS

    if not env.microsoft_client_id:
        raise Unavailable(
            "No Microsoft application is configured.",
            hint="Register one in Entra and set LEADGEN_MICROSOFT_CLIENT_ID (and _SECRET, _REDIRECT_URI).",
        )
    known = urlsplit(env.microsoft_authority).hostname in WELL_KNOWN_AUTHORITY_HOSTS
    options: dict[str, Any] = {
        "authority": env.microsoft_authority,
        "token_cache": cache,
        "http_client": _session(env),
        # Instance discovery asks login.microsoftonline.com about hosts it does not know; only its own are known there.
        "instance_discovery": None if known else False,
    }
    try:
        with login_service(env):
            if env.microsoft_client_secret and not public:
                return msal.ConfidentialClientApplication(
                    env.microsoft_client_id, client_credential=env.microsoft_client_secret, **options
                )
            return msal.PublicClientApplication(env.microsoft_client_id, **options)
    except ValueError as error:
        raise Unavailable(
            f"{urlsplit(env.microsoft_authority).hostname} did not accept the tenant of LEADGEN_MICROSOFT_AUTHORITY.",
            hint="It must look like https://login.microsoftonline.com/common, or name your tenant.",
        ) from error


@contextmanager
def login_service(env: Environment) -> Iterator[None]:
    """Around calls of MSAL: a login service that is down, slow or broken becomes `Unavailable`.

    Raises:
        Unavailable: names the host only, for a URL may carry a code.
    """
    from msal.exceptions import MsalError

    try:
        yield
    except (requests.RequestException, MsalError) as error:  # MSAL turns a 5xx answer into an error of its own
        host = urlsplit(env.microsoft_authority).netloc
        raise Unavailable(
            f"The Microsoft login service at {host} did not answer ({type(error).__name__}).",
            hint="Try again in a minute; if it stays so, check the network and LEADGEN_MICROSOFT_AUTHORITY.",
        ) from error


def mail_address(env: Environment, access_token: str) -> str:
    """The primary address of a mailbox, which its mails come from; the name somebody signs in with may be another one
    and take no mail (learn.microsoft.com/graph/api/resources/user: `mail`, `userPrincipalName`).

    Args:
        env: names Graph's address.
        access_token: of the mailbox, for User.Read.

    Returns:
        The address, or nothing if Graph does not say.
    """
    headers = {"Authorization": f"Bearer {access_token}"}
    try:
        with _session(env) as session:
            answer = session.get(f"{env.graph_url}/me", params={"$select": "mail"}, headers=headers)
        said = answer.json() if answer.ok else None
    except (requests.RequestException, ValueError):
        said = None
    address = said.get("mail") if isinstance(said, dict) else None
    return address.strip() if isinstance(address, str) and is_address(address) else ""


_NEEDS_PERSON = frozenset({"invalid_grant", "interaction_required", "consent_required", "login_required"})
"""OAuth errors that only a new sign-in cures (OpenID Connect Core §3.1.2.6, RFC 6749 §5.2)."""


def secret_from(result: dict[str, Any], cache: msal.SerializableTokenCache, now: datetime) -> Secret | None:
    """What the vault keeps of MSAL's answer; `None` if there is no token in it."""
    if not isinstance(result.get("access_token"), str):
        return None
    expires = now.timestamp() + float(result.get("expires_in") or 0)
    return {"accessToken": result["access_token"], "expiresAt": expires, "cache": cache.serialize()}


class MicrosoftTokens:
    """Refreshes the tokens of Outlook mailboxes; see `vault.Tokens`.

    Args:
        env: the Microsoft application.
        clock: the present moment.
    """

    def __init__(self, env: Environment, clock: Clock) -> None:
        self._env = env
        self._clock = clock

    def refresh(self, secret: Secret, account: str) -> Secret | None:
        """See `vault.Tokens.refresh`."""
        import msal

        cache = msal.SerializableTokenCache()
        cache.deserialize(secret.get("cache"))
        app = application(self._env, cache)
        accounts = app.get_accounts()
        if not accounts:
            return None
        with login_service(self._env):
            result = app.acquire_token_silent_with_error(SCOPES, account=accounts[0], force_refresh=True) or {}
        fresh = secret_from(result, cache, self._clock.now())
        if fresh is not None or not result or result.get("error") in _NEEDS_PERSON:
            return fresh
        error = str(result.get("error", ""))
        shown = error[:40] if error.replace("_", "").isalpha() else "no reason"
        raise Unavailable(
            f"Microsoft gave no token for {account} ({shown}).",
            hint="It will be tried again; if it stays so, check the application's secret and permissions.",
        )

    def revoke(self, secret: Secret) -> str:
        """See `vault.Tokens.revoke`. Microsoft revokes a person's every session or none, so the tokens just go."""
        return "Microsoft keeps the consent; it is withdrawn at https://myapplications.microsoft.com."
