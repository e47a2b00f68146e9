"""Leads that waited for their model call: enriched when the Governor lets them, then triaged like all others."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from leadgen.llm.enrich import by_rules
from leadgen.llm.fairness import shares
from leadgen.model.documents import Contact, LeadData, ProcessorRequest
from leadgen.model.ids import email_job_id
from leadgen.model.status import ContactStatus, PostOutcome, check_transition
from leadgen.pipeline.batches import COUNT_FIELD
from leadgen.pipeline.candidate import STATUS_OF, email_job, note_enrichment, origin_of
from leadgen.pipeline.context import Context
from leadgen.process.triage import triage
from leadgen.store.messages import HARVEST_TOPIC
from leadgen.store.records import Commit, Raced, Record, to_record

AT_ONCE = 40
"""Waiting leads taken up in one run."""
MOST_CAMPAIGNS = 20
"""Campaigns looked at in one run, when more leads wait than are taken up."""
LONGEST_WAIT = timedelta(hours=6)
"""After this a lead is enriched by rules: a model that is never free must not hold a campaign up for ever."""
WORTH_A_WRITE = timedelta(seconds=60)
"""A new time that is nearer than this is not written down; the next run looks anyway."""


def enrich_waiting(context: Context) -> int:
    """Take up leads whose time has come. Returns how many left the waiting room."""
    due = _due(context)
    if not due:
        return 0
    results = context.enricher().enrich(
        [record.value.lead_data_json for record in due], campaigns=[record.value.request_id for record in due]
    )
    done = 0
    touched: set[str] = set()
    for record, result in zip(due, results, strict=True):
        overdue = context.clock.now() - record.value.created_at > LONGEST_WAIT
        if result.waiting_until is not None and not overdue:
            if result.waiting_until - context.clock.now() > WORTH_A_WRITE:
                _try(Commit(context.db).change(record, {"nextAttemptAt": result.waiting_until}))
        elif _settle(context, record, by_rules(result.lead) if result.waiting_until else result.lead):
            done += 1
            touched.add(record.value.request_id)
    for request_id in sorted(touched - {""}):
        context.publisher.publish(HARVEST_TOPIC, {"requestId": request_id})
    return done


def _due(context: Context) -> list[Record[Contact]]:
    """Those whose time has come; if they are more than can be taken up, as many of each campaign as is fair."""
    first = _waiting(context, AT_ONCE)
    if len(first) < AT_ONCE:
        return first
    waiting = _campaigns_waiting(context)
    of_first = Counter(record.value.request_id for record in first)
    if len(of_first) == 1 and waiting.keys() <= of_first.keys():
        return first
    given = shares(AT_ONCE, dict(of_first) | waiting, {})
    picked = [record for name, number in given.items() if number for record in _waiting(context, number, name)]
    # A campaign's count may be ahead of its leads' time: what it leaves goes to those who came first.
    known = {record.id for record in picked}
    return [*picked, *(record for record in first if record.id not in known)][:AT_ONCE]


def _waiting(context: Context, most: int, campaign: str | None = None) -> list[Record[Contact]]:
    """The leads that wait longest; of one campaign, or of all."""
    from google.cloud.firestore import FieldFilter

    query = context.names.contacts.where(filter=FieldFilter("status", "==", str(ContactStatus.PENDING_ENRICHMENT)))
    if campaign is not None:
        query = query.where(filter=FieldFilter("requestId", "==", campaign))
    query = query.where(filter=FieldFilter("nextAttemptAt", "<=", context.clock.now()))
    return [to_record(snapshot, Contact) for snapshot in query.order_by("nextAttemptAt").limit(most).stream()]


def _campaigns_waiting(context: Context) -> dict[str, int]:
    """How many leads wait, by campaign, of those campaigns that have the fewest waiting. (One that has many is met
    anyway: its leads are among those that wait longest.)"""
    from google.cloud.firestore import FieldFilter

    query = context.names.requests.where(filter=FieldFilter("counts.waiting", ">", 0))
    found = query.order_by("counts.waiting").limit(MOST_CAMPAIGNS).stream()
    records = [to_record(snapshot, ProcessorRequest) for snapshot in found]
    return {record.id: record.value.counts.waiting for record in records}


def _settle(context: Context, record: Record[Contact], lead: LeadData) -> bool:
    contact = record.value
    outcome = triage(
        has_email=bool(lead.email),
        gate=contact.gate if lead.contact_url else "none",
        has_phone=bool(lead.phone),
        suppressed=False,
    )
    status = STATUS_OF[outcome]
    check_transition(f"contact {record.id}", contact.status, status)
    described = contact.model_copy(deep=True)
    note_enrichment(described, lead, context.clock.now())
    commit = Commit(context.db).change(
        record,
        {
            "status": str(status),
            "provenance": described.to_firestore()["provenance"],
            "leadDataJson": lead.to_firestore(),
            "businessName": lead.business_name,
            "name": lead.name,
            "category": lead.category,
            "servicesRendered": lead.services_rendered,
            "lastUpdated": context.clock.now(),
        },
    )
    if outcome is PostOutcome.QUEUED and contact.template_id:
        job = email_job(record.id, lead, origin_of(contact, "campaign"), context.clock.now())
        commit.create(context.names.emails.document(email_job_id(contact.template_id, record.id)), job)
    if contact.request_id:
        request = context.names.requests.document(contact.request_id)
        commit.increase(request, {"counts.waiting": -1, f"counts.{COUNT_FIELD[outcome]}": 1})
    return _try(commit)


def _try(commit: Commit) -> bool:
    try:
        commit.run()
    except Raced:
        return False  # Another run was faster; the document says what it did.
    return True
