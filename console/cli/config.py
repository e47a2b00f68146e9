"""`leadgen config`: the configuration."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from console.cli.output import USAGE, emit_json, fail, not_there, say, table, told
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
                fail(f"There is no setting {name}.", USAGE, hint=f"Settings: {', '.join(sorted(config))}")
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
            fail(f"{pair!r} is not NAME=VALUE.", USAGE)
        _put(changes, name.split("."), _value(value))
    with told():
        config = open_session().call("updateConfig", changes)
        if as_json:
            emit_json(config)
        else:
            say(f"Saved as revision {config['revision']}.")


@app.command("history")
def history(
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help="The most of them.")] = 20,
    as_json: Json = False,
) -> None:
    """Show earlier configurations, the latest first."""
    from console.screens.config.history import earlier

    with told():
        found = earlier(open_session(), limit)
        if as_json:
            emit_json([{**one, "updatedAt": str(one["updatedAt"] or "")} for one in found])
        else:
            rows = [[str(h["revision"]), str(h["updatedBy"] or "as it came"), str(h["updatedAt"] or "")] for h in found]
            table("Earlier configurations", ["revision", "by", "at"], rows)


@app.command("restore")
def restore(
    revision: Annotated[int, typer.Argument(help="Which, as `leadgen config history` lists them.")],
    as_json: Json = False,
) -> None:
    """Make an earlier configuration the present one. Needs the role admin."""
    from console.screens.config.history import earlier

    with told():
        session = open_session()
        found = next((h for h in earlier(session, 100) if h["revision"] == revision), None)
        if found is None:
            not_there(f"There is no revision {revision} among the last 100.", "leadgen config history lists them.")
        kept = {key: value for key, value in found.items() if key not in {"revision", "updatedAt", "updatedBy"}}
        config = session.call("updateConfig", kept)
        if as_json:
            emit_json(config)
        else:
            say(f"Revision {revision} is in force again, as revision {config['revision']}.")


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
