"""Everything that is deployed: one small function per trigger. Each unpacks its event and makes one call into leadgen.

Imports are lazy: discovery loads this file with a time limit, and a cold start pays only for what the function uses.
"""

from __future__ import annotations

import logging
import os
from typing import Any

from firebase_functions import firestore_fn, https_fn, options, pubsub_fn, scheduler_fn

REGION = "us-central1"
_SECRETS = [
    "LEADGEN_TOKEN_KEY",
    "LEADGEN_MICROSOFT_CLIENT_SECRET",
    "LEADGEN_GOOGLE_CLIENT_SECRET",
    "LEADGEN_LLM_KEY",
    "LEADGEN_LLM_FALLBACK_KEY",
]
# The emulator gives secrets through the environment; asking Secret Manager for them would leave the machine.
SECRETS = [] if os.environ.get("FUNCTIONS_EMULATOR") else _SECRETS

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
log = logging.getLogger("leadgen.functions")

_HTTP: dict[str, Any] = {
    "region": REGION,
    # The platform lets everybody in; leadgen.api.auth checks the Firebase ID token and its role.
    "invoker": "public",
    "memory": options.MemoryOption.MB_512,
    "timeout_sec": 60,
    "max_instances": 10,
    "concurrency": 16,
    "secrets": SECRETS,
}
_BACKGROUND: dict[str, Any] = {
    "region": REGION,
    "memory": options.MemoryOption.GB_1,
    "max_instances": 10,
    "concurrency": 1,
    "secrets": SECRETS,
}


def _serve(name: str, request: https_fn.Request) -> https_fn.Response:
    from leadgen.api.serve import serve

    return serve(name, request)


@https_fn.on_request(**_HTTP)
def triggerHarvest(request: https_fn.Request) -> https_fn.Response:
    """Starts a campaign."""
    return _serve("triggerHarvest", request)


@https_fn.on_request(**_HTTP)
def cancelCampaign(request: https_fn.Request) -> https_fn.Response:
    """Stops a campaign."""
    return _serve("cancelCampaign", request)


@https_fn.on_request(**_HTTP)
def scheduleCampaign(request: https_fn.Request) -> https_fn.Response:
    """Schedules a campaign."""
    return _serve("scheduleCampaign", request)


@https_fn.on_request(**_HTTP)
def changeSchedule(request: https_fn.Request) -> https_fn.Response:
    """Pauses, resumes, removes or runs a schedule."""
    return _serve("changeSchedule", request)


@https_fn.on_request(**_HTTP)
def processLead(request: https_fn.Request) -> https_fn.Response:
    """Enriches and triages one lead."""
    return _serve("processLead", request)


@https_fn.on_request(**_HTTP)
def queueEmail(request: https_fn.Request) -> https_fn.Response:
    """Queues one mail."""
    return _serve("queueEmail", request)


@https_fn.on_request(**_HTTP)
def changeEmail(request: https_fn.Request) -> https_fn.Response:
    """Holds, releases, cancels or retries a mail."""
    return _serve("changeEmail", request)


@https_fn.on_request(**_HTTP)
def explainEmail(request: https_fn.Request) -> https_fn.Response:
    """Says why a mail has not left."""
    return _serve("explainEmail", request)


@https_fn.on_request(**_HTTP)
def resolveCaptcha(request: https_fn.Request) -> https_fn.Response:
    """Receives what a person found behind a CAPTCHA."""
    return _serve("resolveCaptcha", request)


@https_fn.on_request(**_HTTP)
def claimCaptcha(request: https_fn.Request) -> https_fn.Response:
    """Gives an operator a lead behind a CAPTCHA."""
    return _serve("claimCaptcha", request)


@https_fn.on_request(**_HTTP)
def releaseCaptcha(request: https_fn.Request) -> https_fn.Response:
    """Takes a lead back unsolved."""
    return _serve("releaseCaptcha", request)


@https_fn.on_request(**_HTTP)
def undoCaptcha(request: https_fn.Request) -> https_fn.Response:
    """Takes a report on a CAPTCHA back."""
    return _serve("undoCaptcha", request)


@https_fn.on_request(**_HTTP)
def getTemplates(request: https_fn.Request) -> https_fn.Response:
    """Answers with the templates."""
    return _serve("getTemplates", request)


@https_fn.on_request(**_HTTP)
def saveTemplate(request: https_fn.Request) -> https_fn.Response:
    """Saves a template."""
    return _serve("saveTemplate", request)


@https_fn.on_request(**_HTTP)
def setSequence(request: https_fn.Request) -> https_fn.Response:
    """Says what follows a template's mail."""
    return _serve("setSequence", request)


@https_fn.on_request(**_HTTP)
def archiveTemplate(request: https_fn.Request) -> https_fn.Response:
    """Archives a template."""
    return _serve("archiveTemplate", request)


@https_fn.on_request(**_HTTP)
def previewTemplate(request: https_fn.Request) -> https_fn.Response:
    """Shows the mail a lead would get."""
    return _serve("previewTemplate", request)


@https_fn.on_request(**_HTTP)
def testSend(request: https_fn.Request) -> https_fn.Response:
    """Sends a mail to its author."""
    return _serve("testSend", request)


@https_fn.on_request(**_HTTP)
def authenticateOutlook(request: https_fn.Request) -> https_fn.Response:
    """Begins the sign-in of a mailbox."""
    return _serve("authenticateOutlook", request)


@https_fn.on_request(**_HTTP)
def handleOutlookCallback(request: https_fn.Request) -> https_fn.Response:
    """Completes the sign-in of a mailbox."""
    return _serve("handleOutlookCallback", request)


@https_fn.on_request(**_HTTP)
def authenticateGmail(request: https_fn.Request) -> https_fn.Response:
    """Begins the sign-in of a Gmail mailbox."""
    return _serve("authenticateGmail", request)


@https_fn.on_request(**_HTTP)
def handleGmailCallback(request: https_fn.Request) -> https_fn.Response:
    """Completes the sign-in of a Gmail mailbox."""
    return _serve("handleGmailCallback", request)


@https_fn.on_request(**_HTTP)
def beginDeviceSignIn(request: https_fn.Request) -> https_fn.Response:
    """Begins the sign-in of a mailbox on another device."""
    return _serve("beginDeviceSignIn", request)


@https_fn.on_request(**_HTTP)
def pollDeviceSignIn(request: https_fn.Request) -> https_fn.Response:
    """Asks whether a sign-in on another device is finished."""
    return _serve("pollDeviceSignIn", request)


@https_fn.on_request(**_HTTP)
def addSmtpMailbox(request: https_fn.Request) -> https_fn.Response:
    """Tries an SMTP server and adds the mailbox."""
    return _serve("addSmtpMailbox", request)


@https_fn.on_request(**_HTTP)
def changeMailbox(request: https_fn.Request) -> https_fn.Response:
    """Pauses, resumes, limits, signs out or removes a mailbox."""
    return _serve("changeMailbox", request)


@https_fn.on_request(**_HTTP)
def getConfig(request: https_fn.Request) -> https_fn.Response:
    """Answers with the configuration."""
    return _serve("getConfig", request)


@https_fn.on_request(**_HTTP)
def updateConfig(request: https_fn.Request) -> https_fn.Response:
    """Changes the configuration."""
    return _serve("updateConfig", request)


@https_fn.on_request(**_HTTP)
def testModel(request: https_fn.Request) -> https_fn.Response:
    """Tries the configured models with one call each."""
    return _serve("testModel", request)


@https_fn.on_request(**_HTTP)
def getCities(request: https_fn.Request) -> https_fn.Response:
    """Answers with the cities that can be harvested."""
    return _serve("getCities", request)


@https_fn.on_request(**_HTTP)
def mergeContacts(request: https_fn.Request) -> https_fn.Response:
    """Makes two contacts one."""
    return _serve("mergeContacts", request)


@https_fn.on_request(**_HTTP)
def unmergeContact(request: https_fn.Request) -> https_fn.Response:
    """Undoes a merge."""
    return _serve("unmergeContact", request)


@https_fn.on_request(**_HTTP)
def suppress(request: https_fn.Request) -> https_fn.Response:
    """Adds to the suppression list."""
    return _serve("suppress", request)


@https_fn.on_request(**_HTTP)
def unsuppress(request: https_fn.Request) -> https_fn.Response:
    """Takes one off the suppression list."""
    return _serve("unsuppress", request)


@https_fn.on_request(**_HTTP)
def importSuppressions(request: https_fn.Request) -> https_fn.Response:
    """Adds many to the suppression list."""
    return _serve("importSuppressions", request)


@https_fn.on_request(**_HTTP)
def unsubscribe(request: https_fn.Request) -> https_fn.Response:
    """The opt-out page of the links in our mails; public."""
    from leadgen.api.unsubscribe import unsubscribe as answer

    return answer(request)


@https_fn.on_request(**_HTTP)
def health(request: https_fn.Request) -> https_fn.Response:
    """Says that the backend answers; public, and tells nothing else."""
    return https_fn.Response('{"status": "ok"}', content_type="application/json")


@firestore_fn.on_document_created(document="processorQueue/{requestId}", timeout_sec=540, **_BACKGROUND)
def onRequestCreated(event: firestore_fn.Event[Any]) -> None:
    """A new campaign: harvest. A lost event is made up for by the sweep; Firestore triggers are not retried."""
    _harvest(event.params["requestId"])


@pubsub_fn.on_message_published(topic="harvest-step", retry=True, timeout_sec=540, **_BACKGROUND)
def onHarvestStep(event: pubsub_fn.CloudEvent[Any]) -> None:
    """A batch was processed, or the sweep found a campaign that stands still: harvest on."""
    message = _message(event, "requestId")
    if message is not None:
        _harvest(message["requestId"])


@pubsub_fn.on_message_published(topic="posts-harvested", retry=True, timeout_sec=440, **_BACKGROUND)
def onPostsHarvested(event: pubsub_fn.CloudEvent[Any]) -> None:
    """A batch of posts: process it."""
    from leadgen.pipeline.batches import process_batch
    from leadgen.pipeline.context import Context

    message = _message(event, "requestId", "batch")
    if message is not None:
        process_batch(Context.from_environment(), message["requestId"], message["batch"])


@scheduler_fn.on_schedule(schedule="every 1 minutes", timeout_sec=120, **{**_BACKGROUND, "max_instances": 1})
def emailTick(event: scheduler_fn.ScheduledEvent) -> None:
    """Mail that is due leaves; the answers that were lost are looked for."""
    from leadgen.pipeline.context import Context
    from leadgen.pipeline.mailing import send_due

    send_due(Context.from_environment())


@scheduler_fn.on_schedule(schedule="every 5 minutes", timeout_sec=300, **{**_BACKGROUND, "max_instances": 1})
def inboxTick(event: scheduler_fn.ScheduledEvent) -> None:
    """Mailboxes are read: replies, bounces and wishes not to be written to."""
    from leadgen.pipeline.context import Context
    from leadgen.pipeline.inbox import check_inboxes

    check_inboxes(Context.from_environment())


@scheduler_fn.on_schedule(schedule="every 1 minutes", timeout_sec=300, **{**_BACKGROUND, "max_instances": 1})
def sweepTick(event: scheduler_fn.ScheduledEvent) -> None:
    """Scheduled campaigns start; whatever an event lost is picked up; leads that wait for the model get their turn."""
    from leadgen.pipeline.context import Context
    from leadgen.pipeline.sweep import sweep

    sweep(Context.from_environment())


def _harvest(request_id: str) -> None:
    from leadgen.pipeline.context import Context
    from leadgen.pipeline.harvesting import harvest

    harvest(Context.from_environment(), request_id)


def _message(event: pubsub_fn.CloudEvent[Any], *fields: str) -> dict[str, Any] | None:
    """The message, if it is one of ours. A malformed one is dropped: retrying it for a day would not mend it."""
    try:
        data = event.data.message.json
    except ValueError:
        data = None
    if not isinstance(data, dict) or any(field not in data for field in fields):
        log.error("a message without %s was dropped", " and ".join(fields))
        return None
    return data
