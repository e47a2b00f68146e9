"""The way out: a signed link, and the record that an address asked not to be written to.

The link does nothing when it is opened (mail scanners open links); the page behind it asks, and its POST opts out.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from leadgen.model.documents import Suppression
from leadgen.model.errors import InvalidInput
from leadgen.model.ids import canonical_email, suppression_id
from leadgen.store.client import Collections
from leadgen.store.records import change, create, read, retrying

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

_PURPOSE = b"leadgen opt-out link v1"
_MAX_TOKEN = 2_000


def _signed(start: hmac.HMAC, email: bytes) -> bytes:
    """The signature by one key."""
    signing = start.copy()
    signing.update(email)
    return signing.digest()[:16]


@lru_cache(maxsize=4)
def _derived(token_key: str) -> tuple[hmac.HMAC, ...]:
    """HMAC-SHA256 by a key of this purpose alone from each of the deployment's keys, begun and to be copied: the first
    one signs, all are accepted, so links outlive a change of keys."""
    keys = [key.strip().encode() for key in token_key.split(",") if key.strip()]
    return tuple(hmac.new(hmac.digest(key, _PURPOSE, "sha256"), digestmod="sha256") for key in keys)


def make_token(token_key: str, email: str) -> str:
    """A token that lets whoever holds it opt this address out, and nothing else. It does not expire.

    Args:
        token_key: `LEADGEN_TOKEN_KEY`.
        email: the recipient.
    """
    plain = canonical_email(email).encode()
    return base64.urlsafe_b64encode(_signed(_derived(token_key)[0], plain) + plain).decode().rstrip("=")


def read_token(token_key: str, token: str) -> str:
    """The address a token was made for.

    Raises:
        InvalidInput: it was not made here, or it was changed.
    """
    try:
        if not token_key or len(token) > _MAX_TOKEN:
            raise ValueError
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        given, plain = raw[:16], raw[16:]
        if not plain or not any(hmac.compare_digest(given, _signed(key, plain)) for key in _derived(token_key)):
            raise ValueError
        return plain.decode()
    except (ValueError, binascii.Error) as error:
        raise InvalidInput(
            "This opt-out link is not valid.", hint="Reply STOP to the mail instead; that works as well."
        ) from error


def opt_out_link(token_key: str, email: str, base_url: str) -> str:
    """The link for the footer; empty when no public address or no key is configured."""
    return f"{base_url}/unsubscribe?token={make_token(token_key, email)}" if base_url and token_key else ""


def opt_out(db: Client, email: str, now: datetime, *, reason: str = "opted out by link") -> bool:
    """Never write to this address again. `False` if that was so already.

    Args:
        db: the Firestore client.
        email: the address.
        now: the present moment.
        reason: how the wish reached us.
    """
    address = canonical_email(email)
    entry = Suppression(kind="email", value=address, reason=reason, created_by="recipient", created_at=now)
    ref = Collections(db).suppressions.document(suppression_id("email", address))
    if create(ref, entry):
        return True
    retrying(lambda: _make_theirs(ref, entry))
    return False


def _make_theirs(ref: DocumentReference, entry: Suppression) -> None:
    """An entry that somebody here made becomes the recipient's own wish, which nobody but an admin may undo."""
    there = read(ref, Suppression)
    if there is not None and there.value.created_by != entry.created_by:
        change(there, {"createdBy": entry.created_by, "reason": entry.reason})
