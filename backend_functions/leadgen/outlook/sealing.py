"""Secrets at rest: encrypted, and bound to the one document they were written for.

Encryption alone does not stop someone who can write to the database from copying one user's ciphertext into another
user's document. So the plaintext is an envelope that names its owner and its place, and opening checks both.
"""

from __future__ import annotations

import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from leadgen.model.errors import LeadgenError


class TokenKeyProblem(LeadgenError):
    """The key that protects the mailbox tokens is missing, malformed, or not the one they were sealed with."""

    code = "token-key"
    title = "Mailbox tokens can't be read or written"


def cipher(token_key: str) -> MultiFernet:
    """The cipher for `LEADGEN_TOKEN_KEY`.

    Args:
        token_key: one Fernet key, or several separated by commas: the first seals, all open (so a key can be changed).

    Raises:
        TokenKeyProblem: there is no key, or it is not one.
    """
    keys = [key.strip() for key in token_key.split(",") if key.strip()]
    if not keys:
        raise TokenKeyProblem(
            "LEADGEN_TOKEN_KEY is not set, so mailbox tokens can't be stored safely.",
            hint="Make a key with `python -c 'from cryptography.fernet import Fernet; "
            "print(Fernet.generate_key().decode())'` and set it as a secret of the functions.",
        )
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise TokenKeyProblem(
            "LEADGEN_TOKEN_KEY is not a Fernet key (32 bytes, URL-safe base64).",
            hint="Set the key that was generated for this deployment.",
        ) from error


def seal(token_key: str, place: str, owner: str, content: Any) -> bytes:
    """Encrypt JSON content for one document.

    Args:
        token_key: see `cipher`.
        place: path of the document the ciphertext will be stored in.
        owner: whose secret it is.
        content: anything JSON can hold.
    """
    envelope = {"place": place, "owner": owner, "content": content}
    return cipher(token_key).encrypt(json.dumps(envelope).encode())


def unseal(token_key: str, place: str, owner: str, sealed: bytes) -> Any:
    """Decrypt what `seal` made for the same document and owner.

    Raises:
        TokenKeyProblem: sealed with another key, damaged, or sealed for another document or owner.
    """
    try:
        envelope = json.loads(cipher(token_key).decrypt(sealed))
    except (InvalidToken, ValueError) as error:
        raise TokenKeyProblem(
            "A stored mailbox secret can't be decrypted with the present LEADGEN_TOKEN_KEY.",
            hint="Restore the earlier key (it may follow the new one after a comma), or sign the mailbox in again.",
        ) from error
    if envelope.get("place") != place or envelope.get("owner") != owner:
        raise TokenKeyProblem(
            "A stored mailbox secret belongs to another document or user; it is not used.",
            hint="Someone may have copied it there. Sign the mailbox in again and look at who can write to Firestore.",
        )
    return envelope["content"]
