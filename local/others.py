"""Gmail and an SMTP server, served by the process of the Microsoft stand-in and with its certificate.

Two processes of their own would cost every start of a local stack time and memory for what is used now and then. They
keep what they know in memory: after a restart their mailboxes are signed in again. Each delivered mail is an `.eml`
file. For people and tests the Gmail stand-in answers at `/_standin/inbox` (a mail comes in), `/_standin/consent` (a
click on "Allow") and `/_standin/deliveries`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import web

from local.gmail.app import build_app
from local.gmail.login import consent
from local.gmail.state import STATE, State
from local.microsoft.certificate import CertificateFiles
from local.serving import HOST
from local.smtp.server import Mailboxes, Server

SMTP_ACCOUNTS = {"ada@mailer.example": "local", "grace@mailer.example": "local"}
"""Passwords by name."""


class Others:
    """Both of them.

    Args:
        files: the certificate they serve with.
        folder: delivered mails are put into `gmail` and `smtp` below it.
    """

    def __init__(self, files: CertificateFiles, folder: Path) -> None:
        self._context = files.ssl_context
        self._folder, self._numbers = folder, count(1)
        self.gmail = State(on_delivery=partial(self._keep, "gmail"))
        self.smtp = Mailboxes(SMTP_ACCOUNTS, on_delivery=partial(self._keep, "smtp"))

    def serve_with(self, app: web.Application, *, gmail_port: int, smtp_port: int) -> None:
        """Serve for as long as this application does."""

        async def serving(_: web.Application) -> AsyncIterator[None]:
            gmail = build_app(self.gmail)
            add_control(gmail)
            runner = web.AppRunner(gmail, access_log=None, shutdown_timeout=1.0)
            await runner.setup()
            await web.TCPSite(runner, HOST, gmail_port, ssl_context=self._context(), reuse_address=True).start()
            starttls = self._context()
            loop = asyncio.get_running_loop()
            server = await loop.create_server(lambda: Server(self.smtp, starttls=starttls), HOST, smtp_port)
            yield
            server.close()
            await runner.cleanup()

        app.cleanup_ctx.append(serving)

    def forget(self) -> None:
        """As if they had just begun."""
        self.gmail.forget()
        self.smtp.deliveries.clear()
        self.smtp.faults.clear()
        for file in [*self._folder.glob("gmail/*.eml"), *self._folder.glob("smtp/*.eml")]:
            file.unlink(missing_ok=True)

    def facts(self, *, gmail_port: int, smtp_port: int) -> dict[str, Any]:
        """What a client needs to know of them."""
        return {
            "gmail_url": f"https://{HOST}:{gmail_port}",
            "google_client_id": self.gmail.client_id,
            "google_client_secret": self.gmail.client_secret,
            "gmail_accounts": [person.address for person in self.gmail.people],
            "smtp_host": HOST,
            "smtp_port": smtp_port,
            "smtp_accounts": dict(self.smtp.accounts),
        }

    def _keep(self, kind: str, raw: bytes) -> None:
        folder = self._folder / kind
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{next(self._numbers):06}.eml").write_bytes(raw)


def add_control(app: web.Application) -> None:
    """Put the addresses for people and tests into the Gmail stand-in."""
    app.router.add_post("/_standin/consent", _consent)
    app.router.add_post("/_standin/inbox", _arrive)
    app.router.add_get("/_standin/deliveries", _deliveries)


async def _consent(request: web.Request) -> web.Response:
    """`{"authUrl", "account"}` → the parameters that come back to the redirect address."""
    wish = await request.json()
    try:
        return web.json_response(consent(request.app[STATE], str(wish["authUrl"]), str(wish["account"])))
    except (KeyError, ValueError) as error:
        raise web.HTTPBadRequest(text=str(error)) from error


async def _arrive(request: web.Request) -> web.Response:
    """`{"account", "mime"}`: a mail comes in."""
    wish = await request.json()
    message = request.app[STATE].receive(str(wish["account"]), str(wish["mime"]).encode())
    return web.json_response({"id": message.id, "threadId": message.thread}, status=201)


async def _deliveries(request: web.Request) -> web.Response:
    found = [(one.account, one.mail) for one in request.app[STATE].delivered]
    return web.json_response(
        [
            {
                "account": account,
                "to": str(mail["To"]),
                "subject": str(mail["Subject"]),
                "messageId": str(mail["Message-ID"]),
            }
            for account, mail in found
        ]
    )
