"""The stand-in as one application."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable

from aiohttp import web

from local.gmail import api, login, reading
from local.gmail.state import STATE, GoogleError, State

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_ROOT = "/gmail/v1/users/me"


@web.middleware
async def _say_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except GoogleError as error:
        return error.response()


@web.middleware
async def _inject_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    fault = request.app[STATE].hit(request.method, request.path)
    if fault is None:
        return await handler(request)
    if fault.after_effect:
        with contextlib.suppress(GoogleError):
            await handler(request)
    if fault.drop:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)
    raise GoogleError(fault.status, fault.reason, fault.message, fault.headers)


def build_app(state: State) -> web.Application:
    """The application."""
    app = web.Application(middlewares=[_say_errors, _inject_faults])
    app[STATE] = state
    app.router.add_get("/o/oauth2/v2/auth", login.authorize)
    app.router.add_post("/token", login.token)
    app.router.add_post("/revoke", login.revoke)
    app.router.add_post(f"{_ROOT}/drafts", api.create_draft)
    app.router.add_get(f"{_ROOT}/drafts", api.list_drafts)
    app.router.add_post(f"{_ROOT}/drafts/send", api.send_draft)
    app.router.add_get(_ROOT + "/drafts/{id}", api.get_draft)
    app.router.add_delete(_ROOT + "/drafts/{id}", api.delete_draft)
    app.router.add_get(f"{_ROOT}/profile", reading.profile)
    app.router.add_get(f"{_ROOT}/history", reading.list_history)
    app.router.add_get(f"{_ROOT}/messages", api.list_messages)
    app.router.add_get(_ROOT + "/messages/{id}", api.get_message)
    app.router.add_get(_ROOT + "/threads/{id}", api.get_thread)
    return app
