"""The Firebase Emulator Suite: its configuration, its environment, its health, and saving its data."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.stack import functions, ports, web
from local.stack.errors import StackError
from local.stack.java import Java
from local.stack.state import Folder
from local.stack.toolchain import EmulatorFiles

PORT_NAMES = ("auth", "functions", "firestore", "firestore_websocket", "pubsub", "hub", "logging", "eventarc", "tasks")
SERVICES = "auth,functions,firestore,pubsub"
PRELOAD = Path(__file__).with_name("firebase_preload.cjs")
# Each event that finds every worker of its function busy starts another one; this bounds what runs at once.
PARALLEL = 16
_EXPORT_TIMEOUT_S = 60.0
_EXPORT_MARK = "firebase-export-metadata.json"
# Variables that would send requests for this machine, or for Google's metadata server, somewhere else, or that carry
# a person's real credentials. The local stack must not be able to reach a deployed project.
_SCRUBBED = (
    "http_proxy", "https_proxy", "all_proxy", "npm_config_proxy", "npm_config_https_proxy",
    "google_application_credentials", "firebase_token", "firebase_config", "gcloud_project", "google_cloud_project",
    "firebase_cli_experiments", "node_options", "java_tool_options", "debug", "pythondontwritebytecode", "virtual_env",
    "firebase_debug_path",
)  # fmt: skip


def scrubbed_environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without proxies, credentials of real projects, and switches meant for other programs."""
    kept = {name: value for name, value in (base or os.environ).items() if name.lower() not in _SCRUBBED}
    kept["NO_PROXY"] = kept["no_proxy"] = "127.0.0.1,localhost,::1"
    return kept


def write_configuration(
    folder: Folder, repository_config: Path, chosen: Mapping[str, int], source: Path | None
) -> Path:
    """Write the stack's firebase.json, derived from the repository's.

    Args:
        folder: the stack's folder.
        repository_config: the firebase.json that is deployed; what it says of rules, indexes and functions is kept.
        chosen: port by name (`PORT_NAMES`).
        source: another functions folder than the configured one.

    Raises:
        StackError: the repository's file cannot be used.
    """
    base = repository_config.parent
    try:
        deployed = json.loads(repository_config.read_text(encoding="utf-8"))
        declared = deployed["functions"]
        first = dict(declared[0] if isinstance(declared, list) else declared)
        firestore = dict(deployed["firestore"])
        functions_source = source or base / first["source"]
    except (OSError, ValueError, KeyError, TypeError) as failure:
        raise StackError(f"{repository_config} is not a usable firebase.json: {failure!r}") from failure
    functions.stage(functions_source, folder.root / "functions")
    first |= {"source": "functions", "runtime": functions.runtime()}
    first.pop("predeploy", None)
    for key in ("rules", "indexes"):
        if key in firestore:
            shutil.copyfile(base / firestore[key], folder.root / Path(firestore[key]).name)
            firestore[key] = Path(firestore[key]).name
    generated: dict[str, Any] = {
        "functions": [first],
        "firestore": firestore,
        "emulators": {
            **{
                name: {"host": ports.HOST, "port": chosen[name]} for name in PORT_NAMES if name != "firestore_websocket"
            },
            "ui": {"enabled": False},
            "singleProjectMode": True,
        },
    }
    generated["emulators"]["firestore"]["websocketPort"] = chosen["firestore_websocket"]
    target = folder.root / "firebase.json"
    target.write_text(json.dumps(generated, indent=2), encoding="utf-8")
    return target


def environment(
    folder: Folder, java: Java, files: EmulatorFiles, variables: Mapping[str, str], nursery: str
) -> dict[str, str]:
    """Environment of firebase-tools, which hands it on to the functions' workers.

    Args:
        folder: the stack's folder.
        java: the Java to use.
        files: the emulators' archives.
        variables: what the functions read (`LEADGEN_…`).
        nursery: address of the nursery's socket.
    """
    return {
        **scrubbed_environment(),
        "JAVA_HOME": str(java.home),
        "CI": "1",  # no message of the day from the internet
        "NO_UPDATE_NOTIFIER": "1",
        "XDG_CONFIG_HOME": str(folder.tools / "config"),  # no login and no usage setting of the person at the machine
        "CLOUDSDK_CONFIG": str(folder.tools / "gcloud"),
        "TMPDIR": str(folder.temporary),  # firebase-tools leaves a file there that names its hub
        "METADATA_SERVER_DETECTION": "none",
        "NO_GCE_CHECK": "true",
        "FUNCTIONS_EMULATOR_PARALLEL": str(PARALLEL),
        "FUNCTIONS_DISCOVERY_TIMEOUT": "30",
        "LEADGEN_NURSERY": nursery,
        **files.environment(folder.tools),
        **files.java_environment(java, folder.tools),
        **variables,
    }


def command(node: Path, firebase_tools: Path, configuration: Path, project: str, data: Path | None) -> list[str]:
    """Command line that starts the suite.

    Args:
        node: the node program.
        firebase_tools: firebase-tools' script.
        configuration: the generated firebase.json.
        project: project id, "demo-…": firebase-tools then refuses to touch real services.
        data: an export to start from.
    """
    line = [str(node), "--require", str(PRELOAD), str(firebase_tools), "emulators:start", "--only", SERVICES]
    line += ["--project", project, "--config", str(configuration), "--non-interactive"]
    return line + (["--import", str(data)] if data else [])


def saved_data(folder: Folder) -> Path | None:
    """The last complete export, if there is one."""
    for candidate in (folder.data, folder.data.with_name("data.old")):
        if (candidate / _EXPORT_MARK).is_file():
            return candidate
    return None


def save(folder: Folder, hub_url: str) -> None:
    """Export Firestore and Auth; the previous export is replaced only by a complete one.

    Raises:
        StackError: the emulators did not export.
    """
    fresh = folder.data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    body = {"path": str(fresh), "initiatedBy": "leadgen"}
    try:
        status, text = web.request("POST", f"{hub_url}/_admin/export", body, timeout_s=_EXPORT_TIMEOUT_S)
    except OSError as failure:
        raise StackError(f"the emulators did not save their data: {failure}") from failure
    if status != 200 or not (fresh / _EXPORT_MARK).is_file():
        raise StackError(f"the emulators did not save their data (HTTP {status}): {text[:300]}")
    old = folder.data.with_name("data.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.data.exists():
        folder.data.replace(old)
    fresh.replace(folder.data)
    shutil.rmtree(old, ignore_errors=True)


def clear(info_project: str, firestore_host: str, auth_host: str) -> None:
    """Delete all documents and all users of the running emulators.

    https://firebase.google.com/docs/emulator-suite/connect_firestore#clear_your_database_between_tests and
    https://firebase.google.com/docs/reference/rest/auth#section-auth-emulator-clearaccounts

    Raises:
        StackError: an emulator did not do it.
    """
    addresses = (
        f"http://{firestore_host}/emulator/v1/projects/{info_project}/databases/(default)/documents",
        f"http://{auth_host}/emulator/v1/projects/{info_project}/accounts",
    )
    for address in addresses:
        try:
            status, text = web.request("DELETE", address, headers={"Authorization": "Bearer owner"}, timeout_s=30)
        except OSError as failure:
            raise StackError(f"{address} could not be emptied: {failure}") from failure
        if status >= 300:
            raise StackError(f"{address} could not be emptied: HTTP {status} {text[:300]}")


def switch_triggers(hub_url: str, on: bool, timeout_s: float = 65.0) -> bool:
    """Let background functions run or not; switching off drops queued events and waits for those being handled.

    Returns:
        False when functions were still running after firebase-tools' patience (60 s), or the hub did not answer.
    """
    name = "enableBackgroundTriggers" if on else "disableBackgroundTriggers"
    try:
        status, _ = web.request("PUT", f"{hub_url}/functions/{name}", timeout_s=timeout_s)
    except OSError:
        return False
    return status == 200


def is_ready(log: Path) -> bool:
    """Whether firebase-tools has said that everything runs."""
    try:
        return "All emulators ready" in log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def function_failure(log: Path) -> str | None:
    """What firebase-tools says when it could not load the functions; it goes on without them."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    for line in text.splitlines():
        if "Failed to load function definition" in line or "Failed to start Functions emulator" in line:
            return line
    return None
