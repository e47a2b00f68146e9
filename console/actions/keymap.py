"""The keys as the operator has changed them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from console.actions import ACTIONS, SCREENS, Action, of_scope

_BY_ID = {action.id: action for action in ACTIONS}


def _reads(keys: str) -> str:
    return keys.replace(",", " ").replace("question_mark", "?").replace("ctrl+", "Ctrl+").replace("shift+", "Shift+")


class Keymap(NamedTuple):
    """Which keys do what.

    Args:
        keys: changed keys by action id, as Textual writes them (``ctrl+s``, ``question_mark``), separated by commas.
    """

    keys: Mapping[str, str] = MappingProxyType({})

    def text(self, action: Action) -> str:
        """An action's keys as the operator reads them."""
        changed = self.keys.get(action.id)
        return action.key_text if changed is None else _reads(changed)


def checked(wanted: Mapping[str, object]) -> tuple[Keymap, list[str]]:
    """The part of a keymap that can be used, and what is wrong with the rest.

    Args:
        wanted: keys by action id, as a settings file has them.

    Returns:
        The keymap, and a sentence on each entry that was left out: an unknown action, one without a key, a value that
        is no text, or a key that would then do two things in one place.
    """
    good: dict[str, str] = {}
    problems: list[str] = []
    for name, keys in wanted.items():
        action = _BY_ID.get(name)
        if action is None or not action.key:
            problems.append(f"keys.{name}: there is no action of that name that has a key")
        elif not isinstance(keys, str) or not all(part.strip() for part in keys.split(",")):
            problems.append(f"keys.{name}: {keys!r} is not a key, such as ctrl+s")
        else:
            good[name] = ",".join(part.strip() for part in keys.split(","))
    for name in list(good):
        other = _clash(_BY_ID[name], good)
        if other is not None:
            problems.append(f"keys.{name}: {good[name]} already means {other.id}")
            del good[name]
    return Keymap(good), problems


def _keys_of(action: Action, changed: Mapping[str, str]) -> set[str]:
    return set(changed.get(action.id, action.key).split(",")) - {""}


def _clash(action: Action, changed: Mapping[str, str]) -> Action | None:
    mine = _keys_of(action, changed)
    scopes = (
        {"everywhere", *(s.name for s in SCREENS)} if action.scope == "everywhere" else {"everywhere", action.scope}
    )
    others = (a for a in of_scope(*scopes) if a.id != action.id and a.key)
    return next((a for a in others if _keys_of(a, changed) & mine), None)
