"""What can be done on the campaigns' screen."""

from __future__ import annotations

from console.actions.action import Action

ACTIONS = (
    Action("campaign.start", "ctrl+s", "campaign: start", "Start or schedule the campaign in the form.", "start",
           scope="campaigns", shown_key="Ctrl+S", role="operator"),
    Action("campaign.leave", "escape", "", "Leave the form for the list of campaigns.", "leave_form",
           scope="campaigns", shown_key="Esc"),
    Action("campaign.new", "n", "campaign: new", "Go to the form.", "new", scope="campaigns", label="new"),
    Action("schedule.list", "s", "schedule: choose", "Go to the schedules.", "schedules", scope="campaigns",
           label="schedules"),
    Action("schedule.pause", "space", "schedule: pause or resume", "Pause or resume the chosen schedule.",
           "toggle_schedule", scope="campaigns", shown_key="Space", role="operator"),
    Action("schedule.run", "x", "schedule: run now", "Start the chosen schedule's campaign now.", "run_schedule",
           scope="campaigns", role="operator"),
    Action("schedule.edit", "e", "schedule: change", "Change the chosen schedule in the form; Esc leaves it as it is.",
           "edit_schedule", scope="campaigns", role="operator"),
    Action("schedule.remove", "d", "schedule: remove", "Remove the chosen schedule, after a question.",
           "remove_schedule", scope="campaigns", role="operator"),
    Action("form.complete", "", "", "In the city: take over the suggestion; the next field does it, too.", "",
           scope="campaigns", shown_key="→"),
)  # fmt: skip
