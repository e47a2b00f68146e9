"""What happens to a mailbox besides sending: its tokens are kept fresh, it is paused, changed, signed out, removed."""

from __future__ import annotations

import logging
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from leadgen.environment import Environment
from leadgen.model.documents import Mailbox
from leadgen.model.errors import InvalidInput, LeadgenError, NotFound, Unavailable
from leadgen.model.status import MailboxState
from leadgen.outlook import vault
from leadgen.outlook.accounts import VaultEntry, mailbox_ref, read_mailbox, vault_ref
from leadgen.outlook.google import GoogleTokens
from leadgen.outlook.microsoft import MicrosoftTokens
from leadgen.outlook.sealing import sealer_of
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.clock import Clock
from leadgen.store.records import Raced, Record, change, read, retrying, to_record

if TYPE_CHECKING:
    from google.cloud.firestore import Client

_AT_ONCE = 10
log = logging.getLogger("leadgen.mailboxes")


def tokens_of(env: Environment, mailbox: Mailbox, clock: Clock) -> vault.Tokens | None:
    """Who refreshes a mailbox's tokens; `None` if it has none."""
    if mailbox.provider == "graph":
        return MicrosoftTokens(env, clock)
    return GoogleTokens(env, clock) if mailbox.provider == "gmail" else None


def token_for(db: Client, env: Environment, mailbox: Mailbox, clock: Clock, *, refused: bool) -> str:
    """An access token for a mailbox of Graph or Gmail; see `vault.access_token`.

    Args:
        db: the Firestore client.
        env: the applications and the vault's keys.
        mailbox: the mailbox.
        clock: the present moment.
        refused: the last one was refused.
    """
    tokens = tokens_of(env, mailbox, clock)
    if tokens is None:
        raise InvalidInput(f"A mailbox of {mailbox.provider} has no tokens.")
    return vault.access_token(db, env, mailbox.account, tokens, clock, force=refused)


def keep_fresh(db: Client, env: Environment, clock: Clock) -> int:
    """Refresh the tokens of mailboxes nobody used for a while, and seal anew what is sealed with an earlier key.

    Returns:
        How many entries were looked at. A mailbox whose sign-in is over is marked NEEDS_REAUTH by this.
    """
    from google.cloud.firestore import FieldFilter

    due = Collections(db).token_vault.where(filter=FieldFilter("refreshAt", "<=", clock.now())).limit(_AT_ONCE)
    entries = [to_record(snapshot, VaultEntry) for snapshot in due.get(timeout=RPC_TIMEOUT_S)]
    for entry in entries:
        try:
            _keep_one_fresh(db, env, entry, clock)
        except LeadgenError as error:  # one mailbox's trouble is not the others'
            log.warning("mailbox %s: %s", entry.id, error.detail)
    return len(entries)


def _keep_one_fresh(db: Client, env: Environment, entry: Record[VaultEntry], clock: Clock) -> None:
    record, now = read_mailbox(db, entry.value.account), clock.now()
    try:
        change(entry, {"refreshAt": now + vault.IDLE})  # first, so that what can't be refreshed is not asked all day
    except Raced:
        return
    if record is None or record.value.state is not MailboxState.ACTIVE:
        return
    if tokens_of(env, record.value, clock) is not None:
        token_for(db, env, record.value, clock, refused=True)
        return
    fresh = read(entry.ref, VaultEntry)
    if fresh is not None and not sealer_of(env).is_current(fresh.value.sealed):
        secret = vault.open_entry(env, record.value, fresh)
        try:
            change(fresh, vault.sealed_entry(env, fresh.ref, record.value, secret, now).to_firestore())
        except Raced:
            return


def pause(db: Client, account: str, by: str, reason: str, clock: Clock) -> bool:
    """Send nothing from a mailbox until it is resumed. `False` if it was paused before.

    Args:
        db: the Firestore client.
        account: the mailbox.
        by: the operator; empty if the program does it by itself.
        reason: why.
        clock: the present moment.

    Raises:
        NotFound: there is no such mailbox.
    """
    fields = {"paused": True, "pausedReason": reason or "paused by its operator", "pausedBy": by}
    return _set(db, account, lambda box: None if box.paused else fields, clock.now())


def resume(db: Client, account: str, clock: Clock) -> bool:
    """Send from it again. `False` if it was not paused.

    Raises:
        NotFound: there is no such mailbox.
    """
    fields = {"paused": False, "pausedReason": "", "pausedBy": ""}
    return _set(db, account, lambda box: fields if box.paused else None, clock.now())


def set_limits(
    db: Client, account: str, clock: Clock, *, daily_cap: int | None = None, ramp_start: date | None = None
) -> bool:
    """Set a mailbox's own daily cap, and the first day of its ramp; `None` takes either away.

    Raises:
        NotFound: there is no such mailbox.
    """
    day = ramp_start.isoformat() if ramp_start is not None else None
    fields = {"dailyCap": daily_cap, "rampStart": day}
    same = (daily_cap, ramp_start)
    return _set(db, account, lambda box: None if (box.daily_cap, box.ramp_start) == same else fields, clock.now())


def _set(db: Client, account: str, decide: Any, now: datetime) -> bool:
    def attempt() -> bool:
        record = _need(db, account)
        fields = decide(record.value)
        if fields is not None:
            change(record, {**fields, "updatedAt": now})
        return fields is not None

    return retrying(attempt)


def _need(db: Client, account: str) -> Record[Mailbox]:
    record = read_mailbox(db, account)
    if record is None:
        raise NotFound(f"There is no mailbox {account}.", hint="leadgen mailbox list shows those there are.")
    return record


def sign_out(db: Client, env: Environment, account: str, clock: Clock) -> str:
    """End the permission at the provider and forget the secret. Mail stays queued until a mailbox is signed in.

    The secret is deleted even if the provider does not answer: what is asked for is that nothing can be sent.

    Returns:
        What the provider did, in a sentence.

    Raises:
        NotFound: there is no such mailbox.
    """
    mailbox = _need(db, account).value
    vault.mark(db, account, MailboxState.SIGNED_OUT, "signed out by its operator", clock.now())
    entry, tokens, told = read(vault_ref(db, account), VaultEntry), tokens_of(env, mailbox, clock), ""
    if entry is not None and tokens is not None:
        try:
            told = tokens.revoke(vault.open_entry(env, mailbox, entry))
        except (Unavailable, vault.TokenKeyProblem) as error:
            told = f"The provider was not told: {error.detail} Withdraw the permission in the account's own settings."
    vault.forget(db, account)
    return told


def remove(db: Client, env: Environment, account: str, clock: Clock) -> str:
    """Sign a mailbox out and delete its document. What it sent stays in the queue's history.

    Raises:
        NotFound: there is no such mailbox.
        InvalidInput: it has mails of which only it knows whether they left.
    """
    from google.cloud.firestore import FieldFilter

    _need(db, account)
    emails = Collections(db).emails.where(filter=FieldFilter("status", "in", ["DRAFTING", "SENDING", "UNKNOWN"]))
    under_way = [(one.to_dict() or {}).get("account") for one in emails.select(["account"]).get(timeout=RPC_TIMEOUT_S)]
    if account in under_way:
        raise InvalidInput(
            f"{account} has mails under way; only it knows what became of them.",
            hint="Pause it, wait until none is SENDING or UNKNOWN, then remove it.",
        )
    told = sign_out(db, env, account, clock)
    mailbox_ref(db, account).delete(timeout=RPC_TIMEOUT_S)
    return told
