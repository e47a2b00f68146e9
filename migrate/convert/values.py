"""Text, numbers, truth values, lists and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from migrate.reading import OddText

Say = Callable[[str], None]
"""Takes an assumption that was made, in words that are the same for every such value: they are counted."""

MAX_TEXT = 400_000
"""Characters of one value; a document takes 1 MiB in all (https://firebase.google.com/docs/firestore/quotas)."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_TRUE = frozenset({"1", "true", "t", "yes", "y", "on", "x", "archived", "wahr", "ja", "si", "sí", "oui"})
_FALSE = frozenset({"", "0", "false", "f", "no", "n", "off", "active", "null", "none", "falsch", "nein", "non"})
_NOTHING = frozenset({"", "null", "none", "nil", "n/a", "na", "nan", "-", "--", "undefined", "unknown"})
_WHOLE = re.compile(r"[+-]?\d{1,18}(?:\.0*)?\Z")
_DEEPEST = 32
_read_json = json.JSONDecoder().raw_decode


class Unusable(Exception):
    """A value that can't be made right.

    Args:
        problem: what is wrong with it.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def text(value: Any, say: Say) -> str:
    """A value as text without control characters and blanks around it; "" for nothing.

    Raises:
        Unusable: it is binary, or too long.
    """
    if type(value) is str:
        if value.isprintable():  # the usual case
            stripped = value.strip()
            return stripped if len(stripped) <= MAX_TEXT else _too_long(stripped)
        return _cleaned(value, say)
    if value is None:
        return ""
    if isinstance(value, bytes):
        try:
            decoded = value.decode("utf-8")
        except UnicodeDecodeError:
            raise Unusable(f"is binary ({len(value):,} bytes), not text") from None
        say("binary values that hold UTF-8 were read as text")
        return _cleaned(decoded, say)
    if isinstance(value, OddText):
        say("text that is not UTF-8 was read as Windows-1252")
        return _cleaned(str(value), say)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _cleaned(value: str, say: Say) -> str:
    clean = _CONTROLS.sub("", value)
    if clean != value:
        say("control characters were taken out of text")
    clean = clean.strip()
    return clean if len(clean) <= MAX_TEXT else _too_long(clean)


def _too_long(value: str) -> str:
    raise Unusable(f"has {len(value):,} characters; at most {MAX_TEXT:,} are stored")


def is_nothing(value: str) -> bool:
    """Whether a text says that there is no value."""
    return value.lower() in _NOTHING


def optional(value: Any, say: Say) -> str:
    """The same as `text`, where words such as "NULL" and "n/a" mean nothing."""
    found = value.strip() if type(value) is str and value.isprintable() and len(value) < 4_096 else text(value, say)
    return "" if len(found) < 10 and found.lower() in _NOTHING else found


def whole(value: Any, say: Say) -> int:
    """A whole number.

    Raises:
        Unusable: it is none.
    """
    if type(value) is int:
        return value
    found = text(value, say)
    if not _WHOLE.match(found):
        raise Unusable("is no whole number")
    return int(found.partition(".")[0])


def truth(value: Any, say: Say) -> bool:
    """True or false, however it was written; nothing is false.

    Raises:
        Unusable: it is neither.
    """
    word = text(value, say).lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise Unusable("is neither true nor false")


def words(value: Any, say: Say) -> list[str]:
    """A list of texts: from a JSON list, or from text with commas, semicolons, bars or lines; each once."""
    found = optional(value, say)
    return [*_words(found)] if found else []


@lru_cache(maxsize=1_024)
def _words(found: str) -> tuple[str, ...]:
    items = _json_list(found)
    if items is None:
        items = re.split(r"[,;|\n]", found)
    clean = (one for item in items if (one := " ".join(str(item).split())) and not is_nothing(one))
    return tuple(dict.fromkeys(clean))


def _json_list(found: str) -> list[Any] | None:
    """The items of a JSON list of plain values, or of a Python list as `str()` writes one."""
    if not (found.startswith("[") and found.endswith("]")):
        return None
    for candidate in (found, found.replace("'", '"')):
        try:
            value = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, list):
            return [item for item in value if not isinstance(item, (list, dict)) and item is not None]
    return None


def record(value: Any, say: Say) -> dict[str, Any]:
    """The object of a JSON text; {} for nothing.

    Raises:
        Unusable: it is no JSON, or no object, or nested too deeply.
    """
    found = optional(value, say)
    if not found:
        return {}
    try:
        read, end = _read_json(found)
        if end != len(found):
            read = json.loads(found)  # says what is wrong behind it
        if isinstance(read, str):
            say("JSON that was encoded twice was decoded twice")
            read = json.loads(read)
    except (ValueError, RecursionError) as error:
        raise Unusable(f"is no valid JSON ({_where(error)})") from None
    if not isinstance(read, dict):
        raise Unusable("is JSON, but no object")
    if ("{" in found[1:] or "[" in found) and _depth(read) > _DEEPEST:
        raise Unusable(f"is nested more than {_DEEPEST} levels deep")
    return read


def _where(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos + 1}"
    return "too deep" if isinstance(error, RecursionError) else str(error)


def _depth(value: Any) -> int:
    deepest, todo = 0, [(value, 1)]
    while todo:
        item, level = todo.pop()
        deepest = max(deepest, level)
        if isinstance(item, (dict, list)) and level <= _DEEPEST:
            inner = item.values() if isinstance(item, dict) else item
            todo += [(one, level + 1) for one in inner if isinstance(one, (dict, list))]
    return deepest
