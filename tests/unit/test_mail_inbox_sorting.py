"""Sorting what comes in: the collected samples, and the rules one by one."""

from __future__ import annotations

import pytest

from leadgen.mail.inbox.bounces import find_bounce
from leadgen.mail.inbox.classify import Kind, classify
from leadgen.mail.inbox.codes import Failure, judge
from leadgen.mail.inbox.guard import too_many
from leadgen.mail.inbox.incoming import read_incoming
from leadgen.mail.inbox.quoting import own_text
from leadgen.mail.inbox.wishes import asks_to_stop, subject_asks_to_stop
from tests.inbox_samples import LEAD, OURS, Sample, samples

SAMPLES = samples()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.kind}-{sample.name}")
def test_every_sample_is_sorted_as_it_should_be(sample: Sample) -> None:
    assert str(classify(read_incoming(sample.raw), known=sample.known).kind) == sample.kind


def test_there_are_enough_samples_of_each_kind() -> None:
    assert len(SAMPLES) >= 120
    assert {str(kind) for kind in Kind} - {sample.kind for sample in SAMPLES} == {"sent_by_hand"}
    assert len({(sample.kind, sample.name) for sample in SAMPLES}) == len(SAMPLES)
    assert len(SAMPLES) / 4 < sum(sample.is_kept_back for sample in SAMPLES) < len(SAMPLES) / 2


def test_a_standard_report_tells_whom_why_and_about_which_mail() -> None:
    sample = next(one for one in SAMPLES if one.name == "postfix user unknown")
    mail = read_incoming(sample.raw)
    bounce = find_bounce(mail)
    assert bounce is not None
    assert (bounce.recipients, bounce.status, bounce.failure) == ((LEAD,), "5.1.1", Failure.HARD)
    assert bounce.reason.startswith("550 5.1.1 <lead@lead.example>: Recipient address rejected")
    assert mail.returned_ids == [OURS]


def test_a_report_without_a_standard_names_recipient_and_mail_all_the_same() -> None:
    sample = next(one for one in SAMPLES if one.name == "qmail no mailbox")
    mail = read_incoming(sample.raw)
    bounce = find_bounce(mail)
    assert bounce is not None
    assert bounce.recipients[0] == LEAD
    assert mail.returned_ids == [OURS]


@pytest.mark.parametrize(
    ("status", "words", "failure"),
    [
        ("5.1.1", "", Failure.HARD),
        ("5.1.2", "bad destination system", Failure.HARD),
        ("5.2.1", "mailbox disabled", Failure.HARD),
        ("5.2.2", "", Failure.SOFT),
        ("5.1.1", "mailbox is full", Failure.SOFT),
        ("4.1.1", "", Failure.SOFT),
        ("5.7.1", "", Failure.BLOCKED),
        ("5.1.8", "sender address rejected", Failure.BLOCKED),
        ("", "550 user unknown", Failure.HARD),
        ("", "554 rejected: spam", Failure.BLOCKED),
        ("", "something went wrong", Failure.SOFT),  # in doubt the address lives
        ("5.0.0", "421 4.7.0 try again later", Failure.SOFT),
    ],
)
def test_codes_and_words(status: str, words: str, failure: Failure) -> None:
    assert judge(status, words) is failure


@pytest.mark.parametrize(
    "text",
    [
        "Stop!", "STOP.", "please stop", "Hi Ada,\n\nunsubscribe", "Unsubscribe me from all this",
        "do NOT contact me again",
        "I want to be removed... remove me from your database", "Take us off your list!!", "No more emails, thanks",
        "Keine E-Mails mehr bitte.", "Désinscrivez-moi", "No me escriban más", "don’t email me again", "ＳＴＯＰ",
    ],
)  # fmt: skip
def test_wishes_that_are_obeyed(text: str) -> None:
    assert asks_to_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "Stop by on Friday", "We are a one-stop shop", "When does the offer end?", "Can we cancel the meeting?",
        "I'd like to remove a wall", "Our customers want to unsubscribe from our list; can your tool do that?",
        "Please do not contact me by phone, write instead",
        "The basta pasta place", "No, thanks", "off to lunch, call you later",
    ],
)  # fmt: skip
def test_sentences_that_are_no_wish(text: str) -> None:
    assert not asks_to_stop(text)


def test_a_subject_is_a_wish_only_if_it_is_nothing_else() -> None:
    assert subject_asks_to_stop("Re: STOP")
    assert subject_asks_to_stop("unsubscribe")
    assert not subject_asks_to_stop("Stop by on Friday")
    assert not subject_asks_to_stop("Cancel")


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Yes\n\nOn Tue, Ada wrote:\n> STOP", "Yes"),
        ("Yes\n\nOn Tue, Nov 24, 2026 at 12:00 PM Ada Lovelace\n<ada@contoso.example> wrote:\nSTOP", "Yes"),
        ("Ja\n\nAm 24.11.2026 um 12:00 schrieb Ada:\n> STOP", "Ja"),
        ("Oui\n\n-----Message d'origine-----\nDe : Ada\nSTOP", "Oui"),
        ("Yes\n\n________________________________\nFrom: Ada\nSent: Tuesday\nSTOP", "Yes"),
        ("Yes\n-- \nAnn\nunsubscribe", "Yes"),
        ("Yes\nSent from my iPhone", "Yes"),
        ("> question\nanswer one\n> more\nanswer two", "answer one\nanswer two"),
        (
            "How much\nUnsubscribe: https://go.example/u\nReply STOP and we will not write to you again.",
            "How much",
        ),
        ("Yes\nUnsubscribe, or reply STOP, and we will not write to you again.", "Yes"),
        ("From the start I liked it.\nAnn", "From the start I liked it.\nAnn"),
    ],
)
def test_quotes_and_signatures_are_left_out(text: str, own: str) -> None:
    assert own_text(text) == own


def test_of_html_the_quote_is_left_out() -> None:
    html = (
        "<div>Yes<br>please</div><blockquote type='cite'>Reply STOP</blockquote><div class='gmail_signature'>STOP</div>"
    )
    assert own_text("", html) == "Yes\nplease"


@pytest.mark.parametrize(
    "raw", [b"", b"\x00\xff\xfe", b"Content-Type: multipart/report\n\n", b"Subject: =?x?q?=\n\n\x80"]
)
def test_no_mail_breaks_it(raw: bytes) -> None:
    mail = read_incoming(raw)
    assert classify(mail, known=False).kind is Kind.UNRELATED


def test_endless_and_nested_mails_take_bounded_time() -> None:
    nested = "".join(f'Content-Type: multipart/mixed; boundary="{n}"\n\n--{n}\n' for n in range(300))
    for text in (nested, "a " * 400_000, ">" * 500_000, "stop " * 100_000, "From: " + "<" * 100_000):
        classify(read_incoming(f"From: x@y.example\nSubject: Re: x\n\n{text}".encode()), known=True)


def test_a_raw_utf_8_header_is_read() -> None:
    assert read_incoming("Subject: Réponse automatique\n\n".encode()).subject == "Réponse automatique"
    assert read_incoming("Subject: Réponse\n\n".encode("latin-1")).subject == "Réponse"


@pytest.mark.parametrize(
    ("bounced", "sent", "percent", "stops"),
    [
        (4, 10, 5.0, False),
        (5, 10, 5.0, True),
        (5, 100, 5.0, False),
        (6, 100, 5.0, True),
        (50, 100, 0.0, False),
        (5, 60, 10.0, False),
        (5, 12, 20.0, False),
    ],
)
def test_the_rule_for_bounces(bounced: int, sent: int, percent: float, stops: bool) -> None:
    assert too_many(bounced, sent, percent) is stops
