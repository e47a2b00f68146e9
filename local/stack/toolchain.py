"""The programs the emulators need besides Java: Node, firebase-tools, and the emulators' own archives."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from local.stack import java as jvm
from local.stack.errors import StackError

REPOSITORY = Path(__file__).resolve().parents[2]
OLDEST_NODE = 20
FIRESTORE_MAIN_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
FIRESTORE_VARIABLE = "FIRESTORE_EMULATOR_BINARY_PATH"
PUBSUB_VARIABLE = "PUBSUB_EMULATOR_BINARY_PATH"
_PUBSUB_JAVA = "LEADGEN_PUBSUB_JAVA_OPTIONS"


def find_node() -> Path:
    """The `node` program.

    Raises:
        StackError: there is none, or it is too old.
    """
    node = shutil.which("node")
    if not node:
        raise StackError(
            f"Node.js {OLDEST_NODE} or newer is needed for the Firebase emulators and no `node` is on PATH; "
            "get it from https://nodejs.org or the system's package manager (Debian: apt-get install nodejs npm)"
        )
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired) as failure:
        raise StackError(f"{node} does not run: {failure}") from failure
    version = re.match(r"v(\d+)", answer.strip())
    if version is None or int(version.group(1)) < OLDEST_NODE:
        raise StackError(
            f"{node} is {answer.strip() or 'of unknown version'}; Node.js {OLDEST_NODE} or newer is needed"
        )
    return Path(node)


def find_firebase_tools(repository: Path = REPOSITORY) -> Path:
    """The script that is the `firebase` command: the one pinned in package.json, else one on PATH.

    Raises:
        StackError: firebase-tools is not installed.
    """
    pinned = repository / "node_modules" / "firebase-tools" / "lib" / "bin" / "firebase.js"
    if pinned.is_file():
        return pinned
    on_path = shutil.which("firebase")
    if on_path:
        script = Path(on_path).resolve()
        if script.suffix == ".js":
            return script
    raise StackError(f"firebase-tools is not installed in {repository}; run `make setup` or `npm ci` there")


@dataclass(frozen=True)
class EmulatorFiles:
    """Where the emulators' archives are; None if firebase-tools has to download one first."""

    firestore: Path | None
    pubsub: Path | None

    def environment(self, folder: Path) -> dict[str, str]:
        """Variables that point firebase-tools at these files; what must be written for that goes to `folder`."""
        variables = {}
        if self.firestore:
            variables[FIRESTORE_VARIABLE] = str(runnable_jar(self.firestore, jvm.KEPT))
        if self.pubsub:
            variables[PUBSUB_VARIABLE] = str(_own_script(self.pubsub, folder))
        return variables

    def java_environment(self, java: jvm.Java, folder: Path) -> dict[str, str]:
        """Variables that make both JVMs start quickly; a script that must be written for that goes to `folder`."""
        variables = {"JAVA_TOOL_OPTIONS": jvm.as_variable(jvm.flags(java))}
        if self.pubsub:
            variables[_PUBSUB_JAVA] = jvm.as_variable(jvm.flags(java, self.pubsub, jvm.KEPT))
        places = [str(java.home / "bin"), os.environ.get("PATH", os.defpath)]
        if self.firestore:
            options = jvm.flags(java, runnable_jar(self.firestore, jvm.KEPT), jvm.KEPT)
            places.insert(0, str(_own_java(java, folder, options)))
        return variables | {"PATH": os.pathsep.join(places)}


def find_emulators(firebase_tools: Path) -> EmulatorFiles:
    """Archives of the Firestore and Pub/Sub emulators.

    Order: the environment variables of firebase-tools, its cache, a Google Cloud SDK, and last the download that
    firebase-tools does by itself.
    """
    details = _download_details(firebase_tools)
    return EmulatorFiles(
        firestore=_from_variable(FIRESTORE_VARIABLE)
        or _cached(details, "firestore")
        or _from_cloud_sdk("cloud-firestore-emulator/*firestore*.jar"),
        pubsub=_from_variable(PUBSUB_VARIABLE)
        or _cached(details, "pubsub")
        or _from_cloud_sdk("pubsub-emulator/bin/cloud-pubsub-emulator"),
    )


def find_firestore_jar(firebase_tools: Path | None = None) -> Path:
    """The Firestore emulator's archive, for running it alone.

    Raises:
        StackError: it is not on this machine.
    """
    jar = _from_variable(FIRESTORE_VARIABLE)
    if jar is None:
        try:
            jar = _cached(_download_details(firebase_tools or find_firebase_tools()), "firestore")
        except StackError:
            jar = None
    jar = jar or _from_cloud_sdk("cloud-firestore-emulator/*firestore*.jar")
    if jar is None:
        raise StackError(
            "the Firestore emulator is not on this machine; `npx firebase setup:emulators:firestore` downloads it; or "
            f"install the Google Cloud SDK's cloud-firestore-emulator, or set {FIRESTORE_VARIABLE}"
        )
    return jar


def _from_variable(name: str) -> Path | None:
    value = os.environ.get(name)
    if not value:
        return None
    if not Path(value).is_file():
        raise StackError(f"{name} names {value}, and there is no such file")
    return Path(value)


def _download_details(firebase_tools: Path) -> Mapping[str, Mapping[str, str]]:
    table = firebase_tools.parents[1] / "emulator" / "downloadableEmulatorInfo.json"
    try:
        content: Mapping[str, Mapping[str, str]] = json.loads(table.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content


def _cached(details: Mapping[str, Mapping[str, str]], emulator: str) -> Path | None:
    entry = details.get(emulator, {})
    relative = entry.get("binaryPathRelativeToCacheDir") or entry.get("downloadPathRelativeToCacheDir")
    folder = os.environ.get("FIREBASE_EMULATORS_PATH") or Path.home() / ".cache" / "firebase" / "emulators"
    candidate = Path(folder) / relative if relative else None
    return candidate if candidate and candidate.is_file() else None


def _from_cloud_sdk(pattern: str) -> Path | None:
    for root in _cloud_sdk_roots():
        found = sorted((root / "platform").glob(pattern))
        if found:
            return found[-1]
    return None


def _cloud_sdk_roots() -> Iterator[Path]:
    if os.environ.get("CLOUDSDK_ROOT_DIR"):
        yield Path(os.environ["CLOUDSDK_ROOT_DIR"])
    gcloud = shutil.which("gcloud")
    if gcloud:
        yield Path(gcloud).resolve().parents[1]
    yield from (Path("/usr/lib/google-cloud-sdk"), Path("/opt/google-cloud-sdk"), Path.home() / "google-cloud-sdk")


def _has_main_class(jar: Path) -> bool:
    with zipfile.ZipFile(jar) as archive:
        return "META-INF/MANIFEST.MF" in archive.namelist() and b"Main-Class:" in archive.read("META-INF/MANIFEST.MF")


def runnable_jar(jar: Path, kept: Path) -> Path:
    """An archive `java -jar` can run: the given one, or a small launcher for it where its manifest names no class.

    Args:
        jar: the Firestore emulator's archive; the Cloud SDK's has no main class.
        kept: where a launcher is written. The same file each time: what the JVM keeps of a start is for that one.
    """
    if _has_main_class(jar):
        return jar
    # Relative, for what the JVM keeps of a start is of relative entries only.
    path = quote(os.path.relpath(jar.resolve(), kept.resolve()))
    lines = ("Manifest-Version: 1.0", f"Main-Class: {FIRESTORE_MAIN_CLASS}", f"Class-Path: {path}")
    manifest = b"".join(map(_manifest_line, lines)) + b"\r\n"
    launcher = kept / f"firestore-{hashlib.sha256(manifest).hexdigest()[:16]}.jar"
    if not launcher.is_file():
        kept.mkdir(parents=True, exist_ok=True)
        unfinished = launcher.with_suffix(f".{os.getpid()}")
        with zipfile.ZipFile(unfinished, "w") as archive:
            archive.writestr("META-INF/MANIFEST.MF", manifest)
        unfinished.replace(launcher)
    return launcher


def _manifest_line(line: str) -> bytes:
    """One manifest entry, continued after 72 bytes (JAR File Specification, section "Line length")."""
    rest = line.encode()
    pieces = [rest[:70]]
    rest = rest[70:]
    while rest:
        pieces.append(b" " + rest[:69])
        rest = rest[69:]
    return b"\r\n".join(pieces) + b"\r\n"


def _own_script(script: Path, folder: Path) -> Path:
    """A script of ours that runs theirs: firebase-tools does a chmod on it, which only its owner may."""
    folder.mkdir(parents=True, exist_ok=True)
    wrapper = folder / "run-pubsub"
    options = f'export JAVA_TOOL_OPTIONS="${{{_PUBSUB_JAVA}-$JAVA_TOOL_OPTIONS}}"'
    wrapper.write_text(f'#!/bin/sh\n{options}\nexec {shlex.quote(str(script))} "$@"\n', encoding="utf-8")
    wrapper.chmod(0o755)
    return wrapper


def _own_java(java: jvm.Java, folder: Path, options: tuple[str, ...]) -> Path:
    """A folder for PATH with a `java` of ours, which firebase-tools runs the Firestore emulator with.

    It asks the same program for its version, and what Java loads for that must not be kept in the emulator's archive.
    """
    place = folder / "java"
    place.mkdir(parents=True, exist_ok=True)
    program, given = shlex.quote(str(java.program)), shlex.join(options)
    wrapper = place / "java"
    lines = ("#!/bin/sh", f'case " $* " in *" -jar "*) exec {program} {given} "$@" ;; esac', f'exec {program} "$@"', "")
    wrapper.write_text("\n".join(lines), encoding="utf-8")
    wrapper.chmod(0o755)
    return place
