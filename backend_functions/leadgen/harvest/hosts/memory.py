"""What a worker knows about hosts, and shares with the others."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from leadgen.harvest.fetch import HostMemory
from leadgen.harvest.hosts.robots import FirestoreRobots
from leadgen.harvest.hosts.shared import SharedPace
from leadgen.harvest.hosts.store import FirestoreHosts
from leadgen.harvest.politeness import HostPace, LocalPace, Outcome

if TYPE_CHECKING:
    from google.cloud.firestore import Client


class ChosenPace:
    """Shares the pace of all hosts but some, which each process paces for itself.

    Args:
        shared: keeps the pace of most hosts.
        local: keeps that of the others.
        local_hosts: host and port of the others.
    """

    def __init__(self, shared: HostPace, local: HostPace, local_hosts: frozenset[str]) -> None:
        self._shared, self._local, self._local_hosts = shared, local, local_hosts

    def _of(self, host: str) -> HostPace:
        return self._local if host in self._local_hosts else self._shared

    async def reserve(self, host: str, interval_s: float, now: datetime, longest_wait_s: float) -> float:
        """The host's next slot, as `HostPace` has it."""
        return await self._of(host).reserve(host, interval_s, now, longest_wait_s)

    def report(self, host: str, outcome: Outcome) -> None:
        """Pass on how a request went."""
        self._of(host).report(host, outcome)


def shared_memory(db: Client, local_hosts: frozenset[str]) -> HostMemory:
    """What a process of the backend knows about hosts. One per process.

    The hosts that the profile lists as local are the operator's own machine: sharing their pace would cost reads and
    writes and spare nobody.

    Args:
        db: the Firestore client.
        local_hosts: host and port of the local ones.
    """
    pace = ChosenPace(SharedPace(FirestoreHosts(db)), LocalPace(), local_hosts)
    return HostMemory(pace=pace, robots_answers=FirestoreRobots(db, unshared=local_hosts))
