"""Patterns of definition files: the usual ones are taken, those that might not end are refused."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadgen.model.patterns import bounded_pattern

USUAL = {
    r"/services/d/[^/]+/\d+\.html$": "https://a.example/services/d/a-b/12.html",
    r"/d/.+-(\d+)\.html$": "https://a.example/d/a-b-12.html",
    r"^https://[^/]+/(?:[^/]+/)*\d+$": "https://a.example/x/y/7",
    r"\$\s*([\d,.]+)": "only $ 1,200.50 now",
    r"(?i)phone:\s*([-\d() ]{7,20})": "PHONE: (512) 555-0134",
    r"(?:\d{3}[-. ]?){2}\d{4}": "512-555 0134",
    r'"phone":\s*"([^"]+)"': '{"phone": "x"}',
    r"<b>(.*?)</b>": "a<b>c</b>",
    r"(\d{1,3}(?:,\d{3})*)": "1,200",
    r"(?<=id=)\d+": "id=12",
    r"/(?:ads|posts|(?:en|de)/items)/\d{5,}(?:\.html)?$": "/de/items/12345",
    r"^(.*)$": "x",
    r"Price: (.+)": "Price: 7",
    r"(?m)^(\w+)$": "a b\nc",
    "naïve-[а-я]+": "naïve-ж",
}
EVIL = [
    r"(a+)+$", r"(a*)*b", r"(a|aa)+$", r"(a|a)*$", r"(\w+\s?)*$", r"(\d+,?)+x", r"(x+x+)+y", r"(.*a){20}", r"(.)\1",
    r"(a?){30}a{30}", r".*.*.*=", r"(?:a{1,30}){1,30}b", r"a?a?a?a?a?a?a?a?aaaaaaaab", r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"(?=(a+)+b)a", r"([^x]|y)*z", r"(?:){1000}", r"(?P<a>b)(?P=a)",
    r"a.*a.*a.*a.*b", r"(a)?(?(1)b|c)", "", "[", "(?P<", "a" * 501, "a{1,99999999999}",
]  # fmt: skip


@pytest.mark.parametrize("pattern", USUAL)
def test_usual_patterns_are_taken(pattern: str) -> None:
    assert bounded_pattern(pattern).search(USUAL[pattern])


@pytest.mark.parametrize("pattern", EVIL)
def test_patterns_that_might_not_end_are_refused_with_what_is_allowed(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"^(must|may) "):
        bounded_pattern(pattern)


def test_an_open_end_costs_reach() -> None:
    assert bounded_pattern(r"/d/[^/]+/\d+").reach > 1_000
    assert bounded_pattern(r"/d/.+-\d+x").reach == 500
    assert bounded_pattern(r"b").search("a" * 30_000 + "b") is None


PIECES = ["a", "b", "[ab]", ".", r"\d", r"\w", "[^a]", "(?:ab)", "a|b", "(a)", "^", "$"]
REPEATS = ["", "", "*", "+", "?", "{2}", "{1,3}", "{0,40}", "+?", "*?", "{3,}"]
ATOMS = st.tuples(st.sampled_from(PIECES), st.sampled_from(REPEATS)).map(
    lambda pair: f"(?:{pair[0]}){pair[1]}" if pair[1] else pair[0]
)
LINES = st.lists(ATOMS, min_size=1, max_size=4).map("".join)
PATTERNS = st.tuples(LINES, st.sampled_from(REPEATS), LINES).map(lambda it: f"(?:{it[0]}){it[1]}{it[2]}z")
HOSTILE = [a * 200 for a in ("a", "b", "ab", "aab", "1", "1a", "a\n", "-")]


@settings(derandomize=True, max_examples=150)
@given(PATTERNS)
def test_what_is_taken_ends_on_hostile_texts(pattern: str) -> None:
    """Were one of these taken that should not be, this test would never end."""
    try:
        taken = bounded_pattern(pattern)
    except ValueError:
        return
    for text in HOSTILE:
        taken.search(text[: min(taken.reach, 120)])


def test_taken_patterns_find_what_re_finds() -> None:
    for pattern, text in itertools.product(USUAL, USUAL.values()):
        assert (bounded_pattern(pattern).search(text) is None) == (re.search(pattern, text) is None)
