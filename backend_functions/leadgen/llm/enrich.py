"""Enrichment of a batch of leads: one request to the Governor, then the calls it allowed, side by side.

What was answered before is not asked again. While the first provider is out of use, the second is asked. Nothing here
waits for the Governor's window: leads without a grant come back with the time to try again. Whatever a model answers,
only the enrichment fields of a lead change; where its mail goes is not among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from leadgen.llm.asking import Asking, GrantSource, Task
from leadgen.llm.book import Slot
from leadgen.llm.cache import Kept, content_key
from leadgen.llm.failures import DEFAULT_WAIT_S, Failure, ModelError
from leadgen.llm.grounding import grounded
from leadgen.llm.providers import Provider
from leadgen.llm.rules import enrich_by_rules
from leadgen.llm.schema import Enrichment
from leadgen.llm.website import WebsiteFacts
from leadgen.model.documents import LeadData
from leadgen.store.clock import Clock

__all__ = ["Enriched", "Enricher", "GrantSource", "by_rules"]

RULES = "rules"
MAX_CALLS_AT_ONCE = 32
"""Grants lapse within seconds, so all calls of a batch begin at once; a larger batch goes in parts."""
NEXT_PART_S = 10.0
_NEXT_PART = "The rest of the batch is asked for next."
_OUT_OF_USE = "The model failed several times in a row and is left alone for a while."


class AnswerSource(Protocol):
    """What was answered before; see `leadgen.llm.cache.Answers`."""

    def find(self, keys: Sequence[str]) -> Mapping[str, Kept]:
        """Those that are kept."""
        ...

    def keep(self, answers: Mapping[str, Kept]) -> None:
        """Keep these."""
        ...


@dataclass(frozen=True)
class Enriched:
    """What became of one lead.

    Args:
        lead: with its enrichment fields filled in, or as it came if it has to wait.
        waiting_until: when to try again; `None` if the lead is done.
        note: what a person should know: why it waits, or why the rules stood in for the model.
    """

    lead: LeadData
    waiting_until: datetime | None = None
    note: str = ""


@dataclass(frozen=True)
class _Wait:
    until: datetime
    reason: str


Told = Kept | ModelError
"""What came of asking about a lead."""


class Enricher:
    """Enriches leads with a model within the Governor's limits, or by rules.

    Args:
        governor: gives out the grants.
        providers: who is asked, in this order; none where no model is configured, then rules do all of it at once.
        clock: the present moment.
        answers: what was answered before; `None` to ask every time.
    """

    def __init__(
        self,
        governor: GrantSource,
        providers: Sequence[Provider],
        clock: Clock,
        *,
        answers: AnswerSource | None = None,
    ) -> None:
        self._governor = governor
        self._providers = tuple(providers)
        self._clock = clock
        self._answers = answers

    def enrich(
        self,
        leads: Sequence[LeadData],
        websites: Mapping[str, WebsiteFacts] | None = None,
        campaigns: Sequence[str] = (),
    ) -> list[Enriched]:
        """Enrich a batch; the answers are in the order of the leads.

        Args:
            leads: as the Processor left them.
            websites: what was found at their `website_url`s, by that address.
            campaigns: for each lead the campaign it belongs to, or ""; empty if none belongs to any.
        """
        tasks = _tasks(leads, websites or {}, campaigns)
        if not self._providers or not tasks:
            return [Enriched(_by_rules(task)) for task in tasks]
        kept = self._kept(tasks)
        told: dict[int, Told] = {task.number: kept[task.key] for task in tasks if task.key in kept}
        first = _firsts(tasks)
        wait = self._ask([task for task in tasks if first[task.key] is task], told)
        for task in tasks:
            answer = told.get(first[task.key].number)
            if answer is not None:
                told.setdefault(task.number, answer)
        return [self._result(task, told.get(task.number), wait) for task in tasks]

    def _ask(self, tasks: Sequence[Task], told: dict[int, Told]) -> _Wait | None:
        """Ask about those not told of yet.

        Returns:
            Until when, and why, the rest has to wait; `None` if no provider is in use that it could wait for.
        """
        asking = Asking(self._governor, self._providers)
        wait: _Wait | None = None
        answered: dict[str, Kept] = {}
        for provider in self._providers:
            todo = [task for task in tasks if task.number not in told][:MAX_CALLS_AT_ONCE]
            admitted = todo[: provider.admit(len(todo))]
            if not admitted:
                continue
            new, wait, others_too = self._ask_one(asking, provider, admitted)
            told.update(new)
            by_key = {task.number: task.key for task in admitted}
            answered |= {by_key[number]: one for number, one in new.items() if isinstance(one, Kept)}
            if not others_too and len(admitted) == len(todo):
                break
        asking.hold_throttled()
        if self._answers is not None:
            self._answers.keep(answered)
        self._governor.report()
        return wait

    def _ask_one(
        self, asking: Asking, provider: Provider, tasks: Sequence[Task]
    ) -> tuple[dict[int, Told], _Wait | None, bool]:
        """Ask one provider about as many as the Governor lets through.

        Returns:
            What was told, how long the others wait, and whether another provider may be free for them.
        """
        provider.client.prepare()
        grants = asking.grants(provider, tasks)
        pairs = _matched(tasks, grants.slots)
        if not pairs:
            provider.withdraw()
        until = grants.retry_at or self._in(NEXT_PART_S)
        wait = _Wait(until, grants.reason or _NEXT_PART)
        if not pairs:
            return {}, wait, grants.held

        def one(pair: tuple[Task, Slot]) -> Told:
            try:
                answer, by = asking.ask(pair[0], provider, pair[1])
            except ModelError as error:
                return error
            return Kept(answer.enrichment, by)

        with ThreadPoolExecutor(len(pairs), thread_name_prefix="model") as pool:
            told = list(pool.map(one, pairs))
        return {task.number: one for (task, _), one in zip(pairs, told, strict=True)}, wait, grants.held

    def _kept(self, tasks: Sequence[Task]) -> Mapping[str, Kept]:
        return self._answers.find([task.key for task in tasks]) if self._answers is not None else {}

    def _result(self, task: Task, told: Told | None, wait: _Wait | None) -> Enriched:
        if isinstance(told, Kept):
            measured = enrich_by_rules(task.lead, task.website)
            result = grounded(told.answer, task.lead, measured, task.website)
            return Enriched(_filled(task.lead, result, told.by))
        if told is None and wait is not None:
            return Enriched(task.lead, wait.until, wait.reason)
        if told is None:
            return _stood_in(task, _OUT_OF_USE)
        if told.kind is Failure.LAPSED:
            return Enriched(task.lead, self._in(NEXT_PART_S), told.detail)
        if told.kind is Failure.THROTTLED:
            return Enriched(task.lead, told.retry_at or self._in(DEFAULT_WAIT_S), told.detail)
        return _stood_in(task, told.detail)

    def _in(self, seconds: float) -> datetime:
        return self._clock.now() + timedelta(seconds=seconds)


def _tasks(
    leads: Sequence[LeadData], websites: Mapping[str, WebsiteFacts], campaigns: Sequence[str]
) -> tuple[Task, ...]:
    tasks = []
    for number, lead in enumerate(leads):
        website = _facts(lead, websites)
        campaign = campaigns[number] if campaigns else ""
        tasks.append(Task(number, lead, website, campaign, content_key(lead, website)))
    return tuple(tasks)


def _firsts(tasks: Sequence[Task]) -> dict[str, Task]:
    """Of the leads with the same content the first: it is asked about for all of them."""
    return {task.key: task for task in reversed(tasks)}


def _stood_in(task: Task, why: str) -> Enriched:
    """The lead described by rules in place of a model, which its note says unless it says something else."""
    lead, note = _by_rules(task), f"{why} Described by rules instead."
    return Enriched(lead.model_copy(update={"note": lead.note or note}), None, note)


def _matched(tasks: Sequence[Task], slots: Sequence[Slot]) -> list[tuple[Task, Slot]]:
    """Each slot with the next lead of the campaign it was granted for."""
    left = list(tasks)
    pairs = []
    for slot in slots:
        task = next(task for task in left if task.campaign == slot.campaign)
        left.remove(task)
        pairs.append((task, slot))
    return pairs


def _by_rules(task: Task) -> LeadData:
    return by_rules(task.lead, task.website)


def by_rules(lead: LeadData, website: WebsiteFacts | None = None) -> LeadData:
    """A lead described by rules alone; for a caller that has waited long enough for a model."""
    return _filled(lead, enrich_by_rules(lead, website or _facts(lead, {})), RULES)


def _facts(lead: LeadData, websites: Mapping[str, WebsiteFacts]) -> WebsiteFacts | None:
    if not lead.website_url:
        return None
    # A lead that waited for its turn was measured before, and carries what was found.
    kept = WebsiteFacts(
        lead.website_url, lead.website_score, lead.website_reason, tuple(lead.website_reasons), reachable=None
    )
    return websites.get(lead.website_url) or kept


def _filled(lead: LeadData, found: Enrichment, by: str) -> LeadData:
    """The lead with its enrichment fields set. Names the post's own structured data gave are kept."""
    return lead.model_copy(
        update={
            "name": lead.name or found.contact_name,
            "business_name": lead.business_name or found.business_name,
            "category": found.category,
            "services_rendered": list(found.services_rendered),
            "language": found.language,
            "website_score": found.website_score,
            "website_reason": found.website_reason,
            "opener": found.opener,
            "enriched_by": by,
        }
    )
