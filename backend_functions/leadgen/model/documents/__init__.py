"""The documents as they are stored.

Field names and meanings are those of the migration plan; what was added says why.
"""

from __future__ import annotations

from leadgen.model.documents.base import Document
from leadgen.model.documents.campaigns import Activity, Batch, Counts, Post, ProcessorRequest
from leadgen.model.documents.hosts import Host, HostAnswer, ListingPage
from leadgen.model.documents.identity import CancelledMail, ContactMerge, IndexSegment
from leadgen.model.documents.leads import Alternative, Contact, LeadData, PossibleDuplicate, Provenance
from leadgen.model.documents.mail import (
    EmailJob,
    FollowUp,
    InboxEvent,
    InboxState,
    Mailbox,
    ProviderName,
    Suppression,
    Template,
    TemplateVersion,
)
from leadgen.model.documents.review import CaptchaReport, Operator, Review

__all__ = [
    "Activity",
    "Alternative",
    "Batch",
    "CancelledMail",
    "CaptchaReport",
    "Contact",
    "ContactMerge",
    "Counts",
    "Document",
    "EmailJob",
    "FollowUp",
    "Host",
    "HostAnswer",
    "InboxEvent",
    "InboxState",
    "IndexSegment",
    "LeadData",
    "ListingPage",
    "Mailbox",
    "Operator",
    "PossibleDuplicate",
    "Post",
    "ProcessorRequest",
    "Provenance",
    "ProviderName",
    "Review",
    "Suppression",
    "Template",
    "TemplateVersion",
]
