# ruff: noqa: E501 — an alternative of a pattern reads best whole
"""Non-delivery reports: the standard ones (RFC 3464) and those of servers that follow no standard."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from leadgen.mail.clean import one_line
from leadgen.mail.inbox.codes import REPLY, STATUS, Failure, judge
from leadgen.mail.inbox.incoming import Incoming
from leadgen.model.ids import canonical_email


class Delivery(StrEnum):
    """What a report says of a mail."""

    FAILED = "failed"
    DELAYED = "delayed"
    DONE = "done"
    """It was delivered, passed on or read; nothing follows from that."""


@dataclass(frozen=True)
class Bounce:
    """What a report says.

    Args:
        delivery: what became of the mail.
        failure: why it did not arrive; only for FAILED.
        status: the enhanced status code, if there is one.
        recipients: addresses it did not arrive at, in canonical form; the one it was sent to before the one it was
            forwarded to.
        words: the server's answer, on one line.
    """

    delivery: Delivery
    failure: Failure = Failure.SOFT
    status: str = ""
    recipients: tuple[str, ...] = ()
    words: str = ""

    @property
    def reason(self) -> str:
        """For a person, such as ``5.1.1 user unknown``."""
        known = self.status if self.status and self.status not in self.words else ""
        return one_line(f"{known} {self.words}", 300)


_SENDERS = re.compile(
    r"^(?:mailer[-_. ]?daemon|postmaster|mail[-_.]?daemon|mailerdaemon|maildaemon|mdaemon|bounces?(?:[-_+][^@]*)?|microsoftexchange[0-9a-f]+|"
    r"mail(?:er)?[-_]?(?:delivery|return|system)[^@]*|mail-deliver[^@]*|no-?reply-?bounce|amavis[^@]*|"
    r"root|mailsystem|maileradmin|mail_?admin[^@]*|mail-administrator|delivery[^@]*|autosupport|mailmaster|email-?delivery[^@]*)@",
    re.IGNORECASE,
)
_STRONG_SENDERS = re.compile(
    r"^(?:mailer[-_. ]?daemon|mail[-_.]?daemon|mdaemon|postmaster|microsoftexchange[0-9a-f]+)@?", re.IGNORECASE
)
_SUBJECTS = re.compile(
    r"undeliver|non.?deliver|delivery (?:status|failure|failed|has failed|report|problem|error|delayed|notification)|(?:mail|message)s? (?:delivery )?(?:failed|failure|error|problem|could not be delivered)"
    r"|returned (?:mail|to sender|message)|return(?:ed)? mail|failure notice|fail(?:ed|ure) (?:delivery|to deliver|notice)|mail (?:system|delivery) (?:error|problem|subsystem)"
    r"|warning: (?:could not send|message|e?-?mail).*|delivery (?:status )?notification|mail not delivered|not delivered|could not (?:be delivered|deliver|send)|cannot (?:be delivered|send)|can.t be delivered|unable to deliver|rejected(?: mail| message|:)|message (?:rejected|blocked|refused|delayed|you sent blocked|status - undeliverable)"
    r"|bounced?\b|user unknown|unzustellbar|nicht zugestellt|zustellung fehlgeschlagen|nicht zustellbar|fehlgeschlagene zustellung|échec (?:de|d)|non remis|non distribu|message non remis|no se puede entregar|no entregado|no se pudo entregar|devuelto"
    r"|mancato recapito|non recapit|mancata consegna|onbestelbaar|niet bezorgd|não (?:foi )?entregue|não entregável|falha na entrega|kan inte levereras|olevererbart|ikke leveres|ej levererat|nie dostarczono|niedostarcz|недостав|не доставлен|不达|退信|系统退信|配信不能|配信できません|送信エラー|반송|投递失败"
    r"|dsn:|nondeliverable|undelivered|mail loop|mailbox (?:full|unavailable)|delayed mail|still being retried",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"(?:delivery|message)[^.\n]{0,30}\bdelayed\b|\bdelay(?:ed)?\b|has not (?:yet )?been delivered|still (?:being )?(?:retried|trying|in the queue|undelivered)|will (?:be )?(?:keep (?:on )?try|continue to (?:try|be)|retry|be retried|try again)|this is (?:only )?a warning|do not need to resend|don.t need to resend|warning message only|not yet been|warning: could not send|verzögert|retard[ée]|warning only|還在嘗試|temporarily (?:delayed|deferred)",
    re.IGNORECASE,
)
_GIVEN_UP = re.compile(
    r"permanent|giving up|given up|gave up|final|not be delivered|couldn.t be delivered|could not be delivered|has been (?:returned|removed)|undeliverable|failed permanently|expired|failed to deliver",
    re.IGNORECASE,
)
_BODY = re.compile(
    r"(?:this is the mail ?system at host|this is the qmail-send program|i'm sorry to have to inform you|a message that you sent could not be delivered|could not be delivered to one or more|delivery to the following recipients?|your message (?:could|wasn't|was not|did not|couldn't|to)|delivery has failed to these recipients|the following address(?:es)? (?:had|failed)|unable to deliver (?:your )?message|sorry,? (?:we were )?unable to deliver|hi\. this is the|undeliverable|message blocked|address not found|message not delivered|----- the following addresses had|couldn't deliver|the following recipients? (?:cannot|could not|has been|were|did not)|permanent fatal errors)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?:<|\bmailto:|\brfc822;\s*|^|\s|\()([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*\.)+[A-Za-z]{2,24})(?=[>\s:,;)\].]|$)"
)
_STARTS_ORIGINAL = re.compile(
    r"(?im)^(?:-{2,}\s*(?:below this line|original message|returned message|this is a copy|enclosed|start of|headers follow|unsent message|forwarded|the (?:header|body)|message header|the text of)|--- ?below|received: from|return-path: <|\s*original message (?:headers|follows)|message header follow|the (?:first|original) .* (?:follows|lines))"
)
_RECIPIENT_FIELDS = ("original-recipient", "final-recipient", "x-actual-recipient")


def find_bounce(mail: Incoming) -> Bounce | None:
    """What a mail reports of another one's delivery; `None` if it is no such report."""
    if mail.report_type == "disposition-notification":
        return Bounce(Delivery.DONE, words=one_line(mail.subject, 200))
    if mail.report_type == "feedback-report":
        return None
    recipients = [
        group for group in mail.reports if any(name in group for name in ("action", "status", "final-recipient"))
    ]
    if recipients:
        return _standard(mail, recipients)
    return _other(mail) if _looks_like_report(mail) else None


def _standard(mail: Incoming, groups: list[Mapping[str, str]]) -> Bounce:
    """RFC 3464: one group of fields for each recipient; the worst of them counts."""
    addresses: list[str] = []
    for group in groups:
        addresses += [_address(group.get(name, "")) for name in _RECIPIENT_FIELDS]
    addresses += [canonical_email(one) for one in mail.header("x-failed-recipients").replace(",", " ").split()]
    found = tuple(dict.fromkeys(one for one in addresses if one))
    group = min(groups, key=lambda one: _ACTIONS.get(one.get("action", "").split(" ")[0].lower(), 1))
    action = group.get("action", "").split(" ")[0].lower()
    status = _status(group.get("status", ""))
    answer = _answer(group.get("diagnostic-code", ""))
    words = answer or _answer(group.get("x-supplementary-info", "")) or group.get("remote-mta", "")
    if action in {"delivered", "relayed", "expanded"} or (not action and status.startswith("2")):
        return Bounce(Delivery.DONE, status=status, recipients=found, words=one_line(words, 300))
    if action == "delayed":
        return Bounce(Delivery.DELAYED, status=status, recipients=found, words=one_line(words, 300))
    told = f"{answer}\n{_report_words(mail)}" if _is_poor(answer) else answer
    return Bounce(
        Delivery.FAILED, judge(status, told), _specific(status, told), found, one_line(answer or _best_line(told), 300)
    )


_ACTIONS = {"failed": 0, "delayed": 2, "relayed": 3, "expanded": 3, "delivered": 4}


def _is_poor(answer: str) -> bool:
    """Whether the diagnostic alone says too little; then the text for people is read, too."""
    return len(re.sub(r"[\d.\-#\s]+", "", answer)) < 12


def _answer(value: str) -> str:
    """The diagnostic without its type (RFC 3464 §2.3.6)."""
    return re.sub(r"^\s*[\w-]+\s*;\s*", "", value).strip()


def _status(value: str) -> str:
    found = STATUS.search(value)
    return found[0] if found else ""


def _specific(status: str, words: str) -> str:
    if status and not status.endswith(".0.0"):
        return status
    told = next((match[0] for match in STATUS.finditer(words) if match[1] != "2"), "")
    return told or status


def _address(value: str) -> str:
    found = _ADDRESS.search(re.sub(r"^\s*[\w-]+\s*;\s*", " ", value))
    return canonical_email(found[1]) if found else ""


def _looks_like_report(mail: Incoming) -> bool:
    """Whether a mail without a delivery status reports a failure all the same."""
    if mail.report_type == "delivery-status" or mail.header("x-failed-recipients"):
        return True
    if "x-ms-exchange-message-is-ndr" in mail.headers:
        return True
    machine = bool(_SENDERS.match(mail.sender)) or not mail.sender or "daemon" in mail.header("from").lower()
    nobody = mail.header("return-path").strip() == "<>"
    titled, told = bool(_SUBJECTS.search(mail.subject)), bool(_BODY.search(_report_words(mail)))
    strong = bool(_STRONG_SENDERS.match(mail.sender)) or "mailer-daemon" in mail.header("from").lower()
    if strong:
        return titled or told or bool(REPLY.search(_report_words(mail)))
    if machine or nobody:
        return (titled and (told or bool(_codes(mail)) or bool(mail.original))) or (told and bool(_codes(mail)))
    return titled and bool(_codes(mail)) and bool(mail.original or _STARTS_ORIGINAL.search(mail.text))


def _codes(mail: Incoming) -> str:
    words = _report_words(mail)
    found = STATUS.search(words) or REPLY.search(words)
    return found[0] if found else ""


def _report_words(mail: Incoming) -> str:
    """What a report says to people, without the mail that it sends back."""
    from leadgen.mail.inbox.quoting import html_text

    text = mail.text or html_text(mail.html)
    cut = _STARTS_ORIGINAL.search(text)
    return text[: cut.start()] if cut and cut.start() > 40 else text[:8_000]


def _other(mail: Incoming) -> Bounce:
    words = _report_words(mail)
    whole = f"{mail.subject}\n{words}"
    code = _codes(mail)
    recipients = _named(mail, words)
    said = _best_line(words)
    status = next((match[0] for match in STATUS.finditer(words) if match[1] != "2"), "")
    delayed = _DELAYED.search(whole) and not _GIVEN_UP.search(mail.subject)
    if delayed and not (
        code.startswith("5") or _GIVEN_UP.search(re.sub(r"(?i)(?:if|until|unless|before)[^.]*\.", "", words))
    ):
        return Bounce(Delivery.DELAYED, status=status, recipients=recipients, words=said)
    return Bounce(Delivery.FAILED, judge(status, words), status, recipients, said)


def _named(mail: Incoming, words: str) -> tuple[str, ...]:
    failed = re.findall(r"[^\s,;<>]+@[^\s,;<>]+", mail.header("x-failed-recipients"))
    ours = {canonical_email(one) for one in re.findall(r"[^\s,;<>]+@[^\s,;<>]+", mail.header("to"))}
    told = [match[1] for match in _ADDRESS.finditer(words)]
    returned = re.findall(r"[^\s,;<>\"]+@[^\s,;<>\"]+", " ".join(mail.original.get("to", ())))
    known = (canonical_email(one) for one in (*failed, *told[:20], *returned))
    return tuple(dict.fromkeys(one for one in known if one not in ours and not _SENDERS.match(one)))


def _best_line(words: str) -> str:
    """The line with the server's answer."""
    lines = [one_line(line, 300) for line in words.splitlines() if line.strip()]
    coded = [line for line in lines if STATUS.search(line)] or [line for line in lines if REPLY.search(line)]
    return next(iter(coded), next((line for line in lines if _BODY.search(line)), lines[0] if lines else ""))
