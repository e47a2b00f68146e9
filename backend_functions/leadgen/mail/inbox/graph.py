"""Reading a mailbox through Microsoft Graph, by delta queries.

Sources: learn.microsoft.com/graph/delta-query-messages ($filter takes receivedDateTime ge alone, and then gives 5,000
messages at most; a round may be left off at a nextLink), graph/api/message-get ($value: the mail as MIME),
graph/delta-query-overview (410: start over).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from leadgen.mail.inbox.incoming import Incoming, read_incoming
from leadgen.mail.inbox.provider import Listed, Page, Stale, Unreadable
from leadgen.mail.providers.base import Refused, Unreachable
from leadgen.mail.providers.bearer import json_object
from leadgen.mail.providers.graph import GraphProvider

_SELECT = "id,receivedDateTime,conversationId,isDraft"
_PAGE = 50
_IN_THREAD = 20
_GONE = frozenset({httpx.codes.GONE})
_MISSING = frozenset({httpx.codes.NOT_FOUND, httpx.codes.GONE})
_FORGOTTEN = frozenset({"syncStateNotFound", "SyncStateNotFound", "resyncRequired", "ErrorInvalidSyncStateData"})


class GraphInbox:
    """A mailbox behind Microsoft Graph, as `Inbox`.

    Args:
        provider: makes the calls.
        base_url: Graph's root; nothing but what lies below it is asked for with the mailbox's token.
    """

    folders: tuple[str, ...] = ("inbox", "junkemail", "sentitems")

    def __init__(self, provider: GraphProvider, base_url: str) -> None:
        self._provider = provider
        self._base = base_url.rstrip("/") + "/"

    def close(self) -> None:
        """Give the connections back."""
        self._provider.close()

    def page(self, folder: str, place: str, since: datetime) -> Page:
        """The next messages; see `Inbox.page`."""
        path = place or _beginning(folder, since)
        prefer = {"Prefer": f'IdType="ImmutableId", odata.maxpagesize={_PAGE}'}
        answer = self._provider.get(path, headers=prefer, passing=_GONE | {httpx.codes.BAD_REQUEST})
        if answer.status_code == httpx.codes.GONE or (answer.is_error and _code(answer) in _FORGOTTEN):
            raise Stale(f"Graph forgot the place in {folder}")
        if answer.is_error:
            raise Refused(f"Graph refused to list {folder}: {answer.status_code} {_code(answer)}")
        body = json_object(answer, "Graph")
        last, more = body.get("@odata.deltaLink"), body.get("@odata.nextLink")
        link = last or more
        if not isinstance(link, str):
            raise Unreachable("Graph's answer lacks the link to go on from")
        items = [item for item in body.get("value", []) if isinstance(item, dict) and "@removed" not in item]
        return Page([_listed(item, folder) for item in items if item.get("id")], self._relative(link), bool(last))

    def _relative(self, link: str) -> str:
        if not link.startswith(self._base):
            raise Refused("Graph named a place outside of itself")  # the token must not go there
        return link[len(self._base) :]

    def fetch(self, message: Listed) -> Incoming | None:
        """The message as MIME; see `Inbox.fetch`."""
        path = f"me/messages/{quote(message.id, safe='')}"
        try:
            answer = self._provider.get(f"{path}/$value", passing=_MISSING)
        except Refused:
            return self._from_json(path, message)  # Exchange can't make MIME of everything it holds
        if answer.is_error:
            return None
        return read_incoming(
            answer.content, received_at=message.received_at, key=message.id, conversation=message.conversation
        )

    def _from_json(self, path: str, message: Listed) -> Incoming | None:
        wanted = {"$select": "subject,from,internetMessageId,internetMessageHeaders,body"}
        try:
            answer = self._provider.get(path, params=wanted, passing=_MISSING)
        except Refused as error:
            raise Unreadable(str(error)) from error
        if answer.is_error:
            return None
        raw = _as_mail(json_object(answer, "Graph"))
        return read_incoming(raw, received_at=message.received_at, key=message.id, conversation=message.conversation)

    def sent_in(self, conversation: str) -> list[str]:
        """See `Inbox.sent_in`."""
        value = conversation.replace("'", "''")
        wanted = {"$filter": f"conversationId eq '{value}'", "$select": "internetMessageId", "$top": str(_IN_THREAD)}
        answer = self._provider.get("me/mailFolders/sentitems/messages", params=wanted)
        found = json_object(answer, "Graph").get("value", [])
        return [
            str(one["internetMessageId"]) for one in found if isinstance(one, dict) and one.get("internetMessageId")
        ]


def _beginning(folder: str, since: datetime) -> str:
    options = {
        "$select": _SELECT,
        "$filter": f"receivedDateTime ge {since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "changeType": "created",
    }
    return f"me/mailFolders/{folder}/messages/delta?{urlencode(options, safe='$:,')}"


def _listed(item: dict[str, Any], folder: str) -> Listed:
    return Listed(
        id=str(item["id"]),
        received_at=_moment(item.get("receivedDateTime")),
        conversation=str(item.get("conversationId") or ""),
        is_sent=folder == "sentitems",
        is_draft=bool(item.get("isDraft")),
    )


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""


def _as_mail(item: dict[str, Any]) -> bytes:
    """A mail as far as Graph's JSON tells it."""
    headers = [(str(one.get("name")), str(one.get("value"))) for one in item.get("internetMessageHeaders") or []]
    lines = [f"{name}: {' '.join(value.split())}" for name, value in headers if not name.lower().startswith("content-")]
    named = {name.lower() for name, _ in headers}
    sender = ((item.get("from") or {}).get("emailAddress") or {}).get("address") or ""
    for name, value in (
        ("Subject", item.get("subject")),
        ("From", sender),
        ("Message-ID", item.get("internetMessageId")),
    ):
        if name.lower() not in named and value:
            lines.append(f"{name}: {' '.join(str(value).split())}")
    body = item.get("body") or {}
    kind = "html" if str(body.get("contentType", "")).lower() == "html" else "plain"
    lines += [f"Content-Type: text/{kind}; charset=utf-8", "Content-Transfer-Encoding: 8bit", ""]
    return "\n".join([*lines, str(body.get("content") or "")]).encode("utf-8", "replace")
