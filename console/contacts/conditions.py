"""Filter expressions as conditions of the copy's SQL. What the operator typed goes into parameters, never into SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from console.contacts.expression import Term, Value
from console.contacts.fields import Field, Kind

Condition = tuple[str, list[str | int | float]]
"""SQL with question marks, and what stands for them."""

MICROS = 1_000_000


def micros(moment: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def where(terms: Sequence[Term], now: datetime, zone: tzinfo | None) -> Condition:
    """The condition that all terms hold.

    Args:
        terms: a parsed expression.
        now: the moment that ages are counted from.
        zone: the timezone that days are of; `None` for the machine's.
    """
    parts: list[str] = []
    values: list[str | int | float] = []
    for term in terms:
        sql, more = _term(term, now, zone)
        # A field without a value is no match, so it is one for the opposite: NULL must not spread.
        parts.append(f"NOT coalesce({sql}, 0)" if term.negated else f"({sql})")
        values += more
    return (" AND ".join(parts) or "1"), values


def _term(term: Term, now: datetime, zone: tzinfo | None) -> Condition:
    parts: list[str] = []
    values: list[str | int | float] = []
    for value in term.values:
        sql, more = _anywhere(value) if term.field is None else _compared(term.field, value, now, zone)
        parts.append(sql)
        values += more
    return f"({' OR '.join(parts)})", values


def _anywhere(value: Value) -> Condition:
    digits = "".join(c for c in value.text if c.isdigit())
    # "512-555" finds +1512555…: whoever types a phone number types it with all sorts of signs between.
    is_phone = len(digits) >= 3 and not any(c.isalpha() for c in value.text)
    if is_phone and digits != value.text:
        return "(instr(words, ?) > 0 OR instr(phone, ?) > 0)", [value.text, digits]
    return "instr(words, ?) > 0", [value.text]


def _compared(field: Field, value: Value, now: datetime, zone: tzinfo | None) -> Condition:
    column = field.column
    if value.op in {"any", "none"}:
        has = f"{column} IS NOT NULL AND {column} != ''"
        return (f"({has})" if value.op == "any" else f"NOT ({has})"), []
    match field.kind:
        case Kind.STATE:
            return f"({column} = ? OR status = ?)", [value.text, value.text.upper().replace(" ", "_")]
        case Kind.NUMBER:
            return _between(column, value.op, value.low, value.low, value.high)
        case Kind.MOMENT:
            return _moment(column, value, now, zone)
        case _:
            return _text(column, value)


def _text(column: str, value: Value) -> Condition:
    match value.op:
        case "=":
            return f"{column} = ?", [value.text]
        case "like":
            # In GLOB ? and [ mean something, too; in brackets they are themselves.
            return f"{column} GLOB ?", ["".join(f"[{c}]" if c in "?[" else c for c in value.text)]
        case _:
            return f"instr({column}, ?) > 0", [value.text]


def _between(column: str, op: str, start: float, end: float, last: float) -> Condition:
    """A comparison with something that may have an extent, as a day has."""
    match op:
        case "range":
            return f"({column} >= ? AND {column} <= ?)", [start, last]
        case "=":
            return f"({column} >= ? AND {column} <= ?)", [start, end]
        case ">":
            return f"{column} > ?", [end]
        case ">=":
            return f"{column} >= ?", [start]
        case "<":
            return f"{column} < ?", [start]
        case _:
            return f"{column} <= ?", [end]


def _moment(column: str, value: Value, now: datetime, zone: tzinfo | None) -> Condition:
    if value.ago is not None:
        # "<7d" is less than seven days ago, so a later moment.
        turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[value.op]
        try:
            then = micros(now - value.ago)
        except OverflowError:
            then = 0
        return f"({column} IS NOT NULL AND {column} {turned} ?)", [then]
    first, end = _day(value.low, zone)
    last = _day(value.high, zone)[1] if value.op == "range" else end
    sql, values = _between(column, value.op, first, end, last)
    return f"({column} IS NOT NULL AND {sql})", values


def _day(ordinal: float, zone: tzinfo | None) -> tuple[int, int]:
    """First and last microsecond of a day in a timezone."""
    day = date.fromordinal(int(ordinal))
    start = micros(_midnight(day, zone))
    try:
        return start, micros(_midnight(day + timedelta(days=1), zone)) - 1
    except OverflowError:
        return start, start + 86_400 * MICROS - 1


def _midnight(day: date, zone: tzinfo | None) -> datetime:
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except (OverflowError, OSError, ValueError):
        return datetime.combine(day, time(), UTC)
