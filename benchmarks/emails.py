"""How well and how fast addresses are found, beside what is usual: an expression on visible text and mailto links.

The collection is ``tests/data/emails``: each case is a piece of HTML with the addresses a person would read from it.
For the speed every case stands in a page of the size of a classified ad's; parsing is part of the time for both.
The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "backend_functions"))

from selectolax.lexbor import LexborHTMLParser  # noqa: E402

from leadgen.process.document import Page  # noqa: E402
from leadgen.process.emails import find_emails, usable_address  # noqa: E402

DATA = ROOT / "tests" / "data" / "emails"
_USUAL = re.compile(r"[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9.-]+")
_SHELL = (
    "<html><head><title>Ad</title><style>.a{{color:red}}</style></head><body><nav>{nav}</nav><main><h1>Ad</h1>{body}</main>"
    "<footer>{foot}</footer></body></html>"
)
_NAV = '<li class="item"><a href="/c/{0}.html" class="link nav-link" title="Category {0}">Category number {0}</a></li>'
_FOOT = "<p>About us at the bottom of page {0}, where nobody looks, with some words of no importance.</p>"


def ours(html: str) -> set[str]:
    """Addresses the product finds."""
    return {email.address.lower() for email in find_emails(Page(html).document()) if email.kind != "relay"}


def usual(html: str) -> set[str]:
    """Addresses of mailto links and of visible text by the usual expression; ends of sentences are cut off."""
    tree = LexborHTMLParser(html)
    tree.strip_tags(["script", "style", "noscript", "template"])
    text = tree.body.text(separator="") if tree.body is not None else ""
    links = " ".join(node.attributes.get("href") or "" for node in tree.css("a[href^='mailto:']"))
    return {match.rstrip(".-").lower() for match in _USUAL.findall(f"{text} {links}")}


def page(body: str) -> str:
    """A case in the middle of a page of ordinary size."""
    nav = "".join(_NAV.format(number) for number in range(90))
    return _SHELL.format(nav=nav, body=body, foot="".join(_FOOT.format(number) for number in range(60)))


def measure(
    cases: list[dict[str, Any]], find: Callable[[str], set[str]]
) -> tuple[float, float, dict[str, Counter[str]]]:
    """Recall, precision, and for each kind what was found, missed and made up."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for case in cases:
        wanted, got = {address.lower() for address in case["emails"]}, find(f"<html><body>{case['html']}</body></html>")
        kinds[case["group"]].update(right=len(wanted & got), missed=len(wanted - got), wrong=len(got - wanted))
    total = sum(kinds.values(), Counter())
    recall = total["right"] / (total["right"] + total["missed"])
    return recall, total["right"] / max(1, total["right"] + total["wrong"]), kinds


def speed(pages: list[str], find: Callable[[str], set[str]], rounds: int) -> float:
    """Pages per second of processor time, the best of several rounds."""
    best = 0.0
    for _ in range(rounds):
        usable_address.cache_clear()
        begun = time.process_time()
        for html in pages:
            find(html)
        best = max(best, len(pages) / (time.process_time() - begun))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collection", choices=["seen", "held_out", "all"], default="all")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the speed measurement (default: 3)")
    arguments = parser.parse_args()
    names = ["seen", "held_out"] if arguments.collection == "all" else [arguments.collection]
    cases = [json.loads(line) for name in names for line in (DATA / f"{name}.jsonl").open(encoding="utf-8")]
    recall, precision, kinds = measure(cases, ours)
    peer_recall, peer_precision, peer_kinds = measure(cases, usual)
    print(f"{len(cases)} cases, {sum(not case['emails'] for case in cases)} of them without an address\n")
    print(f"{'kind':<12}{'addresses':>10}{'found':>8}{'made up':>9}   usual: {'found':>5}{'made up':>9}")
    for kind, count in kinds.items():
        peer = peer_kinds[kind]
        total = count["right"] + count["missed"]
        print(f"{kind:<12}{total:>10}{count['right']:>8}{count['wrong']:>9}   {peer['right']:>12}{peer['wrong']:>9}")
    pages = [page(case["html"]) for case in cases]
    print(f"\nrecall {recall:.3f} / {peer_recall:.3f}, precision {precision:.3f} / {peer_precision:.3f}")
    print(f"pages of {sum(map(len, pages)) / len(pages) / 1000:.0f} KB on average")
    result = {
        "recall": round(recall, 4),
        "precision": round(precision, 4),
        "peer_recall": round(peer_recall, 4),
        "peer_precision": round(peer_precision, 4),
        "pages_per_cpu_s": round(speed(pages, ours, arguments.rounds)),
        "peer_pages_per_cpu_s": round(speed(pages, usual, arguments.rounds)),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
