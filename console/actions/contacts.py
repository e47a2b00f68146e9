"""What can be done on the contacts' screen."""

from __future__ import annotations

from console.actions.action import Action

ACTIONS = (
    Action("contacts.filter", "slash", "contacts: filter", "Show those that match, as you type: "
           "status:sent city:austin -email:*@gmail.com sent:<7d score:>50 text.", "filter", scope="contacts",
           label="filter", shown_key="/"),
    Action("contacts.history", "", "contacts: history", "Read the mails, campaign, merges and suppressions of "
           "the contact.", "history", scope="contacts", shown_key="Enter"),
    Action("contacts.sort", "s", "contacts: sort", "Choose what to sort by; the same again turns it round.", "sort",
           scope="contacts", label="sort"),
    Action("contacts.columns", "c", "contacts: columns", "Choose columns, their order and width.", "columns",
           scope="contacts", label="columns"),
    Action("contacts.mark", "space", "contacts: mark", "Mark the contact; what you do next is done to all marked.",
           "mark", scope="contacts", shown_key="Space"),
    Action("contacts.range", "w", "contacts: mark up to here", "Mark all from the last mark to here; so does Shift "
           "with ↑ ↓.", "mark_range", scope="contacts"),
    Action("contacts.all", "A", "contacts: mark all that are shown", "Mark all that the filter shows.", "mark_all",
           scope="contacts"),
    Action("contacts.unmark", "escape", "contacts: take the marks off", "Take off all marks, then the filter.",
           "unmark", scope="contacts", shown_key="Esc"),
    Action("contacts.suppress", "x", "contacts: suppress", "Never write to the contact's address and number again.",
           "suppress", scope="contacts", label="suppress", role="operator"),
    Action("contacts.undo", "u", "contacts: undo the suppression", "Take off the list what x has put there last.",
           "undo", scope="contacts", role="operator"),
    Action("contacts.export", "e", "contacts: export as CSV", "Write the marked, or all that the filter shows, into a "
           "CSV file.", "export", scope="contacts", label="export"),
    Action("contacts.copy", "y", "contacts: copy the address", "Copy the address, or the number if there is none.",
           "copy", scope="contacts"),
    Action("contacts.open", "o", "contacts: open the post", "Open the post it comes from in the browser.", "open",
           scope="contacts"),
    Action("contacts.merge", "m", "contacts: merge two", "Say that the two marked are one person, after a question.",
           "merge", scope="contacts", role="operator"),
    Action("contacts.unmerge", "p", "contacts: part again", "Undo the merge of the contact, after a question.",
           "unmerge", scope="contacts", role="operator"),
    Action("contacts.import", "i", "leads: import", "Import leads of your own from a file or from what you paste.",
           "import", scope="contacts", label="import", role="operator"),
    Action("contacts.check", "", "contacts: check the local copy", "Count the contacts here and in Firestore, and mend "
           "what differs.", "check", scope="contacts"),
    Action("contacts.again", "", "contacts: read all again", "Forget the local copy and read all contacts again.",
           "again", scope="contacts"),
)  # fmt: skip
