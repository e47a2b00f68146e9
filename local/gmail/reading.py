"""users.getProfile, users.history and the formats of messages: what keeping up with a mailbox needs.

Source: developers.google.com/workspace/gmail/api/reference/rest/v1/users.history/list, …/users.messages, …/guides/sync
"""

from __future__ import annotations

import base64
from typing import Any

from aiohttp import web

from local.gmail.state import STATE, GoogleError, Message, State

SEARCH = frozenset({"https://mail.google.com/", "https://www.googleapis.com/auth/gmail.modify"})


def caller(request: web.Request, scopes: frozenset[str]) -> str:
    """The account a request's token is for; raises `GoogleError` if it may not do this."""
    state = request.app[STATE]
    held = state.access.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
    if held is None or held["expires"] <= state.clock():
        raise GoogleError(401, "authError", "Request had invalid authentication credentials.")
    if not scopes & set(held["scope"].split()):
        raise GoogleError(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
    return str(held["account"])


def shown(message: Message) -> dict[str, Any]:
    """A message by its ids and labels, as the format `minimal` begins."""
    return {"id": message.id, "threadId": message.thread, "labelIds": list(message.labels)}


def in_format(request: web.Request, message: Message) -> dict[str, Any]:
    """A message in the format that was asked for."""
    wanted = request.query.get("format", "full")
    item = {
        **shown(message),
        "historyId": str(message.history),
        "internalDate": str(int(message.arrived * 1000)),
        "sizeEstimate": len(message.raw),
    }
    if wanted == "raw":
        return {**item, "raw": base64.urlsafe_b64encode(message.raw).decode()}
    if wanted == "minimal":
        return item
    names = {name.lower() for name in request.query.getall("metadataHeaders", [])}
    headers = [{"name": n, "value": str(v)} for n, v in message.mail.items() if not names or n.lower() in names]
    return {**item, "payload": {"mimeType": message.mail.get_content_type(), "headers": headers}}


async def profile(request: web.Request) -> web.Response:
    """GET profile"""
    account, state = caller(request, SEARCH), request.app[STATE]
    mine = [one for one in state.messages.values() if one.account == account]
    return web.json_response(
        {
            "emailAddress": account,
            "messagesTotal": len(mine),
            "threadsTotal": len({one.thread for one in mine}),
            "historyId": str(state.history),
        }
    )


def _slice(request: web.Request, state: State, found: list[Message]) -> tuple[list[Message], dict[str, str]]:
    token = request.query.get("pageToken", "0")
    if not token.isdigit():
        raise GoogleError(400, "invalidArgument", "Invalid pageToken")
    size = min(int(request.query.get("maxResults", "100")), state.page_size)
    start, end = int(token), int(token) + size
    return found[start:end], {"nextPageToken": str(end)} if end < len(found) else {}


def list_after(request: web.Request, account: str) -> web.Response:
    """GET messages?q=after:<seconds>, the newest first; spam and trash only with includeSpamTrash."""
    state = request.app[STATE]
    after = request.query["q"].removeprefix("after:")
    if not after.isdigit():
        raise GoogleError(400, "invalidArgument", "this stand-in takes after: with seconds alone")
    everything = request.query.get("includeSpamTrash") == "true"
    found = [
        one
        for one in reversed(state.messages.values())
        if one.account == account
        and one.arrived >= int(after)
        and (everything or not {"SPAM", "TRASH"} & set(one.labels))
    ]
    page, following = _slice(request, state, found)
    listed = [{"id": one.id, "threadId": one.thread} for one in page]
    return web.json_response(
        {"resultSizeEstimate": len(found), **following, **({"messages": listed} if listed else {})}
    )


async def list_history(request: web.Request) -> web.Response:
    """GET history?startHistoryId=…: what was added after it, in order; 404 if that is too long ago."""
    account, state = caller(request, SEARCH), request.app[STATE]
    start = request.query.get("startHistoryId", "")
    if not start.isdigit():
        raise GoogleError(400, "invalidArgument", "Invalid startHistoryId")
    if int(start) < state.oldest_history or int(start) > state.history:
        raise GoogleError(404, "notFound", "Requested entity was not found.")
    found = [one for one in state.messages.values() if one.account == account and one.history > int(start)]
    page, following = _slice(request, state, found)
    listed = [
        {
            "id": str(one.history),
            "messages": [{"id": one.id, "threadId": one.thread}],
            "messagesAdded": [{"message": shown(one)}],
        }
        for one in page
    ]
    return web.json_response({"historyId": str(state.history), **following, **({"history": listed} if listed else {})})
