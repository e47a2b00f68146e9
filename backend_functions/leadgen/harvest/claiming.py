"""What to take from a listing page, of which some posts may be claimed already. Pure: no I/O.

A claim is made by creating the post's document, so nothing has to be read before: as long as a campaign meets no post
that is claimed already, its posts cost a write each and no read. Once it met one, it looks before it claims, as many
posts ahead as it needs; posts that are known to be claimed, from an earlier batch of the page or from what the page
said when a campaign read it before, are never looked up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leadgen.model.ids import post_id

MARK_LENGTH = 10
"""Digits of a post's id that stand for it where many are kept: 40 bits, so that one page in a million has two alike."""


def mark_of(url: str) -> str:
    """A short name of a post."""
    return post_id(url)[:MARK_LENGTH]


def marks_in(text: str) -> frozenset[str]:
    """The marks of which a text was joined."""
    return frozenset(text[start : start + MARK_LENGTH] for start in range(0, len(text), MARK_LENGTH))


@dataclass(frozen=True)
class Selection:
    """What to take from a listing page.

    Args:
        urls: posts to claim, in the page's order.
        known: links that another campaign claimed before and that were not counted yet.
        done: marks of all posts of the page that are dealt with after this.
        is_last: nothing is left on the page after these.
        met_claimed: whether any post that was looked at had been claimed by another campaign.
    """

    urls: tuple[str, ...]
    known: int
    done: str
    is_last: bool
    met_claimed: bool


class PageClaims:
    """What is known about the posts of one page.

    Args:
        urls: all posts of the page, in its order.
        request_id: the campaign.
        done: joined marks of posts that the campaign has dealt with.
        remembered: marks of posts that were on the page when all of it was claimed.
        counts_remembered: whether those are other campaigns', and so to be counted as known.
        looks_first: whether posts are looked up before they are claimed.
    """

    def __init__(
        self,
        urls: Sequence[str],
        request_id: str,
        *,
        done: str = "",
        remembered: frozenset[str] = frozenset(),
        counts_remembered: bool = True,
        looks_first: bool = True,
    ) -> None:
        self._marks = {url: mark_of(url) for url in urls}
        self._request_id = request_id
        self._done = marks_in(done)
        self._remembered = remembered
        self._counts_remembered = counts_remembered
        self._owners: dict[str, str] = {}
        """URL → campaign, "" for none, of those looked up."""
        self._claimed_in_a_row = 0
        self.looks_first = looks_first

    @property
    def left(self) -> int:
        """Posts of the page that may have to be claimed."""
        return len(self._open())

    def to_look_up(self, limit: int) -> list[str]:
        """Posts whose claims must be read before `limit` posts can be chosen; more at a time where many are claimed."""
        if not self.looks_first:
            return []
        unknown = [url for url in self._open() if url not in self._owners]
        missing = limit - sum(1 for url in self._open() if self._owners.get(url) == "")
        if missing <= 0:
            return []
        return unknown[: max(missing, self._claimed_in_a_row)]

    def learn(self, urls: Sequence[str], owners: Mapping[str, str]) -> None:
        """Take in a look at claims.

        Args:
            urls: posts that were looked up.
            owners: post id → campaign, of those that are claimed.
        """
        found = {url: owners.get(post_id(url), "") for url in urls}
        self._claimed_in_a_row = self._claimed_in_a_row + len(found) if all(found.values()) else 0
        self._owners |= found

    def forget(self) -> None:
        """Somebody claimed something: look again, and from now on before claiming."""
        self._owners.clear()
        self.looks_first = True

    def select(self, limit: int) -> Selection:
        """Choose the posts to claim.

        Args:
            limit: how many, at most.
        """
        left = self._open()
        free = [url for url in left if self._owners.get(url, "" if not self.looks_first else None) == ""]
        claimed = [url for url in left if self._owners.get(url)]
        taken = free[:limit]
        others = sum(1 for url in claimed if self._owners[url] != self._request_id)
        done = self._done_now() | {self._marks[url] for url in (*taken, *claimed)}
        return Selection(
            urls=tuple(taken),
            known=others + (len(self._met_again()) if self._counts_remembered else 0),
            done="".join(sorted(done)),
            is_last=len(taken) + len(claimed) == len(left),
            met_claimed=others > 0,
        )

    def committed(self, selection: Selection) -> None:
        """A selection was claimed."""
        self._done = marks_in(selection.done)
        self.looks_first = selection.met_claimed

    def all_marks(self) -> str:
        """The marks of all posts of the page."""
        return "".join(sorted(set(self._marks.values())))

    def _open(self) -> list[str]:
        """Posts that may have to be claimed."""
        return [url for url, mark in self._marks.items() if mark not in self._done and mark not in self._remembered]

    def _met_again(self) -> set[str]:
        """Marks of posts that were claimed when the page was read before, and are not counted yet."""
        return {mark for mark in self._marks.values() if mark in self._remembered and mark not in self._done}

    def _done_now(self) -> set[str]:
        return {mark for mark in self._marks.values() if mark in self._done or mark in self._remembered}
