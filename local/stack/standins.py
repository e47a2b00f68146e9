"""The servers that stand in for the world around leadgen: which there are, and what the functions must know of them."""

from __future__ import annotations

import base64
import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local.files import write_atomically
from local.stack import web
from local.stack.errors import StackError
from local.stack.state import Folder

Ready = Mapping[str, Any]


@dataclass(frozen=True)
class StandIn:
    """One stand-in: `python -m MODULE --port P --data-dir DIR --ready-file FILE [options]`.

    Args:
        name: name in status, logs and the state file.
        module: module to run.
        options: further command-line options.
        describe: from the ready file and the stack's folder, the variables the functions need; what several say of
            LEADGEN_LOCAL_HOSTS is joined.
        environment: further variables for the stand-in itself.
    """

    name: str
    module: str
    options: tuple[str, ...] = ()
    describe: Callable[[Ready, Folder], dict[str, str]] | None = None
    environment: tuple[tuple[str, str], ...] = ()

    def command(self, port: int, folder: Folder) -> list[str]:
        """Command line that starts it.

        Raises:
            StackError: the module is not there.
        """
        if not _is_runnable(self.module):
            raise StackError(f"the stand-in {self.name} is missing: there is no module {self.module} to run")
        line = [sys.executable, "-m", self.module, "--port", str(port)]
        line += ["--data-dir", str(folder.standin_data(self.name)), "--ready-file", str(self.ready_file(folder))]
        return [*line, *self.options]

    def ready_file(self, folder: Folder) -> Path:
        """Where it says that it accepts connections."""
        return folder.temporary / f"{self.name}.json"

    def read_ready(self, folder: Folder) -> dict[str, Any] | None:
        """Content of the ready file; None while there is none."""
        try:
            content = json.loads(self.ready_file(folder).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) and "url" in content else None


def _is_runnable(module: str) -> bool:
    """Whether `python -m module` finds something; the module itself is not imported."""
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return False
    if found is None or found.submodule_search_locations is None:
        return found is not None
    return any((Path(folder) / "__main__.py").is_file() for folder in found.submodule_search_locations)


def reset(name: str, ready: Ready) -> None:
    """Have a running stand-in forget everything.

    Raises:
        StackError: it did not.
    """
    url = f"{ready['url']}/_standin/reset"
    try:
        status, text = web.request("POST", url, {}, timeout_s=20, ca_file=ready.get("ca_file"))
    except OSError as failure:
        raise StackError(f"the stand-in {name} could not be reset at {url}: {failure}") from failure
    if status >= 300:
        raise StackError(f"the stand-in {name} could not be reset at {url}: HTTP {status} {text[:300]}")


def token_key(folder: Folder) -> str:
    """The key that encrypts tokens at rest, made once per stack (a Fernet key: 32 random bytes in URL-safe base64)."""
    file = folder.root / "token.key"
    try:
        return file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        key = base64.urlsafe_b64encode(os.urandom(32)).decode()
        write_atomically(file, key)  # a temporary file renamed: readable by its owner only
        file.chmod(0o600)
        return key


def describe_classifieds(ready: Ready, folder: Folder) -> dict[str, str]:
    """Write the demo site's source definition with its real address, and name folder and host to the functions."""
    url = str(ready["url"])
    source = importlib.import_module("local.classifieds.source")
    write_atomically(folder.sources / "demo.toml", source.source_toml(url, datetime.now(UTC).date()))
    return {"LEADGEN_SOURCES": str(folder.sources), "LEADGEN_LOCAL_HOSTS": urlsplit(url).netloc}


def describe_microsoft(ready: Ready, folder: Folder) -> dict[str, str]:
    """Addresses of login and Graph, the application that signs in, and the certificate to trust."""
    del folder
    url = str(ready["url"])
    variables = {
        "LEADGEN_MICROSOFT_AUTHORITY": str(ready.get("authority") or f"{url}/common"),
        "LEADGEN_GRAPH_URL": str(ready.get("graph_url") or f"{url}/v1.0"),
        "LEADGEN_MICROSOFT_CLIENT_ID": str(ready.get("client_id") or "00000000-0000-4000-8000-00000000c0de"),
        "LEADGEN_MICROSOFT_CLIENT_SECRET": str(ready.get("client_secret") or ""),
    }
    if ready.get("ca_file"):
        variables["LEADGEN_CA_FILE"] = str(ready["ca_file"])
    return variables | (_describe_others(ready) if "gmail_url" in ready else {})


def _describe_others(ready: Ready) -> dict[str, str]:
    """Addresses of Gmail and SMTP, which the same process serves."""
    gmail = str(ready["gmail_url"])
    return {
        "LEADGEN_GOOGLE_LOGIN_URL": gmail,
        "LEADGEN_GOOGLE_TOKEN_URL": gmail,
        "LEADGEN_GMAIL_URL": gmail,
        "LEADGEN_GOOGLE_CLIENT_ID": str(ready["google_client_id"]),
        "LEADGEN_GOOGLE_CLIENT_SECRET": str(ready["google_client_secret"]),
        "LEADGEN_LOCAL_HOSTS": f"{ready['smtp_host']}:{ready['smtp_port']}",
    }


def describe_model(ready: Ready, folder: Folder) -> dict[str, str]:
    """Base URL, key and name of the language model."""
    del folder
    base = str(ready.get("base_url") or f"{ready['url']}/v1")
    return {"LEADGEN_LLM_URL": base, "LEADGEN_LLM_KEY": "local", "LEADGEN_LLM_MODEL": "rules-1"}


DEFAULT = (
    StandIn("classifieds", "local.classifieds", describe=describe_classifieds),
    StandIn("microsoft", "local.microsoft", ("--with-others",), describe=describe_microsoft),
    StandIn("model", "local.model", describe=describe_model),
)


def load(reference: str) -> tuple[StandIn, ...]:
    """The stand-ins named by `module:attribute`; the supervisor is a process of its own and gets them by name.

    Raises:
        StackError: there is no such thing.
    """
    module, _, attribute = reference.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as failure:
        raise StackError(f"no stand-ins are defined at {reference}: {failure}") from failure
    return tuple(found)
