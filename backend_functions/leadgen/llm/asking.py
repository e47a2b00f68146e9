"""Asking about one lead: one call, and a second one where that may help, each with a slot of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from leadgen.llm.book import Slot
from leadgen.llm.client import Answer
from leadgen.llm.failures import WORTH_ANOTHER, WORTH_REPEATING, Failure, ModelError
from leadgen.llm.governor import Grants
from leadgen.llm.prompt import PROMPT_VERSION, messages_for
from leadgen.llm.providers import Provider
from leadgen.llm.website import WebsiteFacts
from leadgen.model.documents import LeadData

Messages = Sequence[dict[str, str]]


class GrantSource(Protocol):
    """What is needed of the Governor."""

    def take(self, provider: str, calls: Mapping[str, int], *, tokens: int = 0, micros: int | None = 0) -> Grants:
        """Ask for calls."""
        ...

    def hold(self, provider: str, until: datetime) -> bool:
        """Let nobody call a provider before a moment it named."""
        ...

    def report(self) -> bool:
        """Write down what was used."""
        ...


@dataclass(frozen=True)
class Task:
    """A lead to be described.

    Args:
        number: its place in the batch.
        lead: as it came.
        website: what is known of its website.
        campaign: for whom, or "".
        key: names what the prompt would say; see `leadgen.llm.cache`.
    """

    number: int
    lead: LeadData
    website: WebsiteFacts | None
    campaign: str
    key: str = ""

    def messages(self, *, repair: bool = False) -> list[dict[str, str]]:
        """The conversation about it."""
        return messages_for(self.lead, self.website, repair=repair)


@dataclass
class Asking:
    """The calls of one batch; safe in threads.

    Args:
        governor: gives the second calls their slots.
        providers: in the order in which they are asked.
        throttled: until when which provider asked us to wait.
    """

    governor: GrantSource
    providers: Sequence[Provider]
    throttled: list[tuple[str, datetime]] = field(default_factory=list)

    def grants(self, provider: Provider, tasks: Sequence[Task]) -> Grants:
        """Ask the Governor for one call for each task."""
        calls: dict[str, int] = {}
        for task in tasks:
            calls[task.campaign] = calls.get(task.campaign, 0) + 1
        # With the words that ask for a repair, so that the most is the most of either call.
        most = [provider.client.most(task.messages(repair=True)) for task in tasks]
        return self.governor.take(
            provider.name,
            calls,
            tokens=max(use.prompt_tokens + use.completion_tokens for use in most),
            micros=max(use.micros for use in most) if provider.client.price else None,
        )

    def ask(self, task: Task, provider: Provider, slot: Slot) -> tuple[Answer, str]:
        """Ask about a lead.

        Returns:
            The answer, and which model gave it to which prompt.

        Raises:
            ModelError: nobody gave a usable answer.
        """
        try:
            return _signed(provider, self.call(provider, task.messages(), slot))
        except ModelError as error:
            other = self._second(provider, error.kind)
            if other is None:
                raise
            try:
                return self._again(task, other, repair=error.kind is Failure.BAD_OUTPUT)
            except ModelError as second:
                # Without a grant for it, or once it has lapsed, the first failure is the one that counts; and a lead
                # that its provider would take later waits for that.
                first_counts = second.kind is Failure.LAPSED or error.kind is Failure.THROTTLED
                raise (error if first_counts else second) from None

    def call(self, provider: Provider, messages: Messages, slot: Slot) -> Answer:
        """One call, of which the provider's circuit and this batch take note.

        Raises:
            ModelError: there is no usable answer.
        """
        try:
            answer = provider.client.ask(messages, slot)
        except ModelError as error:
            provider.note(error.kind)
            if error.retry_at is not None:
                self.throttled.append((provider.name, error.retry_at))
            raise
        except BaseException:
            provider.withdraw()
            raise
        provider.note(None)
        return answer

    def hold_throttled(self) -> None:
        """Tell everybody to leave the providers alone that asked for it."""
        for name in sorted({name for name, _ in self.throttled}):
            self.governor.hold(name, max(until for whose, until in self.throttled if whose == name))

    def _second(self, provider: Provider, kind: Failure) -> Provider | None:
        """Who is asked next; it has been admitted."""
        candidates: list[Provider] = []
        if kind in WORTH_ANOTHER:
            candidates += [other for other in self.providers if other is not provider]
        if kind in WORTH_REPEATING:
            candidates.append(provider)
        return next((one for one in candidates if one.admit(1)), None)

    def _again(self, task: Task, provider: Provider, *, repair: bool) -> tuple[Answer, str]:
        provider.client.prepare()
        grants = self.grants(provider, [task])
        if not grants.slots:
            provider.withdraw()
            raise ModelError(Failure.LAPSED, grants.reason)
        return _signed(provider, self.call(provider, task.messages(repair=repair), grants.slots[0]))


def _signed(provider: Provider, answer: Answer) -> tuple[Answer, str]:
    return answer, f"{provider.client.model}/{PROMPT_VERSION}"
