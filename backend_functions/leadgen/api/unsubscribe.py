"""The opt-out page of the links in our mails. GET only shows it, since mail scanners follow links; POST opts out.

The link carries a signed token: whoever holds it may opt that one address out, and nothing else
(RFC 8058 §3.1 asks for a POST without a confirmation of identity).
"""

from __future__ import annotations

import logging
from html import escape
from typing import TYPE_CHECKING

from leadgen.environment import read_environment
from leadgen.model.errors import LeadgenError
from leadgen.store.client import firestore_client
from leadgen.store.clock import SystemClock

if TYPE_CHECKING:
    from flask import Request, Response

_METHODS = ("GET", "HEAD", "POST")
log = logging.getLogger("leadgen.api")

_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<meta name=robots content=noindex><title>Unsubscribe</title>"
    "<body style='font:17px/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;color:#1f2933'>"
    "<h1 style='font-size:1.4rem'>{heading}</h1>{body}</body></html>"
)
_BUTTON = (
    "<form method=post><p>We will not write to <b>{address}</b> again.</p>"
    "<button style='font:inherit;padding:.6rem 1.2rem'>Stop these mails</button></form>"
)


def unsubscribe(request: Request) -> Response:
    """Answer a visit to the opt-out page. GET and HEAD show it, POST opts out, nothing else does anything."""
    if request.method not in _METHODS:
        return _page(405, "This link can't be used", "<p>Open it in a browser.</p>", {"Allow": ", ".join(_METHODS)})
    from leadgen.mail.optout import opt_out, read_token

    try:
        address = read_token(read_environment().token_key, request.args.get("token", ""))
        if request.method == "POST":
            opt_out(firestore_client(), address, SystemClock().now())
            return _page(200, "Done", f"<p>We will not write to <b>{escape(address)}</b> again.</p>")
    except LeadgenError as error:
        words = f"<p>{escape(error.detail)}</p><p>{escape(error.hint)}</p>"
        return _page(error.status, "This link can't be used", words)
    except Exception:
        log.exception("an opt-out failed")
        return _page(503, "That did not work", "<p>Please try again in a moment, or answer the mail with STOP.</p>")
    return _page(200, "Stop these mails?", _BUTTON.format(address=escape(address)))


def _page(status: int, heading: str, body: str, headers: dict[str, str] | None = None) -> Response:
    from flask import Response

    policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    return Response(
        _PAGE.format(heading=heading, body=body),
        status=status,
        content_type="text/html; charset=utf-8",
        headers={
            "Content-Security-Policy": policy,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
            **(headers or {}),
        },
    )
