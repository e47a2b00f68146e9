"""Where the refresh token is kept: the system's keyring, or a private file where a machine has none."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from console.client.folder import settings_path

_SERVICE = "leadgen"


def _file() -> Path:
    return settings_path().with_name("sign-ins.json")


def _load() -> dict[str, Any]:
    try:
        content = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _save(content: dict[str, Any]) -> None:
    path = _file()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file)
    os.replace(temporary, path)


def read_token(name: str) -> str:
    """The refresh token kept under a name, or ""."""
    import keyring
    from keyring.errors import KeyringError

    try:
        found = keyring.get_password(_SERVICE, name)
    except KeyringError:
        found = None
    return found or str(_load().get(name, ""))


def keep_token(name: str, token: str) -> str:
    """Keep a refresh token. Returns where, for the user to know."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(_SERVICE, name, token)
    except KeyringError:
        _save({**_load(), name: token})
        return str(_file())
    _forget_in_file(name)
    return "the system keyring"


def forget_token(name: str) -> None:
    """Forget a refresh token, wherever it is kept."""
    import keyring
    from keyring.errors import KeyringError

    with contextlib.suppress(KeyringError):
        keyring.delete_password(_SERVICE, name)
    _forget_in_file(name)


def _forget_in_file(name: str) -> None:
    content = _load()
    if content.pop(name, None) is not None:
        _save(content)
