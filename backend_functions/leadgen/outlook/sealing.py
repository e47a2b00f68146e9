"""Secrets at rest: encrypted, and bound to the one document and owner they were written for.

Encryption alone does not stop someone who can write to the database from copying one user's ciphertext into another
user's document. So place and owner are additional authenticated data (NIST SP 800-38D §7) of the ciphertext and of its
data key: moved anywhere else, neither opens. Every secret has a data key of its own (AES-256-GCM), wrapped by a key
that is not in the database; see `keys`.
"""

from __future__ import annotations

import base64
import json
import os
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from leadgen.environment import Environment
from leadgen.outlook.keys import NONCE_BYTES, KmsKey, LocalKey, TokenKeyProblem, WrappingKey, foreign

_VERSION = 1
_KNOWN_DATA_KEYS = 256


class Sealer:
    """Seals and opens secrets.

    Args:
        keys: wrapping keys; the first one seals, all of them open, so that a key can be changed.
    """

    def __init__(self, keys: tuple[WrappingKey, ...]) -> None:
        self._keys = keys
        # Asking KMS takes tens of milliseconds; what is opened every minute is asked for once per process.
        self._unwrap = lru_cache(maxsize=_KNOWN_DATA_KEYS)(self._unwrap_now)

    def seal(self, place: str, owner: str, content: Any) -> bytes:
        """Encrypt JSON content for one document.

        Args:
            place: path of the document the ciphertext will be stored in.
            owner: whose secret it is.
            content: anything JSON can hold.

        Raises:
            TokenKeyProblem: there is no usable key.
            Unavailable: the key's keeper does not answer.
        """
        bound_to, data_key, nonce = _bound(place, owner), AESGCM.generate_key(256), os.urandom(NONCE_BYTES)
        key = self._keys[0]
        parts = {
            "wrapped": key.wrap(data_key, bound_to),
            "nonce": nonce,
            "box": AESGCM(data_key).encrypt(nonce, json.dumps(content).encode(), bound_to),
        }
        written = {name: base64.b64encode(value).decode() for name, value in parts.items()}
        return json.dumps({"v": _VERSION, "key": key.name, **written}).encode()

    def unseal(self, place: str, owner: str, sealed: bytes) -> Any:
        """Decrypt what `seal` made for the same document and owner.

        Raises:
            TokenKeyProblem: sealed with another key, damaged, or sealed for another document or owner.
            Unavailable: the key's keeper does not answer.
        """
        key, wrapped, nonce, box = _parts(sealed)
        bound_to = _bound(place, owner)
        data_key = self._unwrap(key, wrapped, bound_to)
        try:
            return json.loads(AESGCM(data_key).decrypt(nonce, box, bound_to))
        except (InvalidTag, ValueError) as error:
            raise foreign() from error

    def is_current(self, sealed: bytes) -> bool:
        """Whether it is sealed with the key now in use."""
        return _parts(sealed)[0] == self._keys[0].name

    def _unwrap_now(self, name: str, wrapped: bytes, bound_to: bytes) -> bytes:
        # Only keys of the configuration are tried: a name in the database must not choose the key.
        key = next((one for one in self._keys if one.name == name), None)
        if key is None:
            raise TokenKeyProblem(
                "A stored mailbox secret was sealed with a key that is not configured.",
                hint="Restore the earlier key (it may follow the new one after a comma), or sign the mailbox in again.",
            )
        return key.unwrap(wrapped, bound_to)


def _bound(place: str, owner: str) -> bytes:
    return json.dumps(["leadgen", _VERSION, place, owner]).encode()


def _parts(sealed: bytes) -> tuple[str, bytes, bytes, bytes]:
    try:
        read = json.loads(sealed)
        wrapped, nonce, box = (base64.b64decode(read[name], validate=True) for name in ("wrapped", "nonce", "box"))
        if read["v"] != _VERSION or len(nonce) != NONCE_BYTES:
            raise ValueError
        return str(read["key"]), wrapped, nonce, box
    except (ValueError, KeyError, TypeError) as error:
        raise foreign() from error


def sealer_of(env: Environment) -> Sealer:
    """The sealer of a deployment: Cloud KMS if `LEADGEN_KMS_KEY` names a key, else the token key.

    Raises:
        TokenKeyProblem: there is no key, or it is not one.
    """
    return _sealer(env.kms_key, env.token_key)


@lru_cache(maxsize=8)
def _sealer(kms: str, local: str) -> Sealer:
    keys: list[WrappingKey] = [KmsKey(name) for name in _listed(kms)]
    keys += [LocalKey(text) for text in _listed(local)]
    if not keys:
        raise TokenKeyProblem(
            "Neither LEADGEN_KMS_KEY nor LEADGEN_TOKEN_KEY is set, so mailbox secrets can't be stored safely.",
            hint="Make a key with `python -c 'from cryptography.fernet import Fernet; "
            "print(Fernet.generate_key().decode())'` and set it as a secret of the functions.",
        )
    return Sealer(tuple(keys))


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


__all__ = ["Sealer", "TokenKeyProblem", "sealer_of"]
