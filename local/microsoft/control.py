"""The stand-in's own addresses under /_standin: consent without a browser, faults, knobs, inspection, reset."""

from __future__ import annotations

import base64
import json
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from local.microsoft.accounts import Account, Client
from local.microsoft.errors import GraphError, LoginError
from local.microsoft.faults import FaultRule
from local.microsoft.login import approve, deny, read_authorization, redirect_address
from local.microsoft.mailstore import find_folder
from local.microsoft.messages import wire
from local.microsoft.mime import from_mime, recipient
from local.microsoft.state import ALSO_FORGET, State, state_of


class Body(BaseModel):
    """A request body: camelCase names, nothing unknown."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class Consent(Body):
    """The click of a person: on an account, or on Cancel. Either for a sign-in address or for a device's code."""

    auth_url: str | None = None
    user_code: str | None = None
    account: str | None = None
    deny: bool = False


class Arrival(Body):
    """A message to put into a folder; with `mime` (the mail as text) the other properties come from there."""

    account: str
    folder: str = "inbox"
    sender: str | dict[str, str] | None = Field(None, alias="from")
    subject: str = ""
    body: str = ""
    content_type: str = Field("text", pattern="^(text|html)$")
    in_reply_to: str | None = None
    headers: dict[str, str] = {}
    mime: str | None = None


class Registration(Body):
    """An application to register."""

    client_id: str = Field(min_length=1)
    secret: str | None = None
    redirect_uris: list[str] = []


class Revocation(Body):
    """Which tokens of an account to make invalid."""

    account: str
    access: bool = True
    refresh: bool = False


B = TypeVar("B", bound=BaseModel)


async def _read(request: web.Request, model: type[B]) -> B:
    try:
        return model.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        raise _refuse(error.errors(include_url=False, include_context=False, include_input=False)) from None


def _refuse(problem: object, status: type[web.HTTPError] = web.HTTPBadRequest) -> web.HTTPError:
    return status(text=json.dumps({"error": problem}), content_type="application/json")


def _account(state: State, key: str | None) -> Account:
    account = state.directory.find(key or "")
    if account is None:
        known = ", ".join(person.address for person in state.directory.accounts)
        raise _refuse(f"account '{key}' is unknown; there are: {known}", web.HTTPNotFound)
    return account


async def consent(request: web.Request) -> web.Response:
    """POST /_standin/consent: what the person's click does; answers where the browser would go."""
    state, wish = state_of(request), await _read(request, Consent)
    if wish.user_code is not None:
        return _consent_device(state, wish)
    if not wish.auth_url:
        raise _refuse("authUrl or userCode is needed")
    try:
        asked = read_authorization(dict(parse_qsl(urlsplit(wish.auth_url).query, keep_blank_values=True)), state)
    except LoginError as error:
        raise _refuse(str(error)) from None
    answer = deny(asked) if wish.deny else approve(asked, _account(state, wish.account or asked.login_hint), state)
    redirect = asked.redirect_uri if asked.response_mode == "form_post" else redirect_address(asked, answer)
    return web.json_response({"redirect": redirect, **answer})


def _consent_device(state: State, wish: Consent) -> web.Response:
    grant = state.grants.find_device(wish.user_code or "")
    if grant is None or grant.facts["status"] != "pending":
        raise _refuse(f"no sign-in waits for the code '{wish.user_code}'", web.HTTPNotFound)
    state.grants.answer_device(grant, None if wish.deny else _account(state, wish.account).address)
    return web.json_response({"userCode": wish.user_code, "status": "declined" if wish.deny else "approved"})


async def accounts(request: web.Request) -> web.Response:
    """GET /_standin/accounts"""
    people = state_of(request).directory.accounts
    return web.json_response(
        [{"address": p.address, "name": p.name, "objectId": p.object_id, "tenantId": p.tenant_id} for p in people]
    )


async def register_client(request: web.Request) -> web.Response:
    """POST /_standin/clients"""
    wish = await _read(request, Registration)
    state_of(request).clients.register(Client(wish.client_id, wish.secret, tuple(wish.redirect_uris)))
    return web.json_response({"clientId": wish.client_id, "confidential": wish.secret is not None}, status=201)


async def revoke(request: web.Request) -> web.Response:
    """POST /_standin/revoke: make an account's tokens invalid, as an administrator can."""
    state, wish = state_of(request), await _read(request, Revocation)
    kinds = (("access",) if wish.access else ()) + (("refresh",) if wish.refresh else ())
    count = state.grants.revoke(_account(state, wish.account).address, kinds) if kinds else 0
    return web.json_response({"revoked": count})


async def knobs(request: web.Request) -> web.Response:
    """GET /_standin/settings shows the knobs, PATCH turns some of them."""
    state = state_of(request)
    if request.method == "PATCH":
        try:
            changes = json.loads(await request.read())
            if not isinstance(changes, dict):
                raise _refuse("a JSON object with the settings to change is needed")
            state.knobs.change(changes)
        except ValidationError as error:
            raise _refuse(error.errors(include_url=False, include_context=False, include_input=False)) from None
        except ValueError:
            raise _refuse("the body is not JSON") from None
    return web.json_response(state.knobs.current.model_dump(by_alias=True))


async def add_faults(request: web.Request) -> web.Response:
    """POST /_standin/faults: one rule or a list of them."""
    try:
        given = json.loads(await request.read())
        rules = [FaultRule.model_validate(rule) for rule in (given if isinstance(given, list) else [given])]
    except ValidationError as error:
        raise _refuse(error.errors(include_url=False, include_context=False, include_input=False)) from None
    except ValueError:
        raise _refuse("the body is not JSON") from None
    added = [state_of(request).faults.add(rule) for rule in rules]
    return web.json_response([rule.shown() for rule in added], status=201)


async def list_faults(request: web.Request) -> web.Response:
    """GET /_standin/faults: the rules, with how many requests each saw and hit."""
    return web.json_response(state_of(request).faults.shown())


async def clear_faults(request: web.Request) -> web.Response:
    """DELETE /_standin/faults and /_standin/faults/{id}"""
    number = request.match_info.get("id")
    return web.json_response({"deleted": state_of(request).faults.clear(int(number) if number else None)})


async def deliveries(request: web.Request) -> web.Response:
    """GET /_standin/deliveries?account=: everything that was really delivered, doubles included."""
    return web.json_response(state_of(request).mail.deliveries.all(request.query.get("account")))


async def put_into_inbox(request: web.Request) -> web.Response:
    """POST /_standin/inbox: a reply, a bounce or anything else arrives."""
    state, wish = state_of(request), await _read(request, Arrival)
    account = _account(state, wish.account)
    try:
        folder = find_folder(account.address, wish.folder)
    except GraphError:
        raise _refuse(f"folder '{wish.folder}' is unknown", web.HTTPNotFound) from None
    message = state.mail.receive(account, _arrived(wish, account), folder)
    return web.json_response({**wire(message, True), "regularId": message.regular_id}, status=201)


def _arrived(wish: Arrival, account: Account) -> dict[str, Any]:
    if wish.mime is not None:
        data = wish.mime.encode("utf-8", "surrogateescape")
        return {
            "from": recipient("unknown@invalid.example"),
            **from_mime(data),
            "rawMime": base64.b64encode(data).decode("ascii"),
        }
    sender = wish.sender or "someone@example.org"
    known = sender if isinstance(sender, dict) else {"address": sender}
    content: dict[str, Any] = {
        "from": recipient(known.get("address", ""), known.get("name")),
        "subject": wish.subject,
        "body": {"contentType": wish.content_type, "content": wish.body},
        "toRecipients": [recipient(account.address, account.name)],
        "internetMessageHeaders": [{"name": name, "value": value} for name, value in wish.headers.items()],
    }
    lowered = {name.lower(): value for name, value in wish.headers.items()}
    answered = wish.in_reply_to or lowered.get("in-reply-to")
    if answered:
        content["In-Reply-To"] = answered
        content["References"] = lowered.get("references", answered)
        if "in-reply-to" not in lowered:
            content["internetMessageHeaders"].append({"name": "In-Reply-To", "value": answered})
    return content


async def reset(request: web.Request) -> web.Response:
    """POST /_standin/reset: forget mail, tokens, registrations, knobs and faults. Certificates and keys stay."""
    state = state_of(request)
    state.database.empty()
    state.mail.deliveries.remove_files()
    state.knobs.reset()
    state.faults.clear()
    for forget in request.app[ALSO_FORGET]:
        forget()
    return web.json_response({"reset": True})


def add_routes(app: web.Application) -> None:
    """Put the control addresses into an application."""
    app.router.add_post("/_standin/consent", consent)
    app.router.add_get("/_standin/accounts", accounts)
    app.router.add_post("/_standin/clients", register_client)
    app.router.add_post("/_standin/revoke", revoke)
    app.router.add_get("/_standin/settings", knobs)
    app.router.add_patch("/_standin/settings", knobs)
    app.router.add_post("/_standin/faults", add_faults)
    app.router.add_get("/_standin/faults", list_faults)
    app.router.add_delete("/_standin/faults", clear_faults)
    app.router.add_delete(r"/_standin/faults/{id:\d+}", clear_faults)
    app.router.add_get("/_standin/deliveries", deliveries)
    app.router.add_post("/_standin/inbox", put_into_inbox)
    app.router.add_post("/_standin/reset", reset)
