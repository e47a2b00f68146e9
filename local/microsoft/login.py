"""The Microsoft identity platform, v2.0: discovery, authorize, token, device code, logout.

Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow and …/v2-oauth2-device-code
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from aiohttp import web

from local.microsoft import pages
from local.microsoft.accounts import TENANT_ALIASES, Account
from local.microsoft.errors import LoginError
from local.microsoft.state import State, origin_of, state_of
from local.microsoft.tokens import basic_credentials, check_client, check_verifier

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_FORBIDDEN_SCHEMES = {"", "javascript", "data", "vbscript", "file", "blob"}


@dataclass(frozen=True)
class AuthorizationRequest:
    """A checked authorization request: it is safe to send its answer to `redirect_uri`."""

    client_id: str
    redirect_uri: str
    scope: str
    state: str | None
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str
    prompt: str
    login_hint: str
    response_mode: str


def _required(values: Mapping[str, str], *names: str) -> None:
    for name in names:
        if not values.get(name):
            text = f"The request body must contain the following parameter: '{name}'."
            raise LoginError("invalid_request", 900144, text)


def read_authorization(values: Mapping[str, str], state: State) -> AuthorizationRequest:
    """Check an authorization request. Raises LoginError for what must be shown to the person, not redirected."""
    _required(values, "client_id", "redirect_uri", "response_type", "scope")
    client_id, redirect_uri = values["client_id"], values["redirect_uri"]
    client, parts = state.clients.find(client_id), urlsplit(redirect_uri)
    bad_form = parts.scheme.lower() in _FORBIDDEN_SCHEMES or bool(parts.fragment)
    if bad_form or (client is not None and not client.allows_redirect(redirect_uri)):
        text = (
            f"The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs configured "
            f"for the application '{client_id}'."
        )
        raise LoginError("invalid_request", 50011, text)
    if values["response_type"] != "code":
        text = f"The provided value for the input parameter 'response_type' is not allowed: {values['response_type']}."
        raise LoginError("unsupported_response_type", 700054, text)
    mode, method = values.get("response_mode") or "query", values.get("code_challenge_method") or "plain"
    if mode not in {"query", "form_post"}:
        raise LoginError("invalid_request", 70007, f"'{mode}' is not a supported value of 'response_mode'.")
    if method not in {"S256", "plain"}:
        raise LoginError("invalid_request", 50149, "Invalid Code_Challenge_method parameter.")
    return AuthorizationRequest(
        client_id=client_id,
        redirect_uri=redirect_uri,
        scope=values["scope"],
        state=values.get("state"),
        nonce=values.get("nonce"),
        code_challenge=values.get("code_challenge"),
        code_challenge_method=method,
        prompt=values.get("prompt", ""),
        login_hint=values.get("login_hint", ""),
        response_mode=mode,
    )


def approve(asked: AuthorizationRequest, account: Account, state: State) -> dict[str, str]:
    """What a person's click on an account does: the parameters that go back to the application."""
    facts = {
        "redirect_uri": asked.redirect_uri,
        "scope": asked.scope,
        "nonce": asked.nonce,
        "code_challenge": asked.code_challenge,
        "code_challenge_method": asked.code_challenge_method,
    }
    lifetime = state.knobs.current.code_lifetime
    code = state.grants.add("code", account.address, asked.client_id, facts, lifetime)
    return _with_state({"code": code, "session_state": str(uuid.uuid4())}, asked)


def deny(asked: AuthorizationRequest) -> dict[str, str]:
    """What a click on Cancel does."""
    text = "AADSTS65004: User declined to consent to access the app."
    return _with_state({"error": "access_denied", "error_subcode": "cancel", "error_description": text}, asked)


def _with_state(answer: dict[str, str], asked: AuthorizationRequest) -> dict[str, str]:
    return answer if asked.state is None else {**answer, "state": asked.state}


def redirect_address(asked: AuthorizationRequest, answer: Mapping[str, str]) -> str:
    """The redirect address with the answer in its query."""
    parts = urlsplit(asked.redirect_uri)
    return parts._replace(query=urlencode([*parse_qsl(parts.query, keep_blank_values=True), *answer.items()])).geturl()


def _deliver(asked: AuthorizationRequest, answer: Mapping[str, str]) -> web.Response:
    if asked.response_mode == "form_post":
        return pages.form_post(asked.redirect_uri, answer)
    return web.Response(status=302, headers={"Location": redirect_address(asked, answer), "Cache-Control": "no-store"})


async def discovery(request: web.Request) -> web.Response:
    """OpenID Connect discovery of a tenant."""
    tenant, origin, state = request.match_info["tenant"], origin_of(request), state_of(request)
    users = state.directory.in_tenant(tenant)
    if not users:
        text = f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
        raise LoginError("invalid_tenant", 90002, text)
    # Microsoft leaves the issuer of the shared endpoints as a template; it is each user's own tenant in the token.
    issuer = "{tenantid}" if tenant.lower() in TENANT_ALIASES else users[0].tenant_id
    base = f"{origin}/{tenant}"
    return web.json_response(
        {
            "issuer": f"{origin}/{issuer}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "userinfo_endpoint": f"{origin}/oidc/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "response_modes_supported": ["query", "form_post"],
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["plain", "S256"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid"],
            "cloud_instance_name": "microsoftonline.com",
            "msgraph_host": request.host,
        }
    )


async def keys(request: web.Request) -> web.Response:
    """The keys id tokens are signed with."""
    return web.json_response(state_of(request).tokens.key.jwks())


async def authorize(request: web.Request) -> web.Response:
    """Show the account picker (GET), or take the person's click (POST)."""
    state, tenant = state_of(request), request.match_info["tenant"]
    form = {key: str(value) for key, value in (await request.post()).items()} if request.method == "POST" else {}
    choice, cancelled = form.pop("account", ""), bool(form.pop("cancel", ""))
    values = {**request.query, **form}
    try:
        asked = read_authorization(values, state)
    except LoginError as error:
        return pages.login_error(error)
    if cancelled:
        return _deliver(asked, deny(asked))
    people = state.directory.in_tenant(tenant)
    account = next((person for person in people if person.address.lower() == choice.strip().lower()), None)
    if account is not None:
        return _deliver(asked, approve(asked, account, state))
    if asked.prompt == "none":
        text = "AADSTS50058: A silent sign-in request was sent but no user is signed in."
        return _deliver(asked, _with_state({"error": "login_required", "error_description": text}, asked))
    return pages.account_picker(asked.client_id, asked.scope, people, asked.login_hint, values)


async def token(request: web.Request) -> web.Response:
    """The token endpoint."""
    state = state_of(request)
    form = {key: str(value) for key, value in (await request.post()).items()}
    basic = basic_credentials(request.headers.get("Authorization"))
    if basic:
        form.setdefault("client_id", basic[0])
        form.setdefault("client_secret", basic[1])
    _required(form, "grant_type", "client_id")
    client_id = form["client_id"]
    check_client(state.clients.find(client_id), client_id, form.get("client_secret"))
    exchanges = {"authorization_code": _by_code, "refresh_token": _by_refresh_token, DEVICE_GRANT: _by_device_code}
    exchange = exchanges.get(form["grant_type"])
    if exchange is None:
        text = f"The app requested an unsupported grant type '{form['grant_type']}'."
        raise LoginError("unsupported_grant_type", 70003, text)
    with state.database.transaction():
        address, scope, nonce = exchange(form, state)
        account = state.directory.find(address)
        if account is None:
            raise LoginError("invalid_grant", 50034, f"The user account {address} does not exist in the directory.")
        info = form.get("client_info") == "1"
        answer = state.tokens.issue(account, client_id, scope, origin_of(request), nonce=nonce, client_info=info)
    return web.json_response(answer, headers={"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"})


def _by_code(form: Mapping[str, str], state: State) -> tuple[str, str, str | None]:
    _required(form, "code", "redirect_uri")
    grant = state.grants.find("code", form["code"])
    if grant is None or grant.account is None or grant.client_id != form["client_id"]:
        raise LoginError("invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.")
    if grant.used is not None:
        text = (
            "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing "
            "refresh token."
        )
        raise LoginError("invalid_grant", 54005, text)
    if state.now() >= grant.expires or grant.revoked:
        text = (
            "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive "
            "authorization request for this user and resource."
        )
        raise LoginError("invalid_grant", 70008, text)
    if form["redirect_uri"] != grant.facts["redirect_uri"]:
        text = (
            f"The reply address '{form['redirect_uri']}' does not match the reply address "
            f"'{grant.facts['redirect_uri']}' provided when requesting Authorization code."
        )
        raise LoginError("invalid_client", 500112, text)
    check_verifier(grant.facts, form.get("code_verifier"))
    state.grants.mark_used(grant)
    return grant.account, grant.facts["scope"], grant.facts["nonce"]


def _by_refresh_token(form: Mapping[str, str], state: State) -> tuple[str, str, str | None]:
    _required(form, "refresh_token")
    grant = state.grants.check_refresh(form["refresh_token"], form["client_id"])
    state.grants.mark_used(grant)
    return grant.account or "", form.get("scope") or grant.facts["scope"], None


def _by_device_code(form: Mapping[str, str], state: State) -> tuple[str, str, str | None]:
    _required(form, "device_code")
    grant = state.grants.find("device", form["device_code"])
    if grant is None or grant.client_id != form["client_id"] or grant.used is not None:
        raise LoginError("bad_verification_code", 9002313, "The device code is unknown or was already used.")
    if state.now() >= grant.expires:
        raise LoginError("expired_token", 70019, "Verification code expired.")
    if grant.facts["status"] == "declined":
        raise LoginError("authorization_declined", 65004, "User declined to consent to access the app.")
    if grant.facts["status"] == "pending" or grant.account is None:
        text = "OAuth 2.0 device flow error. Authorization is pending. Continue polling."
        raise LoginError("authorization_pending", 70016, text)
    state.grants.mark_used(grant)
    return grant.account, grant.facts["scope"], None


async def device_code(request: web.Request) -> web.Response:
    """Begin a device sign-in."""
    state = state_of(request)
    form = {key: str(value) for key, value in (await request.post()).items()}
    _required(form, "client_id", "scope")
    code, user_code = state.grants.add_device(form["client_id"], form["scope"])
    address, knobs = f"{origin_of(request)}/devicelogin", state.knobs.current
    return web.json_response(
        {
            "user_code": user_code,
            "device_code": code,
            "verification_uri": address,
            "expires_in": int(knobs.device_code_lifetime),
            "interval": knobs.device_interval,
            "message": (
                f"To sign in, use a web browser to open the page {address} and enter the code {user_code} "
                "to authenticate."
            ),
        }
    )


async def device_login(request: web.Request) -> web.Response:
    """The page on which a person enters a device's code."""
    state = state_of(request)
    if request.method == "GET":
        return pages.device_login(state.directory.accounts, str(request.query.get("code", "")))
    form = await request.post()
    grant = state.grants.find_device(str(form.get("code", "")))
    if grant is None or grant.facts["status"] != "pending" or state.now() >= grant.expires:
        return pages.notice("That code didn't work", "Check the code and try again. Codes expire after a while.", 400)
    account = state.directory.find(str(form.get("account", "")))
    if not form.get("cancel") and account is None:
        return pages.device_login(state.directory.accounts, str(form.get("code", "")))
    state.grants.answer_device(grant, account.address if account and not form.get("cancel") else None)
    return pages.notice("You may close this window", "The application on your device has its answer.")


async def logout(request: web.Request) -> web.Response:
    """Sign out: there is no session to end, so only the way back is left."""
    target = request.query.get("post_logout_redirect_uri", "")
    if urlsplit(target).scheme in {"http", "https"}:
        return web.Response(status=302, headers={"Location": target})
    return pages.notice("You signed out of your account", "It's a good idea to close all browser windows.")


def add_routes(app: web.Application) -> None:
    """Put the login platform's addresses into an application."""
    app.router.add_get("/{tenant}/v2.0/.well-known/openid-configuration", discovery)
    app.router.add_get("/{tenant}/discovery/v2.0/keys", keys)
    app.router.add_get("/{tenant}/oauth2/v2.0/authorize", authorize)
    app.router.add_post("/{tenant}/oauth2/v2.0/authorize", authorize)
    app.router.add_post("/{tenant}/oauth2/v2.0/token", token)
    app.router.add_post("/{tenant}/oauth2/v2.0/devicecode", device_code)
    app.router.add_get("/{tenant}/oauth2/v2.0/logout", logout)
    app.router.add_get("/devicelogin", device_login)
    app.router.add_post("/devicelogin", device_login)
