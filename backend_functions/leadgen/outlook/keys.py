"""The keys that wrap data keys: one of Cloud KMS in production, a key of one's own on one machine.

A wrapped data key is bound to the same document and owner as what it encrypts, so neither can be moved by itself.
Sources: cloud.google.com/kms/docs/envelope-encryption, …/additional-authenticated-data, …/data-integrity-guidelines.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from leadgen.model.errors import LeadgenError, Unavailable

if TYPE_CHECKING:
    from google.cloud.kms_v1 import KeyManagementServiceClient

NONCE_BYTES = 12
KMS_TIMEOUT_S = 10.0
_PURPOSE = b"leadgen mailbox secrets v1"


class TokenKeyProblem(LeadgenError):
    """The key that protects the mailbox secrets is missing, malformed, or not the one they were sealed with."""

    code = "token-key"
    title = "Mailbox tokens can't be read or written"


class WrappingKey(Protocol):
    """A key that encrypts data keys."""

    @property
    def name(self) -> str:
        """What tells it from other keys; stored beside what it wrapped, no secret."""
        ...

    def wrap(self, data_key: bytes, bound_to: bytes) -> bytes:
        """Encrypt a data key.

        Raises:
            TokenKeyProblem: the key can't be used.
            Unavailable: the key's keeper does not answer.
        """
        ...

    def unwrap(self, wrapped: bytes, bound_to: bytes) -> bytes:
        """Decrypt a data key.

        Raises:
            TokenKeyProblem: damaged, wrapped for another place, or the key can't be used.
            Unavailable: the key's keeper does not answer.
        """
        ...


def foreign() -> TokenKeyProblem:
    """Authenticated encryption does not tell damage from a ciphertext that was moved."""
    return TokenKeyProblem(
        "A stored mailbox secret is damaged, or it belongs to another document or user; it is not used.",
        hint="Sign the mailbox in again. If nobody edited Firestore by hand, look at who can write to it.",
    )


class LocalKey:
    """A key of one's own.

    Args:
        text: 32 random bytes in URL-safe base64, as `Fernet.generate_key()` makes them.

    Raises:
        TokenKeyProblem: it is not one.
    """

    def __init__(self, text: str) -> None:
        try:
            material = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        except (UnicodeEncodeError, binascii.Error):
            material = b""
        if len(material) != 32:
            raise TokenKeyProblem(
                "LEADGEN_TOKEN_KEY is not a key (32 bytes in URL-safe base64).",
                hint="Set the key that was generated for this deployment.",
            )
        derived = HKDF(SHA256(), 32, salt=None, info=_PURPOSE).derive(material)
        self._cipher = AESGCM(derived)
        self.name = f"local:{hashlib.sha256(derived).hexdigest()[:16]}"

    def wrap(self, data_key: bytes, bound_to: bytes) -> bytes:
        """See `WrappingKey.wrap`."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data_key, bound_to)

    def unwrap(self, wrapped: bytes, bound_to: bytes) -> bytes:
        """See `WrappingKey.unwrap`."""
        try:
            return self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound_to)
        except (InvalidTag, ValueError) as error:
            raise foreign() from error


class KmsKey:
    """A symmetric key of Cloud KMS, which never leaves it.

    Args:
        resource: `projects/P/locations/L/keyRings/R/cryptoKeys/K`; its versions rotate by themselves.
        client: how KMS is called.
    """

    def __init__(self, resource: str, client: KeyManagementServiceClient | None = None) -> None:
        self.name = resource
        self._given = client

    def wrap(self, data_key: bytes, bound_to: bytes) -> bytes:
        """See `WrappingKey.wrap`."""
        request = {
            "name": self.name,
            "plaintext": data_key,
            "plaintext_crc32c": _crc32c(data_key),
            "additional_authenticated_data": bound_to,
            "additional_authenticated_data_crc32c": _crc32c(bound_to),
        }
        with _told(self.name):
            answer = self._client().encrypt(request=request, timeout=KMS_TIMEOUT_S)
        verified = answer.verified_plaintext_crc32c and answer.verified_additional_authenticated_data_crc32c
        if not verified or answer.ciphertext_crc32c != _crc32c(answer.ciphertext):
            raise _garbled()
        return bytes(answer.ciphertext)

    def unwrap(self, wrapped: bytes, bound_to: bytes) -> bytes:
        """See `WrappingKey.unwrap`."""
        request = {
            "name": self.name,
            "ciphertext": wrapped,
            "ciphertext_crc32c": _crc32c(wrapped),
            "additional_authenticated_data": bound_to,
            "additional_authenticated_data_crc32c": _crc32c(bound_to),
        }
        with _told(self.name):
            answer = self._client().decrypt(request=request, timeout=KMS_TIMEOUT_S)
        if answer.plaintext_crc32c != _crc32c(answer.plaintext):
            raise _garbled()
        return bytes(answer.plaintext)

    def _client(self) -> KeyManagementServiceClient:
        if self._given is None:
            from google.cloud.kms_v1 import KeyManagementServiceClient

            self._given = KeyManagementServiceClient()
        return self._given


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Around a call of KMS: its errors in our words."""
    from google.api_core import exceptions as api
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except api.InvalidArgument as error:
        raise foreign() from error
    except (api.Forbidden, api.NotFound, api.FailedPrecondition, GoogleAuthError) as error:
        raise TokenKeyProblem(
            f"The Cloud KMS key {name} can't be used ({type(error).__name__}).",
            hint="It must exist and be enabled, and the functions' service account needs the role "
            "roles/cloudkms.cryptoKeyEncrypterDecrypter on it.",
        ) from error
    except (api.GoogleAPICallError, api.RetryError) as error:
        raise Unavailable(
            f"Cloud KMS does not answer ({type(error).__name__}).", hint="It will be tried again."
        ) from error


def _garbled() -> Unavailable:
    return Unavailable("What Cloud KMS answered was garbled on its way.", hint="It will be tried again.")


def _crc32c(data: bytes) -> int:
    import google_crc32c

    return int(google_crc32c.value(data))
