"""Operators at work on leads behind CAPTCHAs, through the endpoints' own work, in memory or on an emulator."""

from __future__ import annotations

from typing import Any

from leadgen.api.auth import Caller
from leadgen.api.call import Call
from leadgen.api.endpoints import ENDPOINTS
from leadgen.model.documents import Contact, EmailJob, LeadData
from leadgen.model.roles import Role
from leadgen.model.status import ContactStatus, EmailStatus
from leadgen.store.client import Collections
from leadgen.store.records import need
from tests.authors import World

CAMPAIGN = "c" * 32
OPERATORS = {
    "ann": Caller(uid="u-ann", email="ann@ops.example", role=Role.OPERATOR),
    "bob": Caller(uid="u-bob", email="bob@ops.example", role=Role.OPERATOR),
    "cyd": Caller(uid="u-cyd", email="cyd@ops.example", role=Role.OPERATOR),
    "boss": Caller(uid="u-boss", email="boss@ops.example", role=Role.ADMIN),
}


def lead_id(number: int) -> str:
    """Id of a lead of the desk."""
    return f"{number + 1:032x}"


class Desk:
    """Leads that wait for a CAPTCHA, and operators who work on them.

    Args:
        db: Firestore.
        leads: how many wait.
    """

    def __init__(self, db: Any, leads: int = 1) -> None:
        self.world = World(db)
        self.db, self.clock, self.rooms = db, self.world.clock, Collections(db)
        self.world.campaign(CAMPAIGN)
        counts = {"counts.harvested": leads, "counts.found": leads, "counts.review": leads}
        self.rooms.requests.document(CAMPAIGN).update(counts)
        self.worker = self.world.worker()
        for number in range(leads):
            self.clock.advance(1)
            self.rooms.contacts.document(lead_id(number)).create(self._contact(number).to_firestore())

    def _contact(self, number: int) -> Contact:
        page = f"https://ads.test/post/{number}"
        return Contact(
            status=ContactStatus.PENDING_CAPTCHA,
            source_url=page,
            source_id="ads",
            business_name=f"Fences {number}",
            lead_data_json=LeadData(title=f"Fences {number}", contact_url=f"{page}/contact", city="austin"),
            request_id=CAMPAIGN,
            template_id=1,
            city="austin",
            timezone="America/Chicago",
            gate="captcha",
            created_at=self.clock.now(),
            last_updated=self.clock.now(),
        )

    def call(self, who: str, endpoint: str, key: str = "", **body: Any) -> dict[str, Any]:
        """A call as an operator; raises what the endpoint raises."""
        known = ENDPOINTS[endpoint]
        assert known.request is not None
        answer = known.work(Call(OPERATORS[who], known.request.model_validate(body), key))
        assert not isinstance(answer, list)
        return answer.model_dump(by_alias=True, mode="json")

    def claim(self, who: str, number: int | None = 0, **more: Any) -> dict[str, Any]:
        named = {} if number is None else {"leadId": lead_id(number)}
        return self.call(who, "claimCaptcha", **named, **more)

    def solve(self, who: str, email: str, number: int = 0, **more: Any) -> dict[str, Any]:
        report = {"leadId": lead_id(number), "captchaSuccess": True, "extractedEmail": email}
        return self.call(who, "resolveCaptcha", **report, **more)

    def fail(self, who: str, number: int = 0, **more: Any) -> dict[str, Any]:
        return self.call(who, "resolveCaptcha", leadId=lead_id(number), captchaSuccess=False, **more)

    def release(self, who: str, number: int = 0, **more: Any) -> dict[str, Any]:
        return self.call(who, "releaseCaptcha", leadId=lead_id(number), **more)

    def undo(self, who: str, number: int = 0, **more: Any) -> dict[str, Any]:
        return self.call(who, "undoCaptcha", leadId=lead_id(number), **more)

    def lead(self, number: int = 0) -> Contact:
        return need(self.rooms.contacts.document(lead_id(number)), Contact, "lead").value

    def mails(self) -> dict[str, EmailJob]:
        return {i: EmailJob.from_firestore(m) for i, m in self.world.all("emailQueue").items()}

    def mail_becomes(self, mail_id: str, status: EmailStatus) -> None:
        """The mail agent brings a mail to another status."""
        ref = self.rooms.emails.document(mail_id)
        epoch = need(ref, EmailJob, "mail").value.epoch + 1
        sent = {"sentAt": self.clock.now()} if status is EmailStatus.SENT else {}
        ref.update({"status": str(status), "epoch": epoch, **sent})

    def operator(self, who: str) -> dict[str, Any]:
        return self.world.all("operators").get(OPERATORS[who].uid, {})
