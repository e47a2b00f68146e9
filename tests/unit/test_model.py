"""Statuses, ids and the configuration: what is legal, what is unique, what is allowed."""

from __future__ import annotations

from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadgen.model import status
from leadgen.model.config import Settings
from leadgen.model.documents import Contact, Counts, EmailJob, ProcessorRequest, Template
from leadgen.model.errors import Conflict, InvalidInput
from leadgen.model.ids import canonical_url, digest, email_job_id, post_id
from leadgen.model.roles import Role
from leadgen.model.status import ContactStatus, EmailStatus, RequestStatus
from leadgen.model.validation import validate

ALL = [*RequestStatus, *status.BatchStatus, *ContactStatus, *EmailStatus]


@pytest.mark.parametrize("before", ALL)
def test_every_status_says_what_may_follow(before: StrEnum) -> None:
    assert all(type(after) is type(before) for after in ALL if status.is_legal(before, after))


@pytest.mark.parametrize("final", [EmailStatus.SENT, EmailStatus.SUPPRESSED, RequestStatus.COMPLETED])
def test_nothing_follows_a_final_status(final: StrEnum) -> None:
    assert status.is_final(final)
    other = next(s for s in type(final) if s != final)
    with pytest.raises(Conflict) as caught:
        status.check_transition("the document", final, other)
    assert "it is final" in caught.value.hint


def test_a_mail_whose_send_may_have_happened_is_never_queued_again_by_itself() -> None:
    """UNKNOWN leads to a person or to the mailbox's own word, never back to the queue."""
    assert not status.is_legal(EmailStatus.UNKNOWN, EmailStatus.QUEUED)
    assert not status.is_legal(EmailStatus.SENT, EmailStatus.QUEUED)


def test_statuses_of_the_plan_are_kept() -> None:
    assert {"PENDING", "PROCESSING", "COMPLETED"} <= set(RequestStatus)
    assert {"QUEUED", "SENT", "ERROR_NO_EMAIL", "ERROR_API_FAILURE"} <= set(EmailStatus)
    assert {"PROCESSED", "PENDING_CAPTCHA"} <= set(ContactStatus)


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (Contact, "phone name email lastSent sourceUrl imageHash businessName category servicesRendered status city "
         "leadDataJson"),
        (ProcessorRequest, "templateId city numberOfLeadsToProcess requestTimestamp status"),
        (Template, "templateId templateName description baseSubject baseBodyHtml isArchived createdAt"),
        (EmailJob, "templateId leadData city status createdAt sentAt timezone"),
    ],
)  # fmt: skip
def test_documents_have_the_fields_of_the_plan(model: type, names: str) -> None:
    assert set(names.split()) <= {field.alias for field in model.model_fields.values()}  # type: ignore[attr-defined]


@given(st.lists(st.text(), min_size=1, max_size=4), st.lists(st.text(), min_size=1, max_size=4))
def test_different_parts_never_make_the_same_id(left: list[str], right: list[str]) -> None:
    assert (digest(*left) == digest(*right)) == (left == right)


@given(st.text(max_size=200))
def test_ids_are_always_legal_document_ids(text: str) -> None:
    """https://firebase.google.com/docs/firestore/quotas: no slash, not . or .., not __x__."""
    assert set(digest(text)) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HTTP://Example.com:80/a?b=1#c", "http://example.com/a?b=1"),
        ("https://example.com", "https://EXAMPLE.com:443/"),
        ("http://[::1]:80/x", "http://[::1]/x"),
    ],
)
def test_one_page_has_one_id_however_its_address_is_written(one: str, other: str) -> None:
    assert canonical_url(one) == canonical_url(other)
    assert post_id(one) == post_id(other)


def test_a_lead_gets_a_template_once() -> None:
    assert email_job_id(1, "a") == email_job_id(1, "a")
    assert len({email_job_id(1, "a"), email_job_id(2, "a"), email_job_id(1, "b"), email_job_id(1, "a", 1)}) == 4


@pytest.mark.parametrize(
    ("changes", "field", "allowed"),
    [
        ({"llmTransactionLimit": -1}, "llmTransactionLimit", "must be at least 0"),
        ({"llmTransactionLimit": 10**9}, "llmTransactionLimit", "must be at most 6000"),
        ({"llmTransactionLimit": "60"}, "llmTransactionLimit", "must be a whole number"),
        ({"llmTransactionLimit": True}, "llmTransactionLimit", "must be a whole number"),
        ({"dailyCap": 1.5}, "dailyCap", "must be a whole number"),
        ({"workingHours": {"start": "9"}}, "workingHours.start", "must be a time of day as HH:MM, from 00:00 to 24:00"),
        ({"workingHours": {"start": "18:00", "end": "09:00"}}, "workingHours", "is not right: start must be earlier"),
        ({"sendIntervalSeconds": {"min": float("nan")}}, "sendIntervalSeconds.min", "must be a finite number"),
        ({"sendIntervalSeconds": {"min": 9.0, "max": 1.0}}, "sendIntervalSeconds", "is not right: min must not"),
        ({"activeTimezones": ["Mars/Base"]}, "activeTimezones.0", "must be a timezone of the IANA database"),
        ({"emailProvider": "pigeon"}, "emailProvider", "must be one of 'graph', 'gmail', 'smtp' or 'outbox'"),
        ({"llmLimit": 3}, "llmLimit", "is not a known field"),
    ],
)
def test_a_setting_out_of_bounds_is_named(changes: dict[str, object], field: str, allowed: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        validate(Settings, changes)
    assert [problem.field for problem in caught.value.fields] == [field]
    assert caught.value.fields[0].allowed.startswith(allowed)


def test_the_defaults_are_allowed_and_careful() -> None:
    settings = Settings()
    assert validate(Settings, settings.model_dump(by_alias=True)) == settings
    assert settings.llm_transaction_limit == 20
    assert settings.daily_cap <= 200


@pytest.mark.parametrize("held", Role)
@pytest.mark.parametrize("needed", Role)
def test_a_role_may_do_what_the_ones_before_it_may(held: Role, needed: Role) -> None:
    assert held.covers(needed) == (list(Role).index(held) >= list(Role).index(needed))


def test_counts_start_at_nothing() -> None:
    assert set(Counts().model_dump().values()) == {0}
