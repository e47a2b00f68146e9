"""Signing a Gmail mailbox in, its tokens, and what an operator does with mailboxes; against Google's stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.fernet import Fernet

from leadgen.environment import Environment, read_environment
from leadgen.model.documents import Mailbox
from leadgen.model.errors import InvalidInput, NotAllowed, NotFound, Unavailable
from leadgen.model.status import MailboxState
from leadgen.outlook import google, smtp, upkeep, vault
from leadgen.outlook.accounts import mailbox_id, read_mailbox
from leadgen.outlook.google import GMAIL_SCOPE, GoogleTokens
from leadgen.outlook.sealing import TokenKeyProblem, sealer_of
from local.gmail.state import Fault, State
from local.gmail.testing import ADA, RunningGmail, running_gmail
from tests.memory_firestore import MemoryFirestore

KEY = Fernet.generate_key().decode()


class Clock:
    def __init__(self) -> None:
        self.moment = datetime.now(UTC)

    def now(self) -> datetime:
        return self.moment


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGmail]:
    with running_gmail(tmp_path_factory.mktemp("gmail")) as running:
        yield running


class World:
    """An empty database, a clock, and Google."""

    def __init__(self, server: RunningGmail) -> None:
        server.state.__dict__.update(State().__dict__)
        self.clock, self.google = Clock(), server
        self.memory = MemoryFirestore()
        self.db: Any = self.memory
        server.state.clock = lambda: self.clock.moment.timestamp()
        self.env: Environment = replace(
            read_environment(),
            google_login_url=server.url,
            google_token_url=server.url,
            gmail_url=server.url,
            google_client_id=server.state.client_id,
            google_client_secret=server.state.client_secret,
            ca_file=str(server.ca_file),
            token_key=KEY,
            kms_key="",
        )

    def begin(self, user: str = "op") -> str:
        return google.begin(self.db, self.env, user, self.clock)

    def complete(self, answer: dict[str, str], user: str = "op") -> Mailbox:
        known = {key: answer[key] for key in ("code", "state", "error") if key in answer}
        return google.complete(self.db, self.env, user, clock=self.clock, **known)

    def sign_in(self, account: str = ADA, user: str = "op") -> Mailbox:
        return self.complete(self.google.consent(self.begin(user), account), user)

    def token(self, *, refused: bool = False) -> str:
        return vault.access_token(self.db, self.env, ADA, GoogleTokens(self.env, self.clock), self.clock, force=refused)

    def mailbox(self) -> Mailbox:
        record = read_mailbox(self.db, ADA)
        assert record is not None
        return record.value


@pytest.fixture
def world(server: RunningGmail) -> World:
    return World(server)


def test_a_mailbox_is_signed_in_with_pkce_and_only_what_is_needed(world: World) -> None:
    url = world.begin()
    asked = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert asked["access_type"] == "offline"
    assert asked["scope"] == f"openid email profile {GMAIL_SCOPE}"
    mailbox = world.complete(world.google.consent(url))
    assert (mailbox.account, mailbox.provider, mailbox.display_name) == (ADA, "gmail", "Ada Lovelace")
    assert world.mailbox().state is MailboxState.ACTIVE
    assert world.token() in world.google.state.access


def test_a_code_without_the_verifier_is_worth_nothing(world: World) -> None:
    answer = world.google.consent(world.begin())
    world.google.state.codes[answer["code"]]["code_challenge"] = "of-another-sign-in"
    with pytest.raises(InvalidInput, match="no longer accepts the code"):
        world.complete(answer)


def test_nothing_secret_is_stored_in_the_clear(world: World) -> None:
    answer = world.google.consent(world.begin())
    assert "verifier" not in str(world.memory.all("oauthFlows"))
    world.complete(answer)
    everything = str(world.memory.documents)
    assert all(secret not in everything for secret in (*world.google.state.access, *world.google.state.refresh))
    assert world.memory.all("oauthFlows") == {}


def test_a_callback_works_once_for_its_own_user_within_ten_minutes(world: World) -> None:
    answer = world.google.consent(world.begin())
    with pytest.raises(NotAllowed):
        world.complete(answer, "eve")
    world.complete(answer)
    with pytest.raises(InvalidInput, match="not known"):
        world.complete(answer)
    late = world.google.consent(world.begin())
    world.clock.moment += timedelta(minutes=10)
    with pytest.raises(InvalidInput, match="ten minutes"):
        world.complete(late)
    for state in ("", "unknown", "a/b", "x" * 100_000):
        with pytest.raises(InvalidInput):
            world.complete({"code": "4/x", "state": state})


@pytest.mark.parametrize(
    ("error", "words"),
    [("access_denied", "declined"), ("<script>alert(1)</script>", "an unknown error"), ("brand_new", "brand_new")],
)
def test_an_error_in_the_callback_is_told_in_words_of_our_own(world: World, error: str, words: str) -> None:
    state = world.google.consent(world.begin())["state"]
    with pytest.raises(InvalidInput) as caught:
        world.complete({"state": state, "error": error})
    assert words in caught.value.detail
    assert "<" not in caught.value.detail


def test_a_sign_in_of_another_kind_is_not_completed_here(world: World) -> None:
    from leadgen.outlook import pending

    pending.keep(world.db, world.env, "op", "outlooks-state", {"outlook": {}}, world.clock)
    with pytest.raises(InvalidInput):
        world.complete({"state": "outlooks-state", "code": "4/x"})


@pytest.mark.parametrize("change", [{"nonce": "replayed"}, {"client_id": "somebody-else"}])
def test_an_id_token_of_another_sign_in_is_refused(world: World, change: dict[str, str]) -> None:
    answer = world.google.consent(world.begin())
    world.google.state.codes[answer["code"]].update(change)
    with pytest.raises(InvalidInput, match="does not belong"):
        world.complete(answer)
    assert world.memory.all("tokenVault") == {}


def test_a_box_that_was_not_ticked_is_said(world: World) -> None:
    answer = world.google.consent(world.begin(), scope="openid email profile")
    with pytest.raises(InvalidInput, match="permission"):
        world.complete(answer)


def test_no_application_and_no_answer_are_told_apart(world: World) -> None:
    answer = world.google.consent(world.begin())
    world.google.state.faults.append(Fault(path="/token", status=503))
    with pytest.raises(Unavailable, match="did not answer"):
        world.complete(answer)
    world.env = replace(world.env, google_client_id="")
    with pytest.raises(Unavailable, match="No Google application"):
        world.begin()


def test_tokens_are_refreshed_before_they_end_and_when_they_are_refused(world: World) -> None:
    world.sign_in()
    first = world.token()
    assert world.token() == first
    world.clock.moment += timedelta(minutes=56)  # good for less than five minutes
    second = world.token()
    assert second != first
    assert world.token(refused=True) not in {first, second}


def test_a_rotated_refresh_token_is_kept(world: World) -> None:
    world.google.state.rotate_refresh_tokens = True
    world.sign_in()
    assert len({world.token(refused=True) for _ in range(4)}) == 4


def test_two_who_refresh_at_once_lose_no_rotation(world: World) -> None:
    world.google.state.rotate_refresh_tokens = True
    world.sign_in()
    waited: list[str] = []

    class Waiting(Exception):
        pass

    def wait(_: float) -> None:
        raise Waiting

    class Interrupted(GoogleTokens):
        """Somebody else wants a fresh token while ours is on its way."""

        def refresh(self, secret: vault.Secret, account: str) -> vault.Secret | None:
            with pytest.raises(Waiting):
                vault.access_token(world.db, world.env, ADA, tokens, world.clock, force=True, sleep=wait)
            waited.append(account)
            return super().refresh(secret, account)

    tokens = Interrupted(world.env, world.clock)
    fresh = vault.access_token(world.db, world.env, ADA, tokens, world.clock, force=True, sleep=wait)
    assert waited == [ADA]
    assert world.token() == fresh
    assert world.mailbox().state is MailboxState.ACTIVE
    assert world.token(refused=True)


def test_a_refresher_that_died_holds_nobody_for_long(world: World) -> None:
    world.sign_in()

    class Dying(GoogleTokens):
        def refresh(self, secret: vault.Secret, account: str) -> vault.Secret | None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vault.access_token(world.db, world.env, ADA, Dying(world.env, world.clock), world.clock, force=True)

    def wait(_: float) -> None:
        world.clock.moment += timedelta(seconds=5)

    tokens = GoogleTokens(world.env, world.clock)
    assert vault.access_token(world.db, world.env, ADA, tokens, world.clock, force=True, sleep=wait)


def test_google_being_down_is_no_reason_to_sign_in_again_and_a_revoked_grant_is(world: World) -> None:
    world.sign_in()
    world.google.state.faults.append(Fault(path="/token", status=500))
    with pytest.raises(Unavailable):
        world.token(refused=True)
    assert world.mailbox().state is MailboxState.ACTIVE
    assert world.token(refused=True)
    world.google.state.refresh.clear()
    with pytest.raises(vault.MailboxNeedsSignIn, match="new sign-in"):
        world.token(refused=True)
    assert world.mailbox().state is MailboxState.NEEDS_REAUTH
    with pytest.raises(vault.MailboxNeedsSignIn) as caught:
        world.token()
    assert "leadgen auth gmail" in caught.value.hint
    assert world.sign_in().state is MailboxState.ACTIVE
    assert world.token()


def test_a_mailbox_signed_in_anew_is_not_marked_by_a_refusal_of_its_old_tokens(world: World) -> None:
    world.sign_in()

    class Overtaken(GoogleTokens):
        def refresh(self, secret: vault.Secret, account: str) -> vault.Secret | None:
            world.sign_in()
            return None

    with pytest.raises(vault.MailboxNeedsSignIn):
        vault.access_token(world.db, world.env, ADA, Overtaken(world.env, world.clock), world.clock, force=True)
    assert world.mailbox().state is MailboxState.ACTIVE
    assert world.token()


def test_tokens_copied_to_another_user_or_mailbox_are_refused(world: World) -> None:
    world.sign_in()
    entry = world.memory.all("tokenVault")[mailbox_id(ADA)]
    other = "eve@fabrikam.example"
    world.db.collection("tokenVault").document(mailbox_id(other)).set(entry)
    stolen = Mailbox(account=other, provider="gmail", user_id="op")
    world.db.collection("mailboxes").document(mailbox_id(other)).set(stolen.to_firestore())
    tokens = GoogleTokens(world.env, world.clock)
    with pytest.raises(TokenKeyProblem, match="another document or user"):
        vault.access_token(world.db, world.env, other, tokens, world.clock)
    for changes in ({"userId": "eve"}, {"provider": "graph"}):
        world.db.collection("mailboxes").document(mailbox_id(ADA)).update(changes)
        with pytest.raises(TokenKeyProblem):
            world.token()
        world.db.collection("mailboxes").document(mailbox_id(ADA)).update({"userId": "op", "provider": "gmail"})


def test_signing_out_revokes_and_deletes_even_if_google_is_down(world: World) -> None:
    world.sign_in()
    assert "ended the permission" in upkeep.sign_out(world.db, world.env, ADA, world.clock)
    assert world.google.state.refresh == {}
    assert world.memory.all("tokenVault") == {}
    assert world.mailbox().state is MailboxState.SIGNED_OUT
    world.sign_in()
    world.google.state.faults.append(Fault(path="/revoke", status=503))
    assert "was not told" in upkeep.sign_out(world.db, world.env, ADA, world.clock)
    assert world.memory.all("tokenVault") == {}
    with pytest.raises(vault.MailboxNeedsSignIn):
        world.token()


def test_pause_cap_and_ramp_outlive_a_new_sign_in(world: World) -> None:
    world.sign_in()
    assert upkeep.pause(world.db, ADA, "op@x", "holiday", world.clock)
    assert not upkeep.pause(world.db, ADA, "op@x", "holiday", world.clock)
    upkeep.set_limits(world.db, ADA, world.clock, daily_cap=40, ramp_start=date(2026, 11, 23))
    world.sign_in()
    box = world.mailbox()
    assert (box.paused, box.paused_reason, box.paused_by) == (True, "holiday", "op@x")
    assert (box.daily_cap, box.ramp_start) == (40, date(2026, 11, 23))
    assert not box.is_usable
    assert upkeep.resume(world.db, ADA, world.clock)
    assert not upkeep.resume(world.db, ADA, world.clock)
    upkeep.set_limits(world.db, ADA, world.clock)
    box = world.mailbox()
    assert (box.is_usable, box.daily_cap, box.ramp_start) == (True, None, None)
    with pytest.raises(NotFound, match="no mailbox"):
        upkeep.pause(world.db, "nobody@x.example", "op", "", world.clock)


def test_a_mailbox_with_mails_under_way_is_not_removed(world: World) -> None:
    world.sign_in()
    email = world.db.collection("emailQueue").document("m1")
    email.set({"status": "UNKNOWN", "account": ADA})
    with pytest.raises(InvalidInput, match="under way"):
        upkeep.remove(world.db, world.env, ADA, world.clock)
    email.update({"status": "SENT"})
    upkeep.remove(world.db, world.env, ADA, world.clock)
    assert (world.memory.all("mailboxes"), world.memory.all("tokenVault")) == ({}, {})


def test_the_upkeep_refreshes_what_is_idle_and_seals_anew_after_a_change_of_keys(world: World) -> None:
    world.sign_in()
    server = smtp.SmtpSignIn("mail.example", 587, "starttls", "bob@x.example", "s3cr3t")
    box = smtp.add(world.db, world.env, "op", "Bob@x.example", "Bob", server, world.clock)
    assert "s3cr3t" not in str(world.memory.documents) + repr(server)
    before = world.token()
    world.clock.moment += vault.IDLE
    world.env = replace(world.env, token_key=f"{Fernet.generate_key().decode()},{KEY}")
    assert upkeep.keep_fresh(world.db, world.env, world.clock) == 2
    assert upkeep.keep_fresh(world.db, world.env, world.clock) == 0
    newest = sealer_of(replace(world.env, token_key=world.env.token_key.partition(",")[0]))
    assert all(newest.is_current(one["sealed"]) for one in world.memory.all("tokenVault").values())
    assert world.token() != before
    assert smtp.sign_in_of(world.db, world.env, box, world.clock) == server


def test_one_mailbox_that_fails_does_not_keep_the_others_stale(world: World) -> None:
    world.sign_in()
    world.sign_in("grace@fabrikam.example")
    before = world.token()
    grace = world.db.collection("tokenVault").document(mailbox_id("grace@fabrikam.example"))
    grace.update({"sealed": b"damaged"})
    world.clock.moment += vault.IDLE
    assert upkeep.keep_fresh(world.db, world.env, world.clock) == 2
    assert world.token() != before


def test_an_smtp_mailbox_whose_password_is_gone_needs_its_owner(world: World) -> None:
    server = smtp.SmtpSignIn("mail.example", 465, "tls", "bob", "s3cr3t")
    box = smtp.add(world.db, world.env, "op", "bob@x.example", "", server, world.clock)
    vault.forget(world.db, box.account)
    with pytest.raises(vault.MailboxNeedsSignIn) as caught:
        smtp.sign_in_of(world.db, world.env, box, world.clock)
    assert "leadgen mailbox add" in caught.value.hint
    record = read_mailbox(world.db, box.account)
    assert record is not None
    assert record.value.state is MailboxState.NEEDS_REAUTH
