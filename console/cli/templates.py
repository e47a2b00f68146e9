"""`leadgen templates`: the email templates."""

from __future__ import annotations

import os
import secrets
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from console.cli.output import FAILED, USAGE, emit_json, fail, not_there, out, say, table, told
from console.cli.target import open_session
from console.cli.template_files import BadTemplateFile, read_template, template_file
from console.client.session import Session
from console.starter import save_starter_templates

app = typer.Typer(help="The email templates.")
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
File = Annotated[Path, typer.Option("--file", "-f", exists=True, dir_okay=False, help="File with the template.")]
For = Annotated[str, typer.Option("--for", help="A contact's id; a made-up lead if absent.")]
Seed = Annotated[str, typer.Option("--seed", help="Any word: draws another variation.")]


@app.command("list")
def list_templates(
    archived: Annotated[bool, typer.Option("--archived", help="The archived ones, too.")] = False, as_json: Json = False
) -> None:
    """List the templates."""
    with told():
        templates = [t for t in open_session().call("getTemplates") if archived or not t["isArchived"]]
        if as_json:
            emit_json(templates)
            return
        rows = [
            [t["templateId"], t["templateName"], t["baseSubject"], t["version"], "archived" if t["isArchived"] else ""]
            for t in templates
        ]
        table("Templates", ["id", "name", "subject", "version", ""], rows)


@app.command()
def show(
    template_id: int,
    version: Annotated[int, typer.Option("--version", min=0, help="An earlier version.")] = 0,
    as_json: Json = False,
) -> None:
    """Show one template as the file `templates edit` reads."""
    with told():
        session = open_session()
        found = _template(session, template_id)
        if version and version != found["version"]:
            found = {**found, **_earlier(session, template_id, version)}
        if as_json:
            emit_json(found)
            return
        say(f"Template {found['templateId']}, version {found['version']}{', archived' if found['isArchived'] else ''}")
        out.print(template_file(found), markup=False)


def _template(session: Session, template_id: int) -> dict[str, Any]:
    templates = session.call("getTemplates")
    found = next((t for t in templates if t["templateId"] == template_id), None)
    if found is None:
        not_there(f"There is no template {template_id}.", "leadgen templates list --archived shows those there are.")
    return dict(found)


def _earlier(session: Session, template_id: int, version: int) -> dict[str, Any]:
    from google.api_core.exceptions import GoogleAPICallError, RetryError

    from console.client.watching import TIMEOUT_S, unreachable

    ref = session.firestore().collection("templates").document(str(template_id))
    try:
        snapshot = ref.collection("versions").document(str(version)).get(timeout=TIMEOUT_S)
    except (GoogleAPICallError, RetryError) as error:
        raise unreachable(error) from None
    if not snapshot.exists:
        not_there(f"There is no version {version} of template {template_id}.")
    return dict(snapshot.to_dict() or {})


@app.command()
def starter(as_json: Json = False) -> None:
    """Save templates to start with, but for those of whose name there is one already."""
    with told():
        saved = save_starter_templates(open_session())
        if as_json:
            emit_json(saved)
        elif not saved:
            say("All starter templates are there already.")
        else:
            rows = [[one["templateId"], one["templateName"], one["baseSubject"]] for one in saved]
            table("Saved", ["id", "name", "subject"], rows)
            say(f"leadgen templates preview {saved[0]['templateId']} shows what a lead would get.")


@app.command()
def save(
    template_id: Annotated[int, typer.Argument(help="Its number; a new one creates a template.")],
    body: Annotated[Path, typer.Option("--body", exists=True, dir_okay=False, help="File with the HTML body.")],
    subject: Annotated[list[str], typer.Option("--subject", help="The subject line; a second one is an alternative.")],
    name: Annotated[str, typer.Option("--name", help="A descriptive name.")],
    description: Annotated[str, typer.Option("--description")] = "",
    archived: Annotated[bool, typer.Option("--archived", help="Keep it, but offer it to nobody.")] = False,
    as_json: Json = False,
) -> None:
    """Create a template or save a new version of one, from its parts."""
    with told():
        wish = {
            "templateId": template_id,
            "templateName": name,
            "description": description,
            "baseSubject": subject[0],
            "alternativeSubjects": subject[1:],
            "baseBodyHtml": _read(body)["baseBodyHtml"],
            "isArchived": archived,
        }
        _saved(open_session().call("saveTemplate", wish), as_json)


@app.command()
def edit(
    template_id: Annotated[int, typer.Argument(help="Its number; a new one creates a template.")],
    file: Annotated[
        Path | None, typer.Option("--file", "-f", exists=True, dir_okay=False, help="The template; $EDITOR if absent.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Save a new version of a template from a file, or from what you make of it in your editor."""
    with told():
        session = open_session()
        before = next((t for t in session.call("getTemplates") if t["templateId"] == template_id), None)
        fields = _read(file) if file is not None else _edited(before or _BLANK)
        if fields is None:
            say("Nothing was changed.")
            return
        kept = ("templateName", "description", "baseSubject", "alternativeSubjects", "defaults", "isArchived")
        wish = {**({key: before[key] for key in kept} if before else {}), **fields, "templateId": template_id}
        missing = [key for key in ("templateName", "baseSubject") if not wish.get(key)]
        if missing:
            needed = " and ".join({"templateName": "name:", "baseSubject": "subject:"}[key] for key in missing)
            fail(f"A new template needs {needed} in the head of its file.", USAGE)
        wish["expectedVersion"] = before["version"] if before else 0
        _saved(session.call("saveTemplate", wish), as_json)


_BLANK: dict[str, Any] = {"templateName": "", "baseSubject": "", "baseBodyHtml": "<p>Hi {{ greetingName }},</p>\n"}


def _read(file: Path) -> dict[str, Any]:
    try:
        return read_template(file)
    except BadTemplateFile as error:
        fail(str(error), USAGE)


def _edited(before: dict[str, Any]) -> dict[str, Any] | None:
    """What the person's editor makes of it; `None` if nothing."""
    text = template_file(before)
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory(prefix="leadgen-") as folder:
        copy = Path(folder) / "template.html"
        copy.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*editor, str(copy)], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            fail(f"The editor {editor[0]} did not end well: {error}", hint="Set EDITOR, or use --file.")
        return _read(copy) if copy.read_text(encoding="utf-8") != text else None


def _saved(saved: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit_json(saved)
        return
    for finding in saved.get("findings", []):
        say(_line(finding))
    say(f"Template {saved['templateId']} is saved as version {saved['version']}.")


@app.command()
def sequence(
    template_id: int,
    steps: Annotated[
        list[str] | None,
        typer.Option("--step", help="TEMPLATE:DAYS, such as 2:3 for template 2 three days later; once for each step."),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="No follow-ups any more.")] = False,
    as_json: Json = False,
) -> None:
    """Show what follows a template's mail to those who do not answer, or set it."""
    with told():
        session = open_session()
        if steps or clear:
            wish = {"templateId": template_id, "followUps": [_step(one) for one in steps or []]}
            found = dict(session.call("setSequence", wish))
        else:
            found = _template(session, template_id)
        if as_json:
            emit_json({"templateId": template_id, "followUps": found["followUps"]})
        elif not found["followUps"]:
            say(f"Nothing follows the mails of template {template_id}.")
        else:
            rows = [[number, one["templateId"], one["afterDays"]] for number, one in enumerate(found["followUps"], 1)]
            table(f"After template {template_id}, unless they answer", ["step", "template", "days later"], rows)


def _step(text: str) -> dict[str, int]:
    template, _, days = text.partition(":")
    if not (template.isdecimal() and days.isdecimal()):
        fail(f"{text!r} is not TEMPLATE:DAYS, such as 2:3.", USAGE)
    return {"templateId": int(template), "afterDays": int(days)}


@app.command()
def archive(
    template_id: int,
    undo: Annotated[bool, typer.Option("--undo", help="Take it out of the archive.")] = False,
    as_json: Json = False,
) -> None:
    """Archive a template: nobody is offered it, and mails of it that wait are held."""
    with told():
        done = open_session().call("archiveTemplate", {"templateId": template_id, "archived": not undo})
        if as_json:
            emit_json(done)
        else:
            say(f"Template {template_id} is {'archived' if done['isArchived'] else 'not archived any more'}.")


@app.command()
def preview(
    template_id: Annotated[int, typer.Argument(help="Its number; 0 with --file.")] = 0,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", exists=True, dir_okay=False, help="A template not saved yet.")
    ] = None,
    version: Annotated[int, typer.Option("--version", min=0, help="An earlier version.")] = 0,
    contact: For = "",
    seed: Seed = "",
    html: Annotated[bool, typer.Option("--html", help="Print the HTML, not the plain text.")] = False,
    as_json: Json = False,
) -> None:
    """Show the mail a lead would get, and why it would not leave. Ends with 1 if it can't be made."""
    with told():
        session = open_session()
        seen = session.call("previewTemplate", _wish(template_id, file, version, contact, seed))
        if as_json:
            emit_json(seen)
        elif seen["subject"]:
            variation = f", variation {seen['variation']}" if seen["variation"] else ""
            say(f"To: {seen['toName']} <{seen['to']}> (version {seen['templateVersion']}{variation})")
            out.print(f"Subject: {seen['subject']}\n\n{seen['html'] if html else seen['text']}", markup=False)
        if not as_json:
            for finding in seen["findings"]:
                say(_line(finding))
            if seen["refusal"]:
                say(f"Would not leave: {seen['refusal']}")
    if not seen["subject"]:
        raise typer.Exit(FAILED)


def _wish(template_id: int, file: Path | None, version: int, contact: str, seed: str) -> dict[str, Any]:
    if (file is None) == (not template_id):
        fail("Name either a template's number or --file.", USAGE)
    wish: dict[str, Any] = {"templateId": template_id} if file is None else {"draft": _draft(file)}
    wish |= {"version": version} if version else {}
    wish |= {"contactId": contact} if contact else {}
    return wish | ({"seed": seed} if seed else {})


def _draft(file: Path) -> dict[str, Any]:
    fields = _read(file)
    wanted = ("baseSubject", "baseBodyHtml", "alternativeSubjects", "defaults")
    return {"baseSubject": "(no subject)"} | {key: fields[key] for key in wanted if key in fields}


@app.command("test-send")
def send_test(
    template_id: int,
    contact: For = "",
    seed: Seed = "",
    account: Annotated[str, typer.Option("--from", help="The mailbox; the first that can, if absent.")] = "",
    as_json: Json = False,
) -> None:
    """Send the mail a lead would get to yourself."""
    with told():
        wish = _wish(template_id, None, 0, contact, seed) | ({"account": account} if account else {})
        sent = open_session().call("testSend", wish, idempotency_key=secrets.token_hex(16))
        if as_json:
            emit_json(sent)
        else:
            say(sent["message"])


@app.command()
def lint(
    template_id: Annotated[int, typer.Argument(help="Its number; 0 with --file.")] = 0,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", exists=True, dir_okay=False, help="A template not saved yet.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    as_json: Json = False,
) -> None:
    """Check a template. Ends with 1 if it has errors."""
    with told():
        findings = open_session().call("previewTemplate", _wish(template_id, file, 0, "", ""))["findings"]
        if as_json:
            emit_json(findings)
        else:
            for finding in findings:
                out.print(_line(finding), markup=False)
            if not findings:
                say("Nothing is wrong with it.")
    if any(strict or finding["level"] == "error" for finding in findings):
        _unfit()


def _unfit() -> NoReturn:
    raise typer.Exit(FAILED)


def _line(finding: dict[str, Any]) -> str:
    line = f", line {finding['line']}" if finding["line"] else ""
    return f"{finding['level']}: {finding['part']}{line}: {finding['text']} [{finding['code']}]"
