"""What a person names to be read: folders, files, addresses, standard input. Each becomes text, or a reason why not."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from leadgen.harvest.charsets import decode_text
from leadgen.process.page import looks_like_html
from leadgen.trial.mail import read_mail

ENDINGS = (".html", ".htm", ".xhtml", ".txt", ".eml", ".mhtml", ".mht")
"""What is read of a folder; a file that is named itself is read whatever it is called."""
MAX_BYTES = 8 * 1024 * 1024
"""So much of a file is read; a page is far shorter."""
_PAGES = frozenset({".html", ".htm", ".xhtml"})
_MAILS = frozenset({".eml", ".mhtml", ".mht"})
_NO_TEXT = (
    (b"%PDF-", "a PDF file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"PK\x03\x04", "an archive or office document"),
    (b"\x1f\x8b", "a compressed file"),
    (b"\x7fELF", "a program"),
)
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")

Kind = Literal["file", "url", "stdin", "unreadable"]


class Unreadable(Exception):
    """What was named can't be read; the message says why."""


@dataclass(frozen=True)
class Input:
    """One thing to read.

    Args:
        kind: what it is.
        name: path, address, or "-".
        reason: why it can't be read, for ``unreadable``.
    """

    kind: Kind
    name: str
    reason: str = ""


@dataclass(frozen=True)
class Text:
    """A page or text that was read.

    Args:
        text: decoded.
        is_html: whether it is a page.
        url: where it was saved from, if it says so.
        title: of a mail; "" for what says its title itself.
    """

    text: str
    is_html: bool
    url: str = ""
    title: str = ""


def expand(names: Iterable[str]) -> Iterator[Input]:
    """What the names stand for, in their order; a folder for all pages below it, in the order of their paths."""
    for name in names:
        if name == "-":
            yield Input("stdin", name)
        elif name.lower().startswith(("http://", "https://")):
            yield Input("url", name)
        elif os.path.isdir(name):
            yield from _files_below(name)
        else:
            yield Input("file", name)


def _files_below(folder: str) -> Iterator[Input]:
    unreadable: list[Input] = []

    def note(error: OSError) -> None:
        unreadable.append(Input("unreadable", str(error.filename), _why(error)))

    for place, folders, files in os.walk(folder, onerror=note):
        folders.sort()
        for file in sorted(files):
            if file.lower().endswith(ENDINGS):
                yield Input("file", os.path.join(place, file))
    yield from unreadable


def read_file(name: str) -> Text:
    """Read and decode a file.

    Raises:
        Unreadable: there is no such file, it can't be opened, or it holds no text.
    """
    try:
        with open(name, "rb") as file:
            content = file.read(MAX_BYTES)
    except (OSError, ValueError) as error:
        raise Unreadable(_why(error)) from None
    return to_text(content, Path(name).suffix.lower())


def to_text(content: bytes, ending: str = "") -> Text:
    """Decode what was read, as a fetched page would be.

    Args:
        content: the bytes.
        ending: of the file's name, in small letters, such as ".html"; what is in the bytes decides where it is unknown.

    Raises:
        Unreadable: it is no text.
    """
    for mark, what in _NO_TEXT:
        if content.startswith(mark):
            raise Unreadable(f"this is {what}, not a page or text")
    if ending in _MAILS:
        mail = read_mail(content)
        return Text(mail.text, mail.is_html, mail.url, mail.title)
    if b"\x00" in content[:4096] and not content.startswith(_BYTE_ORDER_MARKS):
        raise Unreadable("this is a binary file, not a page or text")
    text = decode_text(content, "")
    return Text(text, ending in _PAGES or looks_like_html(text))


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return str(error) or type(error).__name__
