"""What an operator has set for themselves: theme, keys, columns, sorting, notifications.

Kept in ``console.toml`` beside the profiles' settings file. It is the operator's own file: what they wrote in it,
comments too, stays when the console saves a choice, and a mistake in it costs that entry only and is told.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

FILE_NAME = "console.toml"


class Preferences(NamedTuple):
    """An operator's choices.

    Args:
        path: the file they are kept in.
        values: what the file holds, by table: ``{"look": {"theme": …}, "keys": {…}, "columns": {…}, …}``.
        problems: sentences on what in the file could not be read.
    """

    path: Path
    values: Mapping[str, Any] = MappingProxyType({})
    problems: tuple[str, ...] = ()

    def table(self, name: str) -> Mapping[str, Any]:
        """A table of the file; empty if there is none."""
        found = self.values.get(name)
        return found if isinstance(found, dict) else {}

    def text(self, table: str, key: str, default: str = "") -> str:
        """A text of the file."""
        found = self.table(table).get(key)
        return found if isinstance(found, str) else default

    def names(self, table: str, key: str) -> tuple[str, ...]:
        """A list of texts of the file; empty if there is none."""
        found = self.table(table).get(key)
        return tuple(n for n in found if isinstance(n, str)) if isinstance(found, list) else ()

    def flag(self, table: str, key: str, default: bool) -> bool:
        """A yes or no of the file."""
        found = self.table(table).get(key)
        return found if isinstance(found, bool) else default

    def saved(self, table: str, key: str, value: Any) -> Preferences:
        """Keep one choice: in the file, and in the preferences returned.

        Args:
            table: the file's table.
            key: the name in it.
            value: a text, number, yes or no, or a list of texts; `None` forgets it.

        Raises:
            OSError: the file can't be written; it is as before.
        """
        import tomlkit
        from tomlkit.exceptions import TOMLKitError

        try:
            document = tomlkit.parse(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            document = tomlkit.document()
        except (TOMLKitError, UnicodeDecodeError) as error:
            raise OSError(f"{self.path} can't be read ({error}), so nothing is written to it.") from None
        section = document.setdefault(table, tomlkit.table())
        if value is None:
            section.pop(key, None)
        else:
            section[key] = value
        _replace(self.path, tomlkit.dumps(document))
        return load(self.path)


def load(path: Path) -> Preferences:
    """Read the file; whatever is wrong with it becomes a problem, not an error."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Preferences(path)
    except (OSError, UnicodeDecodeError) as error:
        return _unread(path, error)
    import tomllib

    try:
        return Preferences(path, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        return _unread(path, error)


def _unread(path: Path, error: Exception) -> Preferences:
    return Preferences(path, problems=(f"{path} can't be read, so the console looks as it comes: {error}",))


def _replace(path: Path, text: str) -> None:
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
