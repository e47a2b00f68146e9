"""A template as it is being written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Draft:
    """A template in the editor.

    Args:
        template_id: its number.
        name: its name.
        subject: the subject line.
        body: the HTML.
        version: the saved version it was begun from; 0 for a new template.
        archived: whether it is in the archive.
        alternatives: further subject lines.
        defaults: what a variable says where a lead's own field is empty.
        description: what it is for.
    """

    template_id: int
    name: str = ""
    subject: str = ""
    body: str = ""
    version: int = 0
    archived: bool = False
    alternatives: tuple[str, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    description: str = ""

    @classmethod
    def of(cls, saved: Mapping[str, Any]) -> Draft:
        """A saved template, as ``getTemplates`` tells it."""
        return cls(
            int(saved["templateId"]),
            str(saved.get("templateName", "")),
            str(saved.get("baseSubject", "")),
            str(saved.get("baseBodyHtml", "")),
            int(saved.get("version", 0) or 0),
            bool(saved.get("isArchived")),
            tuple(str(one) for one in saved.get("alternativeSubjects") or ()),
            dict(saved.get("defaults") or {}),
            str(saved.get("description", "")),
        )

    def says_the_same(self, other: Draft) -> bool:
        """Whether saving one over the other would change nothing."""
        return replace(self, version=0, archived=False) == replace(other, version=0, archived=False)

    @property
    def content(self) -> dict[str, Any]:
        """What it says, as ``previewTemplate`` takes a draft."""
        return {
            "baseSubject": self.subject,
            "baseBodyHtml": self.body,
            "alternativeSubjects": list(self.alternatives),
            "defaults": dict(self.defaults),
        }

    @property
    def body_to_save(self) -> dict[str, Any]:
        """What ``saveTemplate`` takes; it names the version the change was made against."""
        return {
            "templateId": self.template_id,
            "templateName": self.name,
            "description": self.description,
            "isArchived": self.archived,
            "expectedVersion": self.version,
            **self.content,
        }

    def problems(self) -> dict[str, str]:
        """What is missing, by field."""
        wanted = {"name": self.name, "subject": self.subject, "body": self.body}
        return {name: "must not be empty" for name, text in wanted.items() if not text.strip()}


NEW_BODY = """<p>Hi {{ greetingName }},</p>
{% if opener %}<p>{{ opener }}</p>{% endif %}
<p></p>
{{ signature }}
"""


@dataclass
class Desk:
    """All templates: as they are saved, and as they are being written. Nothing written is lost by looking at another.

    Args:
        saved: saved templates by number.
        written: those with unsaved changes.
    """

    saved: dict[int, Draft] = field(default_factory=dict)
    written: dict[int, Draft] = field(default_factory=dict)

    def take(self, templates: list[Mapping[str, Any]]) -> None:
        """The saved templates have been read anew; what is being written stays."""
        self.saved = {d.template_id: d for d in (Draft.of(one) for one in templates)}
        for number, draft in list(self.written.items()):
            if number in self.saved and draft.says_the_same(self.saved[number]):
                del self.written[number]

    def current(self, number: int) -> Draft | None:
        """A template as it stands in the editor."""
        return self.written.get(number) or self.saved.get(number)

    def write(self, draft: Draft) -> None:
        """The editor's content changed."""
        saved = self.saved.get(draft.template_id)
        if saved is not None and draft.says_the_same(saved):
            self.written.pop(draft.template_id, None)
        else:
            self.written[draft.template_id] = draft

    def new(self) -> Draft:
        """A new template with the next free number."""
        number = max([0, *self.saved, *self.written]) + 1
        draft = Draft(number, f"Template {number}", "", NEW_BODY)
        self.written[number] = draft
        return draft

    def revert(self, number: int) -> Draft | None:
        """Forget what was written; the saved template, if there is one."""
        self.written.pop(number, None)
        return self.saved.get(number)

    def is_behind(self, number: int) -> bool:
        """Whether somebody saved another version since this one was begun."""
        draft, saved = self.written.get(number), self.saved.get(number)
        return draft is not None and saved is not None and draft.version != saved.version

    def numbers(self) -> list[int]:
        """All, those in the archive last."""
        every = {**self.saved, **self.written}
        return sorted(every, key=lambda n: (every[n].archived, n))
