"""How a campaign comes to be, whoever asks for it: an operator now, or a schedule when its time has come."""

from __future__ import annotations

from dataclasses import dataclass

from leadgen.model.documents import ProcessorRequest, Template
from leadgen.model.errors import FieldProblem, InvalidInput
from leadgen.model.ids import digest
from leadgen.model.status import RequestStatus
from leadgen.pipeline.context import Context
from leadgen.store.journal import entry, note
from leadgen.store.records import Commit, read


@dataclass(frozen=True)
class Wish:
    """A campaign somebody wants.

    Args:
        city: key of the city, in any case.
        template_id: the template of its mails.
        leads: how many new leads.
        user: who asks.
        schedule_id: the schedule that asks in that person's name, or "".
    """

    city: str
    template_id: int
    leads: int
    user: str
    schedule_id: str = ""


def prepare(context: Context, wish: Wish) -> ProcessorRequest:
    """The campaign as it will be recorded.

    Raises:
        NotFound: no source covers the city.
        NotAllowed: nobody acknowledged the policy of the city's source.
        InvalidInput: the template does not exist or is archived, or the source definitions are not valid.
    """
    source, city = context.source_for(wish.city)
    usable_template(context, wish.template_id)
    now = context.clock.now()
    return ProcessorRequest(
        template_id=wish.template_id,
        city=city.key,
        number_of_leads_to_process=wish.leads,
        request_timestamp=now,
        status=RequestStatus.PENDING,
        requested_by=wish.user,
        source_id=source.id,
        fingerprint=digest("triggerHarvest", city.key, str(wish.template_id), str(wish.leads)),
        schedule_id=wish.schedule_id,
        message="Waiting to be started.",
        updated_at=now,
    )


def record(context: Context, commit: Commit, request_id: str, request: ProcessorRequest, text: str) -> Commit:
    """Add a campaign and its entry in the activity to a commit; a Firestore trigger, or the sweep, starts the harvest.

    Args:
        context: the parts.
        commit: to add to.
        request_id: the campaign's id.
        request: the campaign.
        text: who started what, a sentence.
    """
    commit.create(context.names.requests.document(request_id), request)
    return note(context.db, commit, entry(request.request_timestamp, "campaign.started", text, request_id))


def usable_template(context: Context, template_id: int) -> Template:
    """A template that mails may be made of.

    Raises:
        InvalidInput: it does not exist or is archived.
    """
    found = read(context.names.templates.document(str(template_id)), Template)
    if found is None or found.value.is_archived:
        state = "does not exist" if found is None else "is archived"
        raise InvalidInput(
            f"Template {template_id} {state}.",
            hint="leadgen templates list shows those there are.",
            fields=(FieldProblem("templateId", str(template_id), "must be a template that is not archived"),),
        )
    return found.value
