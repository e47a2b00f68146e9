"""What stands around some digits, and how they are grouped: whether a reader would take them for a telephone number."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leadgen.process.disguise import Token
from leadgen.process.numbering import dialled_number

LOOK_BACK = 36
"""Characters before the digits that are looked at."""

_CUE = re.compile(
    r"(?:^|[^a-z])(?:call|calling|text|texting|txt|cell|phone|ph|tel|telephone|mobile|whats ?app|sms|ring|reach|contact"
    r"|dial|number|office|direct|hotline|message|msg|llam[ae]|ll[aá]m[ae]nos|tel[eé]fono|celular|imessage|signal|fax"
    r"|area code|hit me up|hmu|holler|line|c|p|t|m)(?:[^a-z]|$)",
    re.IGNORECASE,
)
_ID_TAIL = r"(?:[\s.:#-]|\b(?:id|no|num|number|is|nr)\b){0,8}$"
_STRONG_ID = re.compile(
    r"(?:licen[cs]e|licensed|lic|permit|policy|invoice|account|acct|tracking|serial|vin|isbn|ein|case|claim|parcel"
    r"|routing|order|npi|iban|card|insurance|certificate|cert|bond|bonded|ssn|imei|usdot|dot|mc|ccb|roc|cslb|registration"
    r"|reg|contractor'?s?|docket)" + _ID_TAIL,
    re.IGNORECASE,
)
_WEAK_ID = re.compile(
    r"(?:\bad|\bpost|posting|listing|\bref|reference|item|sku|\bpart|model|ticket|member|offer|coupon|promo|upc|ean|mls"
    r"|\bapn|\bid|(?<!area )code|job|quote|confirmation|unit|lot|batch|#)" + _ID_TAIL,
    re.IGNORECASE,
)
_LETTERED = re.compile(r"[A-Za-z]{1,5}[-#_/]$")
_MONEY_BEFORE = re.compile(r"[$€£¥₱₹]\s?$")
_UNIT_AFTER = re.compile(
    r"\s?(?:%|usd\b|dollars|sq\.? ?f|sqft|square|miles|mi\b|lbs|pounds|kg\b|gallons|views|visits|customers|clients"
    r"|reviews|followers|years|yrs|hours|hrs|minutes|euros)|\.\d",
    re.IGNORECASE,
)
_HINT = re.compile(r"@|://|www\.|\.(?:com|net|org|info|biz|io)\b", re.IGNORECASE)
_WEB_REST = re.compile(r"[^\s<>\"']*")
_HOST_REST = re.compile(r"[\w.-]*")
_PATH_REST = re.compile(r"(?:[/?][^\s<>\"']*)?")
_CHAT_LINK = re.compile(r"(?:wa\.me/|whatsapp\.com/send/?\?phone=|wtai://wp/mc;)(?:\+|%2B)?(\d{8,15})", re.IGNORECASE)
_THREES = frozenset({(3,), (1, 1, 1)})
_FOURS = frozenset({(4,), (1, 1, 1, 1), (2, 2)})


def blank_addresses(text: str) -> tuple[str, list[tuple[str, int, int]]]:
    """The text with web and mail addresses made unreadable, and the numbers of chat links among them.

    Returns:
        the text, of the same length, and (E.164, start, end) for each chat link.
    """
    linked: list[tuple[str, int, int]] = []
    pieces: list[str] = []
    done = 0
    for hint in _HINT.finditer(text):
        if hint.start() < done:
            continue
        start, end = _address_at(text, hint, done)
        if start == end:
            continue
        chat = _CHAT_LINK.search(text, start, end)
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
        if rest is None or rest.end() == hint.end() or start == hint.start():
            return 0, 0
    else:
        web = hint[0] == "://" or hint[0].lower() == "www."
        rest = (_WEB_REST if web else _PATH_REST).match(text, hint.end())
    return start, rest.end() if rest else hint.end()


def has_cue(around: str) -> bool:
    """Whether a word such as "call" or "text" stands near the digits."""
    return _CUE.search(around) is not None


def is_something_else(tokens: Sequence[Token], before: str, after: str) -> bool:
    """Whether the surroundings say that the digits are a price, an identifier or a measure.

    Args:
        tokens: the digits.
        before: up to `LOOK_BACK` characters in front of them.
        after: some characters behind them.
    """
    if any(token.kind == "words" for token in tokens):
        return False
    if _MONEY_BEFORE.search(before) or _UNIT_AFTER.match(after):
        return True
    bare = before.rstrip("(+[ ")
    if _STRONG_ID.search(bare):
        return True
    if len(tokens) > 2:
        return False
    return _WEAK_ID.search(bare) is not None or (_LETTERED.search(before) is not None and not has_cue(before))


def confidence(tokens: Sequence[Token], prefix: int, cue: bool) -> float:
    """How likely ten digits are a telephone number, judged by their groups and separators; 0 for not at all.

    Args:
        tokens: the digits with the separators between them.
        prefix: 1 when the digits begin with the country code "1", else 0.
        cue: whether a word such as "call" stands before them.
    """
    groups, tokens_after_prefix = _without_prefix(tokens, prefix)
    gaps = [token.gap for token in tokens[1:]]
    kinds = {token.kind for token in tokens}
    if not _line_breaks_even(gaps) or ("comma" in gaps and kinds == {"figures"} and not cue):
        return 0.0
    if "sounds" in kinds:
        return 0.6 if cue and _aligned(groups) else 0.0
    if "words" in kinds:
        return 0.85 if _aligned(groups, [token.kind == "words" for token in tokens_after_prefix]) else 0.0
    base = _by_groups(groups, gaps, cue)
    if "letters" in kinds:
        return min(base, 0.75) if base >= 0.6 else 0.0
    return base


def _without_prefix(tokens: Sequence[Token], prefix: int) -> tuple[tuple[int, ...], Sequence[Token]]:
    sizes = tuple(len(token.digits) for token in tokens)
    if not prefix:
        return sizes, tokens
    if sizes[0] == 1:
        return sizes[1:], tokens[1:]
    return (sizes[0] - 1, *sizes[1:]), tokens


def _line_breaks_even(gaps: Sequence[str]) -> bool:
    """Digits on lines of their own belong together only when every group has its line."""
    lines = gaps.count("line")
    return not lines or lines == len(gaps) or (lines >= 2 and lines <= 3)


def _by_groups(groups: tuple[int, ...], gaps: Sequence[str], cue: bool) -> float:
    odd = bool(set(gaps) & {"loose", "comma", "line", "word"})
    if groups == (3, 3, 4):
        return 0.98 if not odd or cue else 0.9
    if groups == (10,) or groups in ((3, 7), (6, 4)):
        return 0.98 if cue else 0.9
    if groups == (1,) * 10:
        return 0.85
    head, tail = _segment(groups, 3)
    middle, line = _segment(tail, 3)
    if head in _THREES and middle in _THREES and line in _FOURS:
        return 0.85
    if cue and (_aligned(groups) or groups == (2,) * 5):
        return 0.6
    return 0.0


def _segment(groups: tuple[int, ...], size: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The groups that make up the first `size` digits, and the rest; empty where a group crosses the border."""
    total = 0
    for index, group in enumerate(groups):
        total += group
        if total == size:
            return groups[: index + 1], groups[index + 1 :]
        if total > size:
            break
    return (), groups


def _aligned(groups: tuple[int, ...], spoken: Sequence[bool] = ()) -> bool:
    """Whether no group of figures crosses a border of 3-3-4, unless it is made of whole parts.

    Args:
        groups: number of digits of each group.
        spoken: for each group whether it is a word; words such as "thousand" may cross.
    """
    borders = {0, 3, 6, 10}
    start = 0
    for index, group in enumerate(groups):
        end = start + group
        inside = any(low <= start and end <= high for low, high in ((0, 3), (3, 6), (6, 10)))
        whole = start in borders and end in borders
        if not (inside or whole or (index < len(spoken) and spoken[index])):
            return False
        start = end
    return True
