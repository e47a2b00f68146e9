"""Cloud KMS over real gRPC, as far as sealing needs it: AES-GCM with additional data, checksums, refusals on demand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import google_crc32c
import grpc
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.cloud import kms_v1
from google.cloud.kms_v1.services.key_management_service.transports import KeyManagementServiceGrpcTransport

KEY = "projects/p/locations/global/keyRings/leadgen/cryptoKeys/mailboxes"
_SERVICE = "google.cloud.kms.v1.KeyManagementService"


def _crc(data: bytes) -> int:
    return int(google_crc32c.value(data))


@dataclass
class Kms:
    """A running key service."""

    client: kms_v1.KeyManagementServiceClient
    keys: dict[str, AESGCM] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    refuse: grpc.StatusCode | None = None
    garble: bool = False

    def encrypt(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Encrypt."""
        key, bound = self._key("encrypt", request, context), request.additional_authenticated_data
        nonce = os.urandom(12)
        sealed = nonce + key.encrypt(nonce, request.plaintext, bound)
        return kms_v1.EncryptResponse(
            name=f"{request.name}/cryptoKeyVersions/1",
            ciphertext=sealed,
            ciphertext_crc32c=_crc(sealed) + self.garble,
            verified_plaintext_crc32c=request.plaintext_crc32c == _crc(request.plaintext),
            verified_additional_authenticated_data_crc32c=request.additional_authenticated_data_crc32c == _crc(bound),
        )

    def decrypt(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Decrypt."""
        key, sealed = self._key("decrypt", request, context), request.ciphertext
        try:
            plain = key.decrypt(sealed[:12], sealed[12:], request.additional_authenticated_data)
        except InvalidTag:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Decryption failed: verify that 'name' refers to the key.")
        return kms_v1.DecryptResponse(plaintext=plain, plaintext_crc32c=_crc(plain) + self.garble)

    def _key(self, call: str, request: Any, context: grpc.ServicerContext) -> AESGCM:
        self.calls.append(call)
        if self.refuse is not None:
            context.abort(self.refuse, "no")
        if request.name not in self.keys:
            context.abort(grpc.StatusCode.NOT_FOUND, f"CryptoKey {request.name} not found.")
        return self.keys[request.name]


@contextmanager
def running_kms() -> Iterator[Kms]:
    """Serve on a free port for as long as the block lasts, with one key."""
    server = grpc.server(ThreadPoolExecutor(2))
    port = server.add_insecure_port("127.0.0.1:0")
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    kms = Kms(kms_v1.KeyManagementServiceClient(transport=KeyManagementServiceGrpcTransport(channel=channel)))
    kms.keys[KEY] = AESGCM(AESGCM.generate_key(256))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, {
        "Encrypt": grpc.unary_unary_rpc_method_handler(
            kms.encrypt, kms_v1.EncryptRequest.deserialize, kms_v1.EncryptResponse.serialize),
        "Decrypt": grpc.unary_unary_rpc_method_handler(
            kms.decrypt, kms_v1.DecryptRequest.deserialize, kms_v1.DecryptResponse.serialize),
    }),))  # fmt: skip
    server.start()
    try:
        yield kms
    finally:
        channel.close()
        server.stop(0).wait()
