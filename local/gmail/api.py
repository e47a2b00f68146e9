"""users.drafts, users.messages and users.threads, as far as sending needs them; what reading needs is `reading`'s.

Source: developers.google.com/workspace/gmail/api/reference/rest
"""

from __future__ import annotations

import base64
import binascii

from aiohttp import web

from local.gmail.reading import SEARCH, caller, in_format, list_after, shown
from local.gmail.state import STATE, GoogleError, Message, State

_WRITE = frozenset(
    {
        "https://mail.google.com/",
        "https://www.googleapis.com/auth/gmail.modify",
        "https://www.googleapis.com/auth/gmail.compose",
    }
)


def _draft_of(state: State, account: str, name: str) -> Message:
    found = state.drafts.get(name)
    if found is None or found.account != account:
        raise GoogleError(404, "notFound", "Requested entity was not found.")
    return found


async def create_draft(request: web.Request) -> web.Response:
    """POST drafts: `{"message": {"raw": base64url of the mail}}`"""
    account, state = caller(request, _WRITE), request.app[STATE]
    try:
        raw = base64.urlsafe_b64decode((await request.json())["message"]["raw"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise GoogleError(400, "invalidArgument", "'raw' RFC822 payload message string required") from None
    message = Message(account, raw, ["DRAFT"])
    name = f"r{int(message.id, 16)}"
    state.drafts[name] = message
    return web.json_response({"id": name, "message": shown(message)})


async def get_draft(request: web.Request) -> web.Response:
    """GET drafts/{id}"""
    account, name = caller(request, _WRITE), request.match_info["id"]
    return web.json_response({"id": name, "message": shown(_draft_of(request.app[STATE], account, name))})


async def delete_draft(request: web.Request) -> web.Response:
    """DELETE drafts/{id}"""
    account, name = caller(request, _WRITE), request.match_info["id"]
    _draft_of(request.app[STATE], account, name)
    del request.app[STATE].drafts[name]
    return web.Response(status=204)


async def send_draft(request: web.Request) -> web.Response:
    """POST drafts/send: the draft goes, a message with a new id and the label SENT comes."""
    account, state = caller(request, _WRITE), request.app[STATE]
    name = str((await request.json()).get("id", ""))
    draft = _draft_of(state, account, name)
    if not draft.mail["To"]:
        raise GoogleError(400, "invalidArgument", "Recipient address required")
    del state.drafts[name]
    sent = Message(account, draft.raw, ["SENT"], thread=draft.thread)
    if not state.keeps_message_id:
        sent.raw = draft.raw.replace(draft.message_id.encode(), b"CAF1@mail.gmail.example")
    state.add(sent)
    state.deliver(sent)
    return web.json_response(shown(sent))


def _found(request: web.Request, account: str, messages: list[Message]) -> list[Message]:
    query = request.query.get("q", "")
    if not query.startswith("rfc822msgid:"):
        raise GoogleError(400, "invalidArgument", "this stand-in searches by rfc822msgid: alone")
    wanted = query.removeprefix("rfc822msgid:").strip("<>")
    return [one for one in messages if one.account == account and one.message_id == wanted]


async def list_messages(request: web.Request) -> web.Response:
    """GET messages?q=rfc822msgid:…; drafts are messages, too. Without a find there is no `messages` at all."""
    account, state = caller(request, SEARCH), request.app[STATE]
    if request.query.get("q", "").startswith("after:"):
        return list_after(request, account)
    found = _found(request, account, [*state.drafts.values(), *state.messages.values()])
    listed = [{"id": one.id, "threadId": one.thread} for one in found]
    return web.json_response({"resultSizeEstimate": len(listed), **({"messages": listed} if listed else {})})


async def list_drafts(request: web.Request) -> web.Response:
    """GET drafts?q=rfc822msgid:…"""
    account, state = caller(request, SEARCH), request.app[STATE]
    found = _found(request, account, list(state.drafts.values()))
    listed = [
        {"id": name, "message": {"id": one.id, "threadId": one.thread}}
        for name, one in state.drafts.items()
        if one in found
    ]
    return web.json_response({"resultSizeEstimate": len(listed), **({"drafts": listed} if listed else {})})


async def get_message(request: web.Request) -> web.Response:
    """GET messages/{id}?format=minimal|metadata|raw"""
    account, state = caller(request, SEARCH), request.app[STATE]
    for one in (*state.messages.values(), *state.drafts.values()):
        if one.id == request.match_info["id"] and one.account == account:
            return web.json_response(in_format(request, one))
    raise GoogleError(404, "notFound", "Requested entity was not found.")


async def get_thread(request: web.Request) -> web.Response:
    """GET threads/{id}"""
    account, state, thread = caller(request, SEARCH), request.app[STATE], request.match_info["id"]
    everything = (*state.messages.values(), *state.drafts.values())
    found = [in_format(request, one) for one in everything if one.thread == thread and one.account == account]
    if not found:
        raise GoogleError(404, "notFound", "Requested entity was not found.")
    return web.json_response({"id": thread, "messages": found})
