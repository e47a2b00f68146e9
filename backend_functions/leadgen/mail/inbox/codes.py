# ruff: noqa: E501 — an alternative of a pattern reads best whole
"""What a mail server's words and codes mean for the address.

Sources: RFC 3463 (enhanced status codes) with its registry (RFC 5248), RFC 5321 §4.2.3 (reply codes), and what Exchange
Online, Gmail, Yahoo and the free mail servers really answer: learn.microsoft.com/exchange/mail-flow-best-practices/
non-delivery-reports-in-exchange-online, support.google.com/a/answer/3726730, postmaster.yahooinc.com/error-codes.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Failure(StrEnum):
    """Why a mail did not arrive."""

    HARD = "hard"
    """The address does not exist (any more): nobody writes to it again."""
    BLOCKED = "blocked"
    """The receiver refuses us: our repute, our words, their rules. It says nothing of the address."""
    SOFT = "soft"
    """This mail did not arrive; another one may."""


STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
REPLY = re.compile(
    r"(?<![\d.#])([45][0-5]\d)(?=[ \-#;:,)]|$)(?!\s*(?:bytes|kb|mb|hours|seconds|messages))", re.IGNORECASE
)

_FULL = re.compile(
    r"(?:mail ?box|inbox|quota|disk|storage|maildir|account|user|recipient|boîte|postfach|buzón)[^.\n]{0,60}"
    r"(?:\bfull\b|exceed|over ?quota|out of|voll\b|pleine|llen[oa]|too (?:large|big|much)|exhausted|surpass)"
    r"|over (?:the )?(?:maximum )?(?:allowed )?quota|quota (?:is )?(?:full|violation|exceeded|exceeds|limit)|overquota|over_?quota"
    r"|insufficient (?:disk|system|storage|space)|not enough (?:storage|space|disk)|mailfull|mailbox size|no space left"
    r"|容量|満杯|已满|переполнен|disk full|exceeded[^.\n]{0,30}(?:storage|quota|mailbox)|mailbox_?full",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"(?:user|recipient|mailbox|address|account|alias|inbox|login|local ?part|person|addressee|email|e-mail)\b[^.\n]{0,80}?"
    r"(?:unknown|not found|n[o']t exist|not exists?|does ?not exist|doesn.t exist|doesn't have|not (?:be )?found"
    r"|couldn.?t be found|could not be found"
    r"|disabled|deactivated|inactive|suspended|closed|discontinued|terminated|expired|no longer|not listed|not known|invalid"
    r"|not valid|not (?:a )?(?:local|registered|active)|isn.?t (?:valid|active|known|found)|non.?exist|not recogni[sz]ed|has been removed|is undeliverable"
    r"|unrouteable|unroutable|not our customer|not have an? [a-z.]* ?account|never logged|has moved|deleted)"
    r"|(?:unknown|no such|invalid|bad|inactive|non.?existent|nonexistent|incorrect|illegal|undefined|not a valid|no valid)[ _-]+"
    r"(?:\w+[ _-]+)?(?:user|recipients?|mailbox|address|account|alias|local|person|login|destination mailbox|email|name|domain)"
    r"|no mailbox (?:here|by|found)|no (?:such )?account|user_?unknown|unknown_?user|badrcptto|bad destination"
    r"|this (?:user|account|address) (?:is not|does(?: not|n.t))|not a (?:valid|known|local) (?:user|mailbox|recipient|address)"
    r"|mailbox (?:is )?(?:unavailable|not available|disabled|inactive)|recipient (?:address )?rejected: (?:access denied|undeliverable|unknown)"
    r"|unknown or illegal alias|recipientnotfound|resolver\.adr|adr\.(?:recipnotfound|exrecipnotfound|invalid)"
    r"|inconnu|n.?existe pas|existe pas|unbekannt|existiert nicht|nicht (?:gefunden|bekannt|vorhanden)|no existe|desconocid|inesistente|sconosciut|não existe"
    r"|bestaat niet|onbekend|不存在|存在しません|見つかりません|не существует|нет такого|not our user|sorry, no mailbox|delivery userid|check if (?:the )?address is correct"
    r"|had permanent fatal errors -----\s*\n?<?[^\n]*>?\s*\n\s*\(reason: 550",
    re.IGNORECASE,
)
_NO_DOMAIN = re.compile(
    r"host (?:or domain name )?(?:not found|unknown)|unknown host|domain (?:name )?(?:not found|does not exist|unknown|doesn.t exist)"
    r"|domain \S+ (?:couldn.t be found|does not exist|doesn.t exist|is not known)|nxdomain|no (?:such|valid) (?:host|domain)|unroutable|unrouteable (?:address|mail domain)"
    r"|couldn.t find any host|name service error|null mx|nullmx|does not accept (?:e-?)?mail|no mx (?:or|record)|bad destination (?:host|system)"
    r"|unable to resolve|unresolvable|dns domain .* does not exist|lost in dns|hostname lookup fail|infodomainnonexistent|invalid domain",
    re.IGNORECASE,
)
_BLOCKED = re.compile(
    r"spam|black ?-?list|block ?list|blacklist|\brbl\b|\bdnsbl\b|spamhaus|barracuda|spamcop|sorbs|proofpoint|cloudmark|reputation"
    r"|(?:mail|message|e-?mail|sender|you|connection|client host|ip|address|access)\b[^.\n]{0,40}\b(?:blocked|banned|prohibited|listed|refused by|filtered)"
    r"|policy|policies|\bspf\b|\bdkim\b|\bdmarc\b|unauthenticated|authentication (?:check|fail|required|information)|not (?:authori[sz]ed|allowed|permitted)"
    r"|(?:un)?solicited|bulk|suspicious|phishing|malware|virus|dangerous|rejected (?:for|by|due)[^.\n]{0,40}(?:content|filter|security|rule|administrat|reason)"
    r"|relay(?:ing)? (?:access )?(?:denied|not)|relaying|unable to relay|relay not permitted|access denied|sender (?:address )?(?:rejected|denied|verify|blocked)|permission|restrict"
    r"|reverse dns|\bptr\b|rdns|helo command rejected|bad (?:reverse|reputation)|not accepted for policy|transport rule|moderat|content (?:rejected|filter)",
    re.IGNORECASE,
)
_ABOUT_US = re.compile(
    r"black ?-?list|block ?list|spam|\b(?:dns|r)bl\b|reputation|\bbanned\b|\bip (?:address|frequency)|frequency limited|client (?:host|ip)|\bsender\b|source bloqu"
    r"|(?:your|this) (?:server|ip|host|mail|e-?mail|message)\b[^.\n]{0,40}\bblocked|\d+\.\d+\.\d+\.\d+\]? (?:is |has been )?blocked|mail rejet",
    re.IGNORECASE,
)
_NO_MAIL_AT_ALL = re.compile(
    r"null ?mx|nxdomain|domain name not found|(?:does not|doesn.t|not) (?:accept|accepting|receive) (?:any )?(?:e-?mail|network messages)|system not accepting|\b(?:521|556)[ -]",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"try(?:ing)? again|temporar|greylist|graylist|grey-list|deferred|too many (?:connections|messages|recipients|concurrent)|rate ?limit|timed? ?out|time-?out"
    r"|connection (?:refused|reset|lost|dropped|timed)|throttl|resources|message expired|retry time|delivery time expired|too old"
    r"|in (?:the )?queue too long|max(?:imum)? (?:hop|time|retr)|loop|too many hops|receiving mail (?:at a rate|too quickly)|unusual rate|network (?:error|unreachable)|could not (?:connect|be delivered for)"
    r"|not responding|no answer|unreachable|gave up|hasn.t responded|server (?:busy|down|error)|configuration (?:error|problem)|local error|interrupted",
    re.IGNORECASE,
)
_TOO_LARGE = re.compile(
    r"(?:message|mail|size)[^.\n]{0,40}(?:too (?:large|big)|exceeds?[^.\n]{0,30}(?:size|limit|maximum)|size limit)|too large|sizelimit",
    re.IGNORECASE,
)

_HARD_CODES = frozenset(
    ("1.0", "1.1", "1.2", "1.3", "1.4", "1.6", "1.9", "1.10", "1.20", "2.1", "4.4", "4.310", "0.350", "1.351", "1.90x")
)
_PLAIN_HARD_CODES = frozenset({"1.1", "1.2", "1.6", "1.10"})
_BLOCKED_SUBJECTS = frozenset({"7"})
_SENDER_CODES = frozenset({"1.7", "1.8", "1.90", "5.501", "1.501"})
_FULL_CODES = frozenset({"2.2", "3.1"})


def judge(status: str, words: str) -> Failure:
    """Why a mail did not arrive, as far as the server's answer tells.

    Words about the person come before codes, for servers put any code beside them; about a full mailbox before all.

    Args:
        status: the enhanced status code, such as ``5.1.1``; may be empty.
        words: diagnostic text; may hold codes as well.
    """
    code = _best_code(status, words)
    kind, detail = code[:1], code[2:]
    if detail in _FULL_CODES or (_FULL.search(words) and not _TOO_LARGE.search(words)):
        return Failure.SOFT
    if _NO_MAIL_AT_ALL.search(words) and not _ABOUT_US.search(words):
        return Failure.HARD
    if kind == "4":
        return Failure.SOFT
    if detail in _SENDER_CODES or (_ABOUT_US.search(words) and detail not in _PLAIN_HARD_CODES):
        return Failure.BLOCKED
    if _UNKNOWN.search(words) or _NO_DOMAIN.search(words):
        return Failure.SOFT if _is_passing(detail, words) else Failure.HARD
    if detail.split(".")[0] in _BLOCKED_SUBJECTS:
        return Failure.BLOCKED
    if detail in _HARD_CODES and detail != "1.0":
        return Failure.SOFT if _LATER.search(words) and detail == "2.1" else Failure.HARD
    if _BLOCKED.search(words):
        return Failure.BLOCKED
    if _LATER.search(words) or _TOO_LARGE.search(words) or detail.split(".")[0] in {"3", "4", "5", "6"}:
        return Failure.SOFT
    return _by_reply(words, detail)


def _is_passing(detail: str, words: str) -> bool:
    """A rate limit says "the user you are trying to contact" as well."""
    return bool(
        re.search(r"receiving mail (?:at a rate|too quickly)|greylist|try again later", words, re.IGNORECASE)
    ) and (detail not in {"1.1", "1.2"})


def _best_code(status: str, words: str) -> str:
    """The code that says most: the remote server's own in the words before a general one of the reporting server."""
    found = [match[0] for match in STATUS.finditer(status)]
    told = [match[0] for match in STATUS.finditer(words) if match[1] != "2"]
    specific = [code for code in [*found, *told] if not code.endswith(".0.0") and not code.endswith(".0")]
    return next(iter(specific), next(iter([*found, *told]), ""))


def _by_reply(words: str, detail: str) -> Failure:
    reply = REPLY.search(words)
    code = reply[1] if reply else ""
    if re.search(r"\brejected\b", words, re.IGNORECASE) and not re.search(
        r"recipient|user|mailbox|@", words, re.IGNORECASE
    ):
        return Failure.BLOCKED
    if code in {"550", "551", "553", "556", "521"} or detail == "1.0":
        return Failure.HARD
    return Failure.BLOCKED if code in {"554", "571"} else Failure.SOFT
