"""The loopback address a browser sign-in comes back to (RFC 8252 §7.3): one request, then it is closed."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

from console.client.problems import BackendError

_PAGE = (
    "<!doctype html><meta charset=utf-8><title>leadgen</title>"
    "<body style='font:16px system-ui;margin:4rem auto;max-width:32rem'>"
    "<h1>{heading}</h1><p>You can close this window and go back to the terminal.</p>"
)
_PARAMETERS = ("code", "state", "error", "error_description", "session_state", "client_info")


class Loopback:
    """Listens on the redirect address until the browser comes back.

    Args:
        redirect_uri: `http://localhost:PORT/PATH` as registered with the application.

    Raises:
        BackendError: the port is taken.
    """

    def __init__(self, redirect_uri: str) -> None:
        parts = urlsplit(redirect_uri)
        self._path = parts.path or "/"
        self._arrived = threading.Event()
        self.parameters: dict[str, str] = {}
        try:
            self._server = HTTPServer(("127.0.0.1", 80 if parts.port is None else parts.port), self._handler())
        except OSError as error:
            raise BackendError(
                "The sign-in can't come back",
                f"port {parts.port} is taken ({error.strerror})",
                "End what uses the port, or register another redirect address.",
            ) from None
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        """The port listened on."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Loopback:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def wait(self, seconds: float) -> dict[str, str]:
        """The callback's parameters.

        Raises:
            BackendError: nobody came back in time.
        """
        if not self._arrived.wait(seconds):
            raise BackendError(
                "The sign-in was not finished", f"no answer within {seconds / 60:.0f} minutes", "Begin again."
            )
        return self.parameters

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                given = dict(parse_qsl(parts.query))
                if parts.path != loopback._path or not ("code" in given or "error" in given):
                    self._answer(404, "Nothing here")
                    return
                if not loopback._arrived.is_set():
                    loopback.parameters = {k: given[k] for k in _PARAMETERS if k in given}
                    loopback._arrived.set()
                self._answer(200, "Signed in" if "code" in given else "The sign-in was declined")

            def _answer(self, status: int, heading: str) -> None:
                body = _PAGE.format(heading=heading).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
                return  # The query holds the code; it must not reach a log.

        return Handler
