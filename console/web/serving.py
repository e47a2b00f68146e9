"""Listens, prints the link, and ends in order."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Sequence

from aiohttp import web

from console.web.door import LOOPBACK_NAMES, Door, is_loopback
from console.web.server import Server

GRACE_S = 10.0


def names_of(host: str, more: Sequence[str]) -> frozenset[str]:
    """The names by which a browser may ask for what listens at an address.

    Args:
        host: the address.
        more: names that the operator adds.
    """
    own = {host} if host not in {"", "0.0.0.0", "::"} else {socket.gethostname()}
    return LOOPBACK_NAMES | own | set(more)


def link(host: str, port: int, token: str, more: Sequence[str] = ()) -> str:
    """The address to open."""
    shown = more[0] if more else socket.gethostname() if host in {"", "0.0.0.0", "::"} else host
    shown = "localhost" if is_loopback(host) and not more else shown
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/?token={token}"


def serve(command: Sequence[str], host: str, port: int, names: Sequence[str], ready: Callable[[str], None]) -> None:
    """Serve until a signal ends it.

    Args:
        command: starts a console that draws for a browser.
        host: the address to listen on.
        port: the port; 0 for any that is free.
        names: further names by which it may be asked for.
        ready: takes the link, once connections are accepted.

    Raises:
        OSError: the address can't be listened on.
    """
    asyncio.run(_serve(command, host, port, names, ready))


async def _serve(
    command: Sequence[str], host: str, port: int, names: Sequence[str], ready: Callable[[str], None]
) -> None:
    door = Door(names_of(host, names))
    runner = web.AppRunner(Server(command, door).app(), access_log=None, shutdown_timeout=GRACE_S)
    await runner.setup()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        ready(link(host, runner.addresses[0][1], door.token, names))
        await stop.wait()
    finally:
        await runner.cleanup()
