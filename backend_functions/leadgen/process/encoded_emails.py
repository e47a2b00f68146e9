"""Addresses that the page's own scripts put together for its readers, or that wait in data attributes."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from leadgen.process.domains import is_end
from leadgen.process.script_text import Call, read_script
from leadgen.process.unscramble import readings, rot13
from leadgen.process.wordlist import word_set

MAX_SCRIPTS = 10
MAX_READ = 60_000
"""Characters of scripts that are read."""
MAX_MADE = 20_000
"""Characters of their strings that are looked at."""

_MAY_MAKE_ONE = re.compile(r"@|%40|\\x40|\\u0040|mail|znvy|\b(?:64|0x40)\b|atob|obfus|crypt", re.IGNORECASE)
_MAILS = re.compile(r"mail|obfus|crypt|spam|addr|contact", re.IGNORECASE)
_LOCAL = re.compile(r"[\w.+-]{1,64}\Z")
_HOST = re.compile(r"(?:[\w-]{1,63}\.){0,4}[\w-]{2,63}\Z")
_HINTS = re.compile(r"mail|enc|contact|addr|obf|crypt|href", re.IGNORECASE)
_LOCAL_KEYS = (
    "user",
    "username",
    "local",
    "localpart",
    "mailbox",
    "account",
    "login",
    "u",
    "name",
    "n",
    "email",
    "mail",
    "address",
    "part1",
    "first",
    "id",
)
_CODES = re.compile(r"\d{2,4}(?:,\d{2,4}){1,80}\Z")
_CODES_KEY = re.compile(r"-?(?:char-?)?codes?\Z")
_WEAK_KEYS = word_set("name n id first part1 account login address")
_DOMAIN_KEYS = ("domain", "host", "website", "site", "server", "d", "at", "provider", "part2")
_END_KEYS = ("tld", "t", "ext", "suffix", "end", "part3")


def from_scripts(scripts: Iterable[str], plain: Callable[[str], Iterable[str]]) -> Iterator[str]:
    """Addresses scripts write into the page or open as a mail.

    A string that merely stands in a script ("help@widget.com" in its settings) shows nobody anything.

    Args:
        scripts: texts of inline scripts, event handlers and ``javascript:`` links.
        plain: finds plain addresses in a text.
    """
    left, unread = MAX_MADE, MAX_READ
    for script in [text for text in scripts if _MAY_MAKE_ONE.search(text)][:MAX_SCRIPTS]:
        unread -= len(script)
        if unread < 0 or left < 0:
            return
        made, calls = read_script(html.unescape(script))
        for string in dict.fromkeys(made):
            left -= len(string.text)
            if left < 0:
                break
            text = string.text if "znvygb:" not in string.text.lower() else rot13(string.text)
            meant = string.parts > 1 or string.shown or "mailto:" in text or text is not string.text
            if meant and "@" in text:
                yield from plain(html.unescape(text).replace("mailto:", " "))
            elif string.parts > 1 and "@" in text[::-1]:
                yield from readings(text)
        for call in calls:
            yield from _from_call(call)


def _from_call(call: Call) -> Iterator[str]:
    if not _MAILS.search(call.name):
        return
    if len(call.arguments) == 1:
        yield from readings(call.arguments[0])
        return
    words = [argument.strip() for argument in call.arguments[:3]]
    if "@" in "".join(words) or not all(map(_HOST.match, words)):
        return
    if len(words) == 3 and is_end(words[2]) and "." not in words[1]:
        yield f"{words[0]}@{words[1]}.{words[2]}"
        return
    hosts = [word for word in words if "." in word and is_end(word.rsplit(".", 1)[-1])]
    names = [word for word in words if word not in hosts and _LOCAL.match(word)]
    if hosts and names:
        yield f"{names[0]}@{hosts[0]}"


def from_attributes(elements: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Addresses in data attributes: whole but scrambled, or in two or three parts.

    Args:
        elements: for each element its ``class`` and its data attributes, without "data-".
    """
    for element in elements:
        if not _may_tell(tuple(element)):
            continue
        values = {_CODES_KEY.sub("", key): _from_codes(value) for key, value in element.items()}
        about_mail = _MAILS.search(" ".join((values.get("class", ""), *values))) is not None
        parts = _from_parts(values, about_mail)
        if parts:
            yield parts
            continue
        for key, value in values.items():
            if _HINTS.search(key) and "@" not in value:
                yield from readings(value)


@lru_cache(maxsize=1_024)
def _may_tell(keys: tuple[str, ...]) -> bool:
    """Whether attributes of these names could hold an address; a page has many elements with the same few names."""
    names = {_CODES_KEY.sub("", key) for key in keys}
    if not names.isdisjoint(_LOCAL_KEYS) and not names.isdisjoint(_DOMAIN_KEYS):
        return True
    return any(_HINTS.search(name) for name in names)


def _from_codes(value: str) -> str:
    """The text behind "98,111,98"; any other value as it is."""
    if not _CODES.match(value):
        return value
    return "".join(chr(int(code)) for code in value.split(",") if int(code) < 0x3000)


def _from_parts(values: Mapping[str, str], about_mail: bool) -> str:
    local = next((key for key in _LOCAL_KEYS if values.get(key)), "")
    domain = next((key for key in _DOMAIN_KEYS if values.get(key)), "")
    if not local or not domain or (local in _WEAK_KEYS and not about_mail and not values.get("tld")):
        return ""
    end = next((values[key] for key in _END_KEYS if values.get(key)), "")
    name, host = values[local].strip(), values[domain].strip().lstrip("@")
    if end and is_end(end.lstrip(".")):
        host = f"{host}.{end.lstrip('.')}"
    if not _LOCAL.match(name) or not _HOST.match(host) or "." not in host:
        return ""
    if is_end(host.rsplit(".", 1)[-1]):
        return f"{name}@{host}"
    backwards = host[::-1]
    return f"{name[::-1]}@{backwards}" if is_end(backwards.rsplit(".", 1)[-1]) else ""
