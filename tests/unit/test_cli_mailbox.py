"""`leadgen mailbox` and `leadgen auth`: from the command line through the endpoints to Google, Microsoft and SMTP."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from cryptography.fernet import Fernet
from typer.testing import CliRunner, Result

from console.cli import auth, mailbox
from console.cli.app import app as cli
from console.client.problems import BackendError
from console.client.profile import Profile
from leadgen.api.auth import Caller
from leadgen.api.call import Call
from leadgen.api.endpoints import ENDPOINTS
from leadgen.api.problem import problem
from leadgen.environment import read_environment
from leadgen.mail.providers.base import Message
from leadgen.model.documents import Mailbox
from leadgen.model.errors import LeadgenError
from leadgen.model.roles import Role
from leadgen.model.validation import validate
from leadgen.outlook.accounts import read_mailbox
from leadgen.pipeline.context import Context
from leadgen.pipeline.mailboxes import provider_for
from local.gmail.state import State
from local.gmail.testing import ADA as GMAIL_ADA
from local.gmail.testing import RunningGmail, running_gmail
from local.microsoft.settings import Settings
from local.microsoft.testing import RunningStandin, running_standin
from local.smtp.testing import ACCOUNTS, RunningServer, running_server
from tests.memory_firestore import MemoryFirestore

ADA = "ada@contoso.example"
MAIL = Message("bob@example.org", "Bob", "Your roof", "<p>Hello</p>", "Hello")


class _Session:
    """The command line's session, with the endpoints' own work behind it instead of HTTP."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.profile = Profile("test", "p", "", "http://nowhere", outlook_redirect_uri="http://localhost:0/back")
        self.bodies: list[Any] = []

    def firestore(self) -> Any:
        return self.context.db

    def call(self, name: str, body: dict[str, Any] | None = None) -> Any:
        endpoint = ENDPOINTS[name]
        self.bodies.append(body)
        try:
            wish = validate(endpoint.request, body) if endpoint.request else None
            done = endpoint.work(Call(Caller("op", "op@example.com", Role.OPERATOR), wish))
        except LeadgenError as error:
            told = problem(error)
            raise BackendError(told["title"], told["detail"], told.get("hint", ""), told.get("fields", [])) from None
        assert not isinstance(done, list)
        return json.loads(done.model_dump_json(by_alias=True))


@pytest.fixture(scope="module")
def smtp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("smtp")) as running:
        yield running


@pytest.fixture(scope="module")
def gmail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGmail]:
    with running_gmail(tmp_path_factory.mktemp("gmail")) as running:
        yield running


@pytest.fixture
def session(smtp: RunningServer, gmail: RunningGmail, monkeypatch: pytest.MonkeyPatch) -> _Session:
    gmail.state.__dict__.update(State().__dict__)
    smtp.boxes.faults.clear()
    smtp.boxes.deliveries.clear()
    env = replace(
        read_environment(),
        token_key=Fernet.generate_key().decode(),
        kms_key="",
        ca_file=str(smtp.ca_file),
        local_hosts=frozenset({f"localhost:{smtp.port}"}),
    )
    db: Any = MemoryFirestore()
    made = _Session(Context(db, env))
    monkeypatch.setattr(Context, "from_environment", classmethod(lambda cls: made.context))
    for module in (auth, mailbox):
        monkeypatch.setattr(module, "open_session", lambda: made)
    return made


def run(*words: str, stdin: str = "") -> Result:
    return CliRunner().invoke(cli, words, input=stdin)


def add_smtp(smtp: RunningServer, password: str = ACCOUNTS[ADA], *more: str) -> Result:
    words = [
        "mailbox",
        "add",
        ADA,
        "--smtp",
        "localhost",
        "--port",
        str(smtp.port),
        "--password-stdin",
        "--name",
        "Ada",
    ]
    return run(*words, *more, stdin=f"{password}\n")


def box(session: _Session, account: str = ADA) -> Mailbox:
    record = read_mailbox(session.context.db, account)
    assert record is not None
    return record.value


def test_an_smtp_mailbox_is_tried_kept_and_sends(session: _Session, smtp: RunningServer) -> None:
    added = add_smtp(smtp)
    assert added.exit_code == 0, added.stderr
    assert f"{ADA} is signed in" in added.stderr
    assert ACCOUNTS[ADA] not in str(session.context.db.documents)  # type: ignore[attr-defined]
    provider = provider_for(session.context, box(session))
    provider.send(provider.create_draft(MAIL, "j" * 32).immutable_id)
    assert smtp.boxes.deliveries[0].mail["From"] == f"Ada <{ADA}>"


def test_a_wrong_password_is_told_not_kept_and_not_repeated(session: _Session, smtp: RunningServer) -> None:
    refused = add_smtp(smtp, "wr0ng-s3cr3t")
    assert refused.exit_code == 1
    assert "535" in refused.stderr
    assert "wr0ng-s3cr3t" not in refused.stderr + refused.stdout
    endless = add_smtp(smtp, "x" * 1001)
    assert endless.exit_code == 1
    assert "xxxx" not in endless.stderr
    assert session.context.db.documents == {}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "words",
    [[], ["--outlook", "--gmail"], ["--smtp", "h"], ["a@b.c", "--gmail"], ["a@b.c"], ["--smtp", "h", "--gmail"]],
)
def test_a_half_said_mailbox_is_wrong_usage(session: _Session, words: list[str]) -> None:
    assert run("mailbox", "add", *words).exit_code == 2
    assert session.bodies == []


@pytest.mark.parametrize("address", ["ada", "ada@x\r\ny", "a b@c.d", "<a@b.c>"])
def test_what_is_no_address_is_refused(session: _Session, smtp: RunningServer, address: str) -> None:
    refused = run("mailbox", "add", address, "--smtp", "localhost", "--password-stdin", stdin="x\n")
    assert refused.exit_code == 1
    assert smtp.boxes.deliveries == []


def test_a_mailbox_is_listed_paused_limited_resumed_signed_out_and_removed(
    session: _Session, smtp: RunningServer
) -> None:
    add_smtp(smtp)
    assert run("mailbox", "pause", ADA, "--reason", "holiday").exit_code == 0
    assert run("mailbox", "limit", ADA, "--cap", "40", "--ramp-from", "2026-11-23").exit_code == 0
    (listed,) = json.loads(run("mailbox", "list", "--json").stdout)
    wanted = {"account": ADA, "provider": "smtp", "state": "ACTIVE", "paused": True, "pausedReason": "holiday",
              "dailyCap": 40, "rampStart": "2026-11-23", "server": f"localhost:{smtp.port}"}  # fmt: skip
    assert wanted.items() <= listed.items()
    shown = run("mailbox", "list").stdout
    assert re.search(r"paused\s+0\s+40\s+2026-11-23\s+holiday", shown), shown
    assert json.loads(run("mailbox", "resume", ADA, "--json").stdout)["changed"] is True
    assert "it was so before" in run("mailbox", "resume", ADA.upper()).stderr
    assert run("mailbox", "sign-out", ADA).exit_code == 0
    assert (box(session).state, box(session).daily_cap) == ("SIGNED_OUT", 40)
    assert run("mailbox", "remove", ADA, stdin="n\n").exit_code == 1
    assert run("mailbox", "remove", ADA, "--yes").exit_code == 0
    assert json.loads(run("mailbox", "list", "--json").stdout) == []
    kinds = {str(one["kind"]) for one in session.context.db.all("activity").values()}  # type: ignore[attr-defined]
    assert {"mailbox.signedin", "mailbox.pause", "mailbox.signout", "mailbox.remove"} <= kinds


def test_an_unknown_mailbox_and_a_bad_limit_are_told(session: _Session) -> None:
    assert "no mailbox" in run("mailbox", "pause", "nobody@example.com").stderr
    assert run("mailbox", "limit", ADA, "--ramp-from", "tomorrow").exit_code == 1
    assert run("mailbox", "limit", ADA, "--cap", "99999").exit_code == 1


def test_gmail_is_signed_in_through_the_loopback_redirect(
    session: _Session, gmail: RunningGmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = session.context.env
    session.context.env = replace(
        env,
        google_login_url=gmail.url,
        google_token_url=gmail.url,
        gmail_url=gmail.url,
        google_client_id=gmail.state.client_id,
        google_client_secret=gmail.state.client_secret,
        google_redirect_uri="http://localhost:0/gmail/callback",
        ca_file=str(gmail.ca_file),
    )
    real = auth.Loopback

    class Loopback(real):  # type: ignore[misc,valid-type]
        def wait(self, seconds: float) -> dict[str, str]:
            (url,) = shown
            answer = gmail.consent(url)
            back = f"http://127.0.0.1:{self.port}/gmail/callback?{urlencode(answer)}"
            assert httpx.get(back, trust_env=False, timeout=10).status_code == 200
            parameters: dict[str, str] = super().wait(10)
            return parameters

    shown: list[str] = []
    monkeypatch.setattr(auth, "Loopback", Loopback)
    monkeypatch.setattr(auth.SignInPage, "show", lambda page, url, who: shown.append(url))
    done = run("auth", "gmail", "--no-browser")
    assert done.exit_code == 0, done.stderr
    assert f"{GMAIL_ADA} is signed in" in done.stderr
    provider = provider_for(session.context, box(session, GMAIL_ADA))
    provider.send(provider.create_draft(MAIL, "j" * 32).immutable_id)
    provider.close()
    assert len(gmail.state.delivered) == 1
    assert run("mailbox", "sign-out", GMAIL_ADA).exit_code == 0
    assert gmail.state.refresh == {}


@pytest.mark.parametrize(
    "redirect",
    ["https://evil.example/x", "http://evil.example/x", "javascript:alert(1)", "", "http://localhost.evil.example"],
)
def test_a_redirect_to_another_machine_is_refused(redirect: str) -> None:
    with pytest.raises(BackendError, match="redirect address"):
        auth.redirect_of("https://login.example/auth?" + urlencode({"redirect_uri": redirect}))


@pytest.fixture
def microsoft(tmp_path: Path) -> Iterator[RunningStandin]:
    with running_standin(Settings(tmp_path / "microsoft")) as standin:
        yield standin


def test_outlook_is_signed_in_on_another_device(
    session: _Session, microsoft: RunningStandin, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.context.env = replace(
        session.context.env,
        microsoft_authority=microsoft.authority,
        graph_url=microsoft.graph_url,
        microsoft_client_id="leadgen",
        microsoft_client_secret="",
        ca_file=str(microsoft.ca_file),
    )
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            microsoft.control("POST", "consent", {"userCode": codes[0], "account": ADA})

    codes: list[str] = []
    monkeypatch.setattr(auth.SignInPage, "print", lambda page, text: codes.append(text))
    made: Any = session
    assert f"{ADA} is signed in" in auth.sign_in_on_device(made, auth.SignInPage(), sleep)["message"]
    assert len(slept) == 2
    assert box(session).provider == "graph"


def test_a_device_sign_in_nobody_finishes_ends(session: _Session, microsoft: RunningStandin) -> None:
    session.context.env = replace(
        session.context.env,
        microsoft_authority=microsoft.authority,
        microsoft_client_id="leadgen",
        ca_file=str(microsoft.ca_file),
    )
    microsoft.control("PATCH", "settings", {"deviceInterval": 300})
    made: Any = session
    with pytest.raises(BackendError, match="nobody entered the code"):
        auth.sign_in_on_device(made, auth.SignInPage(), lambda seconds: None)


def test_the_dry_run_and_each_provider_are_chosen_by_the_mailbox(session: _Session) -> None:
    names = {
        kind: type(provider_for(session.context, Mailbox(account=f"{kind}@x.example", provider=kind))).__name__
        for kind in ("graph", "gmail", "smtp", "outbox")
    }
    assert names == {
        "graph": "GraphProvider",
        "gmail": "GmailProvider",
        "smtp": "SmtpProvider",
        "outbox": "OutboxProvider",
    }
