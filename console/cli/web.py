"""`leadgen web`: the same console in a browser."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from console.cli.output import fail, out, say, told
from console.cli.target import choice, open_session


def web(
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes any free one.")] = 8080,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="A host name by which it may be asked for; may be repeated.")
    ] = None,
    expose: Annotated[
        bool, typer.Option("--expose", help="Listen where other machines can reach it. Nothing is encrypted.")
    ] = False,
) -> None:
    """Serve the console to a browser on this machine. The link that is printed works once, for one browser.

    Whoever opens it acts as the operator who is signed in here.
    """
    from console.web.door import is_loopback
    from console.web.serving import serve

    if not is_loopback(host) and not expose:
        raise typer.BadParameter(
            f"{host} can be reached from other machines, and nothing is encrypted. Better: ssh -L {port or 8080}:"
            f"localhost:{port or 8080} to this machine. If you mean it, add --expose",
            param_hint="--host",
        )
    if not is_loopback(host):
        say("Warning: other machines can reach this, unencrypted: whoever reads the traffic can act as you.")
    with told():
        user = open_session().user
        try:
            serve(_terminal(), host, port, tuple(name or ()), lambda link: _ready(link, user.email))
        except OSError as error:
            fail(f"{host}:{port} can't be listened on: {error.strerror or error}", hint="Choose another: --port 0")


def _terminal() -> list[str]:
    which = ["--profile", choice.profile] if choice.profile else ["--stack", choice.stack]
    return [sys.executable, "-m", "console.web.terminal", *which, "--as", choice.role]


def _ready(link: str, email: str) -> None:
    say(f"The console of {email}. The link works once; Ctrl+C ends it.")
    out.print(link, markup=False)
