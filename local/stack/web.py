"""Small HTTP requests to our own processes on this machine, never through a proxy."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any


def request(
    method: str,
    url: str,
    body: Any = None,
    *,
    headers: dict[str, str] | None = None,
    timeout_s: float = 10.0,
    ca_file: str | Path | None = None,
) -> tuple[int, str]:
    """Send a request; any status is an answer.

    Args:
        method: HTTP method.
        url: absolute address.
        body: sent as JSON unless None.
        headers: further headers.
        timeout_s: seconds for connecting and for each read.
        ca_file: PEM certificate to trust for https.

    Returns:
        Status and text of the answer.

    Raises:
        OSError: nobody answered in time.
    """
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json"} if data is not None else {}
    message = urllib.request.Request(url, data=data, method=method, headers=sent | (headers or {}))
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if ca_file:
        handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(ca_file))))
    opener = urllib.request.build_opener(*handlers)
    try:
        with opener.open(message, timeout=timeout_s) as answer:
            return int(answer.status), answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as refusal:
        with refusal:
            return int(refusal.code), refusal.read().decode("utf-8", "replace")
