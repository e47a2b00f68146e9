"""What can be done on the review screen."""

from __future__ import annotations

from console.actions.action import Action

ACTIONS = (
    Action("review.take", "enter", "review: take or accept", "Take the lead and open its page; then accept the address "
           "that is proposed, and go on with the next.", "take", scope="review", label="take", shown_key="Enter",
           role="operator"),
    Action("review.edit", "e", "review: type the address", "Edit the address proposed, or type one.", "edit",
           scope="review", label="type", role="operator"),
    Action("review.another", "a", "review: another address", "Propose another of the addresses seen in the page.",
           "another", scope="review", role="operator"),
    Action("review.fail", "f", "review: failed", "Report that no address is to be had.", "fail", scope="review",
           label="failed", role="operator"),
    Action("review.skip", "s", "review: skip", "Give the lead back and take the next.", "skip", scope="review",
           label="skip", role="operator"),
    Action("review.undo", "u", "review: undo", "Take your last report back, as long as its mail has not left.", "undo",
           scope="review", label="undo", role="operator"),
    Action("review.stop", "escape", "review: stop", "Give the lead back and take no other.", "stop", scope="review",
           shown_key="Esc", role="operator"),
    Action("review.next", "n", "", "Go to the next lead that nobody else has.", "step(1)", scope="review"),
    Action("review.previous", "p", "", "Go to the one before.", "step(-1)", scope="review"),
    Action("review.page", "o", "review: open the page again", "Open the lead's page again; without a display, copy "
           "its address.", "page", scope="review"),
    Action("quiet", "", "notifications: off or on", "Switch bell, desktop notification and window title for leads "
           "that begin to wait off, or on.", "quiet"),
)  # fmt: skip
