"""The `leadgen` command: global options, the commands, and the console when no command is named."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from console.cli import (
    admin,
    auth,
    campaigns,
    captcha,
    config,
    contacts,
    contacts_copy,
    demo,
    email,
    extract,
    inbox,
    leads,
    llm,
    local,
    mailbox,
    migrate,
    schedule,
    sources,
    stats,
    suppression,
    templates,
    web,
)
from console.cli.group import CommandGroup
from console.cli.output import told
from console.cli.target import ROLES, choice, open_session

app = typer.Typer(
    name="leadgen",
    cls=CommandGroup,
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
app.add_typer(local.app, name="local", cls=CommandGroup)
app.add_typer(config.app, name="config", cls=CommandGroup)
app.add_typer(templates.app, name="templates", cls=CommandGroup)
app.add_typer(schedule.app, name="schedule", cls=CommandGroup)
app.add_typer(auth.app, name="auth", cls=CommandGroup)
app.add_typer(mailbox.app, name="mailbox", cls=CommandGroup)
app.add_typer(llm.app, name="llm", cls=CommandGroup)
app.add_typer(admin.app, name="admin", cls=CommandGroup)
contacts.app.command("list")(contacts_copy.list_contacts)
contacts.app.command("forget-copy")(contacts_copy.forget_copy)
app.add_typer(contacts.app, name="contacts", cls=CommandGroup)
app.add_typer(leads.app, name="leads", cls=CommandGroup)
app.add_typer(captcha.app, name="captcha", cls=CommandGroup)
app.add_typer(email.app, name="email", cls=CommandGroup)
app.add_typer(inbox.app, name="inbox", cls=CommandGroup)
app.add_typer(suppression.app, name="suppress", cls=CommandGroup)
app.add_typer(sources.app, name="sources", cls=CommandGroup)
app.command("run")(campaigns.run)
app.command("cancel")(campaigns.cancel)
app.command("status")(campaigns.status)
app.command("cities")(campaigns.cities)
app.command("extract")(extract.extract)
app.command("migrate")(migrate.migrate)
app.command("stats")(stats.stats)
app.command("web")(web.web)
app.command("demo")(demo.demo)


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
