"""Graph's collections: messages of the mailbox or of a folder, changes of a folder, the folders themselves.

Source: learn.microsoft.com/graph/api/user-list-messages and …/message-delta
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web

from local.microsoft.access import GRAPH_ROOT, account_of, preference, wants_immutable_ids
from local.microsoft.accounts import Account
from local.microsoft.delta import Cursor
from local.microsoft.errors import GraphError, bad_request
from local.microsoft.mailstore import FOLDERS, Message, find_folder, folder_id
from local.microsoft.messages import PROPERTIES, shape, wire
from local.microsoft.odata import parse_expand, parse_filter, parse_order, read_number, sort_key
from local.microsoft.state import origin_of, state_of

PAGE_SIZE, MAX_PAGE_SIZE = 10, 1000


def context_of(request: web.Request, account: Account, what: str) -> str:
    """The `@odata.context` of an answer about an account's mailbox."""
    return f"{origin_of(request)}{GRAPH_ROOT}/$metadata#users('{account.object_id}')/{what}"


async def list_messages(request: web.Request) -> web.Response:
    """GET /me/messages and /me/mailFolders/{folder}/messages"""
    account, query = account_of(request), request.query
    if "$search" in query:
        raise GraphError(501, "NotImplemented", "$search is not supported here; use $filter.")
    size = read_number(query, "$top", PAGE_SIZE, 1, MAX_PAGE_SIZE)
    skip = read_number(query, "$skip", 0, 0, 10**9 - 1)
    key = request.match_info.get("folder")
    folder = find_folder(account.address, key) if key else None
    passes = parse_filter(query["$filter"], PROPERTIES) if "$filter" in query else None
    expands, select = parse_expand(query.get("$expand", "")), query.get("$select")
    stored = sorted(state_of(request).mail.messages(account.address, folder), key=lambda m: -m.number)
    items = [wire(message, wants_immutable_ids(request)) for message in stored]
    items = [item for item in items if passes is None or passes(item)]
    for path, descending in reversed(parse_order(query.get("$orderby", "receivedDateTime desc"), PROPERTIES)):
        items.sort(key=sort_key(path), reverse=descending)
    names = select.split(",") if select else None
    what = f"mailFolders('{quote(key, safe='')}')/messages" if key else "messages"
    answer: dict[str, Any] = {"@odata.context": context_of(request, account, what)}
    if query.get("$count", "").lower() == "true":
        answer["@odata.count"] = len(items)
    answer["value"] = [shape(item, names, expands) for item in items[skip : skip + size]]
    if skip + size < len(items):
        options = {**query, "$top": str(size), "$skip": str(skip + size)}
        answer["@odata.nextLink"] = f"{origin_of(request)}{request.path}?{urlencode(options, safe='$')}"
    return web.json_response(answer)


async def delta(request: web.Request) -> web.Response:
    """GET /me/mailFolders/{folder}/messages/delta"""
    state, account, query = state_of(request), account_of(request), request.query
    folder = find_folder(account.address, request.match_info["folder"])
    token = query.get("$deltatoken") or query.get("$skiptoken")
    if token:
        cursor = state.delta.load(token, account.address, folder)
    else:
        options = {name: query[name] for name in ("$select", "$filter", "$expand") if name in query}
        cursor = Cursor(account.address, folder, 0, True, options)
        if not options.get("$filter", "receivedDateTime").startswith("receivedDateTime"):
            text = "Only receivedDateTime can be filtered on with change tracking."
            raise bad_request(text, "ErrorInvalidUrlQuery")
    size = _delta_page_size(request)
    page = state.delta.page(cursor, size)
    value = [_delta_entry(request, entry, cursor.options) for entry in page.entries]
    kind, name = ("deltaLink", "$deltatoken") if page.complete else ("nextLink", "$skiptoken")
    link = f"{origin_of(request)}{request.path}?{name}={state.delta.save(page.next)}"
    context = f"{origin_of(request)}{GRAPH_ROOT}/$metadata#Collection(message)"
    shown = [entry for entry in value if entry is not None]
    return web.json_response({"@odata.context": context, f"@odata.{kind}": link, "value": shown})


def _delta_page_size(request: web.Request) -> int:
    asked = preference(request, "odata.maxpagesize")
    if asked is not None and asked.isdigit() and int(asked) >= 1:
        return min(int(asked), MAX_PAGE_SIZE)
    return read_number(request.query, "$top", PAGE_SIZE, 1, MAX_PAGE_SIZE)


def _delta_entry(
    request: web.Request, entry: Message | tuple[str, str], options: dict[str, str]
) -> dict[str, Any] | None:
    immutable = wants_immutable_ids(request)
    if isinstance(entry, tuple):
        gone = entry[0] if immutable else entry[1]
        return {"@odata.type": "#microsoft.graph.message", "id": gone, "@removed": {"reason": "deleted"}}
    item = wire(entry, immutable)
    if "$filter" in options and not parse_filter(options["$filter"], PROPERTIES)(item):
        return None
    select = options.get("$select")
    shaped = shape(item, select.split(",") if select else None, parse_expand(options.get("$expand", "")))
    return {"@odata.type": "#microsoft.graph.message", **shaped}


def _folder(request: web.Request, name: str) -> dict[str, Any]:
    account = account_of(request)
    total, unread = state_of(request).mail.counts(account.address, name)
    return {
        "id": folder_id(account.address, name),
        "displayName": FOLDERS[name],
        "parentFolderId": folder_id(account.address, "msgfolderroot"),
        "childFolderCount": 0,
        "unreadItemCount": unread,
        "totalItemCount": total,
        "sizeInBytes": 0,
        "isHidden": False,
    }


async def list_folders(request: web.Request) -> web.Response:
    """GET /me/mailFolders"""
    size = read_number(request.query, "$top", PAGE_SIZE, 1, MAX_PAGE_SIZE)
    value = [_folder(request, name) for name in FOLDERS][:size]
    return web.json_response(
        {"@odata.context": context_of(request, account_of(request), "mailFolders"), "value": value}
    )


async def get_folder(request: web.Request) -> web.Response:
    """GET /me/mailFolders/{folder}"""
    name = find_folder(account_of(request).address, request.match_info["folder"])
    context = context_of(request, account_of(request), "mailFolders/$entity")
    return web.json_response({"@odata.context": context, **_folder(request, name)})
