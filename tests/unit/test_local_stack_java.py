"""What is kept of a start of Java for the next one, and when it is not used."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from local.stack import java, toolchain

USUAL = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


@pytest.fixture
def runtime(tmp_path: Path) -> java.Java:
    (tmp_path / "jre" / "bin").mkdir(parents=True)
    program = tmp_path / "jre" / "bin" / "java"
    program.touch()
    return java.Java(program.parents[1], program)


@pytest.fixture
def emulator(tmp_path: Path) -> Path:
    jar = tmp_path / "fs.jar"
    jar.write_bytes(b"one")
    return jar


def archive(options: tuple[str, ...]) -> Path:
    (found,) = (one.partition("=")[2] for one in options if one.startswith("-XX:SharedArchiveFile="))
    return Path(found)


def test_a_program_has_the_same_archive_at_each_start_and_another_when_it_has_changed(
    runtime: java.Java, emulator: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    first = archive(java.flags(runtime, emulator, kept))
    first.write_bytes(b"\x01archive")
    assert archive(java.flags(runtime, emulator, kept)) == first
    assert first.exists()
    emulator.write_bytes(b"another")
    second = archive(java.flags(runtime, emulator, kept))
    assert second != first
    assert not first.exists(), "what nothing uses any more is removed"
    os.utime(runtime.program, ns=(1, 1))
    assert archive(java.flags(runtime, emulator, kept)) != second


def test_the_archive_of_another_program_is_left_alone(runtime: java.Java, emulator: Path, tmp_path: Path) -> None:
    other = tmp_path / "cloud-pubsub-emulator"
    other.touch()
    theirs = archive(java.flags(runtime, other, tmp_path / "kept"))
    theirs.write_bytes(b"\x01archive")
    assert archive(java.flags(runtime, emulator, tmp_path / "kept")) != theirs
    assert theirs.exists()


@pytest.mark.parametrize("content", [b"", b"\0" * 5000])
def test_an_archive_whose_writer_was_killed_is_made_anew(
    runtime: java.Java, emulator: Path, tmp_path: Path, content: bytes
) -> None:
    """Java refuses such a file at each start and never replaces it: measured with Java 25."""
    half = archive(java.flags(runtime, emulator, tmp_path / "kept"))
    half.write_bytes(content)
    assert archive(java.flags(runtime, emulator, tmp_path / "kept")) == half
    assert not half.exists()


def test_where_nothing_can_be_kept_java_starts_as_it_would(runtime: java.Java, emulator: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert java.flags(runtime, emulator, tmp_path / "file" / "kept") == USUAL
    assert java.flags(runtime, tmp_path / "gone.jar", tmp_path / "kept") == USUAL
    assert java.flags(runtime) == USUAL


def test_an_environment_of_somebody_else_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert java._kept() == tmp_path / "leadgen" / "java"


def test_options_with_blanks_reach_java_whole(tmp_path: Path) -> None:
    """With the real one: it prints what it was given."""
    folder = tmp_path / "a folder"
    variable = java.as_variable(("-XX:+UseSerialGC", f"-Dsome.name={folder}"))
    answer = subprocess.run(
        [java.find().program, "-XshowSettings:properties", "-version"],
        env={**os.environ, "JAVA_TOOL_OPTIONS": variable},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"some.name = {folder}" in answer.stderr


@pytest.fixture
def made(runtime: java.Java, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of firebase-tools, where Java and the script of Pub/Sub print what they are given."""
    monkeypatch.setattr(toolchain, "runnable_jar", lambda jar, kept: jar)
    monkeypatch.setattr(java, "KEPT", tmp_path / "kept")
    runtime.program.write_text('#!/bin/sh\necho "$@"\n')
    script = tmp_path / "it's pubsub"
    script.write_text('#!/bin/sh\necho "$JAVA_TOOL_OPTIONS" "$@"\n')
    for one in (runtime.program, script):
        one.chmod(0o755)
    (tmp_path / "fs.jar").touch()
    files = toolchain.EmulatorFiles(tmp_path / "fs.jar", script)
    return files.environment(tmp_path / "tools") | files.java_environment(runtime, tmp_path / "tools")


def printed(command: list[str], variables: dict[str, str]) -> str:
    found = shutil.which(command[0], path=variables.get("PATH")) or command[0]
    done = subprocess.run([found, *command[1:]], env=os.environ | variables, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_each_emulator_is_given_its_own_archive(made: dict[str, str]) -> None:
    pubsub = printed([made[toolchain.PUBSUB_VARIABLE], "--port=1"], made)
    assert archive(tuple(shlex.split(pubsub))).name.startswith("it's pubsub-")
    assert pubsub.endswith("--port=1")
    firestore = printed(["java", "-Dx=y", "-jar", "fs.jar", "--port=2"], made)
    assert archive(tuple(firestore.split())).name.startswith("fs-")
    assert firestore.endswith("-Dx=y -jar fs.jar --port=2")


def test_asked_for_its_version_java_keeps_nothing(made: dict[str, str]) -> None:
    """firebase-tools asks first, and what Java loads for that would be kept as the emulator's."""
    assert printed(["java", "-Dx=y", "-version"], made) == "-Dx=y -version"
    assert made["JAVA_TOOL_OPTIONS"] == " ".join(USUAL)


def test_without_options_of_its_own_pubsub_has_those_of_all(made: dict[str, str]) -> None:
    del made["LEADGEN_PUBSUB_JAVA_OPTIONS"]
    assert printed([made[toolchain.PUBSUB_VARIABLE], "--port=1"], made) == " ".join((*USUAL, "--port=1"))


def test_a_jvm_without_an_archive_yet_is_let_end_by_itself(tmp_path: Path) -> None:
    program = tmp_path / "java"
    program.symlink_to(sys.executable)
    wait = [str(program), "-c", "print('up', flush=True); input()", f"-XX:SharedArchiveFile={tmp_path / 'fs.jsa'}"]
    with subprocess.Popen(wait, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        # Until a program says something, the system may not yet tell its new name and arguments.
        assert process.stdout is not None
        process.stdout.readline()
        assert java.keeps_at_its_end(psutil.Process(process.pid))
        (tmp_path / "fs.jsa").touch()
        assert not java.keeps_at_its_end(psutil.Process(process.pid))
        assert not java.keeps_at_its_end(psutil.Process())
