"""The Governor's log as it is stored: packed, because it is read and written for every handful of model calls.

As a list of maps, a log of 250 entries costs 30 ms of a processor to read and as much to write; packed it costs
microseconds.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_ENTRY = struct.Struct(">QIHIHHQ")
"""Opens (ms), shuts after (ms), grants, tokens, provider and campaign (places in the list of names), owner."""


@dataclass(frozen=True)
class GrantEntry:
    """Some grants that open and shut together. Moments are milliseconds since the epoch by the server's clock.

    Args:
        opens: the earliest moment their calls may begin.
        shuts: by when their calls have arrived at the provider or never will.
        n: how many.
        tokens: what they may use, all together.
        provider: who is called.
        campaign: for whom, or "".
        owner: the request to the Governor they were given to: 16 hexadecimal digits, or "" for nobody's in particular.
    """

    opens: int
    shuts: int
    n: int
    tokens: int = 0
    provider: str = ""
    campaign: str = ""
    owner: str = ""


def pack(entries: Iterable[GrantEntry]) -> tuple[bytes, list[str]]:
    """The entries as bytes, and the names they refer to."""
    names: dict[str, int] = {}
    packed = bytearray()
    for e in entries:
        provider, campaign = (names.setdefault(name, len(names)) for name in (e.provider, e.campaign))
        owner = int(e.owner or "0", 16)
        packed += _ENTRY.pack(e.opens, e.shuts - e.opens, e.n, e.tokens, provider, campaign, owner)
    return bytes(packed), list(names)


def unpack(packed: bytes, names: Sequence[str]) -> tuple[GrantEntry, ...]:
    """The entries again.

    Args:
        packed: what `pack` gave, as Firestore gives it back: of whatever type.
        names: the same.

    Raises:
        ValueError: it is no such log.
    """
    if not isinstance(packed, bytes) or len(packed) % _ENTRY.size:
        raise ValueError(f"must be entries of {_ENTRY.size} bytes each")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("must come with a list of names")
    return tuple(_entries(packed, names))


def _entries(packed: bytes, names: Sequence[str]) -> Iterator[GrantEntry]:
    for opens, after, n, tokens, provider, campaign, owner in _ENTRY.iter_unpack(packed):
        if not n or max(provider, campaign) >= len(names):
            raise ValueError("must hold grants of providers and campaigns that are named")
        text = f"{owner:016x}" if owner else ""
        yield GrantEntry(opens, opens + after, n, tokens, names[provider], names[campaign], text)
