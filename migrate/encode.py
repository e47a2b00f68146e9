"""Documents as Firestore's protobuf, straight and back; bytes of equal documents are equal.

The client library turns each value into a wrapped message first, which takes most of the time of a large write
(https://github.com/googleapis/proto-plus-python: "performance"). Here the plain messages are filled, and what was
serialised once travels as it is.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_INT = 1 << 63
_SIMPLE: dict[type, str] = {
    bool: "boolean_value",
    float: "double_value",
    bytes: "bytes_value",
}


@lru_cache(maxsize=1)
def _document() -> Any:
    from google.cloud.firestore_v1.types.document import Document

    return Document.pb()


def encode(document: dict[str, Any]) -> bytes:
    """The fields of a document. The same document gives the same bytes.

    Args:
        document: text, numbers, truth values, bytes, `None`, aware datetimes, lists and objects with text keys.

    Raises:
        TypeError: a value of another kind.
    """
    message = _document()()
    fields = message.fields
    for name, value in document.items():
        _put(fields[name], value)
    return bytes(message.SerializeToString(deterministic=True))


def _put(target: Any, value: Any) -> None:
    kind = type(value)
    simple = _SIMPLE.get(kind)
    if kind is str:  # most values are
        target.string_value = value
    elif simple is not None:
        setattr(target, simple, value)
    elif kind is datetime:
        _put_time(target.timestamp_value, value)
    elif kind is int:
        _put_whole(target, value)
    elif kind is list:
        target.array_value.SetInParent()
        for item in value:
            _put(target.array_value.values.add(), item)
    elif kind is dict:
        target.map_value.SetInParent()
        for name, item in value.items():
            _put(target.map_value.fields[name], item)
    elif value is None:
        target.null_value = 0
    else:
        raise TypeError(f"{kind.__name__} has no place in a document")


def _put_whole(target: Any, value: int) -> None:
    if -_LARGEST_INT <= value < _LARGEST_INT:
        target.integer_value = value
    else:
        target.double_value = float(value)


def _put_time(target: Any, value: datetime) -> None:
    past = value - _EPOCH
    target.seconds = past.days * 86_400 + past.seconds
    target.nanos = past.microseconds * 1_000


def decode(body: bytes) -> dict[str, Any]:
    """The document that some bytes are."""
    fields = _document().FromString(body).fields
    return {name: _value(fields[name]) for name in sorted(fields)}


def canonical(message: Any) -> bytes:
    """The bytes of the fields of a document as the server gave it, as `encode` would have made them.

    Args:
        message: a protobuf document.
    """
    bare = _document()()
    for name in message.fields:
        bare.fields[name].CopyFrom(message.fields[name])
    return bytes(bare.SerializeToString(deterministic=True))


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value_type")
    if kind == "timestamp_value":
        moment = value.timestamp_value
        return _EPOCH + timedelta(seconds=moment.seconds, microseconds=moment.nanos // 1_000)
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    if kind == "map_value":
        return {name: _value(value.map_value.fields[name]) for name in sorted(value.map_value.fields)}
    return None if kind == "null_value" else getattr(value, kind)
