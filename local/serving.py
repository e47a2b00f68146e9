"""How a stand-in serves: one aiohttp application on the loopback interface, as a process or inside a test."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from local.files import write_atomically

HOST = "127.0.0.1"


def base_arguments(description: str) -> argparse.ArgumentParser:
    """The options every stand-in shares; a stand-in adds its own before parsing."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 picks a free one")
    parser.add_argument("--data-dir", type=Path, required=True, help="folder the stand-in keeps its state in")
    parser.add_argument("--ready-file", type=Path, help="JSON file written once connections are accepted")
    return parser


async def _start(app: web.Application, port: int, ssl_context: ssl.SSLContext | None) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, HOST, port, ssl_context=ssl_context, reuse_address=True)
    await site.start()
    bound = runner.addresses[0][1]
    scheme = "https" if ssl_context else "http"
    return runner, f"{scheme}://{HOST}:{bound}"


def serve(
    app: web.Application,
    *,
    port: int = 0,
    ready_file: Path | None = None,
    ssl_context: ssl.SSLContext | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        app: the application.
        port: port on 127.0.0.1; 0 picks a free one.
        ready_file: where to say `{"url": ..., "pid": ..., **facts}` once connections are accepted.
        ssl_context: serve https with this context.
        facts: further entries for the ready file.
    """

    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        runner, url = await _start(app, port, ssl_context)
        if ready_file is not None:
            write_atomically(ready_file, json.dumps({"url": url, "pid": os.getpid(), **(facts or {})}))
        await stop.wait()
        await runner.cleanup()

    asyncio.run(run())


@contextmanager
def running(app: web.Application, *, port: int = 0, ssl_context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve an application from a thread for as long as the block lasts; gives its base URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="stand-in", daemon=True)
    thread.start()
    try:
        runner, url = asyncio.run_coroutine_threadsafe(_start(app, port, ssl_context), loop).result(timeout=10)
        try:
            yield url
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(timeout=10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()
