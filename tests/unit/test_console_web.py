"""The console in a browser: only who opened the link comes in, and only from our own page."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from console.quick import wanted
from console.web.door import Door, is_loopback
from console.web.server import TABS, Server
from console.web.serving import link, names_of

APP = """
from textual.app import App
from textual.widgets import Static
class Shown(App):
    def compose(self):
        yield Static("the console of ada")
    def on_key(self, event):
        self.query_one(Static).update(f"pressed {event.key}")
Shown().run()
"""


class Served:
    """A server on a free port of loopback."""

    def __init__(self, door: Door, port: int) -> None:
        self.door, self.port = door, port
        self.url = f"http://127.0.0.1:{port}"

    async def get(self, path: str = "/", **more: Any) -> tuple[int, str, Any]:
        """Status, body and headers of an answer; without a browser's memory."""
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
            http.get(f"{self.url}{path}", allow_redirects=False, **more) as answer,
        ):
            return answer.status, await answer.text(errors="replace"), answer.headers

    async def come_in(self) -> str:
        """Open the link; gives the cookie as a browser sends it."""
        status, _, headers = await self.get(f"/?token={self.door.token}")
        assert status == 303
        return str(headers["Set-Cookie"]).partition(";")[0]


@asynccontextmanager
async def served(command: tuple[str, ...] = ("true",)) -> AsyncIterator[Served]:
    """Serve for as long as the block lasts."""
    door = Door(names_of("127.0.0.1", ()))
    runner = web.AppRunner(Server(command, door).app(), access_log=None, shutdown_timeout=20)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield Served(door, runner.addresses[0][1])
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    "path", ["/", "/ws", "/static/js/textual.js", "/download/x", "/nothing", "/?token=", "/?token=x"]
)
async def test_nothing_is_served_without_the_link(path: str) -> None:
    async with served() as server:
        status, text, headers = await server.get(path)
        assert status == 401
        assert "leadgen web" in text
        assert "Set-Cookie" not in headers


async def test_the_link_works_once_and_leaves_the_address_bar() -> None:
    async with served() as server:
        token = server.door.token
        status, _, headers = await server.get(f"/?token={token}")
        assert (status, headers["Location"]) == (303, "/")
        cookie = headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert token not in cookie
        assert (await server.get(f"/?token={token}"))[0] == 401, "whoever finds the link later stays outside"
        own = {"Cookie": cookie.partition(";")[0]}
        assert (await server.get("/", headers=own))[0] == 200
        assert (await server.get(f"/?token={token}", headers=own))[0] == 303, "a reload of the link is no trouble"


async def test_a_link_tried_with_a_wrong_token_still_works() -> None:
    async with served() as server:
        assert (await server.get("/?token=guess"))[0] == 401
        await server.come_in()


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1:1", "localhost.evil.example", "", "[::"]
)
async def test_another_name_for_this_address_is_refused(host: str) -> None:
    async with served() as server:
        cookie = await server.come_in()
        given = host if ":" in host else f"{host}:{server.port}"
        status, _, _ = await server.get("/", headers={"Cookie": cookie, "Host": given})
        assert status == 421
    async with served() as server:
        assert (await server.get(f"/?token={server.door.token}", headers={"Host": given}))[0] == 421
        assert server.door.token, "the link is not used up by it"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1"])
async def test_another_site_may_neither_read_nor_connect(origin: str) -> None:
    async with served() as server:
        own = {"Cookie": await server.come_in(), "Origin": origin}
        assert (await server.get("/", headers=own))[0] == 403
        async with aiohttp.ClientSession() as http:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(f"{server.url}/ws", headers=own)
        assert refused.value.status == 403


async def test_a_websocket_without_an_origin_or_a_cookie_is_refused() -> None:
    async with served() as server:
        cookie = await server.come_in()
        async with aiohttp.ClientSession() as http:
            for headers, status in (({"Cookie": cookie}, 403), ({"Origin": server.url}, 401)):
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await http.ws_connect(f"{server.url}/ws", headers=headers)
                assert refused.value.status == status


async def test_nothing_takes_a_post_and_every_answer_is_fenced() -> None:
    async with served() as server:
        cookie = await server.come_in()
        async with aiohttp.ClientSession(headers={"Cookie": cookie}) as http:
            async with http.post(f"{server.url}/") as answer:
                assert answer.status == 405
            async with http.get(f"{server.url}/") as answer:
                page, headers = await answer.text(), answer.headers
            async with http.get(f"{server.url}/static/../server.py") as answer:
                assert answer.status == 404
            async with http.get(f"{server.url}/static/") as answer:
                assert answer.status in {403, 404}, "folders are not listed"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "googleapis" not in page, "nothing is asked of other sites"
    assert "{{" not in page


async def test_the_console_is_drawn_and_takes_keys_over_the_websocket() -> None:
    async with served((sys.executable, "-c", APP)) as server:
        own = {"Cookie": await server.come_in(), "Origin": server.url}
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(f"{server.url}/ws?width=60&height=x", headers=own) as ws,
        ):

            async def until(text: bytes) -> None:
                seen = b""
                while text not in seen:
                    message = await ws.receive(timeout=30)
                    assert message.type is aiohttp.WSMsgType.BINARY, message
                    seen += message.data

            await until(b"the console of ada")
            for damaged in ("[]", "{}", '["resize"]', '["stdin"', "5"):
                await ws.send_str(damaged)
            await ws.send_json(["stdin", "k"])
            await until(b"pressed k")


async def test_tabs_are_bounded_and_their_processes_end() -> None:
    async with served((sys.executable, "-c", APP)) as server:
        own = {"Cookie": await server.come_in(), "Origin": server.url}
        async with aiohttp.ClientSession() as http:
            sockets = [await http.ws_connect(f"{server.url}/ws", headers=own) for _ in range(TABS)]
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(f"{server.url}/ws", headers=own)
            assert refused.value.status == 503
            for socket in sockets:
                await socket.close()
            again = await http.ws_connect(f"{server.url}/ws", headers=own)
            await again.close()


@pytest.mark.parametrize(
    ("host", "is_safe"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("10.0.0.5", False), ("", False)],
)
def test_what_other_machines_reach_is_known(host: str, is_safe: bool) -> None:
    assert is_loopback(host) is is_safe


def test_the_link_names_what_the_door_lets_in() -> None:
    for host, more in (("127.0.0.1", ()), ("::1", ()), ("10.0.0.5", ()), ("0.0.0.0", ("desk.example",))):
        name = link(host, 8080, "t", more).removeprefix("http://").removesuffix(":8080/?token=t").strip("[]")
        assert name in names_of(host, more)


@pytest.mark.parametrize(
    "arguments", [["status"], ["--as", "boss"], ["--as"], ["-h"], ["--profile", "none such"], ["--stack"]]
)
def test_whatever_is_not_plainly_the_console_goes_to_the_command_line(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("LEADGEN_CONFIG_DIR", str(tmp_path))
    assert not wanted(arguments)
