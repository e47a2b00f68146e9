"""The server inside a test, with a certificate of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from local.microsoft.certificate import ensure_certificates
from local.serving import HOST
from local.smtp.server import Mailboxes, Server

ACCOUNTS = {"ada@contoso.example": "s3cr3t pässword"}


@dataclass(frozen=True)
class RunningServer:
    """A server that serves."""

    port: int
    ca_file: Path
    boxes: Mailboxes


@contextmanager
def running_server(
    folder: Path, *, security: Literal["tls", "starttls", "none"] = "starttls", accounts: Mapping[str, str] = ACCOUNTS
) -> Iterator[RunningServer]:
    """Serve on a free port for as long as the block lasts.

    Args:
        folder: for the certificates.
        security: TLS from the start, after STARTTLS, or none at all (to see it refused).
        accounts: passwords by name.
    """
    files = ensure_certificates(folder / "certificates")
    context = files.ssl_context()
    boxes = Mailboxes(accounts)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="smtp stand-in", daemon=True)
    thread.start()

    async def start() -> asyncio.Server:
        return await loop.create_server(
            lambda: Server(boxes, starttls=context if security == "starttls" else None),
            HOST,
            0,
            ssl=context if security == "tls" else None,
        )

    async def stop(server: asyncio.Server) -> None:
        server.close()
        for task in asyncio.all_tasks(loop):
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.sleep(0)

    try:
        server = asyncio.run_coroutine_threadsafe(start(), loop).result(timeout=10)
        try:
            yield RunningServer(server.sockets[0].getsockname()[1], files.ca_file, boxes)
        finally:
            asyncio.run_coroutine_threadsafe(stop(server), loop).result(timeout=10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()
