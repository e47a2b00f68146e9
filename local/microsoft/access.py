"""Who calls Graph, what the token allows, and the middlewares every request passes."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable

from aiohttp import web

from local.microsoft import faults
from local.microsoft.accounts import Account
from local.microsoft.errors import REQUEST_ID, GraphError, LoginError, unauthorized
from local.microsoft.state import origin_of, state_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
GRAPH_ROOT = "/v1.0"
ACCOUNT = web.RequestKey("account", Account)
_READ = frozenset({"Mail.Read", "Mail.ReadWrite"})
_WRITE = frozenset({"Mail.ReadWrite"})
_SEND = frozenset({"Mail.Send"})


def is_graph(path: str) -> bool:
    return path == GRAPH_ROOT or path.startswith(GRAPH_ROOT + "/")


def account_of(request: web.Request) -> Account:
    """The account whose token came with a Graph request."""
    return request[ACCOUNT]


def _needed_scopes(method: str, path: str) -> frozenset[str]:
    """The delegated permissions any one of which suffices (each API page's table, least privileged first)."""
    if path.endswith(("/send", "/sendMail", "/reply")):
        return _SEND
    if "/messages" in path or "/mailFolders" in path:
        return _READ if method == "GET" else _WRITE
    return frozenset()


def _authenticate(request: web.Request) -> Account:
    """Check the bearer token. Raises GraphError (401, 403)."""
    origin = origin_of(request)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthorized(origin, "Access token is empty.")
    held = state_of(request).tokens.holder(token.strip())
    if held is None:
        raise unauthorized(origin, "Access token has expired or is not yet valid.")
    account, scopes = held
    needed = _needed_scopes(request.method, request.path)
    if needed and not needed & scopes:
        raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    return account


@web.middleware
async def say_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every answer its ids and every error the shape of the protocol it belongs to."""
    state = state_of(request)
    request[REQUEST_ID] = str(uuid.uuid4())
    correlation_id = request.headers.get("client-request-id", request[REQUEST_ID])
    try:
        response = await handler(request)
    except GraphError as error:
        response = error.response(request, state.now())
    except LoginError as error:
        body = error.body(state.now(), correlation_id, origin_of(request))
        response = web.json_response(body, status=error.status, headers=error.headers)
    except web.HTTPNotFound:
        if not is_graph(request.path):
            raise
        text = f"Resource not found for the segment '{request.path.rpartition('/')[2]}'."
        response = GraphError(400, "BadRequest", text).response(request, state.now())
    except web.HTTPMethodNotAllowed:
        if not is_graph(request.path):
            raise
        text = "The OData request is not supported."
        response = GraphError(405, "UnsupportedMethod", text).response(request, state.now())
    response.headers["request-id"] = request[REQUEST_ID]
    response.headers["client-request-id"] = correlation_id
    return response


@web.middleware
async def guard_graph(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Check token and limits of a Graph request; say which preference was applied."""
    if not is_graph(request.path):
        return await handler(request)
    account = _authenticate(request)
    request[ACCOUNT] = account
    with state_of(request).limits.request(account.address):
        response = await handler(request)
    if wants_immutable_ids(request) and response.status < 300:
        response.headers["Preference-Applied"] = 'IdType="ImmutableId"'
    return response


@web.middleware
async def inject_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request go wrong when a rule says so; the control addresses never do."""
    if request.path.startswith("/_standin"):
        return await handler(request)
    state = state_of(request)
    active = state.faults.hit(request.method, request.path)
    if active is None:
        return await handler(request)
    form, origin = state.knobs.current.retry_after_form, origin_of(request)
    return await faults.apply(active, request, handler, now=state.now(), form=form, origin=origin)


def preference(request: web.Request, name: str) -> str | None:
    """The value of one preference (RFC 7240), without quotes."""
    for part in ",".join(request.headers.getall("Prefer", [])).replace(";", ",").split(","):
        key, _, value = part.partition("=")
        if key.strip().lower() == name.lower():
            return value.strip().strip('"')
    return None


def wants_immutable_ids(request: web.Request) -> bool:
    """Whether the client asked for ids that survive a move (learn.microsoft.com/graph/outlook-immutable-id)."""
    return (preference(request, "IdType") or "").lower() == "immutableid"
