"""Faults on demand: rules that say which requests go wrong, how, and whether their effect happens all the same."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from local.microsoft.errors import GraphError, LoginError, unauthorized
from local.microsoft.times import retry_after

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_GRAPH_TEXTS = {
    401: ("InvalidAuthenticationToken", "Access token has expired or is not yet valid."),
    403: ("ErrorAccessDenied", "Access is denied. Check credentials and try again."),
    404: ("ErrorItemNotFound", "The specified object was not found in the store."),
    429: ("ApplicationThrottled", "Application is over its MailboxConcurrency limit."),
    500: ("ErrorInternalServerError", "An internal server error occurred. The operation failed."),
    502: ("UnknownError", ""),
    503: ("ServiceUnavailable", "The service is temporarily unavailable. Please retry later."),
    504: ("UnknownError", ""),
}


class Match(BaseModel):
    """Which requests a rule is for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str = "*"
    path: str = "*"
    """Pattern for the path without the query; `*` stands for anything, `/` included."""
    nth: int | None = Field(default=None, ge=1)
    """The first matching request it applies to, counted from 1."""
    probability: float | None = Field(default=None, ge=0, le=1)
    seed: int = 0
    times: int | None = Field(default=None, ge=1)
    """How many requests it applies to; 1 when `nth` is given, else without end."""


class FaultRule(BaseModel):
    """What goes wrong with a matching request."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    match: Match = Match()
    fault: str | None = Field(default=None, pattern=r"^status:[2-5]\d\d$")
    """`status:NNN` to answer; without it the real answer is given (with `retryAfter` added, if that is set)."""
    retry_after: float | str | None = None
    """Seconds (sent in the form the knob `retryAfterForm` says), or a header value to send as it is."""
    after_effect: bool = False
    """The request is carried out first, then its answer replaced or lost."""
    delay_seconds: float = Field(default=0, ge=0, le=3600)
    """Waited before anything else; ends early when the rule is deleted."""
    drop: bool = False
    """The connection is closed without an answer, before the effect or (`afterEffect`) after it."""

    @model_validator(mode="after")
    def _does_something(self) -> FaultRule:
        if not (self.fault or self.drop or self.delay_seconds or self.retry_after is not None):
            raise ValueError("a rule needs one of fault, drop, delaySeconds, retryAfter")
        return self

    @property
    def status(self) -> int | None:
        return int(self.fault.partition(":")[2]) if self.fault else None


@dataclass
class ActiveRule:
    """A rule with its counts."""

    number: int
    rule: FaultRule
    seen: int = 0
    used: int = 0
    deleted: asyncio.Event = field(default_factory=asyncio.Event)
    chance: random.Random = field(default_factory=random.Random)

    def applies(self, method: str, path: str) -> bool:
        """Count a request and tell whether the rule hits it."""
        match = self.rule.match
        if match.method not in {"*", method} or not fnmatchcase(path, match.path):
            return False
        self.seen += 1
        times = match.times if match.times is not None else (1 if match.nth else None)
        if times is not None and self.used >= times:
            return False
        if match.nth is not None and self.seen < match.nth:
            return False
        if match.probability is not None and self.chance.random() >= match.probability:
            return False
        self.used += 1
        return True

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.number,
            **self.rule.model_dump(by_alias=True, exclude_none=True),
            "seen": self.seen,
            "used": self.used,
        }


class FaultRules:
    """The rules in force, first match wins. They live as long as the process."""

    def __init__(self) -> None:
        self._rules: list[ActiveRule] = []
        self._last = 0

    def add(self, rule: FaultRule) -> ActiveRule:
        self._last += 1
        active = ActiveRule(self._last, rule, chance=random.Random(rule.match.seed))
        self._rules.append(active)
        return active

    def shown(self) -> list[dict[str, Any]]:
        return [rule.shown() for rule in self._rules]

    def clear(self, number: int | None = None) -> int:
        """Delete one rule or all of them; returns how many."""
        gone = [rule for rule in self._rules if number in (None, rule.number)]
        self._rules = [rule for rule in self._rules if rule not in gone]
        for rule in gone:
            rule.deleted.set()
        return len(gone)

    def hit(self, method: str, path: str) -> ActiveRule | None:
        """The rule that applies to a request."""
        return next((rule for rule in self._rules if rule.applies(method, path)), None)


async def apply(
    active: ActiveRule, request: web.Request, handler: Handler, *, now: float, form: str, origin: str
) -> web.StreamResponse:
    """Let a request go wrong the way a rule says."""
    rule = active.rule
    if rule.delay_seconds:
        await _wait(active.deleted, rule.delay_seconds)
    headers = {} if rule.retry_after is None else {"Retry-After": _retry_after(rule.retry_after, form, now)}
    if rule.status is None and not rule.drop:
        response = await handler(request)
        response.headers.update(headers)
        return response
    if rule.after_effect:
        # Should the request itself be wrong, its answer is lost like any other.
        with contextlib.suppress(GraphError, LoginError, web.HTTPException):
            await handler(request)
    if rule.drop:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)
    return _answer(rule.status or 500, headers, request, origin)


async def _wait(deleted: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(deleted.wait(), seconds)


def _retry_after(value: float | str, form: str, now: float) -> str:
    return value if isinstance(value, str) else retry_after(value, form, now)


def _answer(status: int, headers: dict[str, str], request: web.Request, origin: str) -> web.StreamResponse:
    if status < 400:
        return web.Response(status=status, headers=headers)
    if not re.match(r"^/(v1\.0|beta)/", request.path):
        error = "temporarily_unavailable" if status in {429, 500, 502, 503, 504} else "invalid_request"
        fault = LoginError(error, 90033, "A transient error has occurred. Please try again.", status)
        fault.headers.update(headers)
        raise fault
    code, text = _GRAPH_TEXTS.get(status, ("UnknownError", ""))
    if status == 401:
        challenge = unauthorized(origin, text)
        challenge.headers.update(headers)
        raise challenge
    raise GraphError(status, code, text, headers)
