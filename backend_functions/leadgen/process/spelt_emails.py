"""Addresses written so that simple programs miss them, as "name at domain dot com" or "name [at] domain (dot) net"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leadgen.process.wordlist import word_set

MAX_SPELT = 50

# Between brackets anything short counts; a bare word must stand by itself.
_OPEN, _CLOSE = r"[\[({<*_~|-]{1,2}", r"[\])}>*_~|-]{1,2}"
_FIRM_AT = rf"\s?{_OPEN}\s?(?:at|@|a|arroba|AT)\s?{_CLOSE}\s?|\s?@\s?|\s{{1,3}}arroba\s{{1,3}}"
_BARE_AT = r"\s{1,3}at\s{1,3}"
_FIRM_DOT = rf"\s?{_OPEN}\s?(?:dot|\.|punto|d0t|period)\s?{_CLOSE}\s?|\s{{1,3}}(?:dot|d0t|punto)\s{{1,3}}"
_ANY_DOT = rf"(?:{_FIRM_DOT}|\.|\s\.\s?|\s?,(?=com\b)|\s?·\s?)"
_SIGN = (
    rf"(?:{_FIRM_DOT}|\.|\s{{1,3}}(?:underscore|dash|hyphen|plus)\s{{1,3}}"
    rf"|\s?{_OPEN}\s?(?:underscore|dash|hyphen)\s?{_CLOSE}\s?)"
)
_ENDINGS = (
    r"(?:com|net|org|edu|gov|info|biz|name|pro|mobi|app|dev|shop|store|site|online|tech|agency|services|works|company"
    r"|solutions|construction|plumbing|repair|cleaning|design|studio|photography|photos|example|xyz|club|email|live|me|us"
    r"|uk|ca|co|io|ai|tv|cc|mx|es|de|fr|eu|au|nz|in|it|nl|br|ch|at|be|se|no|dk|fi|pl|pt|ie|jp)"
)
_LABEL = r"[^\W_](?:[\w-]{0,40}[^\W_])?"
# Found from the at-sign outwards: the text before one is short, so a long page costs no more than its length.
_AT = re.compile(rf"(?P<firm>{_FIRM_AT})|(?P<bare>{_BARE_AT})", re.IGNORECASE)
_LOCAL = re.compile(rf"(?<![\w.+-])(?P<local>[\w+-]{{1,40}}(?:{_SIGN}[\w+-]{{1,40}}){{0,4}})\Z", re.IGNORECASE)
_DOMAIN = re.compile(
    rf"(?P<domain>{_LABEL}(?:{_ANY_DOT}{_LABEL}){{0,3}}{_ANY_DOT}{_ENDINGS}"
    rf"(?:{_FIRM_DOT}(?:uk|au|nz|za|jp|in|br|mx)|\.(?:uk|au|nz|za|jp|in|br|mx))?)"
    r"(?![\w@-]|\.\w)",
    re.IGNORECASE,
)
_SAID_DOT = re.compile(_FIRM_DOT, re.IGNORECASE)
_PROVIDERS = word_set(
    """
    gmail.com yahoo.com hotmail.com outlook.com aol.com icloud.com protonmail.com proton.me comcast.net
    att.net msn.com live.com me.com mac.com sbcglobal.net verizon.net gmx.com ymail.com zoho.com mail.com
    bellsouth.net cox.net
    """
)
# "Visit us at acme dot com" names a website.
_NOT_A_NAME = word_set(
    """
    us me it them him her we you here there page site website web webpage online look visit find located
    available out now found is are be was stop come anytime today see more details portfolio reviews pictures
    work everyone everything open meet am pm only
    """
)
_WORDS = {"underscore": "_", "dash": "-", "hyphen": "-", "plus": "+"}
_NO_SPAM = re.compile(r"[-_.]?(?:no-?spam|remove-?this|removeme|nospam)[-_.]?", re.IGNORECASE)


def read_spelt(text: str) -> Iterator[tuple[str, str]]:
    """Spelt addresses as (address, as written). Plain ones ("a@b.com") are given too only when broken by spaces.

    Args:
        text: folded text (see `folding.fold_for_addresses`).
    """
    given = 0
    for at in _AT.finditer(text):
        if given >= MAX_SPELT:
            return
        domain = _DOMAIN.match(text, at.end(), min(len(text), at.end() + 160))
        if domain is None:
            continue
        local = _LOCAL.search(text[max(0, at.start() - 100) : at.start()])
        if local is None:
            continue
        address = _joined(local["local"], domain["domain"], bare=at["bare"] is not None)
        if address:
            given += 1
            yield address, text[at.start() - len(local["local"]) : domain.end()]


def _joined(local: str, domain: str, *, bare: bool) -> str | None:
    name = _plain(local)
    host = _plain(domain).replace(",", ".").replace("·", ".")
    said = _SAID_DOT.search(domain) is not None
    if bare:
        if name.lower() in _NOT_A_NAME or (not said and host.lower() not in _PROVIDERS):
            return None
        if not said and "." in name and name.rsplit(".", 1)[-1].lower() in _NOT_A_NAME:
            return None
    elif " " in domain and not said and host.lower() not in _PROVIDERS and ". " in domain and " ." not in domain:
        # "Follow @acme. Me and my brother …" is a handle at the end of a sentence.
        return None
    return _NO_SPAM.sub("", f"{name}@") + _NO_SPAM.sub("", host)


def _plain(written: str) -> str:
    text = _SAID_DOT.sub(".", written)
    text = re.sub(
        rf"\s?(?:{_OPEN})?\s?\b(underscore|dash|hyphen|plus)\b\s?(?:{_CLOSE})?\s?",
        lambda match: _WORDS[match[1].lower()],
        text,
        flags=re.IGNORECASE,
    )
    return re.sub(r"\s+", "", text)
