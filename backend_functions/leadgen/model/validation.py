"""Pydantic's findings as errors a person can act on: the field as it was written, the value, and what is allowed."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from leadgen.model.errors import FieldProblem, InvalidInput

M = TypeVar("M", bound=BaseModel)

_SHOWN = 60
_SECRETS = frozenset({"password", "code"})
"""Fields whose value is never repeated."""

_PATTERNS = {
    "^[0-9a-f]{32}$": "must be an id: 32 of 0-9 and a-f",
    "^[0-9A-Za-z]{8,64}$": "must be an id: 8 to 64 letters and digits",
}
"""Patterns of the requests in words."""

_ALLOWED = {
    "missing": "must be given",
    "extra_forbidden": "is not a known field",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
}


def validate(kind: type[M], data: Any, *, what: str = "request") -> M:
    """Read untrusted data as a model.

    Args:
        kind: the model.
        data: what came in, as parsed JSON.
        what: what the data is, for the message.

    Raises:
        InvalidInput: with one entry per field at fault; nothing is half-read.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise invalid(error, what=what) from None


def invalid(error: ValidationError, *, what: str) -> InvalidInput:
    """A validation error in our own words."""
    problems = tuple(_problem(detail) for detail in error.errors(include_url=False))
    summary = "; ".join(f"{p.field} {p.allowed}" for p in problems[:3])
    more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
    return InvalidInput(f"The {what} is not valid: {summary}{more}.", hint="Correct the fields named.", fields=problems)


def _problem(detail: ErrorDetails) -> FieldProblem:
    path = ".".join(str(part) for part in detail["loc"]) or "(the whole)"
    context = detail.get("ctx") or {}
    template = _ALLOWED.get(detail["type"])
    if template is not None:
        allowed = template.format_map(_Lenient(context))
    elif detail["type"] == "string_pattern_mismatch" and context.get("pattern") in _PATTERNS:
        allowed = _PATTERNS[context["pattern"]]
    else:
        allowed = detail["msg"].removeprefix("Value error, ")
        if not allowed.startswith(("must", "is ")):
            allowed = f"is not right: {allowed}"
    hidden = detail["type"] == "missing" or path.rpartition(".")[2] in _SECRETS
    value = "" if hidden else shown(detail["input"])
    return FieldProblem(field=path, value=value, allowed=allowed)


class _Lenient(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


def shown(value: Any) -> str:
    """A value for a message: short, on one line, without control characters."""
    text = "".join(c if c.isprintable() else " " for c in str(value))
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
