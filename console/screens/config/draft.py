"""What the operator has changed and not saved, over what is saved; the two are never mixed up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from console.screens.config.entries import Entry, entries
from console.when import parse_days


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration by the paths of its settings; what the backend keeps for itself is left out."""
    return {e.path: _at(values, e.path) for e in entries()}


def _at(values: Mapping[str, Any], path: str) -> Any:
    found: Any = values
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


@dataclass
class Draft:
    """Unsaved changes.

    Args:
        saved: the saved configuration, by path.
        revision: its revision.
    """

    saved: dict[str, Any]
    revision: int
    changes: dict[str, Any] = field(default_factory=dict)
    overtaken: set[str] = field(default_factory=set)
    """Settings changed here that somebody else has saved otherwise since."""

    def value(self, path: str) -> Any:
        """A setting as it would be after saving."""
        return self.changes.get(path, self.saved.get(path))

    def is_changed(self, path: str) -> bool:
        """Whether a setting differs from what is saved."""
        return path in self.changes

    def put(self, path: str, value: Any) -> None:
        """Change a setting; a change back to what is saved is none."""
        if value == self.saved.get(path):
            self.revert(path)
        else:
            self.changes[path] = value

    def revert(self, path: str) -> None:
        """Forget one change."""
        self.changes.pop(path, None)
        self.overtaken.discard(path)

    def revert_all(self) -> None:
        """Forget all changes."""
        self.changes.clear()
        self.overtaken.clear()

    def rebase(self, saved: dict[str, Any], revision: int) -> None:
        """Another configuration was saved, by whomever: changes stay, and those that now contradict it are marked."""
        if revision == self.revision and saved == self.saved:
            return
        before, self.saved, self.revision = self.saved, saved, revision
        for path in list(self.changes):
            if self.changes[path] == saved.get(path):
                self.revert(path)
            elif before.get(path) != saved.get(path):
                self.overtaken.add(path)

    def body(self) -> dict[str, Any]:
        """The changes as ``updateConfig`` takes them."""
        out: dict[str, Any] = {}
        for path, value in self.changes.items():
            *outer, name = path.split(".")
            target = out
            for part in outer:
                target = target.setdefault(part, {})
            target[name] = value
        return out

    def problems(self) -> dict[str, str]:
        """What the backend would refuse, by path: the same model says so here."""
        from leadgen.model.config import Settings
        from leadgen.model.errors import InvalidInput
        from leadgen.model.validation import validate

        whole: dict[str, Any] = {}
        for e in entries():
            *outer, name = e.path.split(".")
            target = whole
            for part in outer:
                target = target.setdefault(part, {})
            target[name] = self.value(e.path)
        try:
            validate(Settings, whole, what="configuration")
        except InvalidInput as error:
            return {_path_of(problem.field): problem.allowed for problem in error.fields}
        return {}


def _path_of(found: str) -> str:
    paths = [e.path for e in entries()]
    if found in paths:
        return found
    # A rule about two settings names the thing they belong to; a list names one of its items.
    return next((p for p in paths if p.startswith(f"{found}.") or found.startswith(f"{p}.")), found)


def read(e: Entry, text: str) -> Any:
    """A typed value.

    Raises:
        ValueError: it is not of the setting's kind; the message says what is allowed.
    """
    text = text.strip()
    if e.kind == "switch":
        if text.lower() not in {"on", "off", "yes", "no", "true", "false"}:
            raise ValueError("must be on or off")
        return text.lower() in {"on", "yes", "true"}
    if e.is_days:
        return parse_days(text) if text else []
    if e.kind == "list":
        return [part.strip() for part in text.split(",") if part.strip()]
    if not e.is_number:
        return text
    try:
        return int(text.replace(",", "")) if e.kind == "whole" else float(text.replace(",", ""))
    except ValueError:
        raise ValueError(f"must be a {'whole ' if e.kind == 'whole' else ''}number, {e.bounds}") from None


def days_text(days: Any) -> str:
    """Days of the week in words, which can be typed again; "" for none."""
    from leadgen.model.recurrence import days_text as words

    return words([day for day in days or [] if isinstance(day, int)])


def written(e: Entry, value: Any) -> str:
    """A value as it can be typed."""
    if value is None:
        return ""
    if e.kind == "switch":
        return "on" if value else "off"
    if e.is_days:
        return days_text(value)
    if e.kind == "list":
        return ", ".join(str(item) for item in value)
    if e.is_number:
        return f"{value:g}" if e.kind == "number" else str(value)
    return str(value)
