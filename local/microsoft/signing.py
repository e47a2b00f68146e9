"""The signing key of the stand-in's id tokens: JWKS and RS256 (RFC 7515, 7517, 7518)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from local.files import write_atomically


def base64url(data: bytes) -> str:
    """Base64 for URLs without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


class SigningKey:
    """An RSA key kept in a file, so id tokens verify across restarts."""

    def __init__(self, file: Path) -> None:
        self._key = _load(file) or _create(file)
        numbers = self._key.public_key().public_numbers()
        self._modulus = base64url(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big"))
        self._exponent = base64url(numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8, "big"))
        self.key_id = base64url(hashlib.sha256(self._modulus.encode("ascii")).digest()[:20])

    def jwks(self) -> dict[str, Any]:
        """The public key as a JSON Web Key Set."""
        key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.key_id, "x5t": self.key_id}
        return {"keys": [{**key, "n": self._modulus, "e": self._exponent}]}

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A signed JSON Web Token with these claims."""
        header = {"typ": "JWT", "alg": "RS256", "kid": self.key_id}
        parts = [base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, dict(claims))]
        signed = ".".join(parts)
        signature = self._key.sign(signed.encode("ascii"), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{base64url(signature)}"


def _load(file: Path) -> rsa.RSAPrivateKey | None:
    try:
        # It is the stand-in's own: whether its numbers are primes, which takes long to find out, need not be asked.
        key = serialization.load_pem_private_key(file.read_bytes(), password=None, unsafe_skip_rsa_key_validation=True)
    except (OSError, ValueError):
        return None
    return key if isinstance(key, rsa.RSAPrivateKey) else None


def _create(file: Path) -> rsa.RSAPrivateKey:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_atomically(file, pem.decode("ascii"))
    return key
