"""The Microsoft sign-in stand-in: MSAL works with it unchanged, and its refusals are Microsoft's."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import msal
import pytest
import requests
from cryptography import x509

from local.microsoft.accounts import Client
from local.microsoft.certificate import SERVER_LIFETIME, ensure_certificates
from local.microsoft.settings import Settings
from local.microsoft.testing import Clock, RunningStandin, running_standin

APP, SECRET, BACK = "11111111-2222-3333-4444-555555555555", "s3cret~value", "http://localhost:8400/callback"
SCOPES = ["Mail.ReadWrite", "Mail.Send"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def standin(tmp_path: Path, clock: Clock) -> Iterator[RunningStandin]:
    registered = (Client(APP, SECRET, (BACK,)), Client("public-app"))
    with running_standin(Settings(tmp_path, clients=registered, clock=clock)) as served:
        yield served


@pytest.fixture
def msal_standin(tmp_path: Path) -> Iterator[RunningStandin]:
    """MSAL judges id tokens by the machine's clock, so it gets a stand-in that does too."""
    with running_standin(Settings(tmp_path, clients=(Client(APP, SECRET, (BACK,)),))) as served:
        yield served


def session(standin: RunningStandin) -> requests.Session:
    made = requests.Session()
    made.trust_env, made.verify = False, str(standin.ca_file)
    return made


def confidential(standin: RunningStandin, cache: msal.SerializableTokenCache | None = None, **more: Any) -> Any:
    return msal.ConfidentialClientApplication(
        APP,
        client_credential=more.get("secret", SECRET),
        authority=standin.authority,
        instance_discovery=False,
        http_client=session(standin),
        token_cache=cache,
    )


def code_for(standin: RunningStandin, **more: str) -> str:
    query = {"client_id": "app", "response_type": "code", "redirect_uri": BACK, "scope": "openid Mail.Send", **more}
    return standin.consent(f"{standin.authority}/oauth2/v2.0/authorize?{urlencode(query)}")["code"]


def exchange(standin: RunningStandin, **form: str) -> tuple[int, dict[str, Any]]:
    values = {"grant_type": "authorization_code", "client_id": "app", "redirect_uri": BACK, **form}
    response = standin.http.post("/common/oauth2/v2.0/token", data=values)
    return response.status_code, response.json()


def test_msal_runs_the_whole_code_flow_with_pkce_and_nonce(msal_standin: RunningStandin) -> None:
    app = confidential(msal_standin)
    flow = app.initiate_auth_code_flow(SCOPES, redirect_uri=BACK)
    assert parse_qs(urlsplit(flow["auth_uri"]).query)["code_challenge_method"] == ["S256"]
    answer = msal_standin.consent(flow["auth_uri"], "grace@contoso.example")
    assert answer["redirect"].startswith(BACK + "?")
    tokens = app.acquire_token_by_auth_code_flow(flow, {"code": answer["code"], "state": answer["state"]})
    assert tokens["id_token_claims"]["preferred_username"] == "grace@contoso.example"
    assert tokens["id_token_claims"]["name"] == "Grace Hopper"
    assert set(SCOPES) <= set(tokens["scope"].split())
    (account,) = app.get_accounts()
    assert account["username"] == "grace@contoso.example"
    claims = tokens["id_token_claims"]
    assert account["home_account_id"] == f"{claims['oid']}.{claims['tid']}"


def test_msal_refreshes_from_a_saved_cache_and_gets_a_new_refresh_token(msal_standin: RunningStandin) -> None:
    cache = msal.SerializableTokenCache()
    app = confidential(msal_standin, cache)
    flow = app.initiate_auth_code_flow(SCOPES, redirect_uri=BACK)
    first = app.acquire_token_by_auth_code_flow(flow, msal_standin.consent(flow["auth_uri"]))

    restored = msal.SerializableTokenCache()
    restored.deserialize(cache.serialize())
    later = confidential(msal_standin, restored)
    (account,) = later.get_accounts()
    assert later.acquire_token_silent(SCOPES, account)["access_token"] == first["access_token"]
    fresh = later.acquire_token_silent(SCOPES, account, force_refresh=True)
    assert fresh["access_token"] != first["access_token"]
    secrets = [token["secret"] for token in restored.search("RefreshToken")]
    assert secrets != [token["secret"] for token in cache.search("RefreshToken")]
    me = msal_standin.http.get("/v1.0/me", headers={"Authorization": f"Bearer {fresh['access_token']}"})
    assert me.json()["mail"] == "ada@contoso.example"


def test_msal_device_flow(msal_standin: RunningStandin) -> None:
    app = msal.PublicClientApplication(
        "public", authority=msal_standin.authority, instance_discovery=False, http_client=session(msal_standin)
    )
    flow = app.initiate_device_flow(SCOPES)
    assert flow["user_code"] in flow["message"]
    assert flow["interval"] == 5
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "client_id": "public",
        "device_code": flow["device_code"],
    }
    pending = msal_standin.http.post("/common/oauth2/v2.0/token", data=form)
    assert (pending.status_code, pending.json()["error"]) == (400, "authorization_pending")
    msal_standin.control("POST", "consent", {"userCode": flow["user_code"], "account": "ada@contoso.example"})
    tokens = app.acquire_token_by_device_flow(flow)
    assert tokens["id_token_claims"]["preferred_username"] == "ada@contoso.example"
    assert msal_standin.http.post("/common/oauth2/v2.0/token", data=form).json()["error"] == "bad_verification_code"


def test_declined_and_expired_device_codes(standin: RunningStandin, clock: Clock) -> None:
    def begin() -> tuple[str, dict[str, str]]:
        asked = standin.http.post("/common/oauth2/v2.0/devicecode", data={"client_id": "app", "scope": "Mail.Send"})
        grant = "urn:ietf:params:oauth:grant-type:device_code"
        return asked.json()["user_code"], {"grant_type": grant, "device_code": asked.json()["device_code"]}

    user_code, form = begin()
    standin.control("POST", "consent", {"userCode": user_code, "deny": True})
    assert exchange(standin, **form)[1]["error"] == "authorization_declined"
    _, form = begin()
    clock.advance(900)
    assert exchange(standin, **form)[1]["error"] == "expired_token"


def test_a_person_signs_in_through_the_page(standin: RunningStandin) -> None:
    query = {"client_id": APP, "response_type": "code", "redirect_uri": BACK, "scope": "Mail.Send", "state": "s t&"}
    address = f"/common/oauth2/v2.0/authorize?{urlencode(query)}"
    page = standin.http.get(address)
    assert page.status_code == 200
    assert "Ada Lovelace" in page.text
    assert "Send mail as you" in page.text
    chosen = standin.http.post(address, data={"account": "ada@contoso.example"})
    answer = parse_qs(urlsplit(chosen.headers["Location"]).query)
    assert chosen.status_code == 302
    assert answer["state"] == ["s t&"]
    assert answer["code"]
    assert answer["session_state"]
    cancelled = standin.http.post(address, data={"cancel": "1"})
    refused = parse_qs(urlsplit(cancelled.headers["Location"]).query)
    assert refused["error"] == ["access_denied"]
    assert "declined" in refused["error_description"][0]


def test_refusal_without_a_browser(standin: RunningStandin) -> None:
    query = {"client_id": "app", "response_type": "code", "redirect_uri": BACK, "scope": "Mail.Send", "state": "x"}
    url = f"{standin.authority}/oauth2/v2.0/authorize?{urlencode(query)}"
    answer = standin.control("POST", "consent", {"authUrl": url, "deny": True})
    assert answer["error"] == "access_denied"
    assert answer["state"] == "x"
    assert "code" not in answer
    assert answer["redirect"].startswith(BACK + "?error=access_denied")


def test_form_post_answers_with_a_form(standin: RunningStandin) -> None:
    query = {
        "client_id": "app",
        "response_type": "code",
        "redirect_uri": BACK,
        "scope": "x",
        "response_mode": "form_post",
    }
    address = f"/common/oauth2/v2.0/authorize?{urlencode(query)}"
    page = standin.http.post(address, data={"account": "ada@contoso.example"})
    assert f'action="{BACK}"' in page.text
    assert 'name="code"' in page.text


def test_silent_sign_in_is_refused_without_a_session(standin: RunningStandin) -> None:
    query = {"client_id": "app", "response_type": "code", "redirect_uri": BACK, "scope": "x", "prompt": "none"}
    answer = standin.http.get(f"/common/oauth2/v2.0/authorize?{urlencode(query)}")
    assert "error=login_required" in answer.headers["Location"]


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({"redirect_uri": "http://localhost:8400/elsewhere"}, 50011),
        ({"redirect_uri": "javascript:alert(1)"}, 50011),
        ({"response_type": "token"}, 700054),
        ({"scope": ""}, 900144),
    ],
)
def test_a_wrong_request_is_shown_and_never_redirected(
    standin: RunningStandin, changed: dict[str, str], number: int
) -> None:
    query = {"client_id": APP, "response_type": "code", "redirect_uri": BACK, "scope": "Mail.Send", **changed}
    page = standin.http.get(f"/common/oauth2/v2.0/authorize?{urlencode(query)}")
    assert page.status_code == 400
    assert f"AADSTS{number}" in page.text
    assert "Location" not in page.headers


def test_pages_escape_what_the_request_brings(standin: RunningStandin) -> None:
    query = {"client_id": '"><script>x</script>', "response_type": "code", "redirect_uri": BACK, "scope": "<b>"}
    page = standin.http.get(f"/common/oauth2/v2.0/authorize?{urlencode(query)}").text
    assert "<script>x" not in page
    assert "<b>&lt;b" not in page
    assert "&lt;script&gt;" in page


def test_a_code_works_once(standin: RunningStandin) -> None:
    code = code_for(standin)
    assert exchange(standin, code=code)[0] == 200
    status, error = exchange(standin, code=code)
    assert status == 400
    assert error["error"] == "invalid_grant"
    assert error["error_codes"] == [54005]
    assert error["error_description"].startswith("AADSTS54005: ")
    assert set(error) >= {"timestamp", "trace_id", "correlation_id", "error_uri"}


def test_a_code_expires(standin: RunningStandin, clock: Clock) -> None:
    code = code_for(standin)
    clock.advance(600)
    assert exchange(standin, code=code)[1]["error_codes"] == [70008]


def test_pkce_is_verified(standin: RunningStandin) -> None:
    verifier = "a" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    code = code_for(standin, code_challenge=challenge, code_challenge_method="S256")
    assert exchange(standin, code=code, code_verifier="b" * 64)[1]["error_codes"] == [501481]
    assert exchange(standin, code=code)[1]["error_codes"] == [50148]
    assert exchange(standin, code=code, code_verifier=verifier)[0] == 200


def test_redirect_address_and_application_must_be_those_of_the_request(standin: RunningStandin) -> None:
    code = code_for(standin)
    assert exchange(standin, code=code, redirect_uri="http://localhost/other")[1]["error_codes"] == [500112]
    assert exchange(standin, code=code, client_id="another")[1]["error"] == "invalid_grant"
    assert exchange(standin, code="made-up")[1]["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("client_id", "secret", "number"),
    [(APP, "wrong", 7000215), (APP, "", 7000218), ("public-app", "any", 700025)],
)
def test_client_secrets_are_checked(standin: RunningStandin, client_id: str, secret: str, number: int) -> None:
    more = {"client_secret": secret} if secret else {}
    status, error = exchange(standin, client_id=client_id, code="x", **more)
    assert (status, error["error"], error["error_codes"]) == (401, "invalid_client", [number])


def test_unknown_grant_type_and_missing_parameter(standin: RunningStandin) -> None:
    assert exchange(standin, grant_type="password")[1]["error"] == "unsupported_grant_type"
    assert exchange(standin, grant_type="")[1]["error_codes"] == [900144]


def test_an_exchanged_refresh_token_works_a_short_while_longer(standin: RunningStandin, clock: Clock) -> None:
    old = exchange(standin, code=code_for(standin, scope="openid offline_access Mail.Send"))[1]["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": old}
    new = exchange(standin, **form)[1]["refresh_token"]
    assert new != old
    clock.advance(599)
    assert exchange(standin, **form)[0] == 200
    clock.advance(1)
    assert exchange(standin, **form)[1]["error_codes"] == [50173]
    assert exchange(standin, grant_type="refresh_token", refresh_token=new)[0] == 200


def test_refresh_tokens_can_be_revoked_at_once_and_by_an_administrator(standin: RunningStandin) -> None:
    standin.control("PATCH", "settings", {"refreshReuseSeconds": 0})
    old = exchange(standin, code=code_for(standin, scope="offline_access Mail.Send"))[1]["refresh_token"]
    new = exchange(standin, grant_type="refresh_token", refresh_token=old)[1]["refresh_token"]
    assert exchange(standin, grant_type="refresh_token", refresh_token=old)[1]["error_codes"] == [50173]
    standin.control("POST", "revoke", {"account": "ada@contoso.example", "refresh": True})
    assert exchange(standin, grant_type="refresh_token", refresh_token=new)[1]["error"] == "invalid_grant"


def test_access_tokens_expire_and_the_challenge_says_so(standin: RunningStandin, clock: Clock) -> None:
    standin.control("PATCH", "settings", {"tokenLifetime": 60})
    tokens = standin.sign_in()
    assert tokens["expires_in"] == 60
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert standin.http.get("/v1.0/me", headers=bearer).status_code == 200
    clock.advance(60)
    refused = standin.http.get("/v1.0/me", headers=bearer)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Bearer ")
    assert refused.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert standin.http.get("/v1.0/me").status_code == 401


def test_id_tokens_verify_against_the_published_keys(msal_standin: RunningStandin) -> None:
    discovery = msal_standin.http.get("/common/v2.0/.well-known/openid-configuration").json()
    keys = jwt.PyJWKSet.from_dict(msal_standin.http.get(urlsplit(discovery["jwks_uri"]).path).json())
    token = msal_standin.sign_in()["id_token"]
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience="test-app")
    assert claims["iss"] == discovery["issuer"].replace("{tenantid}", claims["tid"])
    head, _, signature = token.split(".")
    forged = base64.urlsafe_b64encode(json.dumps({**claims, "oid": "x"}).encode()).rstrip(b"=").decode()
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(f"{head}.{forged}.{signature}", key, algorithms=["RS256"], audience="test-app")


def test_tenants_keep_to_themselves(standin: RunningStandin) -> None:
    assert standin.http.get("/nowhere.example/v2.0/.well-known/openid-configuration").status_code == 400
    query = {"client_id": "app", "response_type": "code", "redirect_uri": BACK, "scope": "x"}
    page = standin.http.get(f"/fabrikam.example/oauth2/v2.0/authorize?{urlencode(query)}").text
    assert "alan@fabrikam.example" in page
    assert "ada@contoso.example" not in page


def test_certificates_are_reused_and_renewed_under_the_same_authority(tmp_path: Path) -> None:
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    files = ensure_certificates(tmp_path, now)
    authority, server = files.ca_file.read_bytes(), files.server_file.read_bytes()
    ensure_certificates(tmp_path, now + dt.timedelta(days=30))
    assert files.server_file.read_bytes() == server
    ensure_certificates(tmp_path, now + SERVER_LIFETIME)
    assert files.server_file.read_bytes() != server
    assert files.ca_file.read_bytes() == authority
    renewed = x509.load_pem_x509_certificate(files.server_file.read_bytes())
    renewed.verify_directly_issued_by(x509.load_pem_x509_certificate(authority))
    assert (tmp_path / "ca-key.pem").stat().st_mode & 0o077 == 0


def test_a_damaged_certificate_is_replaced(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path)
    files.server_key_file.write_text("not a key")
    files.ca_file.write_text("")
    ensure_certificates(tmp_path).ssl_context()


def test_sign_in_survives_a_restart(tmp_path: Path, clock: Clock) -> None:
    settings = Settings(tmp_path, clock=clock)
    with running_standin(settings) as standin:
        tokens = standin.sign_in()
        keys = standin.http.get("/common/discovery/v2.0/keys").json()
    with running_standin(settings) as standin:
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert standin.http.get("/v1.0/me", headers=bearer).status_code == 200
        form = {"grant_type": "refresh_token", "client_id": "test-app", "refresh_token": tokens["refresh_token"]}
        assert standin.http.post("/common/oauth2/v2.0/token", data=form).status_code == 200
        assert standin.http.get("/common/discovery/v2.0/keys").json() == keys
