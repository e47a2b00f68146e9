"""A whole local stack with people of each role who are signed in to it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from console.cli.target import local_profile, local_session
from console.client.profile import Profile
from console.client.session import Session
from console.starter import starter_templates
from local.stack import StackInfo

LEAD = {"name": "Jo Doe", "email": "jo@doeplumbing.example", "phone": "(512) 236-1234", "businessName": "Doe Plumbing"}


@pytest.fixture(scope="module")
def profile(local_stack: StackInfo) -> Profile:
    return local_profile(local_stack)


@pytest.fixture(scope="module")
def people(profile: Profile, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Session]:
    folder = tmp_path_factory.mktemp("people")
    made: dict[str, Session] = {}

    def person(role: str) -> Session:
        if role not in made:
            made[role] = local_session(folder, profile, role)
        return made[role]

    return person


@pytest.fixture(scope="module")
def operator(people: Callable[[str], Session]) -> Session:
    session = people("operator")
    for template in starter_templates():
        session.call("saveTemplate", template)
    return session


def raw(profile: Profile, endpoint: str, token: str | None, method: str = "POST", body: Any = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    url = f"{profile.functions_url}/{endpoint}"
    return httpx.request(method, url, json=body or {}, headers=headers, timeout=60, trust_env=False)


def unsigned(**claims: Any) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."


def uid_in(token: str) -> str:
    payload = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["user_id"])


def is_suppressed(operator: Session, address: str) -> bool:
    from google.cloud.firestore import FieldFilter

    query = operator.firestore().collection("suppressions").where(filter=FieldFilter("value", "==", address))
    return bool(list(query.limit(1).stream()))
