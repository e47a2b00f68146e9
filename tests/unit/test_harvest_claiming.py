"""Choosing posts from a page: each once, in order, known ones counted once, and nothing read that need not be."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadgen.harvest.claiming import MARK_LENGTH, PageClaims, mark_of, marks_in
from leadgen.model.ids import post_id


def _page(pattern: str) -> tuple[list[str], dict[str, str]]:
    """A page from a pattern: . free, m mine, o another campaign's."""
    urls = [f"https://demo.example/p/{index}" for index in range(len(pattern))]
    owners = {"m": "me", "o": "other"}
    return urls, {post_id(url): owners[one] for url, one in zip(urls, pattern, strict=True) if one in owners}


def _look(claims: PageClaims, owners: dict[str, str], limit: int) -> int:
    """Look up what has to be; how many documents that read."""
    read = 0
    while urls := claims.to_look_up(limit):
        claims.learn(urls, owners)
        read += len(urls)
    return read


@pytest.mark.parametrize(
    ("pattern", "limit", "indices", "known", "is_last"),
    [
        ("....", 2, [0, 1], 0, False),
        ("....", 4, [0, 1, 2, 3], 0, True),
        ("o.o.o", 1, [1], 1, False),
        ("o.o.o", 2, [1, 3], 2, False),
        ("omo.o", 1, [3], 2, False),
        ("mm", 5, [], 0, True),
        ("ooo", 5, [], 3, True),
        ("", 5, [], 0, True),
        (".mo", 5, [0], 1, True),
        (".m..", 2, [0, 2], 0, False),
    ],
)
def test_free_posts_are_taken_in_order_and_known_ones_counted(
    pattern: str, limit: int, indices: list[int], known: int, is_last: bool
) -> None:
    urls, owners = _page(pattern)
    claims = PageClaims(urls, "me")
    _look(claims, owners, limit)
    selection = claims.select(limit)
    assert selection.urls == tuple(urls[index] for index in indices)
    assert selection.is_last == is_last
    assert selection.known == known


def test_nothing_is_read_as_long_as_nothing_claimed_was_met() -> None:
    urls, _ = _page("." * 40)
    claims = PageClaims(urls, "me", looks_first=False)
    for batch in range(4):
        assert claims.to_look_up(10) == []
        selection = claims.select(10)
        assert selection.urls == tuple(urls[batch * 10 : batch * 10 + 10])
        assert selection.is_last == (batch == 3)
        claims.committed(selection)


def test_after_a_conflict_it_looks_before_it_claims_until_all_it_sees_is_free() -> None:
    urls, owners = _page("..oo..........")
    claims = PageClaims(urls, "me", looks_first=False)
    claims.forget()
    assert _look(claims, owners, 5) == 5 + 2
    selection = claims.select(5)
    assert selection.urls == (*urls[:2], *urls[4:7])
    assert (selection.known, selection.met_claimed) == (2, True)
    claims.committed(selection)
    assert _look(claims, owners, 5) == 5
    selection = claims.select(5)
    assert not selection.met_claimed
    claims.committed(selection)
    assert claims.to_look_up(5) == []
    assert claims.select(5).is_last


def test_a_page_full_of_claimed_posts_is_looked_up_in_few_calls_and_each_post_once() -> None:
    urls, owners = _page("o" * 120)
    claims = PageClaims(urls, "me")
    calls, read = 0, 0
    while found := claims.to_look_up(10):
        claims.learn(found, owners)
        calls, read = calls + 1, read + len(found)
    assert (calls, read) == (5, 120)
    selection = claims.select(10)
    assert (selection.urls, selection.known, selection.is_last) == ((), 120, True)


@pytest.mark.parametrize(("counts", "known"), [(True, 3), (False, 0)])
def test_posts_that_were_on_the_page_when_all_of_it_was_claimed_are_not_looked_up(counts: bool, known: int) -> None:
    urls, owners = _page("..ooo")
    remembered = frozenset(mark_of(url) for url in urls[2:])
    claims = PageClaims(urls, "me", remembered=remembered, counts_remembered=counts)
    assert _look(claims, owners, 10) == 2
    selection = claims.select(1)
    assert (selection.urls, selection.known, selection.is_last) == (tuple(urls[:1]), known, False)
    claims.committed(selection)
    selection = claims.select(1)
    assert (selection.urls, selection.known, selection.is_last) == (tuple(urls[1:2]), 0, True)


def test_marks_are_short_and_come_back_from_a_text() -> None:
    urls, _ = _page("." * 1000)
    marks = {mark_of(url) for url in urls}
    assert len(marks) == 1000
    text = PageClaims(urls, "me").all_marks()
    assert len(text) == 1000 * MARK_LENGTH
    assert marks_in(text) == marks


@settings(derandomize=True)
@given(
    st.text(alphabet=".o", max_size=40),
    st.lists(st.integers(1, 12), min_size=1, max_size=8),
    st.lists(st.booleans(), min_size=1, max_size=8),
    st.booleans(),
)
def test_a_page_read_many_times_gives_each_post_once_and_counts_each_known_link_once(
    pattern: str, batches: list[int], resumes: list[bool], looks_first: bool
) -> None:
    """Whatever is claimed before, however the page is cut into batches, and wherever a new worker goes on."""
    urls, owners = _page(pattern)
    taken: list[str] = []
    known = turn = 0
    claims = PageClaims(urls, "me", looks_first=looks_first)
    while True:
        limit = batches[turn % len(batches)]
        _look(claims, owners, limit)
        selection = claims.select(limit)
        if any(post_id(url) in owners for url in selection.urls):
            claims.forget()  # the commit is refused
            continue
        taken += selection.urls
        known += selection.known
        owners |= {post_id(url): "me" for url in selection.urls}
        claims.committed(selection)
        turn += 1
        if selection.is_last:
            break
        if resumes[turn % len(resumes)]:
            claims = PageClaims(urls, "me", done=selection.done, looks_first=selection.met_claimed)
    assert taken == [url for url, one in zip(urls, pattern, strict=True) if one == "."]
    assert known == pattern.count("o")
