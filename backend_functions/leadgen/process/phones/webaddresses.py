"""Web and mail addresses in a text: the digits in them are no telephone numbers, unless the address is a chat link."""

from __future__ import annotations

import re

from leadgen.process.phones.numbering import dialled_number

_HINTS = ("@", "://", "www.")
_ENDING = re.compile(r"\.(?:com|net|org|info|biz|io)\b")
_HINT = re.compile(r"@|://|www\.|\.(?:com|net|org|info|biz|io)\b")
_WEB_REST = re.compile(r"[^\s<>\"']*")
_HOST_REST = re.compile(r"[\w.-]*")
_PATH_REST = re.compile(r"(?:[/?][^\s<>\"']*)?")
_GLUED_NUMBER = re.compile(r"[0-9.-]{10,16}(?=[A-Za-z])")
CHAT_LINK = re.compile(
    r"(?:wa\.me/|whatsapp\.com/send/?\?(?:[^\s\"'<>#]{0,80}&)?phone=|wtai://wp/mc;|viber://\w+\?number=)"
    r"(?:\+|%2B)?(\d{8,15})",
    re.IGNORECASE,
)
Linked = tuple[str, int, int]


def blank_addresses(text: str, low: str) -> tuple[str, list[Linked]]:
    """The text with web and mail addresses made unreadable, and the numbers of chat links among them.

    Args:
        text: a folded text.
        low: the same in small letters.

    Returns:
        the text, of the same length, and (E.164, start, end) for each chat link.
    """
    if not any(map(low.__contains__, _HINTS)) and _ENDING.search(low) is None:
        return text, []
    linked: list[Linked] = []
    pieces: list[str] = []
    done = 0
    for hint in _HINT.finditer(low):
        if hint.start() < done:
            continue
        start, end = _address_at(text, hint, done)
        if start == end:
            continue
        chat = CHAT_LINK.search(text, start, end)
        e164 = dialled_number(f"+{chat[1]}", "US") if chat else None
        if chat and e164:
            linked.append((e164, *chat.span(1)))
        pieces += (text[done:start], "@" * (end - start))
        done = end
    return ("".join(pieces) + text[done:], linked) if pieces else (text, [])


def _address_at(text: str, hint: re.Match[str], earliest: int) -> tuple[int, int]:
    """Where the address around a hint begins and ends; twice the same where there is none."""
    start = hint.start()
    lowest = max(earliest, start - 64)
    while start > lowest and (text[start - 1].isalnum() or text[start - 1] in "_.+-"):
        start -= 1
    if hint[0] == "@":
        rest = _HOST_REST.match(text, hint.end())
        if rest is None or "." not in rest[0] or start == hint.start() or rest[0][:3].isdigit():
            return 0, 0
    else:
        web = hint[0] == "://" or hint[0] == "www."
        rest = (_WEB_REST if web else _PATH_REST).match(text, hint.end())
        start = max(start, _glued_number_end(text, start, hint.start()))
    return start, rest.end() if rest else hint.end()


def _glued_number_end(text: str, start: int, hint: int) -> int:
    """Where a host begins that touches a telephone number before it, as in "555-0134www.acme.com"."""
    match = _GLUED_NUMBER.match(text, start, hint + 4)
    return match.end() if match else start
