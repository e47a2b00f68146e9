"""The documents as they are stored.

Field names and meanings are those of the migration plan; what was added says why.
"""

from __future__ import annotations

from leadgen.model.documents.base import Document
from leadgen.model.documents.campaigns import Activity, Batch, Counts, Post, ProcessorRequest
from leadgen.model.documents.hosts import Host, HostAnswer, ListingPage
from leadgen.model.documents.identity import CancelledMail, ContactMerge, IndexSegment
from leadgen.model.documents.leads import Alternative, Contact, LeadData, PossibleDuplicate, Provenance
from leadgen.model.documents.mail import EmailJob, Suppression, Template

__all__ = [
    "Activity",
    "Alternative",
    "Batch",
    "CancelledMail",
    "Contact",
    "ContactMerge",
    "Counts",
    "Document",
    "EmailJob",
    "Host",
    "HostAnswer",
    "IndexSegment",
    "LeadData",
    "ListingPage",
    "PossibleDuplicate",
    "Post",
    "ProcessorRequest",
    "Provenance",
    "Suppression",
    "Template",
]
