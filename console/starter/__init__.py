"""The templates a project can start with: `templates.toml` lists them, the HTML files beside it are their bodies."""

from __future__ import annotations

import tomllib
from importlib import resources
from itertools import chain, count
from typing import Any

from console.live.session import Session


def starter_templates() -> list[dict[str, Any]]:
    """The starter templates, as saveTemplate takes them."""
    folder = resources.files(__name__)
    listed = tomllib.loads((folder / "templates.toml").read_text(encoding="utf-8"))["template"]
    return [
        {
            "templateId": entry["id"],
            "templateName": entry["name"],
            "description": entry["description"],
            "baseSubject": entry["subject"],
            "baseBodyHtml": (folder / entry["body"]).read_text(encoding="utf-8"),
        }
        for entry in listed
    ]


def save_starter_templates(session: Session) -> list[dict[str, Any]]:
    """Save those starter templates of whose name there is no template yet, archived ones counted.

    A template keeps the number of its starter if that is free, else it gets the next free one; none is ever written
    over, also if somebody saves one of that number at the same moment.

    Args:
        session: an operator's.

    Returns:
        What was saved, as saveTemplate answers it; empty if all were there.

    Raises:
        BackendError: the backend refused one, or does not answer; those before it are saved.
    """
    there = session.call("getTemplates", None)
    taken, names = {one["templateId"] for one in there}, {one["templateName"] for one in there}
    saved = []
    for starter in starter_templates():
        if starter["templateName"] in names:
            continue
        number = next(one for one in chain((starter["templateId"],), count(1)) if one not in taken)
        saved.append(session.call("saveTemplate", {**starter, "templateId": number, "expectedVersion": 0}))
        taken.add(number)
    return saved
