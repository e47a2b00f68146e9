"""Where the definitions are, and which loopback hosts may be read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from leadgen.environment import read_environment


@dataclass(frozen=True)
class Places:
    """Where a trial looks.

    Args:
        sources: folder of source definitions.
        local_hosts: `host:port` pairs that may be read although they are loopback addresses.
    """

    sources: Path
    local_hosts: frozenset[str] = frozenset()

    def is_local(self, url: str) -> bool:
        """Whether an address is one of those hosts."""
        return urlsplit(url).netloc.lower() in self.local_hosts


def find_places(stack: Mapping[str, str]) -> Places:
    """The places the environment names; what it leaves out is taken from a local stack, then from the product itself.

    Args:
        stack: environment variables of a running local stack; empty if there is none.
    """
    env = read_environment()
    named = stack.get("LEADGEN_SOURCES", "")
    use_stack = bool(named) and not os.environ.get("LEADGEN_SOURCES", "").strip()
    local_hosts = env.local_hosts or frozenset(
        host.strip().lower() for host in stack.get("LEADGEN_LOCAL_HOSTS", "").split(",") if host.strip()
    )
    return Places(Path(named) if use_stack else env.sources, local_hosts)
