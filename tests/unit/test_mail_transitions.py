"""What operators may do with mails: legal changes only, the second one told, and never a silent second delivery."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from google.cloud.firestore import Client

from leadgen.mail.transitions import Action, change_mail
from leadgen.model.documents import Contact, EmailJob, LeadData, ProcessorRequest
from leadgen.model.errors import Conflict, NotFound
from leadgen.model.status import ContactStatus, EmailStatus, RequestStatus, is_legal
from leadgen.store.client import Collections
from tests.memory_firestore import MemoryFirestore

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
JOB = "a" * 32
S = EmailStatus


@pytest.fixture
def db() -> Client:
    return cast(Client, MemoryFirestore())


def put(db: Client, status: EmailStatus, **changes: Any) -> None:
    where = Collections(db)
    job = EmailJob(
        template_id=1,
        lead_data=LeadData(email="lead@lonestar.example"),
        city="austin",
        status=status,
        created_at=NOW - timedelta(days=1),
        timezone="America/Chicago",
        contact_id="person",
        request_id="campaign",
        account="ada@contoso.example",
        attempts=3,
    ).model_copy(update=changes)
    where.emails.document(JOB).create(job.to_firestore())
    request = ProcessorRequest(
        template_id=1,
        city="austin",
        number_of_leads_to_process=5,
        request_timestamp=NOW,
        status=RequestStatus.COMPLETED,
    )
    where.requests.document("campaign").create(request.to_firestore())
    person = Contact(status=ContactStatus.PROCESSED, created_at=NOW, last_updated=NOW)
    where.contacts.document("person").create(person.to_firestore())


def job(db: Client) -> EmailJob:
    return EmailJob.from_firestore(Collections(db).emails.document(JOB).get().to_dict() or {})


def counts(db: Client) -> dict[str, int]:
    return dict((Collections(db).requests.document("campaign").get().to_dict() or {})["counts"])


def do(db: Client, action: Action, *, twice: bool = False) -> Any:
    return change_mail(db, JOB, action, "op@x.example", NOW, may_be_delivered_twice=twice)


LEGAL = {
    Action.HOLD: {S.QUEUED: S.HELD},
    Action.RELEASE: {S.HELD: S.QUEUED},
    Action.CANCEL: dict.fromkeys([S.QUEUED, S.HELD, S.PARKED, S.ERROR_NO_EMAIL, S.ERROR_API_FAILURE], S.CANCELLED),
    Action.RETRY: dict.fromkeys([S.PARKED, S.CANCELLED, S.ERROR_NO_EMAIL, S.ERROR_API_FAILURE], S.QUEUED),
    Action.SENT: {S.PARKED: S.SENT},
}


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("status", list(EmailStatus))
def test_every_action_on_every_status_is_done_refused_or_changes_nothing(
    db: Client, action: Action, status: EmailStatus
) -> None:
    put(db, status)
    target = LEGAL[action].get(status)
    if target is not None:
        assert is_legal(status, target)
        changed = do(db, action, twice=True)
        assert (changed.changed, changed.status, job(db).status) == (True, target, target)
        assert job(db).epoch == 1, "an agent that knows the mail as it was can't go on with it"
        return
    before = job(db)
    already = status in LEGAL[action].values()
    if already:
        assert not do(db, action).changed
    else:
        with pytest.raises(Conflict) as refused:
            do(db, action)
        assert str(status) in refused.value.detail
        assert refused.value.hint
    assert job(db) == before


def test_a_parked_mail_is_retried_only_with_consent_and_from_the_mailbox_that_may_know_it(db: Client) -> None:
    put(db, S.PARKED, immutable_id="AAQ", attempted_at=NOW)
    with pytest.raises(Conflict, match="left"):
        do(db, Action.RETRY)
    assert job(db).status is S.PARKED
    do(db, Action.RETRY, twice=True)
    again = job(db)
    assert again.status is S.QUEUED
    assert again.thread_account == "ada@contoso.example"
    assert again.attempts, "the next attempt looks for the earlier mail first"


def test_the_consent_is_needed_on_the_way_round_as_well(db: Client) -> None:
    """Cancelling a parked mail and retrying the cancelled one is no way past the question."""
    put(db, S.PARKED)
    do(db, Action.CANCEL)
    with pytest.raises(Conflict, match="Nobody knows"):
        do(db, Action.RETRY)
    assert do(db, Action.RETRY, twice=True).status is S.QUEUED


def test_held_after_a_consented_retry_it_still_is_a_mail_that_may_have_left(db: Client) -> None:
    put(db, S.PARKED)
    do(db, Action.RETRY, twice=True)
    do(db, Action.HOLD)
    do(db, Action.CANCEL)
    with pytest.raises(Conflict):
        do(db, Action.RETRY)


@pytest.mark.parametrize("status", [S.SENDING, S.UNKNOWN, S.DRAFTING])
@pytest.mark.parametrize("action", list(Action))
def test_a_mail_under_way_is_nobody_s(db: Client, status: EmailStatus, action: Action) -> None:
    put(db, status, epoch=7)
    with pytest.raises(Conflict, match="is being sent"):
        do(db, action, twice=True)
    assert (job(db).status, job(db).epoch) == (status, 7)


def test_a_sent_mail_says_when(db: Client) -> None:
    put(db, S.SENT, sent_at=NOW)
    with pytest.raises(Conflict, match="2026-11-24 18:00"):
        do(db, Action.CANCEL)


def test_a_retry_takes_the_failure_back_from_its_campaign_and_starts_the_attempts_anew(db: Client) -> None:
    put(db, S.ERROR_API_FAILURE, error="broken")
    Collections(db).requests.document("campaign").update({"counts.failed": 1})
    do(db, Action.RETRY)
    assert counts(db)["failed"] == 0
    again = job(db)
    assert (again.attempts, again.error, again.reason, again.not_before) == (1, "", "", NOW)


def test_noted_as_sent_counts_for_campaign_and_person(db: Client) -> None:
    put(db, S.PARKED, attempted_at=NOW - timedelta(hours=2))
    do(db, Action.SENT)
    assert counts(db)["sent"] == 1
    person = Contact.from_firestore(Collections(db).contacts.document("person").get().to_dict() or {})
    assert person.last_sent == NOW - timedelta(hours=2)
    assert not do(db, Action.SENT).changed
    assert counts(db)["sent"] == 1


def test_of_two_at_once_the_first_wins_and_the_other_is_told(db: Client) -> None:
    put(db, S.QUEUED)
    memory = cast(MemoryFirestore, db)
    plain, raced = memory.batch, []

    def batch_after_someone_else() -> Any:
        if not raced:
            raced.append(True)
            Collections(db).emails.document(JOB).update({"status": "SENDING"})
        return plain()

    memory.batch = batch_after_someone_else  # type: ignore[method-assign]
    with pytest.raises(Conflict, match="is being sent"):
        do(db, Action.CANCEL)
    assert raced
    assert job(db).status is S.SENDING


def test_a_mail_that_is_not_there(db: Client) -> None:
    with pytest.raises(NotFound):
        do(db, Action.CANCEL)
