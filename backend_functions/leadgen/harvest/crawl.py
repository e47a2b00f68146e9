"""The harvest step of a campaign: claim new posts from its listings, batch by batch, until it has what it needs.

The campaign's document is the truth and a message is a hint. One worker at a time holds the campaign's lease; every
change is conditional on the document it was decided from, so a step may run twice, late, at the same time as another,
or die between any two lines, and the next one goes on from what is stored.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from leadgen.harvest.claiming import Selection
from leadgen.harvest.deps import HarvestDeps
from leadgen.harvest.failures import FetchError, FetchKind
from leadgen.harvest.lease import acquire, lease, released
from leadgen.harvest.opening import OpenPage, Place, open_page
from leadgen.harvest.pace import backoff_s
from leadgen.harvest.plan import Action, Claim, Finish, Leave, Wait, decide
from leadgen.harvest.reading import ListingReader
from leadgen.harvest.sources import City, Source, require_acknowledged, source_for_city
from leadgen.model.documents import Batch, Post, ProcessorRequest
from leadgen.model.errors import LeadgenError, NotFound, Unavailable
from leadgen.model.ids import canonical_url, post_id
from leadgen.model.status import BatchStatus, EndReason, RequestStatus, check_transition
from leadgen.store.client import Collections
from leadgen.store.journal import entry, note
from leadgen.store.messages import HARVEST_TOPIC, POSTS_TOPIC
from leadgen.store.records import Commit, Raced, Record, change, read

_MOST_RACES = 12
_RETRY_BASE_S, _RETRY_CAP_S = 60.0, 3600.0


def run_harvest(deps: HarvestDeps, request_id: str) -> None:
    """Take a campaign's harvest as far as it goes now. Safe to call at any time, any number of times.

    Returns quietly when there is nothing to do: no such campaign, an ended one, one that another worker holds, or one
    that waits for the Processor.

    Args:
        deps: what to work with.
        request_id: the campaign.

    Raises:
        Unavailable: the campaign's document is being changed by too many at once.
    """
    if acquire(deps, request_id):
        with ListingReader(deps.fetcher_factory) as reader:
            _Run(deps, request_id, reader).run()


class _Run:
    """One worker's run for one campaign, from taking the lease to giving it back."""

    def __init__(self, deps: HarvestDeps, request_id: str, reader: ListingReader) -> None:
        self._deps = deps
        self._id = request_id
        self._reader = reader
        self._rooms = Collections(deps.db)
        self._deadline = deps.clock.now() + timedelta(seconds=deps.budget_s)
        self._finished_pages: set[str] = set()
        self._page: OpenPage | None = None
        self._unconfirmed: int | None = None
        """Number of a batch whose commit was sent and whose message was not."""

    def run(self) -> None:
        """Decide and act until there is nothing to do now."""
        try:
            while self._step_again():
                pass
        except Exception:
            # Whoever tries next should not have to wait for the lease to run out.
            with suppress(Exception):
                self._release_in_trouble()
            raise

    def _step_again(self) -> bool:
        """One step, repeated while it loses races; whether another one follows."""
        decided_from: Record[ProcessorRequest] | None = None
        for number in range(_MOST_RACES):
            record = self._read_held()
            if record is None:
                return False
            if decided_from is not None and decided_from.snapshot.update_time == record.snapshot.update_time:
                self._look_first()
            decided_from = record
            try:
                return self._act(record, decide(record.value, self._deps.clock.now(), self._deps.limits))
            except Raced:
                self._deps.sleep(self._deps.rng.uniform(0, min(0.02 * 2**number, 0.5)))
        raise Unavailable(
            f"Campaign {self._id} is being changed by too many at once.", hint="The next sweep goes on with it."
        )

    def _look_first(self) -> None:
        """The campaign is as it was, so it was a post that somebody else has claimed."""
        if self._page is not None:
            self._page.claims.forget()

    def _read_held(self) -> Record[ProcessorRequest] | None:
        """The campaign, if it is still ours to work on."""
        record = read(self._rooms.requests.document(self._id), ProcessorRequest)
        if record is None:
            return None
        self._confirm(record.value)
        if record.value.status is not RequestStatus.PROCESSING:
            return None
        return record if record.value.lease_owner == self._deps.owner else None

    def _act(self, record: Record[ProcessorRequest], action: Action) -> bool:
        match action:
            case Claim():
                if self._deps.clock.now() >= self._deadline:
                    change(record, released(self._deps.clock.now()))
                    self._deps.publisher.publish(HARVEST_TOPIC, {"requestId": self._id})
                    return False
                return self._claim(record, action)
            case Finish():
                self._finish(record, action)
            case Wait() | Leave():
                change(record, released(self._deps.clock.now()))
        return False

    # --- claiming posts

    def _claim(self, record: Record[ProcessorRequest], wanted: Claim) -> bool:
        request = record.value
        try:
            source, city = self._source_of(request)
            url = request.next_page_url or city.listing_url
            page = self._open(url, source, request)
        except FetchError as error:
            return self._note_failure(record, error)
        except LeadgenError as error:
            return self._give_up(record, f"{error.detail} {error.hint}".strip().rstrip("."))
        return self._commit_batch(record, source, page, page.select(self._deps.db, wanted))

    def _open(self, url: str, source: Source, request: ProcessorRequest) -> OpenPage:
        if self._page is None or self._page.url != url:
            place = Place(url, source, self._deps.clock.now())
            self._page = open_page(self._deps.db, self._reader, self._id, request, place)
        return self._page

    def _source_of(self, request: ProcessorRequest) -> tuple[Source, City]:
        candidates = [one for one in self._deps.sources if request.source_id in ("", one.id)]
        if not candidates:
            raise NotFound(f"There is no source {request.source_id}.", hint="Restore its definition, or start anew.")
        source, city = source_for_city(candidates, request.city)
        require_acknowledged(source)
        return source, city

    def _commit_batch(
        self, record: Record[ProcessorRequest], source: Source, page: OpenPage, selection: Selection
    ) -> bool:
        """Claim the posts, create their batch and move the cursor: all of it, or nothing; whether to go on."""
        request, now, urls = record.value, self._deps.clock.now(), selection.urls
        number = request.next_batch
        commit = Commit(self._deps.db)
        changes = lease(self._deps, now) | {
            "sourceId": source.id,
            "counts.known": request.counts.known + selection.known,
            "attempts": 0,
            "nextAttemptAt": None,
            "message": "",
            "looksFirst": selection.met_claimed,
            "pageDone": selection.done,
        }
        if urls:
            for url in urls:
                post = Post(url=url, request_id=self._id, batch=number, claimed_at=now)
                commit.create(self._rooms.posts.document(post_id(url)), post)
            batch = Batch(urls=list(urls), status=BatchStatus.PUBLISHED, published_at=now)
            commit.create(self._rooms.batches(self._id).document(str(number)), batch)
            changes["inFlight"] = request.in_flight + len(urls)
            changes["counts.harvested"] = request.counts.harvested + len(urls)
            changes["nextBatch"] = number + 1
        if selection.is_last:
            changes |= self._turn_page(request, source, page)
            page.remember(self._deps.db, commit, source, self._id, now)
        goes_on = not isinstance(decide(_foreseen(request, changes), now, self._deps.limits), Wait)
        if not goes_on:
            changes |= released(now)
        self._unconfirmed = number if urls else None
        commit.change(record, changes).run()
        page.claims.committed(selection)
        if selection.is_last:
            self._finished_pages |= {page.url, canonical_url(page.url) if "#" not in page.url else page.url}
        if urls:
            self._publish(number)
        return goes_on

    def _turn_page(self, request: ProcessorRequest, source: Source, page: OpenPage) -> dict[str, Any]:
        """The cursor after a page of which everything is claimed."""
        read_now = request.pages_read + 1
        following = page.listing.next_url
        if following in self._finished_pages:
            following = ""  # the listing leads in a circle
        done, message = not following, ""
        if following and read_now >= source.max_pages:
            done, message = True, f"the limit of {source.max_pages} listing pages (max_pages) was reached"
        elif done and read_now == 1 and page.is_empty:
            message = f"the first listing page of {request.city} shows no post; check listing.post_link of {source.id}"
            message += f" ({page.listing.remark})" if page.listing.remark else ""
        return {
            "pagesRead": read_now,
            "nextPageUrl": "" if done else following,
            "pageDone": "",
            "listingDone": done,
            "message": message,
        }

    def _confirm(self, request: ProcessorRequest) -> None:
        """Publish a batch whose commit was reported as lost and yet applied: only we could have moved the number."""
        number, self._unconfirmed = self._unconfirmed, None
        if number is not None and request.next_batch > number:
            self._publish(number)

    def _publish(self, number: int) -> None:
        self._deps.publisher.publish(POSTS_TOPIC, {"requestId": self._id, "batch": number})
        self._unconfirmed = None

    # --- when a listing page can't be had

    def _note_failure(self, record: Record[ProcessorRequest], error: FetchError) -> bool:
        if not error.retryable:
            return self._give_up(record, f"a listing page can't be read ({error.detail})")
        request, now = record.value, self._deps.clock.now()
        # Our own pacing is no failure of the site's.
        attempts = request.attempts + (0 if error.kind is FetchKind.PACED else 1)
        pause = timedelta(seconds=backoff_s(max(attempts, 1), _RETRY_BASE_S, _RETRY_CAP_S, self._deps.rng))
        again = error.retry_at or now + pause
        if error.kind is not FetchKind.PACED:
            again = max(again, now + pause)
        message = f"a listing page can't be read ({error.detail}); attempt {attempts} of {self._deps.limits.attempts}"
        changes = {"attempts": attempts, "nextAttemptAt": again, "message": message}
        if attempts < self._deps.limits.attempts:
            change(record, changes | released(now))
            return False
        change(record, changes | lease(self._deps, now))
        return True

    def _give_up(self, record: Record[ProcessorRequest], why: str) -> bool:
        """The listings can't be read on: what was taken is finished; a campaign that took nothing has failed."""
        request = record.value
        if request.pages_read > 0 or request.counts.harvested > 0:
            now = self._deps.clock.now()
            change(record, lease(self._deps, now) | {"listingDone": True, "message": why})
            return True
        todo = "Check the source definition and the site, then start the campaign again."
        self._finish(record, Finish(RequestStatus.FAILED, EndReason.SOURCE_FAILED, f"{why}. {todo}"))
        return False

    # --- the end

    def _finish(self, record: Record[ProcessorRequest], ending: Finish) -> None:
        request, now = record.value, self._deps.clock.now()
        check_transition(f"campaign {self._id}", request.status, ending.status)
        changes = released(now) | {
            "status": str(ending.status),
            "endReason": str(ending.reason),
            "message": ending.message,
            "completedAt": now,
        }
        text = f"Campaign for {request.city}: {ending.message}"
        ended = entry(now, f"campaign.{ending.status.lower()}", text, self._id)
        note(self._deps.db, Commit(self._deps.db).change(record, changes), ended).run()

    def _release_in_trouble(self) -> None:
        record = self._read_held()
        if record is not None:
            change(record, released(self._deps.clock.now()))


def _foreseen(request: ProcessorRequest, changes: dict[str, Any]) -> ProcessorRequest:
    """The campaign as it will be after the changes, in what the next decision depends on."""
    return request.model_copy(
        update={
            "in_flight": changes.get("inFlight", request.in_flight),
            "listing_done": changes.get("listingDone", request.listing_done),
            "attempts": changes["attempts"],
            "next_attempt_at": changes["nextAttemptAt"],
        }
    )
