"""The mail as HTML in the person's browser."""

from __future__ import annotations

import html
import os
import tempfile
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_POLICY = "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; font-src http: https:"
"""The page may show pictures and styles, and run nothing."""
_STYLE = "body{font:15px sans-serif;margin:1em}iframe{width:100%;height:85vh}"


def page(answer: Mapping[str, Any]) -> str:
    """A page that shows the mail in a frame that can run nothing, with subject and recipient above."""
    subject, to = html.escape(str(answer.get("subject", ""))), html.escape(str(answer.get("to", "")))
    mail = html.escape(str(answer.get("html", "")), quote=True)
    return (
        f'<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{subject}</title><style>{_STYLE}</style>"
        f"<p><b>{subject}</b><br>to {to}</p>"
        f'<iframe sandbox="" srcdoc="{mail}"></iframe>'
    )


def show(answer: Mapping[str, Any]) -> tuple[Path, bool]:
    """Write the page to a file of one's own and open it.

    Returns:
        The file, and whether a browser took it.

    Raises:
        OSError: the file can't be written.
    """
    handle, name = tempfile.mkstemp(prefix="leadgen-preview-", suffix=".html")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(page(answer))
    path = Path(name)
    try:
        return path, webbrowser.open(path.as_uri())
    except webbrowser.Error:
        return path, False
