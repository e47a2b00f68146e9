"""Everything a running site holds: its settings, its content by address, its open challenges and its traffic."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from local.classifieds.captcha import Challenges
from local.classifieds.generator import DEFAULT_POSTS_PER_CITY, DEFAULT_SEED, generate_site
from local.classifieds.model import Advertiser, City, Picture, Post
from local.classifieds.traffic import Traffic


@dataclass(frozen=True)
class Settings:
    """How the site behaves.

    Args:
        seed: what all content is drawn from.
        posts_per_city: links on the listings of each city.
        data_dir: folder for what survives a restart; None keeps it in memory.
        slow_seconds: how long a slow post takes.
        latency_ms: how long every page takes, in milliseconds.
        fail_rate: share of page requests answered with 503, 0 to 1.
        clock: time in seconds.
        sleep: waits for seconds.
        captcha_rng: source of the challenges; cryptographic unless a test says otherwise.
    """

    seed: int = DEFAULT_SEED
    posts_per_city: int = DEFAULT_POSTS_PER_CITY
    data_dir: Path | None = None
    slow_seconds: float = 1.5
    latency_ms: float = 0.0
    fail_rate: float = 0.0
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    captcha_rng: random.Random | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Refuse values no server can follow.

        Raises:
            ValueError: a value is out of its range.
        """
        if self.posts_per_city < 1:
            raise ValueError(f"posts_per_city must be at least 1, not {self.posts_per_city}")
        if not 0 <= self.fail_rate <= 1:
            raise ValueError(f"fail_rate must be between 0 and 1, not {self.fail_rate}")
        if self.latency_ms < 0 or self.slow_seconds < 0:
            raise ValueError("latency_ms and slow_seconds must not be negative")


class SiteState:
    """The running site.

    Args:
        settings: how it behaves.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.cities: dict[str, City] = generate_site(settings.seed, settings.posts_per_city)
        self.posts: dict[str, tuple[Post, City]] = {}
        self.pictures: dict[str, Picture] = {}
        self.websites: dict[str, tuple[Advertiser, City]] = {}
        for city in self.cities.values():
            for post in city.posts:
                self.posts[post.path] = (post, city)
                self.pictures.update((picture.name, picture) for picture in post.pictures)
                if post.advertiser and post.advertiser.website:
                    self.websites.setdefault(post.advertiser.website, (post.advertiser, city))
        self.contacts = {post.contact_path: (post, city) for post, city in self.posts.values() if post.gated}
        self.challenges = Challenges(settings.clock, settings.captcha_rng)
        self.traffic = Traffic(settings.data_dir / "traffic.json" if settings.data_dir else None)
        self._failures = random.Random(f"{settings.seed}/failures")

    def fails_by_chance(self) -> bool:
        """Whether this request is one of those `fail_rate` asks for."""
        return self.settings.fail_rate > 0 and self._failures.random() < self.settings.fail_rate

    def reset(self) -> None:
        """As if just started for the first time."""
        self.challenges.clear()
        self.traffic.clear()
        self.traffic.save()
        self._failures = random.Random(f"{self.settings.seed}/failures")
