"""How saved mails would be sorted, and why: for trying it out without a mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from leadgen.mail.inbox.classify import classify
from leadgen.mail.inbox.incoming import MAX_RAW, read_incoming


@dataclass(frozen=True)
class Sorted:
    """A mail as it would be sorted.

    Args:
        file: where it is.
        kind: what it is taken for.
        sender: whom it is from.
        subject: on one line.
        reason: what a server says, for a mail that came back.
        recipients: whom a mail did not reach.
        text: what the person wrote, without quotes.
        answers: Message-IDs of the mails it is about.
    """

    file: str
    kind: str
    sender: str
    subject: str
    reason: str
    recipients: list[str]
    text: str
    answers: list[str]


def sort_mail(file: Path, *, stranger: bool = False) -> Sorted:
    """Sort a saved mail (.eml, RFC 5322).

    Args:
        file: the mail.
        stranger: sort it as from somebody we never wrote to.

    Raises:
        OSError: the file can't be read.
    """
    with file.open("rb") as stream:
        mail = read_incoming(stream.read(MAX_RAW))
    verdict = classify(mail, known=not stranger)
    return Sorted(
        file=str(file),
        kind=str(verdict.kind),
        sender=mail.sender,
        subject=mail.subject,
        reason=verdict.bounce.reason if verdict.bounce is not None else "",
        recipients=list(verdict.bounce.recipients) if verdict.bounce is not None else [],
        text=verdict.text,
        answers=mail.returned_ids if verdict.bounce is not None else mail.answers,
    )
