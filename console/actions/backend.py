"""What can be done on the backend's screen."""

from __future__ import annotations

from console.actions.action import Action

ACTIONS = (
    Action("backend.look", "l", "backend: look again", "Ask the backend how it is doing.", "look", scope="backend",
           label="look again"),
    Action("backend.copy", "y", "backend: copy the address", "Copy the chosen function's address.", "copy",
           scope="backend"),
)  # fmt: skip
