"""What can be done on the email queue's screen."""

from __future__ import annotations

from console.actions.action import Action

ACTIONS = (
    Action("email.filter", "slash", "email: filter", "Show the mails that hold a text; with ! those that don't.",
           "filter", scope="email", label="filter", shown_key="/"),
    Action("email.status", "f", "email: next status", "Show one status only, then the next, then all.", "status",
           scope="email", label="status"),
    Action("email.explain", "w", "email: explain", "Ask the backend why this mail has not left and when it will.",
           "explain", scope="email", label="why"),
    Action("email.hold", "o", "email: hold or release", "Hold the mail back, or let a held one go.", "hold",
           scope="email", label="hold", role="operator"),
    Action("email.retry", "a", "email: retry", "Queue it again: a failed, cancelled or parked mail.", "retry",
           scope="email", label="again", role="operator"),
    Action("email.cancel", "c", "email: cancel", "Never send it, after a question.", "cancel", scope="email",
           label="cancel", role="operator"),
    Action("email.sent", "s", "email: note as sent", "A parked mail did leave, as you saw in the mailbox.", "sent",
           scope="email", role="operator"),
    Action("email.mark", "space", "email: mark", "Mark the mail; what you do next is done to all that are marked.",
           "mark", scope="email", shown_key="Space"),
    Action("email.unmark", "escape", "email: take the marks off", "Take off all marks, then the filter.", "unmark",
           scope="email", shown_key="Esc"),
)  # fmt: skip
