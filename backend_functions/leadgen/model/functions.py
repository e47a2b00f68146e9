"""Every function that is deployed, with what starts it: what the console expects to find."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Function:
    """A Cloud Function.

    Args:
        name: its name.
        kind: what starts it: ``http``, ``pubsub``, ``firestore`` or ``schedule``.
    """

    name: str
    kind: str


_HTTP = (
    "triggerHarvest",
    "cancelCampaign",
    "scheduleCampaign",
    "changeSchedule",
    "processLead",
    "queueEmail",
    "changeEmail",
    "explainEmail",
    "resolveCaptcha",
    "claimCaptcha",
    "releaseCaptcha",
    "undoCaptcha",
    "getTemplates",
    "saveTemplate",
    "archiveTemplate",
    "setSequence",
    "previewTemplate",
    "testSend",
    "authenticateOutlook",
    "handleOutlookCallback",
    "authenticateGmail",
    "handleGmailCallback",
    "beginDeviceSignIn",
    "pollDeviceSignIn",
    "addSmtpMailbox",
    "changeMailbox",
    "getConfig",
    "updateConfig",
    "testModel",
    "getCities",
    "mergeContacts",
    "unmergeContact",
    "suppress",
    "unsuppress",
    "importSuppressions",
    "unsubscribe",
    "health",
)

FUNCTIONS = (
    *(Function(name, "http") for name in _HTTP),
    Function("onRequestCreated", "firestore"),
    Function("onHarvestStep", "pubsub"),
    Function("onPostsHarvested", "pubsub"),
    Function("emailTick", "schedule"),
    Function("inboxTick", "schedule"),
    Function("sweepTick", "schedule"),
)
