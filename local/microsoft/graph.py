"""Microsoft Graph v1.0, mail of the signed-in user: its addresses, and all that is done to single messages.

Source: learn.microsoft.com/graph/api/resources/mail-api-overview
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from aiohttp import web

from local.microsoft.access import GRAPH_ROOT, account_of, wants_immutable_ids
from local.microsoft.errors import GraphError, bad_request
from local.microsoft.folders import context_of, delta, get_folder, list_folders, list_messages
from local.microsoft.mailstore import Message, destination
from local.microsoft.messages import check_sendable, read_message, shape, wire
from local.microsoft.mime import decode_base64, from_mime
from local.microsoft.odata import parse_expand
from local.microsoft.state import origin_of, state_of


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise bad_request("Unable to read JSON request payload. Please ensure Content-Type header is set.") from None
    if not isinstance(body, dict):
        raise bad_request("Empty Payload. JSON content expected.")
    return body


async def _given_message(request: web.Request) -> dict[str, Any]:
    """The message of a request body: JSON, or MIME in base64 as text/plain."""
    if request.content_type != "text/plain":
        return read_message(await _json(request))
    data = decode_base64(await request.read())
    if not data:
        raise bad_request("Invalid base64 string for MIME content.", "ErrorMimeContentInvalidBase64String")
    return from_mime(data)


def _entity(request: web.Request, message: Message, *, status: int = 200) -> web.Response:
    select = request.query.get("$select")
    expands = parse_expand(request.query.get("$expand", ""))
    item = shape(wire(message, wants_immutable_ids(request)), select.split(",") if select else None, expands)
    headers = {"ETag": item["@odata.etag"]}
    if status == 201:
        headers["Location"] = f"{origin_of(request)}{GRAPH_ROOT}/me/messages/{quote(item['id'], safe='')}"
    context = context_of(request, account_of(request), "messages/$entity")
    return web.json_response({"@odata.context": context, **item}, status=status, headers=headers)


def _message(request: web.Request) -> Message:
    return state_of(request).mail.find(account_of(request).address, request.match_info["id"])


async def me(request: web.Request) -> web.Response:
    """GET /me"""
    account = account_of(request)
    given, _, family = account.name.partition(" ")
    profile: dict[str, Any] = {
        "@odata.context": f"{origin_of(request)}{GRAPH_ROOT}/$metadata#users/$entity",
        "id": account.object_id,
        "displayName": account.name,
        "givenName": given,
        "surname": family,
        "mail": account.address,
        "userPrincipalName": account.principal,
        "businessPhones": [],
        "jobTitle": None,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": "en-US",
    }
    select = request.query.get("$select")
    wanted = {"@odata.context", "id", *select.split(",")} if select else set(profile)
    return web.json_response({key: value for key, value in profile.items() if key in wanted})


async def create_message(request: web.Request) -> web.Response:
    """POST /me/messages: a new draft."""
    message = state_of(request).mail.create_draft(account_of(request), await _given_message(request))
    return _entity(request, message, status=201)


async def get_message(request: web.Request) -> web.Response:
    """GET /me/messages/{id}"""
    return _entity(request, _message(request))


async def get_mime(request: web.Request) -> web.Response:
    """GET /me/messages/{id}/$value: the message as MIME."""
    return web.Response(body=state_of(request).mail.mime(_message(request)), content_type="text/plain")


async def update_message(request: web.Request) -> web.Response:
    """PATCH /me/messages/{id}"""
    given, message = await _json(request), _message(request)
    changes = read_message(given, draft=message.content["isDraft"], creating=False)
    return _entity(request, state_of(request).mail.update(message, changes))


async def delete_message(request: web.Request) -> web.Response:
    """DELETE /me/messages/{id}"""
    state_of(request).mail.delete(_message(request))
    return web.Response(status=204)


async def move_message(request: web.Request) -> web.Response:
    """POST /me/messages/{id}/move"""
    body, message = await _json(request), _message(request)
    folder = destination(message.mailbox, body)
    return _entity(request, state_of(request).mail.move(message, folder), status=201)


def _send(request: web.Request, message: Message, *, keep_copy: bool = True) -> web.Response:
    state, account = state_of(request), account_of(request)
    state.mail.check_draft(message)
    check_sendable(message.content, account.address)
    state.limits.check_message(account.address)
    state.mail.send(account, message, keep_copy=keep_copy)
    return web.Response(status=202)


async def send_message(request: web.Request) -> web.Response:
    """POST /me/messages/{id}/send: a second time is 404, see `MailStore.send`."""
    return _send(request, _message(request))


def _create_and_send(request: web.Request, given: dict[str, Any], *, keep_copy: bool = True) -> web.Response:
    """Send without leaving a draft behind when the message is refused."""
    state = state_of(request)
    with state.database.transaction():
        message = state.mail.create_draft(account_of(request), given)
        return _send(request, message, keep_copy=keep_copy)


async def send_mail(request: web.Request) -> web.Response:
    """POST /me/sendMail"""
    if request.content_type == "text/plain":
        return _create_and_send(request, await _given_message(request))
    body = {key.lower(): value for key, value in (await _json(request)).items()}
    if "message" not in body:
        raise bad_request("The Message parameter is missing.", "ErrorInvalidRequest")
    keep_copy = body.get("savetosentitems", True) not in (False, "false")
    return _create_and_send(request, read_message(body["message"]), keep_copy=keep_copy)


async def _reply_draft(request: web.Request) -> dict[str, Any]:
    body = await _json(request) if request.can_read_body else {}
    content = _message(request).content
    quoted = content.get("body") or {"contentType": "text", "content": ""}
    subject = content.get("subject") or ""
    given = read_message(body.get("message") or {})
    comment = str(body.get("comment") or "")
    references = f"{content.get('References', '')} {content['internetMessageId']}".strip()
    return {
        "subject": subject if subject.lower().startswith("re:") else f"RE: {subject}",
        "toRecipients": content.get("replyTo") or [content["from"]],
        "body": {
            "contentType": "text",
            "content": f"{comment}\n\n________________________________\n{quoted['content']}",
        }
        if quoted["contentType"] == "text"
        else {"contentType": "html", "content": f"<p>{_escaped(comment)}</p><hr>{quoted['content']}"},
        "In-Reply-To": content["internetMessageId"],
        "References": references,
        "conversationId": content["conversationId"],
        **given,
    }


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


async def create_reply(request: web.Request) -> web.Response:
    """POST /me/messages/{id}/createReply"""
    message = state_of(request).mail.create_draft(account_of(request), await _reply_draft(request))
    return _entity(request, message, status=201)


async def reply(request: web.Request) -> web.Response:
    """POST /me/messages/{id}/reply"""
    return _create_and_send(request, await _reply_draft(request))


async def userinfo(request: web.Request) -> web.Response:
    """GET /oidc/userinfo (OpenID Connect Core, 5.3)"""
    _, _, token = request.headers.get("Authorization", "").partition(" ")
    held = state_of(request).tokens.holder(token.strip())
    if held is None:
        raise GraphError(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
    return web.json_response({"sub": held[0].object_id, "name": held[0].name, "email": held[0].address})


def _owned(handler: Any) -> Any:
    """A handler under /users/{user}: a token opens its own mailbox alone."""

    async def checked(request: web.Request) -> web.StreamResponse:
        if state_of(request).directory.find(request.match_info["user"]) != account_of(request):
            raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        response: web.StreamResponse = await handler(request)
        return response

    return checked


def add_routes(app: web.Application) -> None:
    """Put Graph's addresses into an application."""
    routes: list[tuple[str, str, Any]] = [
        ("GET", "", me),
        ("GET", "/messages", list_messages),
        ("POST", "/messages", create_message),
        ("GET", "/messages/{id}", get_message),
        ("PATCH", "/messages/{id}", update_message),
        ("DELETE", "/messages/{id}", delete_message),
        ("GET", "/messages/{id}/$value", get_mime),
        ("POST", "/messages/{id}/move", move_message),
        ("POST", "/messages/{id}/send", send_message),
        ("POST", "/messages/{id}/createReply", create_reply),
        ("POST", "/messages/{id}/reply", reply),
        ("POST", "/sendMail", send_mail),
        ("GET", "/mailFolders", list_folders),
        ("GET", "/mailFolders/{folder}", get_folder),
        ("GET", "/mailFolders/{folder}/messages", list_messages),
        ("GET", "/mailFolders/{folder}/messages/delta", delta),
        ("GET", "/mailFolders/{folder}/messages/{id}", get_message),
    ]
    for method, path, handler in routes:
        app.router.add_route(method, f"{GRAPH_ROOT}/me{path}", handler)
        app.router.add_route(method, f"{GRAPH_ROOT}/users/{{user}}{path}", _owned(handler))
    app.router.add_get("/oidc/userinfo", userinfo)
