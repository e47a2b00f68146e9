"""Calls to the HTTP functions."""

from __future__ import annotations

from typing import Any

import httpx

from console.client.problems import BackendError, SignInProblem
from console.client.profile import Profile
from console.client.signin import SignIn

TIMEOUT_S = 65.0
"""A little longer than a function may take."""
_GET = frozenset({"getTemplates", "getConfig", "getCities"})
_PUT = frozenset({"updateConfig"})


class Backend:
    """The HTTP functions of a project, called as a signed-in person.

    Args:
        profile: the project.
        sign_in: the person.
        http: the client used.
    """

    def __init__(self, profile: Profile, sign_in: SignIn, http: httpx.Client | None = None) -> None:
        self._profile = profile
        self._sign_in = sign_in
        self._http = http or httpx.Client(timeout=TIMEOUT_S, trust_env=not profile.is_local)

    def call(
        self,
        endpoint: str,
        body: dict[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        revision: int | None = None,
    ) -> Any:
        """Call an endpoint. Returns the parsed answer.

        Args:
            endpoint: its name, such as ``triggerHarvest``.
            body: the JSON body, for those that take one.
            idempotency_key: the same key makes the same thing once.
            revision: for updateConfig: the revision the change was made against.

        Raises:
            SignInProblem: the identity was refused.
            BackendError: anything else.
        """
        headers = {"Authorization": f"Bearer {self._sign_in.id_token()}"}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        if revision is not None:
            headers["If-Match"] = f'"{revision}"'
        method = "GET" if endpoint in _GET else "PUT" if endpoint in _PUT else "POST"
        try:
            response = self._http.request(
                method, f"{self._profile.functions_url}/{endpoint}", json=body, headers=headers
            )
        except httpx.HTTPError as error:
            raise BackendError(
                "The backend does not answer",
                f"{endpoint} at {self._profile.functions_url}: {type(error).__name__}",
                _DOWN_LOCAL if self._profile.is_local else "Check the network and that the functions are deployed.",
                status=0,
            ) from None
        return _read(endpoint, response)


_DOWN_LOCAL = "Is the local stack up? leadgen local status"


def _read(endpoint: str, response: httpx.Response) -> Any:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if response.status_code == 200 and answer is not None:
        return answer
    if not isinstance(answer, dict) or "title" not in answer:
        raise BackendError(
            "The backend answered in an unexpected way",
            f"{endpoint}: HTTP {response.status_code}",
            "Is this function deployed in its present version? See: leadgen status",
            status=response.status_code,
        )
    kind = SignInProblem if response.status_code == 401 else BackendError
    raise kind(
        str(answer["title"]),
        str(answer.get("detail", "")),
        str(answer.get("hint", "")),
        list(answer.get("fields", [])),
        status=response.status_code,
    )
