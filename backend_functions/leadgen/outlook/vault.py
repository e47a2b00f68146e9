"""The token vault: one encrypted MSAL cache per mailbox, refreshed ahead of expiry and saved by compare-and-set."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from leadgen.environment import Environment
from leadgen.model.errors import NotSignedIn, Unavailable
from leadgen.outlook.accounts import MailboxAccount, MailboxState, VaultEntry, mailbox_id, mailbox_ref
from leadgen.outlook.microsoft import SCOPES, application, login_service
from leadgen.outlook.sealing import TokenKeyProblem, seal, unseal
from leadgen.store.client import Collections
from leadgen.store.clock import Clock
from leadgen.store.records import Commit, Raced, Record, change, read, retrying

if TYPE_CHECKING:
    import msal
    from google.cloud.firestore import Client, DocumentReference

_NEEDS_PERSON = frozenset({"invalid_grant", "interaction_required", "consent_required", "login_required"})
"""OAuth errors that only a new sign-in cures (OpenID Connect Core §3.1.2.6, RFC 6749 §5.2)."""

_TRIES = 3

_SIGN_IN_AGAIN = "Sign it in again: leadgen auth outlook."


class MailboxNeedsSignIn(NotSignedIn):
    """A mailbox can't be used until its owner signs in again."""

    code = "mailbox-needs-sign-in"
    title = "The mailbox is not signed in"


def _vault_ref(db: Client, account: str) -> DocumentReference:
    return Collections(db).token_vault.document(mailbox_id(account))


def _owner(mailbox: MailboxAccount) -> str:
    return f"{mailbox.user_id}\x1f{mailbox.account}"


def store(
    db: Client, env: Environment, mailbox: MailboxAccount, cache: msal.SerializableTokenCache, now: datetime
) -> None:
    """Put a mailbox's fresh token cache into the vault, in place of any earlier one (a new sign-in wins).

    Raises:
        TokenKeyProblem: there is no usable LEADGEN_TOKEN_KEY.
    """
    ref = _vault_ref(db, mailbox.account)
    Commit(db).put(ref, _sealed(env, ref, mailbox, cache, now)).run()


def _sealed(
    env: Environment,
    ref: DocumentReference,
    mailbox: MailboxAccount,
    cache: msal.SerializableTokenCache,
    now: datetime,
) -> VaultEntry:
    return VaultEntry(sealed=seal(env.token_key, ref.path, _owner(mailbox), cache.serialize()), updated_at=now)


def access_token(db: Client, env: Environment, account: str, clock: Clock, *, force: bool = False) -> str:
    """An access token for Graph that is good for at least five minutes (MSAL's margin).

    Args:
        db: the Firestore client.
        env: the Microsoft application and the vault's key.
        account: the mailbox's address.
        clock: the present moment.
        force: refresh even though the present one seems good, after Graph answered 401 to it.

    Raises:
        MailboxNeedsSignIn: only a new sign-in helps; the mailbox is marked NEEDS_REAUTH.
        Unavailable: Microsoft does not answer.
        TokenKeyProblem: the vault can't be opened with the present key, or its content was moved there.
    """
    mailbox = read(mailbox_ref(db, account), MailboxAccount)
    if mailbox is None or mailbox.value.state is not MailboxState.CONNECTED:
        raise MailboxNeedsSignIn(f"The mailbox {account} is not signed in.", hint=_SIGN_IN_AGAIN)
    refused_at: datetime | None = None
    for _ in range(_TRIES):
        entry = read(_vault_ref(db, account), VaultEntry)
        if entry is None:
            raise _give_up(db, account, "its tokens are gone from the vault", clock.now())
        if refused_at is not None and entry.snapshot.update_time == refused_at:
            break
        token = _acquire(db, env, mailbox.value, entry, clock.now(), force and refused_at is None)
        if token:
            return token
        # Refresh tokens rotate: when another instance refreshed at the same moment, ours was the used one, and
        # the vault now holds a better one. Only a refusal of what the vault still holds is final.
        refused_at = entry.snapshot.update_time
    raise _give_up(db, account, "Microsoft asks for a new sign-in", clock.now())


def _acquire(
    db: Client, env: Environment, mailbox: MailboxAccount, entry: Record[VaultEntry], now: datetime, force: bool
) -> str | None:
    """A token from this cache; `None` if Microsoft wants the person."""
    import msal

    cache = msal.SerializableTokenCache()
    cache.deserialize(unseal(env.token_key, entry.ref.path, _owner(mailbox), entry.value.sealed))
    app = application(env, cache)
    accounts = app.get_accounts()
    if not accounts:
        return None
    with login_service(env):
        result = app.acquire_token_silent_with_error(SCOPES, account=accounts[0], force_refresh=force)
    token = _token_of(result, mailbox.account)
    if token and cache.has_state_changed:
        _save(db, env, mailbox, entry, cache, now)
    return token


def _token_of(result: dict[str, Any] | None, account: str) -> str | None:
    if result is None:
        return None
    if "access_token" in result:
        return str(result["access_token"])
    error = str(result.get("error", ""))
    if error in _NEEDS_PERSON:
        return None
    raise Unavailable(
        f"Microsoft gave no token for {account} ({error[:40] if error.replace('_', '').isalpha() else 'no reason'}).",
        hint="It will be tried again; if it stays so, check the application's secret and permissions.",
    )


def _save(
    db: Client,
    env: Environment,
    mailbox: MailboxAccount,
    entry: Record[VaultEntry],
    cache: msal.SerializableTokenCache,
    now: datetime,
) -> None:
    try:
        change(entry, _sealed(env, entry.ref, mailbox, cache, now).to_firestore())
    except Raced:
        # Another instance saved first. Its refresh token is as new as ours; two caches can't be merged, one is enough.
        return


def _give_up(db: Client, account: str, reason: str, now: datetime) -> MailboxNeedsSignIn:
    mark(db, account, MailboxState.NEEDS_REAUTH, reason, now)
    return MailboxNeedsSignIn(f"The mailbox {account} can't be used: {reason}.", hint=_SIGN_IN_AGAIN)


def mark(db: Client, account: str, state: MailboxState, reason: str, now: datetime) -> None:
    """Note whether a mailbox can be used, and why not."""

    def attempt() -> None:
        record = read(mailbox_ref(db, account), MailboxAccount)
        if record is not None and record.value.state is not state:
            change(record, {"state": str(state), "reason": reason, "updatedAt": now})

    retrying(attempt)


def sign_out(db: Client, account: str, clock: Clock) -> None:
    """Forget a mailbox's tokens. Mail stays queued until it, or another, is signed in."""
    mark(db, account, MailboxState.SIGNED_OUT, "signed out by its operator", clock.now())
    _vault_ref(db, account).delete(timeout=20.0)


__all__ = ["MailboxNeedsSignIn", "TokenKeyProblem", "access_token", "mark", "sign_out", "store"]
