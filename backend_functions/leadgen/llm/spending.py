"""What model calls cost: prices, and the day's account that a limit in dollars is held against.

Money is counted in millionths of a dollar. A call is reserved at the most it can cost before it begins and settled at
what it did cost when its answer is there; one whose end nobody reported stays reserved. So the limit holds whatever
crashes, and the account never shows less than was spent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

MOST_CAMPAIGNS = 50
"""Campaigns accounted for by name on one day; further ones share the account ``others``."""
OTHERS = "others"
NO_CAMPAIGN = "none"
"""The account of leads that belong to no campaign; Firestore takes no empty name."""


@dataclass(frozen=True)
class Price:
    """Dollars for a million tokens, which is millionths of a dollar for one.

    Args:
        prompt: of what is sent.
        completion: of what is answered.
    """

    prompt: float = 0.0
    completion: float = 0.0

    def micros(self, prompt_tokens: int, completion_tokens: int) -> int:
        """What a call costs, in millionths of a dollar, rounded up."""
        return -int(-(prompt_tokens * self.prompt + completion_tokens * self.completion) // 1)


@dataclass(frozen=True)
class Use:
    """What was used.

    Args:
        calls: calls that began.
        prompt_tokens: sent.
        completion_tokens: answered.
        micros: millionths of a dollar.
        unpriced: calls whose price nobody knows, which are not in it.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    micros: int = 0
    unpriced: int = 0

    def __add__(self, other: Use) -> Use:
        return Use(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.micros + other.micros,
            self.unpriced + other.unpriced,
        )


@dataclass(frozen=True)
class Day:
    """The account of one day (UTC).

    Args:
        day: as YYYY-MM-DD.
        reserved: millionths of a dollar that calls under way, or lost ones, may still cost; by provider.
        providers: what was used, by provider.
        campaigns: what was used, by campaign.
    """

    day: str
    reserved: Mapping[str, int] = field(default_factory=dict)
    providers: Mapping[str, Use] = field(default_factory=dict)
    campaigns: Mapping[str, Use] = field(default_factory=dict)

    def committed(self, provider: str | None = None) -> int:
        """Millionths of a dollar spent or reserved, by one provider or by all."""
        names = self.providers.keys() | self.reserved.keys() if provider is None else {provider}
        return sum(self.providers.get(name, Use()).micros + self.reserved.get(name, 0) for name in names)

    def with_reserved(self, provider: str, micros: int) -> Day:
        """The account with more (or, if negative, less) reserved; never below nothing."""
        left = max(0, self.reserved.get(provider, 0) + micros)
        return replace(self, reserved={**self.reserved, provider: left})

    def with_use(self, provider: str, campaign: str, use: Use) -> Day:
        """The account with something used."""
        name = campaign or NO_CAMPAIGN
        if name not in self.campaigns and len(self.campaigns) >= MOST_CAMPAIGNS:
            name = OTHERS
        return replace(
            self,
            providers={**self.providers, provider: self.providers.get(provider, Use()) + use},
            campaigns={**self.campaigns, name: self.campaigns.get(name, Use()) + use},
        )


def day_of(moment: datetime) -> str:
    """The day a moment belongs to, in UTC."""
    return moment.date().isoformat()


def affordable(limit_micros: int, committed: int, each: int) -> int | None:
    """How many calls the rest of the day's money pays for; `None` if any number.

    Args:
        limit_micros: what the day may cost; 0 for no bound.
        committed: what is spent or reserved.
        each: what one call costs at most.
    """
    if not limit_micros or not each:
        return None
    return max(0, (limit_micros - committed) // each)
