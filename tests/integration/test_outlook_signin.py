"""Signing a mailbox in and keeping its tokens, with real MSAL against the Microsoft stand-in over TLS."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from leadgen.environment import Environment, read_environment
from leadgen.model.errors import InvalidInput, NotAllowed, Unavailable
from leadgen.outlook import flow, vault
from leadgen.outlook.accounts import MailboxAccount, MailboxState, mailbox_id, mailbox_ref
from leadgen.outlook.sealing import TokenKeyProblem
from leadgen.store.records import read
from local.microsoft.accounts import Client as Application
from local.microsoft.settings import Settings
from local.microsoft.testing import RunningStandin, running_standin

if TYPE_CHECKING:
    from google.cloud.firestore import Client

ADA = "ada@contoso.example"


class Clock:
    def __init__(self) -> None:
        self.moment = datetime.now(UTC)

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def microsoft(tmp_path: Path) -> Iterator[RunningStandin]:
    registered = (Application("with-secret", "s3cr3t"),)
    with running_standin(Settings(tmp_path / "microsoft", clients=registered)) as standin:
        yield standin


@pytest.fixture
def env(microsoft: RunningStandin) -> Environment:
    return replace(
        read_environment(),
        microsoft_authority=microsoft.authority,
        graph_url=microsoft.graph_url,
        microsoft_client_id="leadgen",
        microsoft_client_secret="",
        microsoft_redirect_uri="http://localhost:8765/outlook/callback",
        ca_file=str(microsoft.ca_file),
        token_key=Fernet.generate_key().decode(),
    )


def sign_in(db: Client, env: Environment, microsoft: RunningStandin, clock: Clock, user: str = "op") -> MailboxAccount:
    answer = microsoft.consent(flow.begin(db, env, user, clock), ADA)
    return flow.complete(db, env, user, code=answer["code"], state=answer["state"], clock=clock)


@pytest.mark.parametrize(("application", "secret"), [("leadgen", ""), ("with-secret", "s3cr3t")])
def test_a_mailbox_is_signed_in_and_gives_tokens(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock, application: str, secret: str
) -> None:
    env = replace(env, microsoft_client_id=application, microsoft_client_secret=secret)
    account = sign_in(firestore_db, env, microsoft, clock)
    assert account.account == ADA
    assert account.display_name == "Ada Lovelace"
    token = vault.access_token(firestore_db, env, ADA, clock)
    me = microsoft.http.get("/v1.0/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["mail"] == ADA
    assert vault.access_token(firestore_db, env, ADA, clock) == token
    assert vault.access_token(firestore_db, env, ADA, clock, force=True) != token


def test_nothing_secret_is_stored_in_the_clear(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    url = flow.begin(firestore_db, env, "op", clock)
    stored = [snap.to_dict() for snap in firestore_db.collection("oauthFlows").stream()]
    assert len(stored) == 1
    assert b"code_verifier" not in stored[0]["sealed"]
    answer = microsoft.consent(url, ADA)
    flow.complete(firestore_db, env, "op", code=answer["code"], state=answer["state"], clock=clock)
    token = vault.access_token(firestore_db, env, ADA, clock)
    everything = str([s.to_dict() for name in ("mailboxes", "tokenVault") for s in firestore_db.collection(name).get()])
    assert token not in everything
    assert "refresh" not in everything.lower()
    assert not list(firestore_db.collection("oauthFlows").stream())


def test_a_callback_works_once(firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock) -> None:
    answer = microsoft.consent(flow.begin(firestore_db, env, "op", clock), ADA)
    flow.complete(firestore_db, env, "op", code=answer["code"], state=answer["state"], clock=clock)
    with pytest.raises(InvalidInput, match="completed already"):
        flow.complete(firestore_db, env, "op", code=answer["code"], state=answer["state"], clock=clock)


def test_of_two_callbacks_at_once_one_wins(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    answer = microsoft.consent(flow.begin(firestore_db, env, "op", clock), ADA)
    results: list[str] = []

    def call() -> None:
        try:
            flow.complete(firestore_db, env, "op", code=answer["code"], state=answer["state"], clock=clock)
            results.append("done")
        except InvalidInput:
            results.append("refused")

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["done", "refused", "refused"]


def test_another_user_can_neither_finish_nor_end_a_sign_in(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    answer = microsoft.consent(flow.begin(firestore_db, env, "op", clock), ADA)
    with pytest.raises(NotAllowed):
        flow.complete(firestore_db, env, "eve", code=answer["code"], state=answer["state"], clock=clock)
    assert flow.complete(firestore_db, env, "op", code=answer["code"], state=answer["state"], clock=clock)


@pytest.mark.parametrize("state", ["", "unknown", "a/b", "../x", "__x__", "x" * 100_000])
def test_a_missing_or_unknown_state_is_refused(
    firestore_db: Client, env: Environment, clock: Clock, state: str
) -> None:
    with pytest.raises(InvalidInput):
        flow.complete(firestore_db, env, "op", code="c", state=state, clock=clock)


def test_a_sign_in_expires_after_ten_minutes(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    answer = microsoft.consent(flow.begin(firestore_db, env, "op", clock), ADA)
    clock.moment += timedelta(minutes=10)
    with pytest.raises(InvalidInput, match="ten minutes"):
        flow.complete(firestore_db, env, "op", code=answer["code"], state=answer["state"], clock=clock)


@pytest.mark.parametrize(
    ("error", "description", "words"),
    [
        ("access_denied", "AADSTS65004: User declined. <script>alert(1)</script>", "declined"),
        ("<script>alert(1)</script>", "<img src=x>", "an unknown error"),
        ("something_new", "", "something_new"),
    ],
)
def test_an_error_in_the_callback_is_told_in_words_of_our_own(
    firestore_db: Client,
    env: Environment,
    microsoft: RunningStandin,
    clock: Clock,
    error: str,
    description: str,
    words: str,
) -> None:
    state = microsoft.consent(flow.begin(firestore_db, env, "op", clock), ADA)["state"]
    with pytest.raises(InvalidInput) as caught:
        flow.complete(firestore_db, env, "op", state=state, error=error, error_description=description, clock=clock)
    assert words in caught.value.detail
    assert "<" not in caught.value.detail


def test_a_wrong_code_is_refused_without_repeating_it(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    state = microsoft.consent(flow.begin(firestore_db, env, "op", clock), ADA)["state"]
    with pytest.raises(InvalidInput) as caught:
        flow.complete(firestore_db, env, "op", code="s3cr3t-c0de", state=state, clock=clock)
    assert "s3cr3t-c0de" not in caught.value.detail + caught.value.hint


def test_without_a_token_key_nobody_is_signed_in(firestore_db: Client, env: Environment, clock: Clock) -> None:
    with pytest.raises(TokenKeyProblem, match="LEADGEN_TOKEN_KEY is not set"):
        flow.begin(firestore_db, replace(env, token_key=""), "op", clock)


def test_no_application_and_no_login_service_are_told_apart(
    firestore_db: Client, env: Environment, clock: Clock
) -> None:
    with pytest.raises(Unavailable, match="No Microsoft application"):
        flow.begin(firestore_db, replace(env, microsoft_client_id=""), "op", clock)
    with pytest.raises(Unavailable, match="did not answer"):
        flow.begin(firestore_db, replace(env, microsoft_authority="https://127.0.0.1:9/common"), "op", clock)


def test_a_withdrawn_sign_in_is_marked_and_said(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    sign_in(firestore_db, env, microsoft, clock)
    microsoft.control("POST", "revoke", {"account": ADA, "refresh": True})
    with pytest.raises(vault.MailboxNeedsSignIn):
        vault.access_token(firestore_db, env, ADA, clock, force=True)
    mailbox = read(mailbox_ref(firestore_db, ADA), MailboxAccount)
    assert mailbox is not None
    assert mailbox.value.state is MailboxState.NEEDS_REAUTH
    with pytest.raises(vault.MailboxNeedsSignIn):
        vault.access_token(firestore_db, env, ADA, clock)
    assert sign_in(firestore_db, env, microsoft, clock).state is MailboxState.CONNECTED
    assert vault.access_token(firestore_db, env, ADA, clock)


def test_a_login_service_that_is_down_is_no_reason_to_sign_in_again(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    sign_in(firestore_db, env, microsoft, clock)
    microsoft.control("POST", "faults", {"match": {"path": "*/token"}, "fault": "status:503"})
    with pytest.raises(Unavailable):
        vault.access_token(firestore_db, env, ADA, clock, force=True)
    microsoft.control("DELETE", "faults")
    assert vault.access_token(firestore_db, env, ADA, clock, force=True)


def test_refresh_tokens_rotate_and_the_newest_is_kept(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    microsoft.control("PATCH", "settings", {"refreshReuseSeconds": 0})
    sign_in(firestore_db, env, microsoft, clock)
    tokens = {vault.access_token(firestore_db, env, ADA, clock, force=True) for _ in range(4)}
    assert len(tokens) == 4


def test_two_instances_refreshing_at_once_do_not_sign_the_mailbox_out(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    sign_in(firestore_db, env, microsoft, clock)
    failures: list[BaseException] = []

    def refresh() -> None:
        try:
            for _ in range(3):
                vault.access_token(firestore_db, env, ADA, clock, force=True)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=refresh) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert vault.access_token(firestore_db, env, ADA, clock, force=True)


def test_tokens_copied_into_another_mailbox_are_refused(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    sign_in(firestore_db, env, microsoft, clock)
    stolen = firestore_db.collection("tokenVault").document(mailbox_id(ADA)).get().to_dict()
    other = "eve@contoso.example"
    firestore_db.collection("tokenVault").document(mailbox_id(other)).set(stolen)
    mailbox_ref(firestore_db, other).set({"account": other, "userId": "op", "state": "CONNECTED"})
    with pytest.raises(TokenKeyProblem, match="another document"):
        vault.access_token(firestore_db, env, other, clock)


def test_signing_in_again_keeps_what_the_sender_remembers(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    sign_in(firestore_db, env, microsoft, clock)
    mailbox_ref(firestore_db, ADA).update({"sincePause": 7})
    sign_in(firestore_db, env, microsoft, clock)
    assert mailbox_ref(firestore_db, ADA).get().get("sincePause") == 7


def test_signing_out_forgets_the_tokens(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    sign_in(firestore_db, env, microsoft, clock)
    vault.sign_out(firestore_db, ADA, clock)
    assert not list(firestore_db.collection("tokenVault").stream())
    with pytest.raises(vault.MailboxNeedsSignIn):
        vault.access_token(firestore_db, env, ADA, clock)
