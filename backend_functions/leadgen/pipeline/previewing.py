"""The mail a lead would get: to look at, or to send to oneself."""

from __future__ import annotations

from dataclasses import dataclass, field

from leadgen.mail.compliance import preflight, settings_problem, suppression_keys
from leadgen.mail.compose import Composed, as_test, compose
from leadgen.mail.providers.base import DraftState, MailProvider, OutcomeUnknown, ProviderError, SignInNeeded
from leadgen.mail.records import OUTBOX_ACCOUNT, Mailbox, mailbox_ref
from leadgen.mail.templates import Finding, Unrenderable, lint
from leadgen.mail.templates.linting import SAMPLE_LEAD
from leadgen.mail.templates.variables import what_each_says
from leadgen.model.config import Settings
from leadgen.model.documents import Contact, EmailJob, LeadData, Suppression, Template
from leadgen.model.errors import Conflict, Unavailable
from leadgen.model.ids import canonical_email
from leadgen.model.status import EmailStatus, MailboxState
from leadgen.pipeline.context import Context
from leadgen.pipeline.mailing import mail_deps
from leadgen.settings import read_settings
from leadgen.store.client import RPC_TIMEOUT_S
from leadgen.store.records import create, need, read, read_all, to_record

_MOST_MAILBOXES = 50
_NAMED = ("email", "phone", "name", "business_name")
_NOBODY = "ada@sender.example"
"""Stands for the mailbox where none is signed in yet, so that a preview can be looked at before."""


@dataclass(frozen=True)
class Recipient:
    """For whom a mail is made.

    Args:
        lead: what is known of them.
        contact: their document, if they have one.
        is_real: a lead that was found or handed in, not the made-up one.
    """

    lead: LeadData
    contact: Contact | None = None
    is_real: bool = True


@dataclass(frozen=True)
class PreviewedMail:
    """A mail as it would be sent.

    Args:
        mail: the mail, if it can be made.
        findings: what a check of the template found.
        refusal: why it would not leave, as far as is known now.
        variables: what each variable says for this lead.
    """

    mail: Composed | None
    findings: list[Finding]
    refusal: str
    variables: list[tuple[str, str]] = field(default_factory=list)


def recipient(context: Context, contact_id: str | None, lead: LeadData | None) -> Recipient:
    """The lead that was asked for, or a made-up one.

    Raises:
        NotFound: there is no such contact.
    """
    if contact_id is None:
        return Recipient(lead, None) if lead is not None else Recipient(SAMPLE_LEAD, is_real=False)
    contact = need(context.names.contacts.document(contact_id), Contact, f"contact {contact_id}").value
    known = contact.lead_data_json
    missing = {name: getattr(contact, name) for name in _NAMED if not getattr(known, name)}
    return Recipient(known.model_copy(update=missing), contact)


def preview(context: Context, template: Template, to: Recipient, seed: str = "") -> PreviewedMail:
    """The mail this lead would get.

    Args:
        context: the parts.
        template: what to say.
        to: the lead.
        seed: draws another variation than the lead's own.
    """
    findings = lint(template)
    settings = read_settings(context.db)
    said = what_each_says(to.lead, settings, template.defaults)
    if any(finding.level == "error" for finding in findings):
        return PreviewedMail(None, findings, "the template has errors", said)
    boxes = _mailboxes(context, settings)
    account = boxes[0].sender if boxes else _NOBODY
    try:
        mail = _compose(context, template, to.lead, settings, account, seed)
    except Unrenderable as error:
        return PreviewedMail(None, findings, str(error), said)
    return PreviewedMail(mail, findings, _refusal(context, template, to, settings), said)


def _compose(
    context: Context, template: Template, lead: LeadData, settings: Settings, account: str, seed: str
) -> Composed:
    return compose(
        template,
        lead,
        settings,
        account=account,
        token_key=context.env.token_key,
        public_url=context.env.public_url,
        seed=seed,
    )


def _refusal(context: Context, template: Template, to: Recipient, settings: Settings) -> str:
    """What the preflight would say at this moment."""
    if not to.is_real:
        return settings_problem(settings)
    contact, now = to.contact, context.clock.now()
    job = EmailJob(
        template_id=template.template_id,
        lead_data=to.lead,
        city=to.lead.city,
        status=EmailStatus.QUEUED,
        created_at=now,
        timezone=contact.timezone if contact else "UTC",
        source_id=contact.source_id if contact else "",
    )
    refs = [context.names.suppressions.document(key) for key in suppression_keys(to.lead, contact)]
    entries = {key: record.value for key, record in read_all(context.db, refs, Suppression).items()}
    source, last_sent = mail_deps(context).policy(job.source_id), contact.last_sent if contact else None
    refusal = preflight(job, settings, to.lead, entries, source, last_sent, now)
    if refusal is None and template.is_archived:
        return f"template {template.template_id} is archived"
    return refusal.reason if refusal is not None else ""


@dataclass(frozen=True)
class TestMail:
    """A test that was sent.

    Args:
        to: the one recipient, who asked for it.
        account: the mailbox it left from.
        provider: its kind; ``outbox`` means that nothing left.
        subject: its subject.
        again: it was sent before, by the same request.
    """

    __test__ = False
    to: str
    account: str
    provider: str
    subject: str
    again: bool = False


def send_test(
    context: Context, template: Template, to: Recipient, *, caller: str, job_id: str, account: str = "", seed: str = ""
) -> TestMail:
    """Send the mail this lead would get to whoever asks for it. Its opt-out link is the caller's own.

    Args:
        context: the parts.
        template: what to say.
        to: the lead whose data is filled in; the lead gets nothing.
        caller: the address of the signed-in person.
        job_id: names the mail in the mailbox; the same id sends once.
        account: the mailbox, or empty for the first one that can.
        seed: draws another variation than the lead's own.

    Raises:
        Conflict: the configuration or the template does not allow it, or no mailbox can send.
        Unavailable: the mailbox's provider did not take it; says whether it may have left.
    """
    settings = read_settings(context.db)
    problem = settings_problem(settings)
    if problem or "@" not in caller:
        raise Conflict(f"No test can be sent: {problem or 'your sign-in has no email address'}.")
    box = _box(context, settings, account)
    lead = to.lead.model_copy(update={"email": caller})
    own = seed or canonical_email(to.lead.email)
    try:
        mail = as_test(_compose(context, template, lead, settings, box.sender, own), canonical_email(caller))
    except Unrenderable as error:
        raise Conflict(f"No test can be sent: {error}.") from None
    provider = mail_deps(context).provider(box)
    try:
        again = _send_once(provider, mail, job_id)
    except OutcomeUnknown as error:
        raise Unavailable(f"The test may have left or not: {error}.", hint="Look into your inbox first.") from None
    except SignInNeeded as error:
        raise Conflict(f"{box.account} can't send: {error}.", hint="Sign it in again: leadgen auth outlook") from None
    except ProviderError as error:
        raise Unavailable(f"The test did not leave: {error}.", hint="Try again in a moment.") from None
    finally:
        provider.close()
    return TestMail(mail.to, box.account, box.provider, mail.subject, again)


def _send_once(provider: MailProvider, mail: Composed, job_id: str) -> bool:
    """Send it unless it was sent before; whether it was."""
    earlier = provider.find_by_job(job_id)
    if earlier is not None and earlier.state is DraftState.SENT:
        return True
    draft = earlier or provider.create_draft(mail, job_id)
    provider.send(draft.immutable_id)
    return False


def _box(context: Context, settings: Settings, account: str) -> Mailbox:
    boxes = _mailboxes(context, settings)
    wanted = canonical_email(account)
    found = next((box for box in boxes if wanted in ("", box.account, box.sender)), None)
    if found is None:
        which = f"mailbox {wanted}" if wanted else f"mailbox of the kind {settings.email_provider}"
        hint = "Sign one in: leadgen auth outlook. Or set emailProvider=outbox for a dry run."
        raise Conflict(f"There is no {which} that can send now.", hint=hint)
    return found


def _mailboxes(context: Context, settings: Settings) -> list[Mailbox]:
    """Those that could send now; the dry run's is made when it is first needed."""
    if settings.email_provider == OUTBOX_ACCOUNT:
        ref = mailbox_ref(context.db, OUTBOX_ACCOUNT)
        if read(ref, Mailbox) is None:
            create(ref, Mailbox(account=OUTBOX_ACCOUNT, provider="outbox", display_name="Dry run: nothing leaves"))
    snapshots = context.names.mailboxes.limit(_MOST_MAILBOXES).get(timeout=RPC_TIMEOUT_S)
    boxes = [to_record(snapshot, Mailbox).value for snapshot in snapshots]
    fit = [box for box in boxes if box.provider == settings.email_provider and box.state is MailboxState.ACTIVE]
    return sorted((box for box in fit if not box.paused), key=lambda box: box.account)
