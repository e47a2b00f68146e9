"""Secrets at rest: only the right key, the right place and the right owner open them."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from leadgen.outlook.sealing import TokenKeyProblem, seal, unseal

KEY = Fernet.generate_key().decode()


def test_what_was_sealed_opens_at_the_same_place_for_the_same_owner() -> None:
    sealed = seal(KEY, "tokenVault/a", "ada", {"secret": "s3cr3t"})
    assert b"s3cr3t" not in sealed
    assert unseal(KEY, "tokenVault/a", "ada", sealed) == {"secret": "s3cr3t"}


@pytest.mark.parametrize(
    ("place", "owner"), [("tokenVault/b", "ada"), ("tokenVault/a", "eve"), ("oauthFlows/a", "ada")]
)
def test_a_secret_moved_to_another_document_or_user_is_refused(place: str, owner: str) -> None:
    sealed = seal(KEY, "tokenVault/a", "ada", "x")
    with pytest.raises(TokenKeyProblem, match="another document or user"):
        unseal(KEY, place, owner, sealed)


@pytest.mark.parametrize("key", ["", "  ", "not-a-key", "ä"])
def test_without_a_key_nothing_is_sealed(key: str) -> None:
    with pytest.raises(TokenKeyProblem) as caught:
        seal(key, "p", "o", "x")
    assert "LEADGEN_TOKEN_KEY" in caught.value.detail


def test_a_damaged_or_foreign_ciphertext_is_refused() -> None:
    sealed = seal(KEY, "p", "o", "x")
    for broken in (sealed[:-3], b"", b"x" * 50, seal(Fernet.generate_key().decode(), "p", "o", "x")):
        with pytest.raises(TokenKeyProblem):
            unseal(KEY, "p", "o", broken)


def test_a_key_can_be_changed() -> None:
    newer = Fernet.generate_key().decode()
    assert unseal(f"{newer},{KEY}", "p", "o", seal(KEY, "p", "o", "x")) == "x"
    assert unseal(newer, "p", "o", seal(f"{newer},{KEY}", "p", "o", "x")) == "x"
