"""Sending through Microsoft Graph.

Sources: learn.microsoft.com/graph/api/user-post-messages, message-send, message-get, outlook-immutable-id,
singlevaluelegacyextendedproperty-get, throttling; Exchange Online limits: 30 messages a minute.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx
from pydantic_core import to_json

from leadgen.mail.clean import one_line
from leadgen.mail.providers.base import (
    Draft,
    DraftState,
    Message,
    OutcomeUnknown,
    Refused,
    SignInNeeded,
    Throttled,
    Unreachable,
)
from leadgen.mail.providers.bearer import NEVER_SENT, BearerClient, BearerReader, TokenSource, json_object
from leadgen.mail.providers.retry_after import retry_after
from leadgen.store.clock import Clock

JOB_PROPERTY = "String {8f3c9c1e-6a0b-4d0f-9f57-2f6f0b1e7a44} Name leadgenJobId"
"""Extended property that ties a message to its job. The GUID is leadgen's own property set and never changes."""

_LIST_UNSUBSCRIBE = "String 0x1045"
"""PidTagListUnsubscribe (MS-OXPROPS §2.777): JSON `internetMessageHeaders` takes only names that begin with x-."""

_IN_REPLY_TO = ("String 0x1042", "String 0x1039")
"""PidTagInReplyToId and PidTagInternetReferences (MS-OXPROPS §2.749, §2.753), for the same reason."""

_MAX_LINE = 500
_JSON = {"Content-Type": "application/json"}

_SELECT = "id,isDraft,internetMessageId"


class GraphProvider(BearerReader):
    """One mailbox behind Microsoft Graph.

    Args:
        token: where access tokens come from; raises `NotSignedIn` when only its owner can help.
        base_url: such as https://graph.microsoft.com/v1.0 (national clouds have other hosts).
        clock: the present moment, for Retry-After.
        ca_file: a further certificate authority to trust (PEM), or empty.
        timeout_s: how long a call may take.
    """

    per_minute = 30
    _service = "Graph"

    def __init__(
        self, token: TokenSource, base_url: str, clock: Clock, *, ca_file: str = "", timeout_s: float = 30.0
    ) -> None:
        self.call_timeout_s = timeout_s
        self._clock = clock
        prefer = {"Prefer": 'IdType="ImmutableId"'}
        self._client = BearerClient(token, base_url, headers=prefer, ca_file=ca_file, timeout_s=timeout_s)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def create_draft(self, message: Message, job_id: str) -> Draft:
        """Make a draft; see `MailProvider.create_draft`."""
        answer = self._read("POST", "me/messages", content=draft_json(message, job_id), headers=_JSON)
        return _draft(json_object(answer, "Graph"))

    def send(self, immutable_id: str) -> None:
        """Send a draft; see `MailProvider.send`. 202 is acceptance, even with a Retry-After beside it."""
        try:
            answer = self._client.request("POST", _message(immutable_id) + "/send")
        except NEVER_SENT as error:
            raise Unreachable(f"Graph can't be reached ({type(error).__name__})") from error
        except httpx.HTTPError as error:
            raise OutcomeUnknown(f"the answer to the send was lost ({type(error).__name__})") from error
        if answer.status_code == httpx.codes.ACCEPTED:
            return
        self._raise_common(answer)
        if answer.status_code >= 500 or answer.is_redirect or answer.is_success or answer.status_code in {404, 408}:
            named = "Retry-After" in answer.headers
            until = retry_after(answer.headers["Retry-After"], self._clock.now()) if named else None
            raise OutcomeUnknown(f"Graph answered the send with {_words(answer)}", until)
        raise Refused(f"Graph refused the send: {_words(answer)}")

    def look(self, immutable_id: str) -> Draft:
        """Ask about a mail; see `MailProvider.look`."""
        answer = self._read("GET", _message(immutable_id), params={"$select": _SELECT}, missing_ok=True)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return Draft(immutable_id, "", DraftState.MISSING)
        return _draft(json_object(answer, "Graph"))

    def find_by_job(self, job_id: str) -> Draft | None:
        """Find the mail of a job; see `MailProvider.find_by_job`."""
        value = job_id.replace("'", "''")
        condition = f"singleValueExtendedProperties/Any(ep: ep/id eq '{JOB_PROPERTY}' and ep/value eq '{value}')"
        answer = self._read("GET", "me/messages", params={"$filter": condition, "$select": _SELECT, "$top": "10"})
        found = [_draft(item) for item in json_object(answer, "Graph").get("value", [])]
        return next((draft for draft in found if draft.state is DraftState.SENT), found[0] if found else None)

    def discard(self, immutable_id: str) -> None:
        """Delete a draft; see `MailProvider.discard`."""
        self._read("DELETE", _message(immutable_id), missing_ok=True)

    def _raise_reading(self, answer: httpx.Response) -> None:
        self._raise_common(answer)
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            until = retry_after(answer.headers.get("Retry-After"), self._clock.now())
            raise Throttled(f"Graph is not available: {_words(answer)}", until)

    def _words(self, answer: httpx.Response) -> str:
        return _words(answer)

    def _raise_common(self, answer: httpx.Response) -> None:
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            until = retry_after(answer.headers.get("Retry-After"), self._clock.now())
            raise Throttled(f"Graph asks to slow down: {_words(answer)}", until)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise SignInNeeded("Graph accepts the mailbox's tokens no longer")
        if answer.status_code == httpx.codes.FORBIDDEN:
            # Not about one mail: the permission, the licence or the mailbox itself. It would refuse every other too.
            raise SignInNeeded(f"Graph does not let this mailbox send: {_words(answer)}")


def _message(immutable_id: str) -> str:
    return f"me/messages/{quote(immutable_id, safe='')}"


def _draft(item: dict[str, Any]) -> Draft:
    if not isinstance(item.get("id"), str) or not isinstance(item.get("isDraft"), bool):
        raise Unreachable("Graph's answer lacks id or isDraft")
    state = DraftState.DRAFT if item["isDraft"] else DraftState.SENT
    return Draft(item["id"], str(item.get("internetMessageId") or ""), state)


def draft_json(message: Message, job_id: str) -> bytes:
    """The message as Graph takes it, in JSON.

    Args:
        message: the mail.
        job_id: what the draft can be found by.
    """
    name = one_line(message.to_name, _MAX_LINE)
    recipient = {"address": one_line(message.to, _MAX_LINE)} | ({"name": name} if name else {})
    properties = [{"id": JOB_PROPERTY, "value": job_id}]
    if message.list_unsubscribe:
        properties.append({"id": _LIST_UNSUBSCRIBE, "value": message.list_unsubscribe})
    if message.in_reply_to:
        thread = (message.in_reply_to, message.references or message.in_reply_to)
        properties += [{"id": name, "value": value} for name, value in zip(_IN_REPLY_TO, thread, strict=True)]
    draft = {
        "subject": one_line(message.subject, _MAX_LINE),
        "body": {"contentType": "HTML", "content": message.html},
        "toRecipients": [{"emailAddress": recipient}],
        "singleValueExtendedProperties": properties,
    }
    return to_json(draft)


def _words(answer: httpx.Response) -> str:
    """Status and error code; of the message only one short line, for it may repeat what was sent."""
    try:
        error = answer.json()["error"]
        return one_line(f"{answer.status_code} {error['code']}: {error.get('message', '')}", 200)
    except (ValueError, KeyError, TypeError):
        return str(answer.status_code)
