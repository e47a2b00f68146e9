"""`leadgen config`: the configuration."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from console.cli.output import emit_json, fail, say, table, told
from console.cli.target import open_session

app = typer.Typer(help="The configuration: LLM limit, working hours, pace, caps, sender.")
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]


@app.command("get")
def get_config(
    name: Annotated[str, typer.Argument(help="One setting, such as dailyCap; all if absent.")] = "",
    as_json: Json = False,
) -> None:
    """Show the configuration now in force."""
    with told():
        config = open_session().call("getConfig")
        if name:
            if name not in config:
                fail(f"There is no setting {name}.", 2, hint=f"Settings: {', '.join(sorted(config))}")
            config = {name: config[name]}
        if as_json:
            emit_json(config)
        else:
            table("Configuration", ["setting", "value"], [[k, _text(v)] for k, v in sorted(config.items())])


@app.command("set")
def set_config(
    pairs: Annotated[
        list[str], typer.Argument(help="NAME=VALUE; dots reach inside, such as workingHours.start=08:00.")
    ],
    as_json: Json = False,
) -> None:
    """Change settings, all of them or none. Needs the role admin."""
    changes: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            fail(f"{pair!r} is not NAME=VALUE.", 2)
        _put(changes, name.split("."), _value(value))
    with told():
        config = open_session().call("updateConfig", changes)
        if as_json:
            emit_json(config)
        else:
            say(f"Saved as revision {config['revision']}.")


def _put(target: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        target = target.setdefault(part, {})
    target[path[-1]] = value


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
