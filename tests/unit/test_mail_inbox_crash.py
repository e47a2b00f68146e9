"""Reading mailboxes, killed before and after every step, told twice, in another order: the same in the end."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from leadgen.mail.inbox.classify import classify
from leadgen.mail.inbox.incoming import Incoming, read_incoming
from leadgen.mail.inbox.provider import Listed, Page, Stale
from leadgen.mail.inbox.reading import InboxDeps, InboxReport, read_inboxes
from leadgen.mail.providers.base import Unreachable
from leadgen.mail.records import Mailbox, mailbox_ref
from leadgen.mail.sequences import follow_up_id, inbox_ref
from leadgen.model.config import Settings
from leadgen.model.documents import Contact, EmailJob, InboxState, LeadData, ProcessorRequest
from leadgen.model.status import ContactStatus, EmailStatus, RequestStatus
from leadgen.store.client import Collections
from leadgen.store.records import Commit
from tests.mail_world import ADA, Death, Killed
from tests.memory_firestore import MemoryFirestore

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
LEADS = ("ann@one.example", "bob@two.example", "cem@three.example", "dan@four.example")


def _mail(lead: int, text: str = "Yes", extra: str = "") -> str:
    return (
        f"From: {LEADS[lead]}\nSubject: Re: Hi\nMessage-ID: <a{lead}{len(text)}@x.example>\n"
        f"In-Reply-To: <m{lead}@contoso.example>\n{extra}\n{text}\n"
    )


def _bounce(lead: int, status: str) -> str:
    return (
        f"From: postmaster@x.example\nSubject: Undeliverable\nMessage-ID: <b{lead}{status}@x.example>\n"
        "MIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\n\nFailed\n--b\n'
        f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; {LEADS[lead]}\n"
        f"Action: failed\nStatus: {status}\nDiagnostic-Code: smtp; 550 {status} no\n\n"
        "--b\nContent-Type: message/rfc822\n\n"
        f"Message-ID: <m{lead}@contoso.example>\n\nHi\n--b--\n"
    )


MAILS = (
    _mail(0),
    _mail(0, "And also on Tuesday"),
    _bounce(1, "5.1.1"),
    _bounce(1, "5.2.2"),
    _mail(2, "STOP"),
    _mail(3, "I am away", "Auto-Submitted: auto-replied\n"),
)


@dataclass
class Shelf:
    """A mailbox of mails that are there already; pages of two."""

    mails: list[str]
    death: Death
    stale: bool = False
    always_stale: bool = False
    folders: tuple[str, ...] = ("inbox",)

    def page(self, folder: str, place: str, since: datetime) -> Page:
        if self.stale and place:
            self.stale = self.always_stale
            raise Stale("forgotten")
        start = int(place or 0)

        def read() -> Page:
            numbers = range(len(self.mails))[start : start + 2]
            listed = [Listed(str(number), NOW + timedelta(minutes=self._minute(number))) for number in numbers]
            return Page(listed, str(start + len(listed)), start + 2 >= len(self.mails))

        return cast(Page, self.death.act(read, "page"))

    def _minute(self, number: int) -> int:
        mail = self.mails[number]
        return MAILS.index(mail) if mail in MAILS else number

    def fetch(self, message: Listed) -> Incoming | None:
        raw = self.mails[int(message.id)].encode()
        at = message.received_at
        return cast(Incoming, self.death.act(lambda: read_incoming(raw, received_at=at, key=message.id), "fetch"))

    def sent_in(self, conversation: str) -> list[str]:
        return []

    def close(self) -> None:
        return None


@dataclass
class Place:
    """A database with four mails that left, each with a follow-up that waits."""

    db: MemoryFirestore = field(default_factory=MemoryFirestore)
    death: Death = field(default_factory=Death)
    now_: datetime = NOW + timedelta(hours=1)
    paused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        where, db = Collections(cast(Any, self.db)), cast(Any, self.db)
        mailbox_ref(db, ADA).set(Mailbox(account=ADA, provider="graph", connected_at=NOW).to_firestore())
        request = ProcessorRequest(
            template_id=1,
            city="a",
            number_of_leads_to_process=4,
            request_timestamp=NOW,
            status=RequestStatus.PROCESSING,
        )
        where.requests.document("campaign").set(request.to_firestore())
        for number, address in enumerate(LEADS):
            person = Contact(
                email=address, status=ContactStatus.PROCESSED, created_at=NOW, last_updated=NOW, last_sent=NOW
            )
            where.contacts.document(f"c{number}").set(person.to_firestore())
            job = EmailJob(
                template_id=1,
                lead_data=LeadData(email=address),
                city="a",
                status=EmailStatus.SENT,
                created_at=NOW - timedelta(days=1),
                sent_at=NOW - timedelta(hours=1),
                timezone="UTC",
                contact_id=f"c{number}",
                request_id="campaign",
                internet_message_id=f"<m{number}@contoso.example>",
                account=ADA,
            )
            where.emails.document(f"j{number}").set(job.to_firestore())
            changes = {"status": EmailStatus.QUEUED, "step": 1, "sequence_of": f"j{number}", "follows": f"j{number}"}
            began = {"sequence_began_at": job.sent_at, "internet_message_id": "", "sent_at": None, "not_before": NOW}
            waiting = job.model_copy(update={**changes, **began})
            where.emails.document(follow_up_id(f"j{number}", 1)).set(waiting.to_firestore())

    def now(self) -> datetime:
        return self.now_

    def read(self, mails: list[str], *, stale: bool = False, always_stale: bool = False) -> InboxReport:
        def pause(account: str, reason: str) -> bool:
            self.paused.append(reason)
            return True

        deps = InboxDeps(
            cast(Any, self.db),
            self,
            lambda: Settings(),
            lambda mailbox: Shelf(mails, self.death, stale, always_stale),
            pause,
        )
        return read_inboxes(deps, 60.0)

    def outcome(self) -> dict[str, Any]:
        names = ("contacts", "emailQueue", "suppressions", "processorQueue", "inboxEvents")
        return {name: {key: _plain(one) for key, one in self.db.all(name).items()} for name in names}


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    """Without what says when, and how often, something was written."""
    return {k: v for k, v in document.items() if k not in {"updatedAt", "lastUpdated", "epoch", "expiresAt"}}


@pytest.fixture
def deaths(monkeypatch: pytest.MonkeyPatch) -> list[Death]:
    """The last of them decides about every commit."""
    deaths: list[Death] = []
    original = Commit.run
    monkeypatch.setattr(
        Commit, "run", lambda commit: deaths[-1].act(lambda: original(commit)) if deaths else original(commit)
    )
    return deaths


def test_what_follows_is_right() -> None:
    place = Place()
    report = place.read(list(MAILS))
    assert report.kinds == {"reply": 2, "hard_bounce": 1, "soft_bounce": 1, "opt_out": 1, "auto_reply": 1}
    mails = place.db.all("emailQueue")
    statuses = [mails[follow_up_id(f"j{number}", 1)]["status"] for number in range(4)]
    assert statuses == ["CANCELLED", "CANCELLED", "CANCELLED", "QUEUED"]
    away = mails[follow_up_id("j3", 1)]
    assert away["notBefore"] == NOW + timedelta(minutes=5, days=4)
    counts = place.db.all("processorQueue")["campaign"]["counts"]
    assert (counts["replied"], counts["bounced"], counts["optedOut"]) == (1, 1, 1)
    assert len(place.db.all("suppressions")) == 2
    assert (mails["j1"]["bounceKind"], mails["j0"]["repliedAt"]) == ("hard", NOW)


@pytest.mark.parametrize("returned", ["private", follow_up_id("j1", 1)], ids=["not-ours", "ours-that-never-left"])
@pytest.mark.parametrize("status", ["5.1.1", "5.7.1", "5.2.2"])
def test_a_report_about_a_mail_that_did_not_leave_here_changes_nothing(returned: str, status: str) -> None:
    """The mailbox's owner writes to others as well, and anybody can send a made-up report."""
    place = Place()
    before = place.outcome()
    report = _bounce(1, status).replace(LEADS[1], "friend@else.example").replace("<m1@", f"<{returned}@")
    read = place.read([report])
    assert (read.read, read.kinds, read.problems) == (1, {}, {})
    assert place.outcome() == before


@pytest.mark.parametrize(("began_after_s", "status"), [(0.4, "CANCELLED"), (20, "CANCELLED"), (120, "QUEUED")])
def test_an_answer_in_the_second_in_which_the_mail_left_stops_what_follows(began_after_s: float, status: str) -> None:
    """Providers tell the moment to the second, by their own clocks. What came before that is about something else."""
    place = Place()
    follow_up = Collections(cast(Any, place.db)).emails.document(follow_up_id("j0", 1))
    follow_up.update({"sequenceBeganAt": NOW + timedelta(seconds=began_after_s)})
    assert place.read([MAILS[0]]).kinds == {"reply": 1}
    assert place.db.all("emailQueue")[follow_up.id]["status"] == status


def test_killed_at_every_step_it_comes_out_the_same(deaths: list[Death]) -> None:
    whole = Place()
    deaths.append(whole.death)
    whole.read(list(MAILS))
    wanted, acts = whole.outcome(), list(whole.death.names)
    assert acts.count("commit") >= 10
    for at, after in itertools.product(range(1, len(acts) + 1), (False, True)):
        place = Place(death=Death(at=at, after=after))
        deaths[-1] = place.death
        with pytest.raises(Killed):
            place.read(list(MAILS))
        deaths[-1] = place.death = Death()
        place.read(list(MAILS))
        assert place.outcome() == wanted, f"killed {'after' if after else 'before'} {acts[at - 1]} ({at})"


def test_in_any_order_and_twice_it_comes_out_the_same() -> None:
    whole = Place()
    whole.read(list(MAILS))
    wanted = whole.outcome()
    for order in itertools.islice(itertools.permutations(MAILS[:4]), 0, None, 3):
        place = Place()
        place.read([*order, *MAILS[4:], *order])
        assert place.outcome() == wanted


def test_a_forgotten_place_is_read_anew_and_changes_nothing() -> None:
    place = Place()
    place.read(list(MAILS))
    before = place.outcome()
    report = place.read(list(MAILS), stale=True)
    assert (report.kinds, report.read) == ({}, 6)
    assert place.outcome() == before
    assert place.read(list(MAILS), stale=True, always_stale=True).problems == {ADA: "forgotten"}  # and no endless loop


def test_of_two_readers_at_once_one_keeps_the_place() -> None:
    """The second reader's whole work falls between the first one's acting and its keeping of the place."""
    place = Place()
    done = False

    class Rival(Death):
        def act(self, perform: Any, name: str = "commit") -> Any:
            nonlocal done
            result = perform()
            if name == "fetch" and not done:
                done = True
                place.death = Death()
                place.read(list(MAILS))
            return result

    whole = Place()
    whole.read(list(MAILS))
    place.death = Rival()
    report = place.read(list(MAILS))
    assert place.outcome() == whole.outcome()
    assert (report.kinds, report.read) == ({}, 2), "the slower one ends with the page at which it finds out"
    state = InboxState.from_firestore(inbox_ref(cast(Any, place.db), ADA).get().to_dict() or {})
    assert state.places == {"inbox": "6"}


def test_a_mail_that_breaks_the_sorting_keeps_none_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    original = classify

    def fragile(mail: Incoming, *, known: bool) -> Any:
        if "away" in mail.text:
            raise RuntimeError("broken")
        return original(mail, known=known)

    monkeypatch.setattr("leadgen.mail.inbox.reading.classify", fragile)
    place = Place()
    assert sum(place.read([MAILS[5], *MAILS[:5]]).kinds.values()) == 5


def test_a_mailbox_that_does_not_answer_says_so_and_is_asked_again() -> None:
    place = Place()

    class Silent(Death):
        def act(self, perform: Any, name: str = "commit") -> Any:
            raise Unreachable("no answer")

    place.death = Silent()
    assert place.read(list(MAILS)).problems == {ADA: "no answer"}
    place.death = Death()
    assert place.read(list(MAILS)).read == 6
    state = InboxState.from_firestore(inbox_ref(cast(Any, place.db), ADA).get().to_dict() or {})
    assert state.problem == ""
