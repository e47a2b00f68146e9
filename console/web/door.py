"""Who may come in: whoever opened the printed link first, from a page of our own, under a name that is ours.

The link's token works once and becomes a cookie that scripts can't read and other sites can't have sent. Every request
is refused whose `Host` is none of our names (a page elsewhere whose name was made to point here: DNS rebinding), whose
`Origin` is not our own (a websocket is not bound by the browser's same-origin rule, so this is what guards it), or that
lacks the cookie.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import urlsplit

from aiohttp import hdrs, web

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
SESSIONS = 8
"""Cookies that are good at a time; only opening a link makes one, and each link does so once."""
NONCE = web.RequestKey("nonce", str)
"""What the page's own scripts are marked with; set by whoever makes the page."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_USED = (
    "This address is not open to this browser. Open the link that `leadgen web` printed; it works once. "
    "If it was used already, end the command and start it again."
)


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reachable from this machine only."""
    return host in LOOPBACK_NAMES or host.startswith("127.")


class Door:
    """Lets requests in, or not.

    Args:
        names: host names by which the console may be asked for.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(name.lower() for name in names)
        self._token = secrets.token_urlsafe(32)
        self._cookies: list[str] = []

    @property
    def token(self) -> str:
        """The token of the link; empty once it was used."""
        return self._token

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse what must not come in; put safe headers on every answer."""
        try:
            answer = self._refusal(request) or self._entry(request) or await handler(request)
        except web.HTTPException as error:
            answer = error
        if not answer.prepared:
            _headers(answer, request)
        if isinstance(answer, web.HTTPException):
            raise answer
        return answer

    def _refusal(self, request: web.Request) -> web.Response | None:
        """Host and origin; they are looked at before anything else, the link's token too."""
        name, port = _name(request.headers.get(hdrs.HOST, ""))
        if name not in self._names or port != _own_port(request):
            return web.Response(status=421, text="This console is not known by that name.\n")
        origin = request.headers.get(hdrs.ORIGIN)
        asks_websocket = request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
        if (origin is not None or asks_websocket) and origin != f"{request.scheme}://{request.headers[hdrs.HOST]}":
            return web.Response(status=403, text="Another site may not use this console.\n")
        if request.method not in {"GET", "HEAD"}:
            return web.Response(status=405, text="There is nothing to write to here.\n")
        return None

    def _entry(self, request: web.Request) -> web.Response | None:
        """Whether the browser has been let in; opening the link lets it in. `None` lets the request pass."""
        given = request.query.get("token", "")
        if self._knows(request.cookies.get(_cookie_name(request), "")):
            # The link opened again in the same browser: show the page under its own address.
            return _to_page() if given and request.path == "/" else None
        if request.path == "/" and request.method == "GET" and self._takes(given):
            answer = _to_page()
            cookie = secrets.token_urlsafe(32)
            self._cookies = [*self._cookies[-SESSIONS + 1 :], cookie]
            answer.set_cookie(_cookie_name(request), cookie, httponly=True, samesite="Strict", path="/")
            return answer
        return web.Response(status=401, text=f"{_USED}\n")

    def _knows(self, cookie: str) -> bool:
        return any(hmac.compare_digest(cookie.encode(), known.encode()) for known in self._cookies)

    def _takes(self, token: str) -> bool:
        if not self._token or not hmac.compare_digest(token.encode(), self._token.encode()):
            return False
        self._token = ""
        return True


def _to_page() -> web.Response:
    return web.Response(status=303, headers={hdrs.LOCATION: "/"})


def _own_port(request: web.Request) -> int:
    transport = request.transport
    socket_name = transport.get_extra_info("sockname") if transport is not None else None
    return int(socket_name[1]) if socket_name else 0


def _cookie_name(request: web.Request) -> str:
    # Cookies are shared between the ports of a host: two consoles must not end each other's sessions.
    return f"leadgen_{_own_port(request)}"


def _name(host: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{host}")
        return (parts.hostname or "").lower(), parts.port or 80
    except ValueError:
        return "", 0


def _headers(answer: web.StreamResponse, request: web.Request) -> None:
    nonce = request.get(NONCE, "")
    own = request.headers.get(hdrs.HOST, "")
    script = f"script-src 'self' 'nonce-{nonce}'" if nonce else "script-src 'none'"
    answer.headers.update(
        {
            "Content-Security-Policy": (
                f"default-src 'none'; {script}; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' "
                f"data:; connect-src 'self' ws://{own}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
        }
    )
