"""Email addresses: normalised, several in one value told apart, and refused where nobody could read them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from leadgen.process.domains import is_end
from leadgen.process.emails import usable_address
from leadgen.process.placeholders import FILE_ENDINGS, is_placeholder
from leadgen.process.spelt_words import NO_SPAM
from migrate.convert.values import Say, Unusable, optional

_PLAIN = re.compile(
    r"([A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*)@((?:[a-z0-9]{1,40}(?:-[a-z0-9]{1,20})?\.){1,4}([a-z]{2,20}))\Z"
)
_OF_NO_SPAM = ("spam", "remove", "delete", "invalid")
"""One of these is in everything that `NO_SPAM` finds."""
_SEVERAL = re.compile(r"[,;|\s/]+")
_NAMED = re.compile(r"<\s*([^<>\s]+@[^<>\s]+)\s*>")
_SPECIAL = ("arpa", "invalid", "local", "localhost", "onion", "test", "internal")


def emails(value: Any, say: Say) -> tuple[str, ...]:
    """The addresses of a value, in the order in which they were written; none for nothing.

    Raises:
        Unusable: there is something, and no address in it that a person could read.
    """
    if type(value) is str and (plain := _quick(value)) is not None:  # most are
        return (plain,)
    written = optional(value, say)
    if not written:
        return ()
    quick = _quick(written)
    if quick is not None:
        return (quick,)
    candidates = _NAMED.findall(written) or [part for part in _SEVERAL.split(written) if "@" in part] or [written]
    tidy = (re.sub(r"\A(?:mailto:)+", "", one, flags=re.IGNORECASE) for one in candidates)
    found = [good for one in tidy if (good := usable_address(one, allow_reserved_domains=True))]
    if not found:
        raise Unusable("is no email address that a person could read")
    if len(candidates) > 1:
        say("of several addresses in one value the first is the contact's, the others are kept beside it")
    return tuple(dict.fromkeys(found))


def _quick(written: str) -> str | None:
    """The address, where it is so plain that no library needs to be asked."""
    address = plain_address(written)
    if address is None:
        return None
    local, _, domain = address.partition("@")
    return None if is_placeholder(local.lower(), domain) else address


def plain_address(written: str) -> str | None:
    """The only address that a text can hold; `None` where it takes more than a look to say."""
    match = _PLAIN.match(written)
    if match is None or len(match[1]) > 60 or len(written) > 200:
        return None
    small = written.lower()
    for word in _OF_NO_SPAM:
        if word in small and NO_SPAM.search(written):
            return None
    return written if _is_plain_end(match[3]) else None


@lru_cache(maxsize=1_024)
def _is_plain_end(ending: str) -> bool:
    """Whether addresses end in this label, without the dot before it."""
    return is_end(ending) and ending not in FILE_ENDINGS and ending not in _SPECIAL
