"""Undoing a change on a document that was changed again since: what changed since stays, everything else goes back."""

from __future__ import annotations

from typing import Any

_ABSENT: Any = object()


def restored(now: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """A document without one of its earlier changes.

    Args:
        now: the document.
        before: the fields the change touched, as they were; one that was absent is absent.
        after: the same fields as the change left them.

    A field that is still as the change left it is again as it was before. Of maps each field is treated so. Of lists
    the elements that came since stay, behind those that were there before. Any other field stays as it is now.
    """
    result = dict(now)
    for key in before.keys() | after.keys():
        value = _restored(now.get(key, _ABSENT), before.get(key, _ABSENT), after.get(key, _ABSENT))
        result.pop(key, None)
        if value is not _ABSENT:
            result[key] = value
    return result


def _restored(now: Any, before: Any, after: Any) -> Any:
    if now == after:
        return before
    kinds = [value for value in (now, before, after) if value is not _ABSENT]
    if now is not _ABSENT and all(isinstance(value, dict) for value in kinds):
        return restored(now, _or_empty(before, {}), _or_empty(after, {}))
    if now is not _ABSENT and all(isinstance(value, list) for value in kinds):
        left = _or_empty(after, [])
        return [*_or_empty(before, []), *(element for element in now if element not in left)]
    return now


def _or_empty(value: Any, empty: Any) -> Any:
    return empty if value is _ABSENT else value
