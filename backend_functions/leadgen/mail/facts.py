"""What must be known about a mail right before it leaves, read in one round trip."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from leadgen.mail.addresses import check_claim
from leadgen.mail.compliance import Refusal, preflight, suppression_keys
from leadgen.mail.deps import MailDeps
from leadgen.mail.pacing import Wait
from leadgen.mail.records import AddressClaim, MailJob, claim_ref
from leadgen.model.config import Settings
from leadgen.model.documents import Contact, Suppression, Template
from leadgen.model.status import ContactStatus, EmailStatus
from leadgen.store.client import RPC_TIMEOUT_S, Collections
from leadgen.store.records import Record, read, to_record


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


def gather(deps: MailDeps, job: MailJob) -> Facts:
    """Read them."""
    where = Collections(deps.db)
    contact_ref = where.contacts.document(job.contact_id) if job.contact_id else None
    address_ref = claim_ref(deps.db, job.lead_data.email)
    refs = [where.suppressions.document(key) for key in suppression_keys(job.lead_data)] + [address_ref]
    refs += [contact_ref] if contact_ref is not None else []
    found = {snap.reference.path: snap for snap in deps.db.get_all(refs, timeout=RPC_TIMEOUT_S) if snap.exists}
    contact = found.pop(contact_ref.path, None) if contact_ref is not None else None
    claim = found.pop(address_ref.path, None)
    return Facts(
        contact=to_record(contact, Contact) if contact is not None else None,
        claim=to_record(claim, AddressClaim) if claim is not None else None,
        suppressions={snap.id: to_record(snap, Suppression).value for snap in found.values()},
    )


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
    source = deps.policy(job.value.source_id)
    last_sent = contact.last_sent if contact is not None else None
    refusal = preflight(job.value, settings, job.value.lead_data, facts.suppressions, source, last_sent, now)
    return refusal or check_claim(deps.db, facts.claim, job.id, settings, now)


@dataclass
class Templates:
    """Templates as they are during one tick, each read once.

    Args:
        deps: the sender's surroundings.
    """

    deps: MailDeps
    _known: dict[int, Template | None] = field(default_factory=dict)

    def get(self, template_id: int) -> Template | None:
        """The template, if there is one."""
        if template_id not in self._known:
            record = read(Collections(self.deps.db).templates.document(str(template_id)), Template)
            self._known[template_id] = record.value if record is not None else None
        return self._known[template_id]
