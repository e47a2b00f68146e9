"""Documents as Firestore's protobuf, straight and back; bytes of equal documents are equal.

The client library turns each value into two wrapped messages first, which takes most of the time of a large write
(https://github.com/googleapis/proto-plus-python: "performance"). Here the bytes are put together at once, names in
their order, as the wire format says
(https://protobuf.dev/programming-guides/encoding/, google/firestore/v1/document.proto), and what was serialised once
travels as it is.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_INT = 1 << 63
_FIELDS_OF_DOCUMENT, _FIELDS_OF_MAP = b"\x12", b"\x0a"
_SHORT = 64
"""Bytes of a name and of a text up to which every length fits into one byte."""
_double = struct.Struct("<d").pack
_SIZE = [bytes((number,)) for number in range(128)]


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
        ValueError: text that is not Unicode.
    """
    return _entries(_FIELDS_OF_DOCUMENT, document)


def varint(value: int) -> bytes:
    """A number as protobuf writes it, seven bits to a byte; a negative one as its two's complement of 64 bits."""
    if 0 <= value < 128:
        return _SIZE[value]
    if 128 <= value < 16_384:
        return bytes((value & 127 | 128, value >> 7))
    if 1 << 28 <= value < 1 << 35:  # seconds since 1970, of 1978 and later
        low = (value & 127 | 128, value >> 7 & 127 | 128, value >> 14 & 127 | 128, value >> 21 & 127 | 128)
        return bytes((*low, value >> 28))
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(tag: bytes, content: bytes) -> bytes:
    """A length-delimited field."""
    size = len(content)
    return tag + (_SIZE[size] if size < 128 else varint(size)) + content


@lru_cache(maxsize=2_048)
def _name(name: str) -> bytes:
    return field(b"\x0a", name.encode())


_ITEM = [b"\x0a%c\x8a\x01%c" % (size + 3, size) for size in range(_SHORT + 1)]
"""What stands before a short text in a list: the tags and sizes of the value and of the text in it."""


class _Heads(dict[str, list[bytes]]):
    """By name of a field what stands before its value, where that is a short text, by the size of the text.

    Args:
        tag: of the entries of the map that they are in.
    """

    def __init__(self, tag: bytes) -> None:
        super().__init__()
        self._tag = tag

    def __missing__(self, name: str) -> list[bytes]:
        head = _name(name)
        sizes = range(_SHORT + 1) if len(head) <= _SHORT else ()
        found = [
            b"%b%b%b\x12%c\x8a\x01%c" % (self._tag, varint(len(head) + size + 5), head, size + 3, size)
            for size in sizes
        ]
        if len(self) < _MOST_NAMES:
            self[name] = found
        return found


_MOST_NAMES = 256
"""Names and shapes of objects that are remembered: columns and usual keys; what is one row's own is not."""
_HEADS = {tag: _Heads(tag) for tag in (_FIELDS_OF_DOCUMENT, _FIELDS_OF_MAP)}
_orders: dict[tuple[str, ...], list[str]] = {}


def _order(names: tuple[str, ...]) -> list[str]:
    """Names in the order in which they are written; most documents have the same ones."""
    found = _orders.get(names)
    if found is None:
        found = sorted(names)
        if len(_orders) < _MOST_NAMES:
            _orders[names] = found
    return found


def _entries(tag: bytes, fields: dict[str, Any]) -> bytes:
    """The entries of a map, each a field of its own with the name and the value."""
    parts: list[bytes] = []
    heads = _HEADS[tag]
    for name in _order((*fields,)):
        value = fields[name]
        if type(value) is str:  # most values are
            text = value.encode()
            try:
                parts += (heads[name][len(text)], text)
                continue
            except IndexError:  # a long one
                pass
        parts.append(field(tag, _name(name) + field(b"\x12", _put(value))))
    return b"".join(parts)


def _put(value: Any) -> bytes:
    """A value: the message `Value`."""
    kind = type(value)
    if kind is str:
        return field(b"\x8a\x01", value.encode())
    if kind is datetime:
        return _put_time(value)
    if kind is bool:
        return b"\x08\x01" if value else b"\x08\x00"
    if kind is int and -_LARGEST_INT <= value < _LARGEST_INT:
        return b"\x10" + varint(value)
    if kind is float or kind is int:
        return b"\x19" + _double(value)
    if kind is dict:
        return field(b"\x32", _entries(_FIELDS_OF_MAP, value))
    if kind is list:
        return field(b"\x4a", b"".join([_item(item) for item in value]))
    if kind is bytes:
        return field(b"\x92\x01", value)
    if value is None:
        return b"\x58\x00"
    raise TypeError(f"{kind.__name__} has no place in a document")


def _item(value: Any) -> bytes:
    """A value of a list."""
    if type(value) is str:
        text = value.encode()
        if len(text) <= _SHORT:
            return _ITEM[len(text)] + text
    return field(b"\x0a", _put(value))


@lru_cache(maxsize=64)
def _put_time(value: datetime) -> bytes:
    past = value - _EPOCH
    seconds, nanos = past.days * 86_400 + past.seconds, past.microseconds * 1_000
    content = (b"\x08" + varint(seconds) if seconds else b"") + (b"\x10" + varint(nanos) if nanos else b"")
    return field(b"\x52", content)


def decode(body: bytes) -> dict[str, Any]:
    """The document that some bytes are."""
    fields = _document().FromString(body).fields
    return {name: _value(fields[name]) for name in sorted(fields)}


def is_equal(body: bytes, message: Any) -> bool:
    """Whether a document as the server gave it has the fields that some bytes are, in whatever order.

    Args:
        body: what `encode` gave.
        message: a protobuf document; it loses its name and its times.
    """
    for name in ("name", "create_time", "update_time"):
        message.ClearField(name)
    if _plain(message) == body:
        return True
    wanted = _document().FromString(body)  # names beyond ASCII may stand in another order
    # Two that differ at first sight may do so in a number that is none, which equals nothing.
    return bool(wanted == message) or _plain(wanted) == _plain(message)


def _plain(message: Any) -> bytes:
    return bytes(message.SerializeToString(deterministic=True))


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
