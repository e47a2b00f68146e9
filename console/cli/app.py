"""The `leadgen` command: global options, the commands, and the console when no command is named."""

from __future__ import annotations

import sys
from typing import Annotated, ClassVar

import typer

from console.cli.group import LazyGroup
from console.cli.output import told
from console.cli.target import ROLES, choice, open_session


class _Commands(LazyGroup):
    """All commands, in the order the help lists them."""

    WHERE: ClassVar[dict[str, str]] = {
        "run": "campaigns.run",
        "cancel": "campaigns.cancel",
        "status": "campaigns.status",
        "cities": "campaigns.cities",
        "extract": "extract.extract",
        "migrate": "migrate.migrate",
        "stats": "stats.stats",
        "web": "web.web",
        "demo": "demo.demo",
        "local": "local.app",
        "config": "config.app",
        "templates": "templates.app",
        "schedule": "schedule.app",
        "auth": "auth.app",
        "mailbox": "mailbox.app",
        "llm": "llm.app",
        "admin": "admin.app",
        "contacts": "contacts.app",
        "leads": "leads.app",
        "captcha": "captcha.app",
        "email": "email.app",
        "inbox": "inbox.app",
        "suppress": "suppression.app",
        "sources": "sources.app",
    }


app = typer.Typer(
    name="leadgen",
    cls=_Commands,
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Finds people who advertise services, works out who they are, and writes to each of them once. "
        "Without a command it opens the operator's console."
    ),
    epilog=(
        "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 nobody is signed in, 4 the backend does not answer, "
        "5 done in part, 130 interrupted."
    ),
)


@app.callback(invoke_without_command=True)
def _main(
    context: typer.Context,
    profile: Annotated[str, typer.Option("--profile", help="A deployed project of the settings file.")] = "",
    stack: Annotated[str, typer.Option("--stack", help="Which local stack, where no profile is named.")] = "default",
    role: Annotated[str, typer.Option("--as", help=f"Local stack only: act as {', '.join(ROLES)}.")] = "operator",
) -> None:
    if role not in ROLES:
        raise typer.BadParameter(f"{role!r} is not a role; roles are {', '.join(ROLES)}", param_hint="--as")
    choice.profile, choice.stack, choice.role = profile, stack, role
    if context.invoked_subcommand is None:
        _console()


def _console() -> None:
    if not sys.stdout.isatty():
        raise typer.BadParameter("the console needs a terminal; the commands work without one, see leadgen --help")
    with told():
        session = open_session()
        from console.app import run as run_console

        run_console(lambda: session)


def run() -> None:
    """Run the command named on the command line."""
    app()
