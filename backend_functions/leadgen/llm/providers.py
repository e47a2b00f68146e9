"""The services that may be asked: the first one, and a second for when the first is out of use."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from leadgen.environment import Environment
from leadgen.llm.breaker import Circuit
from leadgen.llm.client import ModelClient
from leadgen.llm.failures import Failure
from leadgen.llm.prices import price_of
from leadgen.llm.spending import Price
from leadgen.model.errors import InvalidInput

log = logging.getLogger(__name__)

_OUT_OF_USE = frozenset({Failure.TIMEOUT, Failure.CONNECTION, Failure.SERVER, Failure.REJECTED})
"""Failures that are the provider's (or its settings') and will be met by the next call too. A 429 is not among them:
for that the Governor holds everyone back."""


class Provider:
    """A service and its circuit; safe to share between threads.

    Args:
        name: what the Governor calls it.
        client: asks it.
        monotonic: seconds that never go back.
    """

    def __init__(self, name: str, client: ModelClient, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self.client = client
        self._monotonic = monotonic
        self._circuit = Circuit()
        self._lock = threading.Lock()

    def admit(self, wanted: int) -> int:
        """How many calls may be asked for: all, or none while it is out of use, or one to find out."""
        with self._lock:
            allowed = self._circuit.allows(self._monotonic())
            if allowed is None:
                return wanted
            if allowed and wanted:
                self._circuit = self._circuit.tried()
            return min(allowed, wanted)

    def withdraw(self) -> None:
        """What was admitted got no grant, or did not begin."""
        with self._lock:
            self._circuit = self._circuit.not_tried()

    def note(self, failure: Failure | None) -> None:
        """A call is over: how it failed, or `None`."""
        with self._lock:
            if failure in _OUT_OF_USE:
                self._circuit = self._circuit.failed(self._monotonic())
            elif failure in (Failure.LAPSED, Failure.THROTTLED):
                self._circuit = self._circuit.not_tried()
            else:
                self._circuit = self._circuit.succeeded()


def providers_of(environment: Environment) -> tuple[Provider, ...]:
    """The services the deployment describes, in the order in which they are asked; none if it names no service or no
    model, then rules do the work. A price that can't be read is logged, and not known."""
    env = environment
    stated = (
        ("LEADGEN_LLM", env.llm_url, env.llm_key, env.llm_model, env.llm_price),
        (
            "LEADGEN_LLM_FALLBACK",
            env.llm_fallback_url,
            env.llm_fallback_key,
            env.llm_fallback_model,
            env.llm_fallback_price,
        ),
    )
    found: list[Provider] = []
    for settings, url, key, model, price in stated:
        if url and model:
            # Services on one's own machine often want no key, but the library insists on one.
            client = ModelClient(
                url, key or "none", model, price=_price(model, price, f"{settings}_PRICE"), settings=settings
            )
            found.append(Provider(_unused(_name(url, model), found), client))
    return tuple(found)


def _price(model: str, stated: str, setting: str) -> Price | None:
    try:
        return price_of(model, stated, setting=setting)
    except InvalidInput as error:
        log.error("%s", error.detail)
        return None


def _name(url: str, model: str) -> str:
    return f"{urlsplit(url).netloc.rpartition('@')[2] or 'provider'}/{model}"


def _unused(name: str, others: list[Provider]) -> str:
    return f"{name} (second)" if any(other.name == name for other in others) else name
