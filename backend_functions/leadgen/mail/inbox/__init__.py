"""What comes back: mailboxes are read, each mail is sorted, and what follows from it is done.

`incoming` reads a mail, `classify` sorts it, `matching` finds the mail of ours that it answers, `acting` does what
follows, `reading` keeps the place up to which each mailbox was read.
"""
