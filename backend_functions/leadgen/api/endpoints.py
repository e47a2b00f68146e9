"""The endpoints: name, method, role, what goes in and what comes out. The OpenAPI document is made from this list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from leadgen.api import schedules, schemas, work
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
        "resolveCaptcha",
        "POST",
        Role.OPERATOR,
        schemas.ResolveCaptcha,
        schemas.CaptchaResolved,
        work.resolve_captcha,
        "Receives what a person found behind a CAPTCHA.",
    ),
    Endpoint(
        "getTemplates",
        "GET",
        Role.VIEWER,
        None,
        schemas.TemplateOut,
        work.get_templates,
        "The email templates.",
        many=True,
    ),
    Endpoint(
        "saveTemplate",
        "POST",
        Role.OPERATOR,
        schemas.SaveTemplate,
        schemas.TemplateOut,
        work.save_template,
        "Creates a template or a new version of one.",
    ),
    Endpoint(
        "authenticateOutlook",
        "POST",
        Role.OPERATOR,
        None,
        schemas.AuthUrl,
        work.authenticate_outlook,
        "Begins the sign-in of a mailbox.",
    ),
    Endpoint(
        "handleOutlookCallback",
        "POST",
        Role.OPERATOR,
        schemas.OutlookCallback,
        schemas.Message,
        work.handle_outlook_callback,
        "Completes the sign-in of a mailbox.",
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
        schemas.Suppress,
        schemas.Message,
        work.suppress,
        "Never write to this email, phone or domain again.",
    ),
)

ENDPOINTS: dict[str, Endpoint] = {endpoint.name: endpoint for endpoint in _ALL}
