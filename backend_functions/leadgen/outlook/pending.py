"""Sign-ins under way: what must survive between the two halves (state, PKCE verifier, nonce, device code).

It is kept encrypted in `oauthFlows`, belongs to the operator who began it, lives ten minutes, and is deleted before it
is used, so that a callback works once.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from leadgen.environment import Environment
from leadgen.model.errors import InvalidInput, NotAllowed
from leadgen.model.ids import digest
from leadgen.outlook.accounts import FlowEntry
from leadgen.outlook.sealing import sealer_of
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.clock import Clock
from leadgen.store.records import Record, create, read

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

FLOW_LIFETIME = timedelta(minutes=10)
MAX_PARAMETER = 8192


def _flow_ref(db: Client, state: str) -> DocumentReference:
    return Collections(db).oauth_flows.document(digest("oauth-state", state))


def keep(db: Client, env: Environment, user_id: str, state: str, facts: dict[str, Any], clock: Clock) -> None:
    """Remember a sign-in that was begun.

    Args:
        db: the Firestore client.
        env: the vault's keys.
        user_id: the operator; only the same one may complete it.
        state: names the sign-in; not to be guessed.
        facts: what completing it needs.
        clock: the present moment.

    Raises:
        TokenKeyProblem, Unavailable: it can't be encrypted.
    """
    ref = _flow_ref(db, state)
    sealed = sealer_of(env).seal(ref.path, user_id, facts)
    create(ref, FlowEntry(user_id=user_id, sealed=sealed, expires_at=clock.now() + FLOW_LIFETIME))


def look(db: Client, env: Environment, user_id: str, state: str, clock: Clock, begin_again: str) -> dict[str, Any]:
    """What was remembered, without using it up: a device sign-in is asked about many times.

    Raises:
        InvalidInput, NotAllowed: as `take`.
    """
    return _open(env, user_id, _find(db, user_id, state, begin_again), clock, begin_again)


def take(db: Client, env: Environment, user_id: str, state: str, clock: Clock, begin_again: str) -> dict[str, Any]:
    """What was remembered; it is forgotten by this.

    Args:
        db: the Firestore client.
        env: the vault's keys.
        user_id: the operator who calls; must be the one who began.
        state: names the sign-in.
        clock: the present moment.
        begin_again: how to.

    Raises:
        InvalidInput: the state is missing, unknown, expired or used.
        NotAllowed: the sign-in was begun by someone else.
    """
    record = _find(db, user_id, state, begin_again)
    _delete_once(record, begin_again)
    return _open(env, user_id, record, clock, begin_again)


def _find(db: Client, user_id: str, state: str, begin_again: str) -> Record[FlowEntry]:
    if not state or len(state) > MAX_PARAMETER:
        raise InvalidInput("The callback carries no usable state.", hint=begin_again)
    record = read(_flow_ref(db, state), FlowEntry)
    if record is None:
        raise InvalidInput("This sign-in is not known: it was completed already, or never begun.", hint=begin_again)
    if record.value.user_id != user_id:
        # Left in place: a stranger's call must not end the rightful operator's sign-in.
        raise NotAllowed("This sign-in was begun by another user.", hint="Whoever began it must finish it.")
    return record


def _open(env: Environment, user_id: str, record: Record[FlowEntry], clock: Clock, begin_again: str) -> dict[str, Any]:
    if record.value.expires_at <= clock.now():
        raise InvalidInput("This sign-in took longer than ten minutes and has expired.", hint=begin_again)
    facts: dict[str, Any] = sealer_of(env).unseal(record.ref.path, user_id, record.value.sealed)
    return facts


def _delete_once(record: Record[FlowEntry], begin_again: str) -> None:
    """Delete the flow if it still is as it was read; of two callbacks at once only one gets past here."""
    from google.api_core.exceptions import Aborted, FailedPrecondition, NotFound

    option = record.ref._client.write_option(last_update_time=record.snapshot.update_time)
    try:
        record.ref.delete(option=option, timeout=RPC_TIMEOUT_S)
    except (FailedPrecondition, NotFound, Aborted) as error:
        raise InvalidInput("This sign-in was completed already.", hint=begin_again) from error


def code_of(code: str, begin_again: str) -> str:
    """The authorization code of a callback.

    Raises:
        InvalidInput: there is none, or an endless one.
    """
    if not code or len(code) > MAX_PARAMETER:
        raise InvalidInput("The callback carries no usable code.", hint=begin_again)
    return code


def refuse(who: str, known: dict[str, str], error: str, detail: str, begin_again: str) -> NoReturn:
    """Say what a provider's error means in words of our own: its text may hold anything, even HTML.

    Args:
        who: the provider.
        known: meanings of its error codes.
        error: the code it gave.
        detail: a reference such as `AADSTS65004`, checked, or empty.
        begin_again: how to.

    Raises:
        InvalidInput: always.
    """
    name = error if re.fullmatch(r"[a-z_]{1,40}", error) else "an unknown error"
    text = known.get(error) or f"{who} refused the sign-in ({name})."
    raise InvalidInput(f"{text} [{detail}]" if detail else text, hint=begin_again)
