"""The endpoints: name, method, role, what goes in and what comes out. The OpenAPI document is made from this list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from leadgen.api import (
    email_schemas,
    emails,
    mailbox_schemas,
    mailboxes,
    review,
    review_schemas,
    schedules,
    schemas,
    suppression,
    suppression_schemas,
    template_schemas,
    templates,
    work,
)
from leadgen.api.call import Call
from leadgen.model.roles import Role


@dataclass(frozen=True)
class Endpoint:
    """One HTTP function."""

    name: str
    method: str
    role: Role
    request: type[BaseModel] | None
    response: type[BaseModel]
    work: Callable[[Call], BaseModel | list[Any]]
    summary: str
    many: bool = False
    """Whether it answers with a list of `response`."""


_ALL = (
    Endpoint(
        "triggerHarvest",
        "POST",
        Role.OPERATOR,
        schemas.TriggerHarvest,
        schemas.HarvestTriggered,
        work.trigger_harvest,
        "Starts a campaign: harvests a city until so many new leads are found.",
    ),
    Endpoint(
        "cancelCampaign",
        "POST",
        Role.OPERATOR,
        schemas.CancelCampaign,
        schemas.HarvestTriggered,
        work.cancel_campaign,
        "Stops a campaign's harvest.",
    ),
    Endpoint(
        "scheduleCampaign",
        "POST",
        Role.OPERATOR,
        schemas.ScheduleCampaign,
        schemas.ScheduleOut,
        schedules.schedule_campaign,
        "Schedules a campaign, once later or recurring; or changes a schedule.",
    ),
    Endpoint(
        "changeSchedule",
        "POST",
        Role.OPERATOR,
        schemas.ChangeSchedule,
        schemas.ScheduleOut,
        schedules.change_schedule,
        "Pauses, resumes or removes a schedule, or starts its campaign now.",
    ),
    Endpoint(
        "processLead",
        "POST",
        Role.OPERATOR,
        schemas.ProcessLead,
        schemas.LeadProcessed,
        work.process_lead,
        "Submits a lead for enrichment and triage.",
    ),
    Endpoint(
        "queueEmail",
        "POST",
        Role.OPERATOR,
        schemas.QueueEmail,
        schemas.EmailQueued,
        work.queue_email,
        "Adds a lead to the email queue.",
    ),
    Endpoint(
        "changeEmail",
        "POST",
        Role.OPERATOR,
        email_schemas.ChangeEmail,
        email_schemas.EmailChanged,
        emails.change_email,
        "Holds, releases, cancels or retries a mail.",
    ),
    Endpoint(
        "explainEmail",
        "POST",
        Role.VIEWER,
        email_schemas.ExplainEmail,
        email_schemas.EmailExplained,
        emails.explain_email,
        "Says why a mail has not left, and when it will.",
    ),
    Endpoint(
        "resolveCaptcha",
        "POST",
        Role.OPERATOR,
        review_schemas.ResolveCaptcha,
        review_schemas.CaptchaResolved,
        review.resolve_captcha,
        "Receives what a person found behind a CAPTCHA.",
    ),
    Endpoint(
        "claimCaptcha",
        "POST",
        Role.OPERATOR,
        review_schemas.ClaimCaptcha,
        review_schemas.CaptchaClaimed,
        review.claim_captcha,
        "Claims a lead behind a CAPTCHA for the caller, or prolongs the claim.",
    ),
    Endpoint(
        "releaseCaptcha",
        "POST",
        Role.OPERATOR,
        review_schemas.ReleaseCaptcha,
        review_schemas.CaptchaReleased,
        review.release_captcha,
        "Gives a claimed lead back unsolved.",
    ),
    Endpoint(
        "undoCaptcha",
        "POST",
        Role.OPERATOR,
        review_schemas.UndoCaptcha,
        review_schemas.CaptchaUndone,
        review.undo_captcha,
        "Takes a report on a CAPTCHA back, as long as its mail has not left.",
    ),
    Endpoint(
        "getTemplates",
        "GET",
        Role.VIEWER,
        None,
        template_schemas.TemplateOut,
        templates.get_templates,
        "The email templates.",
        many=True,
    ),
    Endpoint(
        "saveTemplate",
        "POST",
        Role.OPERATOR,
        template_schemas.SaveTemplate,
        template_schemas.TemplateOut,
        templates.save_template,
        "Creates a template or a new version of one.",
    ),
    Endpoint(
        "archiveTemplate",
        "POST",
        Role.OPERATOR,
        template_schemas.ArchiveTemplate,
        template_schemas.TemplateOut,
        templates.archive_template,
        "Archives a template, or takes it out of the archive.",
    ),
    Endpoint(
        "previewTemplate",
        "POST",
        Role.VIEWER,
        template_schemas.PreviewTemplate,
        template_schemas.Preview,
        templates.preview_template,
        "Shows the mail a lead would get of a template or of a draft, and what a check of it finds.",
    ),
    Endpoint(
        "testSend",
        "POST",
        Role.OPERATOR,
        template_schemas.TestSend,
        template_schemas.TestSent,
        templates.send_test,
        "Sends the mail a lead would get to the caller.",
    ),
    Endpoint(
        "authenticateOutlook",
        "POST",
        Role.OPERATOR,
        None,
        schemas.AuthUrl,
        mailboxes.authenticate_outlook,
        "Begins the sign-in of a mailbox.",
    ),
    Endpoint(
        "handleOutlookCallback",
        "POST",
        Role.OPERATOR,
        schemas.OutlookCallback,
        schemas.Message,
        mailboxes.handle_outlook_callback,
        "Completes the sign-in of a mailbox.",
    ),
    Endpoint(
        "authenticateGmail",
        "POST",
        Role.OPERATOR,
        None,
        schemas.AuthUrl,
        mailboxes.authenticate_gmail,
        "Begins the sign-in of a Gmail mailbox.",
    ),
    Endpoint(
        "handleGmailCallback",
        "POST",
        Role.OPERATOR,
        mailbox_schemas.GmailCallback,
        schemas.Message,
        mailboxes.handle_gmail_callback,
        "Completes the sign-in of a Gmail mailbox.",
    ),
    Endpoint(
        "beginDeviceSignIn",
        "POST",
        Role.OPERATOR,
        None,
        mailbox_schemas.DeviceSignInBegun,
        mailboxes.begin_device_sign_in,
        "Begins the sign-in of an Outlook mailbox on another device.",
    ),
    Endpoint(
        "pollDeviceSignIn",
        "POST",
        Role.OPERATOR,
        mailbox_schemas.PollDeviceSignIn,
        mailbox_schemas.DeviceSignInPolled,
        mailboxes.poll_device_sign_in,
        "Asks whether the sign-in on another device is finished.",
    ),
    Endpoint(
        "addSmtpMailbox",
        "POST",
        Role.OPERATOR,
        mailbox_schemas.AddSmtpMailbox,
        schemas.Message,
        mailboxes.add_smtp_mailbox,
        "Adds a mailbox behind an SMTP server, once its sign-in was tried.",
    ),
    Endpoint(
        "changeMailbox",
        "POST",
        Role.OPERATOR,
        mailbox_schemas.ChangeMailbox,
        mailbox_schemas.MailboxChanged,
        mailboxes.change_mailbox,
        "Pauses, resumes, limits, signs out or removes a mailbox.",
    ),
    Endpoint(
        "getConfig", "GET", Role.VIEWER, None, schemas.ConfigOut, work.get_config, "The configuration now in force."
    ),
    Endpoint(
        "updateConfig",
        "PUT",
        Role.ADMIN,
        schemas.UpdateConfig,
        schemas.ConfigOut,
        work.update_config,
        "Changes the configuration; If-Match names the revision it was made against.",
    ),
    Endpoint(
        "testModel",
        "POST",
        Role.ADMIN,
        None,
        schemas.ModelTested,
        work.test_model,
        "Makes one call to each configured model, under the Governor, and says how it went.",
        many=True,
    ),
    Endpoint(
        "getCities",
        "GET",
        Role.VIEWER,
        None,
        schemas.CityOut,
        work.get_cities,
        "The cities that can be harvested.",
        many=True,
    ),
    Endpoint(
        "mergeContacts",
        "POST",
        Role.OPERATOR,
        schemas.MergeContacts,
        schemas.ContactsMerged,
        work.merge_contacts,
        "Makes two contacts one person: one stands for both, and nobody is written to twice.",
    ),
    Endpoint(
        "unmergeContact",
        "POST",
        Role.OPERATOR,
        schemas.UnmergeContact,
        schemas.ContactsMerged,
        work.unmerge_contact,
        "Undoes the merge of a contact: both are again as they were.",
    ),
    Endpoint(
        "suppress",
        "POST",
        Role.OPERATOR,
        suppression_schemas.Suppress,
        schemas.Message,
        suppression.suppress,
        "Never write to this email, phone or domain again.",
    ),
    Endpoint(
        "unsuppress",
        "POST",
        Role.OPERATOR,
        suppression_schemas.Unsuppress,
        schemas.Message,
        suppression.unsuppress,
        "Takes an email, phone or domain off the suppression list.",
    ),
    Endpoint(
        "importSuppressions",
        "POST",
        Role.OPERATOR,
        suppression_schemas.ImportSuppressions,
        suppression_schemas.SuppressionsImported,
        suppression.import_suppressions,
        "Puts many on the suppression list; says of each that can't be what is wrong with it.",
    ),
)

ENDPOINTS: dict[str, Endpoint] = {endpoint.name: endpoint for endpoint in _ALL}
