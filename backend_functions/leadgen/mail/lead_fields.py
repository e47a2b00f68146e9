"""A lead's further fields, such as its price, as templates name them: `{{ fields.price }}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadgen.mail.clean import one_line


class Fields:
    """The further fields of one lead. It has no method a template could reach, so none can hide a field's name.

    Args:
        values: the fields by name.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def said(self, name: Any) -> str:
        """What a field says, on one line; of one the lead does not have, nothing."""
        return one_line(self._values.get(name, "")) if isinstance(name, str) else ""
