"""How the command line speaks: facts on stdout, everything else on stderr, and exit codes that mean something.

0 done · 1 refused or failed · 2 wrong usage · 3 nobody is signed in · 4 the backend does not answer
5 done but for a part · 130 interrupted

Between 1 and 2 one question decides: would the same line be right if other things were stored? Wrong usage is wrong
whatever is stored: an option that does not exist, a word that is none of a fixed list, a file that is not there.
A well-formed line that names what is not there (an id, a template, a city, a mailbox) is refused: 1.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from console.client.problems import BackendError, SignInProblem
from console.client.profile import ProfileProblem
from console.format import plain
from leadgen.model.errors import LeadgenError

FAILED, USAGE, SIGNED_OUT, UNREACHABLE, PARTLY, INTERRUPTED = 1, 2, 3, 4, 5, 130

_PIPE_WIDTH = 1000
"""Columns of a table that goes into a file or a pipe: one line per row, so that ids and addresses stay whole."""

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """Tell the person something that is no result."""
    err.print(escape(plain(text)))


def emit_json(value: Any) -> None:
    """Print facts as one JSON document."""
    sys.stdout.write(json.dumps(value, default=_json_value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def table(title: str, columns: list[str], rows: list[list[Any]]) -> None:
    """Print rows; text from outside is shown as text."""
    grid = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        grid.add_column(column, overflow="fold")
    for row in rows:
        grid.add_row(*(escape(plain("" if cell is None else str(cell))) for cell in row))
    target = out if out.is_terminal else Console(highlight=False, soft_wrap=True, width=_PIPE_WIDTH)
    target.print(grid)


def fail(message: str, code: int = FAILED, *, hint: str = "") -> NoReturn:
    """Say what went wrong and end. A hint may have several lines, such as some to be copied."""
    err.print(f"[bold red]✗[/] {escape(plain(message))}")
    for line in hint.splitlines():
        err.print(f"  {escape(plain(line))}")
    raise typer.Exit(code)


def not_there(message: str, hint: str = "") -> NoReturn:
    """Say that what the person named is not there, or not one thing, and end. The line was right: this is a refusal."""
    fail(message, FAILED, hint=hint)


def tell(answer: dict[str, Any], as_json: bool) -> None:
    """What the backend answered: as JSON, or its message."""
    emit_json(answer) if as_json else say(str(answer["message"]))


def ask_password(prompt: str, from_stdin: bool, *, confirm: bool = False) -> str:
    """A password: the next line of stdin, or what the person types unseen; never an argument."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        fail("Without a terminal nobody can be asked for the password.", USAGE, hint="Give it with --password-stdin.")
    return str(typer.prompt(prompt, hide_input=True, confirmation_prompt=confirm))


@contextmanager
def told() -> Iterator[None]:
    """Turn every expected failure into a message and an exit code; never a traceback."""
    from local.stack.errors import StackError

    try:
        yield
    except SignInProblem as error:
        fail(f"{error.title}: {error.detail}", SIGNED_OUT, hint=error.hint)
    except BackendError as error:
        _backend(error)
    except LeadgenError as error:
        _refused(error)
    except ProfileProblem as error:
        fail(str(error), USAGE, hint=error.hint)
    except StackError as error:
        fail(str(error), FAILED)
    except KeyboardInterrupt:
        fail("Interrupted; what was begun goes on in the backend.", INTERRUPTED)


def _refused(error: LeadgenError) -> NoReturn:
    for field in error.fields:
        err.print(f"  {escape(plain(f'{field.field} is {field.value}, allowed: {field.allowed}'))}")
    message = f"{error.detail.partition(': ')[0]}." if error.fields else error.detail
    fail(message, FAILED, hint=error.hint)


def _backend(error: BackendError) -> NoReturn:
    unreachable = "does not answer" in error.title
    for field in error.fields:
        value = f" (is {plain(field['value'])})" if field.get("value") else ""
        err.print(f"  {escape(plain(field.get('field')))}{escape(value)}: {escape(plain(field.get('allowed')))}")
    fail(_said(error), UNREACHABLE if unreachable else FAILED, hint=error.hint)


def _said(error: BackendError) -> str:
    """Title and detail, each thing once: the lines of the fields come before it, and some details repeat the title."""
    detail = error.detail
    if error.fields and " is not valid: " in detail:
        return f"{detail.partition(': ')[0]}."
    return detail if detail.startswith(error.title) else f"{error.title}: {detail}"
