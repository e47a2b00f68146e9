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
from leadgen.model.documents import Mailbox
from leadgen.model.errors import InvalidInput, NotAllowed, Unavailable
from leadgen.model.status import MailboxState
from leadgen.outlook import flow, upkeep, vault
from leadgen.outlook.accounts import mailbox_id, mailbox_ref, read_mailbox
from leadgen.outlook.microsoft import MicrosoftTokens
from leadgen.outlook.sealing import TokenKeyProblem
from local.microsoft.accounts import Account
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
        kms_key="",
    )


def token(db: Client, env: Environment, clock: Clock, *, force: bool = False, account: str = ADA) -> str:
    return vault.access_token(db, env, account, MicrosoftTokens(env, clock), clock, force=force)


def sign_in(db: Client, env: Environment, microsoft: RunningStandin, clock: Clock, user: str = "op") -> Mailbox:
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
    given = token(firestore_db, env, clock)
    me = microsoft.http.get("/v1.0/me", headers={"Authorization": f"Bearer {given}"})
    assert me.json()["mail"] == ADA
    assert token(firestore_db, env, clock) == given
    assert token(firestore_db, env, clock, force=True) != given


def test_mails_come_from_the_mailbox_s_address_whatever_its_owner_signs_in_with(
    firestore_db: Client, env: Environment, clock: Clock, tmp_path: Path
) -> None:
    """Answers and STOP mails go to the address; the sign-in name may take none."""
    people = (Account("ada.lovelace@contoso.example", "Ada Lovelace", sign_in_name=ADA),)
    with running_standin(Settings(tmp_path / "renamed", accounts=people)) as microsoft:
        env = replace(
            env, microsoft_authority=microsoft.authority, graph_url=microsoft.graph_url, ca_file=str(microsoft.ca_file)
        )

        def signed_in() -> Mailbox:
            answer = microsoft.consent(flow.begin(firestore_db, env, "op", clock), people[0].address)
            return flow.complete(firestore_db, env, "op", code=answer["code"], state=answer["state"], clock=clock)

        mailbox = signed_in()
        assert (mailbox.account, mailbox.sender) == (ADA, "ada.lovelace@contoso.example")
        microsoft.control("POST", "faults", {"match": {"path": "*/me"}, "fault": "status:503"})
        assert signed_in().sender == ADA, "Graph does not say: signing in works all the same"


def test_nothing_secret_is_stored_in_the_clear(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    url = flow.begin(firestore_db, env, "op", clock)
    stored = [snap.to_dict() for snap in firestore_db.collection("oauthFlows").stream()]
    assert len(stored) == 1
    assert b"code_verifier" not in stored[0]["sealed"]
    answer = microsoft.consent(url, ADA)
    flow.complete(firestore_db, env, "op", code=answer["code"], state=answer["state"], clock=clock)
    given = token(firestore_db, env, clock)
    everything = str([s.to_dict() for name in ("mailboxes", "tokenVault") for s in firestore_db.collection(name).get()])
    assert given not in everything
    assert "refresh_token" not in everything.lower()
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
    with pytest.raises(TokenKeyProblem, match="LEADGEN_TOKEN_KEY is set"):
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
        token(firestore_db, env, clock, force=True)
    mailbox = read_mailbox(firestore_db, ADA)
    assert mailbox is not None
    assert mailbox.value.state is MailboxState.NEEDS_REAUTH
    with pytest.raises(vault.MailboxNeedsSignIn):
        token(firestore_db, env, clock)
    assert sign_in(firestore_db, env, microsoft, clock).state is MailboxState.ACTIVE
    assert token(firestore_db, env, clock)


def test_a_login_service_that_is_down_is_no_reason_to_sign_in_again(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    sign_in(firestore_db, env, microsoft, clock)
    microsoft.control("POST", "faults", {"match": {"path": "*/token"}, "fault": "status:503"})
    with pytest.raises(Unavailable):
        token(firestore_db, env, clock, force=True)
    microsoft.control("DELETE", "faults")
    assert token(firestore_db, env, clock, force=True)


def test_refresh_tokens_rotate_and_the_newest_is_kept(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    microsoft.control("PATCH", "settings", {"refreshReuseSeconds": 0})
    sign_in(firestore_db, env, microsoft, clock)
    tokens = {token(firestore_db, env, clock, force=True) for _ in range(4)}
    assert len(tokens) == 4


def test_of_many_who_refresh_at_once_one_does_and_no_rotation_is_lost(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    # With this, a refresh token that was used is refused at once: two who used the same one would sign the mailbox out.
    microsoft.control("PATCH", "settings", {"refreshReuseSeconds": 0})
    sign_in(firestore_db, env, microsoft, clock)
    results: list[str | BaseException] = []

    def refresh() -> None:
        try:
            results.append(token(firestore_db, env, clock, force=True))
        except BaseException as error:
            results.append(error)

    threads = [threading.Thread(target=refresh) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one for one in results if isinstance(one, BaseException)] == []
    mailbox = read_mailbox(firestore_db, ADA)
    assert mailbox is not None
    assert mailbox.value.state is MailboxState.ACTIVE
    assert token(firestore_db, env, clock, force=True)


def test_tokens_copied_into_another_mailbox_are_refused(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    sign_in(firestore_db, env, microsoft, clock)
    stolen = firestore_db.collection("tokenVault").document(mailbox_id(ADA)).get().to_dict()
    other = "eve@contoso.example"
    firestore_db.collection("tokenVault").document(mailbox_id(other)).set(stolen)
    mailbox_ref(firestore_db, other).set({"account": other, "userId": "op", "state": "ACTIVE"})
    with pytest.raises(TokenKeyProblem, match="another document"):
        token(firestore_db, env, clock, account=other)


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
    upkeep.sign_out(firestore_db, env, ADA, clock)
    assert not list(firestore_db.collection("tokenVault").stream())
    with pytest.raises(vault.MailboxNeedsSignIn):
        token(firestore_db, env, clock)


def test_a_mailbox_is_signed_in_on_another_device(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    begun = flow.begin_device(firestore_db, env, "op", clock)
    assert begun.user_code not in begun.sign_in_id
    assert flow.poll_device(firestore_db, env, "op", begun.sign_in_id, clock) is None
    with pytest.raises(NotAllowed):
        flow.poll_device(firestore_db, env, "eve", begun.sign_in_id, clock)
    microsoft.control("POST", "consent", {"userCode": begun.user_code, "account": ADA})
    mailbox = flow.poll_device(firestore_db, env, "op", begun.sign_in_id, clock)
    assert mailbox is not None
    assert mailbox.account == ADA
    assert token(firestore_db, env, clock, force=True)
    with pytest.raises(InvalidInput, match="not known"):
        flow.poll_device(firestore_db, env, "op", begun.sign_in_id, clock)


def test_a_declined_or_late_device_sign_in_is_told(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    begun = flow.begin_device(firestore_db, env, "op", clock)
    microsoft.control("POST", "consent", {"userCode": begun.user_code, "deny": True})
    with pytest.raises(InvalidInput, match="declined"):
        flow.poll_device(firestore_db, env, "op", begun.sign_in_id, clock)
    late = flow.begin_device(firestore_db, env, "op", clock)
    clock.moment += timedelta(minutes=10)
    with pytest.raises(InvalidInput, match="ten minutes"):
        flow.poll_device(firestore_db, env, "op", late.sign_in_id, clock)


def test_an_idle_mailbox_is_refreshed_ahead_of_time_and_a_lost_sign_in_is_seen(
    firestore_db: Client, env: Environment, microsoft: RunningStandin, clock: Clock
) -> None:
    sign_in(firestore_db, env, microsoft, clock)
    assert upkeep.keep_fresh(firestore_db, env, clock) == 0
    before = token(firestore_db, env, clock)
    clock.moment += vault.IDLE
    assert upkeep.keep_fresh(firestore_db, env, clock) == 1
    assert upkeep.keep_fresh(firestore_db, env, clock) == 0
    assert token(firestore_db, env, clock) != before
    microsoft.control("POST", "revoke", {"account": ADA, "refresh": True})
    clock.moment += vault.IDLE
    upkeep.keep_fresh(firestore_db, env, clock)
    mailbox = read_mailbox(firestore_db, ADA)
    assert mailbox is not None
    assert (mailbox.value.state, mailbox.value.reason) == (
        MailboxState.NEEDS_REAUTH,
        "its provider asks for a new sign-in",
    )
