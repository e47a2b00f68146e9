"""Free ports on the loopback interface."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterable, Mapping

HOST = "127.0.0.1"
# Below the ranges from which systems take ports for outgoing connections (Linux 32768-60999, others 49152-65535):
# a port found free here is not taken a moment later by somebody's client.
LOWEST, HIGHEST = 20_000, 32_000
_ATTEMPTS = 500


def is_free(port: int) -> bool:
    """Whether nobody listens on this port of 127.0.0.1 and one may be started there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as candidate:
        # As servers do, so that a connection in TIME_WAIT does not count as an owner.
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((HOST, port))
            candidate.listen(1)
        except OSError:
            return False
    return True


def choose(
    names: Iterable[str], preferred: Mapping[str, int] | None = None, rng: random.Random | None = None
) -> dict[str, int]:
    """One free port for each name.

    Args:
        names: what the ports are for.
        preferred: ports of an earlier run, kept where they are still free.
        rng: source of randomness; two stacks that start at the same moment seldom meet.

    Raises:
        OSError: no free port could be found.
    """
    rng = rng or random.Random()
    wanted = dict(preferred or {})
    chosen: dict[str, int] = {}
    for name in names:
        port = wanted.get(name, 0)
        if port in chosen.values() or not (0 < port < 65_536 and is_free(port)):
            port = _any_free(rng, set(chosen.values()) | set(wanted.values()))
        chosen[name] = port
    return chosen


def _any_free(rng: random.Random, taken: set[int]) -> int:
    for _ in range(_ATTEMPTS):
        port = rng.randint(LOWEST, HIGHEST)
        if port not in taken and is_free(port):
            return port
    raise OSError(f"no free port between {LOWEST} and {HIGHEST} on {HOST}")


def accepts_connections(address: str, timeout_s: float = 0.5) -> bool:
    """Whether somebody answers at host:port."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=timeout_s):
            return True
    except OSError:
        return False
