"""`leadgen templates`: the email templates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.cli.output import emit_json, fail, out, say, table, told
from console.cli.target import open_session

app = typer.Typer(help="The email templates.")
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]


@app.command("list")
def list_templates(as_json: Json = False) -> None:
    """List the templates."""
    with told():
        templates = open_session().call("getTemplates")
        if as_json:
            emit_json(templates)
            return
        rows = [
            [t["templateId"], t["templateName"], t["baseSubject"], t["version"], "archived" if t["isArchived"] else ""]
            for t in templates
        ]
        table("Templates", ["id", "name", "subject", "version", ""], rows)


@app.command()
def show(template_id: int, as_json: Json = False) -> None:
    """Show one template."""
    with told():
        templates = open_session().call("getTemplates")
        found = next((t for t in templates if t["templateId"] == template_id), None)
        if found is None:
            fail(f"There is no template {template_id}.", hint="leadgen templates list shows those there are.")
        if as_json:
            emit_json(found)
            return
        out.print(f"{found['templateId']}  {found['templateName']}  (version {found['version']})", markup=False)
        out.print(f"Subject: {found['baseSubject']}\n\n{found['baseBodyHtml']}", markup=False)


@app.command()
def save(
    template_id: Annotated[int, typer.Argument(help="Its number; a new one creates a template.")],
    body: Annotated[Path, typer.Option("--body", exists=True, dir_okay=False, help="File with the HTML body.")],
    subject: Annotated[str, typer.Option("--subject", help="The subject line.")],
    name: Annotated[str, typer.Option("--name", help="A descriptive name.")],
    description: Annotated[str, typer.Option("--description")] = "",
    archived: Annotated[bool, typer.Option("--archived", help="Keep it, but offer it to nobody.")] = False,
    as_json: Json = False,
) -> None:
    """Create a template or save a new version of one."""
    try:
        html = body.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{body} can't be read as UTF-8 text: {error}", 2)
    with told():
        saved = open_session().call(
            "saveTemplate",
            {
                "templateId": template_id,
                "templateName": name,
                "description": description,
                "baseSubject": subject,
                "baseBodyHtml": html,
                "isArchived": archived,
            },
        )
        if as_json:
            emit_json(saved)
        else:
            say(f"Template {saved['templateId']} is saved as version {saved['version']}.")
