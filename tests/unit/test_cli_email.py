"""`leadgen email` from the command line through the endpoints: actions, refusals, ids by prefix, JSON, exit codes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from console.cli import email
from console.cli.app import app as cli
from console.cli.output import FAILED, PARTLY, USAGE
from console.client.problems import BackendError
from leadgen.api.auth import Caller
from leadgen.api.call import Call
from leadgen.api.endpoints import ENDPOINTS
from leadgen.api.problem import problem
from leadgen.environment import read_environment
from leadgen.model.config import Settings
from leadgen.model.documents import EmailJob, LeadData
from leadgen.model.errors import LeadgenError
from leadgen.model.roles import Role
from leadgen.model.status import EmailStatus
from leadgen.model.validation import validate
from leadgen.pipeline.context import Context
from tests.memory_firestore import MemoryFirestore

NOW = datetime.now(UTC).replace(microsecond=0)
WAITING, HELD, PARKED, FAILED_ONE, SENT = "a1" * 16, "a2" * 16, "b1" * 16, "c1" * 16, "d1" * 16
ALSO_FAILED = "c2" * 16


class _Session:
    """The command line's session, with the endpoints' own work behind it instead of HTTP."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.bodies: list[Any] = []

    def firestore(self) -> Any:
        return self.context.db

    def call(self, name: str, body: dict[str, Any] | None = None) -> Any:
        endpoint = ENDPOINTS[name]
        self.bodies.append(body)
        try:
            done = endpoint.work(
                Call(Caller("op", "op@example.com", Role.OPERATOR), validate(endpoint.request, body))  # type: ignore[arg-type]
            )
        except LeadgenError as error:
            told = problem(error)
            raise BackendError(told["title"], told["detail"], told.get("hint", ""), told.get("fields", [])) from None
        assert not isinstance(done, list)
        return json.loads(done.model_dump_json(by_alias=True))

    def status(self, email_id: str) -> EmailStatus:
        return EmailJob.from_firestore(
            self.context.db.collection("emailQueue").document(email_id).get().to_dict() or {}
        ).status


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> _Session:
    db: Any = MemoryFirestore()
    made = _Session(Context(db, read_environment()))
    monkeypatch.setattr(Context, "from_environment", classmethod(lambda cls: made.context))
    monkeypatch.setattr(email, "open_session", lambda: made)
    config = Settings(postal_address="1 Main St, Austin, TX 78701", sender_name="Ada", skip_holidays=False)
    db.collection("config").document("settings").set(config.model_dump(by_alias=True))
    queue(
        db, WAITING, EmailStatus.QUEUED, not_before=NOW + timedelta(days=3), reason="outside 09:00", waits_for="retry"
    )
    queue(db, HELD, EmailStatus.HELD, reason="held by op@example.com")
    queue(db, PARKED, EmailStatus.PARKED, reason="the mailbox knows nothing", attempts=1, account="ada@x.example")
    queue(db, FAILED_ONE, EmailStatus.ERROR_API_FAILURE, reason="refused", error="refused")
    queue(db, ALSO_FAILED, EmailStatus.ERROR_API_FAILURE, reason="refused", error="refused")
    queue(db, SENT, EmailStatus.SENT, sent_at=NOW)
    return made


def queue(db: Any, email_id: str, status: EmailStatus, **more: Any) -> None:
    """A mail in the queue."""
    lead = LeadData(name="Bob", email=f"{email_id[:2]}@lonestar.example", phone="+15125550101")
    job = EmailJob(
        template_id=1, lead_data=lead, city="austin", timezone="America/Chicago", status=status, created_at=NOW
    )
    full = job.model_copy(update={"updated_at": NOW, **more})
    db.collection("emailQueue").document(email_id).set(full.to_firestore())


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["email", *words])


@pytest.mark.parametrize(
    ("action", "mail", "then"),
    [
        ("hold", WAITING, EmailStatus.HELD),
        ("release", HELD, EmailStatus.QUEUED),
        ("cancel", WAITING, EmailStatus.CANCELLED),
        ("cancel", PARKED, EmailStatus.CANCELLED),
        ("sent", PARKED, EmailStatus.SENT),
        ("retry", FAILED_ONE, EmailStatus.QUEUED),
    ],
)
def test_every_action_changes_the_mail_and_twice_changes_nothing(
    session: _Session, action: str, mail: str, then: EmailStatus
) -> None:
    done = run(action, mail[:6])
    assert done.exit_code == 0, done.output
    assert session.status(mail) is then
    assert done.output.startswith(f"{mail[:8]}: ")
    again = run(action, mail, "--json")
    assert again.exit_code == 0
    (answer,) = json.loads(again.stdout)
    assert (answer["emailId"], answer["status"], answer["changed"]) == (mail, str(then), False)


def test_a_parked_mail_is_retried_only_with_consent(session: _Session) -> None:
    refused = run("retry", PARKED)
    assert refused.exit_code == FAILED
    assert "Nobody knows whether mail" in refused.output
    assert "--may-be-delivered-twice" in refused.output
    assert session.status(PARKED) is EmailStatus.PARKED
    assert run("retry", PARKED, "--may-be-delivered-twice").exit_code == 0
    assert session.status(PARKED) is EmailStatus.QUEUED


def test_one_refusal_keeps_no_other_mail_from_being_changed(session: _Session) -> None:
    done = run("cancel", SENT, WAITING, "--json")
    assert done.exit_code == PARTLY
    first, second = json.loads(done.stdout)
    assert "is SENT" in first["refused"]
    assert first["hint"]
    assert (second["status"], second["changed"]) == ("CANCELLED", True)
    assert session.status(SENT) is EmailStatus.SENT
    assert "1 of 2 refused" in done.stderr
    assert run("cancel", SENT).exit_code == FAILED


def test_all_failed_mails_are_retried_at_once(session: _Session) -> None:
    done = run("retry", "--all-failed", "--json")
    assert done.exit_code == 0
    assert {one["emailId"] for one in json.loads(done.stdout)} == {FAILED_ONE, ALSO_FAILED}
    assert {session.status(FAILED_ONE), session.status(ALSO_FAILED)} == {EmailStatus.QUEUED}
    assert session.status(PARKED) is EmailStatus.PARKED, "of that one nobody knows"
    assert "There are none." in run("retry", "--all-failed").output


@pytest.mark.parametrize(
    "words",
    [["hold"], ["retry"], ["retry", FAILED_ONE, "--all-failed"],
     ["list", "--status", "LOST"], ["list", "--limit", "0"]],
)  # fmt: skip
def test_wrong_usage_asks_nobody(session: _Session, words: list[str]) -> None:
    assert run(*words).exit_code == USAGE
    assert session.bodies == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hold", "a"], "Several mails have ids that begin with 'a': a1a1a1a1, a2a2a2a2"),
        (["hold", "ff"], "No mail has an id that begins with 'ff'. leadgen email list"),
        (["explain", "ff"], "No mail has an id"),
        (["explain", " "], "No mail has an id"),
    ],
)
def test_the_beginning_of_no_id_or_of_several_is_refused(session: _Session, words: list[str], said: str) -> None:
    done = run(*words)
    assert done.exit_code == FAILED
    assert said in " ".join(done.stderr.split())
    assert session.bodies == []


def test_an_id_that_is_no_mail_is_a_refusal(session: _Session) -> None:
    done = run("hold", "f" * 32, "--json")
    assert done.exit_code == FAILED
    assert "no mail" in json.loads(done.stdout)[0]["refused"]


def test_mails_are_listed_by_status_with_reason_and_time(session: _Session) -> None:
    (waiting,) = json.loads(run("list", "--status", "queued", "--json").stdout)
    assert (waiting["emailId"], waiting["status"], waiting["reason"]) == (WAITING, "QUEUED", "outside 09:00")
    assert datetime.fromisoformat(waiting["notBefore"]) == NOW + timedelta(days=3)
    dead = json.loads(run("list", "--dead", "--json").stdout)
    assert [one["emailId"] for one in dead] == [PARKED, FAILED_ONE, ALSO_FAILED]
    assert [one["mayHaveLeft"] for one in dead] == [True, False, False]
    shown = run("list", "--status", "QUEUED").stdout
    assert WAITING[:8] in shown
    assert "outside 09:00" in shown
    assert len(json.loads(run("list", "--json", "--limit", "2").stdout)) == 2


def test_explain_says_why_and_when(session: _Session) -> None:
    told = run("explain", WAITING[:4])
    assert told.exit_code == 0, told.output
    assert f"Mail {WAITING[:8]} is QUEUED: no Outlook mailbox is signed in" in told.output
    answer = json.loads(run("explain", PARKED, "--json").stdout)
    assert answer["status"] == "PARKED"
    assert answer["reason"].startswith("the mailbox knows nothing. Nobody knows whether it left.")
    assert answer["account"] == "ada@x.example"
    assert "It left on" in run("explain", SENT).output
    assert run("explain", "e" * 32).exit_code == FAILED


def test_a_mail_that_is_being_sent_belongs_to_the_agent(session: _Session) -> None:
    queue(session.context.db, "e1" * 16, EmailStatus.SENDING)
    done = run("cancel", "e1e1")
    assert done.exit_code == FAILED
    assert "is being sent" in done.output
    assert session.status("e1" * 16) is EmailStatus.SENDING
