"""The base of all stored documents: camelCase in Firestore, snake_case in Python."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Document(BaseModel):
    """Base of all stored documents. Unknown fields are left aside, not refused: an older reader must not fail."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    def to_firestore(self) -> dict[str, Any]:
        """The document as Firestore takes it: camelCase keys, no absent fields, statuses as plain strings."""
        data: dict[str, Any] = _plain(self.model_dump(by_alias=True, exclude_none=True))
        return data

    @classmethod
    def from_firestore(cls, data: dict[str, Any]) -> Self:
        """Read a stored document.

        Raises:
            pydantic.ValidationError: a field is missing or of a wrong type.
        """
        return cls.model_validate(data)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value
