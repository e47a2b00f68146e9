"""The one Firestore client of a process, and the names of the collections."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.cloud.firestore import Client, CollectionReference, DocumentReference

RPC_TIMEOUT_S = 20.0
"""No call to Firestore may hang longer than this."""


@lru_cache(maxsize=4)
def _client(project: str, emulator: str) -> Client:
    from google.cloud.firestore import Client

    return Client(project=project)


def firestore_client() -> Client:
    """The client for `GOOGLE_CLOUD_PROJECT`; talks to the emulator when `FIRESTORE_EMULATOR_HOST` is set."""
    project = os.environ.get("GOOGLE_CLOUD_PROJECT") or os.environ.get("GCLOUD_PROJECT", "")
    if not project:
        raise RuntimeError("GOOGLE_CLOUD_PROJECT is not set: name the Firebase project to use")
    return _client(project, os.environ.get("FIRESTORE_EMULATOR_HOST", ""))


class Collections:
    """Where each kind of document lives.

    Args:
        db: the Firestore client.
    """

    def __init__(self, db: Client) -> None:
        self.db = db

    def _collection(self, name: str) -> CollectionReference:
        return self.db.collection(name)

    @property
    def requests(self) -> CollectionReference:
        """Campaigns."""
        return self._collection("processorQueue")

    def batches(self, request_id: str) -> CollectionReference:
        """Batches of a campaign's harvested posts."""
        return self.requests.document(request_id).collection("batches")

    @property
    def schedules(self) -> CollectionReference:
        """Campaigns to be started later."""
        return self._collection("schedules")

    @property
    def posts(self) -> CollectionReference:
        """Claims on post URLs."""
        return self._collection("posts")

    @property
    def hosts(self) -> CollectionReference:
        """What all workers share about the hosts they read; no client reads it."""
        return self._collection("hosts")

    @property
    def contacts(self) -> CollectionReference:
        """Leads."""
        return self._collection("contacts")

    @property
    def identity_index(self) -> CollectionReference:
        """The log of who has which phone, email, picture and post; no client reads it."""
        return self._collection("identityIndex")

    @property
    def contact_merges(self) -> CollectionReference:
        """Contacts that became one, and how to undo it."""
        return self._collection("contactMerges")

    @property
    def suppressions(self) -> CollectionReference:
        """Emails, phones and domains never to be written to."""
        return self._collection("suppressions")

    @property
    def operators(self) -> CollectionReference:
        """What each operator has done with CAPTCHAs."""
        return self._collection("operators")

    @property
    def templates(self) -> CollectionReference:
        """Email templates."""
        return self._collection("templates")

    @property
    def emails(self) -> CollectionReference:
        """Mails waiting, sent or failed."""
        return self._collection("emailQueue")

    @property
    def sending(self) -> DocumentReference:
        """Who sends mail at the moment; no client reads it."""
        return self._collection("sending").document("agent")

    @property
    def activity(self) -> CollectionReference:
        """What happened, for the operator to read."""
        return self._collection("activity")

    @property
    def settings(self) -> DocumentReference:
        """The configuration."""
        return self._collection("config").document("settings")

    @property
    def settings_history(self) -> CollectionReference:
        """Earlier revisions of the configuration."""
        return self.settings.collection("history")

    @property
    def governor(self) -> DocumentReference:
        """The LLM Governor's log and limit."""
        return self._collection("governor").document("llm")

    @property
    def llm_usage(self) -> CollectionReference:
        """What model calls used on days that are over."""
        return self._collection("llmUsage")

    @property
    def llm_cache(self) -> CollectionReference:
        """What models answered, by what was asked; no client reads it."""
        return self._collection("llmCache")

    @property
    def mailboxes(self) -> CollectionReference:
        """Pacing state and connection state of each sending account; readable by the console."""
        return self._collection("mailboxes")

    @property
    def mail_drafts(self) -> CollectionReference:
        """Mails that are handed to SMTP servers, which keep no drafts; no client reads it."""
        return self._collection("mailDrafts")

    @property
    def inboxes(self) -> CollectionReference:
        """Up to where each mailbox was read; no client reads it."""
        return self._collection("inboxes")

    @property
    def inbox_events(self) -> CollectionReference:
        """What came in and concerns us; readable by the console."""
        return self._collection("inboxEvents")

    @property
    def oauth_flows(self) -> CollectionReference:
        """Sign-ins under way; never readable by a client."""
        return self._collection("oauthFlows")

    @property
    def token_vault(self) -> CollectionReference:
        """Encrypted token caches; never readable by a client."""
        return self._collection("tokenVault")
