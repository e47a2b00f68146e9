"""Which posts of a run are by one author, by the rule the Processor goes by."""

from __future__ import annotations

from leadgen.process.entries import mark_entry
from leadgen.process.identity import Marks, recognise, unclaimed
from leadgen.process.index import MarkIndex


class AuthorsMet:
    """The authors of the posts so far."""

    def __init__(self) -> None:
        self._index = MarkIndex()
        self._first_post: dict[str, str] = {}

    def meet(self, marks: Marks) -> str | None:
        """Remember the author of a post; gives the first post by the same author, if there was one."""
        known = recognise(marks, self._index)
        contact_id = known[0].contact_id if known else marks.contact_id()
        earlier = self._first_post.setdefault(contact_id, marks.url)
        if not (known and marks.is_directory):
            self._index.apply([mark_entry(kind, value, contact_id) for kind, value in unclaimed(marks, self._index)])
        return earlier if known and earlier != marks.url else None
