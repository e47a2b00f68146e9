"""Documents as Firestore's protobuf, straight and back; bytes of equal documents are equal.

The client library turns each value into two wrapped messages first, which takes most of the time of a large write
(https://github.com/googleapis/proto-plus-python: "performance"). Here the bytes are put together at once, names in
their order, as the wire format says
(https://protobuf.dev/programming-guides/encoding/, google/firestore/v1/document.proto), and what was serialised once
travels as it is.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_INT = 1 << 63
_TWO_POW_28, _TWO_POW_35 = 1 << 28, 1 << 35
_FIELDS_OF_DOCUMENT, _FIELDS_OF_MAP = b"\x12", b"\x0a"
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
    if _TWO_POW_28 <= value < _TWO_POW_35:  # seconds since 1970, of 1978 and later
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


class _Heads(dict[int, bytes]):
    """What stands before a value, by the size of the value, for an entry of a map or for an item of a list.

    Args:
        tag: of the entry or the item.
        name: of the value, encoded with its tag and size; empty for an item.
        kind: tags between the sizes: of the value, and of the text in it where it is one.
    """

    def __init__(self, tag: bytes, name: bytes, *kind: bytes) -> None:
        super().__init__()
        self._tag, self._name, self._kind = tag, name, kind

    def __missing__(self, size: int) -> bytes:
        head = b""
        for tag in reversed(self._kind):
            head = b"%b%b%b" % (tag, varint(size + len(head)), head)
        found = b"%b%b%b%b" % (self._tag, varint(len(self._name) + len(head) + size), self._name, head)
        if size < _MOST_SIZES:
            self[size] = found
        return found


class _Shape:
    """How objects with certain names are written.

    Args:
        tag: of their entries.
        names: in the order of the object.
    """

    __slots__ = ("heads", "values")

    def __init__(self, tag: bytes, names: tuple[str, ...]) -> None:
        ordered = sorted(names)
        self.values: Callable[[dict[str, Any]], Sequence[Any]] = _getter(ordered)
        """Gives the values of an object in the order in which they are written."""
        self.heads = [_heads_of(tag, name) for name in ordered]
        """In that order."""


_MOST_SIZES, _MOST_SHAPES = 1_024, 1_024
"""Sizes and shapes that are remembered; the usual ones come early."""
_shapes: dict[bytes, dict[tuple[str, ...], _Shape]] = {_FIELDS_OF_DOCUMENT: {}, _FIELDS_OF_MAP: {}}


@lru_cache(maxsize=512)
def _heads_of(tag: bytes, name: str) -> tuple[_Heads, _Heads]:
    """The heads of a text of this name, and of a value of any other kind."""
    head = field(b"\x0a", name.encode())
    return _Heads(tag, head, b"\x12", b"\x8a\x01"), _Heads(tag, head, b"\x12")


def _shape(tag: bytes, names: tuple[str, ...]) -> _Shape:
    shape = _Shape(tag, names)
    if len(_shapes[tag]) < _MOST_SHAPES:
        _shapes[tag][names] = shape
    return shape


def _getter(names: list[str]) -> Callable[[dict[str, Any]], Sequence[Any]]:
    return itemgetter(*names) if len(names) > 1 else lambda fields: [fields[name] for name in names]


def _entries(tag: bytes, fields: dict[str, Any]) -> bytes:
    """The entries of a map, each a field of its own with the name and the value."""
    names = (*fields,)
    shape = _shapes[tag].get(names) or _shape(tag, names)
    parts: list[bytes] = []
    add = parts.append
    for value, (text, other) in zip(shape.values(fields), shape.heads, strict=True):
        if type(value) is str:  # most values are
            content = value.encode()
            add(text[len(content)])
        else:
            content = _put(value)
            add(other[len(content)])
        add(content)
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
        return _put_list((*value,)) if {*map(type, value)} == _TEXTS_ALONE else _put_items(value)
    if kind is bytes:
        return field(b"\x92\x01", value)
    if value is None:
        return b"\x58\x00"
    raise TypeError(f"{kind.__name__} has no place in a document")


_TEXTS_ALONE = {str}
_text_item, _other_item = _Heads(b"\x0a", b"", b"\x8a\x01"), _Heads(b"\x0a", b"")


def _put_items(values: Iterable[Any]) -> bytes:
    parts: list[bytes] = []
    for value in values:
        is_text = type(value) is str
        content = value.encode() if is_text else _put(value)
        parts += ((_text_item if is_text else _other_item)[len(content)], content)
    return field(b"\x4a", b"".join(parts))


_put_list = lru_cache(maxsize=512)(_put_items)
"""The same for texts alone: a list of services is many people's. (Of other values some are equal and not alike.)"""


def _put_time(value: datetime) -> bytes:
    nanos = value.microsecond * 1_000
    if nanos:
        past = value - _EPOCH
        seconds = past.days * 86_400 + past.seconds
    else:
        seconds = int(value.timestamp())
    if not nanos and _TWO_POW_28 <= seconds < _TWO_POW_35:
        return b"\x52\x06\x08" + varint(seconds)
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
