"""Secrets at rest: only the right key, the right place and the right owner open them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from cryptography.fernet import Fernet

from leadgen.environment import read_environment
from leadgen.model.errors import LeadgenError, Unavailable
from leadgen.outlook.keys import KmsKey, LocalKey
from leadgen.outlook.sealing import Sealer, TokenKeyProblem, sealer_of
from tests.kms import KEY as KMS_KEY
from tests.kms import Kms, running_kms

KEY = Fernet.generate_key().decode()


@pytest.fixture(scope="module")
def kms() -> Iterator[Kms]:
    with running_kms() as running:
        yield running


@pytest.fixture(params=["local", "kms"])
def sealer(request: pytest.FixtureRequest, kms: Kms) -> Sealer:
    return local() if request.param == "local" else in_kms(kms)


def local(*keys: str) -> Sealer:
    return Sealer(tuple(LocalKey(key) for key in keys or (KEY,)))


def in_kms(kms: Kms) -> Sealer:
    kms.refuse, kms.garble = None, False
    return Sealer((KmsKey(KMS_KEY, kms.client),))


def test_what_was_sealed_opens_at_the_same_place_for_the_same_owner(sealer: Sealer) -> None:
    sealed = sealer.seal("tokenVault/a", "ada", {"secret": "s3cr3t"})
    assert b"s3cr3t" not in sealed
    assert sealer.unseal("tokenVault/a", "ada", sealed) == {"secret": "s3cr3t"}
    assert sealer.seal("tokenVault/a", "ada", {"secret": "s3cr3t"}) != sealed


@pytest.mark.parametrize(
    ("place", "owner"), [("tokenVault/b", "ada"), ("tokenVault/a", "eve"), ("oauthFlows/a", "ada"), ("tokenVault", "a")]
)
def test_a_secret_moved_to_another_document_or_user_is_refused(sealer: Sealer, place: str, owner: str) -> None:
    sealed = sealer.seal("tokenVault/a", "ada", "x")
    with pytest.raises(TokenKeyProblem, match="another document or user"):
        sealer.unseal(place, owner, sealed)


@pytest.mark.parametrize("part", ["wrapped", "nonce", "box"])
def test_no_part_of_one_secret_fits_another(sealer: Sealer, part: str) -> None:
    mine, theirs = (json.loads(sealer.seal(place, owner, "x")) for place, owner in (("p", "ada"), ("p2", "eve")))
    mine[part] = theirs[part]
    with pytest.raises(TokenKeyProblem):
        sealer.unseal("p", "ada", json.dumps(mine).encode())


def test_a_damaged_ciphertext_is_refused(sealer: Sealer) -> None:
    sealed = sealer.seal("p", "o", "x")
    flipped = json.loads(sealed)
    box = bytearray(base64.b64decode(flipped["box"]))
    box[0] ^= 1
    flipped["box"] = base64.b64encode(box).decode()
    for broken in (sealed[:-3], b"", b"x" * 50, b"[]", b"{}", json.dumps(flipped).encode()):
        with pytest.raises(TokenKeyProblem):
            sealer.unseal("p", "o", broken)


def test_another_key_does_not_open_it() -> None:
    other = local(Fernet.generate_key().decode())
    with pytest.raises(TokenKeyProblem, match="not configured"):
        other.unseal("p", "o", local().seal("p", "o", "x"))
    renamed = json.loads(local().seal("p", "o", "x")) | {"key": json.loads(other.seal("p", "o", "x"))["key"]}
    with pytest.raises(TokenKeyProblem):
        other.unseal("p", "o", json.dumps(renamed).encode())


def test_a_key_can_be_changed_and_a_machine_can_move_to_kms(kms: Kms) -> None:
    newer, sealed = Fernet.generate_key().decode(), local().seal("p", "o", "x")
    both = local(newer, KEY)
    assert both.unseal("p", "o", sealed) == "x"
    assert not both.is_current(sealed)
    again = both.seal("p", "o", "x")
    assert both.is_current(again)
    assert local(newer).unseal("p", "o", again) == "x"
    moved = Sealer((KmsKey(KMS_KEY, kms.client), LocalKey(KEY)))
    assert moved.unseal("p", "o", sealed) == "x"
    assert in_kms(kms).unseal("p", "o", moved.seal("p", "o", "x")) == "x"


@pytest.mark.parametrize("key", ["not-a-key", "ä", "aGVsbG8="])
def test_what_is_no_key_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(TokenKeyProblem) as caught:
        sealer_of(replace(read_environment(), token_key=key, kms_key=""))
    assert "LEADGEN_TOKEN_KEY" in caught.value.detail
    assert key not in caught.value.detail


@pytest.mark.parametrize("key", ["", "  ", ","])
def test_without_a_key_nothing_is_sealed(key: str) -> None:
    with pytest.raises(TokenKeyProblem, match="LEADGEN_TOKEN_KEY is set"):
        sealer_of(replace(read_environment(), token_key=key, kms_key=""))


def test_kms_is_asked_once_for_what_is_opened_often(kms: Kms) -> None:
    sealer = in_kms(kms)
    sealed = sealer.seal("p", "o", "x")
    kms.calls.clear()
    assert [sealer.unseal("p", "o", sealed) for _ in range(5)] == ["x"] * 5
    assert kms.calls == ["decrypt"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, TokenKeyProblem),
        (grpc.StatusCode.NOT_FOUND, TokenKeyProblem),
        (grpc.StatusCode.FAILED_PRECONDITION, TokenKeyProblem),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, Unavailable),
        (grpc.StatusCode.INTERNAL, Unavailable),
    ],
)
def test_what_kms_says_is_told_in_our_words(kms: Kms, status: grpc.StatusCode, error: type[LeadgenError]) -> None:
    sealed = in_kms(kms).seal("p", "o", "x")
    fresh, kms.refuse = in_kms(kms), status
    with pytest.raises(error):
        fresh.seal("p", "o", "x")
    with pytest.raises(error):
        fresh.unseal("p", "o", sealed)


def test_what_was_garbled_on_the_way_from_kms_is_not_used(kms: Kms) -> None:
    sealed = in_kms(kms).seal("p", "o", "x")
    fresh, kms.garble = in_kms(kms), True
    with pytest.raises(Unavailable, match="garbled"):
        fresh.unseal("p", "o", sealed)
    with pytest.raises(Unavailable, match="garbled"):
        fresh.seal("p", "o", "x")


def test_the_key_may_lie_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token.key"
    file.write_text(f"{KEY}\n", encoding="ascii")
    monkeypatch.delenv("LEADGEN_TOKEN_KEY", raising=False)
    monkeypatch.setenv("LEADGEN_TOKEN_KEY_FILE", str(file))
    assert sealer_of(read_environment()).unseal("p", "o", local().seal("p", "o", "x")) == "x"
    monkeypatch.setenv("LEADGEN_TOKEN_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(RuntimeError, match="LEADGEN_TOKEN_KEY_FILE"):
        read_environment()
