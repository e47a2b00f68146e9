"""Google's OAuth 2.0 endpoints. Source: developers.google.com/identity/protocols/oauth2/native-app"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from aiohttp import web

from local.gmail.state import STATE, Person, State

_NEEDED = ("client_id", "redirect_uri", "response_type", "scope")


def consent(state: State, auth_url: str, account: str, *, scope: str | None = None) -> dict[str, str]:
    """What a person's click on "Allow" does: the parameters that come back to the redirect address.

    Args:
        state: the stand-in.
        auth_url: the address the browser was sent to.
        account: whom they sign in as.
        scope: what they grant, if not all that was asked for (they may untick boxes).

    Raises:
        ValueError: Google would have shown an error page.
    """
    asked = dict(parse_qsl(urlsplit(auth_url).query))
    missing = [name for name in _NEEDED if not asked.get(name)]
    if missing or asked["response_type"] != "code" or asked["client_id"] != state.client_id:
        raise ValueError(f"invalid_request: {missing or asked['client_id']}")
    if urlsplit(asked["redirect_uri"]).hostname not in {"localhost", "127.0.0.1"}:
        raise ValueError("redirect_uri_mismatch")
    code = f"4/{secrets.token_urlsafe(24)}"
    offline = asked.get("access_type") == "offline" and "consent" in asked.get("prompt", "").split()
    granted = scope or asked["scope"]
    state.codes[code] = {**asked, "account": account, "offline": offline, "scope": granted}
    return {"code": code, "scope": granted, **({"state": asked["state"]} if "state" in asked else {})}


async def authorize(request: web.Request) -> web.Response:
    """GET /o/oauth2/v2/auth: a page with one button for each person."""
    state = request.app[STATE]
    chosen = request.query.get("account", "")
    if not chosen:
        links = "".join(
            f"<p><a href='?{urlencode([*request.query.items(), ('account', p.address)])}'>{p.name}</a>"
            for p in state.people
        )
        return web.Response(text=f"<!doctype html><h1>Choose an account</h1>{links}", content_type="text/html")
    try:
        answer = consent(state, str(request.url), chosen)
    except ValueError as error:
        return web.Response(status=400, text=str(error))
    raise web.HTTPFound(f"{request.query['redirect_uri']}?{urlencode(answer)}")


def _refuse(error: str, status: int = 400) -> web.Response:
    return web.json_response({"error": error, "error_description": "Bad Request"}, status=status)


async def token(request: web.Request) -> web.Response:
    """POST /token"""
    state = request.app[STATE]
    form = {key: str(value) for key, value in (await request.post()).items()}
    if form.get("client_id") != state.client_id or form.get("client_secret") != state.client_secret:
        return _refuse("invalid_client", 401)
    if form.get("grant_type") == "authorization_code":
        facts = state.codes.pop(form.get("code", ""), None)
        if facts is None or facts["redirect_uri"] != form.get("redirect_uri") or not _proves(facts, form):
            return _refuse("invalid_grant")
        return _issue(request, state, facts, fresh=True)
    if form.get("grant_type") == "refresh_token":
        used = form.get("refresh_token", "")
        facts = state.refresh.pop(used, None) if state.rotate_refresh_tokens else state.refresh.get(used)
        if facts is None:
            return _refuse("invalid_grant")
        return _issue(request, state, facts, fresh=state.rotate_refresh_tokens)
    return _refuse("unsupported_grant_type")


def _proves(facts: dict[str, Any], form: dict[str, str]) -> bool:
    """PKCE (RFC 7636 §4.6)."""
    if not facts.get("code_challenge"):
        return True
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=") == str(facts["code_challenge"])


def _issue(request: web.Request, state: State, facts: dict[str, Any], *, fresh: bool) -> web.Response:
    access, now = f"ya29.{secrets.token_urlsafe(24)}", state.clock()
    state.access[access] = {**facts, "expires": now + state.access_lifetime}
    answer = {
        "access_token": access,
        "expires_in": int(state.access_lifetime),
        "scope": facts["scope"],
        "token_type": "Bearer",
    }
    if fresh and facts["offline"]:
        refresh = f"1//{secrets.token_urlsafe(24)}"
        state.refresh[refresh] = facts
        answer["refresh_token"] = refresh
    if "openid" in facts["scope"].split():
        person = next((p for p in state.people if p.address == facts["account"]), Person(facts["account"], ""))
        claims = {
            "iss": f"{request.scheme}://{request.host}",
            "aud": facts["client_id"],
            "sub": hashlib.sha256(person.address.encode()).hexdigest()[:21],
            "email": person.address,
            "email_verified": True,
            "name": person.name,
            "nonce": facts.get("nonce"),
            "iat": int(now),
            "exp": int(now) + 3600,
        }
        answer["id_token"] = ".".join(
            base64.urlsafe_b64encode(part).decode().rstrip("=")
            for part in (b'{"alg":"RS256"}', json.dumps(claims).encode(), b"signature")
        )
    return web.json_response(answer, headers={"Cache-Control": "no-store"})


async def revoke(request: web.Request) -> web.Response:
    """POST /revoke: ends the grant a token belongs to."""
    state = request.app[STATE]
    form = await request.post()
    facts = state.refresh.pop(str(form.get("token", "")), None)
    if facts is None:
        return _refuse("invalid_token")
    state.access = {name: one for name, one in state.access.items() if one["account"] != facts["account"]}
    return web.json_response({})
