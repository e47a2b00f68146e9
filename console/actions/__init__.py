"""The one registry of what the operator can do: keys, help, palette and the README's table are all made from it."""

from __future__ import annotations

from textual.binding import Binding

from console.actions import backend, campaigns, config, contacts, dashboard, email, general, review, screens, templates
from console.actions.action import Action, ScreenEntry
from console.actions.screens import SCREENS

ACTIONS = (
    *screens.ACTIONS,
    *general.ACTIONS,
    *dashboard.ACTIONS,
    *campaigns.ACTIONS,
    *review.ACTIONS,
    *email.ACTIONS,
    *contacts.ACTIONS,
    *templates.ACTIONS,
    *config.ACTIONS,
    *backend.ACTIONS,
)

__all__ = ["ACTIONS", "SCREENS", "Action", "ScreenEntry", "bindings", "doing", "of_scope"]


def of_scope(*scopes: str) -> tuple[Action, ...]:
    """The actions of these scopes, in order."""
    return tuple(action for scope in scopes for action in ACTIONS if action.scope == scope)


def doing(action: str, *scopes: str) -> Action | None:
    """The entry of a Textual action, such as ``start`` or ``show('email')``, in these scopes."""
    name = action.rpartition(".")[2] if "(" not in action else action
    return next((a for a in of_scope(*scopes) if a.action in {action, name}), None)


def bindings(scope: str) -> list[Binding]:
    """Textual bindings of a scope's actions."""
    return [
        Binding(action.key, action.action, action.help, show=False, id=action.id)
        for action in of_scope(scope)
        if action.key and action.action
    ]
