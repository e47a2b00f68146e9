"""The rules of claims and reports hold in Firestore as they do by themselves; and what only a server can show."""

from __future__ import annotations

import threading
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from leadgen.api import review
from leadgen.model.errors import Conflict, LeadgenError
from leadgen.model.status import ContactStatus, EmailStatus
from local.stack import web
from tests.review_history import LEADS, Answer, Floor, History, State
from tests.reviewers import CAMPAIGN, Desk, lead_id


class StoredFloor:
    """The endpoints' work on the emulator."""

    def __init__(self, db: Any) -> None:
        self.desk = Desk(db, LEADS)

    def now(self) -> datetime:
        return self.desk.clock.now()

    def advance(self, seconds: float) -> None:
        self.desk.clock.advance(seconds)

    def claim(self, who: str, lead: int, renew: int | None) -> int:
        named = {} if renew is None else {"epoch": renew}
        return int(self.desk.claim(who, lead, **named)["epoch"])

    def release(self, who: str, lead: int, epoch: int | None) -> bool:
        return bool(self.desk.release(who, lead, epoch=epoch)["changed"])

    def report(self, who: str, lead: int, email: str, epoch: int | None) -> Answer:
        done = self.desk.solve(who, email, lead, epoch=epoch) if email else self.desk.fail(who, lead, epoch=epoch)
        return Answer(done["status"], done["attempts"], done["epoch"])

    def undo(self, who: str, lead: int, epoch: int | None) -> bool:
        return bool(self.desk.undo(who, lead, epoch=epoch)["changed"])

    def mail_leaves(self, lead: int) -> bool:
        queued = [i for i, m in self.desk.mails().items() if m.contact_id == lead_id(lead) and m.status == "QUEUED"]
        for mail_id in queued:
            self.desk.mail_becomes(mail_id, EmailStatus.SENT)
        return bool(queued)

    def state(self, lead: int) -> State:
        contact = self.desk.lead(lead)
        mails = [m for m in self.desk.mails().values() if m.contact_id == lead_id(lead)]
        self.desk.world.counts(CAMPAIGN)
        found = tuple((mail.status, mail.lead_data.email) for mail in mails)
        return State(contact.status, contact.attempts, contact.email, found)


def use(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review, "Context", SimpleNamespace(from_environment=lambda: desk.worker))


def test_never_two_winners_never_two_mails_and_nothing_stuck(
    firestore_db: Any, firestore_emulator: str, worker_project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = f"http://{firestore_emulator}/emulator/v1/projects/{worker_project}/databases/(default)/documents"

    class StoredHistory(History):
        def make(self) -> Floor:
            web.request("DELETE", documents)
            floor = StoredFloor(firestore_db)
            use(floor.desk, monkeypatch)
            return floor

    few = settings(max_examples=3, stateful_step_count=8, derandomize=True, database=None)
    run_state_machine_as_test(StoredHistory, settings=few)


def test_of_many_who_claim_and_solve_at_once_each_lead_has_one_winner(
    firestore_db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(firestore_db, 3)
    use(desk, monkeypatch)
    claimed: list[tuple[str, str, int]] = []
    solved: list[str] = []
    problems: list[Exception] = []
    gate = threading.Barrier(6)

    def work(who: str, number: int) -> None:
        gate.wait(10)
        try:
            mine = desk.claim(who, None)
            claimed.append((who, mine["leadId"], mine["epoch"]))
            # Another thread of this test reports on the same lead with another address at the same moment.
            report = {"leadId": mine["leadId"], "captchaSuccess": True, "epoch": mine["epoch"]}
            desk.call(who, "resolveCaptcha", **report, extractedEmail=f"{who}{number}@works.com")
            solved.append(mine["leadId"])
        except LeadgenError as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(who, n)) for n, who in enumerate(("ann", "bob", "cyd") * 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(solved) == len(set(solved)), "a lead was solved twice"
    mails = [mail for mail in desk.mails().values() if mail.status is EmailStatus.QUEUED]
    assert sorted(mail.contact_id for mail in mails) == sorted(solved)
    assert len(solved) + len(problems) == 6
    assert desk.world.counts(CAMPAIGN).resolved == len(solved)
    assert sum(desk.operator(who).get("solved", 0) for who in ("ann", "bob", "cyd")) == len(solved)


def test_a_lead_with_a_claim_that_ran_out_is_free_to_whoever_comes(
    firestore_db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(firestore_db, 1)
    use(desk, monkeypatch)
    lost = desk.claim("ann", None)["epoch"]
    desk.clock.advance(600)
    mine = desk.claim("bob", None)
    assert mine["leadId"] == lead_id(0)
    with pytest.raises(Conflict, match="bob@"):
        desk.solve("ann", "ann@works.com", epoch=lost)
    assert desk.solve("bob", "bob@works.com", epoch=mine["epoch"])["status"] == str(ContactStatus.PROCESSED)
