"""Reading a mailbox through the Gmail API, by its history.

Sources: developers.google.com/workspace/gmail/api/guides/sync (list, then history.list from a historyId; 404 when it is
too old: list again), …/reference/rest/v1/users.messages (format raw is base64url; threadId, labelIds, internalDate).
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

from leadgen.mail.inbox.incoming import Incoming, read_incoming
from leadgen.mail.inbox.provider import Listed, Page, Stale, Unreadable
from leadgen.mail.providers.base import Refused, Unreachable
from leadgen.mail.providers.bearer import json_object
from leadgen.mail.providers.gmail import GmailProvider

_PAGE = "100"
_MISSING = frozenset({httpx.codes.NOT_FOUND})


class GmailInbox:
    """A mailbox behind the Gmail API, as `Inbox`: all of its labels are one folder.

    A place is ``list/<seconds>/<history id>/<page>`` while what came in since a moment is listed, and
    ``history/<history id>/<page>`` after that.

    Args:
        provider: makes the calls.
    """

    folders: tuple[str, ...] = ("all",)

    def __init__(self, provider: GmailProvider) -> None:
        self._provider = provider

    def close(self) -> None:
        """Give the connections back."""
        self._provider.close()

    def page(self, folder: str, place: str, since: datetime) -> Page:
        """The next messages; see `Inbox.page`."""
        if not place:
            # The history's id is taken before listing, so that nothing falls between the two.
            profile = json_object(self._provider.get("profile"), "Gmail")
            place = f"list/{int(since.timestamp())}/{profile.get('historyId')}/"
        kind, _, rest = place.partition("/")
        return self._listing(rest) if kind == "list" else self._history(rest)

    def _listing(self, rest: str) -> Page:
        after, _, more = rest.partition("/")
        history, _, token = more.partition("/")
        wanted = {"q": f"after:{after}", "includeSpamTrash": "true", "maxResults": _PAGE}
        body = json_object(self._provider.get("messages", params=_with(wanted, token)), "Gmail")
        following = str(body.get("nextPageToken") or "")
        place = f"list/{after}/{history}/{following}" if following else f"history/{history}/"
        return Page([_listed(one) for one in _items(body, "messages")], place, not following)

    def _history(self, rest: str) -> Page:
        start, _, token = rest.partition("/")
        wanted = {"startHistoryId": start, "historyTypes": "messageAdded", "maxResults": _PAGE}
        answer = self._provider.get("history", params=_with(wanted, token), passing=_MISSING)
        if answer.is_error:
            raise Stale("Gmail forgot the place in the mailbox's history")
        body = json_object(answer, "Gmail")
        added = [
            one.get("message") for entry in _items(body, "history", "id") for one in entry.get("messagesAdded") or []
        ]
        found = {str(one["id"]): one for one in added if isinstance(one, dict) and one.get("id")}
        following = str(body.get("nextPageToken") or "")
        place = f"history/{start}/{following}" if following else f"history/{body.get('historyId') or start}/"
        return Page([_listed(one) for one in found.values()], place, not following)

    def fetch(self, message: Listed) -> Incoming | None:
        """The message as it came; see `Inbox.fetch`."""
        path = f"messages/{quote(message.id, safe='')}"
        try:
            answer = self._provider.get(path, params={"format": "raw"}, passing=_MISSING)
        except Refused as error:
            raise Unreadable(str(error)) from error
        if answer.is_error:
            return None
        body = json_object(answer, "Gmail")
        try:
            raw = base64.urlsafe_b64decode(str(body["raw"]) + "==")
        except (KeyError, ValueError, binascii.Error) as error:
            raise Unreadable("Gmail's answer lacks the mail") from error
        return read_incoming(
            raw,
            received_at=_moment(body),
            key=message.id,
            conversation=str(body.get("threadId") or ""),
            labels=frozenset(str(one) for one in body.get("labelIds") or []),
        )

    def sent_in(self, conversation: str) -> list[str]:
        """See `Inbox.sent_in`."""
        wanted = {"format": "metadata", "metadataHeaders": "Message-ID"}
        answer = self._provider.get(f"threads/{quote(conversation, safe='')}", params=wanted, passing=_MISSING)
        messages = [] if answer.is_error else _items(json_object(answer, "Gmail"), "messages")
        sent = [one for one in messages if "SENT" in (one.get("labelIds") or [])]
        named = [header for one in sent for header in (one.get("payload") or {}).get("headers") or []]
        return [
            str(header.get("value")) for header in reversed(named) if str(header.get("name")).lower() == "message-id"
        ]


def _with(wanted: dict[str, str], token: str) -> dict[str, str]:
    return {**wanted, "pageToken": token} if token else wanted


def _items(body: dict[str, Any], name: str, key: str = "id") -> list[dict[str, Any]]:
    found = body.get(name) or []
    if not isinstance(found, list):
        raise Unreachable(f"Gmail's answer has no list of {name}")
    return [one for one in found if isinstance(one, dict) and one.get(key)]


def _listed(item: dict[str, Any]) -> Listed:
    labels = item.get("labelIds") or []
    return Listed(
        id=str(item["id"]),
        received_at=None,
        conversation=str(item.get("threadId") or ""),
        is_sent="SENT" in labels,
        is_draft="DRAFT" in labels or "CHAT" in labels,
    )


def _moment(body: dict[str, Any]) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(body["internalDate"]) / 1000, UTC)
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
