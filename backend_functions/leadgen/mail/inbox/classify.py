"""What kind of mail came in. Reports come first, since a non-delivery report looks like an automatic reply as well."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from leadgen.mail.inbox.automatic import is_auto_reply, is_bulk
from leadgen.mail.inbox.bounces import Bounce, Delivery, find_bounce
from leadgen.mail.inbox.codes import Failure
from leadgen.mail.inbox.incoming import Incoming
from leadgen.mail.inbox.quoting import own_text
from leadgen.mail.inbox.wishes import asks_to_stop, subject_asks_to_stop


class Kind(StrEnum):
    """Kinds of mail that come in."""

    HARD_BOUNCE = "hard_bounce"
    BLOCKED = "blocked"
    SOFT_BOUNCE = "soft_bounce"
    DELAYED = "delayed"
    AUTO_REPLY = "auto_reply"
    OPT_OUT = "opt_out"
    REPLY = "reply"
    UNRELATED = "unrelated"
    SENT_BY_HAND = "sent_by_hand"
    """From the mailbox itself: its owner wrote to a lead."""


_BOUNCES = {Failure.HARD: Kind.HARD_BOUNCE, Failure.BLOCKED: Kind.BLOCKED, Failure.SOFT: Kind.SOFT_BOUNCE}
BOUNCED = frozenset(_BOUNCES.values())
TOKEN_SUBJECT = re.compile(r"^\s*STOP[ :-]+([A-Za-z0-9_-]{24,})\s*$", re.IGNORECASE)
"""The subject of the mailto link in List-Unsubscribe: STOP and the recipient's opt-out token."""


@dataclass(frozen=True)
class Verdict:
    """What a mail is.

    Args:
        kind: what kind.
        text: what its sender wrote; empty for what no person wrote.
        bounce: what a report says.
        token: the opt-out token it carries, not verified yet.
    """

    kind: Kind
    text: str = ""
    bounce: Bounce | None = None
    token: str = ""


def classify(mail: Incoming, *, known: bool) -> Verdict:
    """Sort a mail.

    Args:
        mail: the mail.
        known: whether it answers a mail of ours, or comes from somebody we wrote to. Of anybody else's mail only
            reports and wishes not to be written to matter.
    """
    bounce = find_bounce(mail)
    if bounce is not None:
        return _report(bounce)
    token = TOKEN_SUBJECT.match(mail.subject)
    if token:
        return Verdict(Kind.OPT_OUT, token=token[1])
    if subject_asks_to_stop(mail.subject) and not is_bulk(mail):
        return Verdict(Kind.OPT_OUT, text=own_text(mail.text, mail.html))
    if is_auto_reply(mail):
        return Verdict(Kind.AUTO_REPLY if known else Kind.UNRELATED)
    if is_bulk(mail):
        return Verdict(Kind.UNRELATED)
    text = own_text(mail.text, mail.html)
    if asks_to_stop(text) and (known or len(text) <= _STRANGER):
        return Verdict(Kind.OPT_OUT, text=text)
    return Verdict(Kind.REPLY if known else Kind.UNRELATED, text=text if known else "")


_STRANGER = 300
"""Characters: a longer letter of somebody we never wrote to is about something else."""


def _report(bounce: Bounce) -> Verdict:
    if bounce.delivery is Delivery.DELAYED:
        return Verdict(Kind.DELAYED, bounce=bounce)
    if bounce.delivery is Delivery.DONE:
        return Verdict(Kind.UNRELATED, bounce=bounce)
    return Verdict(_BOUNCES[bounce.failure], bounce=bounce)
