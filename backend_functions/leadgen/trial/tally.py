"""What a run has found so far, and the line that sums it up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from leadgen.trial.selectors import EXPECTED_EVERYWHERE


@dataclass
class Tally:
    """Counts of one run.

    Args:
        posts: read or tried.
        failed: could not be read.
        interrupted: ended by the person who began it.
        pages: listing pages read.
        listing_error: why the listing could not be read (on), or "".
        remarks: why links of the listing were left out.
    """

    posts: int = 0
    failed: int = 0
    with_phone: int = 0
    with_email: int = 0
    gated: int = 0
    duplicates: int = 0
    without_contact: int = 0
    interrupted: bool = False
    pages: int = 0
    links: int = 0
    listing_error: str = ""
    remarks: list[str] = field(default_factory=list)
    missed: Counter[str] = field(default_factory=Counter)
    """Rules of the definition that found nothing, and on how many posts."""

    def page_read(self, number: int, links: int, remark: str) -> None:
        """A listing page was read; `number` counts from 0."""
        self.pages = number + 1
        self.links += links
        if remark and remark not in self.remarks:
            self.remarks.append(remark)

    def listing_failed(self, url: str, reason: str) -> None:
        """A listing page could not be read."""
        self.listing_error = f"{url.partition('#')[0]}: {reason}"

    def post_done(self, record: dict[str, Any]) -> None:
        """A post was read or given up."""
        self.posts += 1
        if record["error"]:
            self.failed += 1
            return
        has_phone, has_email, is_gated = bool(record["phones"]), bool(record["emails"]), record["gate"] != "none"
        self.with_phone += has_phone
        self.with_email += has_email
        self.gated += is_gated
        self.without_contact += not (has_phone or has_email or is_gated)
        self.duplicates += record["duplicateOf"] is not None

    def rules_missed(self, names: list[str]) -> None:
        """Rules of the definition found nothing on a post."""
        self.missed.update(names)

    @property
    def nothing_matched(self) -> bool:
        """Whether the listing was read and shows no post by the definition."""
        return not self.interrupted and not self.listing_error and self.posts == 0

    def summary(self) -> str:
        """One line for people."""
        parts = [
            f"{self.with_phone} with a phone",
            f"{self.with_email} with an email",
            f"{self.gated} gated",
            f"{self.without_contact} without contact",
            f"{_counted(self.duplicates, 'duplicate')}",
            f"{self.failed} failed",
        ]
        begun = "Interrupted after " if self.interrupted else ""
        return f"{begun}{_counted(self.posts, 'post')} of {_counted(self.pages, 'listing page')}: {', '.join(parts)}."

    def warnings(self) -> list[str]:
        """What the author of the definition should look at."""
        read = self.posts - self.failed
        found = list(self.remarks)
        if self.nothing_matched:
            found.append("No post was found on the listing: check listing.post_link and listing.post_pattern.")
        for name, missing in sorted(self.missed.items()):
            if missing == read or name in EXPECTED_EVERYWHERE:
                found.append(f"post.{name} found nothing in {missing} of {_counted(read, 'post')}.")
        return found


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
