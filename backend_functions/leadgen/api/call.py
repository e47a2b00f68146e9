"""A request that was let in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leadgen.api.auth import Caller


@dataclass(frozen=True)
class Call:
    """What an endpoint's work is given.

    Args:
        caller: who calls.
        body: the validated body, or `None` for an endpoint without.
        key: the Idempotency-Key, or "".
        headers: the request's headers.
    """

    caller: Caller
    body: Any
    key: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
