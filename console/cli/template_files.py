"""A template as a file to edit: a few lines of settings between two lines of dashes, then the HTML.

    ---
    name: First hello
    description: A short first mail
    subject: A question about {{ businessName or 'your ad' }}
    subject: For {{ greetingName }}
    default category: your trade
    ---
    <p>Hi {{ greetingName }},</p>

A second `subject:` is an alternative: which one a lead gets is drawn. `default NAME:` says what stands for an empty
field. Without the dashes the whole file is the HTML.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

_DASHES = "---"


class BadTemplateFile(Exception):
    """The file is no template; the message says which line and why."""


def read_template(path: Path) -> dict[str, Any]:
    """The fields a file sets, named as saveTemplate names them.

    Args:
        path: the file, UTF-8.

    Raises:
        BadTemplateFile: it can't be read, or a line of its head is none.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadTemplateFile(f"{path} can't be read as UTF-8 text: {error}") from None
    lines = text.splitlines(keepends=True)
    if not lines or lines[0].strip() != _DASHES:
        return {"baseBodyHtml": text}
    end = next((n for n, line in enumerate(lines[1:], 1) if line.strip() == _DASHES), None)
    if end is None:
        raise BadTemplateFile(f"{path}: the {_DASHES} of line 1 has no second one below it.")
    return {**_head(path, lines[1:end]), "baseBodyHtml": "".join(lines[end + 1 :])}


def _head(path: Path, lines: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    subjects: list[str] = []
    defaults: dict[str, str] = {}
    for number, line in enumerate(lines, 2):
        key, colon, value = line.partition(":")
        key, value = key.strip(), value.strip()
        if not line.strip():
            continue
        if colon and key == "subject":
            subjects.append(value)
        elif colon and key.startswith("default "):
            defaults[key.removeprefix("default ").strip()] = value
        elif colon and key in ("name", "description"):
            found["templateName" if key == "name" else "description"] = value
        else:
            allowed = "name, description, subject or default NAME"
            raise BadTemplateFile(f"{path}, line {number}: {line.strip()[:60]!r} is no line such as {allowed}: …")
    if subjects:
        found |= {"baseSubject": subjects[0], "alternativeSubjects": subjects[1:]}
    return {**found, "defaults": defaults}


def template_file(template: dict[str, Any]) -> str:
    """A template, as getTemplates answers it, as such a file."""
    subjects = [template["baseSubject"], *template.get("alternativeSubjects", [])]
    lines = [_DASHES, f"name: {template['templateName']}"]
    lines += [f"description: {template['description']}"] if template.get("description") else []
    lines += [f"subject: {subject}" for subject in subjects]
    lines += [f"default {name}: {value}" for name, value in template.get("defaults", {}).items()]
    return "\n".join([*lines, _DASHES, template["baseBodyHtml"]])
