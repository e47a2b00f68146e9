"""The Processor: a batch of harvested posts becomes contacts, mails and reviews.

The batch document is the truth: who works on it (lease) and which posts are done (outcomes). What the posts become
(contacts, mails, claims, the campaign's counts) is stored in the same commit as their outcomes: all of it or nothing.
Done twice, late or after a crash, it counts once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from leadgen.harvest.sources import Source
from leadgen.model.documents import Batch, LeadData, ProcessorRequest
from leadgen.model.ids import post_id
from leadgen.model.status import NEW_LEAD_OUTCOMES, BatchStatus, PostOutcome
from leadgen.pipeline.candidate import Candidate, Origin
from leadgen.pipeline.context import Context
from leadgen.pipeline.intake import settle
from leadgen.pipeline.reading import ReadPost, UnreadPost, read_posts
from leadgen.pipeline.suppression import logged_suppressions
from leadgen.pipeline.unit import UnitOfWork
from leadgen.process.identity import recognise
from leadgen.process.index import Marked
from leadgen.process.index_log import View
from leadgen.process.triage import triage
from leadgen.store.journal import entry, note
from leadgen.store.messages import HARVEST_TOPIC
from leadgen.store.records import Commit, Record, change, need, read, retrying

LEASE = timedelta(minutes=8)
"""Longer than a function may run for an event (540 s would be the limit; ours is set below this lease)."""
MAX_TRIES = 2
"""How often a post that may come back is tried, in runs; each run tries several times itself."""
MAX_TRIES_UNASKED = 60
"""The same of a post that the site could not be asked for, at about a run a minute: no host holds a campaign back for
ever."""
RETRY_AFTER = timedelta(seconds=20)

COUNT_FIELD = {
    PostOutcome.QUEUED: "queued",
    PostOutcome.REVIEW: "review",
    PostOutcome.PHONE_ONLY: "phoneOnly",
    PostOutcome.SUPPRESSED: "suppressed",
    PostOutcome.WAITING: "waiting",
    PostOutcome.DUPLICATE: "duplicates",
    PostOutcome.NO_CONTACT: "noContact",
    PostOutcome.DEAD: "dead",
}

Outcomes = dict[str, PostOutcome]


def process_batch(context: Context, request_id: str, number: int) -> None:
    """Process a batch, or what earlier tries left of it. Returns quietly if another worker has it or it is done."""
    claimed = _claim(context, request_id, number)
    if claimed is None:
        return
    request = need(context.names.requests.document(request_id), ProcessorRequest, f"campaign {request_id}")
    todo = [url for url in claimed.value.urls if post_id(url) not in claimed.value.outcomes]
    work = _read(context, request, todo, tries=claimed.value.tries)
    _finish(context, request, claimed, work)
    context.publisher.publish(HARVEST_TOPIC, {"requestId": request_id})


def _claim(context: Context, request_id: str, number: int) -> Record[Batch] | None:
    ref = context.names.batches(request_id).document(str(number))

    def attempt() -> Record[Batch] | None:
        record = read(ref, Batch)
        if record is None or record.value.status is BatchStatus.DONE or _is_held(record.value, context):
            return None
        if record.value.lease_owner != context.owner:
            lease = {
                "leaseOwner": context.owner,
                "leaseUntil": context.clock.now() + LEASE,
                "tries": record.value.tries + 1,
            }
            change(record, lease)
        return need(ref, Batch, f"batch {number} of campaign {request_id}")

    return retrying(attempt)


def _is_held(batch: Batch, context: Context) -> bool:
    if batch.lease_until is None or batch.lease_until <= context.clock.now():
        return False
    return batch.lease_owner != context.owner


@dataclass(frozen=True)
class _Work:
    """What the posts of a batch say, before it is stored.

    Args:
        outcomes: of posts that can't be read.
        candidates: those of the others, in the order of the posts, by post id.
        view: the identity log they were held against.
    """

    outcomes: Outcomes
    candidates: dict[str, Candidate]
    view: View | None


def _read(context: Context, request: Record[ProcessorRequest], urls: list[str], *, tries: int) -> _Work:
    source = context.source(request.value.source_id)
    if source is None or not urls:
        return _Work({post_id(url): PostOutcome.DEAD for url in urls}, {}, None)
    results = read_posts(context, source, urls, request.value.city)
    unread: Outcomes = {
        post_id(result.url): PostOutcome.DEAD
        for result in results
        if isinstance(result, UnreadPost) and _is_given_up(result, tries)
    }
    posts = [result for result in results if isinstance(result, ReadPost)]
    if not posts:
        return _Work(unread, {}, None)
    view = context.identities.refresh(context.clock.now())
    return _Work(unread, _candidates(context, _origin(request, source), posts, view.index), view)


def _is_given_up(post: UnreadPost, tries: int) -> bool:
    """Whether a post counts as dead. One that the site was never asked for, because others had its time, is not."""
    return not post.retryable or tries >= (MAX_TRIES if post.was_asked else MAX_TRIES_UNASKED)


def _candidates(context: Context, origin: Origin, posts: list[ReadPost], index: Marked) -> dict[str, Candidate]:
    """Triage the posts, and enrich those of new authors; only the first post of each author in the batch."""
    refused = logged_suppressions(context.db, index, (key for post in posts for key in post.refusable()))
    candidates = {post_id(post.url): _candidate(context, post, origin, refused) for post in posts}
    worth = [key for key in _first_met(candidates, index) if candidates[key].outcome in NEW_LEAD_OUTCOMES]
    enriched = _enriched(context, [candidates[key] for key in worth])
    return candidates | dict(zip(worth, enriched, strict=True))


def _origin(request: Record[ProcessorRequest], source: Source) -> Origin:
    city = source.city(request.value.city)
    return Origin(
        request_id=request.id,
        source_id=source.id,
        template_id=request.value.template_id,
        city=request.value.city,
        timezone=city.timezone if city else "UTC",
        user=request.value.requested_by,
    )


def _candidate(context: Context, post: ReadPost, origin: Origin, refused: dict[tuple[str, str], str]) -> Candidate:
    marks = post.marks()
    reason = next((refused[key] for key in post.refusable() if key in refused), None)
    outcome = triage(
        has_email=bool(marks.emails),
        gate=post.post.gate if post.post.contact_url else "none",
        has_phone=bool(marks.phones),
        suppressed=reason is not None,
    )
    says = post.says(context.clock.now(), origin.request_id)
    return Candidate(marks, post.lead(origin.city), post.post.gate, outcome, origin, says, suppressed_by=reason or "")


def _first_met(candidates: dict[str, Candidate], index: Marked) -> list[str]:
    """Posts whose author is neither known nor shown by an earlier post of the batch."""
    met: set[tuple[str, str]] = set()
    first: list[str] = []
    for key, candidate in candidates.items():
        marks = candidate.marks
        if not recognise(marks, index) and not met.intersection(marks.deciding()):
            first.append(key)
        met.update(marks.claims())
    return first


def _enriched(context: Context, candidates: list[Candidate]) -> list[Candidate]:
    if not candidates:
        return []
    origin = candidates[0].origin
    source = context.source(origin.source_id)
    region = source.region_of(origin.city) if source is not None else "US"
    seen = context.websites.score([candidate.lead for candidate in candidates], region)
    results = context.enricher().enrich(seen.leads, seen.facts, [origin.request_id] * len(candidates))
    return [
        with_enrichment(candidate, result.lead, result.waiting_until)
        for candidate, result in zip(candidates, results, strict=True)
    ]


def with_enrichment(candidate: Candidate, lead: LeadData, waiting_until: datetime | None) -> Candidate:
    """The candidate with its enrichment, or waiting for it."""
    outcome = PostOutcome.WAITING if waiting_until else candidate.outcome
    return replace(candidate, lead=lead, outcome=outcome, waiting_until=waiting_until)


def counted(outcomes: Outcomes) -> dict[str, int]:
    """What outcomes add to a campaign's counts, as field paths."""
    totals = Counter(COUNT_FIELD[outcome] for outcome in outcomes.values())
    totals["found"] = sum(1 for outcome in outcomes.values() if outcome in NEW_LEAD_OUTCOMES)
    return {f"counts.{field}": amount for field, amount in totals.items()}


def _finish(context: Context, request: Record[ProcessorRequest], batch: Record[Batch], work: _Work) -> None:
    """Settle and store; anew, on a fresh view, when somebody else changed what it was decided on."""
    tries = 0

    def attempt() -> None:
        nonlocal tries
        tries += 1
        current: Record[Batch] | None = batch
        if tries > 1:
            current = read(batch.ref, Batch)
            # Our lease ran out and another worker took over, or our commit was applied and its answer lost.
            if current is None or current.value.lease_owner != context.owner:
                return
        assert current is not None
        _store(context, request, current, work, is_first=tries == 1)

    retrying(attempt)


def _store(
    context: Context, request: Record[ProcessorRequest], batch: Record[Batch], work: _Work, *, is_first: bool
) -> None:
    now = context.clock.now()
    outcomes = dict(work.outcomes)
    unit: UnitOfWork | None = None
    if work.candidates:
        unit = UnitOfWork(context.db, context.identities, now, work.view if is_first else None)
        for key, candidate in work.candidates.items():
            is_lead = candidate.outcome is not PostOutcome.NO_CONTACT
            outcomes[key] = settle(unit, candidate, wary=not is_first).outcome if is_lead else candidate.outcome
    commit = Commit(context.db).change(batch, _progress(batch.value, outcomes, now))
    own = unit.counts_of(request.id) if unit is not None else {}
    commit.increase(request.ref, {"inFlight": -len(outcomes), **_sum(counted(outcomes), own)})
    if unit is not None:
        if not is_first:
            unit.drop_counts_of_missing()
        unit.into(commit)
    if outcomes:
        note(context.db, commit, entry(now, _kind(outcomes), _told(request.value.city, outcomes), request.id))
    commit.run()


def _progress(batch: Batch, outcomes: Outcomes, now: datetime) -> dict[str, Any]:
    retry_at = now + RETRY_AFTER
    all_outcomes = {**batch.outcomes, **{key: str(value) for key, value in outcomes.items()}}
    done = len(all_outcomes) == len({post_id(url) for url in batch.urls})
    changes: dict[str, Any] = {"outcomes": all_outcomes, "leaseOwner": ""}
    return changes | ({"status": "DONE", "doneAt": now} if done else {"leaseUntil": retry_at, "retryAt": retry_at})


def _sum(*amounts: dict[str, int]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for amount in amounts:
        total.update(amount)
    return dict(total)


_WORDS = {
    PostOutcome.QUEUED: "queued for mail",
    PostOutcome.REVIEW: "for review",
    PostOutcome.PHONE_ONLY: "phone only",
    PostOutcome.WAITING: "waiting for the model's limit",
    PostOutcome.DUPLICATE: "known already",
    PostOutcome.SUPPRESSED: "suppressed",
    PostOutcome.NO_CONTACT: "without contact",
    PostOutcome.DEAD: "dead",
}


def _kind(outcomes: Outcomes) -> str:
    return "llm.limit" if PostOutcome.WAITING in outcomes.values() else "posts.processed"


def _told(city: str, outcomes: Outcomes) -> str:
    totals = Counter(outcomes.values())
    parts = ", ".join(f"{totals[outcome]} {word}" for outcome, word in _WORDS.items() if totals[outcome])
    posts = "1 post" if len(outcomes) == 1 else f"{len(outcomes)} posts"
    return f"{city}: {posts} read: {parts}"
