"""The documents that are made from code are those that the code makes now."""

from __future__ import annotations

import json
import re
from pathlib import Path

from leadgen.api.endpoints import ENDPOINTS
from leadgen.api.openapi import document

ROOT = Path(__file__).parents[2]


def test_the_openapi_document_is_up_to_date() -> None:
    """Made by: python -m leadgen.api.openapi > docs/openapi.json"""
    assert json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")) == document()


def test_every_endpoint_is_deployed_under_its_name() -> None:
    source = (ROOT / "backend_functions" / "main.py").read_text(encoding="utf-8")
    deployed = set(re.findall(r"on_request\(\*\*_HTTP\)\ndef (\w+)\(", source))
    assert deployed == set(ENDPOINTS) | {"health", "unsubscribe"}


def test_the_functions_are_pinned_to_the_versions_they_are_tested_with() -> None:
    def pins(name: str) -> dict[str, str]:
        text = (ROOT / name).read_text(encoding="utf-8")
        return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)", text, re.MULTILINE | re.IGNORECASE))

    tested, deployed = pins("requirements.lock"), pins("backend_functions/requirements.txt")
    assert deployed.items() <= tested.items()
    assert {"firebase-functions", "google-cloud-firestore", "msal", "openai"} <= deployed.keys()


def test_no_file_names_a_registry() -> None:
    for name in ("requirements.lock", "backend_functions/requirements.txt", "package-lock.json"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert '"resolved": "http' not in text
        assert "--index-url" not in text


def test_the_pictures_of_the_readme_exist() -> None:
    for path in re.findall(r"!\[[^]]*\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8")):
        assert (ROOT / path).is_file(), path
