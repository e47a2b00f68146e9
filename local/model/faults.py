"""Faults on demand: which calls go wrong, and how."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

Kind = Literal[
    "status", "malformed", "schema", "answer", "fenced", "obey", "echo", "hang", "drip", "drop", "truncated", "redirect"
]


class Rule(BaseModel):
    """One rule (JSON names are camelCase).

    Kinds: ``status`` answers that HTTP status; ``malformed`` 200 with broken JSON; ``schema`` an answer that does not
    fit the schema asked for; ``answer`` exactly `content`; ``fenced`` the right answer in a Markdown fence; ``obey``
    what the ad orders; ``echo`` the ad's first line in every field; ``hang`` no answer for `seconds`; ``drip`` one
    byte every `seconds`, without end; ``drop`` closes the connection without an answer; ``truncated`` closes it in
    the middle of one; ``redirect`` sends the caller elsewhere (307).
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    kind: Kind
    status: int | None = Field(None, ge=400, le=599)
    retry_after: float | str | None = None
    """With ``status``: seconds, or a header value sent as it is."""
    code: str | None = None
    """With ``status``: the error's code, such as ``insufficient_quota``."""
    content: str = ""
    seconds: float = Field(3600, gt=0, le=3600)
    nth: int = Field(1, ge=1)
    """The first call it strikes, counted from when the rule was made."""
    times: int | None = Field(None, ge=1)
    """How many calls it strikes; without it, all from `nth` on."""
    probability: float = Field(1.0, gt=0, le=1)
    seed: int = 0

    @model_validator(mode="after")
    def _complete(self) -> Rule:
        if (self.kind == "status") != (self.status is not None):
            raise ValueError('status (400 to 599) goes with kind "status", and only with it')
        return self


@dataclass
class _Active:
    rule: Rule
    seen: int = 0
    used: int = 0
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.rule.seed)

    def strikes(self) -> bool:
        rule = self.rule
        self.seen += 1
        if self.seen < rule.nth or (rule.times is not None and self.used >= rule.times):
            return False
        if self.chance.random() >= rule.probability:
            return False
        self.used += 1
        return True


class Faults:
    """The rules in force, oldest first; the first that strikes decides. They end with the process or a reset."""

    def __init__(self) -> None:
        self._active: list[_Active] = []

    def add(self, rule: Rule) -> None:
        """Put a rule in force."""
        self._active.append(_Active(rule))

    def next(self) -> Rule | None:
        """What goes wrong with the call that has just come in; every rule counts it."""
        struck = [active.rule for active in self._active if active.strikes()]
        return struck[0] if struck else None

    def clear(self) -> None:
        """End all rules."""
        self._active.clear()

    def shown(self) -> list[dict[str, Any]]:
        """The rules with their counts."""
        return [
            {**a.rule.model_dump(by_alias=True, exclude_none=True), "seen": a.seen, "used": a.used}
            for a in self._active
        ]
