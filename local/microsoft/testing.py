"""The stand-in inside a test: real TLS, a clock one can turn, and the few calls most tests make."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from local.microsoft.app import build_app
from local.microsoft.certificate import ensure_certificates
from local.microsoft.settings import Settings
from local.microsoft.signing import SigningKey
from local.serving import running

SCOPES = "openid profile offline_access Mail.ReadWrite Mail.Send User.Read"
TIMEOUT_SECONDS = 20.0


@dataclass
class Clock:
    """A clock that moves only when told to; seconds since the epoch."""

    now: float = 1_760_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class RunningStandin:
    """A stand-in that serves, with a client that trusts it."""

    url: str
    ca_file: Path
    data_dir: Path
    http: httpx.Client = field(repr=False)

    @property
    def authority(self) -> str:
        return f"{self.url}/common"

    @property
    def graph_url(self) -> str:
        return f"{self.url}/v1.0"

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call a control address, e.g. `control("PATCH", "settings", {"sentLagSeconds": 5})`."""
        response = self.http.request(method, f"/_standin/{path}", json=body)
        response.raise_for_status()
        return response.json()

    def consent(self, auth_url: str, account: str = "ada@contoso.example") -> dict[str, str]:
        """What a person's click on an account gives: `redirect`, `code`, `state`."""
        answer: dict[str, str] = self.control("POST", "consent", {"authUrl": auth_url, "account": account})
        return answer

    def deliveries(self, account: str | None = None) -> list[dict[str, Any]]:
        """Every mail really delivered."""
        listed: list[dict[str, Any]] = self.control("GET", f"deliveries{f'?account={account}' if account else ''}")
        return listed

    def sign_in(self, account: str = "ada@contoso.example", scope: str = SCOPES) -> dict[str, Any]:
        """The token endpoint's answer for an account, without MSAL."""
        redirect = "http://localhost/back"
        query = {"client_id": "test-app", "response_type": "code", "redirect_uri": redirect, "scope": scope}
        answer = self.consent(f"{self.authority}/oauth2/v2.0/authorize?{urlencode(query)}", account)
        code = parse_qs(urlsplit(answer["redirect"]).query)["code"][0]
        form = {"grant_type": "authorization_code", "client_id": "test-app", "code": code, "redirect_uri": redirect}
        response = self.http.post("/common/oauth2/v2.0/token", data=form)
        response.raise_for_status()
        tokens: dict[str, Any] = response.json()
        return tokens

    def graph(self, account: str = "ada@contoso.example", *, immutable: bool = True) -> httpx.Client:
        """A client for Graph with an account's access token; close it (or use `with`)."""
        headers = {"Authorization": f"Bearer {self.sign_in(account)['access_token']}"}
        if immutable:
            headers["Prefer"] = 'IdType="ImmutableId"'
        return _client(self.graph_url, self.ca_file, headers)


def _client(base_url: str, ca_file: Path, headers: dict[str, str] | None = None) -> httpx.Client:
    context = ssl.create_default_context(cafile=str(ca_file))
    return httpx.Client(base_url=base_url, verify=context, headers=headers, trust_env=False, timeout=TIMEOUT_SECONDS)


@cache
def _prepared_keys() -> dict[str, bytes]:
    """Keys and certificates shared by the tests of one process: making them takes longer than most tests."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ensure_certificates(folder / "certificates")
        SigningKey(folder / "signing-key.pem")
        return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*.pem")}


@contextmanager
def running_standin(settings: Settings) -> Iterator[RunningStandin]:
    """Serve the stand-in on a free port for as long as the block lasts."""
    for name, data in _prepared_keys().items():
        file = settings.data_dir / name
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    files = ensure_certificates(settings.data_dir / "certificates")
    with (
        running(build_app(settings), ssl_context=files.ssl_context()) as url,
        _client(url, files.ca_file) as http,
    ):
        yield RunningStandin(url, files.ca_file, settings.data_dir, http)
