"""Telephone numbers in ads and pages: our reader beside PhoneNumberMatcher of `phonenumbers`, on the same texts.

What is right: the collection in tests/data/phones (ads as people write them, disguised ones, pages, decoys). Recall is
the share of the numbers given that are found, precision the share of the finds that are given. The matcher reads the
visible text and also the HTML without its tags, each with the leniencies VALID and POSSIBLE; the best of the four by
F1 is shown. How certain: precision by bands of our confidence.

How fast: a seeded stream of ads of about a thousand characters; posts per second of CPU time, both in turn.

Both run in this process, since `phonenumbers` is a dependency of ours as well. Last line: one JSON object.
"""

from __future__ import annotations

import argparse
import html
import json
import random
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "backend_functions"))

import phonenumbers  # noqa: E402

from leadgen.process.document import Page  # noqa: E402
from leadgen.process.page import extract_page  # noqa: E402
from leadgen.process.phones import find_phones  # noqa: E402

COLLECTION = ROOT / "tests" / "data" / "phones"
DISGUISED = frozenset(
    "words mixed letters vanity unicode odd crossing homophone lang glued lines html-split".split()  # noqa: SIM905
)
BANDS = ((0.5, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 0.97), (0.97, 1.01))
_SILENT = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


@dataclass
class Tally:
    """What a reader got right.

    Args:
        right: numbers found that are there.
        missed: numbers there that were not found.
        false: finds that are none.
    """

    right: int = 0
    missed: int = 0
    false: int = 0

    def add(self, found: set[str], expected: set[str]) -> None:
        """Count the finds of one text."""
        self.right += len(found & expected)
        self.missed += len(expected - found)
        self.false += len(found - expected)

    @property
    def recall(self) -> float:
        """Share of the numbers there that were found."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def precision(self) -> float:
        """Share of the finds that are numbers there."""
        return self.right / (self.right + self.false) if self.right + self.false else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return 2 * self.right / (2 * self.right + self.missed + self.false) if self.right else 0.0


@dataclass
class Tallies:
    """A reader's tallies: over all, over the disguised, by kind."""

    over_all: Tally = field(default_factory=Tally)
    disguised: Tally = field(default_factory=Tally)
    by_kind: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))

    def add(self, kind: str, found: set[str], expected: set[str]) -> None:
        """Count the finds of one text."""
        self.over_all.add(found, expected)
        self.by_kind[kind].add(found, expected)
        if kind in DISGUISED:
            self.disguised.add(found, expected)


def matched(text: str, region: str, leniency: int) -> set[str]:
    """What PhoneNumberMatcher finds, in E.164 form without extensions."""
    found = phonenumbers.PhoneNumberMatcher(text, region, leniency=leniency)
    return {phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164) for match in found}


def stripped(page: str) -> str:
    """A page without scripts and tags."""
    return html.unescape(_TAG.sub(" ", _SILENT.sub(" ", page)))


def read_collection(names: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The cases of the files named."""
    for name in names:
        for line in (COLLECTION / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def judge(cases: Iterable[dict[str, Any]]) -> tuple[Tallies, dict[str, Tallies], dict[tuple[float, float], Tally]]:
    """Ours, the matcher's four ways, and our precision by confidence."""
    ours = Tallies()
    peers: dict[str, Tallies] = defaultdict(Tallies)
    bands: dict[tuple[float, float], Tally] = {band: Tally() for band in BANDS}
    for case in cases:
        kind, region, expected = case["kind"], case["region"], set(case["phones"])
        page = case.get("html")
        visible = Page(page).document().text if page else case["text"]
        phones = extract_page(page, "https://site.example/", region=region).phones if page else None
        phones = phones if phones is not None else tuple(find_phones(visible, region=region))
        ours.add(kind, {phone.e164 for phone in phones}, expected)
        for low, high in BANDS:
            there = {phone.e164 for phone in phones if low <= phone.confidence < high}
            bands[(low, high)].add(there, expected & there)
        for sight, text in (("visible text", visible), ("stripped HTML", stripped(page) if page else visible)):
            for name, leniency in (
                ("VALID", phonenumbers.Leniency.VALID),
                ("POSSIBLE", phonenumbers.Leniency.POSSIBLE),
            ):
                peers[f"{name}, {sight}"].add(kind, matched(text, region, leniency), expected)
    return ours, peers, bands


# The stream of ads for the speed.

_SENTENCES = (
    "Over {n} years of experience with homes and small shops, no job too small.",
    "Prices start at ${p} and most jobs are between ${p} and ${q}.",
    "We are open Mon-Sat 8:00-18:00 and answer 24/7 in an emergency.",
    "Serving {z}, {z} and everything within {n} miles.",
    "Licensed and insured, Lic# {i}, ask to see the papers.",
    "One call does it all: drains, faucets, heaters with {n} gallons, two year warranty.",
    "Special until {m}/{d}/2026: {n}% off for new customers, mention ad {i}.",
    "Five star reviews from {n} customers, three crews, four trucks, free estimates.",
    "Please send photos of what you need done, we reply the same day.",
    "I work alone and the person who answers is the one who shows up at your door.",
)
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_WRITERS: tuple[Callable[[str, str, str], str], ...] = (
    lambda a, b, c: f"({a}) {b}-{c}",
    lambda a, b, c: f"{a}-{b}-{c}",
    lambda a, b, c: f"{a}.{b}.{c}",
    lambda a, b, c: a + b + c,
    lambda a, b, c: f"+1 {a} {b} {c}",
    lambda a, b, c: " ".join(_WORDS[int(digit)] for digit in a + b + c),
    lambda a, b, c: f"{a} {' '.join(_WORDS[int(digit)] for digit in b)} {c}",
    lambda a, b, c: f"{a}*{b}*{c}",
    lambda a, b, c: " ".join(a + b + c),
    lambda a, b, c: f"{a}-{b}-{c}".translate(str.maketrans("01", "Ol")),
)


def stream(count: int, seed: int) -> list[str]:
    """Ads of about a thousand characters; four of five with a number, half of those disguised."""
    rng = random.Random(seed)
    ads = []
    for _ in range(count):
        lines = [_sentence(rng) for _ in range(14)]
        if rng.random() < 0.8:
            parts = (
                rng.choice(("512", "713", "305", "602")),
                str(rng.randint(222, 988)),
                f"{rng.randint(0, 9999):04d}",
            )
            lines.insert(rng.randrange(len(lines)), f"Call or text {rng.choice(_WRITERS)(*parts)} today.")
        ads.append(" ".join(lines))
    return ads


def _sentence(rng: random.Random) -> str:
    values = {"n": rng.randint(2, 40), "p": rng.randint(40, 90), "q": rng.randint(200, 2000), "m": rng.randint(1, 12)}
    values |= {"z": rng.randint(70_000, 79_999), "i": rng.randint(10**5, 10**9), "d": rng.randint(1, 28)}
    return rng.choice(_SENTENCES).format(**values)


def speeds(ads: list[str], rounds: int) -> tuple[float, float]:
    """Posts per CPU second of ours and of the matcher, the best of some rounds taken in turn."""
    best = [0.0, 0.0]
    readers: tuple[Callable[[str], object], ...] = (
        find_phones,
        lambda text: matched(text, "US", phonenumbers.Leniency.VALID),
    )
    for _ in range(rounds):
        for index, reader in enumerate(readers):
            began = time.process_time()
            for ad in ads:
                reader(ad)
            best[index] = max(best[index], len(ads) / (time.process_time() - began))
    return best[0], best[1]


def main() -> None:
    """Print the tables and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ads", type=int, default=1000, help="ads in the stream for the speed (default 1000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the speed test, the best counts (default 3)")
    parser.add_argument("--seed", type=int, default=7, help="seed of the stream (default 7)")
    parser.add_argument("--files", nargs="*", default=sorted(path.stem for path in COLLECTION.glob("*.jsonl")),
                        help="files of tests/data/phones to judge (default: all)")  # fmt: skip
    given = parser.parse_args()
    ours, peers, bands = judge(read_collection(given.files))
    name, peer = max(peers.items(), key=lambda item: item[1].over_all.f1)
    print(f"The matcher at its best: {name}\n")
    print(f"{'kind':<14}{'numbers':>8} | {'ours':^16} | {'matcher':^16}")
    print(f"{'':<14}{'':>8} | {'recall':>7} {'false':>8} | {'recall':>7} {'false':>8}")
    for kind, tally in sorted(ours.by_kind.items()):
        other = peer.by_kind[kind]
        print(f"{kind:<14}{tally.right + tally.missed:>8} | {_share(tally)} {tally.false:>8} | "
              f"{_share(other)} {other.false:>8}")  # fmt: skip
    for label, mine, other in (
        ("disguised", ours.disguised, peer.disguised),
        ("all", ours.over_all, peer.over_all),
    ):
        print(f"{label:<14}{mine.right + mine.missed:>8} | {_share(mine)} {mine.false:>8} | "
              f"{_share(other)} {other.false:>8}")  # fmt: skip
    print("\nThe matcher's four ways (recall / precision):")
    for way, tallies in peers.items():
        print(f"  {way:<26}{tallies.over_all.recall:.3f} / {tallies.over_all.precision:.3f}")
    print("\nOur precision by confidence:")
    for (low, high), band in bands.items():
        print(f"  {low:.2f}–{min(high, 1):.2f}  {band.precision:.3f} of {band.right + band.false}")
    fast, slow = speeds(stream(given.ads, given.seed), given.rounds)
    print(f"\nPosts per CPU second: ours {fast:,.0f}, matcher {slow:,.0f} ({fast / slow:.2f} times)\n")
    figures = {
        "recall": ours.over_all.recall,
        "precision": ours.over_all.precision,
        "matcher_recall": peer.over_all.recall,
        "matcher_precision": peer.over_all.precision,
        "disguised_recall": ours.disguised.recall,
        "matcher_disguised_recall": peer.disguised.recall,
        "posts_per_cpu_s": fast,
        "matcher_posts_per_cpu_s": slow,
    }
    print(json.dumps({key: round(value, 4 if value <= 1 else 1) for key, value in figures.items()}))


def _share(tally: Tally) -> str:
    return f"{tally.recall:>7.3f}" if tally.right + tally.missed else f"{'–':>7}"


if __name__ == "__main__":
    main()
