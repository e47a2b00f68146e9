"""The key table of docs/console.md, made from the registry: `python -m console.actions.table` writes it anew."""

from __future__ import annotations

from pathlib import Path

from console.actions import SCREENS, Action, of_scope

BEGIN, END = "<!-- keys: made by python -m console.actions.table -->", "<!-- end of keys -->"
PAGE = Path(__file__).parents[2] / "docs" / "console.md"
_TITLES = {
    "everywhere": "Everywhere",
    "table": "In lists",
    **{entry.name: entry.title for entry in SCREENS},
    "plots": "Plots",
}


def key_table() -> str:
    """All actions by scope, as Markdown."""
    parts = []
    for scope, title in _TITLES.items():
        actions = [action for action in of_scope(scope) if action.key_text or action.command]
        if actions:
            parts.append(
                f"### {title}\n\n| Key | Command | What it does | Role | Name in the keymap |\n|---|---|---|---|---|"
            )
            parts[-1] += "".join(f"\n{_row(action)}" for action in actions)
    return "\n\n".join(parts)


def _row(action: Action) -> str:
    key = action.key_text.replace("question_mark", "?").replace("|", "\\|")
    role = "" if action.role == "viewer" else action.role
    name = f"`{action.id}`" if action.key else ""
    said = action.help.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")
    return f"| {key or '–'} | {action.command} | {said} | {role} | {name} |"


def renewed(page: str) -> str:
    """A page with the present table in it.

    Raises:
        ValueError: the page lacks the lines between which the table stands.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"The page needs the lines {BEGIN} and {END}.")
    return f"{before}{BEGIN}\n\n{key_table()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
