"""Reading mailboxes against Firestore and the Microsoft stand-in: what follows from what comes in, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from test_mail_world import ADA, World, changed, world

from leadgen.mail.optout import make_token
from leadgen.mail.records import mailbox_ref
from leadgen.model.status import ContactStatus, EmailStatus
from leadgen.store.client import Collections
from tests.inbox_world import Post

__all__ = ["world"]


@pytest.fixture
def post(world: World) -> Post:
    made = Post(world)
    made.read()  # the mailbox is known from now on
    return made


def _send(post: Post, *numbers: int) -> list[str]:
    ids = [post.world.queue(number) for number in numbers]
    post.world.tick()
    post.world.pass_time(minutes=30)
    return ids


def test_what_each_kind_of_mail_does(post: Post) -> None:
    world = post.world
    ids = _send(post, 1, 2, 3, 4, 5, 6)
    replied, stopped, dead, full, away, blocked = (world.job(job_id) for job_id in ids)
    post.arrive(post.answer(replied, "Yes, call me on Monday.\n\nOn Tue, Ada wrote:\n> Hi\n> Reply STOP to end"))
    post.arrive(post.answer(stopped, "STOP"), folder="junkemail")
    post.arrive(post.bounce(dead))
    post.arrive(post.bounce(full, "5.2.2", "552 5.2.2 mailbox full"))
    post.arrive(post.answer(away, "I am out of the office.", Auto_Submitted="auto-replied"))
    post.arrive(post.bounce(blocked, "5.7.1", "550 5.7.1 blocked by spam policy"))
    post.arrive(
        "From: stranger@else.example\nTo: ada\nSubject: Invoice\nMessage-ID: <x@else.example>\n\nSee attachment"
    )
    report = post.read()
    assert report.problems == {}
    assert report.kinds == {
        "reply": 1, "opt_out": 1, "hard_bounce": 1, "soft_bounce": 1, "auto_reply": 1, "blocked": 1
    }  # fmt: skip
    assert post.counts() == {"sent": 6, "followUps": 0, "replied": 1, "bounced": 3, "optedOut": 1}
    contact = post.contact(replied)
    assert (contact.replied_at, contact.reply) == (world.moment, "Yes, call me on Monday.")
    assert contact.status is ContactStatus.PROCESSED
    assert world.job(ids[0]).replied_at == world.moment
    assert post.contact(stopped).status is ContactStatus.SUPPRESSED
    assert post.suppressed(stopped.lead_data.email) == "asked by mail not to be written to"
    assert "does not exist: 550 5.1.1 User unknown" in post.suppressed(dead.lead_data.email)
    assert world.job(ids[2]).bounce_kind == "hard"
    assert post.contact(dead).bounce_reason == "550 5.1.1 User unknown"
    for untouched in (full, away, blocked, replied):
        assert post.suppressed(untouched.lead_data.email) == ""
    assert [world.job(i).bounce_kind for i in (ids[3], ids[5])] == ["soft", "blocked"]
    assert world.job(ids[4]).auto_replied_at == world.moment
    assert world.job(ids[4]).replied_at is None


def test_a_mail_seen_again_moved_or_read_anew_changes_nothing(post: Post) -> None:
    world = post.world
    one, two = (world.job(job_id) for job_id in _send(post, 1, 2))
    arrived = post.arrive(post.answer(one, "Yes please"), folder="junkemail")
    post.arrive(post.bounce(two))
    post.read()
    before = post.everything()
    world.pass_time(minutes=5)
    with world.microsoft.graph(ADA) as graph:
        assert graph.post(f"/me/messages/{arrived['id']}/move", json={"destinationId": "inbox"}).status_code == 201
    assert post.read().kinds == {}
    inboxes = Collections(world.db).inboxes
    for snapshot in inboxes.stream():  # every place is forgotten
        snapshot.reference.update({"places": {"inbox": "me/mailFolders/inbox/messages/delta?$deltatoken=unknown"}})
    report = post.read()
    assert report.read >= 1
    assert (report.kinds, report.problems) == ({}, {})
    assert post.everything() == before


def test_a_forgotten_place_starts_over_where_the_last_complete_reading_ended(post: Post) -> None:
    world = post.world
    (job_id,) = _send(post, 1)
    post.arrive("From: old@else.example\nSubject: Old\nMessage-ID: <old@else.example>\n\nOld")
    post.read()
    world.pass_time(days=3)
    post.read()
    post.arrive(post.answer(world.job(job_id), "Late but yes"))
    world.microsoft.control("PATCH", "settings", {"deltaLifetime": 60})
    world.pass_time(minutes=5)
    report = post.read()
    assert (report.read, report.kinds) == (1, {"reply": 1})  # the old one is not read again


def test_a_new_mailbox_begins_with_its_sign_in(world: World) -> None:
    post = Post(world)
    post.arrive("From: old@else.example\nSubject: Old\nMessage-ID: <old@else.example>\n\nunsubscribe")
    world.pass_time(hours=1)
    mailbox_ref(world.db, ADA).update({"connectedAt": world.moment})
    assert post.read().read == 0
    post.arrive("From: new@else.example\nSubject: New\nMessage-ID: <new@else.example>\n\nunsubscribe")
    assert post.read().kinds == {"opt_out": 1}
    assert post.suppressed("new@else.example")
    assert not post.suppressed("old@else.example")


def test_long_folders_are_read_page_by_page_and_a_round_may_be_left_off(post: Post) -> None:
    world = post.world
    for number in range(60):
        post.arrive(f"From: a@else.example\nSubject: {number}\nMessage-ID: <{number}@else.example>\n\nHello")
    assert post.read(budget_s=0).read == 0
    assert post.read().read == 60
    assert set(post.state().places) == {"inbox", "junkemail", "sentitems"}
    world.pass_time(minutes=5)
    assert post.read().read == 0


def test_throttling_is_obeyed(post: Post) -> None:
    world = post.world
    (job_id,) = _send(post, 1)
    post.arrive(post.answer(world.job(job_id), "Yes"))
    world.fault("GET", "*/delta", fault="status:429", retryAfter=600)
    report = post.read()
    assert "slow down" in report.problems[ADA]
    assert post.state().next_at == world.moment + timedelta(seconds=600)
    assert post.read().read == 0  # it is left alone until then
    world.pass_time(seconds=601)
    assert post.read().kinds == {"reply": 1}
    assert (post.state().problem, post.state().next_at) == ("", None)


@pytest.mark.parametrize("headers", [{"In_Reply_To": ""}, {"In_Reply_To": "<else@x>", "References": "<y@z>"}])
def test_the_thread_or_the_address_tells_whose_answer_it_is(post: Post, headers: dict[str, str]) -> None:
    world = post.world
    (job_id,) = _send(post, 1)
    post.arrive(post.answer(world.job(job_id), "Yes", **headers))
    post.read()
    assert world.job(job_id).replied_at is not None
    assert post.events()[0]["matchedBy"] == "address"


def test_an_answer_from_another_address_is_known_by_its_reference_and_a_colleague_is_a_hint(post: Post) -> None:
    world = post.world
    ids = _send(post, 1, 2)
    one, two = (world.job(job_id) for job_id in ids)
    post.arrive(post.answer(one, "remove me from your list", From="Boss <boss@private.example>"))
    post.arrive(post.answer(two, "Interested", From="colleague@lonestar2.example", In_Reply_To=""))
    assert post.read().kinds == {"opt_out": 1, "hint": 1}
    assert post.suppressed("boss@private.example")
    assert post.suppressed(one.lead_data.email)
    [hint] = [event for event in post.events() if event["kind"] == "hint"]
    assert "lead2@lonestar2.example" in hint["reason"]
    assert world.job(ids[1]).replied_at is None


def test_an_unsubscribe_link_s_mail_opts_out_the_address_in_its_token(post: Post) -> None:
    token = make_token("key", "forwarded@lead.example")
    post.arrive(f"From: me@phone.example\nSubject: STOP {token}\nMessage-ID: <u@phone.example>\n\n")
    post.arrive(
        "From: liar@phone.example\nSubject: STOP aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nMessage-ID: <v@phone.example>\n\n"
    )
    assert post.read().kinds == {"opt_out": 2}
    assert post.suppressed("forwarded@lead.example")
    assert post.suppressed("liar@phone.example")


def test_a_wish_that_was_undone_by_a_person_is_not_made_again_by_reading_anew(post: Post) -> None:
    world = post.world
    (job_id,) = _send(post, 1)
    post.arrive(post.answer(world.job(job_id), "unsubscribe"))
    post.read()
    for snapshot in Collections(world.db).suppressions.stream():
        snapshot.reference.delete()
    for snapshot in Collections(world.db).inboxes.stream():
        snapshot.reference.update({"places": {}})
    post.read()
    assert not post.suppressed(world.job(job_id).lead_data.email)


def test_waiting_mails_of_somebody_who_answered_stay_unless_a_person_wants_them(post: Post) -> None:
    from leadgen.mail.transitions import Action, change_mail

    world = post.world
    (job_id,) = _send(post, 1)
    answer = post.answer(world.job(job_id), "Yes")
    other = Collections(world.db).emails.document("other")
    other.set(
        {**(Collections(world.db).emails.document(job_id).get().to_dict() or {}), "status": "HELD", "templateId": 2}
    )
    post.arrive(answer)
    post.read()
    assert world.job("other").status is EmailStatus.CANCELLED
    assert "they answered" in world.job("other").reason
    world.pass_time(minutes=1)
    change_mail(world.db, "other", Action.RETRY, "ada", world.now())
    for snapshot in Collections(world.db).inboxes.stream():
        snapshot.reference.update({"places": {}})
    post.read()
    assert world.job("other").status is EmailStatus.QUEUED


def test_a_mailbox_whose_mails_come_back_is_paused_once(post: Post) -> None:
    world = post.world
    ids = _send(post, *range(12))
    for job_id in ids[:4]:
        post.arrive(post.bounce(world.job(job_id)))
    assert post.read().paused == {}
    with changed(world, bounce_pause_percent=0.0):
        post.arrive(post.bounce(world.job(ids[4])))
        assert post.read().paused == {}
    post.arrive(post.bounce(world.job(ids[5]), "5.7.1", "550 5.7.1 blocked"))
    report = post.read()
    assert "6 of the last 12 mails came back, more than 5 %" in report.paused[ADA]
    mailbox = world.mailbox()
    assert (mailbox.paused, mailbox.paused_by) == (True, "")
    world.queue(20)
    assert world.tick().sent == 0
    mailbox_ref(world.db, ADA).update({"paused": False})
    world.pass_time(minutes=1)
    post.arrive(post.bounce(world.job(ids[6])))
    assert post.read().paused == {}  # what left before the pause does not count again
    assert world.tick().sent == 1
