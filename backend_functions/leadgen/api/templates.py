"""What the endpoints about templates do: unpack, one call into the core, pack."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from leadgen.api import template_schemas as schemas
from leadgen.api.call import Call
from leadgen.model.documents import LeadData, Template
from leadgen.model.ids import keyed_id
from leadgen.pipeline.context import Context
from leadgen.store.records import to_record

if TYPE_CHECKING:
    from leadgen.mail.templates import Finding
    from leadgen.pipeline.previewing import Recipient

_LISTED = 500
"""Templates answered at most; a team that has more needs paging."""


def get_templates(call: Call) -> list[Any]:
    """All templates, by number."""
    snapshots = Context.from_environment().names.templates.order_by("templateId").limit(_LISTED).stream()
    return [_out(to_record(snapshot, Template).value) for snapshot in snapshots]


def save_template(call: Call) -> schemas.TemplateOut:
    """Create a template, or replace it by a new version."""
    from leadgen.pipeline.templates import TemplateWish, save_template

    wish = call.body
    fields = wish.model_dump(exclude={"template_id", "expected_version"})
    saved, warnings = save_template(
        Context.from_environment(), TemplateWish(wish.template_id, fields, call.caller.email, wish.expected_version)
    )
    return _out(saved, warnings)


def set_sequence(call: Call) -> schemas.TemplateOut:
    """Say what follows a template's mail."""
    from leadgen.model.documents import FollowUp
    from leadgen.pipeline.templates import set_sequence

    wish = call.body
    steps = [FollowUp(template_id=step.template_id, after_days=step.after_days) for step in wish.follow_ups]
    return _out(set_sequence(Context.from_environment(), wish.template_id, steps, call.caller.email))


def archive_template(call: Call) -> schemas.TemplateOut:
    """Archive a template, or take it out of the archive."""
    from leadgen.pipeline.templates import archive_template

    wish = call.body
    return _out(
        archive_template(Context.from_environment(), wish.template_id, call.caller.email, archived=wish.archived)
    )


def preview_template(call: Call) -> schemas.Preview:
    """Show the mail a lead would get."""
    from leadgen.pipeline.previewing import preview

    context, wish = Context.from_environment(), call.body
    template = _wanted(context, wish)
    seen = preview(context, template, _recipient(context, wish), wish.seed)
    mail = seen.mail
    return schemas.Preview(
        to=mail.to if mail else "",
        to_name=mail.to_name if mail else "",
        subject=mail.subject if mail else "",
        html=mail.html if mail else "",
        text=mail.text if mail else "",
        template_version=mail.template_version if mail else template.version,
        variation=mail.variation if mail else "",
        findings=_findings(seen.findings),
        refusal=seen.refusal,
        variables=[schemas.VariableOut(name=name, value=value) for name, value in seen.variables],
    )


def send_test(call: Call) -> schemas.TestSent:
    """Send the mail a lead would get to the caller."""
    from leadgen.pipeline.previewing import send_test as send

    context, wish = Context.from_environment(), call.body
    job_id = keyed_id(call.caller.uid, "testSend", call.key) if call.key else secrets.token_hex(16)
    sent = send(
        context,
        _wanted(context, wish),
        _recipient(context, wish),
        caller=call.caller.email,
        job_id=job_id,
        account=wish.account,
        seed=wish.seed,
    )
    where = "is in the outbox; nothing left" if sent.provider == "outbox" else f"left from {sent.account}"
    words = f"The test to {sent.to} {where}." if not sent.again else f"This test was sent before, to {sent.to}."
    return schemas.TestSent(
        to=sent.to, account=sent.account, provider=sent.provider, subject=sent.subject, message=words
    )


def _wanted(context: Context, wish: schemas.PreviewTemplate) -> Template:
    from leadgen.mail.templates.linting import draft
    from leadgen.pipeline.templates import template_at

    if wish.template_id is not None:
        return template_at(context, wish.template_id, wish.version)
    assert wish.draft is not None, "the schema asks for one of both"
    said = wish.draft
    return draft(said.base_subject, said.base_body_html, said.alternative_subjects, said.defaults)


def _recipient(context: Context, wish: schemas.PreviewTemplate) -> Recipient:
    from leadgen.pipeline.previewing import recipient

    lead = LeadData(**wish.lead_data.model_dump(exclude={"contact_url"})) if wish.lead_data is not None else None
    return recipient(context, wish.contact_id, lead)


def _out(template: Template, findings: Iterable[Finding] = ()) -> schemas.TemplateOut:
    return schemas.TemplateOut(**template.model_dump(), findings=_findings(findings))


def _findings(findings: Iterable[Finding]) -> list[schemas.FindingOut]:
    return [schemas.FindingOut(**asdict(finding)) for finding in findings]
