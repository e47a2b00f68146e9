"""Rows of `email_queue` as documents.

A mail that was sent stays SENT for ever, and its contact and its address remember when. One that waited arrives HELD.
One that was under way arrives PARKED: nobody knows whether it left, so a person decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadgen.model.status import ContactStatus, EmailStatus
from migrate.contacts import Person, contact_document, timezone, zone_for
from migrate.convert import statuses, values
from migrate.convert.times import moment
from migrate.lead import Lead, read_lead
from migrate.reading import Row
from migrate.rows import RowReader, Rules, TableRows

WAITED = "moved from the earlier program; it waits until an operator releases it"
UNDER_WAY = "the earlier program was sending it; nobody knows whether it left"
_PRECEDENCE = ("SENT", "PARKED", "SUPPRESSED", "HELD", "ERROR_API_FAILURE", "ERROR_NO_EMAIL", "CANCELLED")


@dataclass
class Mail:
    """A mail on its way.

    Args:
        person: whom it is to, as the row describes them; a contact is made of it where there is none yet.
        template_id: its template.
        document: as it is stored, without contact and run.
        sent_at: when it left, if it did.
    """

    person: Person
    template_id: int
    document: dict[str, Any]
    sent_at: datetime | None = None


class MailRows(TableRows):
    """Makes mails of rows."""

    def convert(self, raw: Row) -> Mail:
        """The mail of a row.

        Raises:
            Rejected: with everything that is wrong with it.
        """
        row = self._reader(raw)
        lead = read_lead(row, self.rules, "leadData")
        word = row.read("status", lambda value: statuses.word(value, row.say), "")
        status = row.read(
            "status",
            lambda value: statuses.mapped(value or "EMPTY", statuses.EMAILS, self.mapping.statuses),
            "",
            word,
        )
        template_id = row.read("templateId", lambda value: template_number(value, self.rules, row.say), 0, needed=True)
        created = row.read("createdAt", lambda value: moment(value, self.rules.zone, row.say), None)
        sent = row.read("sentAt", lambda value: moment(value, self.rules.zone, row.say), None)
        zone = row.read("timezone", lambda value: timezone(values.optional(value, row.say)), "")
        if not row.problems and not lead.marks.strong():
            row.fail("leadData", "has neither a phone nor an email: nothing says whom the mail is to")
        row.check(lead.marks if status == EmailStatus.SUPPRESSED else None)
        if created is None:
            row.say("rows without a date got that of their last mail or change, else that of the file")
            created = sent or self.changed_at
        status, reason = _decided(status, lead, row)
        document = self._document(row, lead, zone, status, reason, template_id, created)
        if status == EmailStatus.SENT:
            if sent is None:
                row.say("sent mails without a time of sending got that of their creation")
                sent = created
            document["sentAt"] = sent
        elif sent is not None and status == EmailStatus.HELD:
            # A waiting mail with a time of sending left once: it must not leave again.
            row.say("mails that waited but have a time of sending are taken as sent")
            document |= {"status": str(EmailStatus.SENT), "sentAt": sent, "reason": ""}
        row.check()
        if word and word != document["status"]:
            document["legacy"]["status"] = word
        return Mail(self._person(lead, document, created), template_id, document, document.get("sentAt"))

    def _document(
        self, row: RowReader, lead: Lead, zone: str, status: str, reason: str, template_id: int, created: datetime
    ) -> dict[str, Any]:
        error = row.read("error", lambda value: values.optional(value, row.say), "")
        legacy = {**lead.legacy, **row.kept(self._kept), "rows": f"{self.mapping.kind.name}:{row.number}"}
        return {
            "templateId": template_id,
            "leadData": lead.data,
            "city": lead.data.get("city", ""),
            "status": status,
            "createdAt": created,
            "updatedAt": created,
            "timezone": zone or zone_for(lead, self.tally),
            "queuedBy": "migration",
            "reason": reason,
            "error": error[:500],
            "subject": row.read("subject", lambda value: values.optional(value, row.say), "")[:998],
            "epoch": 0,
            "attempts": 0,
            "legacy": legacy,
        }

    def _person(self, lead: Lead, document: dict[str, Any], created: datetime) -> Person:
        status = ContactStatus.PROCESSED if lead.emails else ContactStatus.PHONE_ONLY
        contact = contact_document(_copy(lead), str(status), created, created, document["timezone"])
        contact["legacy"] = {"rows": document["legacy"]["rows"]}
        return Person(lead.marks, contact)


def _copy(lead: Lead) -> Lead:
    return Lead({**lead.data}, lead.phones, lead.emails, lead.source, lead.url, marks=lead.marks)


def _decided(status: str, lead: Lead, row: RowReader) -> tuple[str, str]:
    if status == EmailStatus.HELD and not lead.emails:
        row.say("mails that waited without an address became ERROR_NO_EMAIL")
        return str(EmailStatus.ERROR_NO_EMAIL), "the lead has no email address"
    return status, {"HELD": WAITED, "PARKED": UNDER_WAY}.get(status, "")


def template_number(value: Any, rules: Rules, say: Any) -> int:
    """The number of a template in the new system.

    Raises:
        Unusable: it is no number from 1 to 2,147,483,647.
    """
    number = values.whole(value, say)
    if number < 1 or number + rules.template_offset > 2**31 - 1:
        raise values.Unusable("is no template's number (1 or more)")
    return number + rules.template_offset


def merge_mails(first: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """Two rows of the same template to the same contact are one mail: one that left stands, else one that may have.

    Returns:
        The one that stands, with the rows of both; of two that were sent the later one.
    """
    both = sorted((first, later), key=lambda mail: _PRECEDENCE.index(mail["status"]))
    best = both[0]
    if first["status"] == later["status"] == "SENT":
        best = max(first, later, key=lambda mail: mail["sentAt"])
    best["legacy"]["rows"] = f"{first['legacy']['rows']} {later['legacy']['rows']}"
    best["createdAt"] = min(first["createdAt"], later["createdAt"])
    return best
