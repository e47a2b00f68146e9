"""The console's client: profiles, sign-in, calls, the loopback redirect, where a sign-in is kept."""

from __future__ import annotations

import base64
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.client import keys
from console.client.backend import Backend
from console.client.loopback import Loopback
from console.client.problems import BackendError, SignInProblem
from console.client.profile import Profile, ProfileProblem, emulator_profile, environment_profile, named_profile
from console.client.signin import SignIn, sign_in

PROFILE = emulator_profile(
    "test", project_id="demo-x", firestore_host="127.0.0.1:1", auth_host="127.0.0.1:2", functions_url="http://fn/x/"
)


def jwt(exp: float, **claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps({"exp": exp, **claims}).encode()).decode().rstrip("=")
    return f"h.{body}.s"


def client(handler: Callable[[httpx.Request], httpx.Response]) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(handler))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LEADGEN_CONFIG_DIR", str(tmp_path))
    return tmp_path / "settings.toml"


class TestProfiles:
    def test_a_profile_needs_only_project_and_key(self, settings: Path) -> None:
        settings.write_text('[profiles.prod]\nproject_id = "p"\napi_key = "k"\n')
        profile = named_profile("prod")
        assert profile.functions_url == "https://us-central1-p.cloudfunctions.net"
        assert not profile.is_local

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (None, "There is no settings file"),
            ("profiles = [", "can't be read"),
            ('[profiles.dev]\nproject_id="p"\napi_key="k"', "has no profile 'prod' \\(there are: dev\\)"),
            ('[profiles.prod]\napi_key="k"', "profiles.prod.project_id must be given"),
            ('[profiles.prod]\nproject_id="p"\napi_key=""', "profiles.prod.api_key must be given"),
            ('[profiles.prod]\nproject_id="p"\napi_key="k"\nregoin="x"', "profiles.prod.regoin is not a known key"),
            ('[profiles.prod]\nproject_id="p"\napi_key="k"\nfunctions_url="http://x"', "must begin with https://"),
            ('[profiles.prod]\nproject_id="p"\napi_key="k"\noutlook_redirect_uri="https://evil"', "must be http://loc"),
        ],
    )
    def test_what_is_wrong_is_named(self, settings: Path, content: str | None, said: str) -> None:
        if content is not None:
            settings.write_text(content)
        with pytest.raises(ProfileProblem, match=said):
            named_profile("prod")

    def test_the_standard_emulator_variables_are_honoured(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:8080")
        monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:9099")
        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "demo-p")
        monkeypatch.setenv("LEADGEN_FUNCTIONS_URL", "http://127.0.0.1:5001/demo-p/us-central1")
        profile = environment_profile()
        assert profile is not None
        assert (profile.project_id, profile.firestore_host) == ("demo-p", "127.0.0.1:8080")
        monkeypatch.delenv("GOOGLE_CLOUD_PROJECT")
        assert environment_profile() is None


class TestSignIn:
    def test_a_token_is_renewed_ahead_of_its_end_and_not_before(self) -> None:
        now, asked = [1000.0], []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(json.loads(request.content)["refresh_token"])
            token = jwt(now[0] + 3600, email="a@b.c", role="admin")
            return httpx.Response(200, json={"id_token": token, "refresh_token": f"r{len(asked)}"})

        person = SignIn(PROFILE, "r0", http=client(answer), now=lambda: now[0])
        first = person.id_token()
        now[0] += 3200
        assert person.id_token() == first
        now[0] += 200
        assert person.id_token() != first
        assert asked == ["r0", "r1"], "a rotated refresh token must be used"
        assert (person.user.email, person.user.role) == ("a@b.c", "admin")

    def test_a_sign_in_service_that_is_down_does_not_hurt_while_the_token_lives(self) -> None:
        now, up = [1000.0], [True]

        def answer(request: httpx.Request) -> httpx.Response:
            if not up[0]:
                raise httpx.ConnectError("down")
            return httpx.Response(200, json={"id_token": jwt(now[0] + 3600, email="a@b.c"), "refresh_token": "r"})

        person = SignIn(PROFILE, "r0", http=client(answer), now=lambda: now[0])
        token = person.id_token()
        up[0], now[0] = False, 1000.0 + 3500
        assert person.id_token() == token
        now[0] += 200
        with pytest.raises(BackendError) as caught:
            person.id_token()
        assert "does not answer" in caught.value.title
        assert person.user.email == "a@b.c", "who it is stays known, and asks for nothing"

    @pytest.mark.parametrize("code", ["INVALID_LOGIN_CREDENTIALS", "EMAIL_NOT_FOUND", "INVALID_PASSWORD : more"])
    def test_a_refusal_does_not_tell_whether_the_user_exists(self, code: str) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(400, json={"error": {"message": code}})

        with pytest.raises(SignInProblem) as caught:
            sign_in(PROFILE, "a@b.c", "wrong", client(answer))
        assert caught.value.detail == "No such user, or the password is wrong."

    def test_a_revoked_sign_in_says_what_to_do(self) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(400, json={"error": {"message": "TOKEN_EXPIRED"}})

        with pytest.raises(SignInProblem) as caught:
            SignIn(PROFILE, "r", http=client(answer)).id_token()
        assert "leadgen auth login" in caught.value.hint


class FixedSignIn(SignIn):
    def __init__(self) -> None:
        pass

    def id_token(self) -> str:
        return "tok"


class TestBackend:
    def call(self, answer: httpx.Response | Exception, endpoint: str = "triggerHarvest", **kwargs: Any) -> Any:
        self.request: httpx.Request | None = None

        def handle(request: httpx.Request) -> httpx.Response:
            self.request = request
            if isinstance(answer, Exception):
                raise answer
            return answer

        return Backend(PROFILE, FixedSignIn(), client(handle)).call(endpoint, **kwargs)

    def test_a_call_carries_identity_key_and_revision(self) -> None:
        self.call(httpx.Response(200, json={}), "updateConfig", body={"a": 1}, idempotency_key="k", revision=3)
        assert self.request is not None
        assert self.request.method == "PUT"
        assert str(self.request.url) == "http://fn/x/updateConfig"
        assert self.request.headers["authorization"] == "Bearer tok"
        assert self.request.headers["idempotency-key"] == "k"
        assert self.request.headers["if-match"] == '"3"'

    def test_a_problem_document_becomes_an_error_with_its_fields(self) -> None:
        body = {"title": "T", "detail": "D", "hint": "H", "fields": [{"field": "f", "value": "v", "allowed": "a"}]}
        with pytest.raises(BackendError) as caught:
            self.call(httpx.Response(400, json=body))
        assert (caught.value.title, caught.value.detail, caught.value.hint) == ("T", "D", "H")
        assert caught.value.fields[0]["field"] == "f"

    def test_401_is_a_sign_in_problem(self) -> None:
        with pytest.raises(SignInProblem):
            self.call(httpx.Response(401, json={"title": "Not signed in"}))

    @pytest.mark.parametrize("answer", [httpx.ConnectError("x"), httpx.ReadTimeout("x")])
    def test_no_answer_says_so(self, answer: Exception) -> None:
        with pytest.raises(BackendError) as caught:
            self.call(answer)
        assert "does not answer" in caught.value.title

    @pytest.mark.parametrize("answer", [httpx.Response(502, text="<html>"), httpx.Response(404, text="no")])
    def test_an_answer_that_is_not_ours_is_an_error_too(self, answer: httpx.Response) -> None:
        with pytest.raises(BackendError) as caught:
            self.call(answer)
        assert "unexpected" in caught.value.title


class TestLoopback:
    def test_the_browser_comes_back_once_and_nothing_is_echoed(self) -> None:
        with Loopback("http://localhost:0/outlook/callback") as loopback:
            url = f"http://127.0.0.1:{loopback.port}"
            assert httpx.get(f"{url}/favicon.ico", trust_env=False).status_code == 404
            page = httpx.get(
                f"{url}/outlook/callback",
                params={
                    "error": "access_denied",
                    "error_description": "<script>x</script>",
                    "state": "s",
                    "other": "o",
                },
                trust_env=False,
            )
            assert "<script>" not in page.text
            httpx.get(f"{url}/outlook/callback", params={"code": "late", "state": "s"}, trust_env=False)
            assert loopback.wait(5) == {
                "error": "access_denied", "error_description": "<script>x</script>", "state": "s",
            }  # fmt: skip

    def test_nobody_coming_back_is_said(self) -> None:
        with Loopback("http://localhost:0/cb") as loopback, pytest.raises(BackendError) as caught:
            loopback.wait(0.01)
        assert "not finished" in caught.value.title

    def test_a_taken_port_is_said(self) -> None:
        with Loopback("http://localhost:0/cb") as first, pytest.raises(BackendError, match="taken"):
            Loopback(f"http://localhost:{first.port}/cb")


class TestKeys:
    def test_without_a_keyring_a_private_file_keeps_the_sign_in(
        self, settings: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import keyring
        from keyring.backends.fail import Keyring

        monkeypatch.setattr(keyring.core, "_keyring_backend", Keyring())
        where = keys.keep_token("prod:p", "refresh")
        assert stat.S_IMODE(Path(where).stat().st_mode) == 0o600
        assert keys.read_token("prod:p") == "refresh"
        keys.forget_token("prod:p")
        assert keys.read_token("prod:p") == ""


def test_a_profile_holds_no_secret() -> None:
    assert "password" not in {field.lower() for field in Profile.__dataclass_fields__}
