"""MSAL, set up so that no call can hang, nothing in the environment redirects it, and other clouds can be named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from leadgen.environment import Environment
from leadgen.model.errors import Unavailable

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


def application(env: Environment, cache: msal.SerializableTokenCache) -> msal.ClientApplication:
    """The registered application: confidential when it has a secret, else public (PKCE protects both).

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
            if env.microsoft_client_secret:
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
