"""What all commands have in common: help that is whole, facts as JSON, and one rule for exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from console.cli import admin, auth, contacts_copy, ids, local
from console.cli.app import app
from console.cli.output import FAILED, USAGE, told
from console.client.problems import BackendError
from console.client.profile import emulator_profile
from leadgen.model.errors import NotFound

NO_FACTS = {("web",)}
"""Commands that serve until they are stopped."""
ROOT = typer.main.get_command(app)


def run(*words: str, stdin: str = "", **environment: str) -> Result:
    return CliRunner().invoke(app, words, input=stdin, env={"COLUMNS": "80", **environment})


def commands(group: Any = ROOT, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command and group, with its words."""
    yield path, group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


@pytest.mark.parametrize("path", [path for path, one in commands() if hasattr(one, "commands")], ids=" ".join)
def test_help_says_whole_sentences_at_80_columns(path: tuple[str, ...]) -> None:
    shown = run(*path, "--help")
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    listed = " ".join(shown.stdout.partition("Commands:")[2].split())
    assert "..." not in listed
    for name, command in (one for where, one in commands() if where == path for one in one.commands.items()):
        first = " ".join((command.help or "").split("\n\n")[0].split()).partition(". ")[0].rstrip(".")
        assert f"{name} {first}" in listed


def test_a_start_imports_the_command_it_was_asked_for_and_no_other() -> None:
    code = "import sys; from console.cli.app import app; app(sys.argv[1:], standalone_mode=False); print(*sys.modules)"
    line = [sys.executable, "-c", code, "cities", "--help"]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    imported = done.stdout.splitlines()[-1].split()
    assert "console.cli.campaigns" in imported
    assert not {"console.cli.local", "console.cli.migrate", "console.cli.contacts", "textual"} & set(imported)


def test_every_command_gives_facts_as_json() -> None:
    plain = [path for path, one in commands() if not hasattr(one, "commands")
             and not any("--json" in option.opts for option in one.params)]  # fmt: skip
    assert set(plain) == NO_FACTS


# -- exit codes


def code(error: Exception) -> int:
    with pytest.raises(typer.Exit) as ended, told():
        raise error
    return ended.value.exit_code


def test_what_is_not_there_is_refused_whoever_finds_that_out() -> None:
    assert code(NotFound("There is no source x.")) == FAILED
    assert code(BackendError("Not found", "There is no lead x.", status=404)) == FAILED
    for found in ([], ["ab" * 16, "ac" * 16]):
        with pytest.raises(typer.Exit) as ended:
            ids.whole_id("a", "lead", lambda start, found=found: found, "leadgen captcha list")  # type: ignore[misc]
        assert ended.value.exit_code == FAILED


@pytest.mark.parametrize(
    "words", [["nonsense"], ["status", "--nonsense"], ["captcha", "resolve"], ["--as", "boss", "status"]]
)
def test_a_line_that_is_wrong_whatever_is_stored_is_wrong_usage(words: list[str]) -> None:
    assert run(*words).exit_code == USAGE


def test_two_ids_that_differ_late_are_shown_so_far_that_they_differ(capsys: pytest.CaptureFixture[str]) -> None:
    one, other = "a" * 20 + "b" * 12, "a" * 20 + "c" * 12
    with pytest.raises(typer.Exit):
        ids.whole_id("aa", "mail", lambda start: [one, other], "leadgen email list")
    assert f"{one[:21]}, {other[:21]}" in capsys.readouterr().err


def test_a_profile_that_is_not_there_shows_the_lines_to_add(tmp_path: Path) -> None:
    done = run("--profile", "nope", "status", LEADGEN_CONFIG_DIR=str(tmp_path))
    assert (done.exit_code, done.stdout) == (USAGE, "")
    lines = [line.strip() for line in done.stderr.splitlines()]
    start = lines.index("[profiles.nope]")
    (tmp_path / "settings.toml").write_text("\n".join(lines[start:]), encoding="utf-8")
    again = run("--profile", "nope", "auth", "logout", "--json", LEADGEN_CONFIG_DIR=str(tmp_path))
    assert again.exit_code == 0, "the lines shown are a profile"
    assert json.loads(again.stdout)["profile"] == "nope"


# -- facts as JSON


def facts(*words: str, stdin: str = "") -> dict[str, Any]:
    done = run(*words, "--json", stdin=stdin)
    assert done.exit_code == 0, done.output
    told_facts: dict[str, Any] = json.loads(done.stdout)
    return told_facts


def test_admin_commands_say_whom_they_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[str, ...]] = []
    double = SimpleNamespace(
        create_user=lambda *user: made.append(user) or "u1", set_role=lambda *user: made.append(user)
    )
    monkeypatch.setattr(admin, "Admin", lambda profile: double)
    monkeypatch.setattr(admin, "_profile", lambda: None)
    said = facts("admin", "create-user", "ann@x.example", "--role", "admin", "--password-stdin", stdin="secret-1\n")
    assert said == {
        "uid": "u1", "email": "ann@x.example", "role": "admin", "message": "ann@x.example can sign in as admin."
    }  # fmt: skip
    assert facts("admin", "set-role", "ann@x.example", "viewer")["role"] == "viewer"
    assert made == [("ann@x.example", "secret-1"), ("ann@x.example", "admin"), ("ann@x.example", "viewer")]


def test_signing_in_says_as_whom_and_where_that_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    profile = emulator_profile("p", project_id="demo-p", firestore_host="h", auth_host="h", functions_url="http://h")
    user = SimpleNamespace(email="ann@x.example", role="operator")
    monkeypatch.setattr(auth, "_profile", lambda: profile)
    monkeypatch.setattr(auth, "sign_in", lambda *_: "token-secret")
    monkeypatch.setattr(auth, "SignIn", lambda *_: SimpleNamespace(user=user))
    monkeypatch.setattr(auth, "keep_token", lambda name, token: "the keyring")
    said = facts("auth", "login", "--email", "ann@x.example", "--password-stdin", stdin="secret-1\n")
    assert (said["profile"], said["email"], said["role"], said["keptIn"]) == (
        "p", "ann@x.example", "operator", "the keyring"
    )  # fmt: skip
    assert "secret" not in json.dumps(said)


def test_a_mailbox_sign_in_keeps_stdout_for_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        "beginDeviceSignIn": {"signInId": "s", "userCode": "CODE-1", "verificationUrl": "https://login", "interval": 1},
        "pollDeviceSignIn": {"done": True, "account": "ann@x.example", "message": "ann@x.example is signed in."},
    }
    session = SimpleNamespace(call=lambda endpoint, body=None: answers[endpoint])
    monkeypatch.setattr(auth, "open_session", lambda: session)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr(auth.sign_in_on_device, "__defaults__", (lambda seconds: None,))
    done = run("auth", "outlook", "--device", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["account"] == "ann@x.example"
    assert "CODE-1" in done.stderr
    shown = run("auth", "outlook", "--device")
    assert shown.stdout == "CODE-1\n", "without --json it is there to be piped"


def test_the_local_stack_and_the_local_copy_say_what_became_of_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stack = SimpleNamespace(name="trial", down=lambda: None, reset=lambda: None)
    monkeypatch.setattr(local, "open_stack", lambda: stack)
    assert facts("local", "down")["phase"] == "down"
    assert facts("local", "reset")["isEmpty"] is True
    copy = tmp_path / "copy.sqlite3"
    monkeypatch.setattr(contacts_copy, "open_session", lambda: SimpleNamespace(profile=None))
    monkeypatch.setattr(contacts_copy.place, "copies_of", lambda profile: [copy])
    monkeypatch.setattr(contacts_copy.place, "remove", lambda path: True)
    assert facts("contacts", "forget-copy")["removed"] == [str(copy)]
