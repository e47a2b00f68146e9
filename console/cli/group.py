"""Groups of commands: their help says of each what it does, whole, and a command is imported when it is asked for."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator, Mapping
from gettext import gettext
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup

_WHOLE = 10_000


class CommandGroup(TyperGroup):
    """Like Typer's own, which cuts what does not fit on a line; here it goes on below."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands, each with the first sentence of its help."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [
            (name, command.get_short_help_str(_WHOLE)) for name, command in commands if command and not command.hidden
        ]
        if rows:
            with formatter.section(gettext("Commands")):
                formatter.write_dl(rows)


class LazyGroup(CommandGroup):
    """Imports a command when it is asked for, as one start of the program needs one.

    `WHERE` names each command's function, or the `typer.Typer` of a group of them, as ``module.name`` beside this file.
    """

    WHERE: ClassVar[dict[str, str]]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = _Loaded(self.WHERE)  # type: ignore[assignment]


class _Loaded(Mapping[str, Any]):
    """Commands by their names."""

    def __init__(self, where: dict[str, str]) -> None:
        self._where = where

    def __getitem__(self, name: str) -> Any:
        return _load(name, self._where[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._where)

    def __len__(self) -> int:
        return len(self._where)


@functools.cache
def _load(name: str, where: str) -> Any:
    module, _, attribute = where.partition(".")
    found = getattr(importlib.import_module(f"{__package__}.{module}"), attribute)
    holder = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=name, cls=CommandGroup)
    else:
        holder.command(name)(found)
    return typer.main.get_group(holder).commands[name]
