"""Writes contacts that are final while other rows are still being converted.

The commits go out one after another, because each continues the identity log behind the one before, but they are
prepared ahead, so that the service need not wait for us. Opt-outs go with the next contacts, in the same commit.
Whatever goes otherwise than expected (documents that are there, somebody else who appends to the log) is left to
`Upload`, which settles it one commit at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from migrate.stage import CONTACTS, SUPPRESSIONS, Stage, Staged
from migrate.target import Refused
from migrate.upload import Outcome, Upload

_AHEAD = 3
"""Commits that are prepared or under way."""


class Streaming:
    """See the module.

    Args:
        stage: the journal.
        upload: writes, and settles what is out of the ordinary.
        lane: one thread, in which commits wait for their answers.
    """

    def __init__(self, stage: Stage, upload: Upload, lane: ThreadPoolExecutor) -> None:
        self._stage = stage
        self._upload = upload
        self._lane = lane
        self._under_way: deque[tuple[list[Staged], Future[None]]] = deque()
        self._after = {SUPPRESSIONS: 0, CONTACTS: 0}
        self._has_failed = False

    def go_on(self) -> None:
        """Note what was written, and send what is ready; called between two batches of rows.

        Raises:
            LeadgenError: we may not, or the service stays away.
        """
        while self._under_way and self._under_way[0][1].done():
            self._settle()
        if self._upload.looks_first:
            self._by_itself()
        while len(self._under_way) < _AHEAD and self._send():
            pass

    def finish(self) -> None:
        """Wait for what is under way.

        Raises:
            LeadgenError: as above.
        """
        while self._under_way:
            self._settle()

    def _send(self) -> bool:
        """Send a full commit of contacts, with the opt-outs there are; whether there was one."""
        contacts = self._upload.chunk(CONTACTS, self._after[CONTACTS])
        if not self._upload.is_full(contacts):
            return False
        opt_outs = self._upload.chunk(SUPPRESSIONS, self._after[SUPPRESSIONS])
        together: list[Staged] = []
        entries = b""
        for place, some in ((SUPPRESSIONS, opt_outs), (CONTACTS, contacts[: self._upload.room(opt_outs)])):
            if some:
                self._after[place] = some[-1].seq
                chunk, packed = self._upload.claims(place, some)
                together += chunk
                entries += packed
        self._under_way.append((together, self._lane.submit(self._commit, together, entries)))
        return True

    def _commit(self, chunk: list[Staged], entries: bytes) -> None:
        if self._has_failed:
            raise Refused("the one before was refused")  # an opt-out must not be there after its contact
        try:
            self._upload.commit(chunk, entries)
        except BaseException:
            self._has_failed = True
            raise

    def _settle(self) -> None:
        chunk, future = self._under_way.popleft()
        try:
            future.result()
        except Refused:
            self._by_itself()
        else:
            self._note(chunk)

    def _note(self, chunk: list[Staged]) -> None:
        for place in (SUPPRESSIONS, CONTACTS):
            written = [document.seq for document in chunk if document.place == place]
            if written:
                self._upload.note(place, Outcome(written, []))

    def _by_itself(self) -> None:
        """Let everything that is ready be written one commit at a time."""
        for chunk, future in self._under_way:
            if future.exception() is None:
                self._note(chunk)
        self._under_way.clear()
        self._has_failed = False
        self._after = dict.fromkeys(self._after, 0)
        self._upload.logged_ones()


@contextmanager
def streaming(stage: Stage, upload: Upload) -> Iterator[Streaming]:
    """Write beside the conversion, for as long as the block lasts."""
    with ThreadPoolExecutor(1) as lane:
        stream = Streaming(stage, upload, lane)
        try:
            yield stream
        finally:
            for _, future in stream._under_way:
                future.cancel()
