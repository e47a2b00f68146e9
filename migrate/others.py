"""Rows of `templates` and `processor_queue` as documents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from leadgen.model.errors import InvalidInput
from leadgen.model.ids import digest
from leadgen.model.status import RequestStatus
from migrate.convert import statuses, values
from migrate.convert.times import moment
from migrate.mails import template_number
from migrate.reading import Row
from migrate.rows import RowReader, TableRows

_MOST_LEADS = 10_000_000


class _Rows(TableRows):
    """Adds what templates and requests share."""

    def _moment(self, row: RowReader, name: str) -> datetime:
        found = row.read(name, lambda value: moment(value, self.rules.zone, row.say), None)
        if found is None:
            row.say("rows without a date got that of their last mail or change, else that of the file")
        return found or self.changed_at

    def _text(self, row: RowReader, name: str) -> str:
        return row.read(name, lambda value: values.text(value, row.say), "")

    def _legacy(self, row: RowReader) -> dict[str, str]:
        return {**row.kept(self._kept), "rows": f"{self.mapping.kind.name}:{row.number}"}


class TemplateRows(_Rows):
    """Makes templates of rows. What the new templates could not fill in is for a person to put right."""

    def convert(self, raw: Row) -> tuple[str, dict[str, Any]]:
        """Id and document of a row.

        Raises:
            Rejected: with everything that is wrong with it.
        """
        from leadgen.mail.templates import check_template
        from leadgen.model.documents import Template

        row = self._reader(raw)
        number = row.read("templateId", lambda value: template_number(value, self.rules, row.say), 0, needed=True)
        subject, body = self._text(row, "baseSubject"), self._text(row, "baseBodyHtml")
        for name, value in (("baseSubject", subject), ("baseBodyHtml", body)):
            if not value and not any(problem.field == name for problem in row.problems):
                row.fail(name, "is empty")
        document = {
            "templateId": number,
            "templateName": self._text(row, "templateName") or f"Template {number}",
            "description": self._text(row, "description"),
            "baseSubject": " ".join(subject.split()),
            "baseBodyHtml": body,
            "isArchived": row.read("isArchived", lambda value: values.truth(value, row.say), False),
            "createdAt": self._moment(row, "createdAt"),
            "version": 1,
            "updatedBy": "migration",
            "legacy": self._legacy(row),
        }
        row.check()
        try:
            check_template(Template.from_firestore(document))
        except InvalidInput as error:
            self.tally.note(f"template {number} must be put right before it is used: {error.detail}"[:300])
        return str(number), document


class RequestRows(_Rows):
    """Makes campaigns of rows; one that had not ended arrives cancelled, so that nothing begins by itself."""

    def convert(self, raw: Row) -> tuple[str, dict[str, Any]]:
        """Id and document of a row.

        Raises:
            Rejected: with everything that is wrong with it.
        """
        row = self._reader(raw)
        word = row.read("status", lambda value: statuses.word(value, row.say), "")
        status = row.read(
            "status",
            lambda value: statuses.mapped(value or "EMPTY", statuses.REQUESTS, self.mapping.statuses),
            "",
            word,
        )
        wanted = row.read("numberOfLeadsToProcess", self._number, 0)
        template_id = row.read("templateId", self._template, 0)
        city = row.read("city", lambda value: values.optional(value, row.say), "")
        asked = self._moment(row, "requestTimestamp")
        if not city:
            row.fail("city", "is empty")
        row.check()
        legacy = self._legacy(row)
        document: dict[str, Any] = {
            "templateId": template_id,
            "city": city,
            "numberOfLeadsToProcess": wanted,
            "requestTimestamp": asked,
            "status": status,
            "requestedBy": "migration",
            "updatedAt": asked,
            "completedAt": asked,
            "listingDone": True,
            "legacy": legacy,
        }
        if word and word != status:
            legacy["status"] = word
        if status == RequestStatus.CANCELLED:
            document["endReason"] = "CANCELLED"
            document["message"] = f"It was {word} in the earlier program; start it anew if it is still wanted."
            self.tally.say("requests that had not ended arrive cancelled")
        key = row.number
        return digest("migration", "processor_queue", str(key)), document

    def _number(self, value: Any) -> int:
        if value is None:
            return 0
        number = values.whole(value, self.tally.say)
        if not 0 <= number <= _MOST_LEADS:
            raise values.Unusable("is no plausible number of leads")
        return number

    def _template(self, value: Any) -> int:
        return 0 if value is None else template_number(value, self.rules, self.tally.say)
