"""The vault: each mailbox's secret, encrypted, refreshed ahead of time by one at a time, saved by compare-and-set.

What is in it, as JSON: OAuth tokens (`accessToken`, `expiresAt`, and the provider's own `cache` or `refreshToken`) or
the sign-in of an SMTP server. Refresh tokens rotate: the refreshed one replaces the used one, and a used one may be
refused. So whoever refreshes takes a lease in the entry first; the others wait for what comes of it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from leadgen.environment import Environment
from leadgen.model.documents import Mailbox
from leadgen.model.errors import NotSignedIn, Unavailable
from leadgen.model.status import MailboxState
from leadgen.outlook.accounts import VaultEntry, mailbox_ref, read_mailbox, vault_ref
from leadgen.outlook.sealing import TokenKeyProblem, sealer_of
from leadgen.store.client import RPC_TIMEOUT_S
from leadgen.store.clock import Clock, new_owner
from leadgen.store.records import Commit, Raced, Record, change, read, retrying

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

MARGIN = timedelta(minutes=5)
"""An access token is not given out when it is good for less than this."""
IDLE = timedelta(hours=6)
"""A mailbox nobody uses is refreshed this often, so that its sign-in does not lapse and a lost one is seen early."""
REFRESH_LEASE = timedelta(seconds=45)
"""Longer than a refresh can take: two requests with their timeouts."""
_WAIT_S = 0.25
_WAITS = 240

Secret = dict[str, Any]


class MailboxNeedsSignIn(NotSignedIn):
    """A mailbox can't be used until its owner signs in again."""

    code = "mailbox-needs-sign-in"
    title = "The mailbox is not signed in"


class Tokens(Protocol):
    """An OAuth provider's tokens."""

    def refresh(self, secret: Secret, account: str) -> Secret | None:
        """Fresh tokens for used ones; `None` if only its owner can help.

        Raises:
            Unavailable: the provider does not answer.
        """
        ...

    def revoke(self, secret: Secret) -> str:
        """End the grant at the provider as far as it can be ended; what happened, in a sentence.

        Raises:
            Unavailable: the provider does not answer.
        """
        ...


def _owner(mailbox: Mailbox) -> str:
    return f"{mailbox.user_id}\x1f{mailbox.provider}\x1f{mailbox.account}"


def sign_in_again(mailbox: Mailbox) -> str:
    """What to do about a mailbox that lost its sign-in."""
    ways = {"graph": "leadgen auth outlook", "gmail": "leadgen auth gmail", "smtp": "leadgen mailbox add --smtp"}
    return f"Sign it in again: {ways.get(mailbox.provider, 'leadgen mailbox list')}."


def sealed_entry(
    env: Environment, ref: DocumentReference, mailbox: Mailbox, secret: Secret, now: datetime
) -> VaultEntry:
    """A secret as it is stored.

    Raises:
        TokenKeyProblem: there is no usable key.
        Unavailable: Cloud KMS does not answer.
    """
    sealed = sealer_of(env).seal(ref.path, _owner(mailbox), secret)
    return VaultEntry(account=mailbox.account, sealed=sealed, updated_at=now, refresh_at=now + IDLE)


def store(db: Client, env: Environment, mailbox: Mailbox, secret: Secret, now: datetime) -> None:
    """Put a mailbox's secret into the vault, in place of any earlier one (a new sign-in wins).

    Raises:
        TokenKeyProblem: there is no usable key.
        Unavailable: Cloud KMS does not answer.
    """
    ref = vault_ref(db, mailbox.account)
    Commit(db).put(ref, sealed_entry(env, ref, mailbox, secret, now)).run()


def open_entry(env: Environment, mailbox: Mailbox, entry: Record[VaultEntry]) -> Secret:
    """The secret of an entry.

    Raises:
        TokenKeyProblem: it can't be opened with the present keys, or it was moved there.
        Unavailable: Cloud KMS does not answer.
    """
    secret = sealer_of(env).unseal(entry.ref.path, _owner(mailbox), entry.value.sealed)
    return secret if isinstance(secret, dict) else {}


def secret_of(db: Client, env: Environment, mailbox: Mailbox, clock: Clock) -> Secret:
    """A mailbox's secret as it is, for what needs no refreshing.

    Raises:
        MailboxNeedsSignIn: there is none.
        TokenKeyProblem, Unavailable: see `open_entry`.
    """
    entry = read(vault_ref(db, mailbox.account), VaultEntry)
    if entry is None:
        raise give_up(db, mailbox, "its sign-in is gone from the vault", clock.now())
    return open_entry(env, mailbox, entry)


def access_token(
    db: Client,
    env: Environment,
    account: str,
    tokens: Tokens,
    clock: Clock,
    *,
    force: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """An access token that is good for five minutes at least.

    Args:
        db: the Firestore client.
        env: the vault's keys.
        account: the mailbox.
        tokens: refreshes them.
        clock: the present moment.
        force: the present one was refused, so another is wanted.
        sleep: waits that many seconds for another instance that is refreshing.

    Raises:
        MailboxNeedsSignIn: only a new sign-in helps; the mailbox is marked NEEDS_REAUTH.
        Unavailable: the provider, or Cloud KMS, does not answer.
        TokenKeyProblem: the vault can't be opened with the present key, or its content was moved there.
    """
    mailbox = read_mailbox(db, account)
    if mailbox is None or mailbox.value.state is not MailboxState.ACTIVE:
        hint = sign_in_again(mailbox.value) if mailbox is not None else "leadgen mailbox list shows those there are."
        raise MailboxNeedsSignIn(f"The mailbox {account} is not signed in.", hint=hint)
    unwanted = ""
    for _ in range(_WAITS):
        entry = read(vault_ref(db, account), VaultEntry)
        if entry is None:
            raise give_up(db, mailbox.value, "its tokens are gone from the vault", clock.now())
        secret, now = open_entry(env, mailbox.value, entry), clock.now()
        present = str(secret.get("accessToken", ""))
        unwanted = unwanted or (present if force else "")
        if present and present != unwanted and _expiry(secret) - now.timestamp() > MARGIN.total_seconds():
            return present
        if entry.value.refresher and (entry.value.refresher_until or now) > now:
            sleep(_WAIT_S)
            continue
        leased = _lease(entry, now)
        if leased is not None:
            return _refresh(db, env, mailbox.value, leased, secret, tokens, clock)
    raise Unavailable(f"The tokens of {account} are being refreshed elsewhere.", hint="It will be tried again.")


def _expiry(secret: Secret) -> float:
    moment = secret.get("expiresAt")
    return float(moment) if isinstance(moment, (int, float)) else 0.0


def _lease(entry: Record[VaultEntry], now: datetime) -> Record[VaultEntry] | None:
    """Become the one who refreshes; `None` if another was faster."""
    owner = new_owner()
    with contextlib.suppress(Raced):  # perhaps it was our own write, repeated by the client: the document says whose
        change(entry, {"refresher": owner, "refresherUntil": now + REFRESH_LEASE})
    fresh = read(entry.ref, VaultEntry)
    return fresh if fresh is not None and fresh.value.refresher == owner else None


def _refresh(
    db: Client,
    env: Environment,
    mailbox: Mailbox,
    entry: Record[VaultEntry],
    secret: Secret,
    tokens: Tokens,
    clock: Clock,
) -> str:
    free: dict[str, Any] = {"refresher": "", "refresherUntil": None}
    try:
        fresh = tokens.refresh(secret, mailbox.account)
    except Unavailable:
        _change_quietly(entry, free)
        raise
    now = clock.now()
    if fresh is None:
        _change_quietly(entry, free)
        raise give_up(db, mailbox, "its provider asks for a new sign-in", now, entry)
    saved = sealed_entry(env, entry.ref, mailbox, fresh, now)
    # If our lease was over before this, another refreshed too, and theirs is the one that is kept.
    _change_quietly(entry, saved.to_firestore() | free)
    return str(fresh["accessToken"])


def _change_quietly(entry: Record[VaultEntry], changes: dict[str, Any]) -> None:
    try:
        change(entry, changes)
    except Raced:
        return


def give_up(
    db: Client, mailbox: Mailbox, reason: str, now: datetime, entry: Record[VaultEntry] | None = None
) -> MailboxNeedsSignIn:
    """Mark a mailbox as in need of its owner, unless it was signed in anew meanwhile."""
    current = read(vault_ref(db, mailbox.account), VaultEntry) if entry is not None else None
    if entry is None or current is None or current.value.sealed == entry.value.sealed:
        mark(db, mailbox.account, MailboxState.NEEDS_REAUTH, reason, now)
    return MailboxNeedsSignIn(f"The mailbox {mailbox.account} can't be used: {reason}.", hint=sign_in_again(mailbox))


def mark(db: Client, account: str, state: MailboxState, reason: str, now: datetime) -> None:
    """Note whether a mailbox can be used, and why not."""

    def attempt() -> None:
        record = read(mailbox_ref(db, account), Mailbox)
        if record is not None and record.value.state is not state:
            change(record, {"state": str(state), "reason": reason, "updatedAt": now})

    retrying(attempt)


def forget(db: Client, account: str) -> None:
    """Delete a mailbox's secret."""
    vault_ref(db, account).delete(timeout=RPC_TIMEOUT_S)


__all__ = [
    "MailboxNeedsSignIn",
    "Secret",
    "TokenKeyProblem",
    "Tokens",
    "access_token",
    "forget",
    "give_up",
    "mark",
    "open_entry",
    "secret_of",
    "store",
]
