"""The rules of claims and reports, by themselves: whatever three operators do, nobody wins twice, nothing is stuck."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from leadgen.model.documents import CaptchaReport, Contact
from leadgen.model.errors import Conflict
from leadgen.model.status import ContactStatus, EmailStatus, check_transition
from leadgen.review.decide import (
    Person,
    Said,
    accept,
    check_mail,
    claim,
    earlier_report,
    release,
    reported,
    review_of,
    take_back,
    taken_back,
)
from tests.review_history import LEADS, PEOPLE, Answer, Floor, History, State
from tests.support import START, FakeClock

_PERSONS = {name: Person(uid=f"u-{name}", name=name) for name in PEOPLE}


@dataclass
class Lead:
    contact: Contact
    mail: tuple[EmailStatus, str] | None = None


class PureFloor:
    """Contacts and mails in memory, and the decisions."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.calls = 0
        self.leads = [
            Lead(Contact(status=ContactStatus.PENDING_CAPTCHA, created_at=START, last_updated=START))
            for _ in range(LEADS)
        ]

    def now(self) -> datetime:
        return self.clock.now()

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def claim(self, who: str, lead: int, renew: int | None) -> int:
        contact = self.leads[lead].contact
        self.calls += 1
        contact.review = claim("L", contact, _PERSONS[who], self.now(), f"call {self.calls}", renew)
        return contact.review.epoch

    def release(self, who: str, lead: int, epoch: int | None) -> bool:
        review = release(self.leads[lead].contact, _PERSONS[who], self.now(), epoch)
        if review is not None:
            self.leads[lead].contact.review = review
        return review is not None

    def report(self, who: str, lead: int, email: str, epoch: int | None) -> Answer:
        place, person = self.leads[lead], _PERSONS[who]
        contact = place.contact
        self.calls += 1
        said = Said(f"call {self.calls}", bool(email), email, epoch)
        last = earlier_report("L", contact, person, said)
        if last is None:
            under = accept("L", contact, person, said, self.now())
            attempts = contact.attempts + (not email)
            after = ContactStatus.PROCESSED if email else ContactStatus.PENDING_CAPTCHA
            after = ContactStatus.CAPTCHA_FAILED if attempts >= History.max_attempts else after
            last = CaptchaReport(
                id=said.id, by_uid=person.uid, by=who, at=self.now(), epoch=under, success=bool(email), email=email,
                status=after, attempts=attempts,
            )  # fmt: skip
            contact.review = reported(review_of(contact), last)
            contact.status, contact.attempts, contact.email = after, attempts, email
            if email:
                assert place.mail is None or place.mail[0] is EmailStatus.CANCELLED
                place.mail = (EmailStatus.QUEUED, email)
        return Answer(str(last.status), last.attempts, last.epoch)

    def undo(self, who: str, lead: int, epoch: int | None) -> bool:
        place = self.leads[lead]
        contact = place.contact
        report = take_back("L", contact, _PERSONS[who], epoch)
        if report is None:
            return False
        if report.success and place.mail is not None:
            check_mail(place.mail[0], self.now())
            place.mail = (EmailStatus.CANCELLED, place.mail[1])
        if report.status is not ContactStatus.PENDING_CAPTCHA:
            check_transition("lead", report.status, ContactStatus.PENDING_CAPTCHA)
        contact.review = taken_back(review_of(contact), report, _PERSONS[who], self.now())
        contact.attempts -= not report.success
        contact.status, contact.email = ContactStatus.PENDING_CAPTCHA, ""
        return True

    def mail_leaves(self, lead: int) -> bool:
        place = self.leads[lead]
        if place.mail is None or place.mail[0] is not EmailStatus.QUEUED:
            return False
        place.mail = (EmailStatus.SENT, place.mail[1])
        return True

    def state(self, lead: int) -> State:
        place = self.leads[lead]
        mails = (place.mail,) if place.mail is not None else ()
        return State(place.contact.status, place.contact.attempts, place.contact.email, mails)


class PureHistory(History):
    def make(self) -> Floor:
        return PureFloor()


def test_never_two_winners_never_two_mails_and_nothing_stuck() -> None:
    run_state_machine_as_test(PureHistory, settings=settings(max_examples=80, stateful_step_count=30, derandomize=True))


def test_no_refusal_names_a_moment_without_its_zone() -> None:
    floor = PureFloor()
    floor.claim("ann", 0, None)
    with pytest.raises(Conflict) as refusal:
        floor.claim("bob", 0, None)
    assert refusal.value.detail == "Lead L is with ann until 2026-03-04 16:10:00 UTC."
    assert "next lead" in refusal.value.hint
