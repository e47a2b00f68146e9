"""Serves the console: textual-serve's page script and process protocol behind our own door.

Each browser tab gets a console process of its own, which acts as the operator signed in on this machine.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Sequence
from html import escape
from pathlib import Path
from shlex import join
from typing import Any

import textual_serve
from aiohttp import WSMsgType, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from console.web.door import NONCE, Door

TABS = 4
"""Consoles at a time: each is a process with listeners of its own."""
END_S = 8.0
"""How long a console may take to end before it is killed."""
_MAX_MESSAGE = 1 << 20
_STATIC = Path(textual_serve.__file__).parent / "static"
_PAGE = Path(__file__).with_name("page.html")


def _cells(text: object, default: int, low: int, high: int) -> int:
    try:
        return min(high, max(low, int(str(text))))
    except ValueError:
        return default


class Console(AppService):
    """A console process behind a websocket."""

    async def end(self) -> None:
        """End it; kill it if it does not end by itself."""
        try:
            await asyncio.wait_for(self.stop(), END_S)
        except (TimeoutError, ConnectionError):
            logging.getLogger(__name__).warning("a console did not end by itself")
        process = self._process
        if process is not None and process.returncode is None:
            try:
                await asyncio.wait_for(process.wait(), 1.0)
            except TimeoutError:
                process.kill()
                await process.wait()


class Server:
    """The pages, and the consoles behind them.

    Args:
        command: starts a console that draws for a browser.
        door: who may come in.
    """

    def __init__(self, command: Sequence[str], door: Door) -> None:
        # The library hands it to a shell; exec leaves the console alone in that process, so that it can be ended.
        self._command = f"exec {join(command)}"
        self._door = door
        self._downloads = DownloadManager()
        self._sockets: set[web.WebSocketResponse] = set()

    def app(self) -> web.Application:
        """The aiohttp application."""
        made = web.Application(middlewares=[self._door.guard])
        made.add_routes(
            [
                web.get("/", self._page),
                web.get("/ws", self._websocket),
                web.get("/download/{key}", self._download),
                web.static("/static", _STATIC, show_index=False),
            ]
        )
        made.on_shutdown.append(self._close)
        return made

    async def _close(self, _: web.Application) -> None:
        """End all consoles; their handlers see to it when the websockets close."""
        await asyncio.gather(*(socket.close() for socket in tuple(self._sockets)), return_exceptions=True)

    async def _page(self, request: web.Request) -> web.Response:
        request[NONCE] = nonce = secrets.token_urlsafe(16)
        values = {
            "title": "leadgen",
            "nonce": nonce,
            "websocket_url": f"ws://{request.host}/ws",
            "font_size": str(_cells(request.query.get("fontsize"), 16, 8, 40)),
        }
        text = _PAGE.read_text(encoding="utf-8")
        for name, value in values.items():
            text = text.replace("{{ " + name + " }}", escape(value))
        return web.Response(text=text, content_type="text/html")

    async def _download(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        try:
            meta = await self._downloads.get_download_metadata(key)
        except KeyError:
            raise web.HTTPNotFound(text="There is no such download.\n") from None
        name = "".join(c for c in meta.file_name if c.isalnum() or c in "-_. ") or "download"
        answer = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{name}"'})
        answer.content_type = "application/octet-stream"
        await answer.prepare(request)
        async for chunk in self._downloads.download(key):
            await answer.write(chunk)
        await answer.write_eof()
        return answer

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        if len(self._sockets) >= TABS:
            return web.Response(status=503, text=f"{TABS} consoles are open already; close a tab first.\n")
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=_MAX_MESSAGE)
        self._sockets.add(socket)
        console = Console(
            self._command,
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=socket.close,  # type: ignore[arg-type]
            download_manager=self._downloads,
        )
        try:
            await socket.prepare(request)
            size = (_cells(request.query.get("width"), 80, 20, 500), _cells(request.query.get("height"), 24, 8, 200))
            await console.start(*size)
            await self._relay(socket, console)
        finally:
            self._sockets.discard(socket)
            await asyncio.shield(console.end())
        return socket

    async def _relay(self, socket: web.WebSocketResponse, console: Console) -> None:
        async for message in socket:
            if message.type != WSMsgType.TEXT:
                continue
            try:
                kind, data = _read(message)
                await _pass_on(kind, data, socket, console)
            except (ValueError, TypeError, LookupError, AttributeError):
                logging.getLogger(__name__).debug("a message of the page was not understood", exc_info=True)


def _read(message: Any) -> tuple[str, Any]:
    envelope = message.json()
    return str(envelope[0]), envelope[1] if len(envelope) > 1 else None


async def _pass_on(kind: str, data: Any, socket: web.WebSocketResponse, console: Console) -> None:
    if kind == "stdin":
        await console.send_bytes(str(data).encode("utf-8"))
    elif kind == "resize":
        await console.set_terminal_size(_cells(data["width"], 80, 20, 500), _cells(data["height"], 24, 8, 200))
    elif kind == "ping":
        await socket.send_json(["pong", data])
    elif kind == "blur":
        await console.blur()
    elif kind == "focus":
        await console.focus()
