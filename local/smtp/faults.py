"""What goes wrong in a conversation, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Step = Literal["connect", "auth", "mail", "rcpt", "data", "content"]
"""Where: at the greeting, AUTH, MAIL, RCPT, DATA, or after the final dot."""


@dataclass
class Fault:
    """One thing that goes wrong.

    Args:
        step: where.
        reply: answered instead of the real reply, such as ``451 4.3.0 try later``; empty for the real one.
        drop: close the connection instead of answering.
        after_effect: at `content`: the mail is delivered all the same.
        drip: answer one byte at a time, so many seconds apart, without ever ending the line.
        times: how often; then the rule is used up.
    """

    step: Step
    reply: str = ""
    drop: bool = False
    after_effect: bool = False
    drip: float = 0.0
    times: int = 1


class Faults:
    """The rules in force, first match wins."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put a rule in force."""
        self._rules.append(fault)

    def clear(self) -> None:
        """Forget all rules."""
        self._rules.clear()

    def hit(self, step: Step) -> Fault | None:
        """The rule that applies now; it is used up by this."""
        for rule in self._rules:
            if rule.step == step and rule.times > 0:
                rule.times -= 1
                return rule
        return None
