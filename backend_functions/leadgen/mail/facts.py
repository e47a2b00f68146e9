"""What must be known about mails right before they leave, read for several of them together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from leadgen.mail.addresses import check_claim
from leadgen.mail.compliance import Refusal, preflight, suppression_keys
from leadgen.mail.deps import MailDeps
from leadgen.mail.pacing import Wait
from leadgen.mail.records import AddressClaim, MailJob, claim_ref, claims_collection
from leadgen.mail.sequences import continues, step_objection
from leadgen.model.config import Settings
from leadgen.model.documents import Contact, Suppression, Template
from leadgen.model.status import ContactStatus, EmailStatus
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.records import Record, read, read_all, to_record

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


_IN_A_QUERY = 30
"""How many values Firestore's `in` takes."""


def gather(deps: MailDeps, jobs: Sequence[Record[MailJob]]) -> dict[str, Facts]:
    """Read them for several mails, by the mails' ids.

    Suppressions and claims exist for few addresses, and a query costs what it finds, not what it asks for; so one
    query asks for those of all the mails.
    """
    where = Collections(deps.db)
    contact_ids = dict.fromkeys(job.value.contact_id for job in jobs if job.value.contact_id)
    people = read_all(deps.db, [where.contacts.document(contact_id) for contact_id in contact_ids], Contact)
    keys = {job.id: list(_keys(job.value, people)) for job in jobs}
    claims = {
        job.id: claim_ref(deps.db, job.value.lead_data.email) for job in jobs if _may_be_claimed(job.value, people)
    }
    suppressed = _existing(where.suppressions, (key for wanted in keys.values() for key in wanted))
    claimed = _existing(claims_collection(deps.db), (ref.id for ref in claims.values()))
    return {
        job.id: Facts(
            contact=people.get(job.value.contact_id),
            claim=_record(claimed.get(claims[job.id].id)) if job.id in claims else None,
            suppressions={k: to_record(suppressed[k], Suppression).value for k in keys[job.id] if k in suppressed},
        )
        for job in jobs
    }


def _may_be_claimed(job: MailJob, people: Mapping[str, Record[Contact]]) -> bool:
    """Whether the address was probably written to before. Where it was not, nothing is read: the commit that claims the
    address fails if somebody has it, and only then one looks who."""
    contact = people.get(job.contact_id)
    return bool(job.attempts or job.step) or contact is None or contact.value.last_sent is not None


def _keys(job: MailJob, people: Mapping[str, Record[Contact]]) -> Iterable[str]:
    contact = people.get(job.contact_id)
    return suppression_keys(job.lead_data, contact.value if contact is not None else None)


def _existing(collection: CollectionReference, ids: Iterable[str]) -> dict[str, DocumentSnapshot]:
    """Those of the documents that exist."""
    from google.cloud.firestore import FieldFilter

    wanted, found = list(dict.fromkeys(ids)), {}
    for start in range(0, len(wanted), _IN_A_QUERY):
        names = [collection.document(name) for name in wanted[start : start + _IN_A_QUERY]]
        query = collection.where(filter=FieldFilter("__name__", "in", names))
        found.update({snapshot.id: snapshot for snapshot in query.get(timeout=RPC_TIMEOUT_S)})
    return found


def _record(claim: DocumentSnapshot | None) -> Record[AddressClaim] | None:
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
