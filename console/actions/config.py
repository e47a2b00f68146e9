"""What can be done on the configuration's screen."""

from __future__ import annotations

from console.actions.action import Action

ACTIONS = (
    Action("config.save", "ctrl+s", "configuration: save", "Save all changes in one call.", "save", scope="config",
           label="save", shown_key="Ctrl+S", role="admin"),
    Action("config.step", "", "", "Less or more; with Shift ten steps at once. A click on a bar sets it.", "",
           scope="config", shown_key="← →"),
    Action("config.edit", "", "", "Type a value; switch what is on or off; take the next choice.", "", scope="config",
           shown_key="Enter"),
    Action("config.undo", "u", "configuration: undo this change", "Put the chosen setting back to what is saved.",
           "undo", scope="config", label="undo"),
    Action("config.undo_all", "U", "configuration: undo all changes", "Put everything back to what is saved.",
           "undo_all", scope="config"),
    Action("config.history", "h", "configuration: history", "Go to earlier configurations; Enter takes one over, "
           "unsaved.", "history", scope="config", label="history"),
)  # fmt: skip
