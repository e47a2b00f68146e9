"""Sending through the Gmail API, for Gmail and Google Workspace.

Sources: developers.google.com/workspace/gmail/api/reference/rest/v1/users.drafts, …/users.messages, …/users.threads,
…/guides/drafts ("when sent, the draft is automatically deleted and a new message with an updated ID is created"),
…/guides/handle-errors, …/reference/quota (15,000 units a minute and person; drafts.create takes 10, drafts.send 100).

A sent draft is gone, so it can't be asked whether it was sent. What stays is the thread, which is new for every mail,
and the Message-ID, which follows from the job: both are looked at.
"""

from __future__ import annotations

import base64
import re
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx

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
from leadgen.mail.providers.mime import Sender, as_mime, message_id
from leadgen.mail.providers.retry_after import retry_after
from leadgen.store.clock import Clock

_LIMIT_REASONS = frozenset(
    {"rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded", "quotaExceeded", "RATE_LIMIT_EXCEEDED"}
)
_UNTIL = re.compile(r"Retry after (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)")
_LOOKED_AT = 10


class GmailProvider(BearerReader):
    """One mailbox behind the Gmail API. A mail's immutable id is `draft id/thread id`.

    Args:
        token: where access tokens come from; raises `NotSignedIn` when only its owner can help.
        base_url: https://gmail.googleapis.com.
        sender: whom mails are from.
        clock: the present moment.
        ca_file: a further certificate authority to trust (PEM), or empty.
        timeout_s: how long a call may take.
    """

    per_minute = 60
    _service = "Gmail"

    def __init__(
        self,
        token: TokenSource,
        base_url: str,
        sender: Sender,
        clock: Clock,
        *,
        ca_file: str = "",
        timeout_s: float = 30.0,
    ) -> None:
        self.call_timeout_s = timeout_s
        self._sender = sender
        self._clock = clock
        self._client = BearerClient(
            token, f"{base_url.rstrip('/')}/gmail/v1/users/me", ca_file=ca_file, timeout_s=timeout_s
        )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def create_draft(self, message: Message, job_id: str) -> Draft:
        """Make a draft; see `MailProvider.create_draft`."""
        raw = base64.urlsafe_b64encode(as_mime(message, job_id, self._sender, self._clock.now())).decode()
        answer = self._read("POST", "drafts", json={"message": {"raw": raw}})
        return self._draft(json_object(answer, "Gmail"), message_id(job_id, self._sender))

    def send(self, immutable_id: str) -> None:
        """Send a draft; see `MailProvider.send`."""
        try:
            answer = self._client.request("POST", "drafts/send", json={"id": _draft_id(immutable_id)})
        except NEVER_SENT as error:
            raise Unreachable(f"Gmail can't be reached ({type(error).__name__})") from error
        except httpx.HTTPError as error:
            raise OutcomeUnknown(f"the answer to the send was lost ({type(error).__name__})") from error
        if answer.status_code == httpx.codes.OK:
            return
        self._raise_common(answer)
        if answer.status_code >= 500 or answer.is_redirect or answer.is_success or answer.status_code in {404, 408}:
            named = "Retry-After" in answer.headers
            until = retry_after(answer.headers["Retry-After"], self._clock.now()) if named else None
            raise OutcomeUnknown(f"Gmail answered the send with {_words(answer)}", until)
        raise Refused(f"Gmail refused the send: {_words(answer)}")

    def look(self, immutable_id: str) -> Draft:
        """Ask about a mail; see `MailProvider.look`."""
        draft, _, thread = immutable_id.partition("/")
        answer = self._read("GET", f"drafts/{quote(draft, safe='')}", params={"format": "minimal"}, missing_ok=True)
        if answer.status_code != httpx.codes.NOT_FOUND:
            return Draft(immutable_id, "", DraftState.DRAFT)
        answer = self._read("GET", f"threads/{quote(thread, safe='')}", params={"format": "minimal"}, missing_ok=True)
        messages = [] if answer.status_code == httpx.codes.NOT_FOUND else json_object(answer, "Gmail").get("messages")
        sent = any("SENT" in one.get("labelIds", []) for one in messages or [])
        return Draft(immutable_id, "", DraftState.SENT if sent else DraftState.MISSING)

    def find_by_job(self, job_id: str) -> Draft | None:
        """Find the mail of a job by its Message-ID; see `MailProvider.find_by_job`."""
        name = message_id(job_id, self._sender)
        search = {"q": f"rfc822msgid:{name[1:-1]}", "maxResults": str(_LOOKED_AT)}
        for listed in self._listed("messages", search):
            answer = self._read("GET", f"messages/{listed['id']}", params={"format": "minimal"}, missing_ok=True)
            if answer.is_success and "SENT" in json_object(answer, "Gmail").get("labelIds", []):
                return Draft(f"/{listed.get('threadId', '')}", name, DraftState.SENT)
        drafts = self._listed("drafts", search)
        return self._draft(drafts[0], name) if drafts else None

    def discard(self, immutable_id: str) -> None:
        """Delete a draft; see `MailProvider.discard`."""
        self._read("DELETE", f"drafts/{quote(_draft_id(immutable_id), safe='')}", missing_ok=True)

    def _listed(self, kind: str, search: dict[str, str]) -> list[dict[str, Any]]:
        found = json_object(self._read("GET", kind, params=search), "Gmail").get(kind) or []
        return [one for one in found if isinstance(one, dict) and isinstance(one.get("id"), str)]

    def _draft(self, item: dict[str, Any], name: str) -> Draft:
        thread = (item.get("message") or {}).get("threadId")
        if not isinstance(item.get("id"), str) or not isinstance(thread, str):
            raise Unreachable("Gmail's answer lacks the draft's id or thread")
        return Draft(f"{item['id']}/{thread}", name)

    def _raise_reading(self, answer: httpx.Response) -> None:
        self._raise_common(answer)

    def _words(self, answer: httpx.Response) -> str:
        return _words(answer)

    def _raise_common(self, answer: httpx.Response) -> None:
        """What Google means by 401, 403 and 429 (…/guides/handle-errors): limits come as either of the last two."""
        status, reasons = answer.status_code, _reasons(answer)
        if status == httpx.codes.TOO_MANY_REQUESTS or (status == httpx.codes.FORBIDDEN and reasons & _LIMIT_REASONS):
            raise Throttled(f"Gmail asks to slow down: {_words(answer)}", self._until(answer))
        if status == httpx.codes.UNAUTHORIZED:
            raise SignInNeeded("Gmail accepts the mailbox's tokens no longer")
        if status == httpx.codes.FORBIDDEN or (status == httpx.codes.BAD_REQUEST and "failedPrecondition" in reasons):
            # The permission, the domain's policy, or a Google account without Gmail: not about one mail.
            raise SignInNeeded(f"Gmail does not let this mailbox send: {_words(answer)}")

    def _until(self, answer: httpx.Response) -> datetime:
        """The end of the wait: Gmail names it in the error's text, sometimes in a header."""
        named = _UNTIL.search(answer.text[:4000])
        now = self._clock.now()
        if "Retry-After" in answer.headers or named is None:
            return retry_after(answer.headers.get("Retry-After"), now)
        return max(now, datetime.fromisoformat(named[1].replace("Z", "+00:00")))


def _draft_id(immutable_id: str) -> str:
    return immutable_id.partition("/")[0]


def _error(answer: httpx.Response) -> dict[str, Any]:
    try:
        error = answer.json()["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}


def _reasons(answer: httpx.Response) -> set[str]:
    error = _error(answer)
    listed = error.get("errors")
    reasons = {str(one.get("reason")) for one in listed if isinstance(one, dict)} if isinstance(listed, list) else set()
    return reasons | {str(error.get("status"))}


def _words(answer: httpx.Response) -> str:
    """Status and error; of the message only one short line, for it may repeat what was sent."""
    message = _error(answer).get("message", "")
    return one_line(f"{answer.status_code} {message}", 200)
