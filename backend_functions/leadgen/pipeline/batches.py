"""The Processor: a batch of harvested posts becomes contacts, mails and reviews.

The batch document is the truth: who works on it (lease), which posts are done (outcomes), and, in the same commit, what
that adds to the campaign's counts. Done twice, late or after a crash, it counts once: a contact made by an earlier try
is recognised by its post.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from leadgen.harvest.sources import Source
from leadgen.model.documents import Batch, LeadData, ProcessorRequest
from leadgen.model.ids import post_id
from leadgen.model.status import NEW_LEAD_OUTCOMES, BatchStatus, PostOutcome
from leadgen.pipeline.context import Context
from leadgen.pipeline.intake import Candidate, Origin, register
from leadgen.pipeline.reading import ReadPost, UnreadPost, read_posts
from leadgen.pipeline.suppression import suppressed_among, suppression_keys
from leadgen.process.identity import IdentityIndex, look_up, recognise
from leadgen.process.triage import triage
from leadgen.store.journal import entry, note
from leadgen.store.messages import HARVEST_TOPIC
from leadgen.store.records import Commit, Raced, Record, change, need, read, retrying

LEASE = timedelta(minutes=8)
"""Longer than a function may run for an event (540 s would be the limit; ours is set below this lease)."""
MAX_TRIES = 2
"""How often a post that may come back is tried, in runs; each run tries several times itself."""
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
    outcomes = _outcomes(context, request, todo, last_try=claimed.value.tries >= MAX_TRIES)
    _finish(context, request, claimed, outcomes)
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


def _outcomes(context: Context, request: Record[ProcessorRequest], urls: list[str], *, last_try: bool) -> Outcomes:
    source = context.source(request.value.source_id)
    if source is None or not urls:
        return {post_id(url): PostOutcome.DEAD for url in urls}
    results = read_posts(context, source, urls)
    outcomes: Outcomes = {
        post_id(result.url): PostOutcome.DEAD
        for result in results
        if isinstance(result, UnreadPost) and (last_try or not result.retryable)
    }
    outcomes.update(_take_in(context, request, source, [r for r in results if isinstance(r, ReadPost)]))
    return outcomes


def _take_in(context: Context, request: Record[ProcessorRequest], source: Source, posts: list[ReadPost]) -> Outcomes:
    """Recognise, enrich and register; posts of one author in the same batch are met one after the other."""
    index = look_up(context.db, [post.marks() for post in posts])
    refused = suppressed_among(context.db, _suppression_keys(posts))
    origin = _origin(request, source)
    candidates = {post.url: _candidate(post, origin, refused) for post in posts}
    worth = [post for post in _first_met(posts, index) if _deserves_enrichment(candidates[post.url])]
    for post, candidate in zip(worth, _enriched(context, [candidates[p.url] for p in worth]), strict=True):
        candidates[post.url] = candidate
    return {post_id(post.url): _settle(context, candidates[post.url], index) for post in posts}


def _settle(context: Context, candidate: Candidate, index: IdentityIndex) -> PostOutcome:
    if candidate.outcome is PostOutcome.NO_CONTACT:
        return PostOutcome.NO_CONTACT
    return register(context.db, candidate, context.clock, index).outcome


def _suppression_keys(posts: list[ReadPost]) -> list[tuple[str, str]]:
    marks = [post.marks() for post in posts]
    return suppression_keys((e for m in marks for e in m.emails), (p for m in marks for p in m.phones))


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


def _candidate(post: ReadPost, origin: Origin, refused: dict[tuple[str, str], str]) -> Candidate:
    marks = post.marks()
    keys = suppression_keys(marks.emails, marks.phones)
    reason = next((refused[key] for key in keys if key in refused), None)
    outcome = triage(
        has_email=bool(marks.emails),
        gate=post.post.gate if post.post.contact_url else "none",
        has_phone=bool(marks.phones),
        suppressed=reason is not None,
    )
    return Candidate(marks, post.lead(origin.city), post.post.gate, outcome, origin, suppressed_by=reason or "")


def _first_met(posts: list[ReadPost], index: IdentityIndex) -> list[ReadPost]:
    """Posts whose author is neither known nor shown by an earlier post of the batch."""
    met: set[tuple[str, str]] = set()
    first: list[ReadPost] = []
    for post in posts:
        marks = post.marks()
        if recognise(marks, index) is None and not met.intersection(marks.deciding()):
            first.append(post)
        met.update(marks.claims())
    return first


def _deserves_enrichment(candidate: Candidate) -> bool:
    return candidate.outcome in NEW_LEAD_OUTCOMES


def _enriched(context: Context, candidates: list[Candidate]) -> list[Candidate]:
    if not candidates:
        return []
    results = context.enricher().enrich([candidate.lead for candidate in candidates])
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


def _finish(context: Context, request: Record[ProcessorRequest], batch: Record[Batch], outcomes: Outcomes) -> None:
    now = context.clock.now()
    retry_at = now + RETRY_AFTER
    all_outcomes = {**batch.value.outcomes, **{key: str(value) for key, value in outcomes.items()}}
    done = len(all_outcomes) == len({post_id(url) for url in batch.value.urls})
    changes: dict[str, Any] = {"outcomes": all_outcomes, "leaseOwner": ""}
    changes |= {"status": "DONE", "doneAt": now} if done else {"leaseUntil": retry_at, "retryAt": retry_at}
    commit = Commit(context.db).change(batch, changes)
    commit.increase(request.ref, {"inFlight": -len(outcomes), **counted(outcomes)})
    if outcomes:
        note(context.db, commit, entry(now, _kind(outcomes), _told(request.value.city, outcomes), request.id))
    try:
        commit.run()
    except Raced:
        # Our lease ran out and another worker took over: what we registered is there, it will be found and counted.
        return


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
