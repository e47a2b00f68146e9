"""`leadgen local`: the whole product on this machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from console.cli.output import FAILED, emit_json, out, say, table, tell, told
from console.cli.target import open_stack

app = typer.Typer(help="A whole Firebase on this machine, with stand-ins for the services around it.")
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]


@app.command()
def up(as_json: Json = False) -> None:
    """Start the local stack, or find it running; returns when it is warm."""
    with told():
        info = open_stack().up(progress=say)
        _show(info, as_json)


@app.command()
def down(as_json: Json = False) -> None:
    """Stop the local stack; its data is kept."""
    with told():
        stack = open_stack()
        stack.down()
        tell({"name": stack.name, "phase": "down", "message": "The local stack is down."}, as_json)


@app.command()
def status(as_json: Json = False) -> None:
    """Say how each part is doing; exit code 1 if the stack is not up."""
    with told():
        info = open_stack().status()
        if info is None:
            if as_json:
                emit_json({"phase": "down"})
            else:
                say("The local stack is down. Start it: leadgen local up")
            raise typer.Exit(FAILED)
        _show(info, as_json)


@app.command()
def reset(as_json: Json = False) -> None:
    """Empty the local stack: documents, users, mailboxes, everything."""
    with told():
        stack = open_stack()
        stack.reset()
        tell({"name": stack.name, "isEmpty": True, "message": "The local stack is empty."}, as_json)


def _show(info: Any, as_json: bool) -> None:
    facts = asdict(info)
    facts.pop("variables", None)
    if as_json:
        emit_json(facts)
        return
    rows = [[name, part["state"], part["address"] or "", part["detail"]] for name, part in facts["parts"].items()]
    table(f"Local stack {info.name} ({info.phase})", ["part", "state", "address", ""], rows)
    out.print(f"Classifieds  {info.classifieds_url}/")
    out.print(f"Mailbox      {info.microsoft.get('url', '')}/_standin/mailbox")
    others = info.standins.get("microsoft", {})
    for address, password in list(others.get("smtp_accounts", {}).items())[:1]:
        out.print(f"SMTP         {others['smtp_host']}:{others['smtp_port']}  {address}, password {password}")
