"""Signing an Outlook mailbox in: OAuth 2.0 with an authorization code and PKCE (RFC 6749 §4.1, RFC 7636), run by MSAL.

For terminals without a browser there is the device code flow (RFC 8628), which many tenants forbid.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from leadgen.environment import Environment
from leadgen.model.documents import Mailbox
from leadgen.model.errors import InvalidInput, Unavailable
from leadgen.model.ids import canonical_email
from leadgen.outlook import pending
from leadgen.outlook.microsoft import SCOPES, application, login_service, mail_address, secret_from
from leadgen.outlook.signed_in import is_address, keep
from leadgen.store.clock import Clock

if TYPE_CHECKING:
    import msal
    from google.cloud.firestore import Client

BEGIN_AGAIN = "Begin again: leadgen auth outlook."
_BEGIN_DEVICE_AGAIN = "Begin again: leadgen auth outlook --device."

_REFUSALS = {
    "access_denied": "The sign-in was declined, or an administrator has to approve the application first.",
    "authorization_declined": "The sign-in was declined.",
    "bad_verification_code": "Microsoft does not know this device sign-in.",
    "consent_required": "The permissions were not granted.",
    "expired_token": "The code was not entered in time.",
    "invalid_client": "Microsoft refused the application's secret; check LEADGEN_MICROSOFT_CLIENT_SECRET.",
    "invalid_grant": "Microsoft no longer accepts the code: it was used already or it expired.",
    "interaction_required": "Microsoft wants one more step from the person, such as a second factor.",
    "invalid_scope": "The application may not ask for Mail.Send and Mail.ReadWrite; check its API permissions.",
    "server_error": "Microsoft had a problem of its own.",
    "temporarily_unavailable": "Microsoft is too busy at the moment.",
    "unauthorized_client": "The application is not registered for this kind of sign-in.",
}
_STILL_WAITING = frozenset({"authorization_pending", "slow_down"})


@dataclass(frozen=True)
class DeviceSignIn:
    """What the person does on any device with a browser.

    Args:
        sign_in_id: names the sign-in for `poll_device`.
        user_code: what they enter.
        verification_url: where.
        interval_s: how many seconds to wait between two polls.
    """

    sign_in_id: str
    user_code: str
    verification_url: str
    interval_s: int


def begin(db: Client, env: Environment, user_id: str, clock: Clock) -> str:
    """Start a sign-in.

    Args:
        db: the Firestore client.
        env: the Microsoft application and the key that protects the flow.
        user_id: the operator; only the same one may complete it.
        clock: the present moment.

    Returns:
        The address to open in the operator's browser.

    Raises:
        TokenKeyProblem: there is no usable key.
        Unavailable: no application is configured, or Microsoft does not answer.
    """
    import msal

    app = application(env, msal.SerializableTokenCache())
    with login_service(env):
        flow = app.initiate_auth_code_flow(SCOPES, redirect_uri=env.microsoft_redirect_uri, prompt="select_account")
    pending.keep(db, env, user_id, flow["state"], {"outlook": flow}, clock)
    return str(flow["auth_uri"])


def complete(
    db: Client,
    env: Environment,
    user_id: str,
    *,
    code: str = "",
    state: str = "",
    error: str = "",
    error_description: str = "",
    clock: Clock,
) -> Mailbox:
    """Finish a sign-in with what Microsoft sent to the redirect address.

    Args:
        db: the Firestore client.
        env: the Microsoft application and the key that protects the flow.
        user_id: the operator who calls; must be the one who began.
        code: the authorization code.
        state: names the sign-in.
        error: Microsoft's error code instead of a code.
        error_description: its text; read for its AADSTS number only, never repeated.
        clock: the present moment.

    Raises:
        InvalidInput: the state is missing, unknown, expired or used; or Microsoft refused.
        NotAllowed: the sign-in was begun by someone else.
        Unavailable: Microsoft does not answer.
    """
    import msal

    flow = pending.take(db, env, user_id, state, clock, BEGIN_AGAIN).get("outlook")
    if error:
        _refuse(error, error_description, BEGIN_AGAIN)
    answer = {"code": pending.code_of(code, BEGIN_AGAIN), "state": state}
    cache = msal.SerializableTokenCache()
    app = application(env, cache)
    try:
        with login_service(env):
            result = app.acquire_token_by_auth_code_flow(flow or {}, answer)
    except (ValueError, RuntimeError, KeyError) as problem:  # MSAL's own checks: state, nonce, audience or time
        raise InvalidInput("Microsoft's answer does not belong to this sign-in.", hint=BEGIN_AGAIN) from problem
    return _signed_in(db, env, user_id, result, cache, clock, BEGIN_AGAIN)


def begin_device(db: Client, env: Environment, user_id: str, clock: Clock) -> DeviceSignIn:
    """Start a sign-in that is finished on another device.

    Raises:
        InvalidInput: the tenant or the application does not allow it.
        TokenKeyProblem, Unavailable: as `begin`.
    """
    import msal

    app = application(env, msal.SerializableTokenCache(), public=True)
    with login_service(env):
        flow = app.initiate_device_flow(SCOPES)
    if "user_code" not in flow:
        _refuse(str(flow.get("error", "")), str(flow.get("error_description", "")), BEGIN_AGAIN)
    name = secrets.token_urlsafe(24)
    pending.keep(db, env, user_id, name, {"device": flow}, clock)
    return DeviceSignIn(name, str(flow["user_code"]), str(flow["verification_uri"]), int(flow.get("interval", 5)))


def poll_device(db: Client, env: Environment, user_id: str, sign_in_id: str, clock: Clock) -> Mailbox | None:
    """Ask once whether the person has finished; `None` while they have not.

    Raises:
        InvalidInput: the sign-in is unknown, expired or was declined.
        NotAllowed: it was begun by someone else.
        Unavailable: Microsoft does not answer.
    """
    import msal

    flow = pending.look(db, env, user_id, sign_in_id, clock, _BEGIN_DEVICE_AGAIN).get("device")
    if not isinstance(flow, dict):
        raise InvalidInput("This is no device sign-in.", hint=_BEGIN_DEVICE_AGAIN)
    cache = msal.SerializableTokenCache()
    app = application(env, cache, public=True)
    with login_service(env):
        # MSAL would wait until the person has finished; a function asks once and gives its thread back.
        result = app.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
    if result.get("error") in _STILL_WAITING:
        return None
    pending.take(db, env, user_id, sign_in_id, clock, _BEGIN_DEVICE_AGAIN)
    return _signed_in(db, env, user_id, result, cache, clock, _BEGIN_DEVICE_AGAIN)


def _refuse(error: str, description: str, begin_again: str) -> NoReturn:
    number = re.search(r"\bAADSTS\d{3,8}\b", description[: pending.MAX_PARAMETER])
    pending.refuse("Microsoft", _REFUSALS, error, number[0] if number else "", begin_again)


def _signed_in(
    db: Client,
    env: Environment,
    user_id: str,
    result: dict[str, Any],
    cache: msal.SerializableTokenCache,
    clock: Clock,
    begin_again: str,
) -> Mailbox:
    if "error" in result:
        _refuse(str(result["error"]), str(result.get("error_description", "")), begin_again)
    claims = result.get("id_token_claims") or {}
    address = canonical_email(str(claims.get("preferred_username") or claims.get("email") or ""))
    if not is_address(address):
        raise InvalidInput("Microsoft did not say which mailbox was signed in.", hint="Sign in with a mail account.")
    secret = secret_from(result, cache, clock.now())
    if secret is None:
        raise Unavailable("Microsoft signed the mailbox in but gave no token.", hint=begin_again)
    sender = mail_address(env, str(secret["accessToken"]))
    own = sender if canonical_email(sender) != address else ""
    name = str(claims.get("name") or "")
    return keep(db, env, clock, "graph", address, secret, user_id=user_id, address=own, display_name=name)
