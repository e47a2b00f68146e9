"""Leads behind CAPTCHAs: one operator on each, every report once, and a way back until the mail has left."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from leadgen.api import review
from leadgen.model.documents.review import RECENT
from leadgen.model.errors import Conflict, InvalidInput, LeadgenError, NotAllowed, NotFound
from leadgen.model.status import ContactStatus, EmailStatus
from leadgen.process.index import owner
from leadgen.review.decide import LEASE
from leadgen.store import records
from leadgen.store.records import Commit, Raced
from tests.memory_firestore import MemoryFirestore
from tests.reviewers import CAMPAIGN, Desk, lead_id

MAIL, OTHER = "ann@fenceworks.com", "bob@gateworks.com"
LEASE_S = LEASE.total_seconds()


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(MemoryFirestore(), leads=3)
    monkeypatch.setattr(review, "Context", SimpleNamespace(from_environment=lambda: desk.worker))
    defaults: dict[str, Any] = records.retrying.__kwdefaults__ or {}
    monkeypatch.setitem(defaults, "sleep", lambda seconds: None)
    return desk


def refused(kind: type[LeadgenError], *said: str) -> Any:
    pattern = "".join(f"(?=.*{part})" for part in said)
    return pytest.raises(kind, match=pattern)


def test_a_claimed_lead_is_nobody_elses_until_the_claim_runs_out(desk: Desk) -> None:
    first = desk.claim("ann")
    assert first["contactUrl"] == "https://ads.test/post/0/contact"
    assert (first["attempts"], first["maxAttempts"]) == (0, 3)
    with refused(Conflict, "ann@ops.example", "until 2026-03-04 16:10"):
        desk.claim("bob")
    desk.clock.advance(LEASE_S - 1)
    with refused(Conflict, "ann@ops.example"):
        desk.claim("bob")
    desk.clock.advance(1)
    assert desk.claim("bob")["epoch"] > first["epoch"]


def test_a_claim_is_prolonged_by_its_holder_alone(desk: Desk) -> None:
    epoch = desk.claim("ann")["epoch"]
    desk.clock.advance(LEASE_S - 1)
    assert desk.claim("ann", epoch=epoch)["epoch"] == epoch
    desk.clock.advance(LEASE_S - 1)
    with refused(Conflict, "ann@ops.example"):
        desk.claim("bob", epoch=epoch)
    desk.clock.advance(2)
    desk.claim("bob")
    with refused(Conflict, "bob@ops.example"):
        desk.claim("ann", epoch=epoch)
    with pytest.raises(InvalidInput, match="leadId"):
        desk.claim("ann", None, epoch=epoch)


def test_a_repeated_claim_is_the_same_claim_and_a_second_window_takes_over(desk: Desk) -> None:
    one = desk.claim("ann", key="k1")
    assert desk.claim("ann", key="k1")["epoch"] == one["epoch"]
    two = desk.claim("ann", key="k2")
    with refused(Conflict, "another window"):
        desk.solve("ann", MAIL, epoch=one["epoch"])
    desk.release("ann", epoch=two["epoch"])
    with refused(Conflict, "is over"):
        desk.claim("ann", key="k2")


def test_the_next_lead_is_one_that_nobody_has_and_failed_ones_wait(desk: Desk) -> None:
    assert [desk.claim(who, None, key="k")["leadId"] for who in ("ann", "bob")] == [lead_id(0), lead_id(1)]
    assert desk.claim("ann", None, key="k")["leadId"] == lead_id(0)
    desk.fail("ann", 0)
    assert desk.claim("ann", None)["leadId"] == lead_id(2)
    desk.release("ann", 2)
    desk.clock.advance(1)
    desk.release("bob", 1)
    assert [desk.claim("cyd", None)["leadId"] for _ in range(3)] == [lead_id(2), lead_id(1), lead_id(0)]
    with refused(NotFound, "3 are being worked on"):
        desk.claim("ann", None)


def test_two_who_claim_in_the_same_moment_get_two_leads(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, between = Commit.run, ["bob"]

    def run(commit: Commit) -> Any:
        if between:
            desk.claim(between.pop(), 0)
        return plain(commit)

    monkeypatch.setattr(Commit, "run", run)
    assert desk.claim("ann", None)["leadId"] == lead_id(1)
    between.append("cyd")
    with refused(Conflict, "bob@ops.example"):
        desk.claim("ann", 0)


def test_a_lead_given_back_is_free_and_giving_back_late_disturbs_nobody(desk: Desk) -> None:
    epoch = desk.claim("ann")["epoch"]
    assert desk.release("ann", epoch=epoch)["changed"]
    assert not desk.release("ann", epoch=epoch)["changed"]
    desk.claim("bob")
    assert not desk.release("ann")["changed"]
    with refused(Conflict, "bob@ops.example"):
        desk.claim("ann")


def test_a_solution_queues_one_mail_however_often_it_arrives(desk: Desk) -> None:
    epoch = desk.claim("ann")["epoch"]
    desk.clock.advance(42)
    done = desk.solve("ann", "Ann@FenceWorks.com", epoch=epoch)
    assert (done["status"], done["epoch"]) == ("PROCESSED", epoch)
    assert desk.solve("ann", MAIL, epoch=epoch) == desk.solve("ann", MAIL) == done
    assert [(m.status, m.lead_data.email) for m in desk.mails().values()] == [(EmailStatus.QUEUED, MAIL)]
    counts = desk.world.counts(CAMPAIGN)
    assert (counts.review, counts.queued, counts.resolved) == (2, 1, 1)
    assert desk.operator("ann") | {"updatedAt": 0} == {
        "email": "ann@ops.example", "solved": 1, "failed": 0, "undone": 0, "recentSeconds": [42], "updatedAt": 0,
    }  # fmt: skip


def test_a_second_solution_is_told_who_was_first_and_when(desk: Desk) -> None:
    epoch = desk.claim("ann")["epoch"]
    desk.solve("ann", MAIL, epoch=epoch)
    for who, mail, named in (("bob", MAIL, None), ("bob", OTHER, epoch), ("ann", OTHER, epoch), ("ann", OTHER, None)):
        with refused(Conflict, "resolved by ann@ops.example", "2026-03-04 16:00", MAIL):
            desk.solve(who, mail, epoch=named)
    with refused(Conflict, "resolved by ann@ops.example"):
        desk.fail("bob")
    with refused(Conflict, "resolved by ann@ops.example"):
        desk.claim("bob")
    assert len(desk.mails()) == 1


def test_whoever_lost_a_lead_can_not_resolve_it(desk: Desk) -> None:
    """Neither with the claim that ran out, nor with one that is another's, nor without any."""
    lost = desk.claim("ann")["epoch"]
    desk.clock.advance(LEASE_S)
    now = desk.claim("bob")["epoch"]
    for epoch in (lost, now, None):
        with refused(Conflict, "bob@ops.example", "until"):
            desk.solve("ann", MAIL, epoch=epoch)
    desk.release("bob")
    with refused(Conflict, "is over"):
        desk.solve("ann", MAIL, epoch=lost)
    assert not desk.mails()
    assert desk.lead().status is ContactStatus.PENDING_CAPTCHA


def test_a_claim_that_ran_out_still_counts_while_nobody_else_took_the_lead(desk: Desk) -> None:
    epoch = desk.claim("ann")["epoch"]
    desk.clock.advance(LEASE_S * 3)
    assert desk.solve("ann", MAIL, epoch=epoch)["status"] == "PROCESSED"


def test_the_plans_body_without_a_claim_works_on_a_free_lead_only(desk: Desk) -> None:
    desk.claim("bob", 1)
    assert desk.solve("ann", MAIL, 0)["status"] == "PROCESSED"
    with refused(Conflict, "bob@ops.example"):
        desk.solve("ann", OTHER, 1)
    assert desk.solve("bob", OTHER, 1)["status"] == "PROCESSED"


def test_failures_are_counted_and_the_last_one_gives_up(desk: Desk) -> None:
    for attempt in (1, 2, 3):
        epoch = desk.claim("ann")["epoch"]
        done = desk.fail("ann", epoch=epoch)
        assert desk.fail("ann", epoch=epoch) == done
        assert (done["attempts"], done["status"]) == (attempt, "CAPTCHA_FAILED" if attempt == 3 else "PENDING_CAPTCHA")
    with refused(Conflict, "given up by ann@ops.example"):
        desk.claim("bob")
    counts = desk.world.counts(CAMPAIGN)
    assert (counts.review, counts.unresolved) == (2, 1)
    assert desk.operator("ann")["failed"] == 3


def test_after_a_failure_the_claim_is_over(desk: Desk) -> None:
    epoch = desk.claim("ann")["epoch"]
    desk.fail("ann", epoch=epoch)
    with refused(Conflict, "ended with ann@ops.example's report"):
        desk.solve("ann", MAIL, epoch=epoch)
    desk.claim("bob")


@pytest.mark.parametrize("how", ["solve", "fail"])
def test_a_commit_that_was_applied_and_reported_as_refused_counts_once(
    desk: Desk, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, lies = Commit.run, [True]

    def run(commit: Commit) -> Any:
        done = plain(commit)
        if lies and lies.pop():
            raise Raced("applied, and refused when it was repeated")
        return done

    monkeypatch.setattr(Commit, "run", run)
    done = desk.solve("ann", MAIL) if how == "solve" else desk.fail("ann")
    assert done["attempts"] == (how == "fail")
    assert desk.operator("ann")["solved"] + desk.operator("ann")["failed"] == 1
    assert len(desk.mails()) == (how == "solve")


def test_undo_stops_the_mail_and_puts_the_lead_back_as_it_was(desk: Desk) -> None:
    before = desk.lead()
    epoch = desk.claim("ann")["epoch"]
    mail_id = desk.solve("ann", MAIL, epoch=epoch)["emailId"]
    done = desk.undo("ann", epoch=epoch)
    assert (done["status"], done["changed"]) == ("PENDING_CAPTCHA", True)
    assert not desk.undo("ann", epoch=epoch)["changed"]
    after = desk.lead()
    assert after.model_copy(update={"review": None, "last_updated": before.last_updated}) == before
    assert desk.mails()[mail_id].status is EmailStatus.CANCELLED
    counts = desk.world.counts(CAMPAIGN)
    assert (counts.review, counts.queued, counts.resolved) == (3, 0, 0)
    assert (desk.operator("ann")["solved"], desk.operator("ann")["undone"]) == (0, 1)
    assert desk.operator("ann")["recentSeconds"] == []


def test_after_an_undo_a_late_repeat_is_refused_and_another_solution_queues_the_one_mail_again(desk: Desk) -> None:
    epoch = desk.claim("ann")["epoch"]
    first = desk.solve("ann", OTHER, epoch=epoch, key="k")
    desk.undo("ann", epoch=epoch)
    for late in ({"epoch": epoch}, {"epoch": epoch, "key": "k"}, {"key": "k"}):
        with refused(Conflict, "taken back by ann@ops.example"):
            desk.solve("ann", OTHER, **late)
    epoch = desk.claim("bob")["epoch"]
    again = desk.solve("bob", MAIL, epoch=epoch)
    assert again["emailId"] == first["emailId"]
    (mail,) = desk.mails().values()
    assert (mail.status, mail.lead_data.email, mail.queued_by) == (EmailStatus.QUEUED, MAIL, "bob@ops.example")


def test_an_address_taken_back_is_free_for_the_lead_it_belongs_to(desk: Desk) -> None:
    desk.solve("ann", MAIL, 0)
    assert desk.solve("ann", MAIL, 1)["status"] == "DUPLICATE"
    assert [p.contact_id for p in desk.lead(1).possible_duplicates] == [lead_id(0)]
    desk.undo("ann", 1)
    assert desk.lead(1).possible_duplicates == []
    desk.undo("ann", 0)
    index = desk.worker.identities.refresh(desk.clock.now()).index
    assert owner(index, "email", MAIL) is None
    assert desk.solve("ann", MAIL, 1)["status"] == "PROCESSED"
    assert desk.solve("ann", MAIL, 0)["status"] == "DUPLICATE"
    desk.world.counts(CAMPAIGN)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (EmailStatus.SENT, "left at 2026-03-04 16:0"),
        (EmailStatus.DRAFTING, "being sent"),
        (EmailStatus.SENDING, "being sent"),
        (EmailStatus.UNKNOWN, "may have left"),
        (EmailStatus.PARKED, "may have left"),
        (EmailStatus.SUPPRESSED, "must not be written to"),
    ],
)
def test_a_mail_that_left_or_may_have_is_not_taken_back(desk: Desk, status: EmailStatus, said: str) -> None:
    mail_id = desk.solve("ann", MAIL)["emailId"]
    desk.mail_becomes(mail_id, status)
    with refused(Conflict, said):
        desk.undo("ann")
    assert desk.lead().status is ContactStatus.PROCESSED
    assert desk.mails()[mail_id].status is status


def test_of_undo_and_the_agent_that_takes_the_mail_one_is_late(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    mail_id = desk.solve("ann", MAIL)["emailId"]
    plain, between = Commit.run, [EmailStatus.DRAFTING]

    def run(commit: Commit) -> Any:
        if between:
            status = between.pop()
            monkeypatch.setattr(Commit, "run", plain)
            desk.mail_becomes(mail_id, status)
        return plain(commit)

    monkeypatch.setattr(Commit, "run", run)
    with refused(Conflict, "being sent"):
        desk.undo("ann")
    assert desk.lead().status is ContactStatus.PROCESSED


@pytest.mark.parametrize("status", [EmailStatus.ERROR_API_FAILURE, EmailStatus.HELD, EmailStatus.ERROR_NO_EMAIL])
def test_a_mail_that_failed_or_is_held_can_be_taken_back_and_corrected(desk: Desk, status: EmailStatus) -> None:
    mail_id = desk.solve("ann", MAIL)["emailId"]
    desk.mail_becomes(mail_id, status)
    failed = status in (EmailStatus.ERROR_API_FAILURE, EmailStatus.ERROR_NO_EMAIL)
    desk.rooms.requests.document(CAMPAIGN).update({"counts.failed": int(failed)})
    desk.undo("ann")
    assert desk.world.counts(CAMPAIGN).failed == 0
    assert desk.solve("ann", OTHER)["emailId"] == mail_id
    assert desk.mails()[mail_id].status is EmailStatus.QUEUED


def test_a_mail_that_a_person_cancelled_stays_cancelled(desk: Desk) -> None:
    mail_id = desk.solve("ann", MAIL)["emailId"]
    desk.rooms.emails.document(mail_id).update({"status": "CANCELLED", "reason": "cancelled by cyd"})
    desk.undo("ann")
    desk.solve("ann", MAIL)
    assert desk.mails()[mail_id].status is EmailStatus.CANCELLED


def test_a_failure_is_taken_back_too(desk: Desk) -> None:
    for _ in range(3):
        desk.fail("ann")
    assert desk.undo("ann")["attempts"] == 2
    assert desk.lead().status is ContactStatus.PENDING_CAPTCHA
    assert desk.world.counts(CAMPAIGN).unresolved == 0
    assert desk.operator("ann")["failed"] == 2
    assert not desk.undo("ann")["changed"]


def test_taking_a_failure_back_leaves_the_lead_with_who_has_it_now(desk: Desk) -> None:
    desk.fail("ann")
    epoch = desk.claim("bob")["epoch"]
    desk.undo("ann")
    assert desk.solve("bob", MAIL, epoch=epoch)["attempts"] == 0


def test_a_report_is_taken_back_by_who_made_it_or_an_administrator(desk: Desk) -> None:
    desk.solve("ann", MAIL)
    with pytest.raises(NotAllowed, match="is ann@"):
        desk.undo("bob")
    assert desk.undo("boss")["changed"]
    assert desk.operator("ann")["undone"] == 1
    assert desk.operator("boss") == {}


def test_what_was_never_reported_or_has_changed_since_is_not_taken_back(desk: Desk) -> None:
    with refused(Conflict, "no such report"):
        desk.undo("ann")
    epoch = desk.solve("ann", MAIL)["epoch"]
    with refused(Conflict, "no such report", "ann@ops.example"):
        desk.undo("ann", epoch=epoch + 5)
    desk.rooms.contacts.document(lead_id(0)).update({"status": "MERGED", "mergedInto": lead_id(1)})
    with refused(Conflict, "MERGED"):
        desk.undo("ann")
    with refused(Conflict, f"MERGED into {lead_id(1)}"):
        desk.claim("bob")


def test_the_suppressed_stay_so(desk: Desk) -> None:
    desk.world.suppress("email", MAIL)
    assert desk.solve("ann", MAIL)["status"] == "SUPPRESSED"
    with refused(Conflict, "must not be written to"):
        desk.undo("ann")
    assert not desk.mails()


def test_a_lead_whose_campaign_is_gone_can_be_worked_on(desk: Desk) -> None:
    del desk.db.documents[f"processorQueue/{CAMPAIGN}"]
    for _ in range(3):
        desk.fail("ann", 1)
    assert desk.undo("ann", 1)["changed"]
    assert desk.solve("ann", MAIL)["status"] == "PROCESSED"
    assert desk.undo("ann")["changed"]


def test_statistics_stay_small_whatever_is_done(desk: Desk) -> None:
    for number in range(RECENT + 10):
        epoch = desk.claim("ann")["epoch"]
        desk.clock.advance(1 + number)
        desk.solve("ann", MAIL, epoch=epoch)
        desk.rooms.contacts.document(lead_id(0)).update({"status": "PENDING_CAPTCHA", "email": ""})
    operator = desk.operator("ann")
    assert operator["solved"] == RECENT + 10
    assert operator["recentSeconds"] == list(range(11, RECENT + 11))


def test_nobody_who_may_only_look_works_on_leads() -> None:
    from leadgen.api.endpoints import ENDPOINTS
    from leadgen.model.roles import Role

    for name in ("claimCaptcha", "releaseCaptcha", "resolveCaptcha", "undoCaptcha"):
        assert ENDPOINTS[name].role is Role.OPERATOR
