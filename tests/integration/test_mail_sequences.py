"""Follow-ups against Firestore and the Microsoft stand-in: made once, in the thread, and stopped by what stops them."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from test_mail_world import ADA, World, world

from leadgen.mail.records import MailJob
from leadgen.mail.sequences import follow_up_id
from leadgen.mail.transitions import Action, change_mail
from leadgen.model.documents import FollowUp, Template
from leadgen.model.status import EmailStatus
from leadgen.store.client import Collections
from tests.inbox_world import Post
from tests.mail_world import NOON

__all__ = ["world"]


@pytest.fixture
def post(world: World) -> Post:
    made = Post(world)
    steps = [FollowUp(template_id=2, after_days=3), FollowUp(template_id=3, after_days=5)]
    where = Collections(world.db).templates
    where.document("1").update({"followUps": [step.to_firestore() for step in steps]})
    for number in (2, 3):
        template = Template(
            template_id=number,
            template_name="later",
            base_subject="Unused",
            base_body_html=f"<p>Once more, {number}</p>",
            created_at=NOON,
        )
        where.document(str(number)).set(template.to_firestore())
    made.read()
    return made


def _later(post: Post, days: int) -> Any:
    post.world.pass_time(days=days, minutes=1)
    post.read()
    return post.world.tick()


def _mails(post: Post) -> list[Any]:
    files = sorted(post.world.microsoft.data_dir.rglob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    return [message_from_bytes(file.read_bytes(), policy=default) for file in files]


def _step(post: Post, first: str, step: int) -> MailJob:
    return post.world.job(follow_up_id(first, step))


def test_a_sequence_goes_its_days_in_one_thread_from_one_mailbox(post: Post) -> None:
    world = post.world
    first = world.queue(1)
    world.tick()
    sent = world.job(first)
    waiting = _step(post, first, 1)
    assert (waiting.status, waiting.not_before) == (EmailStatus.QUEUED, sent.sent_at + timedelta(days=3))  # type: ignore[operator]
    assert (waiting.template_id, waiting.thread_account, waiting.request_id) == (2, ADA, "campaign")
    assert _later(post, 2).sent == 0
    assert _later(post, 1).sent == 1
    assert _later(post, 5).sent == 1
    assert _later(post, 30).sent == 0
    one, two, three = _mails(post)
    assert (one["Subject"], two["Subject"], three["Subject"]) == ("For you", "Re: For you", "Re: For you")
    assert two["In-Reply-To"] == one["Message-ID"] == sent.internet_message_id
    assert three["In-Reply-To"] == two["Message-ID"]
    assert three["References"].split() == [one["Message-ID"], two["Message-ID"]]
    assert "Once more, 3" in three.get_body(("plain",)).get_content()
    assert (post.counts()["sent"], post.counts()["followUps"]) == (1, 2)
    assert world.tick().sent == 0


@pytest.mark.parametrize("what", ["reply", "opt_out", "bounce", "soft", "cancel", "by_hand"])
def test_what_stops_it(post: Post, what: str) -> None:
    world = post.world
    first = world.queue(1)
    world.tick()
    job = world.job(first)
    world.pass_time(hours=1)
    if what == "cancel":
        change_mail(world.db, follow_up_id(first, 1), Action.CANCEL, "ada", world.now())
    else:
        by_hand = post.answer(job, "I forgot to say …", From=ADA)
        mail = {
            "reply": post.answer(job, "Yes"),
            "opt_out": post.answer(job, "stop"),
            "bounce": post.bounce(job),
            "soft": post.bounce(job, "4.4.7", "delivery time expired"),
            "by_hand": by_hand,
        }[what]
        post.arrive(mail, folder="sentitems" if what == "by_hand" else "inbox")
    report = _later(post, 4)
    assert report.sent == 0
    assert _step(post, first, 1).status is EmailStatus.CANCELLED
    assert len(world.delivered()) == 1


def test_a_reply_is_seen_at_the_last_moment_even_if_the_queue_was_not_told(post: Post) -> None:
    """The mail's own document says so; the follow-up that was to be cancelled is still in the queue."""
    world = post.world
    first = world.queue(1)
    world.tick()
    world.pass_time(days=3, minutes=1)
    post.read()
    Collections(world.db).emails.document(first).update({"repliedAt": world.moment})
    assert world.tick().refused == 1
    assert "they answered" in _step(post, first, 1).reason


def test_it_waits_while_the_inbox_is_not_read(post: Post) -> None:
    world = post.world
    first = world.queue(1)
    world.tick()
    world.pass_time(days=3, minutes=1)
    assert world.tick().sent == 0
    assert "was not read since" in _step(post, first, 1).reason
    world.pass_time(minutes=16)
    post.read()
    assert world.tick().sent == 1


def test_out_of_office_puts_it_off(post: Post) -> None:
    world = post.world
    first = world.queue(1)
    world.tick()
    world.pass_time(days=2)
    post.arrive(post.answer(world.job(first), "away", Auto_Submitted="auto-replied"))
    assert _later(post, 1).sent == 0
    assert _step(post, first, 1).not_before == NOON + timedelta(days=6)
    assert _later(post, 3).sent == 1


def test_another_mail_to_the_same_person_in_between_brings_the_recontact_rule_back(post: Post) -> None:
    world = post.world
    first = world.queue(1)
    world.tick()
    world.pass_time(days=3, minutes=1)
    post.read()
    contact = world.job(first).contact_id
    Collections(world.db).contacts.document(contact).update({"lastSent": world.moment - timedelta(days=1)})
    assert world.tick().sent == 0
    assert "not again before" in _step(post, first, 1).reason


def test_a_person_s_word_that_a_mail_left_makes_its_follow_up(post: Post) -> None:
    world = post.world
    attempted = {"attempted_at": world.moment, "account": ADA, "internet_message_id": "<p@contoso.example>"}
    parked = world.queue(1, status=EmailStatus.PARKED, subject="For you", **attempted)
    change_mail(world.db, parked, Action.SENT, "ada", world.now())
    waiting = _step(post, parked, 1)
    assert (waiting.status, waiting.subject) == (EmailStatus.QUEUED, "Re: For you")
