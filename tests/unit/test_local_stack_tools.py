"""Where the local stack finds Java, Node, firebase-tools and the emulators."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from local.stack import StackError, toolchain


def make_jar(path: Path, manifest: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", manifest)
    return path


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with an empty home and no emulators."""
    for name in (
        toolchain.FIRESTORE_VARIABLE,
        toolchain.PUBSUB_VARIABLE,
        "FIREBASE_EMULATORS_PATH",
        "CLOUDSDK_ROOT_DIR",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    tools = tmp_path / "firebase-tools" / "lib"
    (tools / "bin").mkdir(parents=True)
    (tools / "emulator").mkdir()
    table = {"firestore": {"downloadPathRelativeToCacheDir": "fs-v1.jar"}}
    (tools / "emulator" / "downloadableEmulatorInfo.json").write_text(json.dumps(table))
    return tools / "bin" / "firebase.js"


def test_the_emulator_is_looked_for_in_variable_cache_and_cloud_sdk_in_this_order(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdk = make_jar(tmp_path / "sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar", "")
    monkeypatch.setenv("CLOUDSDK_ROOT_DIR", str(tmp_path / "sdk"))
    assert toolchain.find_firestore_jar(bare) == sdk
    cached = make_jar(tmp_path / "home/.cache/firebase/emulators/fs-v1.jar", "")
    assert toolchain.find_firestore_jar(bare) == cached
    assert toolchain.find_emulators(bare).firestore == cached
    named = make_jar(tmp_path / "named.jar", "")
    monkeypatch.setenv(toolchain.FIRESTORE_VARIABLE, str(named))
    assert toolchain.find_firestore_jar(bare) == named


def test_a_variable_that_names_no_file_is_an_error_not_ignored(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(toolchain.FIRESTORE_VARIABLE, "/no/such.jar")
    with pytest.raises(StackError, match=r"/no/such\.jar"):
        toolchain.find_emulators(bare)


def test_missing_node_says_how_to_get_it(bare: Path) -> None:
    with pytest.raises(StackError, match="apt-get install nodejs"):
        toolchain.find_node()


def test_missing_firebase_tools_says_how_to_get_them(bare: Path, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="make setup"):
        toolchain.find_firebase_tools(tmp_path)


def test_a_jar_without_main_class_gets_a_launcher_with_wrapped_lines(tmp_path: Path) -> None:
    jar = make_jar(tmp_path / ("long " * 30).strip() / "fs.jar", "Manifest-Version: 1.0\r\n")
    launcher = toolchain.runnable_jar(jar, tmp_path / "tools")
    with zipfile.ZipFile(launcher) as archive:
        manifest = archive.read("META-INF/MANIFEST.MF")
    assert all(len(line) <= 72 for line in manifest.split(b"\r\n"))
    unfolded = manifest.replace(b"\r\n ", b"").decode()
    assert f"Class-Path: ../{'long%20' * 29}long/fs.jar" in unfolded
    assert f"Main-Class: {toolchain.FIRESTORE_MAIN_CLASS}" in unfolded


def test_a_jar_with_main_class_is_used_as_it_is(tmp_path: Path) -> None:
    jar = make_jar(tmp_path / "fs.jar", "Manifest-Version: 1.0\r\nMain-Class: x.Y\r\n")
    assert toolchain.runnable_jar(jar, tmp_path / "tools") == jar
