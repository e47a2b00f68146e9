"""Enrichment of a batch of leads: one request to the Governor, then the calls it allowed, side by side.

Never waits for the Governor: leads without a grant come back with the time to try again. Whatever a model answers, only
the enrichment fields of a lead change; where its mail goes is not among them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from leadgen.llm.client import ModelClient
from leadgen.llm.failures import DEFAULT_WAIT_S, WORTH_REPEATING, Failure, ModelError
from leadgen.llm.governor import Grants
from leadgen.llm.grounding import grounded
from leadgen.llm.prompt import PROMPT_VERSION, messages_for
from leadgen.llm.rules import enrich_by_rules
from leadgen.llm.schema import Enrichment
from leadgen.llm.website import WebsiteFacts
from leadgen.model.documents import LeadData
from leadgen.store.clock import Clock

RULES = "rules"
MAX_CALLS_AT_ONCE = 32
"""Grants lapse within seconds, so all calls of a batch begin at once; a larger batch goes in parts."""
LAPSED_WAIT_S = 10.0


class GrantSource(Protocol):
    """What the Enricher needs of the Governor."""

    def take(self, wanted: int) -> Grants:
        """Ask for up to `wanted` grants."""
        ...

    def hold(self, until: datetime) -> bool:
        """Let nobody begin a call before a moment the provider named."""
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


class Enricher:
    """Enriches leads with a model within the Governor's limit, or by rules.

    Args:
        governor: gives out the grants.
        client: asks the model; `None` if none is configured, then rules do all of it at once.
        clock: the present moment.
        monotonic: the clock of `Grants.usable_until`.
    """

    def __init__(
        self,
        governor: GrantSource,
        client: ModelClient | None,
        clock: Clock,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._governor = governor
        self._client = client
        self._clock = clock
        self._monotonic = monotonic

    def enrich(self, leads: Sequence[LeadData], websites: Mapping[str, WebsiteFacts] | None = None) -> list[Enriched]:
        """Enrich a batch; the answers are in the order of the leads.

        Args:
            leads: as the Processor left them.
            websites: what was found at their `website_url`s, by that address.
        """
        facts = [_facts(lead, websites or {}) for lead in leads]
        if self._client is None or not leads:
            return [Enriched(by_rules(lead, website)) for lead, website in zip(leads, facts, strict=True)]
        client = self._client
        client.prepare()
        grants = self._governor.take(min(len(leads), MAX_CALLS_AT_ONCE))
        asked = list(zip(leads, facts, strict=True))[: grants.granted]
        done: list[Enriched] = []
        if asked:
            with ThreadPoolExecutor(len(asked), thread_name_prefix="model") as pool:
                done = list(pool.map(lambda pair: self._one(client, pair[0], pair[1], grants.usable_until), asked))
            self._hold_if_throttled(done)
        retry_at = grants.retry_at or self._in(LAPSED_WAIT_S)
        reason = grants.reason or "The rest of the batch is asked for next."
        return [*done, *(Enriched(lead, retry_at, reason) for lead in leads[len(asked) :])]

    def _one(self, client: ModelClient, lead: LeadData, website: WebsiteFacts | None, begin_before: float) -> Enriched:
        try:
            answer = self._ask(client, lead, website, begin_before)
        except ModelError as error:
            if error.kind is Failure.LAPSED:
                return Enriched(lead, self._in(LAPSED_WAIT_S), error.detail)
            if error.kind is Failure.THROTTLED:
                return _Throttled(lead, error.retry_at or self._in(DEFAULT_WAIT_S), error.detail)
            return Enriched(by_rules(lead, website), None, f"{error.detail} Described by rules instead.")
        result = grounded(answer, lead, enrich_by_rules(lead, website))
        return Enriched(_filled(lead, result, f"{client.model}/{PROMPT_VERSION}"))

    def _ask(
        self, client: ModelClient, lead: LeadData, website: WebsiteFacts | None, begin_before: float
    ) -> Enrichment:
        """One call, and one more with a grant of its own if that may help."""
        try:
            return client.ask(messages_for(lead, website), begin_before=begin_before)
        except ModelError as error:
            if error.kind not in WORTH_REPEATING:
                raise
            again = self._governor.take(1)
            if not again.granted:
                raise
            repair = error.kind is Failure.BAD_OUTPUT
            try:
                return client.ask(messages_for(lead, website, repair=repair), begin_before=again.usable_until)
            except ModelError as second:
                # A grant that lapsed here must not make the lead wait and begin all over.
                raise (error if second.kind is Failure.LAPSED else second) from None

    def _hold_if_throttled(self, done: Sequence[Enriched]) -> None:
        waits = [one.waiting_until for one in done if isinstance(one, _Throttled) and one.waiting_until]
        if waits:
            self._governor.hold(max(waits))

    def _in(self, seconds: float) -> datetime:
        return self._clock.now() + timedelta(seconds=seconds)


class _Throttled(Enriched):
    """A lead that waits because the provider said so; then everybody does."""


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
