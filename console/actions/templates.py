"""What can be done on the templates' screen."""

from __future__ import annotations

from console.actions.action import Action

ACTIONS = (
    Action("template.save", "ctrl+s", "template: save", "Save the template as a new version.", "save",
           scope="templates", label="save", shown_key="Ctrl+S", role="operator"),
    Action("template.leave", "escape", "", "Leave the editor for the list.", "leave", scope="templates",
           shown_key="Esc"),
    Action("template.new", "n", "template: new", "Begin a new template.", "new", scope="templates", label="new",
           role="operator"),
    Action("template.starter", "s", "template: starter templates", "Save templates to start with; writes over none.",
           "starter", scope="templates", role="operator"),
    Action("template.archive", "x", "template: archive or bring back", "Offer it to nobody, or offer it again.",
           "archive", scope="templates", label="archive", role="operator"),
    Action("template.lead", "l", "template: next lead", "Preview it with another of the leads at hand.", "next_lead",
           scope="templates", label="lead"),
    Action("template.draw", "d", "template: draw another variation", "Preview another of its variations.", "draw",
           scope="templates"),
    Action("template.browser", "b", "template: open in the browser", "See the mail as HTML in the browser.", "browser",
           scope="templates", label="browser"),
    Action("template.send", "m", "template: test send", "Send the mail to yourself.", "test_send", scope="templates",
           label="mail me", role="operator"),
    Action("template.revert", "u", "template: undo changes", "Put the template back to what is saved.", "revert",
           scope="templates"),
)  # fmt: skip
