"""What can be done on the dashboard, and on the plots that it opens."""

from __future__ import annotations

from console.actions.action import Action

ACTIONS = (
    Action("plots.show", "p", "plots: show", "Figures over hours and days: mails, funnel, model use.", "plots",
           scope="dashboard", label="plots"),
    Action("plots.choose", "", "", "Show the chart of that number.", "", scope="plots", shown_key="1 2 3 4"),
    Action("plots.next", "right", "", "Show the next chart.", "step(1)", scope="plots", shown_key="→"),
    Action("plots.previous", "left", "", "Show the chart before.", "step(-1)", scope="plots", shown_key="←"),
    Action("plots.read", "l", "", "Read the figures again.", "read", scope="plots"),
    Action("plots.export", "x", "", "Write all charts as SVG or PNG.", "export", scope="plots"),
    Action("plots.close", "escape,q", "", "Close the plots.", "dismiss", scope="plots", shown_key="Esc"),
)  # fmt: skip
