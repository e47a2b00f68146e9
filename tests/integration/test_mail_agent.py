"""The mail agent against Firestore and the Microsoft stand-in: what leaves, when, and what does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from test_mail_world import ADA, FAST, NOON, World, changed, world

from leadgen.mail.explaining import explain_mail
from leadgen.mail.lease import BUSY, look, take
from leadgen.mail.records import mailbox_ref
from leadgen.model.config import SendInterval, WorkingHours
from leadgen.model.documents import Suppression
from leadgen.model.ids import email_job_id, suppression_id
from leadgen.model.status import ContactStatus, EmailStatus
from leadgen.store.client import Collections

__all__ = ["world"]


def test_twenty_mails_leave_once_and_everything_says_so(world: World) -> None:
    ids = [world.queue(number) for number in range(20)]
    report = world.tick()
    assert report.sent == 20
    assert world.delivered() == sorted(f"lead{n}@lonestar{n}.example" for n in range(20))
    assert world.sent_count() == 20
    for job_id in ids:
        job = world.job(job_id)
        assert job.status is EmailStatus.SENT
        assert job.sent_at is not None
        assert job.subject == "For you"
        assert job.account == ADA
        assert job.immutable_id
        contact = Collections(world.db).contacts.document(job.contact_id).get()
        assert contact.get("lastSent") == job.sent_at
    mailbox = world.mailbox()
    assert mailbox.sent_last_day == 20
    assert len(mailbox.pace().sent) == 20
    assert world.tick().sent == 0
    assert len(world.delivered()) == 20


def test_the_mail_carries_footer_and_unsubscribe_header(world: World) -> None:
    world.queue(1)
    world.tick()
    eml = next((world.microsoft.data_dir).rglob("*.eml")).read_text()
    assert "1 Main St" in eml
    assert "List-Unsubscribe" in eml


def test_the_provider_s_limit_of_30_a_minute_is_kept(world: World) -> None:
    for number in range(32):
        world.queue(number)
    report = world.tick(budget_s=55)
    assert report.sent == 30
    assert report.reason == "the provider takes 30 a minute"
    assert report.next_at is not None
    world.moment = report.next_at
    assert world.tick().sent == 2


def test_mail_waits_for_working_hours_of_the_lead_and_says_so(world: World) -> None:
    world.settings = FAST.model_copy(update={"working_hours": WorkingHours(start="09:00", end="17:00")})
    early = world.queue(1, timezone="Asia/Tokyo")  # 03:00 there
    here = world.queue(2)
    report = world.tick()
    assert (report.sent, report.waiting) == (1, 1)
    assert world.job(here).status is EmailStatus.SENT
    job = world.job(early)
    assert job.status is EmailStatus.QUEUED
    assert job.reason == "outside 09:00–17:00 in Asia/Tokyo"
    assert job.not_before == NOON + timedelta(hours=6)
    stamp = job.updated_at
    world.tick()
    assert world.job(early).updated_at == stamp  # nothing changed, nothing written
    world.moment = NOON + timedelta(hours=6)
    assert world.tick().sent == 1


def test_the_interval_is_waited_for_inside_a_tick_only_if_it_ends_there(world: World) -> None:
    world.settings = FAST.model_copy(update={"send_interval_seconds": SendInterval(min=10.0, max=10.0)})
    for number in range(6):
        world.queue(number)
    report = world.tick(budget_s=50)
    assert report.sent == 5
    assert world.slept == [10.0] * 4
    assert report.reason == "interval between two mails"
    assert report.next_at == NOON + timedelta(seconds=50)
    assert world.mailbox().sent_last_day == 5
    assert world.mailbox().next_send_at == NOON + timedelta(seconds=50)
    assert world.mailbox().wait_reason == "interval between two mails"


def test_the_daily_cap_holds_over_ticks(world: World) -> None:
    world.settings = FAST.model_copy(update={"daily_cap": 3})
    for number in range(5):
        world.queue(number)
    assert world.tick().sent == 3
    world.pass_time(hours=23, minutes=59)
    assert world.tick().sent == 0
    assert "daily cap of 3" in world.mailbox().wait_reason
    world.pass_time(minutes=2)
    assert world.tick().sent == 2


def test_pausing_stops_everything_and_ends_at_once(world: World) -> None:
    world.queue(1)
    with changed(world, sending_paused=True):
        assert "paused" in world.tick().reason
    assert world.delivered() == []
    assert world.tick().sent == 1


def test_without_a_mailbox_mail_stays_and_says_what_to_type(world: World) -> None:
    mailbox_ref(world.db, ADA).update({"state": "SIGNED_OUT"})
    job_id = world.queue(1)
    for provider, command in (("smtp", "leadgen mailbox add ADDRESS --smtp HOST"), ("gmail", "leadgen auth gmail"),
                              ("graph", "leadgen auth outlook")):  # fmt: skip
        with changed(world, email_provider=provider):
            assert command in world.tick().reason
            assert command in world.job(job_id).reason
            told = explain_mail(world.db, job_id, world.settings, world.now())
            assert command in told.reason
            assert (told.not_before, told.expected_at) == (None, None)
    assert world.job(job_id).status is EmailStatus.QUEUED
    mailbox_ref(world.db, ADA).update({"state": "ACTIVE"})
    assert world.tick().sent == 1
    assert world.job(job_id).reason == ""


@pytest.mark.parametrize("missing", [{"postal_address": ""}, {"sender_name": "", "company_name": ""}])
def test_an_incomplete_configuration_sends_nothing_and_loses_nothing(world: World, missing: dict[str, str]) -> None:
    job_id = world.queue(1)
    with changed(world, **missing):
        assert "configured" in world.tick().reason
        assert "configured" in world.mailbox().wait_reason
    assert world.job(job_id).status is EmailStatus.QUEUED
    assert world.tick().sent == 1


def test_a_job_without_a_time_is_due_at_once(world: World) -> None:
    for number in range(3):
        world.queue(number)
    bare = world.queue(9, not_before=None)
    assert "notBefore" not in (Collections(world.db).emails.document(bare).get().to_dict() or {})
    assert world.tick().sent == 4


def test_a_damaged_job_is_held_and_stops_nobody(world: World) -> None:
    Collections(world.db).emails.document("bad").set({"status": "QUEUED", "notBefore": NOON - timedelta(days=1)})
    world.queue(1)
    assert world.tick().sent == 1
    held = Collections(world.db).emails.document("bad").get()
    assert held.get("status") == "HELD"
    assert "templateId" in held.get("reason")


@pytest.mark.parametrize(("kind", "value"), [("email", "lead1@lonestar1.example"), ("domain", "lonestar1.example")])
def test_the_suppressed_are_not_written_to(world: World, kind: str, value: str) -> None:
    job_id = world.queue(1)
    entry = Suppression(kind=kind, value=value, reason="asked", created_by="op", created_at=NOON)
    Collections(world.db).suppressions.document(suppression_id(kind, value)).set(entry.to_firestore())
    assert world.tick().refused == 1
    assert world.job(job_id).status is EmailStatus.SUPPRESSED
    assert world.delivered() == []


def test_a_number_the_contact_has_beside_its_first_is_honoured_when_it_is_suppressed_later(world: World) -> None:
    job_id = world.queue(1)
    fax = "+15125550199"
    known = {"leadDataJson.faxes": [fax]}
    Collections(world.db).contacts.document(world.job(job_id).contact_id).update(known)
    entry = Suppression(kind="phone", value=fax, reason="asked", created_by="op", created_at=NOON)
    Collections(world.db).suppressions.document(suppression_id("phone", fax)).set(entry.to_firestore())
    assert world.tick().refused == 1
    assert world.job(job_id).status is EmailStatus.SUPPRESSED


def test_a_contact_suppressed_meanwhile_is_not_written_to(world: World) -> None:
    job_id = world.queue(1)
    contact = Collections(world.db).contacts.document(world.job(job_id).contact_id)
    contact.update({"status": str(ContactStatus.SUPPRESSED), "suppressedBy": "op"})
    world.tick()
    assert world.job(job_id).status is EmailStatus.SUPPRESSED
    assert world.delivered() == []


def test_who_answered_another_mail_since_this_one_was_queued_is_not_written_to(world: World) -> None:
    """No step of a sequence, so only the contact knows of the answer."""
    since, before = world.queue(1), world.queue(2)
    for job_id, at in ((since, NOON), (before, NOON - timedelta(days=1))):
        Collections(world.db).contacts.document(world.job(job_id).contact_id).update({"repliedAt": at})
    assert (world.tick().sent, world.job(before).status) == (1, EmailStatus.SENT)
    assert world.job(since).status is EmailStatus.CANCELLED
    assert world.job(since).reason == "they answered on 2026-11-24"


def test_a_cancelled_mail_does_not_leave(world: World) -> None:
    Collections(world.db).emails.document(world.queue(1)).update({"status": "CANCELLED"})
    assert world.tick().sent == 0
    assert world.delivered() == []


def test_a_source_that_forbids_mail_holds_it(world: World) -> None:
    world.may_email = False
    job_id = world.queue(1)
    world.tick()
    assert world.job(job_id).status is EmailStatus.HELD
    assert world.delivered() == []


@pytest.mark.parametrize("email", ["", "nobody", "a@b.example, c@d.example", "x@reply.craigslist.org"])
def test_what_is_no_address_is_an_error_of_its_own(world: World, email: str) -> None:
    job_id = world.queue(1, email=email)
    world.tick()
    assert world.job(job_id).status is EmailStatus.ERROR_NO_EMAIL
    assert Collections(world.db).requests.document("campaign").get().get("counts.failed") == 1


def test_a_broken_or_missing_template_holds_the_mail_with_its_line(world: World) -> None:
    one, other = world.queue(1), world.queue(2, template_id=99)
    Collections(world.db).templates.document("1").update({"baseBodyHtml": "<p>\n{{ nobody }}</p>", "version": 2})
    world.tick()
    assert world.job(one).status is EmailStatus.HELD
    assert "nobody" in world.job(one).reason
    assert world.job(other).reason == "template 99 does not exist"


def test_one_address_in_two_contacts_gets_one_mail(world: World) -> None:
    first = world.queue(1, email="same@lonestar.example")
    second = world.queue(2, email="Same@LoneStar.example")
    report = world.tick()
    assert (report.sent, report.refused) == (1, 1)
    assert world.delivered() == ["same@lonestar.example"]
    states = {world.job(first).status, world.job(second).status}
    assert states == {EmailStatus.SENT, EmailStatus.SUPPRESSED}


def test_after_the_recontact_days_an_address_may_be_written_to_again(world: World) -> None:
    world.queue(1, email="same@lonestar.example")
    world.tick()
    world.pass_time(days=181)
    world.queue(2, email="same@lonestar.example")
    assert world.tick().sent == 1


def test_an_address_under_way_makes_the_other_mail_wait(world: World) -> None:
    world.fault("POST", "*/send", fault="status:504")
    first = world.queue(1, email="same@lonestar.example")
    second = world.queue(2, email="same@lonestar.example")
    world.tick()
    states = {world.job(first).status, world.job(second).status}
    assert states == {EmailStatus.UNKNOWN, EmailStatus.QUEUED}
    world.pass_time(minutes=6)
    world.tick()
    assert world.delivered() == ["same@lonestar.example"]


def test_a_mail_whose_contact_and_campaign_are_gone_is_sent_all_the_same(world: World) -> None:
    job_id = world.queue(1)
    Collections(world.db).contacts.document(world.job(job_id).contact_id).delete()
    Collections(world.db).requests.document("campaign").delete()
    assert world.tick().sent == 1
    assert world.job(job_id).status is EmailStatus.SENT


def test_only_one_agent_sends(world: World) -> None:
    world.queue(1)
    agent = take(world.deps, look(world.deps), timedelta(minutes=2))
    assert agent is not None
    assert world.tick().reason == BUSY
    world.pass_time(minutes=2)
    assert world.tick().sent == 1


def test_the_least_recently_used_mailbox_sends(world: World) -> None:
    mailbox_ref(world.db, ADA).update({"lastSentAt": NOON - timedelta(hours=1)})
    grace = "grace@contoso.example"
    mailbox_ref(world.db, grace).set({"account": grace, "provider": "graph", "state": "ACTIVE"})
    job_id = world.queue(1)
    world.tick()
    assert world.job(job_id).account == grace


def test_the_dry_run_stores_the_mail_and_nothing_leaves(world: World) -> None:
    world.settings = FAST.model_copy(update={"email_provider": "outbox"})
    job_id = world.queue(1)
    assert world.tick().sent == 1
    entry = world.db.collection("outbox").document(job_id).get()
    assert entry.get("to") == "lead1@lonestar1.example"
    assert "1 Main St" in entry.get("text")
    assert world.job(job_id).status is EmailStatus.SENT
    assert world.delivered() == []


def test_a_change_of_the_mail_between_read_and_hold_wins(world: World) -> None:
    """An operator cancels while the agent has the mail on its page."""
    world.settings = FAST.model_copy(update={"send_interval_seconds": SendInterval(min=10.0, max=10.0)})
    ids = {world.queue(1), world.queue(2)}

    def cancel_the_rest(seconds: float) -> None:
        for job_id in ids:
            if world.job(job_id).status is EmailStatus.QUEUED:
                Collections(world.db).emails.document(job_id).update({"status": "CANCELLED"})
        world.moment += timedelta(seconds=seconds)

    world.sleep = cancel_the_rest  # type: ignore[method-assign]
    assert world.tick().sent == 1
    assert {world.job(job_id).status for job_id in ids} == {EmailStatus.SENT, EmailStatus.CANCELLED}
    assert len(world.delivered()) == 1


def test_job_ids_are_the_plan_s(world: World) -> None:
    assert world.queue(1) == email_job_id(1, world.job(world.queue(1)).contact_id)
