"""What must be known about mails right before they leave, read for several of them together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from leadgen.mail.addresses import check_claim
from leadgen.mail.compliance import Refusal, preflight, suppression_keys
from leadgen.mail.deps import MailDeps
from leadgen.mail.pacing import Wait
from leadgen.mail.records import AddressClaim, MailJob, claim_ref
from leadgen.mail.sequences import continues, step_objection
from leadgen.model.config import Settings
from leadgen.model.documents import Contact, Suppression, Template
from leadgen.model.status import ContactStatus, EmailStatus
from leadgen.store.client import Collections
from leadgen.store.records import Record, read, read_existing, to_record

if TYPE_CHECKING:
    from google.cloud.firestore import CollectionReference, DocumentSnapshot


@dataclass(frozen=True)
class Facts:
    """The documents that decide whether a mail may leave.

    Args:
        contact: the lead, if it has a document.
        claim: the claim on the address, if any.
        suppressions: those that concern the lead, by id.
    """

    contact: Record[Contact] | None
    claim: Record[AddressClaim] | None
    suppressions: dict[str, Suppression]


def gather(deps: MailDeps, jobs: Sequence[Record[MailJob]]) -> dict[str, Facts]:
    """Read them for several mails, by the mails' ids.

    Suppressions and claims exist for few addresses; one query finds those there are, with the contacts.
    """
    where = Collections(deps.db)
    contacts = {job.id: where.contacts.document(job.value.contact_id) for job in jobs if job.value.contact_id}
    claims = {job.id: claim_ref(deps.db, job.value.lead_data.email) for job in jobs}
    asked = dict.fromkeys(key for job in jobs for key in suppression_keys(job.value.lead_data))
    found = read_existing(deps.db, [*contacts.values(), *claims.values(), *map(where.suppressions.document, asked)])
    people = {job_id: to_record(found[ref.path], Contact) for job_id, ref in contacts.items() if ref.path in found}
    keys = {job.id: list(_keys(job.value, people.get(job.id))) for job in jobs}
    # A contact may have addresses and numbers that the mail does not know of.
    further = dict.fromkeys(key for wanted in keys.values() for key in wanted if key not in asked)
    found |= read_existing(deps.db, map(where.suppressions.document, further))
    suppressed = {name: to_record(one, Suppression).value for name, one in _in(where.suppressions, found)}
    return {
        job.id: Facts(
            contact=people.get(job.id),
            claim=_claim(found.get(claims[job.id].path)),
            suppressions={key: suppressed[key] for key in keys[job.id] if key in suppressed},
        )
        for job in jobs
    }


def _keys(job: MailJob, contact: Record[Contact] | None) -> Iterable[str]:
    return suppression_keys(job.lead_data, contact.value if contact is not None else None)


def _in(
    collection: CollectionReference, found: Mapping[str, DocumentSnapshot]
) -> Iterator[tuple[str, DocumentSnapshot]]:
    return ((one.id, one) for one in found.values() if one.reference.parent.id == collection.id)


def _claim(claim: DocumentSnapshot | None) -> Record[AddressClaim] | None:
    return to_record(claim, AddressClaim) if claim is not None else None


def objection(
    deps: MailDeps, job: Record[MailJob], facts: Facts, settings: Settings, now: datetime
) -> Refusal | Wait | None:
    """The first reason why this mail must not leave, or not now."""
    contact = facts.contact.value if facts.contact is not None else None
    if contact is not None and contact.status is ContactStatus.SUPPRESSED:
        by = f" by {contact.suppressed_by}" if contact.suppressed_by else ""
        return Refusal(EmailStatus.SUPPRESSED, f"the contact was suppressed{by}")
    if contact is not None and contact.status is ContactStatus.MERGED:
        return Refusal(EmailStatus.CANCELLED, f"the lead is the same person as contact {contact.merged_into}")
    stopped = step_objection(deps.db, job.value, contact, now)
    if stopped is not None:
        return stopped
    source = deps.policy(job.value.source_id)
    last_sent = contact.last_sent if contact is not None else None
    if continues(job.value, last_sent):
        last_sent = None
    refusal = preflight(job.value, settings, job.value.lead_data, facts.suppressions, source, last_sent, now)
    own = facts.claim is not None and facts.claim.value.job_id == job.value.follows
    return refusal or (None if own else check_claim(deps.db, facts.claim, job.id, settings, now))


@dataclass(frozen=True)
class Templates:
    """Templates, each read again only after a while.

    Args:
        deps: the sender's surroundings; its memory outlives the tick.
    """

    deps: MailDeps

    def get(self, template_id: int) -> Template | None:
        """The template, if there is one."""
        now, known = self.deps.clock.now(), self.deps.memory.templates
        found = known.get(template_id)
        if found is None or not timedelta() <= now - found[1] < self.deps.timing.template_age:
            record = read(Collections(self.deps.db).templates.document(str(template_id)), Template)
            found = (record.value if record is not None else None, now)
            known[template_id] = found
        return found[0]
