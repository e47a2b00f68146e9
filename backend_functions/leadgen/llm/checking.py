"""Trying the configured models with one call each, under the Governor like any other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from leadgen.llm.asking import Asking, GrantSource, Task
from leadgen.llm.client import Answer
from leadgen.llm.failures import ModelError
from leadgen.llm.providers import Provider
from leadgen.model.documents import LeadData
from leadgen.model.modeltest import ModelTested

SAMPLE = LeadData(
    title="Licensed plumber, same day service",
    body="Lone Star Pipe Works. My name is Joe. We do drain cleaning, water heaters and leak repair all over town.",
    city="austin",
)
"""The ad that is described; nobody's."""


def check_models(
    governor: GrantSource, providers: Sequence[Provider], *, monotonic: Callable[[], float] = time.monotonic
) -> list[ModelTested]:
    """One call to each provider, side by side.

    Args:
        governor: gives out the grants; one that refuses is part of the answer.
        providers: whom to try, also those whose circuit is open: an answer closes it.
        monotonic: seconds that never go back.
    """
    if not providers:
        return []
    asking = Asking(governor, providers)
    with ThreadPoolExecutor(len(providers), thread_name_prefix="model") as pool:
        found = list(pool.map(lambda provider: _check(asking, provider, monotonic), providers))
    asking.hold_throttled()
    governor.report()
    return found


def _check(asking: Asking, provider: Provider, monotonic: Callable[[], float]) -> ModelTested:
    model = provider.client.model
    provider.client.prepare()
    task = Task(0, SAMPLE, None, "")
    grants = asking.grants(provider, [task])
    if not grants.slots:
        until = f" Try again at {grants.retry_at:%H:%M:%S} UTC." if grants.retry_at else ""
        return ModelTested(provider=provider.name, model=model, ok=False, detail=f"{grants.reason}{until}")
    [slot] = grants.slots
    began = max(monotonic(), slot.opens_at)
    try:
        answer = asking.call(provider, task.messages(), slot)
    except ModelError as error:
        seconds = max(0.0, monotonic() - began)
        return ModelTested(provider=provider.name, model=model, ok=False, detail=error.detail, seconds=seconds)
    return _answered(provider, answer, monotonic() - began)


def _answered(provider: Provider, answer: Answer, seconds: float) -> ModelTested:
    use = answer.use
    return ModelTested(
        provider=provider.name,
        model=provider.client.model,
        ok=True,
        detail="It answered as asked.",
        seconds=seconds,
        prompt_tokens=use.prompt_tokens,
        completion_tokens=use.completion_tokens,
        dollars=None if use.unpriced else use.micros / 1_000_000,
        opener=answer.enrichment.opener,
    )
