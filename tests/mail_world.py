"""What the tests of the mail agent share: Firestore, a mailbox at the Microsoft stand-in, a clock that stands still."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from leadgen.mail.agent import TickReport, run_tick, sweep_mail
from leadgen.mail.compliance import SourcePolicy
from leadgen.mail.deps import MailDeps, Memory
from leadgen.mail.providers.base import Draft, MailProvider, Message
from leadgen.mail.providers.graph import GraphProvider
from leadgen.mail.providers.outbox import OutboxProvider
from leadgen.mail.records import Mailbox, MailJob, mailbox_ref
from leadgen.model.config import SendInterval, Settings, WorkingHours
from leadgen.model.documents import Contact, EmailJob, LeadData, ProcessorRequest, Template
from leadgen.model.errors import NotSignedIn
from leadgen.model.ids import contact_id, email_job_id
from leadgen.model.status import ContactStatus, EmailStatus, RequestStatus
from leadgen.store.client import Collections
from leadgen.store.records import Commit
from local.microsoft.testing import RunningStandin
from tests.databases import empty

if TYPE_CHECKING:
    from google.cloud.firestore import Client

ADA = "ada@contoso.example"
NOON = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)  # a Tuesday, 12:00 in Chicago
CHICAGO = "America/Chicago"
TOKEN_IS_GOOD_FOR = timedelta(minutes=30)
"""Less than the stand-in says."""
FAST = Settings(
    working_hours=WorkingHours(start="00:00", end="24:00", days=[0, 1, 2, 3, 4, 5, 6]),
    send_interval_seconds=SendInterval(min=0.0, max=0.0),
    skip_holidays=False,
    pause_after=0,
    daily_cap=1000,
    sender_name="Ada Lovelace",
    company_name="Contoso",
    postal_address="1 Main St, Austin, TX 78701",
)


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Death:
    """Ends the process before or after its n-th act, and everything after it.

    Args:
        at: the act, counted from 1; 0 for never.
        after: whether the act still happens.
    """

    at: int = 0
    after: bool = False
    acts: int = 0
    dead: bool = False
    names: list[str] = field(default_factory=list)

    def act(self, perform: Callable[[], Any], name: str = "commit") -> Any:
        if self.dead:
            raise Killed
        self.acts += 1
        self.names.append(name)
        if self.acts != self.at:
            return perform()
        self.dead = True
        if self.after:
            perform()
        raise Killed


@dataclass
class Mortal:
    """A provider whose calls are acts."""

    inner: MailProvider
    death: Death

    @property
    def per_minute(self) -> int:
        return self.inner.per_minute

    @property
    def call_timeout_s(self) -> float:
        return self.inner.call_timeout_s

    def create_draft(self, message: Message, job_id: str) -> Draft:
        return self.death.act(lambda: self.inner.create_draft(message, job_id), "create_draft")  # type: ignore[no-any-return]

    def send(self, immutable_id: str) -> None:
        self.death.act(lambda: self.inner.send(immutable_id), "send")

    def look(self, immutable_id: str) -> Draft:
        return self.death.act(lambda: self.inner.look(immutable_id), "look")  # type: ignore[no-any-return]

    def find_by_job(self, job_id: str) -> Draft | None:
        return self.death.act(lambda: self.inner.find_by_job(job_id), "find_by_job")  # type: ignore[no-any-return]

    def discard(self, immutable_id: str) -> None:
        self.death.act(lambda: self.inner.discard(immutable_id), "discard")

    def close(self) -> None:
        self.inner.close()


@dataclass
class World:
    """Everything a mail needs."""

    db: Client
    microsoft: RunningStandin
    settings: Settings = field(default_factory=lambda: FAST)
    moment: datetime = NOON
    may_email: bool = True
    signed_in: bool = True
    slept: list[float] = field(default_factory=list)
    death: Death = field(default_factory=Death)
    send_timeout_s: float = 20.0
    memory: Memory = field(default_factory=Memory)
    """Of the process that sends; whoever dies loses it."""
    access: tuple[datetime, str] | None = None
    """An access token, and when it was given."""

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)

    def pass_time(self, **span: float) -> None:
        self.moment += timedelta(**span)

    def token(self, refused: bool) -> str:
        if not self.signed_in:
            raise NotSignedIn("the mailbox must be signed in again")
        if refused or self.access is None or self.moment - self.access[0] > TOKEN_IS_GOOD_FOR:
            self.access = self.moment, str(self.microsoft.sign_in(ADA)["access_token"])
        return self.access[1]

    def provider(self, mailbox: Mailbox) -> MailProvider:
        if mailbox.provider == "outbox":
            return OutboxProvider(self.db, self)
        graph = GraphProvider(
            self.token,
            self.microsoft.graph_url,
            self,
            ca_file=str(self.microsoft.ca_file),
            timeout_s=self.send_timeout_s,
        )
        return Mortal(graph, self.death)

    @property
    def deps(self) -> MailDeps:
        return MailDeps(
            db=self.db,
            clock=self,
            settings=lambda: self.settings,
            provider=self.provider,
            policy=lambda source: SourcePolicy(may_email=self.may_email),
            token_key="key",
            public_url="https://go.example",
            rng=random.Random(1),
            sleep=self.sleep,
            memory=self.memory,
        )

    def tick(self, budget_s: float = 50.0) -> TickReport:
        try:
            return run_tick(self.deps, budget_s)
        except Killed:
            self.memory = Memory()
            raise

    def sweep(self) -> TickReport:
        return sweep_mail(self.deps)

    def furnish(self, **mailbox: Any) -> None:
        """A signed-in mailbox, a template, a campaign."""
        at_once = self.db.batch()
        at_once.set(mailbox_ref(self.db, ADA), {"account": ADA, "provider": "graph", "state": "ACTIVE", **mailbox})
        template = Template(
            template_id=1,
            template_name="t",
            base_subject="For {{ businessName or 'you' }}",
            base_body_html="<p>Hi {{ greetingName }}</p>",
            created_at=NOON,
        )
        where = Collections(self.db)
        at_once.set(where.templates.document("1"), template.to_firestore())
        request = ProcessorRequest(
            template_id=1,
            city="austin",
            number_of_leads_to_process=50,
            request_timestamp=NOON,
            status=RequestStatus.PROCESSING,
        )
        at_once.set(where.requests.document("campaign"), request.to_firestore())
        at_once.commit()

    def queue(self, number: int, **changes: Any) -> str:
        """One mail to person `number`; returns its id."""
        where, email = Collections(self.db), changes.pop("email", f"lead{number}@lonestar{number}.example")
        lead = LeadData(name=f"Lead {number}", email=email, phone=f"+1512555{number:04}")
        contact = contact_id("phone", lead.phone)
        person = Contact(
            phone=lead.phone, email=email, status=ContactStatus.PROCESSED, created_at=NOON, last_updated=NOON
        )
        at_once = self.db.batch()
        at_once.set(where.contacts.document(contact), person.to_firestore())
        job = EmailJob(
            template_id=1,
            lead_data=lead,
            city="austin",
            status=EmailStatus.QUEUED,
            created_at=NOON - timedelta(minutes=1),
            not_before=NOON - timedelta(minutes=1),
            timezone=CHICAGO,
            contact_id=contact,
            request_id="campaign",
        ).model_copy(update=changes)
        job_id = email_job_id(1, contact)
        at_once.set(where.emails.document(job_id), job.to_firestore())
        at_once.commit()
        return job_id

    def job(self, job_id: str) -> MailJob:
        snapshot = Collections(self.db).emails.document(job_id).get()
        return MailJob.from_firestore(snapshot.to_dict() or {})

    def jobs(self) -> list[MailJob]:
        return [MailJob.from_firestore(snap.to_dict() or {}) for snap in Collections(self.db).emails.stream()]

    def mailbox(self) -> Mailbox:
        return Mailbox.from_firestore(mailbox_ref(self.db, ADA).get().to_dict() or {})

    def sent_count(self) -> int:
        return int(Collections(self.db).requests.document("campaign").get().get("counts.sent"))

    def delivered(self) -> list[str]:
        """Who really got a mail, once per mail."""
        return sorted(address for mail in self.microsoft.deliveries(ADA) for address in recipients(mail))

    def drafts(self) -> int:
        """How many drafts lie in the mailbox."""
        with self.microsoft.graph(ADA) as graph:
            return len(graph.get("/me/mailFolders/drafts/messages").json()["value"])

    def trace(self) -> list[str]:
        """The acts of sending one mail, in a world that is emptied afterwards and furnished as it was."""
        self.tick()
        names = self.death.names
        waiting = self.jobs()
        self.empty()
        self.furnish()
        for number, _ in enumerate(waiting, 1):
            self.queue(number)
        return names

    def fault(self, method: str, path: str, nth: int = 1, **rule: Any) -> None:
        match = {"method": method, "path": path, "nth": nth}
        self.microsoft.control("POST", "faults", {"match": match, **rule})

    def until_settled(self, ticks: int = 12) -> None:
        """Ticks, minutes apart, until nothing is under way any more."""
        for _ in range(ticks):
            self.pass_time(minutes=6)
            self.tick()
            if all(job.status in {EmailStatus.SENT, EmailStatus.PARKED} for job in self.jobs()):
                return

    def empty(self) -> None:
        """A new world on the same servers."""
        empty(self.db.project)
        self.microsoft.control("POST", "reset")
        self.access = None
        self.death = Death()
        self.moment = NOON
        self.memory = Memory()


def recipients(mail: dict[str, Any]) -> list[str]:
    """The addresses of a delivery, whatever it calls the list."""
    listed = mail.get("to") or mail.get("recipients") or mail.get("toRecipients") or []
    return [
        item if isinstance(item, str) else item.get("address") or item["emailAddress"]["address"] for item in listed
    ]


@dataclass
class Stall(Death):
    """The process stands still at its n-th act for ten minutes, in which another one does all the work."""

    world: World | None = None

    def act(self, perform: Callable[[], Any], name: str = "commit") -> Any:
        self.acts += 1
        self.names.append(name)
        if self.acts != self.at or self.world is None:
            return perform()
        if not self.after:
            self._stand_still(self.world)
        result = perform()
        if self.after:
            self._stand_still(self.world)
        return result

    def _stand_still(self, world: World) -> None:
        mine, world.memory, world.death = world.memory, Memory(), Death()
        world.pass_time(minutes=10)
        world.until_settled()
        world.memory, world.death = mine, self


@contextmanager
def mortal_commits(world: World) -> Iterator[None]:
    """Make every commit an act of the world's process."""
    original = Commit.run
    Commit.run = lambda commit: world.death.act(lambda: original(commit))  # type: ignore[method-assign]
    try:
        yield
    finally:
        Commit.run = original  # type: ignore[method-assign]


@contextmanager
def changed(world: World, **settings: Any) -> Iterator[None]:
    """Other settings for a while."""
    before = world.settings
    world.settings = before.model_copy(update=settings)
    try:
        yield
    finally:
        world.settings = before
