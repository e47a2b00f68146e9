"""Which Firebase project to talk to: a profile of the settings file, the environment, or the stack on this machine."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.client.folder import settings_path

REGION = "us-central1"
DEFAULT_REDIRECT = "http://localhost:8765/outlook/callback"
_PUBLIC_AUTH = "https://identitytoolkit.googleapis.com"
_PUBLIC_TOKEN = "https://securetoken.googleapis.com"
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class ProfileProblem(Exception):
    """The profile can't be used; the message says why.

    Args:
        detail: the message.
        hint: what to do; may have several lines.
    """

    def __init__(self, detail: str, hint: str = "") -> None:
        super().__init__(detail)
        self.hint = hint


@dataclass(frozen=True)
class Profile:
    """A Firebase project and its addresses.

    Args:
        name: what the user calls it.
        project_id: the Firebase project.
        api_key: the project's web API key; it names the project and is no secret.
        functions_url: base address of the HTTP functions, without a slash at its end.
        auth_url: base address of the Identity Toolkit API.
        token_url: base address of the Secure Token API.
        firestore_host: `host:port` of the Firestore emulator, or "" for the service.
        outlook_redirect_uri: loopback address the Microsoft sign-in comes back to, as registered with the application.
        region: where the functions are deployed.
    """

    name: str
    project_id: str
    api_key: str
    functions_url: str
    auth_url: str = f"{_PUBLIC_AUTH}/v1"
    token_url: str = f"{_PUBLIC_TOKEN}/v1"
    firestore_host: str = ""
    outlook_redirect_uri: str = DEFAULT_REDIRECT
    region: str = REGION

    @property
    def is_local(self) -> bool:
        """Whether it is the emulators."""
        return bool(self.firestore_host)


def named_profile(name: str) -> Profile:
    """The profile of that name in the settings file.

    Raises:
        ProfileProblem: there is no such file or profile, or a value is missing.
    """
    path = settings_path()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProfileProblem(f"There is no settings file at {path}.", _example(name)) from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileProblem(f"{path} can't be read: {error}") from None
    profiles = content.get("profiles")
    table = profiles.get(name) if isinstance(profiles, dict) else None
    if not isinstance(table, dict):
        known = ", ".join(sorted(profiles)) if isinstance(profiles, dict) and profiles else "none"
        raise ProfileProblem(f"{path} has no profile {name!r} (there are: {known}).", _example(name))
    return _from_table(path, name, table)


def _example(name: str) -> str:
    import json  # Not above: the console asks for its profile before the first paint.

    key = name if _BARE_KEY.fullmatch(name) else json.dumps(name)
    lines = (
        "Such a profile is three lines there:",
        f"[profiles.{key}]",
        'project_id = "your-project"',
        'api_key = "the web API key of the project\'s settings page"',
    )
    return "\n".join(lines)


def _from_table(path: Path, name: str, table: dict[str, Any]) -> Profile:
    known = {"project_id", "api_key", "region", "functions_url", "outlook_redirect_uri"}
    unknown = sorted(set(table) - known)
    if unknown:
        raise ProfileProblem(
            f"{path}: profiles.{name}.{unknown[0]} is not a known key; known are {', '.join(sorted(known))}."
        )
    for key in ("project_id", "api_key"):
        if not isinstance(table.get(key), str) or not table[key].strip():
            raise ProfileProblem(f"{path}: profiles.{name}.{key} must be given as text.", _example(name))
    redirect = str(table.get("outlook_redirect_uri", DEFAULT_REDIRECT))
    if not redirect.startswith(("http://localhost:", "http://127.0.0.1:")):
        raise ProfileProblem(f"{path}: profiles.{name}.outlook_redirect_uri must be http://localhost:PORT/PATH.")
    project, region = table["project_id"], str(table.get("region", REGION))
    functions = str(table.get("functions_url") or f"https://{region}-{project}.cloudfunctions.net")
    if not functions.startswith("https://"):
        raise ProfileProblem(f"{path}: profiles.{name}.functions_url must begin with https://.")
    return Profile(
        name=name,
        project_id=project,
        api_key=table["api_key"],
        functions_url=functions.rstrip("/"),
        outlook_redirect_uri=redirect,
        region=region,
    )


def emulator_profile(
    name: str, *, project_id: str, firestore_host: str, auth_host: str, functions_url: str, redirect_uri: str = ""
) -> Profile:
    """A profile for emulators.

    Args:
        name: what to call it.
        project_id: the emulated project.
        firestore_host: `host:port`.
        auth_host: `host:port`.
        functions_url: base address of the functions.
        redirect_uri: loopback address of the Microsoft sign-in; the usual one if empty.
    """
    return Profile(
        name=name,
        project_id=project_id,
        api_key="local",
        functions_url=functions_url.rstrip("/"),
        auth_url=f"http://{auth_host}/identitytoolkit.googleapis.com/v1",
        token_url=f"http://{auth_host}/securetoken.googleapis.com/v1",
        firestore_host=firestore_host,
        outlook_redirect_uri=redirect_uri or DEFAULT_REDIRECT,
    )


def environment_profile() -> Profile | None:
    """The emulators that the standard variables name, if they name all that is needed."""
    firestore = os.environ.get("FIRESTORE_EMULATOR_HOST", "")
    auth = os.environ.get("FIREBASE_AUTH_EMULATOR_HOST", "")
    project = os.environ.get("GOOGLE_CLOUD_PROJECT", "")
    functions = os.environ.get("LEADGEN_FUNCTIONS_URL", "")
    if not (firestore and auth and project and functions):
        return None
    return emulator_profile(
        "environment",
        project_id=project,
        firestore_host=firestore,
        auth_host=auth,
        functions_url=functions,
        redirect_uri=os.environ.get("LEADGEN_MICROSOFT_REDIRECT_URI", ""),
    )
