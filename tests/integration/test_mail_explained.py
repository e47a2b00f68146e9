"""What an operator is told of a mail that waits for a person: the reason, and no time, for nobody knows it."""

from __future__ import annotations

from datetime import timedelta

from test_mail_world import ADA, NOON, World, changed, world

from leadgen.mail.explaining import Explanation, explain_mail
from leadgen.mail.records import mailbox_ref

__all__ = ["world"]

BOB = "bob@contoso.example"


def told(world: World, job_id: str) -> Explanation:
    return explain_mail(world.db, job_id, world.settings, world.now())


def test_while_only_a_person_can_end_the_wait_no_time_is_told(world: World) -> None:
    first, second = world.queue(1), world.queue(2)
    for settings, reason in (
        ({"sending_paused": True}, "sending is paused in the configuration"),
        ({"daily_cap": 0}, "the daily cap is 0"),
        ({"active_timezones": ["Asia/Tokyo"]}, "America/Chicago is not among the active timezones"),
        ({"postal_address": ""}, "no postal address is configured (required by law in every mail); set postalAddress"),
    ):
        with changed(world, **settings):
            for tick in range(2):  # before it is written on the mails, and after
                for job_id in (first, second):
                    said = told(world, job_id)
                    assert (said.not_before, said.expected_at) == (None, None), (settings, tick)
                    assert said.reason == reason
                if not tick:
                    world.tick()
            assert world.mailbox().next_send_at is None
    assert told(world, first).expected_at is not None
    assert world.tick().sent == 2


def test_a_paused_mailbox_stops_what_is_bound_to_it_and_nothing_else(world: World) -> None:
    mailbox_ref(world.db, BOB).set({"account": BOB, "provider": "graph", "state": "ACTIVE"})
    mailbox_ref(world.db, ADA).update({"paused": True, "pausedReason": "on holiday"})
    bound, free = world.queue(1, thread_account=ADA), world.queue(2)
    said = told(world, bound)
    assert (said.reason, said.expected_at, said.account) == (f"{ADA}: on holiday", None, ADA)
    assert told(world, free).expected_at is not None
    mailbox_ref(world.db, ADA).update({"state": "SIGNED_OUT"})
    assert told(world, bound).reason == f"it may leave from {ADA} alone, which can't send at present"


def test_a_later_try_is_told_with_what_it_waits_for_besides(world: World) -> None:
    later = NOON + timedelta(hours=1)
    job_id = world.queue(1, not_before=later, waits_for="retry", reason="Graph answered 500")
    with changed(world, sending_paused=True):
        said = told(world, job_id)
        assert (said.not_before, said.expected_at) == (later, None)
    with changed(world, daily_cap=1):
        world.queue(2)
        assert world.tick().sent == 1
        said = told(world, job_id)
    assert (said.not_before, said.expected_at) == (later, NOON + timedelta(days=1))
    assert said.reason == "Graph answered 500; then daily cap of 1 in 24 hours"
