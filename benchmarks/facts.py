"""Structured data of businesses: what is read and at what cost, beside extruct on the same pages in the same run.

The pages are ``tests/data/facts/pages.jsonl``: JSON-LD as people write it, microdata, RDFa Lite, microformats, Open
Graph, and posts on which the site describes itself too. extruct gives all notations of a page as trees; as is usual,
every value of a wanted property is taken, wherever it stands. Text is not read here, only structured data; parsing the
page is part of the time for both. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "backend_functions")]

from benchmarks.peers import python  # noqa: E402
from leadgen.process.bounds import bounded  # noqa: E402
from leadgen.process.page_facts import read_facts  # noqa: E402

DATA = ROOT / "tests" / "data" / "facts" / "pages.jsonl"
URL = "https://ads.org/d/77.html"
FIELDS = ("name", "telephone", "email", "street", "city", "postal_code")

_PEER = r"""
import json, re, sys, time
import extruct
KEYS = {"name": "name", "legalName": "name", "og:site_name": "name", "telephone": "telephone", "tel": "telephone",
        "email": "email", "streetAddress": "street", "street-address": "street", "addressLocality": "city",
        "locality": "city", "postalCode": "postal_code", "postal-code": "postal_code", "org": "name",
        "business:contact_data:phone_number": "telephone", "business:contact_data:email": "email",
        "business:contact_data:street_address": "street", "business:contact_data:locality": "city",
        "business:contact_data:postal_code": "postal_code"}
THINGS = ("Business", "Organization", "h-card")
def walk(value, found):
    if isinstance(value, dict):
        types = json.dumps([value.get("@type", ""), value.get("type", "")])
        for key, entry in value.items():
            field = KEYS.get(key.rsplit("/", 1)[-1] if key.startswith("http") else key)
            entries = entry if isinstance(entry, list) else [entry]
            for one in entries:
                one = one.get("@value") if isinstance(one, dict) and "@value" in one else one
                named = field != "name" or any(t in types for t in THINGS) or key.startswith("og:")
                if field and isinstance(one, str) and named:
                    found.setdefault(field, {})[re.sub(r"^(?:mailto|tel):", "", one.strip())] = None
            walk(entry, found)
    elif isinstance(value, list):
        for entry in value:
            if isinstance(entry, (list, tuple)) and len(entry) == 2 and isinstance(entry[0], str):
                walk({entry[0]: entry[1]}, found)
            else:
                walk(entry, found)
    return found
pages = [json.loads(line)["html"] for line in open(sys.argv[1], encoding="utf-8")]
def read(html):
    try:
        return walk(extruct.extract(html, base_url=sys.argv[2], uniform=False, errors="ignore"), {})
    except Exception:
        return {}
results = [read(html) for html in pages]
best = 0.0
for _ in range(int(sys.argv[3])):
    begun = time.process_time()
    for html in pages:
        read(html)
    best = max(best, len(pages) / (time.process_time() - begun))
print(json.dumps({"facts": [{k: list(v) for k, v in r.items()} for r in results], "pages_per_cpu_s": best}))
"""


def ours(html: str, *, post: bool) -> dict[str, list[str]]:
    """The fields compared, as the product reads them from structured data alone."""
    from selectolax.lexbor import LexborHTMLParser

    source = bounded(html)
    facts = read_facts(LexborHTMLParser(source), source, url=URL if post else "", of_the_site=not post)
    names = [facts.business_name] if facts.business_name else []
    postal = {"street": facts.postal.street, "city": facts.postal.city, "postal_code": facts.postal.postal_code}
    return {
        "name": names,
        "telephone": list(facts.telephones),
        "email": list(facts.emails),
        **{key: [value] for key, value in postal.items() if value},
    }


def score(wanted: list[dict[str, list[str]]], got: list[dict[str, list[str]]]) -> tuple[float, float]:
    """Recall and precision over all values of all fields."""
    right = missed = wrong = 0
    for truth, found in zip(wanted, got, strict=True):
        for name in FIELDS:
            true, read = set(truth.get(name, [])), set(found.get(name, []))
            right, missed, wrong = right + len(true & read), missed + len(true - read), wrong + len(read - true)
    return right / (right + missed), right / max(1, right + wrong)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the speed measurement (default: 5)")
    rounds = parser.parse_args().rounds
    cases = [json.loads(line) for line in DATA.open(encoding="utf-8")]
    wanted = [case["facts"] for case in cases]
    recall, precision = score(wanted, [ours(case["html"], post=case["post"]) for case in cases])
    speed = 0.0
    for _ in range(rounds):
        begun = time.process_time()
        for case in cases:
            ours(case["html"], post=case["post"])
        speed = max(speed, len(cases) / (time.process_time() - begun))
    command = [str(python()), "-c", _PEER, str(DATA), URL, str(rounds)]
    peer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout)
    peer_recall, peer_precision = score(wanted, peer["facts"])
    print(f"{len(cases)} pages, {len(FIELDS)} fields")
    print(f"{'':<10}{'recall':>8}{'precision':>11}{'pages per CPU s':>17}")
    print(f"{'leadgen':<10}{recall:>8.3f}{precision:>11.3f}{speed:>17.0f}")
    print(f"{'extruct':<10}{peer_recall:>8.3f}{peer_precision:>11.3f}{peer['pages_per_cpu_s']:>17.0f}")
    result = {
        "recall": round(recall, 4),
        "precision": round(precision, 4),
        "extruct_recall": round(peer_recall, 4),
        "extruct_precision": round(peer_precision, 4),
        "pages_per_cpu_s": round(speed),
        "extruct_pages_per_cpu_s": round(peer["pages_per_cpu_s"]),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
