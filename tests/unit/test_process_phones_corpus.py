"""The written collection of ads, decoys and pages in tests/data/phones is read as people would read it.

A case has `text` or `html`, the `region`, and the `phones` it gives; `fax` and `extensions` where it says so. A case
with `missed` is one that we know we get wrong; it counts in the shares all the same.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from leadgen.process.page import extract_page
from leadgen.process.phones import FoundPhone, find_phones

FOLDER = Path(__file__).parents[1] / "data" / "phones"
FILES = ("written", "decoys", "pages", "held_out", "second_look")


def cases(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def found(case: dict[str, Any]) -> list[FoundPhone]:
    if "html" in case:
        return list(extract_page(case["html"], "https://site.example/", region=case["region"]).phones)
    return find_phones(case["text"], region=case["region"])


def seen(case: dict[str, Any]) -> dict[str, Any]:
    phones = found(case)
    return {
        "phones": sorted(phone.e164 for phone in phones),
        "fax": sorted(phone.e164 for phone in phones if phone.kind == "fax"),
        "extensions": {phone.e164: phone.extension for phone in phones if phone.extension},
    }


def wanted(case: dict[str, Any]) -> dict[str, Any]:
    return {
        "phones": sorted(case["phones"]),
        "fax": sorted(case.get("fax", [])),
        "extensions": case.get("extensions", {}),
    }


@pytest.mark.parametrize("name", FILES)
def test_every_case_is_read_right(name: str) -> None:
    wrong = [
        (case["kind"], case.get("text", case.get("html")), seen(case), wanted(case))
        for case in cases(name)
        if "missed" not in case and seen(case) != wanted(case)
    ]
    assert wrong == []


def test_the_promised_shares_hold_over_all() -> None:
    right = missed = false = 0
    for name in FILES:
        for case in cases(name):
            numbers, expected = set(seen(case)["phones"]), set(case["phones"])
            right += len(numbers & expected)
            missed += len(expected - numbers)
            false += len(numbers - expected)
    assert right / (right + missed) >= 0.98
    assert right / (right + false) >= 0.99


def test_the_collection_is_large_and_has_many_decoys() -> None:
    every = [case for name in FILES for case in cases(name)]
    assert len(every) >= 800
    assert sum(not case["phones"] for case in every) >= 300


@pytest.mark.parametrize("name", ["written", "held_out", "second_look"])
def test_what_was_found_stands_where_it_says(name: str) -> None:
    for case in cases(name):
        for phone in find_phones(case["text"], region=case["region"]):
            assert case["text"][phone.start : phone.end] == phone.text
