"""A group of commands whose help says of each what it does, whole: a line that is too long goes on below."""

from __future__ import annotations

from gettext import gettext
from typing import Any

from typer.core import TyperGroup

_WHOLE = 10_000


class CommandGroup(TyperGroup):
    """Like Typer's own, which cuts what does not fit on a line."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands, each with the first sentence of its help."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [
            (name, command.get_short_help_str(_WHOLE)) for name, command in commands if command and not command.hidden
        ]
        if rows:
            with formatter.section(gettext("Commands")):
                formatter.write_dl(rows)
