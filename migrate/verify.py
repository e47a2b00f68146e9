"""Compares what is stored with what was to be written: a count and a hash per document."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from migrate.encode import is_equal
from migrate.stage import PLACES, THERE_BEFORE, Stage, Staged
from migrate.target import Stored, Target

_PAGE = 400
_NAMED = 20
Watch = Callable[[str, int], None]
_Page = list[tuple[Staged, int]]


@dataclass
class Compared:
    """One collection.

    Args:
        expected: documents that were to be there.
        equal: those that are, hash for hash.
        kept: those that were there before the migration and were left as they were.
        changed: those that somebody changed since.
        missing: those that are not there.
        different: those that nobody changed and that are not what was written.
        digest: a hash of the hashes of all equal ones; the same for the same documents.
        examples: ids of missing and different ones.
    """

    expected: int = 0
    equal: int = 0
    kept: int = 0
    changed: int = 0
    missing: int = 0
    different: int = 0
    digest: str = ""
    examples: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether nothing is missing and nothing differs without reason."""
        return not self.missing and not self.different


def verify(stage: Stage, target: Target, run: str, watch: Watch = lambda _c, _n: None) -> dict[str, Compared]:
    """Compare every collection.

    Raises:
        LeadgenError: we may not read, or the service stays away.
    """
    found: dict[str, Compared] = {}
    with ThreadPoolExecutor(1) as lane:
        for place, name in enumerate(PLACES):
            compared, hashes = Compared(), hashlib.sha256()
            for page, stored in _pages(stage, target, place, lane):
                for document, state in page:
                    _compare(compared, document, state, stored.get(document.id), run, hashes)
                watch(name, len(page))
            compared.digest = hashes.hexdigest()[:32]
            if compared.expected:
                found[name] = compared
    return found


def _pages(stage: Stage, target: Target, place: int, lane: Executor) -> Iterator[tuple[_Page, dict[str, Stored]]]:
    """What was to be written and what is stored; the next is asked for while one is compared."""
    page = stage.documents(place, 0, _PAGE)
    asked = lane.submit(target.fetch, place, [document.id for document, _ in page])
    while page:
        stored = asked.result()
        following = stage.documents(place, page[-1][0].seq, _PAGE)
        asked = lane.submit(target.fetch, place, [document.id for document, _ in following])
        yield page, stored
        page = following


def _compare(compared: Compared, document: Staged, state: int, stored: Stored | None, run: str, hashes: Any) -> None:
    compared.expected += 1
    untouched = stored is not None and stored.untouched  # the comparison takes the times away
    if stored is None:
        compared.missing += 1
    elif state == THERE_BEFORE or stored.run() != run:
        compared.kept += 1
        return
    elif is_equal(document.body, stored.message):
        compared.equal += 1
        hashes.update(hashlib.sha256(document.body).digest())
        return
    elif not untouched:
        compared.changed += 1
        return
    else:
        compared.different += 1
    if len(compared.examples) < _NAMED:
        compared.examples.append(document.id)
