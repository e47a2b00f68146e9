"""Signing a mailbox in: the OAuth 2.0 authorization code flow with PKCE (RFC 6749 §4.1, RFC 7636), run by MSAL.

What must survive between the two halves (state, PKCE verifier, nonce) is kept encrypted in `oauthFlows`, belongs to
the operator who began it, lives ten minutes, and is deleted before it is used, so that a callback works once.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from leadgen.environment import Environment
from leadgen.model.errors import InvalidInput, NotAllowed
from leadgen.model.ids import canonical_email, digest
from leadgen.outlook import vault
from leadgen.outlook.accounts import FlowEntry, MailboxAccount, MailboxState, mailbox_ref
from leadgen.outlook.microsoft import SCOPES, application, login_service
from leadgen.outlook.sealing import seal, unseal
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.clock import Clock
from leadgen.store.records import Raced, Record, change, create, read, retrying

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

FLOW_LIFETIME = timedelta(minutes=10)
_BEGIN_AGAIN = "Begin again: leadgen auth outlook."
_MAX_PARAMETER = 8192

_REFUSALS = {
    "access_denied": "The sign-in was declined, or an administrator has to approve the application first.",
    "consent_required": "The permissions were not granted.",
    "invalid_client": "Microsoft refused the application's secret; check LEADGEN_MICROSOFT_CLIENT_SECRET.",
    "invalid_grant": "Microsoft no longer accepts the code: it was used already or it expired.",
    "interaction_required": "Microsoft wants one more step from the person, such as a second factor.",
    "invalid_scope": "The application may not ask for Mail.Send and Mail.ReadWrite; check its API permissions.",
    "server_error": "Microsoft had a problem of its own.",
    "temporarily_unavailable": "Microsoft is too busy at the moment.",
    "unauthorized_client": "The application is not registered for this kind of sign-in.",
}


def _flow_ref(db: Client, state: str) -> DocumentReference:
    return Collections(db).oauth_flows.document(digest("oauth-state", state))


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
        TokenKeyProblem: there is no usable LEADGEN_TOKEN_KEY.
        Unavailable: no application is configured, or Microsoft does not answer.
    """
    import msal

    app = application(env, msal.SerializableTokenCache())
    with login_service(env):
        flow = app.initiate_auth_code_flow(SCOPES, redirect_uri=env.microsoft_redirect_uri, prompt="select_account")
    ref = _flow_ref(db, flow["state"])
    entry = FlowEntry(
        user_id=user_id,
        sealed=seal(env.token_key, ref.path, user_id, flow),
        expires_at=clock.now() + FLOW_LIFETIME,
    )
    create(ref, entry)
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
) -> MailboxAccount:
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
    flow = _take_flow(db, env, user_id, state, clock.now())
    if error:
        _refuse(error, error_description)
    if not code or len(code) > _MAX_PARAMETER:
        raise InvalidInput("The callback carries no usable code.", hint=_BEGIN_AGAIN)
    return _exchange(db, env, user_id, flow, {"code": code, "state": state}, clock.now())


def _take_flow(db: Client, env: Environment, user_id: str, state: str, now: datetime) -> dict[str, Any]:
    if not state or len(state) > _MAX_PARAMETER:
        raise InvalidInput("The callback carries no usable state.", hint=_BEGIN_AGAIN)
    record = read(_flow_ref(db, state), FlowEntry)
    if record is None:
        raise InvalidInput("This sign-in is not known: it was completed already, or never begun.", hint=_BEGIN_AGAIN)
    if record.value.user_id != user_id:
        # Left in place: a stranger's call must not end the rightful operator's sign-in.
        raise NotAllowed("This sign-in was begun by another user.", hint="Whoever began it must finish it.")
    _delete_once(record)
    if record.value.expires_at <= now:
        raise InvalidInput("This sign-in took longer than ten minutes and has expired.", hint=_BEGIN_AGAIN)
    flow: dict[str, Any] = unseal(env.token_key, record.ref.path, user_id, record.value.sealed)
    return flow


def _delete_once(record: Record[FlowEntry]) -> None:
    """Delete the flow if it still is as it was read; of two callbacks at once only one gets past here."""
    from google.api_core.exceptions import Aborted, FailedPrecondition, NotFound

    client = record.ref._client
    option = client.write_option(last_update_time=record.snapshot.update_time)
    try:
        record.ref.delete(option=option, timeout=RPC_TIMEOUT_S)
    except (FailedPrecondition, NotFound, Aborted) as error:
        raise InvalidInput("This sign-in was completed already.", hint=_BEGIN_AGAIN) from error


def _refuse(error: str, description: str) -> NoReturn:
    """Say what Microsoft's error means in words of our own: its text may hold anything, even HTML."""
    known = _REFUSALS.get(error)
    name = error if re.fullmatch(r"[a-z_]{1,40}", error) else "an unknown error"
    number = re.search(r"\bAADSTS\d{3,8}\b", description[:_MAX_PARAMETER])
    detail = known or f"Microsoft refused the sign-in ({name})."
    raise InvalidInput(f"{detail} [{number[0]}]" if number else detail, hint=_BEGIN_AGAIN)


def _exchange(
    db: Client, env: Environment, user_id: str, flow: dict[str, Any], answer: dict[str, str], now: datetime
) -> MailboxAccount:
    import msal

    cache = msal.SerializableTokenCache()
    app = application(env, cache)
    try:
        with login_service(env):
            result = app.acquire_token_by_auth_code_flow(flow, answer)
    except (ValueError, RuntimeError) as error:  # MSAL's own checks: state, nonce, audience or time of the id token
        raise InvalidInput("Microsoft's answer does not belong to this sign-in.", hint=_BEGIN_AGAIN) from error
    if "error" in result:
        _refuse(str(result["error"]), str(result.get("error_description", "")))
    claims = result.get("id_token_claims") or {}
    address = canonical_email(str(claims.get("preferred_username") or claims.get("email") or ""))
    if "@" not in address or len(address) > 320:
        raise InvalidInput("Microsoft did not say which mailbox was signed in.", hint="Sign in with a mail account.")
    mailbox = MailboxAccount(
        account=address,
        user_id=user_id,
        display_name=str(claims.get("name") or "")[:200],
        state=MailboxState.CONNECTED,
        connected_at=now,
        updated_at=now,
    )
    vault.store(db, env, mailbox, cache, now)
    _connect(db, mailbox)
    return mailbox


def _connect(db: Client, mailbox: MailboxAccount) -> None:
    """Write the sign-in part of the mailbox and leave the sender's part as it is."""
    ref = mailbox_ref(db, mailbox.account)

    def attempt() -> None:
        existing = read(ref, MailboxAccount)
        if existing is not None:
            change(existing, mailbox.to_firestore())
        elif not create(ref, mailbox):
            raise Raced("the mailbox was created at the same time")

    retrying(attempt)
