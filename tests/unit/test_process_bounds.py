"""However a page is built, what is parsed and walked of it is bounded, and what is cut is the pathological part."""

from __future__ import annotations

import random
import re

import pytest

from leadgen.model.bounds import MAX_DEPTH, MAX_NAMES, MAX_OPTIONS, MAX_TAG, MAX_TAGS, bounded
from leadgen.process.document import Page
from leadgen.process.post import PostSelectors, extract_post
from leadgen.process.reader import MAX_LINKS, MAX_WORK, _Walk
from leadgen.process.visibility import MAX_RULES, Sheets

SELECTORS = PostSelectors("h1", "#body", "img", "a.reply", "captcha")


def test_a_page_ends_where_it_has_too_many_tags() -> None:
    cut = bounded("<i></i>" * 400_000)
    assert cut.count("<") == MAX_TAGS
    assert bounded("<p>x</p>" * (MAX_TAGS // 2 - 1)).count("<") == MAX_TAGS - 2


@pytest.mark.parametrize("unit", ["<p a{0}=1>x</p>", "<p a{0}>x</p>", "<p b='1' a{0}='2'>x</p>", "<a{0}>x</a{0}>"])
def test_a_page_of_names_nobody_uses_is_read_at_its_beginning_only(unit: str) -> None:
    assert len(bounded("".join(unit.format(number) for number in range(18_000)))) <= 100_000


def test_many_values_are_no_names() -> None:
    html = "".join(
        f'<a href="/p/{number}" class="c{number} d" title="a b{number}">x</a>' for number in range(MAX_NAMES * 3)
    )
    assert bounded(html) == html


def test_a_list_of_choices_is_cut() -> None:
    cut = bounded("<select>" + "<option>x" * 10_000 + "</select>joe@acme.com")
    assert cut.count("<option") <= MAX_OPTIONS * 2 <= 5_000
    assert cut.endswith("joe@acme.com")


def test_a_giant_tag_is_cut_wherever_it_stands() -> None:
    for html in (
        "text <img src='data:" + "A" * 100_000 + "'> behind",
        "<p>" * 2_000 + "<a b='" + "x" * 90_000 + "'>behind",
    ):
        assert len(bounded(html)) < MAX_TAG + 10_000
        assert "behind" in bounded(html)


@pytest.mark.parametrize(
    "body",
    ["<i>x</i>" * 20_000, "<p a b c d e f g h>x</p>" * 10_000, "<br>" * 39_000, "<b><p>" * 15_000, "<div>" * 30_000],
)
def test_the_walk_stops(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    visited = 0
    node = _Walk._node

    def counted(self: _Walk, *args: object) -> object:
        nonlocal visited
        visited += 1
        return node(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(_Walk, "_node", counted)
    Page(f"<body>{body}</body>").document()
    assert visited <= MAX_WORK
    # Attributes cost as much as nodes do.
    assert visited * (1 + body.count(" a b c d e") // 10_000 * 4) <= MAX_WORK


def test_links_are_bounded_and_those_met_first_are_kept() -> None:
    html = "".join(f'<a href="http://s{number}.com/">x</a>' for number in range(15_000))
    links = Page(html).document().links
    assert len(links) == MAX_LINKS
    assert links[0].href == "http://s0.com/"


def test_rules_of_style_sheets_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page("".join(f"<style>{'.a{display:none}' * 6_000}</style>" for _ in range(10)))
    seen = 0

    def hides(style: str) -> bool:
        nonlocal seen
        seen += 1
        return False

    monkeypatch.setattr("leadgen.process.visibility.hides", hides)
    Sheets(page._tree)
    assert 0 < seen <= MAX_RULES


@pytest.mark.parametrize(
    "body",
    [
        "<script>@mail " + "'a'+" * 5_000 + "</script>",
        "<div itemscope itemprop=a>" * 5_000,
        "<div class=vcard>" * 5_000 + "<i class=fn>x</i>",
        "<table><tr><td>" * 5_000,
        "<svg><p>" * 5_000,
        "<" * 500_000,
        "&" * 500_000,
        "a at b dot " * 40_000,
        "12 N Main " * 40_000,
        '<script type="application/ld+json">' + '{"a":' * 50_000 + "</script>",
        '<script type="application/ld+json">' + '"\\\\' * 50_000 + "</script>",
        "<a href=x>" * 20_000,
        "<bdo dir=rtl>x" * 10_000,
    ],
)
def test_pathological_posts_are_read(body: str) -> None:
    found = extract_post(f"<h1>T</h1><div id=body>{body}</div>", "https://ads.org/1.html", SELECTORS)
    assert len(found.body) <= 20_000
    assert len(found.emails) <= 50


@pytest.mark.parametrize("seed", range(20))
def test_end_tags_without_a_beginning_do_not_hide_how_deep_a_page_is(seed: int) -> None:
    rng = random.Random(seed)
    html = "</div>" * rng.randint(0, 600) + "".join(rng.choice(("<div>", "<b>", "</div>", "<p>")) for _ in range(3000))
    assert _depth(html) > MAX_DEPTH
    assert _depth(bounded(html)) == MAX_DEPTH


def _depth(html: str) -> int:
    depth = deepest = 0
    for end in re.findall("<(/?)(?:div|b)>", html):
        depth = max(0, depth - 1) if end else depth + 1
        deepest = max(deepest, depth)
    return deepest
